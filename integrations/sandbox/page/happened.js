// What really happened, from the ledger: what belongs together in one entry, the newest first.

import { el, reconcile } from "./dom.js";
import { SERVICES, faultWords, sentence } from "./sentences.js";
import { store } from "./store.js";
import { clockSeconds, full, moment } from "./time.js";

const MOST = 150;
const BADGES = { bad: "✕", warn: "!" };

/**
 * Lines that belong together: a request with its effects and refusals; what a person did with how the bot took it.
 * Requests that came to nothing and met no fault are left out.
 */
export function grouped(entries) {
  const groups = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    const home = entry.kind === "act" ? waitingFor(entry, groups)
      : entry.kind === "delivery" ? groups.slice(-5).find((group) => sameForm(group, entry))
        : entry.kind !== "request" && last?.service === entry.service ? last : null;
    if (home) home.lines.push(entry);
    else groups.push({ service: entry.service, at: entry.at, lines: [entry] });
  }
  return groups.filter((group) => group.lines.some((line) => line.kind !== "request" || line.data.fault));
}

/** In Slack the ledger notes a press after the bot was asked: the act joins what it set off. */
function waitingFor(act, groups) {
  if (act.service !== "slack" || act.method === "fault") return null;
  return groups.slice(-5).reverse().find((group) => group.service === "slack"
    && group.lines.every((line) => line.kind !== "request" && line.kind !== "act")
    && group.lines.some((line) => of(line) === act.data.user || (line.kind === "delivery" && line.method === "events_api")));
}

const of = (line) => line.data.user ?? line.data.message?.user;

const sameForm = (group, entry) =>
  entry.service === "forms" && group.lines[0].data.submission_id === entry.data.submission_id;

function counts(lines) {
  const number = (kind) => lines.filter((line) => line.kind === kind).length;
  const say = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;
  if (!number("request")) return "details";
  return `${say(number("request"), "request")}, ${number("effect") ? say(number("effect"), "effect") : "no effect"}`;
}

/** What is said of a group: the act first; what only repeats it is left to the details. */
function said({ lines }) {
  const act = lines.find((line) => line.kind === "act");
  const shown = lines.filter((line) => line.kind !== "request").map((line) => ({ line, ...sentence(line) }));
  if (!act) return shown.length ? shown : lines.map((line) => ({ line, ...sentence(line) }));
  const rest = shown.filter(({ line, tone }) => line !== act && (tone || line.kind === "delivery"));
  return [...shown.filter(({ line }) => line === act), ...rest];
}

function entryNode(group) {
  const at = moment(group.at) ?? new Date();
  const fault = group.lines.find((line) => line.kind === "request" && line.data.fault)?.data.fault;
  const service = SERVICES[group.service] ?? group.service;
  const raw = group.lines.map((line) => JSON.stringify(line, null, 2)).join("\n");
  return el("li", { class: "happened-entry" },
    el("time", { datetime: at.toISOString(), title: full(at) }, clockSeconds(at)),
    el("div", {},
      said(group).map(({ text, tone, line }, index) => el("p", { class: line.kind === "delivery" && index && !tone ? "quiet" : null },
        tone ? el("span", { class: "badge", "aria-hidden": "true" }, BADGES[tone]) : null,
        index === 0 ? el("strong", {}, `${service} `) : null, text)),
      fault ? el("p", { class: "warn-line" }, el("span", { class: "badge" }, "fault"), faultWords(fault)) : null,
      el("details", { data: { focus: `raw|${group.lines[0].n}` } },
        el("summary", {}, counts(group.lines)),
        el("pre", { tabindex: "0" }, raw))));
}

export function renderHappened(host) {
  reconcile(host, grouped(store.ledger).slice(-MOST).reverse(), {
    key: (group) => group.lines[0].n,
    sign: (group) => `${group.lines.length}`,
    make: entryNode,
  });
}
