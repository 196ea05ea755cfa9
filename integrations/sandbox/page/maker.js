// A button that does something at once, with a small form behind it for whoever wants to choose.

import { el } from "./dom.js";
import { load } from "./store.js";
import { attempt } from "./toast.js";

export async function refresh() {
  await attempt(load);
  document.dispatchEvent(new Event("sandbox:loaded"));
}

/** `fields`: [name, label, input] each; `fill` offers values, `run` sends them, `ready` says what is missing first. */
export function maker(label, fields, { fill, run, ready = () => null }) {
  const inputs = Object.fromEntries(fields.map(([name, , node]) => [name, node]));
  const set = () => {
    for (const [name, value] of Object.entries(fill(inputs))) inputs[name].value = value;
  };
  const values = () => Object.fromEntries(Object.entries(inputs).map(([name, node]) => [name, node.value.trim()]));
  const problem = el("p", { class: "problem", role: "alert" });
  const form = el("form", { class: "stack", novalidate: true }, fields.map(([, words, node]) => el("label", {}, words, node)),
    el("div", { class: "row" }, el("button", { type: "submit", class: "act small go" }, "Do it")));
  const summary = el("summary", { "aria-label": `Choose the details: ${label}` }, "choose");
  const details = el("details", { class: "choose" }, summary, form);
  const go = el("button", { type: "button", class: "make-button" }, el("span", {}, label));
  const act = async (event) => {
    event.preventDefault();
    const missing = await ready();
    problem.textContent = missing ?? "";
    if (missing) return undefined;
    if (!details.open) set();
    const sent = values();
    go.setAttribute("aria-busy", "true");
    const done = await attempt(() => run(sent));
    go.removeAttribute("aria-busy");
    if (done === undefined) return undefined;
    if (details.open && JSON.stringify(values()) === JSON.stringify(sent)) set(); // not over what was typed meanwhile
    return refresh();
  };
  details.addEventListener("toggle", () => {
    summary.textContent = details.open ? "close" : "choose";
    if (details.open) set();
  });
  go.addEventListener("click", act);
  form.addEventListener("submit", act);
  return el("div", { class: "maker" }, go, details, problem);
}

export const line = (type = "text") => el("input", { type, autocomplete: "off" });
export const area = () => el("textarea", { rows: "3" });
export const options = (select, pairs) => select.replaceChildren(...pairs.map(([value, words]) => el("option", { value }, words)));
