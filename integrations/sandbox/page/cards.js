// The card and carousel blocks.

import { el } from "./dom.js";
import { element, image } from "./elements.js";
import { text } from "./mrkdwn.js";
import { showPending } from "./press.js";

export function card(block, where) {
  const line = (name) => (block[name] ? el("div", { class: name }, text(block[name])) : null);
  const icon = block.icon ? image(block.icon, { small: true }) : block.slack_icon ? el("span", { class: "no-pic small", "aria-hidden": "true" }, "◆") : null;
  return el("div", { class: "block slack-card" },
    block.hero_image ? el("div", { class: "hero" }, image(block.hero_image)) : null,
    el("div", { class: "slack-card-top" }, icon, el("div", { class: "words" }, line("title"), line("subtitle"))),
    line("body"),
    line("subtext"),
    block.actions ? showPending(el("div", { class: "actions" }, block.actions.map((item) => element(item, block, where)))) : null);
}

/** Cards beside each other; the row scrolls, by the arrow keys as well. */
export function carousel(block, where) {
  const cards = block.elements ?? [];
  return el("div", { class: "block carousel", role: "group", "aria-label": `${cards.length} cards beside each other`, tabindex: "0" },
    cards.map((each) => card(each, where)));
}
