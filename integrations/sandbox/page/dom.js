// Builds and updates nodes. Text only ever becomes text: nothing here reads markup.

/** A new element. `props`: attributes, plus `class`, `data` (dataset) and `on` (listeners). Children: nodes, strings, arrays, null. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "data") Object.assign(node.dataset, value);
    else if (name === "on") for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

export function append(node, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

const signs = new WeakMap();

/**
 * Makes `parent` show `items` in order, touching only what changed, so that focus, typed text and scrolling survive.
 * An item is drawn again only when its sign (a string) differs from the one it was drawn with.
 */
export function reconcile(parent, items, { key, sign, make }) {
  const wanted = new Set(items.map((item) => String(key(item))));
  const held = new Map();
  for (const node of [...parent.children]) {
    if (wanted.has(node.dataset.key)) held.set(node.dataset.key, node);
    else node.remove();
  }
  let cursor = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    const now = sign(item);
    let node = held.get(name);
    if (!node || signs.get(node) !== now) {
      const fresh = make(item);
      fresh.dataset.key = name;
      signs.set(fresh, now);
      if (node) {
        if (cursor === node) cursor = fresh;
        swap(node, fresh);
      }
      node = fresh;
    }
    if (node === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(node, cursor);
  }
}

/** Puts `fresh` in the place of `old`; focus and opened details go over to the parts with the same `data-focus`. */
export function swap(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const opened = [...old.querySelectorAll("details[open][data-focus]")].map((node) => node.dataset.focus);
  old.replaceWith(fresh);
  for (const name of opened) {
    const details = byFocus(fresh, name);
    if (details) details.open = true;
  }
  if (!focused) return;
  const heir = focused.dataset.focus ? byFocus(fresh, focused.dataset.focus) : null;
  if (heir && !heir.disabled) heir.focus({ preventScroll: true });
  else {
    fresh.tabIndex = -1;
    fresh.focus({ preventScroll: true });
  }
}

export function byFocus(root, name) {
  return [...root.querySelectorAll("[data-focus]")].find((node) => node.dataset.focus === name) ?? null;
}

/** Tab and Shift+Tab go round inside a dialog instead of out of the page. */
export function keepFocusIn(dialog) {
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || event.defaultPrevented) return;
    const all = [...dialog.querySelectorAll("button, input, select, textarea, summary, a[href], [tabindex='0']")]
      .filter((node) => !node.disabled && node.getClientRects().length && node.closest("dialog") === dialog);
    const edge = event.shiftKey ? all[0] : all.at(-1);
    const outside = !all.includes(document.activeElement);
    if (document.activeElement !== edge && !(outside && event.shiftKey)) return;
    event.preventDefault();
    (event.shiftKey ? all.at(-1) : all[0])?.focus();
  });
}

let counter = 0;
export function freshId(stem) {
  counter += 1;
  return `${stem}-${counter}`;
}

/** Wires a row of role=tab buttons: arrows move, `choose` hears the chosen name. */
export function wireTabs(list, choose) {
  const tabs = () => [...list.querySelectorAll("[role=tab]")].filter((tab) => !tab.hidden);
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) choose(tab.dataset.tab);
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const all = tabs();
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    event.preventDefault();
    next.focus();
    choose(next.dataset.tab);
  });
}

export function markTab(list, name) {
  for (const tab of list.querySelectorAll("[role=tab]")) {
    const on = tab.dataset.tab === name;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
  }
}
