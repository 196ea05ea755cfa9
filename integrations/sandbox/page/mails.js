// Gmail as it stands, read from the sandbox.

import { post } from "./api.js";
import { el, reconcile } from "./dom.js";
import { load, store } from "./store.js";
import { clock, dayName, full, moment } from "./time.js";
import { attempt, toast } from "./toast.js";

const editing = new Set();
const written = new Map();
const when = (value) => {
  const at = moment(value);
  return at ? el("time", { datetime: at.toISOString(), title: full(at) }, `${dayName(at)} ${clock(at)}`) : null;
};
const some = (value) => (Array.isArray(value) ? value.join(", ") : value ?? "");
const changed = () => document.dispatchEvent(new Event("sandbox:reload"));

export function renderGmail(host) {
  const drafts = (store.gmail.drafts ?? []).map((draft) => ({ ...draft.message, ...draft, draft: true }));
  const messages = [...(store.gmail.messages ?? [])].filter((mail) => !labels(mail).includes("DRAFT"))
    .sort((a, b) => (moment(b.at) ?? 0) - (moment(a.at) ?? 0));
  const items = [
    { heading: `Drafts (${drafts.length})`, note: drafts.length ? null : "No draft waits." },
    ...drafts,
    { heading: `Messages (${messages.length})`, note: messages.length ? null : "No mail yet: approve a move, or let a person reply." },
    ...messages,
  ];
  reconcile(host, items, {
    key: (item) => (item.heading ? item.heading.split(" ")[0] : `${item.draft ? "d" : "m"}${item.id}`),
    sign: (item) => JSON.stringify([item, editing.has(item.id)]),
    make: (item) => (item.heading ? heading(item) : item.draft ? draftNode(item, () => renderGmail(host)) : mailNode(item)),
  });
}

const labels = (mail) => mail.labels ?? mail.label_ids ?? [];

function heading({ heading: words, note }) {
  return el("div", { class: "group" }, el("h3", {}, words), note ? el("p", { class: "quiet" }, note) : null);
}

function headersOf(mail) {
  const given = mail.headers ?? {};
  const pairs = Array.isArray(given) ? given.map((each) => (Array.isArray(each) ? each : [each.name, each.value])) : Object.entries(given);
  return pairs.map(([name, value]) => `${name}: ${some(value)}`).join("\n");
}

/** The way out of a marketing mail, as a mail program would offer it; nothing for every other mail. */
function wayOut(mail) {
  const given = mail.headers ?? {};
  const link = given["List-Unsubscribe"];
  if (!link) return null;
  const oneClick = given["List-Unsubscribe-Post"] === "List-Unsubscribe=One-Click";
  return el("p", { class: "quiet way-out" }, `${oneClick ? "one click" : "by hand"} unsubscribes: ${some(link)}`);
}

function mailBody(mail) {
  return [
    wayOut(mail),
    el("details", { data: { focus: `text|${mail.id}` } }, el("summary", {}, "Text"), el("div", { class: "mail-text" }, mail.text ?? "")),
    el("details", { data: { focus: `headers|${mail.id}` } }, el("summary", {}, "All headers"), el("pre", { tabindex: "0" }, headersOf(mail) || "none")),
  ];
}

function mailNode(mail) {
  const sent = labels(mail).includes("SENT");
  return el("article", { class: "card", "aria-label": mail.subject ?? "mail" },
    el("p", { class: "card-top" }, el("span", { class: "tag" }, sent ? "↗ sent" : "↙ received"), when(mail.at)),
    el("h4", {}, mail.subject || "(no subject)"),
    el("p", { class: "quiet" }, sent ? `to ${some(mail.to)}` : `from ${some(mail.from)}`),
    mailBody(mail));
}

function draftNode(draft, again) {
  const top = [
    el("p", { class: "card-top" }, el("span", { class: "tag" }, "✎ draft"), when(draft.at)),
    el("p", { class: "quiet" }, `to ${some(draft.to)}`),
  ];
  if (!editing.has(draft.id)) {
    return el("article", { class: "card", "aria-label": `Draft: ${draft.subject ?? ""}` }, top[0], el("h4", {}, draft.subject || "(no subject)"), top[1], mailBody(draft),
      el("div", { class: "row" },
        el("button", { type: "button", class: "act small", data: { focus: `edit|${draft.id}` }, on: { click: () => { editing.add(draft.id); again(); } } }, "Edit"),
        el("button", { type: "button", class: "act small danger", data: { focus: `delete|${draft.id}` }, on: { click: () => send({ id: draft.id, delete: true }, "The draft is deleted.") } }, "Delete")));
  }
  const kept = written.get(draft.id) ?? { subject: draft.subject ?? "", text: draft.text ?? "" };
  const subject = el("input", { type: "text", value: kept.subject, data: { focus: `edit|${draft.id}` } });
  const text = el("textarea", { rows: "8", data: { focus: `words|${draft.id}` } });
  text.value = kept.text;
  const keep = () => written.set(draft.id, { subject: subject.value, text: text.value });
  const stop = () => { editing.delete(draft.id); written.delete(draft.id); };
  const save = async (event) => {
    event.preventDefault();
    if (await send({ id: draft.id, subject: subject.value, text: text.value }, "The draft is changed in Gmail.", stop)) again();
  };
  return el("article", { class: "card" }, top,
    el("form", { class: "stack", on: { submit: save, input: keep } },
      el("label", {}, "Subject", subject), el("label", {}, "Text", text),
      el("div", { class: "row" },
        el("button", { type: "submit", class: "act small go" }, "Save in Gmail"),
        el("button", { type: "button", class: "act small", on: { click: () => { stop(); again(); } } }, "Cancel"))));
}

async function send(body, done, after = () => {}) {
  const answer = await attempt(() => post("/control/draft", body));
  if (!answer) return false;
  after();
  toast(done);
  await attempt(load);
  changed();
  return true;
}
