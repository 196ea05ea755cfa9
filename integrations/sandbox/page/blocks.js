// Block Kit as nodes.

import { card, carousel } from "./cards.js";
import { chart } from "./charts.js";
import { el } from "./dom.js";
import { element, image, undrawn } from "./elements.js";
import { inputBlock } from "./inputs.js";
import { plain, text } from "./mrkdwn.js";
import { showPending } from "./press.js";
import { markdown, richText } from "./richtext.js";
import { dataTable, table } from "./tables.js";

/** `where`: { kind: "message" | "view" | "home", target: what names it for the control routes }. */
export function renderBlocks(blocks, where) {
  return (blocks ?? []).map((block) => renderBlock(block, where));
}

function renderBlock(block, where) {
  switch (block.type) {
    case "section": return section(block, where);
    case "context": return context(block);
    case "header": return el("h3", { class: "block header" }, plain(block.text));
    case "divider": return el("hr", { class: "block" });
    case "actions": return showPending(el("div", { class: "block actions" }, (block.elements ?? []).map((item) => element(item, block, where))));
    case "image":
      return el("figure", { class: "block" }, block.title ? el("figcaption", {}, plain(block.title)) : null, image(block));
    case "input": return where.kind === "message" ? undrawn("block outside of a modal", "input") : inputBlock(block);
    case "rich_text": return el("div", { class: "block" }, richText(block));
    case "markdown": return el("div", { class: "block" }, markdown(block));
    case "card": return card(block, where);
    case "carousel": return carousel(block, where);
    case "table": return table(block);
    case "data_table": return dataTable(block);
    case "data_visualization": return chart(block);
    default: return undrawn("block", block.type);
  }
}

function section(block, where) {
  const words = el("div", { class: "words" },
    block.text ? el("div", { class: "text" }, text(block.text)) : null,
    block.fields ? el("div", { class: "fields" }, block.fields.map((field) => el("div", {}, text(field)))) : null);
  if (!block.accessory) return el("div", { class: "block section" }, words);
  return el("div", { class: "block section with-accessory" }, words, element(block.accessory, block, where));
}

function context(block) {
  return el("div", { class: "block context" }, (block.elements ?? []).map((item) =>
    item.type === "image" ? image(item, { small: true }) : el("span", {}, text(item))));
}
