// Slack's mrkdwn as nodes: what is not markup is text, and only web and mail addresses become links.

import { el } from "./dom.js";
import { channels, nameOf, user } from "./store.js";
import { fillDate, full, moment } from "./time.js";

const EMOJI = {
  "+1": "👍", "-1": "👎", alarm_clock: "⏰", arrow_right: "➡️", bar_chart: "📊", bell: "🔔", bulb: "💡", calendar: "📅",
  chart_with_upwards_trend: "📈", clipboard: "📋", date: "📅", email: "📧", envelope: "✉️", eyes: "👀", fire: "🔥", handshake: "🤝",
  heavy_check_mark: "✔️", hourglass: "⌛", hourglass_flowing_sand: "⏳", incoming_envelope: "📨", lock: "🔒", mag: "🔍",
  memo: "📝", moneybag: "💰", mute: "🔇", no_entry: "⛔", page_facing_up: "📄", pause_button: "⏸️", phone: "☎️", pushpin: "📌",
  question: "❓", rocket: "🚀", seedling: "🌱", slightly_smiling_face: "🙂", smile: "😄", sparkles: "✨", speech_balloon: "💬",
  star: "⭐", sunrise: "🌅", tada: "🎉", thumbsup: "👍", trophy: "🏆", warning: "⚠️", wave: "👋", white_check_mark: "✅", x: "❌", zap: "⚡",
};
const MARKS = { "*": "strong", _: "em", "~": "s" };

export const emoji = (name) => EMOJI[name] ?? `:${name}:`;
export const decode = (text) => text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);

export function safeAddress(address) {
  try {
    return ["http:", "https:", "mailto:"].includes(new URL(address).protocol) ? address : null;
  } catch {
    return null;
  }
}

/** A link when the address may be followed, otherwise its words as plain text with the address beside them. */
export function link(address, label) {
  const words = label || address;
  if (safeAddress(address)) return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, words);
  return label && label !== address ? `${label} (${address})` : address;
}

/** Any text object of Slack. */
export function text(object) {
  if (!object) return [];
  if (typeof object === "string") return [object];
  return object.type === "mrkdwn" ? mrkdwn(object.text ?? "") : plain(object);
}

export function plain(object) {
  const words = typeof object === "string" ? object : object?.text ?? "";
  const shown = object?.emoji === false ? words : words.replace(/:([a-z0-9_+-]+):/g, (_, name) => emoji(name));
  return shown.split("\n").flatMap((line, index) => (index ? [el("br"), line] : [line]));
}

export const asWords = (object) => plain(object).map((part) => (typeof part === "string" ? part : " ")).join("");

export function mrkdwn(source) {
  const out = [];
  let from = 0;
  for (const fence of source.matchAll(/```([^]+?)```\n?/g)) {
    out.push(...lines(source.slice(from, fence.index).replace(/\n$/, "")));
    const words = fence[1].replace(/^\n|\n$/g, "").replace(/<([^>|]+)(?:\|[^>]*)?>/g, "$1");
    out.push(el("pre", { tabindex: "0" }, decode(words)));
    from = fence.index + fence[0].length;
  }
  return [...out, ...lines(source.slice(from))];
}

function lines(source) {
  if (!source) return [];
  const out = [];
  let quote = null;
  let restIsQuote = false;
  let broken = false;
  for (const raw of source.split("\n")) {
    let line = raw;
    const opened = /^(?:&gt;|>){3} ?/.exec(line);
    const single = /^(?:&gt;|>) ?/.exec(line);
    if (!restIsQuote && opened) restIsQuote = true;
    const quoted = restIsQuote || Boolean(single);
    if (quoted) line = line.slice((opened ?? (restIsQuote ? null : single))?.[0].length ?? 0);
    if (quoted && !quote) {
      quote = el("blockquote");
      out.push(quote);
      broken = false;
    } else if (!quoted && quote) {
      quote = null;
      broken = false;
    }
    const bullet = /^( *)[•◦▪] +/.exec(line);
    const into = quote ? { push: (...nodes) => quote.append(...nodes) } : out;
    if (bullet) {
      into.push(el("span", { class: "bullet" }, "• ", ...inline(line.slice(bullet[0].length))));
      broken = false;
      continue;
    }
    if (broken) into.push(el("br"));
    into.push(...inline(line));
    broken = true;
  }
  return out;
}

