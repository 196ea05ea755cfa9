// The side panel: what happened, and the services as they stand.

import { markTab, wireTabs } from "./dom.js";
import { renderHappened } from "./happened.js";
import { mountMake, renderFaults } from "./make.js";
import { renderGmail, renderHubspot } from "./outside.js";
import { store } from "./store.js";

const $ = (id) => document.getElementById(id);
const DRAW = { happened: renderHappened, gmail: renderGmail, hubspot: renderHubspot };
const EMPTY = { happened: "Nothing yet. Make something happen below.", gmail: "", hubspot: "HubSpot is empty." };

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
