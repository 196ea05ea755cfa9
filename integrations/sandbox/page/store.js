// What the page knows: the last answers of the sandbox, and where the person is looking.

import { get, post } from "./api.js";

export const store = {
  user: remembered("user") ?? "U0CASEY",
  channel: remembered("channel"),
  tab: "messages",
  thread: null,
  pane: "main",
  panelTab: "happened",
  slack: null,
  gmail: { drafts: [], messages: [] },
  calendar: { events: [], busy: [] },
  hubspot: { contacts: [], companies: [], deals: [], tasks: [] },
  visitors: [],
  faults: [],
  ledger: [],
  last: 0,
};

function remembered(name) {
  try { return sessionStorage.getItem(`sandbox.${name}`); } catch { return null; }
}

export function remember(name, value) {
  try { sessionStorage.setItem(`sandbox.${name}`, value); } catch { /* a private window: the choice lasts until reload */ }
}

let running = null;
let again = false;

/** Reads everything anew; calls made meanwhile share one further reading. */
export function load() {
  if (running) {
    again = true;
    return running;
  }
  running = (async () => {
    try {
      do {
        again = false;
        await read();
      } while (again);
    } finally {
      running = null;
    }
  })();
  return running;
}

async function read() {
  const user = store.user;
  const [slack, gmail, calendar, hubspot, ledger, faults, visitors] = await Promise.all([
    get(`/control/slack?user=${encodeURIComponent(user)}`),
    get("/control/gmail"),
    get("/control/calendar"),
    get("/control/hubspot"),
    get(`/control/ledger?after=${store.last}`),
    get("/control/fault"),
    store.visitors.length ? { visitors: store.visitors } : get("/control/visitors"),
  ]);
  if (user !== store.user) {
    again = true;
    return;
  }
  store.slack = slack;
  store.gmail = gmail;
  store.calendar = calendar;
  store.visitors = visitors.visitors;
  store.hubspot = hubspot;
  store.faults = faults.faults;
  if (ledger.last < store.last) {
    store.ledger = [];
    store.last = 0;
    again = true;
    return;
  }
  const known = new Set(store.ledger.map((entry) => entry.n));
  store.ledger.push(...ledger.entries.filter((entry) => !known.has(entry.n)));
  store.last = ledger.last;
  if (!channels().some((channel) => channel.id === store.channel)) {
    store.channel = (channels().find((channel) => channel.is_im) ?? channels()[0])?.id ?? null;
  }
}

export const channels = () => store.slack?.channels ?? [];
export const channel = () => channels().find((each) => each.id === store.channel) ?? null;
export const people = () => users().filter((user) => !isBot(user));
export const isBot = (user) => Boolean(user?.is_bot) || user?.id === "U0BOT";

export function users() {
  const all = store.slack?.users ?? [];
  return Array.isArray(all) ? all : Object.values(all);
}

export const user = (id) => users().find((each) => each.id === id) ?? null;

export function nameOf(id) {
  const found = user(id);
  if (!found) return id === "U0BOT" ? "CaseyOS" : id;
  return found.profile?.display_name || found.real_name || found.profile?.real_name || found.name || id;
}

export const firstName = (id) => nameOf(id).split(" ")[0];

export function channelLabel(each) {
  if (!each) return "";
  return each.is_im ? "CaseyOS" : `#${each.name}`;
}

/** What stands in a channel: its own messages and replies by thread, with what only this person sees mixed in by time. */
export function conversation(each) {
  const messages = [...(each?.messages ?? [])];
  for (const only of store.slack?.ephemeral ?? []) {
    if (only.channel === each?.id) messages.push({ ...only, ts: only.ts ?? only.message_ts, ephemeral: true });
  }
  messages.sort((a, b) => Number(a.ts) - Number(b.ts));
  const top = [];
  const replies = new Map();
  for (const message of messages) {
    const inThread = message.thread_ts && message.thread_ts !== message.ts;
    if (inThread) replies.set(message.thread_ts, [...(replies.get(message.thread_ts) ?? []), message]);
    if (!inThread || message.subtype === "thread_broadcast") top.push(message);
  }
  return { top, replies };
}

let reading = "";

/** Tells the sandbox that the person has looked at the channel. */
export async function markRead(each) {
  const now = `${store.user}:${each.id}:${each.messages.at(-1)?.ts}`;
  if (!each.unread || reading === now) return;
  reading = now;
  try {
    await post("/control/read", { user: store.user, channel: each.id });
  } catch {
    reading = "";
  }
}

export const unread = (each) => (each.id === store.channel && !document.hidden ? 0 : each.unread ?? 0);
