// A button that opens a list to choose from: overflow menus and selects outside of modals.

import { el, freshId } from "./dom.js";

/**
 * `groups`: [{ label?, options: [{ label, note?, value, href? }] }]; `chosen`: the value now selected, or null.
 * Returns the wrapper to place; `choose(option)` hears what was taken.
 */
export function menuButton(button, groups, { chosen = null, choose }) {
  const id = freshId("menu");
  const list = el("div", { class: "menu", id, role: "menu", popover: "auto", "aria-label": button.getAttribute("aria-label") ?? button.textContent });
  for (const group of groups) {
    if (group.label) list.append(el("div", { class: "menu-label", role: "presentation" }, group.label));
    for (const option of group.options) list.append(item(option));
  }
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", id);
  let closedAt = -Infinity;
  // A pointer on the button has already closed an open list before its click comes: that click must not open it again.
  button.addEventListener("click", (event) => {
    const justClosed = event.detail > 0 && performance.now() - closedAt < 300;
    if (!justClosed && !list.matches(":popover-open")) open();
  });
  button.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    open();
  });
  list.addEventListener("beforetoggle", (event) => {
    button.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState === "closed") closedAt = performance.now();
  });
  list.addEventListener("keydown", walk);

  function open() {
    list.showPopover();
    place(list, button);
    (list.querySelector("[aria-checked=true]") ?? items()[0])?.focus({ preventScroll: true });
  }

  function items() {
    return [...list.querySelectorAll("[role^=menuitem]")];
  }

  function item(option) {
    const radio = chosen !== null;
    return el("button", {
      type: "button", role: radio ? "menuitemradio" : "menuitem", tabindex: "-1",
      "aria-checked": radio ? String(option.value === chosen) : null,
      on: { click: () => { close(); choose(option); } },
    }, el("span", {}, option.label), option.note ? el("small", {}, option.note) : null);
  }

  function close() {
    list.hidePopover();
    button.focus({ preventScroll: true });
  }

  function walk(event) {
    const all = items();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) all.at(to % all.length)?.focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else if (event.key.length === 1) all.find((each) => each.textContent.toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
    else return;
    if (event.key !== "Enter" && event.key !== " ") event.preventDefault();
    event.stopPropagation();
  }

  return el("span", { class: "menu-host" }, button, list);
}

function place(list, button) {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = list;
  const left = Math.max(8, Math.min(at.left, innerWidth - width - 8));
  const below = at.bottom + 4;
  const top = below + height > innerHeight - 8 ? Math.max(8, at.top - height - 4) : below;
  list.style.left = `${at.right - width > 8 && at.left > innerWidth / 2 ? at.right - width : left}px`;
  list.style.top = `${top}px`;
}
