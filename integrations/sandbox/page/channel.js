// The main column: the conversation, App Home, and the thread beside it.

import { post } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { el, fill, markTab, reconcile, swap, wireTabs } from "./dom.js";
import { messageNode, messageSign, senderOf } from "./message.js";
import { channel, channelLabel, conversation, load, markRead, store } from "./store.js";
import { dayName, moment } from "./time.js";
import { announce, attempt } from "./toast.js";

const $ = (id) => document.getElementById(id);
const seen = new Map();
let drawn = "";
let homeSign = "";

export function mountChannel(render) {
  wireTabs($("channel-tabs"), (name) => showTab(name, render));
  $("jump").addEventListener("click", () => { $("scroll").scrollTop = $("scroll").scrollHeight; $("jump").hidden = true; });
  $("scroll").addEventListener("scroll", () => { if (atEnd()) $("jump").hidden = true; }, { passive: true });
  $("thread-close").addEventListener("click", () => closeThread(render));
  $("thread").addEventListener("keydown", (event) => { if (event.key === "Escape" && !event.defaultPrevented) closeThread(render); });
  document.addEventListener("sandbox:thread", (event) => {
    store.thread = event.detail;
    render();
    $("thread-scroll").scrollTop = $("thread-scroll").scrollHeight;
    $("thread-composer").querySelector("textarea").focus();
  });
}

function closeThread(render) {
  const ts = store.thread;
  store.thread = null;
  render();
  document.querySelector(`#messages [data-ts="${CSS.escape(ts ?? "")}"] [data-focus^="thread|"]`)?.focus();
}

async function showTab(name, render) {
  store.tab = name;
  render();
  if (name !== "home") return;
  await attempt(() => post("/control/open_home", { user: store.user }));
  await attempt(load);
  render();
}

const atEnd = () => $("scroll").scrollHeight - $("scroll").scrollTop - $("scroll").clientHeight < 60;

export function renderChannel() {
  const here = channel();
  if (!here) return;
  const home = store.tab === "home" && here.is_im;
  $("channel-name").textContent = channelLabel(here);
  $("channel-tabs").hidden = !here.is_im;
  $("channel-about").textContent = here.is_im ? connection() : "";
  markTab($("channel-tabs"), home ? "home" : "messages");
  $("scroll").hidden = home;
  $("composer").hidden = home;
  $("home").hidden = !home;
  if (home) renderHome();
  renderMessages(here, home);
  renderThread(here);
}

function connection() {
  if (store.slack.sockets) return "the bot is connected";
  const last = store.ledger.findLast((entry) => entry.service === "slack" && entry.kind === "delivery")?.data;
  if (last?.by !== "http") return "the bot is not connected";
  if (last.acked) return "the bot answers over HTTP";
  return /within/.test(last.error ?? "") ? "the bot did not answer just now" : "the bot is not connected";
}

/** To the end; of a message taller than the window, to its beginning. */
function scrollDown() {
  const box = $("scroll");
  const last = $("messages").lastElementChild;
  box.scrollTop = box.scrollHeight;
  if (last && last.offsetHeight > box.clientHeight) box.scrollTop += last.getBoundingClientRect().top - box.getBoundingClientRect().top - 8;
}

function renderMessages(here, home) {
  const { top, replies } = conversation(here);
  const moved = drawn !== `${store.user}:${here.id}`;
  const count = $("messages").children.length;
  const follow = moved || atEnd();
  if (moved) $("messages").replaceChildren();
  drawn = `${store.user}:${here.id}`;
  reconcile($("messages"), withDays(top), {
    key: (item) => item.day ?? `${item.ephemeral ? "e" : "m"}${item.ts}`,
    sign: (item) => (item.day ? item.name : messageSign(item, replies.get(item.ts))),
    make: (item) => (item.day
      ? el("div", { class: "day", role: "separator", "aria-label": item.name }, el("span", {}, item.name))
      : messageNode(item, here.id, { replies: replies.get(item.ts), open: openThread })),
  });
  $("empty").hidden = top.length > 0;
  $("empty").textContent = here.is_im
    ? "Nothing here yet. Let someone fill in the form, or type /moves."
    : `This is the very beginning of ${channelLabel(here)}.`;
  if (moved || (follow && $("messages").children.length > count)) scrollDown();
  else if (follow) $("scroll").scrollTop = $("scroll").scrollHeight;
  tell(here, top, follow && !home);
  if (!document.hidden && !home) markRead(here);
}

function withDays(messages) {
  const out = [];
  let last = null;
  for (const message of messages) {
    const name = dayName(moment(message.ts) ?? new Date());
    if (name !== last) out.push({ day: `day-${name}`, name });
    last = name;
    out.push(message);
  }
  return out;
}

const openThread = (ts) => document.dispatchEvent(new CustomEvent("sandbox:thread", { detail: ts }));

/** Says what is new to a screen reader, and shows a way down when it came in below the fold. */
function tell(here, top, follow) {
  const place = `${store.user}:${here.id}`;
  const before = seen.get(place);
  seen.set(place, new Set(top.map((message) => message.ts)));
  if (!before) return;
  const fresh = top.filter((message) => !before.has(message.ts) && message.user !== store.user);
  if (!fresh.length) return;
  const newest = fresh.at(-1);
  announce(`New message from ${senderOf(newest)} in ${channelLabel(here)}: ${newest.text ?? ""}`);
  if (follow) return;
  $("jump").hidden = false;
  $("jump").textContent = `${fresh.length === 1 ? "1 new message" : `${fresh.length} new messages`} ↓`;
}

function renderHome() {
  const view = store.slack.home;
  const now = JSON.stringify([view, store.user]);
  if (now === homeSign && $("home").children.length) return;
  homeSign = now;
  const blocks = view?.blocks?.length
    ? renderBlocks(view.blocks, { kind: "home", target: { home: true } })
    : [el("p", { class: "empty" }, "CaseyOS has not drawn your Home yet. It does so when the bot is running.")];
  const fresh = el("div", { class: "blocks home-blocks" }, blocks);
  const old = $("home").firstElementChild;
  if (old) swap(old, fresh);
  else fill($("home"), fresh);
}

function renderThread(here) {
  const { top, replies } = conversation(here);
  const parent = top.find((message) => message.ts === store.thread);
  if (store.thread && !parent) store.thread = null;
  $("thread").hidden = !parent;
  document.body.toggleAttribute("data-thread", Boolean(parent));
  if (!parent) return $("thread-messages").replaceChildren();
  $("thread-place").textContent = channelLabel(here);
  const end = $("thread-scroll").scrollHeight - $("thread-scroll").scrollTop - $("thread-scroll").clientHeight < 60;
  reconcile($("thread-messages"), [parent, ...(replies.get(parent.ts) ?? [])], {
    key: (item) => item.ts,
    sign: (item) => messageSign(item),
    make: (item) => messageNode(item, here.id),
  });
  if (end) $("thread-scroll").scrollTop = $("thread-scroll").scrollHeight;
}
