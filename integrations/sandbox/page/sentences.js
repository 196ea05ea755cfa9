// Ledger lines in human words. A line nobody taught this page is still said, from its names.

import { asWords, decode } from "./mrkdwn.js";
import { labelOf } from "./press.js";
import { channels, nameOf, store, user } from "./store.js";
import { clock, dayName, moment } from "./time.js";

export const SERVICES = { slack: "Slack", gmail: "Gmail", calendar: "Calendar", hubspot: "HubSpot", forms: "Form", form: "Form", sandbox: "Sandbox", control: "Sandbox" };
export const STAGES = {
  appointmentscheduled: "Appointment scheduled", qualifiedtobuy: "Qualified to buy", presentationscheduled: "Presentation scheduled",
  decisionmakerboughtin: "Decision maker bought in", contractsent: "Contract sent", closedwon: "Closed won", closedlost: "Closed lost",
};
const FAULTS = {
  lose_answer: "done, but the answer was lost on the way",
  lose_request: "the request was lost on the way, nothing was done",
  late: "the answer was lost, the change comes later",
  slow: "answered slowly",
  rate_limit: "said 429, try again later",
  unavailable: "said 503, not available",
  error: "done, then answered with an error",
  refuse: "refused it",
  drop_socket: "the socket was dropped",
  deliver_twice: "delivered twice",
};

const quoted = (words, limit = 70) => {
  const flat = readable(String(words ?? "")).replace(/\s+/g, " ").trim();
  return flat ? `“${flat.length > limit ? `${flat.slice(0, limit - 1)}…` : flat}”` : "";
};
const who = (id) => (user(id) ? nameOf(id) : id === "U0BOT" ? "CaseyOS" : id ?? "someone");
const readable = (words) => decode(words.replace(/<@([UW]\w+)(?:\|[^>]*)?>/g, (_, id) => `@${who(id)}`).replace(/<(?:https?|mailto):[^|>]*\|([^>]+)>/g, "$1"));
const sender = (data) => who(data.message?.user ?? data.user ?? "U0BOT");
const place = (id) => {
  const found = channels().find((each) => each.id === id);
  if (found) return found.is_im ? "the direct message" : `#${found.name}`;
  return String(id ?? "").startsWith("D") ? "a direct message" : id ?? "a channel";
};
const listed = (value) => (Array.isArray(value) ? value.map((each) => each.email ?? each).join(", ") : value);
const person = (value) => String(listed(value) ?? "").replace(/^"?([^"<]+?)"? <.*>$/, "$1");
const joined = (...parts) => parts.filter(Boolean).join(" ");

/** The first of the names that the data holds, looked for one level deep too. */
function pick(data, ...names) {
  const inner = Object.values(data).filter((each) => each && typeof each === "object" && !Array.isArray(each));
  for (const name of names) {
    for (const each of [data, ...inner]) if (each[name] !== undefined && each[name] !== null && each[name] !== "") return each[name];
  }
  return undefined;
}

const mail = (data) => quoted(pick(data, "subject"));
const crmName = (data) => {
  const names = [pick(data, "firstname"), pick(data, "lastname")].filter(Boolean).join(" ");
  return names || pick(data, "dealname", "hs_task_subject", "subject", "name", "email") || "";
};

