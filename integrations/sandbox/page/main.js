// Starts the page: reads the sandbox, draws, and draws again whenever something changed.

import { listen } from "./api.js";
import { mountChannel, renderChannel } from "./channel.js";
import { mountComposer } from "./composer.js";
import { el, reconcile } from "./dom.js";
import { mountModal, renderModal } from "./modal.js";
import { mountPanel, renderPanel } from "./panel.js";
import { channel, channelLabel, channels, load, nameOf, people, remember, store, unread } from "./store.js";
import { clockSeconds, shortDay, zone } from "./time.js";
import { announce, mountToasts } from "./toast.js";

const $ = (id) => document.getElementById(id);
const counted = new Map();
let composers = [];

function render() {
  if (!store.slack) return;
  renderPeople();
  renderChannel();
  renderChannels();
  for (const composer of composers) composer.render();
  renderPanel();
  renderModal();
  document.body.dataset.ready = "yes";
}

function renderPeople() {
  const chooser = $("act-as");
  const known = people();
  if (chooser.options.length !== known.length) {
    chooser.replaceChildren(...known.map((each) => el("option", { value: each.id }, each.real_name ?? nameOf(each.id))));
  }
  chooser.value = store.user;
}

function renderChannels() {
  const groups = { channels: channels().filter((each) => !each.is_im), dms: channels().filter((each) => each.is_im) };
  for (const [name, list] of Object.entries(groups)) {
    reconcile($(name), list, {
      key: (each) => each.id,
      sign: (each) => JSON.stringify([each.name, unread(each), each.id === store.channel]),
      make: channelItem,
    });
  }
  for (const each of channels()) {
    const place = `${store.user}:${each.id}`;
    const before = counted.get(place);
    counted.set(place, unread(each));
    if (before !== undefined && unread(each) > before) announce(`${unread(each)} unread in ${channelLabel(each)}`);
  }
  const total = channels().reduce((sum, each) => sum + unread(each), 0);
  $("pane-unread").textContent = total ? String(total) : "";
  document.title = `${total ? `(${total}) ` : ""}${channelLabel(channels().find((each) => each.id === store.channel))} · Pier 7 Marketing · sandbox`;
}

function channelItem(each) {
  const here = each.id === store.channel;
  const count = unread(each);
  return el("li", {}, el("button", {
    type: "button", class: ["channel", here ? "here" : "", count ? "unread" : ""].join(" ").trim(), "aria-current": here ? "page" : null,
    data: { focus: `channel|${each.id}` }, on: { click: () => visit(each.id) },
  },
  el("span", { class: "channel-mark", "aria-hidden": "true" }, each.is_im ? "●" : "#"), el("span", { class: "channel-label" }, each.is_im ? "CaseyOS" : each.name),
  count ? el("span", { class: "count" }, String(count), el("span", { class: "unseen" }, " unread")) : null));
}

function visit(id) {
  if (store.channel !== id) {
    store.channel = id;
    store.thread = null;
    store.tab = "messages";
    remember("channel", id);
  }
  showPane("main");
  render();
}

function showPane(name) {
  store.pane = name;
  document.body.dataset.pane = name;
  for (const button of $("panes").querySelectorAll("button")) {
    if (button.dataset.pane === name) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

async function refresh() {
  try {
    await load();
    $("offline").hidden = true;
    render();
  } catch (error) {
    $("offline").hidden = false;
    $("offline-words").textContent = error.message;
  }
}

function tick() {
  const now = new Date();
  const away = zone() !== Intl.DateTimeFormat().resolvedOptions().timeZone;
  $("clock").textContent = `${shortDay(now)}, ${clockSeconds(now)}${away ? ` ${zone().split("/").at(-1).replaceAll("_", " ")}` : ""}`;
}

function start() {
  mountToasts();
  mountModal();
  mountChannel(render);
  mountPanel();
  composers = [
    mountComposer($("composer"), { thread: () => null, label: (place) => `Message ${place}, or type /moves` }),
    mountComposer($("thread-composer"), { thread: () => store.thread, label: () => "Reply in the thread" }),
  ];
  $("act-as").addEventListener("change", (event) => {
    store.user = event.target.value;
    store.thread = null;
    remember("user", store.user);
    if (channel()?.is_im) store.channel = null;
    refresh();
  });
  $("panes").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) showPane(button.dataset.pane);
  });
  for (const skip of document.querySelectorAll(".skip")) {
    skip.addEventListener("click", () => showPane(skip.hash === "#try" ? "try" : "main"));
  }
  $("try-again").addEventListener("click", refresh);
  document.addEventListener("sandbox:loaded", render);
  document.addEventListener("sandbox:reload", refresh);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) render(); });
  showPane("main");
  tick();
  setInterval(tick, 1000);
  refresh();
  listen(refresh, (online) => { if (!online) setTimeout(refresh, 1500); });
}

start();
