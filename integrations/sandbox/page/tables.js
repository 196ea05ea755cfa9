// The table and data_table blocks. A wide one scrolls by itself, so that the page never does.

import { el } from "./dom.js";
import { richText } from "./richtext.js";

export function table(block) {
  const settings = block.column_settings ?? [];
  const cells = (row, tag) => el("tr", {}, row.map((cell, column) =>
    el(tag, { class: looks(settings[column]), scope: tag === "th" ? "col" : null }, content(cell))));
  const [head, ...rows] = block.rows ?? [];
  return framed("Table", el("table", {}, el("thead", {}, cells(head ?? [], "th")), el("tbody", {}, rows.map((row) => cells(row, "td")))));
}

const looks = (setting) => [setting?.align && setting.align !== "left" ? setting.align : "", setting?.is_wrapped === false ? "one-line" : ""].join(" ").trim() || null;
const content = (cell) => (cell.type === "rich_text" ? richText(cell) : cell.text ?? "");
const framed = (name, ...nodes) => el("div", { class: "block table-frame", role: "region", "aria-label": name, tabindex: "0" }, nodes);

/** Sorted by a press on a column's name, a page at a time. */
export function dataTable(block) {
  const [head, ...all] = block.rows ?? [];
  const size = block.page_size ?? 5;
  const numeric = head.map((_, column) => all.length > 0 && all.every((row) => row[column].type === "raw_number"));
  const now = { column: -1, down: false, page: 0 };
  const body = el("tbody");
  const status = el("span", { class: "quiet", role: "status" });
  const before = el("button", { type: "button", class: "act small", on: { click: () => turn(-1) } }, "Back");
  const after = el("button", { type: "button", class: "act small", on: { click: () => turn(1) } }, "Further");
  const columns = head.map((cell, column) => el("th", { scope: "col", class: numeric[column] ? "right" : null },
    el("button", { type: "button", class: "sort", on: { click: () => sortBy(column) } }, content(cell), el("span", { class: "arrow", "aria-hidden": "true" }))));

  function turn(step) {
    now.page += step;
    draw();
  }

  function sortBy(column) {
    now.down = now.column === column && !now.down;
    now.column = column;
    now.page = 0;
    draw();
  }

  function draw() {
    const rows = now.column < 0 ? all : [...all].sort((one, other) => compared(one[now.column], other[now.column]) * (now.down ? -1 : 1));
    const pages = Math.max(1, Math.ceil(rows.length / size));
    const shown = rows.slice(now.page * size, (now.page + 1) * size);
    body.replaceChildren(...shown.map((row) => el("tr", {}, row.map((cell, column) => (column === (block.row_header_column_index ?? 0)
      ? el("th", { scope: "row" }, content(cell))
      : el("td", { class: numeric[column] ? "right" : null }, content(cell)))))));
    columns.forEach((node, column) => {
      const sorted = column === now.column;
      if (sorted) node.setAttribute("aria-sort", now.down ? "descending" : "ascending");
      else node.removeAttribute("aria-sort");
      node.querySelector(".arrow").textContent = sorted ? (now.down ? " ▼" : " ▲") : "";
    });
    status.textContent = `${now.page * size + 1} to ${now.page * size + shown.length} of ${rows.length}`;
    before.disabled = now.page === 0;
    after.disabled = now.page >= pages - 1;
  }

  draw();
  const frame = framed(block.caption, el("table", {}, el("caption", {}, block.caption), el("thead", {}, el("tr", {}, columns)), body));
  return el("div", { class: "block data-table" }, frame, all.length > size ? el("div", { class: "pager" }, before, after, status) : null);
}

const words = (cell) => (cell.type === "rich_text" ? richText(cell).textContent : cell.text ?? "");
function compared(one, other) {
  if (one.type === "raw_number" && other.type === "raw_number") return one.value - other.value;
  return words(one).localeCompare(words(other), "en", { numeric: true });
}
