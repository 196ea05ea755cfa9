// The controls of Block Kit outside of inputs: buttons, selects, overflow menus, images.

import { el, freshId, keepFocusIn } from "./dom.js";
import { menuButton } from "./menu.js";
import { asWords, plain, safeAddress, text } from "./mrkdwn.js";
import { controlKey, follow, press } from "./press.js";
import { nameOf, people } from "./store.js";

export const undrawn = (kind, type) =>
  el("div", { class: "undrawn", role: "note" }, el("strong", {}, "This block is not drawn: "), `${kind} `, el("code", {}, String(type)));

/** One interactive element or image. `where`: { target } names the message or view for the control routes. */
export function element(item, block, where) {
  switch (item.type) {
    case "button": return button(item, block, where);
    case "overflow": return overflow(item, block, where);
    case "static_select":
    case "users_select": return select(item, block, where);
    case "image": return image(item);
    default: return undrawn("element", item.type);
  }
}

const control = (...nodes) => el("span", { class: "control" }, nodes);
const focusName = (block, item) => [block.block_id, item.action_id, item.value].filter(Boolean).join("|");

function button(item, block, where) {
  const key = controlKey(where, block, item);
  const run = () => {
    if (item.url && safeAddress(item.url)) window.open(item.url, "_blank", "noopener,noreferrer");
    return press(where, block, item, { key, label: asWords(item.text), values: where.values?.() });
  };
  const node = el("button", {
    type: "button",
    class: `act ${{ primary: "go", danger: "danger" }[item.style] ?? ""}`.trim(),
    "aria-label": item.accessibility_label,
    data: { focus: focusName(block, item) },
    on: { click: () => confirmed(item.confirm, run) },
  }, plain(item.text), item.url ? el("span", { "aria-hidden": "true" }, " ↗") : null);
  const host = control(node);
  follow(node, key);
  return host;
}

function overflow(item, block, where) {
  const key = controlKey(where, block, item, "menu");
  const node = el("button", { type: "button", class: "act more", "aria-label": "More choices", data: { focus: focusName(block, item) } }, "⋯");
  const options = (item.options ?? []).map(asOption);
  const choose = (option) => confirmed(item.confirm, () => {
    if (option.url && safeAddress(option.url)) window.open(option.url, "_blank", "noopener,noreferrer");
    return press(where, block, item, { option: option.value, key, label: option.label, values: where.values?.() });
  });
  const host = control(menuButton(node, [{ options }], { choose }));
  follow(node, key);
  return host;
}

function select(item, block, where) {
  const key = controlKey(where, block, item, "menu");
  const initial = initialOption(item);
  const shown = initial ? asWords(initial.text) : asWords(item.placeholder) || "Choose";
  const node = el("button", { type: "button", class: initial ? "act select" : "act select empty", "aria-label": item.placeholder && initial ? `${asWords(item.placeholder)}: ${shown}` : null, data: { focus: focusName(block, item) } },
    el("span", {}, shown), el("span", { "aria-hidden": "true" }, " ▾"));
  const groups = groupsOf(item).map((group) => ({ label: group.label, options: group.options.map(asOption) }));
  const choose = (option) => confirmed(item.confirm, async () => {
    const answer = await press(where, block, item, { option: option.value, key, label: option.label, values: where.values?.() });
    if (answer && answer.acked !== false) node.firstElementChild.textContent = option.label;
  });
  const host = control(menuButton(node, groups, { chosen: initial?.value ?? "", choose }));
  follow(node, key);
  return host;
}

export function initialOption(item) {
  if (item.type !== "users_select") return item.initial_option ?? null;
  return item.initial_user ? { value: item.initial_user, text: nameOf(item.initial_user) } : null;
}

export function groupsOf(item) {
  if (item.type === "users_select") return [{ options: people().map((each) => ({ value: each.id, text: each.real_name ?? each.id })) }];
  if (item.option_groups) return item.option_groups.map((group) => ({ label: asWords(group.label), options: group.options }));
  return [{ options: item.options ?? [] }];
}

const asOption = (option) => ({
  label: asWords(option.text), note: option.description ? asWords(option.description) : null, value: option.value, url: option.url,
});

/** Pictures from elsewhere are not fetched: nothing leaves this machine. What they show is said instead. */
export function image(item, { small = false } = {}) {
  const address = item.image_url ?? item.slack_file?.url ?? "";
  const here = address.startsWith("data:image/") || address.startsWith(`${location.origin}/`);
  if (here) return el("img", { class: small ? "pic small" : "pic", src: address, alt: item.alt_text ?? "" });
  return el("span", { class: small ? "no-pic small" : "no-pic", role: "img", "aria-label": item.alt_text ?? "picture", title: address },
    small ? (item.alt_text ?? "?").slice(0, 1) : `Picture: ${item.alt_text ?? ""} (not fetched)`);
}

/** Asks first where the element wants it. Focus goes back to where it was. */
export function confirmed(confirm, run) {
  if (!confirm) return void run();
  const title = freshId("confirm");
  const back = document.activeElement;
  const dialog = el("dialog", { class: "modal confirm", "aria-labelledby": title });
  const close = () => { dialog.close(); dialog.remove(); if (back?.isConnected) back.focus({ preventScroll: true }); };
  dialog.append(
    el("h2", { id: title }, plain(confirm.title)),
    el("div", { class: "modal-body" }, el("p", {}, text(confirm.text))),
    el("footer", {},
      el("button", { type: "button", class: "act", on: { click: close } }, plain(confirm.deny ?? "Cancel")),
      el("button", { type: "button", class: confirm.style === "danger" ? "act danger full" : "act go", on: { click: () => { close(); run(); } } }, plain(confirm.confirm ?? "OK"))),
  );
  keepFocusIn(dialog);
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); event.stopPropagation(); close(); });
  (document.querySelector("dialog[open]") ?? document.body).append(dialog);
  dialog.showModal();
}