function inline(line) {
  const out = [];
  const hopeless = new Set();
  let words = "";
  const flush = () => {
    if (words) out.push(decode(words));
    words = "";
  };
  for (let at = 0; at < line.length; ) {
    const here = line[at];
    const end = skip(line, at);
    if (end && here === "`") {
      flush();
      out.push(el("code", {}, decode(line.slice(at + 1, end - 1))));
      at = end;
      continue;
    }
    if (end) {
      flush();
      out.push(...reference(line.slice(at + 1, end - 1)));
      at = end;
      continue;
    }
    if (MARKS[here] && !hopeless.has(here) && opens(line, at)) {
      const close = closing(line, at);
      if (close) {
        flush();
        out.push(el(MARKS[here], {}, ...inline(line.slice(at + 1, close))));
        at = close + 1;
        continue;
      }
      hopeless.add(here);
    }
    const found = here === ":" ? /^:([a-z0-9_+-]+):/.exec(line.slice(at, at + 60)) : null;
    if (found && EMOJI[found[1]]) {
      flush();
      out.push(el("span", { role: "img", "aria-label": found[1].replaceAll("_", " ") }, EMOJI[found[1]]));
      at += found[0].length;
      continue;
    }
    const bare = here === "h" && !isWord(line[at - 1]) ? /^https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)'"]/.exec(line.slice(at)) : null;
    if (bare) {
      flush();
      out.push(link(decode(bare[0])));
      at += bare[0].length;
      continue;
    }
    words += here;
    at += 1;
  }
  flush();
  return out;
}

const isWord = (letter) => letter !== undefined && /[\p{L}\p{N}]/u.test(letter);
const isSpace = (letter) => letter === undefined || /\s/.test(letter);

/** Where a code span or a `<...>` beginning at `at` ends; 0 when none begins there. */
function skip(line, at) {
  if (line[at] !== "`" && line[at] !== "<") return 0;
  const close = line.indexOf(line[at] === "`" ? "`" : ">", at + 1);
  return close > at + 1 ? close + 1 : 0;
}

function opens(line, at) {
  return !isWord(line[at - 1]) && !isSpace(line[at + 1]) && line[at + 1] !== line[at];
}

function closing(line, start) {
  for (let at = start + 1; at < line.length; ) {
    const over = skip(line, at);
    if (over) at = over;
    else if (line[at] === line[start] && at > start + 1 && !isSpace(line[at - 1]) && !isWord(line[at + 1])) return at;
    else at += 1;
  }
  return 0;
}

const mention = (words) => el("span", { class: "mention" }, words);

function reference(body) {
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? "" : decode(body.slice(bar + 1));
  if (/^@[UW]/.test(target)) return [mention(`@${user(target.slice(1)) ? nameOf(target.slice(1)) : label || nameOf(target.slice(1))}`)];
  if (/^#C/.test(target)) {
    const named = channels().find((each) => each.id === target.slice(1))?.name;
    return [mention(`#${named ?? (label || target.slice(1))}`)];
  }
  if (target.startsWith("!")) return special(target.slice(1), label);
  // What Slack would have escaped, had it been written there: angle brackets that hold no address.
  if (!/^[a-z][a-z0-9+.-]*:/i.test(target)) return [decode(`<${body}>`)];
  return [link(decode(target), label)];
}

function special(command, label) {
  const [name, ...rest] = command.split("^");
  if (["channel", "here", "everyone"].includes(name)) return [mention(`@${name}`)];
  if (name === "subteam") return [mention(label || `@${rest[0] ?? "group"}`)];
  if (name !== "date") return [label || `<!${command}>`];
  const date = moment(rest[0]);
  if (!date || !rest[1]) return [label || command];
  const shown = el("time", { datetime: date.toISOString(), title: full(date) }, fillDate(decode(rest[1]), date));
  return rest[2] && safeAddress(decode(rest[2])) ? [el("a", { href: decode(rest[2]), target: "_blank", rel: "noopener noreferrer" }, shown)] : [shown];
}
