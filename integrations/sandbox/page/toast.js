// Short notes at the edge: what was done, or what went wrong with a way to act on it.

import { el } from "./dom.js";

const region = el("div", { class: "toasts", role: "region", "aria-label": "Notes" });
const spoken = el("div", { class: "unseen", "aria-live": "polite" });

export function mountToasts() {
  document.body.append(region, spoken);
}

/** Says a sentence to a screen reader and shows nothing. */
export function announce(sentence) {
  spoken.textContent = "";
  setTimeout(() => { spoken.textContent = sentence; }, 30);
}

/** An open modal makes the rest of the page inert, so the notes move into it. */
export function moveToasts(host) {
  host.append(region, spoken);
}

/** Shows a note. `actions`: [{ label, run }]. An error stays until it is dismissed or acted on. */
export function toast(message, { error = false, actions = [] } = {}) {
  const note = el("div", { class: error ? "toast error" : "toast", role: error ? "alert" : "status" });
  const buttons = [...actions, { label: "Dismiss", run: () => {} }].map(({ label, run }) =>
    el("button", { type: "button", on: { click: () => { note.remove(); run(); } } }, label));
  note.append(el("p", {}, error ? el("strong", {}, "Not done: ") : null, message), el("div", { class: "toast-acts" }, buttons));
  region.append(note);
  while (region.children.length > 3) region.firstElementChild.remove();
  if (!error) leave(note);
}

function leave(note) {
  const later = () => setTimeout(() => {
    if (note.matches(":hover, :focus-within")) later();
    else note.remove();
  }, 5000);
  later();
}

/** Runs `work`; an error becomes a note that offers to try again. Gives what `work` gave, or undefined. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    toast(error.message, { error: true, actions: [{ label: "Try again", run: () => attempt(work) }] });
    return undefined;
  }
}
