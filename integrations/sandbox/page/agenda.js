// The calendar of the coming days: what CaseyOS put there stands out, and people answer, move and delete it.

import { post } from "./api.js";
import { el, reconcile } from "./dom.js";
import { load, store } from "./store.js";
import { clock, dayName, moment } from "./time.js";
import { attempt, toast } from "./toast.js";

const OWNER = "casey@pier7.example";
const HOUR_MS = 3_600_000;
const ANSWERS = {
  accepted: ["✓", "accepts"], declined: ["✕", "declines"], tentative: ["?", "is not sure"], needsAction: ["…", "has not answered"],
};

export function renderCalendar(host) {
  const today = new Date();
  today.setHours(0, 0, 0, 0);
  const events = (store.calendar.events ?? []).filter((event) => (moment(event.end) ?? today) >= today && !(event.by === "usual" && gone(event)));
  const items = [];
  for (const event of events) {
    const day = dayName(moment(event.start));
    if (items.findLast((item) => item.day)?.day !== day) items.push({ day });
    items.push(event);
  }
  reconcile(host, items, {
    key: (item) => (item.day ? `day ${item.day}` : item.id),
    sign: (item) => JSON.stringify(item),
    make: (item) => (item.day ? el("div", { class: "group" }, el("h3", {}, item.day)) : item.by === "api" ? meeting(item) : blocked(item)),
  });
}

const gone = (event) => event.status === "cancelled";

function times(event) {
  const [start, end] = [moment(event.start), moment(event.end)];
  const words = event.start.includes("T") ? `${clock(start)}–${clock(end)}` : "all day";
  return el("time", { datetime: event.start }, words);
}

/** A title; struck through, and said to be, when the event was deleted. */
function title(event, node) {
  const words = event.summary || "(no title)";
  return el(node, {}, gone(event) ? [el("s", {}, words), el("span", { class: "unseen" }, " (cancelled)")] : words);
}

function blocked(event) {
  return el("p", { class: "agenda-line" }, times(event), title(event, "span"),
    event.by === "person" && !gone(event) ? button("Delete", `delete|${event.id}`, { id: event.id, delete: true }, "The event is deleted.", `Delete ${event.summary}`) : null);
}

function meeting(event) {
  const guests = event.attendees ?? [];
  return el("article", { class: "card ours", "aria-label": event.summary || "event" },
    el("p", { class: "card-top" }, el("span", { class: "tag" }, gone(event) ? "✕ cancelled" : "★ from CaseyOS"), times(event)),
    title(event, "h4"),
    event.location ? el("p", { class: "quiet" }, event.location) : null,
    guests.length ? el("ul", { class: "guests" }, guests.map((guest) => guestLine(event, guest))) : el("p", { class: "quiet" }, "no guests"),
    event.description ? el("details", { data: { focus: `about|${event.id}` } }, el("summary", {}, "Description"), el("div", { class: "mail-text" }, event.description)) : null,
    gone(event) ? null : el("div", { class: "row" },
      button("They move it by an hour", `move|${event.id}`, { id: event.id, start: later(event.start) }, "The event is an hour later."),
      button("Delete it", `delete|${event.id}`, { id: event.id, delete: true }, "The event is deleted by hand.", null, "danger")));
}

function guestLine(event, { email, response }) {
  const [mark, words] = ANSWERS[response] ?? ["", response];
  const answer = (status, label) => (response === status ? null
    : button(label, `${status}|${event.id}|${email}`, { id: event.id, response: { email, status } }, `${email} ${ANSWERS[status][1]}.`, `${email}: ${label}`));
  return el("li", {}, el("span", {}, el("span", { "aria-hidden": "true" }, `${mark} `), `${email} ${words}`),
    gone(event) || email === OWNER ? null : el("span", { class: "row" }, answer("accepted", "They accept"), answer("declined", "They decline")));
}

const later = (start) => new Date(moment(start).getTime() + HOUR_MS).toISOString();

function button(label, focus, body, done, name = null, tone = "") {
  const press = async () => {
    if (!(await attempt(() => post("/control/event", body)))) return;
    toast(done);
    await attempt(load);
    document.dispatchEvent(new Event("sandbox:loaded"));
  };
  return el("button", { type: "button", class: `act small ${tone}`.trim(), "aria-label": name, data: { focus }, on: { click: press } }, label);
}
