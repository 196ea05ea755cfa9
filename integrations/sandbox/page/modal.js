// Modals: the stack of views of the acting person, the newest on top.

import { post } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { byFocus, el, fill, keepFocusIn } from "./dom.js";
import { readValues, restoreValues, showErrors } from "./inputs.js";
import { asWords, plain } from "./mrkdwn.js";
import { begin, follow, isBusy, settle } from "./press.js";
import { store } from "./store.js";
import { moveToasts, toast } from "./toast.js";

const dialog = el("dialog", { class: "modal", id: "modal", "aria-labelledby": "modal-title" });
const kept = new Map();
let shown = null;
let sign = "";
let told = "{}";
let back = null;

export function mountModal() {
  document.body.append(dialog);
  keepFocusIn(dialog);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    closeTop();
  });
}

/** The newest view lies on top; a pushed one names what it lies on. */
export function stackOf(views) {
  return (views ?? []).filter((view) => (view.type ?? "modal") === "modal");
}

export function renderModal() {
  const stack = stackOf(store.slack?.views);
  const top = stack.at(-1) ?? null;
  for (const id of kept.keys()) if (!stack.some((view) => view.id === id)) kept.delete(id);
  if (shown && dialog.open) kept.set(shown.id, readValues(dialog));
  if (!top) return hide();
  const { errors, typed, ...view } = top;
  const now = `${stack.length}${JSON.stringify(view)}`;
  if (now !== sign) draw(top, stack.length);
  sign = now;
  if (JSON.stringify(errors ?? {}) !== told) showErrors(dialog, errors ?? {});
  told = JSON.stringify(errors ?? {});
  if (!dialog.open) {
    back = document.activeElement;
    dialog.showModal();
    moveToasts(dialog);
    enter();
  }
}

function hide() {
  shown = null;
  sign = "";
  if (!dialog.open) return;
  moveToasts(document.body);
  dialog.close();
  dialog.replaceChildren();
  const heir = back?.isConnected ? back : back?.dataset?.focus ? byFocus(document.body, back.dataset.focus) : null;
  (heir ?? document.getElementById("messages")).focus({ preventScroll: true });
  back = null;
}

function draw(view, depth) {
  const same = shown?.id === view.id;
  const held = same && dialog.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  const where = { kind: "view", target: { view_id: view.id }, values: () => readValues(dialog) };
  const scroll = same ? dialog.querySelector(".modal-body")?.scrollTop ?? 0 : 0;
  shown = view;
  const closeWords = view.close ? asWords(view.close) : "Cancel";
  const form = el("form", { class: "modal-form", novalidate: true, on: { submit: (event) => { event.preventDefault(); submit(form); } } },
    el("header", {},
      el("h2", { id: "modal-title", tabindex: "-1" }, plain(view.title)),
      depth > 1 ? el("span", { class: "depth" }, `step ${depth}`) : null,
      el("button", { type: "button", class: "icon", "aria-label": depth > 1 ? "Back" : "Close", data: { focus: "modal-x" }, on: { click: closeTop } }, depth > 1 ? "←" : "✕")),
    el("div", { class: "modal-body" }, el("div", { class: "banner", role: "alert" }), renderBlocks(view.blocks, where)),
    el("footer", {},
      el("button", { type: "button", class: "act", data: { focus: "modal-close" }, on: { click: closeTop } }, closeWords),
      view.submit ? submitButton(view) : null));
  const notes = dialog.querySelector(".toasts");
  const spoken = dialog.querySelector(":scope > .unseen");
  fill(dialog, form, notes, spoken);
  restoreValues(dialog, kept.get(view.id) ?? view.typed ?? {});
  told = "{}";
  dialog.querySelector(".modal-body").scrollTop = scroll;
  if (!dialog.open) return;
  const heir = held ? byFocus(dialog, held) : null;
  if (heir) heir.focus({ preventScroll: true });
  else enter();
}

function submitButton(view) {
  const node = el("button", { type: "submit", class: "act go", data: { focus: "modal-submit" } }, plain(view.submit));
  return el("span", { class: "control" }, follow(node, `submit|${view.id}`));
}

function enter() {
  const first = dialog.querySelector("[autofocus]") ?? dialog.querySelector(".modal-body :is(input, textarea, select)");
  (first ?? dialog.querySelector("#modal-title")).focus();
}

async function submit(form) {
  const view = shown;
  const key = `submit|${view.id}`;
  if (isBusy(key)) return;
  const banner = form.querySelector(".banner");
  banner.textContent = "";
  begin(key);
  const send = () => post("/control/submit", { user: store.user, view_id: view.id, values: readValues(form) });
  const answer = await settle(key, send, (error) => refuse(dialog, { [error.field ?? ""]: error.message }));
  if (answer?.acked === false) {
    const place = dialog.querySelector(".banner");
    if (place) place.textContent = "We had some trouble connecting: CaseyOS did not answer within 3 seconds. Try again?";
  }
  else if (answer?.error) {
    const place = dialog.querySelector(".banner");
    if (place) place.textContent = answer.error;
  }
  const errors = errorsIn(answer?.response);
  if (errors) refuse(dialog, errors);
}

function refuse(form, errors) {
  const bad = showErrors(form, errors);
  bad[0]?.querySelector("input, textarea, select")?.focus();
  const placed = new Set(bad.map((host) => host.dataset.block));
  const lost = Object.entries(errors).filter(([block]) => !placed.has(block));
  const banner = form.querySelector(".banner");
  if (lost.length && banner) banner.textContent = lost.map(([, sentence]) => sentence).join(" ");
  return bad.length + lost.length > 0;
}

function errorsIn(response) {
  let told = response;
  if (typeof told === "string") {
    try { told = JSON.parse(told); } catch { return null; }
  }
  return told?.response_action === "errors" ? told.errors ?? {} : null;
}

async function closeTop() {
  if (!shown) return;
  const view = shown;
  try {
    await post("/control/close", { user: store.user, view_id: view.id });
  } catch (error) {
    toast(error.message, { error: true });
  }
  document.dispatchEvent(new Event("sandbox:reload"));
}