const EFFECTS = {
  draft_created: (data) => joined("draft", mail(data), "written", pick(data, "to") && `to ${person(pick(data, "to"))}`),
  draft_updated: (data) => joined("draft", mail(data), "changed"),
  draft_deleted: (data) => joined("draft", mail(data), "deleted, nothing was sent"),
  mail_sent: (data) => joined("mail", mail(data), "sent", pick(data, "to") && `to ${person(pick(data, "to"))}`),
  draft_sent: (data) => joined("mail", mail(data), "sent"),
  mail_received: (data) => joined("mail", mail(data), "arrives", pick(data, "from") && `from ${person(pick(data, "from"))}`),
  message_posted: (data) => joined(sender(data), "posted in", `${place(data.channel)}:`, quoted(pick(data, "text"))),
  message_updated: (data) => joined("CaseyOS updated a message in", `${place(data.channel)}:`, quoted(pick(data, "text"))),
  message_deleted: (data) => joined("a message in", place(data.channel), "deleted"),
  ephemeral_posted: (data) => joined("a note only", who(data.message?.for ?? data.user), "sees:", quoted(pick(data, "text"))),
  view_opened: (data) => joined("a dialog opened for", `${who(data.user)}:`, title(data)),
  view_pushed: (data) => joined("a further dialog opened for", `${who(data.user)}:`, title(data)),
  view_updated: (data) => joined("the dialog of", who(data.user), "changed"),
  view_errors: (data) => joined("the bot refused what", who(data.user), "filled in:", quoted(Object.values(data.errors ?? {}).join(" "))),
  view_closed: (data) => joined("the dialog of", who(data.user), "closed"),
  home_published: (data) => joined("the Home of", who(data.user), "drawn"),
  event_created: (data) => joined("event", meeting(data), "put in"),
  event_updated: (data) => joined("event", meeting(data), changes(data)),
  event_deleted: (data) => joined("event", meeting(data), "cancelled"),
  invitation_sent: (data) => joined("an invitation to", meeting(data), "mailed to", data.to),
  update_sent: (data) => joined("the change of", meeting(data), "mailed to", data.to),
  cancellation_sent: (data) => joined("the end of", meeting(data), "mailed to", data.to),
  socket_connected: (data) => `the bot's socket connected (${data.connected ?? 1} open)`,
  socket_closed: (data) => `a socket of the bot closed (${data.connected ?? 0} open)`,
};

function meeting(data) {
  const start = moment(data.start);
  return joined(quoted(data.summary), start && `(${dayName(start)} ${clock(start)})`);
}

/** What differs in an event: who answered what, or else which of its fields. */
function changes({ before = {}, after = {} }) {
  const answered = (after.attendees ?? []).filter((each) => !(before.attendees ?? []).some((old) => old.email === each.email && old.response === each.response));
  if (after.attendees && Object.keys(after).length === 1 && answered.length) return `answered: ${answered.map((each) => `${each.email} ${each.response}`).join(", ")}`;
  return after.start ? "moved" : "changed";
}

function title(data) {
  const named = data.title ?? data.view?.title;
  return quoted(typeof named === "object" ? named?.text : named);
}

/** An object by its name in HubSpot as it stands, or by its number. */
function crmObject({ type, id }) {
  const known = (store.hubspot[type] ?? []).find((each) => each.id === id)?.properties;
  const one = { companies: "company" }[type] ?? type.slice(0, -1);
  return joined(one, known ? quoted(crmName(known)) : id);
}

function crm(method, data) {
  if (method.startsWith("association_")) return joined(crmObject(data.from), method.endsWith("created") ? "tied to" : "untied from", crmObject(data.to));
  const found = /^(contact|company|companie|deal|task|note|meeting|association|object)s?_(created|updated|archived|deleted|moved|upserted|associated|added|removed)$/.exec(method);
  if (!found) return null;
  const verbs = { upserted: "written", associated: "tied", moved: "moved" };
  const stage = pick(data, "dealstage", "stage");
  return joined(found[1].replace("companie", "company"), quoted(crmName(data)), verbs[found[2]] ?? found[2], stage && found[1] === "deal" && `(${STAGES[stage] ?? stage})`);
}

