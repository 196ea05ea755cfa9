// The side panel: what happened, and the services as they stand.

import { renderCalendar } from "./agenda.js";
import { renderHubspot } from "./crm.js";
import { markTab, wireTabs } from "./dom.js";
import { renderHappened } from "./happened.js";
import { renderGmail } from "./mails.js";
import { mountMake, renderFaults } from "./make.js";
import { store } from "./store.js";

const $ = (id) => document.getElementById(id);
const DRAW = { happened: renderHappened, gmail: renderGmail, calendar: renderCalendar, hubspot: renderHubspot };
const EMPTY = { happened: "Nothing yet. Make something happen below.", gmail: "", calendar: "Nothing is in the calendar.", hubspot: "" };

export function mountPanel() {
  mountMake($("happen"), $("fail"));
  wireTabs($("panel-tabs"), (name) => {
    store.panelTab = name;
    renderPanel();
    $("panel-scroll").scrollTop = 0;
  });
}

export function renderPanel() {
  renderFaults();
  markTab($("panel-tabs"), store.panelTab);
  for (const name of Object.keys(DRAW)) {
    const host = $(`panel-${name}`);
    host.hidden = name !== store.panelTab;
    if (!host.hidden) DRAW[name]($(`${name}-list`));
  }
  $("panel-empty").textContent = $(`${store.panelTab}-list`).children.length ? "" : EMPTY[store.panelTab];
}
