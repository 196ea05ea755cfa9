// HubSpot as it stands: tasks, deals, what changed last, and who belongs to what.

import { post } from "./api.js";
import { el, reconcile } from "./dom.js";
import { STAGES, sentence } from "./sentences.js";
import { load, store } from "./store.js";
import { clock, clockSeconds, dayName, full, moment } from "./time.js";
import { attempt, toast } from "./toast.js";

const MOST_CHANGES = 6;

/** HubSpot objects come flat or with `properties`; either way as one record. */
const record = (object) => ({ ...object, ...object.properties, id: object.id });
const records = (type) => (store.hubspot[type] ?? []).map(record);
const nameOfContact = (contact) => [contact.firstname, contact.lastname].filter(Boolean).join(" ") || contact.name || contact.email || contact.id;

export const contacts = () => records("contacts").map((contact) => ({ ...contact, called: nameOfContact(contact) }));

const linked = (object) => Object.values(object.associations ?? {}).flat().map(String);

/** Those of the list that are tied to the object, whichever of the two says so. */
const tied = (object, list) => list.filter((each) => linked(object).includes(String(each.id)) || linked(each).includes(String(object.id)));

export function renderHubspot(host) {
  const people = contacts();
  const [companies, deals, tasks] = [records("companies"), records("deals"), records("tasks")];
  const changes = store.ledger.filter((entry) => entry.service === "hubspot" && entry.kind === "effect").slice(-MOST_CHANGES).reverse();
  const section = (words, list, note) => [{ heading: words, note: list.length ? null : note }, ...list];
  const items = [
    ...section("Tasks", tasks.map((task) => ({ task, of: tied(task, people).map((each) => each.called) })), "No task yet."),
    ...section("Deals", deals.map((deal) => ({ deal, of: tied(deal, people).map((each) => each.called) })), "No deal yet."),
    ...section("Last changes", changes.map((change) => ({ change })), "Nothing has changed yet."),
    ...section("Contacts", people.map((contact) => ({ contact, companies: tied(contact, companies) })), "HubSpot is empty."),
  ];
  reconcile(host, items, { key: keyOf, sign: (item) => JSON.stringify(item), make: draw });
}

function keyOf(item) {
  if (item.heading) return item.heading;
  const [kind] = Object.keys(item);
  return `${kind}${item[kind].n ?? item[kind].id}`;
}

function draw(item) {
  if (item.heading) return el("div", { class: "group" }, el("h3", {}, item.heading), item.note ? el("p", { class: "quiet" }, item.note) : null);
  if (item.task) return taskNode(item);
  if (item.deal) return dealNode(item);
  return item.change ? changeNode(item.change) : contactNode(item);
}

const raw = (object) => el("details", { data: { focus: `raw|${object.id}` } },
  el("summary", {}, "All properties"), el("pre", { tabindex: "0" }, JSON.stringify(object.properties, null, 2)));
const about = (...parts) => el("p", { class: "quiet" }, parts.flat().filter(Boolean).join(" · "));

function taskNode({ task, of }) {
  const done = task.hs_task_status === "COMPLETED";
  const words = task.hs_task_subject || "(no subject)";
  const due = moment(task.hs_timestamp);
  const kind = { CALL: "call", EMAIL: "mail" }[task.hs_task_type];
  return el("article", { class: "card", "aria-label": words },
    el("p", { class: "card-top" }, el("span", { class: "tag" }, done ? "☑ completed" : "☐ open"),
      due ? el("time", { datetime: due.toISOString(), title: full(due) }, `due ${dayName(due)} ${clock(due)}`) : null),
    el("h4", {}, done ? el("s", {}, words) : words),
    about(of, kind, task.caseyos_key ? "from CaseyOS" : null),
    task.hs_task_body ? el("details", { data: { focus: `body|${task.id}` } }, el("summary", {}, "Text"), el("div", { class: "mail-text" }, task.hs_task_body)) : null,
    raw(task),
    el("div", { class: "row" },
      done ? null : button("Complete it", { id: task.id, status: "COMPLETED" }, "The task is completed by hand."),
      button("Delete it", { id: task.id, delete: true }, "The task is deleted by hand.", "danger")));
}

function dealNode({ deal, of }) {
  const amount = Number(deal.amount);
  const money = deal.amount && !Number.isNaN(amount) ? `$${amount.toLocaleString("en-US")}` : "no amount";
  const closes = moment(deal.closedate);
  return el("article", { class: "card", "aria-label": deal.dealname },
    el("p", { class: "card-top" }, el("span", { class: "tag" }, STAGES[deal.dealstage] ?? deal.dealstage), el("span", {}, money)),
    el("h4", {}, deal.dealname ?? deal.id),
    about(of, closes ? `closes ${dayName(closes)}` : null),
    deal.hs_next_step ? el("p", {}, `Next: ${deal.hs_next_step}`) : null,
    raw(deal));
}

function changeNode(entry) {
  const at = moment(entry.at) ?? new Date();
  return el("div", { class: "happened-entry" }, el("time", { datetime: at.toISOString(), title: full(at) }, clockSeconds(at)), el("p", {}, sentence(entry).text));
}

function contactNode({ contact, companies }) {
  const firm = companies.map((each) => each.name ?? each.domain).join(", ") || contact.company;
  return el("article", { class: "card", "aria-label": contact.called },
    el("h4", {}, contact.called), about(firm, contact.email, contact.phone, contact.lifecyclestage), raw(contact));
}

function button(label, body, done, tone = "") {
  const press = async () => {
    if (!(await attempt(() => post("/control/task", body)))) return;
    toast(done);
    await attempt(load);
    document.dispatchEvent(new Event("sandbox:loaded"));
  };
  return el("button", { type: "button", class: `act small ${tone}`.trim(), data: { focus: `${label}|${body.id}` }, on: { click: press } }, label);
}