const ACTS = {
  press: (data) => joined(who(data.user), "pressed", quoted(pressed(data))),
  submit: (data) => joined(who(data.user), data.errors ? "could not submit a dialog:" : "submitted a dialog", data.errors && quoted(Object.values(data.errors).join(" "))),
  close: (data) => joined(who(data.user), "closed a dialog"),
  command: (data) => joined(who(data.user), "typed", quoted(joined(data.command, data.text))),
  message: (data) => joined(who(data.user), "wrote", quoted(data.text)),
  open_home: (data) => joined(who(data.user), "opened Home"),
  form: (data) => joined(person(pick(data, "name")) || "someone", "filled in the form"),
  reply: (data) => joined(data.to ?? data.from ?? "the person", "replied:", quoted(data.text)),
  deal: (data) => joined("deal", quoted(data.name), "for", data.contact, data.stage && `is now “${STAGES[data.stage] ?? data.stage}”`),
  bounce: (data) => joined("the mail to", data.to, "comes back:", { hard: "no such address", soft: "mailbox full", policy: "blocked" }[data.kind]),
  event: (data) => joined("an event was", data.delete ? "deleted" : data.response ? `answered: ${data.response.email} ${data.response.status}` : data.made ? "put in" : data.start ? "moved" : "changed", "by hand"),
  task: (data) => joined("a task was", data.delete ? "deleted" : data.status ? String(data.status).toLowerCase().replaceAll("_", " ") : "edited", "by hand"),
  portal: () => "the portal was set up anew",
  draft: (data) => joined("a draft was", data.delete ? "deleted" : "edited", "by hand"),
  fault: (data) => (data.kind === "drop_socket" ? "the bot's sockets were cut on purpose" : joined("will fail on purpose:", String(data.kind ?? "").replaceAll("_", " "), data.method && `at ${words(data.method)}`)),
  clear_faults: () => "nothing is set to fail any more",
};

/** The words on the pressed control: as pressed here, as it still stands in Slack, or else its name. */
function pressed(data) {
  const known = labelOf(data.action_id, data.option ?? data.value);
  if (known) return known;
  const blocks = channels().find((each) => each.id === data.channel)?.messages.find((each) => each.ts === data.ts)?.blocks ?? [];
  const block = blocks.find((each) => each.block_id === data.block_id);
  const control = [block?.accessory, ...(block?.elements ?? [])].find((each) => each?.action_id === data.action_id);
  const option = control?.options?.find((each) => each.value === data.option);
  return asWords(option?.text ?? control?.text) || words(data.option ?? data.action_id);
}

const words = (method) => String(method).replaceAll(/[._]/g, " ");

function effect(entry) {
  const known = EFFECTS[entry.method]?.(entry.data) ?? (entry.service === "hubspot" ? crm(entry.method, entry.data) : null);
  return known ?? joined(words(entry.method), quoted(pick(entry.data, "subject", "dealname", "name", "text", "email")));
}

function delivery(entry) {
  const { data } = entry;
  const what = { view_submission: "the dialog", view_closed: "the closing" }[data.type] ?? { interactive: "the press", slash_commands: "the command", events_api: "the event", form: "the form", late_ack: "an answer" }[entry.method] ?? words(entry.method);
  if (entry.method === "late_ack") return "the bot answered too late";
  if (data.status === 0 || data.error || data.acked === false) return joined("the bot did not take", `${what}:`, data.error ?? data.body);
  const failed = data.status >= 400 && `and answered ${data.status}`;
  return joined("the bot got", what, failed, `in ${Math.round(data.ms ?? 0)} ms`, data.by && `over ${data.by === "socket" ? "the socket" : "HTTP"}`, (data.copies > 1 || data.again) && "(delivered twice)");
}

/** What one line says, without the service's name; `tone`: "", "warn" or "bad". */
export function sentence(entry) {
  switch (entry.kind) {
    case "effect": return { text: effect(entry), tone: "" };
    case "act": return { text: ACTS[entry.method]?.(entry.data) ?? words(entry.method), tone: "" };
    case "delivery": {
      const bad = entry.data.error || entry.data.acked === false || entry.data.status >= 400 || entry.data.status === 0;
      return { text: delivery(entry), tone: bad ? "warn" : "" };
    }
    case "refused": return { text: joined("refused", `${words(entry.method)}:`, entry.data.reason ?? entry.data.error), tone: "bad" };
    case "unknown_method": return { text: joined("the bot called", entry.method, "which is not served here"), tone: "bad" };
    default: return { text: joined("asked for", words(entry.method)), tone: "" };
  }
}

export const faultWords = (fault) => FAULTS[fault] ?? String(fault).replaceAll("_", " ");
