// Times as a person reads them, in the zone of whoever is acting.

import { store, user } from "./store.js";

export function zone() {
  return user(store.user)?.tz ?? "Europe/London";
}

/** A Date from a Slack ts, epoch seconds or milliseconds, or an ISO string; null when it is none. */
export function moment(value) {
  if (value === null || value === undefined || value === "") return null;
  const number = Number(value);
  const date = Number.isNaN(number) ? new Date(value) : new Date(number > 1e11 ? number : number * 1000);
  return Number.isNaN(date.getTime()) ? null : date;
}

const formats = new Map();
function format(date, options) {
  const name = `${zone()}${JSON.stringify(options)}`;
  if (!formats.has(name)) formats.set(name, new Intl.DateTimeFormat("en-GB", { timeZone: zone(), ...options }));
  return formats.get(name).format(date);
}

export const clock = (date) => format(date, { hour: "2-digit", minute: "2-digit" });
export const clockSeconds = (date) => format(date, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const full = (date) => format(date, { dateStyle: "full", timeStyle: "medium" });
export const shortDay = (date) => format(date, { weekday: "short", day: "numeric", month: "short" });
const dayKey = (date) => format(date, { year: "numeric", month: "2-digit", day: "2-digit" });

/** "Today", "Yesterday", "Tomorrow" or null. */
function near(date) {
  const day = 86_400_000;
  const names = [[0, "Today"], [-day, "Yesterday"], [day, "Tomorrow"]];
  return names.find(([shift]) => dayKey(new Date(Date.now() + shift)) === dayKey(date))?.[1] ?? null;
}

export function dayName(date) {
  return near(date) ?? format(date, { weekday: "long", day: "numeric", month: "long" });
}

function ago(date) {
  const seconds = Math.round((date.getTime() - Date.now()) / 1000);
  const steps = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, size] = steps.find(([, each]) => Math.abs(seconds) >= each) ?? steps.at(-1);
  return new Intl.RelativeTimeFormat("en-GB", { numeric: "auto" }).format(Math.trunc(seconds / size), unit);
}

/** Slack's `<!date^ts^pattern>`: the pattern with its braces filled in. Unknown braces stay as they are. */
export function fillDate(pattern, date) {
  const long = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
  const plain = { day: "numeric", month: "long", year: "numeric" };
  const short = { day: "numeric", month: "short", year: "numeric" };
  const pretty = (options) => near(date) ?? format(date, options);
  const known = {
    date_num: () => dayKey(date).split("/").reverse().join("-"),
    date_slash: () => dayKey(date),
    date: () => format(date, plain),
    date_short: () => format(date, short),
    date_long: () => format(date, long),
    date_pretty: () => pretty(plain),
    date_short_pretty: () => pretty(short),
    date_long_pretty: () => pretty(long),
    day_divider_pretty: () => dayName(date),
    time: () => clock(date),
    time_secs: () => clockSeconds(date),
    ago: () => ago(date),
  };
  return pattern.replace(/\{(\w+)\}/g, (whole, name) => known[name]?.() ?? whole);
}
