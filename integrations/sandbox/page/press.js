// Interactions under way: the control shows that it waits, and says so when the bot did not answer.

import { post } from "./api.js";
import { el } from "./dom.js";
import { load, store } from "./store.js";
import { toast } from "./toast.js";

const SILENT = "This didn't work: CaseyOS did not answer within 3 seconds. Try again.";
const pending = new Map();
const labels = new Map();
const placeOf = (where) => JSON.stringify(where.target);

export function controlKey(where, block, element, option = "") {
  return [placeOf(where), block.block_id ?? "", element.action_id ?? "", option || (element.value ?? "")].join("|");
}

/** Shows the state of an interaction on a control, now and whenever it changes. Give it the control and the node to warn beside. */
export function follow(control, key) {
  control.dataset.press = key;
  const state = pending.get(key);
  if (state) show(control, state);
  return control;
}

function show(control, state) {
  control.toggleAttribute("data-busy", state === "busy");
  if (state === "busy") control.setAttribute("aria-busy", "true");
  else control.removeAttribute("aria-busy");
  const host = control.closest(".actions") ?? control.closest(".control") ?? control;
  [...host.querySelectorAll(":scope > .warn")].find((note) => note.dataset.of === control.dataset.press)?.remove();
  if (state && state !== "busy") {
    host.append(el("span", { class: "warn", role: "alert", data: { of: control.dataset.press } }, el("span", { class: "triangle", "aria-hidden": "true" }, "⚠"), ` ${state}`));
  }
}

function mark(key, state) {
  if (state) pending.set(key, state);
  else pending.delete(key);
  for (const control of document.querySelectorAll("[data-press]")) {
    if (control.dataset.press === key) show(control, state);
  }
}

/** Puts the notes of interactions that failed where they belong, once the row of controls stands. */
export function showPending(row) {
  for (const note of row.querySelectorAll(".control > .warn")) row.append(note);
  return row;
}

/** Presses a control that is really there. Resolves to the answer, or null when nothing came of it. */
export async function press(where, block, element, { option, key, label, values }) {
  if (pending.get(key) === "busy") return null;
  mark(key, "busy");
  labels.set(labelKey(element.action_id, option ?? element.value), label);
  const body = { user: store.user, ...where.target, action_id: element.action_id, block_id: block.block_id };
  if (option !== undefined) body.option = option;
  if (values !== undefined) body.values = values;
  return settle(key, () => post("/control/press", body));
}

const labelKey = (action, value) => `${action}|${value ?? ""}`;

/** The words on a control that was pressed from this page, for the ledger's line about it. */
export const labelOf = (action, value) => labels.get(labelKey(action, value));

/** Runs an interaction under the key of its control. */
export async function settle(key, work, refused = (error) => toast(error.message, { error: true })) {
  try {
    const answer = await work();
    mark(key, answer.acked === false ? told(answer) : null);
    return answer;
  } catch (error) {
    mark(key, null);
    refused(error);
    return null;
  } finally {
    load().then(() => document.dispatchEvent(new Event("sandbox:loaded")), () => {});
  }
}

export function told(answer) {
  if (!answer.error || /within/.test(answer.error)) return SILENT;
  return `This didn't work: ${answer.error}.`;
}

export const begin = (key) => mark(key, "busy");
export const isBusy = (key) => pending.get(key) === "busy";
