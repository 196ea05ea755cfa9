// Where a person writes: a message, or a slash command with a hint of what it takes.

import { post } from "./api.js";
import { el, freshId } from "./dom.js";
import { channel, channelLabel, load, nameOf, store, users } from "./store.js";
import { toast } from "./toast.js";

/** Commands as the bot explains them; one that ends in a space wants something after it. */
const COMMANDS = [
  ["/moves today", "what is worth doing now, best first"],
  ["/moves all", "all that is open, under way or put off"],
  ["/moves find ", "your moves about a person or a company"],
  ["/moves snooze ", "put one off: 1 tomorrow, 2 2h, 3 next week"],
  ["/moves why ", "how a score adds up: why 1"],
  ["/moves undo ", "what can still be taken back; undo 1, undo hour"],
  ["/moves audit ", "who did what on a move"],
  ["/moves guardrails", "what stops a mail, and the room that is left"],
  ["/moves second ", "approve as the second person"],
  ["/moves opt-in ", "somebody asked for marketing mail"],
  ["/moves opt-out ", "somebody wants no more mail at all"],
  ["/moves pause ", "nothing leaves until resumed"],
  ["/moves resume", "what was waiting goes on"],
  ["/moves dryrun ", "on, off: Execute rehearses"],
  ["/moves connect", "what is connected, and whether it answers"],
  ["/moves help", "what this can do"],
];
const drafts = new Map();

/** A composer in `host`. `thread()` gives the ts it answers in, or null; its text is kept apart per place. */
export function mountComposer(host, { thread, label }) {
  const id = freshId("hints");
  const area = el("textarea", { rows: "1", "aria-label": "Message", "aria-controls": id, "aria-autocomplete": "list", autocomplete: "off" });
  const hints = el("ul", { class: "hints", id, role: "listbox", "aria-label": "Commands", hidden: true });
  const send = el("button", { type: "submit", class: "act go send", disabled: true }, "Send");
  const form = el("form", { class: "composer-form" }, hints, area, send);
  host.append(form);
  let place = null;
  let picked = -1;
  let busy = false;

  const placeNow = () => `${store.user}:${store.channel}:${thread() ?? ""}`;
  const offered = () => (thread() ? [] : COMMANDS.filter(([words]) => area.value.startsWith("/") && words.startsWith(area.value) && words !== area.value));

  function fit() {
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight + 2, 160)}px`;
    send.disabled = busy || !area.value.trim();
    drafts.set(place, area.value);
  }

  function suggest(at = -1) {
    const list = offered();
    picked = list.length ? Math.min(at, list.length - 1) : -1;
    hints.hidden = list.length === 0;
    hints.replaceChildren(...list.map(([words, what], index) => el("li", {
      role: "option", id: `${id}-${index}`, "aria-selected": String(index === picked),
      on: { mousedown: (event) => { event.preventDefault(); take(words); } },
    }, el("strong", {}, words.trim()), el("span", {}, what))));
    hints.children[picked]?.scrollIntoView({ block: "nearest" });
    if (picked >= 0) area.setAttribute("aria-activedescendant", `${id}-${picked}`);
    else area.removeAttribute("aria-activedescendant");
  }

  function take(words) {
    area.value = words;
    fit();
    suggest();
  }

  async function go() {
    const words = area.value.trim();
    if (!words || busy) return;
    busy = true;
    fit();
    try {
      const answer = await deliver(words, thread());
      area.value = "";
      if (answer?.acked === false) {
        toast(`${words.split(" ")[0]} failed: CaseyOS did not answer within 3 seconds.`, { error: true, actions: [{ label: "Put it back", run: () => { area.value = words; fit(); area.focus(); } }] });
      }
    } catch (error) {
      toast(error.message, { error: true, actions: [{ label: "Try again", run: go }] });
    } finally {
      busy = false;
      fit();
      suggest();
    }
    await load().catch(() => {});
    document.dispatchEvent(new Event("sandbox:loaded"));
  }

  area.addEventListener("input", () => { fit(); suggest(); });
  area.addEventListener("blur", () => { hints.hidden = true; });
  area.addEventListener("focus", () => suggest());
  area.addEventListener("keydown", (event) => {
    const list = offered();
    const open = !hints.hidden && list.length > 0;
    if (event.isComposing) return;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      suggest(event.key === "ArrowDown" ? (picked + 1) % list.length : (picked > 0 ? picked : list.length) - 1);
    } else if (open && event.key === "Escape") {
      event.preventDefault();
      hints.hidden = true;
    } else if (open && picked >= 0 && (event.key === "Tab" || event.key === "Enter") && !event.shiftKey) {
      event.preventDefault();
      take(list[picked][0]);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      go();
    }
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); go(); });

  return {
    render() {
      area.placeholder = label(channelLabel(channel()));
      area.setAttribute("aria-label", area.placeholder);
      const now = placeNow();
      if (now === place) return;
      place = now;
      area.value = drafts.get(now) ?? "";
      fit();
      hints.hidden = true;
    },
  };
}

function deliver(words, thread) {
  const from = { user: store.user, channel: store.channel };
  const command = /^(\/\S+)\s*([^]*)$/.exec(words);
  if (command && !thread) return post("/control/command", { ...from, command: command[1], text: command[2] });
  return post("/control/message", { ...from, text: asSlackSends(words), ...(thread ? { thread_ts: thread } : {}) });
}

/** What Slack's own client sends for typed words: its three signs escaped, names after an @ as mentions. */
function asSlackSends(words) {
  const escaped = words.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return users().reduce((text, user) => [user.real_name, nameOf(user.id)].filter(Boolean)
    .reduce((so, name) => so.replace(new RegExp(`(^|\\s)@${name.replace(/[^\w ]/g, "\\$&")}(?!\\w)`, "gi"), `$1<@${user.id}>`), text), escaped);
}
