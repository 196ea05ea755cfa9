// One message: who, when, what, and its thread.

import { renderBlocks } from "./blocks.js";
import { el } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { isBot, nameOf, store, user } from "./store.js";
import { clock, dayName, full, moment } from "./time.js";

const TINTS = { U0CASEY: "a", U0ORLA: "b", U0SAM: "c" };

export function senderOf(message) {
  if (message.user) return nameOf(message.user);
  return message.username ?? message.bot_profile?.name ?? "CaseyOS";
}

const fromBot = (message) => Boolean(message.bot_id) || isBot(user(message.user)) || !message.user;

export function avatar(message) {
  const bot = fromBot(message);
  return el("span", { class: `avatar ${bot ? "bot" : TINTS[message.user] ?? "a"}`, "aria-hidden": "true" }, senderOf(message).slice(0, 1));
}

/** `thread`: { replies: [...] } and `open` to look at it, or null inside a thread. */
export function messageNode(message, channelId, { replies = [], open = null, names = "" } = {}) {
  const at = moment(message.ts) ?? new Date();
  const where = { kind: "message", target: { channel: channelId, ts: message.ts } };
  const who = senderOf(message);
  const bot = fromBot(message);
  return el("article", {
    class: ["message", message.ephemeral ? "only-you" : "", names].join(" ").trim(), tabindex: "-1",
    "aria-label": `${who}, ${clock(at)}`, data: { ts: message.ts },
  },
  avatar(message),
  el("div", { class: "body" },
    message.ephemeral ? el("p", { class: "only" }, el("span", { "aria-hidden": "true" }, "◉ "), "Only visible to you") : null,
    el("p", { class: "who" }, el("strong", {}, who), bot ? el("span", { class: "app" }, "APP") : null,
      el("time", { datetime: at.toISOString(), title: full(at) }, clock(at)),
      open && !message.ephemeral && !countOf(message, replies) ? replyButton(message, open) : null),
    message.blocks?.length
      ? el("div", { class: "blocks" }, renderBlocks(message.blocks, where))
      : el("div", { class: "text" }, mrkdwn(message.text ?? "")),
    (message.attachments ?? []).map((each) => el("div", { class: "attachment" },
      each.blocks ? renderBlocks(each.blocks, where) : mrkdwn(each.text ?? each.fallback ?? ""))),
    message.edited ? el("span", { class: "edited" }, "(edited)") : null,
    open && countOf(message, replies) ? threadLine(message, replies, open) : null));
}

const countOf = (message, replies) => Math.max(replies.length, message.reply_count ?? 0);

function replyButton(message, open) {
  return el("button", { type: "button", class: "reply-quiet", data: { focus: `thread|${message.ts}` }, on: { click: () => open(message.ts) } }, "Reply in thread");
}

function threadLine(message, replies, open) {
  const count = countOf(message, replies);
  const focus = { focus: `thread|${message.ts}` };
  const last = moment(replies.at(-1)?.ts ?? message.latest_reply);
  const when = last ? `, last ${dayName(last).replace(/^(Today|Yesterday)$/, (word) => word.toLowerCase())} ${clock(last)}` : "";
  return el("button", { type: "button", class: "thread-line", data: focus, on: { click: () => open(message.ts) } },
    `${count} ${count === 1 ? "reply" : "replies"}${when}`);
}

/** What a message looks like depends on this and nothing else. */
export function messageSign(message, replies = []) {
  return JSON.stringify([message, replies.length, replies.at(-1)?.ts, store.user, dayName(moment(message.ts) ?? new Date())]);
}
