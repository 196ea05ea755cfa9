// The rich_text and markdown blocks, drawn simply.

import { el } from "./dom.js";
import { emoji, link, mrkdwn } from "./mrkdwn.js";
import { channels, nameOf } from "./store.js";
import { fillDate, moment } from "./time.js";

export function richText(block) {
  return el("div", { class: "rich" }, (block.elements ?? []).map(part));
}

function part(item) {
  const inside = () => (item.elements ?? []).map(piece);
  switch (item.type) {
    case "rich_text_section": return el("p", {}, inside());
    case "rich_text_quote": return el("blockquote", {}, inside());
    case "rich_text_preformatted": return el("pre", { tabindex: "0" }, inside());
    case "rich_text_list":
      return el(item.style === "ordered" ? "ol" : "ul", { class: `indent-${Math.min(item.indent ?? 0, 4)}` },
        (item.elements ?? []).map((each) => el("li", {}, (each.elements ?? []).map(piece))));
    default: return el("p", {}, `(${item.type})`);
  }
}

function piece(item) {
  return styled(bare(item), item.style ?? {});
}

function bare(item) {
  switch (item.type) {
    case "text": return lines(item.text ?? "");
    case "link": return [link(item.url ?? "", item.text)];
    case "user": return [el("span", { class: "mention" }, `@${nameOf(item.user_id)}`)];
    case "channel": return [el("span", { class: "mention" }, `#${channels().find((each) => each.id === item.channel_id)?.name ?? item.channel_id}`)];
    case "broadcast": return [el("span", { class: "mention" }, `@${item.range}`)];
    case "emoji": return [emoji(item.name)];
    case "date": {
      const date = moment(item.timestamp);
      return [date ? fillDate(item.format ?? "{date}", date) : item.fallback ?? ""];
    }
    default: return [item.text ?? `(${item.type})`];
  }
}

const lines = (words) => words.split("\n").flatMap((line, index) => (index ? [el("br"), line] : [line]));

function styled(nodes, style) {
  const tags = [["code", "code"], ["strike", "s"], ["italic", "em"], ["bold", "strong"]];
  return tags.reduce((inner, [name, tag]) => (style[name] ? [el(tag, {}, inner)] : inner), nodes);
}

/** Common Markdown turned into Slack's own marks, line by line. */
export function markdown(block) {
  const escaped = (block.text ?? "").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const turned = escaped
    .replace(/!?\[([^\]\n]*)\]\(([^)\s|]+)\)/g, (_, label, address) => `<${address}|${label.replace(/\|/g, "/")}>`)
    .replace(/(\*\*|__)(?=\S)([^\n]+?)\1/g, "*$2*")
    .replace(/~~(?=\S)([^\n]+?)~~/g, "~$1~")
    .replace(/^#{1,6} +(.+)$/gm, (_, title) => `*${title.replace(/\*/g, "")}*`)
    .replace(/^( *)[-*+] +/gm, "$1• ");
  return el("div", { class: "rich" }, mrkdwn(turned));
}
