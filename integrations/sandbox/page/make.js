// Making things happen and making things fail: one click each.

import { bounceMaker, replyMaker } from "./answers.js";
import { post, remove } from "./api.js";
import { contacts } from "./crm.js";
import { el } from "./dom.js";
import { area, line, maker, options, refresh } from "./maker.js";
import { STAGES } from "./sentences.js";
import { load, store } from "./store.js";
import { attempt, toast } from "./toast.js";

const FAULTS = [
  ["Lose the next answer from Gmail", "the mail leaves, the answer does not come back", () => ({ service: "gmail", kind: "lose_answer", method: "drafts.send" })],
  ["Gmail refuses the next request", "the next draft or mail is refused", () => ({ service: "gmail", kind: "refuse", method: waiting() ? "drafts.send" : "drafts.create" })],
  ["Slack says 429 once", "the next call to Slack waits", () => ({ service: "slack", kind: "rate_limit", seconds: 2 })],
  ["Drop the Slack socket", "the bot has to connect again", () => ({ service: "slack", kind: "drop_socket" })],
];
const waiting = () => (store.gmail.drafts ?? []).length > 0;
let turn = null;

/** Whoever fills in the form next: from the first on, going on where a reloaded page had stopped. */
function nextVisitor() {
  turn ??= store.ledger.filter((entry) => entry.kind === "act" && entry.method === "form").length;
  turn += 1;
  return (turn - 1) % store.visitors.length;
}

export function mountMake(happen, fail) {
  happen.append(formMaker(), replyMaker(), bounceMaker(), dealMaker());
  const clear = el("button", { type: "button", class: "act small", id: "clear-faults", hidden: true, on: { click: disarm } }, "Let nothing fail");
  fail.append(...FAULTS.map(([label, note, fault]) => el("button", { type: "button", class: "make-button", title: note, on: { click: () => arm(label, fault()) } },
    el("span", {}, label), el("span", { class: "badge", hidden: true }, "set"), el("small", {}, note))), clear);
}

/** Marks the failures that still wait for their request. */
export function renderFaults() {
  const armed = store.faults ?? [];
  const buttons = document.querySelectorAll("#fail .make-button");
  FAULTS.forEach(([, , fault], index) => {
    const { service, kind } = fault();
    buttons[index].querySelector(".badge").hidden = !armed.some((each) => each.service === service && each.kind === kind);
  });
  document.getElementById("clear-faults").hidden = armed.length === 0;
}

async function disarm() {
  if (!(await attempt(() => remove("/control/fault")))) return;
  toast("Nothing is set to fail.");
  refresh();
}

async function arm(label, fault) {
  if (!(await attempt(() => post("/control/fault", fault)))) return;
  const actions = fault.kind === "drop_socket" ? [] : [{ label: "Take it back", run: disarm }];
  toast(fault.kind === "drop_socket" ? "The socket is cut." : `Set: ${label.charAt(0).toLowerCase()}${label.slice(1)}.`, { actions });
  refresh();
}

const FORM = [["name", "Name", line()], ["email", "Email", line("email")], ["company", "Company", line()], ["phone", "Phone", line("tel")],
  ["budget", "Budget", line()], ["topic", "Topic", line()], ["message", "Message", area()]];

function formMaker() {
  const who = el("select");
  const offered = (index) => ({ ...Object.fromEntries(FORM.map(([name]) => [name, ""])), ...store.visitors[index] });
  who.addEventListener("change", () => {
    for (const [name, , node] of FORM) node.value = offered(Number(who.value))[name];
  });
  return maker("Someone fills in the form", [["who", "Who", who], ...FORM], {
    ready: async () => {
      if (!store.visitors.length) await attempt(load);
      return store.visitors.length ? null : "The sandbox has not said yet who could fill it in.";
    },
    fill: () => {
      options(who, store.visitors.map((each, index) => [String(index), `${each.name}, ${each.company}`]));
      const index = nextVisitor();
      return { who: String(index), ...offered(index) };
    },
    run: async ({ who: _who, ...typed }) => {
      const fields = Object.fromEntries(Object.entries(typed).filter(([, value]) => value));
      const told = await post("/control/form", { form: "contact", fields });
      const answer = told.answers?.[0] ?? {};
      if (answer.status >= 200 && answer.status < 300) toast(`${fields.name} filled in the form; CaseyOS took it in ${Math.round(answer.ms)} ms.`);
      else toast(`${fields.name} filled in the form, but the bot ${answer.status ? `answered ${answer.status}` : "did not answer"}. Is it running?`, { error: true });
      return told;
    },
  });
}

function dealMaker() {
  const contact = el("select");
  const stage = el("select");
  options(stage, Object.entries(STAGES));
  return maker("A deal is opened", [["contact", "Contact", contact], ["name", "Deal", line()], ["amount", "Amount", line()], ["stage", "Stage", stage]], {
    ready: () => (contacts().some((each) => each.email) ? null : "HubSpot holds no contact with an address yet. Let someone fill in the form first."),
    fill: () => {
      const people = contacts().filter((each) => each.email).reverse();
      options(contact, people.map((each) => [each.email, `${each.called} (${each.email})`]));
      return { contact: people[0]?.email ?? "", name: `${people[0]?.called ?? "New"}: exhibit package`, amount: "18500", stage: "qualifiedtobuy" };
    },
    run: async (values) => {
      const told = await post("/control/deal", values);
      toast(`Deal “${values.name}” is in HubSpot.`);
      return told;
    },
  });
}
