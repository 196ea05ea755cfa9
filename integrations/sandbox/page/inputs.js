// Input blocks of a modal: fields, their values, and errors under them.

import { el, freshId } from "./dom.js";
import { groupsOf, initialOption, undrawn } from "./elements.js";
import { asWords, plain, text } from "./mrkdwn.js";

const TYPES = {
  plain_text_input: writing,
  email_text_input: (item, id) => writing({ ...item, multiline: false }, id, "email"),
  url_text_input: (item, id) => writing({ ...item, multiline: false }, id, "url"),
  number_input: (item, id) => writing({ ...item, multiline: false }, id, "text", item.is_decimal_allowed ? "decimal" : "numeric"),
  datepicker: (item, id) => el("input", { id, type: "date", value: item.initial_date }),
  timepicker: (item, id) => el("input", { id, type: "time", value: item.initial_time }),
  static_select: choosing,
  users_select: choosing,
  checkboxes: (item, id) => many(item, id, "checkbox", (item.initial_options ?? []).map((option) => option.value)),
  radio_buttons: (item, id) => many(item, id, "radio", item.initial_option ? [item.initial_option.value] : []),
};
const GROUPED = ["checkboxes", "radio_buttons"];

export function inputBlock(block) {
  const item = block.element ?? {};
  const draw = TYPES[item.type];
  if (!draw) return undrawn("input", item.type);
  const id = freshId("field");
  const grouped = GROUPED.includes(item.type);
  const label = [plain(block.label), block.optional ? el("span", { class: "optional" }, " (optional)") : null];
  const hint = block.hint ? el("p", { class: "hint", id: `${id}-hint` }, plain(block.hint)) : null;
  const problem = el("p", { class: "problem", id: `${id}-problem`, role: "alert" });
  const field = draw(item, id);
  const data = { block: block.block_id ?? "", action: item.action_id ?? "", kind: item.type };
  const first = field.matches("input, textarea, select") ? field : field.querySelector("input, textarea, select");
  for (const each of field.matches("input, textarea, select") ? [field] : field.querySelectorAll("input, textarea, select")) {
    each.setAttribute("aria-describedby", [hint?.id, problem.id].filter(Boolean).join(" "));
    each.dataset.focus ||= `${data.block}|${data.action}|${each.value && grouped ? each.value : ""}`;
    if (!block.optional && item.type !== "checkboxes") each.setAttribute("aria-required", "true");
  }
  if (item.focus_on_load && first) first.autofocus = true;
  const host = grouped
    ? el("fieldset", { class: "block input", data }, el("legend", {}, label), field, problem, hint)
    : el("div", { class: "block input", data }, el("label", { for: id }, label), field, problem, hint);
  if (block.optional) host.dataset.optional = "yes";
  return host;
}

function writing(item, id, type = "text", mode = null) {
  const shared = {
    id, placeholder: item.placeholder ? asWords(item.placeholder) : null, maxlength: item.max_length, inputmode: mode,
    autocomplete: "off", spellcheck: type === "text" ? "true" : "false",
  };
  const initial = item.initial_value ?? "";
  if (!item.multiline) return el("input", { ...shared, type, value: initial });
  const area = el("textarea", { ...shared, rows: String(Math.min(14, Math.max(4, initial.split("\n").length + 1))) });
  area.value = initial;
  return area;
}

function choosing(item, id) {
  const chosen = initialOption(item)?.value;
  const node = el("select", { id }, chosen ? null : el("option", { value: "" }, item.placeholder ? asWords(item.placeholder) : "Choose an option"));
  for (const group of groupsOf(item)) {
    const into = group.label ? el("optgroup", { label: group.label }) : node;
    for (const option of group.options) {
      into.append(el("option", { value: option.value, selected: option.value === chosen }, asWords(option.text)));
    }
    if (into !== node) node.append(into);
  }
  return node;
}

function many(item, id, type, chosen) {
  return el("div", { class: "options" }, (item.options ?? []).map((option, index) => el("label", { class: "option" },
    el("input", { type, name: id, id: `${id}-${index}`, value: option.value, checked: chosen.includes(option.value) }),
    el("span", {}, text(option.text), option.description ? el("small", {}, text(option.description)) : null))));
}

function valueOf(host) {
  const inputs = [...host.querySelectorAll("input, textarea, select")];
  if (host.dataset.kind === "checkboxes") return inputs.filter((each) => each.checked).map((each) => each.value);
  if (host.dataset.kind === "radio_buttons") return inputs.find((each) => each.checked)?.value ?? null;
  return inputs[0].value === "" && host.dataset.kind !== "plain_text_input" ? null : inputs[0].value;
}

/** The values of a form as `/control/submit` takes them: { block_id: { action_id: value } }. */
export function readValues(form) {
  const values = {};
  for (const host of form.querySelectorAll(".block.input")) {
    values[host.dataset.block] = { ...values[host.dataset.block], [host.dataset.action]: valueOf(host) };
  }
  return values;
}

/** Puts values back after a view was drawn anew; Slack keeps them for the same block and action. */
export function restoreValues(form, values) {
  for (const host of form.querySelectorAll(".block.input")) {
    const value = values[host.dataset.block]?.[host.dataset.action];
    if (value === undefined) continue;
    for (const each of host.querySelectorAll("input, textarea, select")) {
      if (each.type === "checkbox") each.checked = value.includes(each.value);
      else if (each.type === "radio") each.checked = value === each.value;
      else if (each.tagName !== "SELECT" || [...each.options].some((option) => option.value === (value ?? ""))) each.value = value ?? "";
    }
  }
}

/** Shows errors (block_id to sentence) under their fields; gives the fields that have one. */
export function showErrors(form, errors) {
  const bad = [];
  for (const host of form.querySelectorAll(".block.input")) {
    const sentence = errors[host.dataset.block] ?? "";
    host.querySelector(".problem").textContent = sentence;
    host.classList.toggle("bad", Boolean(sentence));
    for (const each of host.querySelectorAll("input, textarea, select")) {
      if (sentence) each.setAttribute("aria-invalid", "true");
      else each.removeAttribute("aria-invalid");
    }
    if (sentence) bad.push(host);
  }
  return bad;
}
