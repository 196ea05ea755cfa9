// Making things happen and making things fail: one click each, with a small form for whoever wants to choose.

import { post, remove } from "./api.js";
import { el } from "./dom.js";
import { contacts } from "./outside.js";
import { STAGES } from "./sentences.js";
import { load, store } from "./store.js";
import { attempt, toast } from "./toast.js";

const PEOPLE = [
  ["Dana Whitfield", "Northpier Freight", "northpier", "We need a stand for the freight fair on 14 January. What would 30 square metres cost? Our budget is about $18,500."],
  ["Tomas Reyes", "Harlow Lane", "harlowlane", "Could you help us relaunch our website before spring? We would like a proposal this week."],
  ["Priya Raman", "Quayside Carriers", "quayside", "A colleague told me about your onboarding work. Can we talk on Thursday?"],
  ["Lena Fischer", "Bright Harbour Foods", "brightharbour", "We launch a product in March and look for a partner for the campaign, $32,000 or so."],
  ["Idris Cole", "Fernhill Clinics", "fernhill", "Please send prices for twelve months of content, two pieces a month."],
  ["Maya Lindqvist", "Oakline Furniture", "oakline", "How soon could you start on a trade fair video? We need it in five weeks."],
];
const ANSWERS = [
  ["Wants to meet", "Thanks, that helps. Let's talk Wednesday, 2 or 3 pm your time?"],
  ["Asks something", "Thank you. Does the price include setting up and taking down?"],
  ["Not now", "Thanks, but we have put this off until next quarter. Please come back in the spring."],
  ["Wants no more mail", "Please take me off your list and do not write to me again."],
  ["Out of office", "I am out of the office until Monday and will read your mail then."],
];
const FAULTS = [
  ["Lose the next answer from Gmail", "the mail leaves, the answer does not come back", () => ({ service: "gmail", kind: "lose_answer", method: "drafts.send" })],
  ["Gmail refuses the next request", "the next draft or mail is refused", () => ({ service: "gmail", kind: "refuse", method: waiting() ? "drafts.send" : "drafts.create" })],
  ["Slack says 429 once", "the next call to Slack waits", () => ({ service: "slack", kind: "rate_limit", seconds: 2 })],
  ["Drop the Slack socket", "the bot has to connect again", () => ({ service: "slack", kind: "drop_socket" })],
];
const waiting = () => (store.gmail.drafts ?? []).length > 0;
let turn = Math.floor(Math.random() * PEOPLE.length);

function invented() {
  const [name, company, domain, message] = PEOPLE[turn % PEOPLE.length];
  turn += 1;
  return { name, email: `${name.split(" ")[0].toLowerCase()}@${domain}.example`, company, message };
}

export function mountMake(happen, fail) {
  happen.append(formMaker(), replyMaker(), dealMaker());
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

async function refresh() {
  await attempt(load);
  document.dispatchEvent(new Event("sandbox:loaded"));
}

/** A button that does it at once, and a second one that opens the form behind it. `fill` offers values, `run` sends them. */
function maker(label, fields, { fill, run, ready = () => null }) {
  const inputs = Object.fromEntries(fields.map(([name, , node]) => [name, node]));
  const set = () => {
    for (const [name, value] of Object.entries(fill(inputs))) inputs[name].value = value;
  };
  const values = () => Object.fromEntries(Object.entries(inputs).map(([name, node]) => [name, node.value.trim()]));
  const problem = el("p", { class: "problem", role: "alert" });
  const form = el("form", { class: "stack", novalidate: true }, fields.map(([, words, node]) => el("label", {}, words, node)),
    el("div", { class: "row" }, el("button", { type: "submit", class: "act small go" }, "Do it")));
  const summary = el("summary", { "aria-label": `Choose the details: ${label}` }, "choose");
  const details = el("details", { class: "choose" }, summary, form);
  const go = el("button", { type: "button", class: "make-button" }, el("span", {}, label));
  const act = async (event) => {
    event.preventDefault();
    const missing = ready();
    problem.textContent = missing ?? "";
    if (missing) return undefined;
    if (!details.open) set();
    go.setAttribute("aria-busy", "true");
    const done = await attempt(() => run(values()));
    go.removeAttribute("aria-busy");
    if (done === undefined) return undefined;
    set();
    return refresh();
  };
  details.addEventListener("toggle", () => {
    summary.textContent = details.open ? "close" : "choose";
    if (details.open) set();
  });
  go.addEventListener("click", act);
  form.addEventListener("submit", act);
  return el("div", { class: "maker" }, go, details, problem);
}

const line = (type = "text") => el("input", { type, autocomplete: "off" });
const area = () => el("textarea", { rows: "3" });
const options = (select, pairs) => select.replaceChildren(...pairs.map(([value, words]) => el("option", { value }, words)));

function formMaker() {
  const fields = [["name", "Name", line()], ["email", "Email", line("email")], ["company", "Company", line()], ["message", "Message", area()]];
  return maker("Someone fills in the form", fields, {
    fill: invented,
    run: async (fields) => {
      const told = await post("/control/form", { form: "contact", fields });
      const answer = told.answers?.[0] ?? {};
      if (answer.status >= 200 && answer.status < 300) toast(`${fields.name} filled in the form; CaseyOS took it in ${Math.round(answer.ms)} ms.`);
      else toast(`${fields.name} filled in the form, but the bot ${answer.status ? `answered ${answer.status}` : "did not answer"}. Is it running?`, { error: true });
      return told;
    },
  });
}

const sentMails = () => (store.gmail.messages ?? []).filter((mail) => (mail.labels ?? []).includes("SENT"))
  .sort((a, b) => String(b.at).localeCompare(String(a.at)));
const addressOf = (value) => /[^\s<>,"]+@[^\s<>,"]+/.exec(String(Array.isArray(value) ? value[0] : value))?.[0] ?? "";

function replyMaker() {
  const mail = el("select");
  const offer = el("select");
  const text = area();
  options(offer, ANSWERS.map(([words], index) => [String(index), words]));
  offer.addEventListener("change", () => { text.value = ANSWERS[Number(offer.value)][1]; });
  return maker("The person replies", [["mail", "Which mail", mail], ["offer", "What they say", offer], ["text", "Text", text]], {
    ready: () => (sentMails().length ? null : "No mail has gone out yet. Approve a move first, then a person can reply to it."),
    fill: () => {
      const mails = sentMails();
      options(mail, mails.map((each) => [each.id, `${addressOf(each.to)}: ${each.subject}`]));
      return { mail: mails[0]?.id ?? "", offer: "0", text: ANSWERS[0][1] };
    },
    run: async (values) => {
      const chosen = sentMails().find((each) => each.id === values.mail);
      if (!chosen) throw new Error("Choose the mail that is answered.");
      const told = await post("/control/reply", { to: addressOf(chosen.to), text: values.text, message_id: chosen.id });
      toast(`${addressOf(chosen.to)} replied. CaseyOS sees it when it next looks into the mailbox.`);
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
