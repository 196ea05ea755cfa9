// The data_visualization block as a drawing. Every series has a pattern or mark of its own beside its colour,
// and the figures stand under the drawing as a table.

import { append, el, freshId } from "./dom.js";

const WIDE = 560, HIGH = 230, LEFT = 52, RIGHT = 12, TOP = 22, BOTTOM = 34;
const PATTERNS = ["", "M0 8L8 0M-2 2L2-2M6 10L10 6", "M0 4H8", "M4 0V8", "M0 0L8 8M-2 6L2 10M6-2L10 2", "M0 4H8M4 0V8"];
const DASHES = [null, "7 4", "2 3", "10 3 2 3", "5 2", "1 4"];
const MARKS = ["M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0", "M-4-4H4V4H-4Z", "M0-5L5 4H-5Z", "M0-5L5 0L0 5L-5 0Z", "M-5-4H5L0 5Z", "M-4-1H-1V-4H1V-1H4V1H1V4H-1V1H-4Z"];

function svg(tag, props = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) {
    if (value !== null && value !== undefined) node.setAttribute(name, String(value));
  }
  return append(node, children);
}

const figure = (value) => value.toLocaleString("en", { maximumFractionDigits: 2 });
const brief = (value) => value.toLocaleString("en", { notation: "compact", maximumFractionDigits: 2 });
const short = (words, most) => (words.length > most ? `${words.slice(0, most - 1)}…` : words);

export function chart(block) {
  const drawn = block.chart.type === "pie" ? pie(block.chart) : plot(block.chart);
  const root = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": `${block.title}: ${drawn.words}` }, drawn.nodes);
  return el("figure", { class: "block chart" },
    el("figcaption", {}, block.title),
    root,
    el("ul", { class: "legend" }, drawn.legend),
    el("details", { data: { focus: `figures|${block.block_id}` } }, el("summary", {}, "The figures"),
      el("div", { class: "table-frame", tabindex: "0", role: "region", "aria-label": `The figures of ${block.title}` }, figures(drawn.rows))));
}

const figures = ([head, ...rows]) => el("table", {},
  el("thead", {}, el("tr", {}, head.map((words) => el("th", { scope: "col" }, words)))),
  el("tbody", {}, rows.map(([name, ...rest]) => el("tr", {}, el("th", { scope: "row" }, name), rest.map((words) => el("td", { class: "right" }, words))))));

const key = (index, words, inside) => el("li", {}, svg("svg", { viewBox: "0 0 18 14", class: "key", "aria-hidden": "true" }, inside), words);

/** A fill for the shapes of one series: its colour, with its pattern over it. Gives the fill and what defines it. */
function filling(index) {
  const id = freshId("fill");
  const defs = svg("defs", {}, svg("pattern", { id, width: 8, height: 8, patternUnits: "userSpaceOnUse" },
    svg("rect", { width: 8, height: 8, class: `fill-${index}` }),
    PATTERNS[index] ? svg("path", { d: PATTERNS[index], class: "hatch" }) : null));
  return { fill: `url(#${id})`, defs };
}

function pie({ segments }) {
  const sum = segments.reduce((so, each) => so + each.value, 0);
  const middle = [HIGH / 2 + 20, HIGH / 2], radius = HIGH / 2 - 12;
  const at = (share, far = radius) => {
    const angle = share * 2 * Math.PI - Math.PI / 2;
    return [middle[0] + far * Math.cos(angle), middle[1] + far * Math.sin(angle)].map((each) => each.toFixed(1));
  };
  const nodes = [], legend = [];
  let from = 0;
  segments.forEach((each, index) => {
    const share = each.value / sum;
    const { fill, defs } = filling(index);
    const d = share > 0.9999
      ? `M${at(0)}A${radius} ${radius} 0 1 1 ${at(0.5)}A${radius} ${radius} 0 1 1 ${at(0)}Z`
      : `M${middle}L${at(from)}A${radius} ${radius} 0 ${share > 0.5 ? 1 : 0} 1 ${at(from + share)}Z`;
    const [x, y] = at(from + share / 2, radius * 0.66);
    nodes.push(defs, svg("path", { d, fill, class: "slice" }, svg("title", {}, `${each.label}: ${figure(each.value)}`)));
    if (share > 0.04) nodes.push(svg("circle", { cx: x, cy: y, r: 11, class: "plate" }), svg("text", { x, y, class: "on-plate" }, index + 1));
    legend.push(key(index, `${index + 1} ${each.label}: ${figure(each.value)} (${Math.round(share * 100)} %)`, [filling(index)].map((own) => [own.defs, svg("rect", { x: 1, y: 1, width: 16, height: 12, fill: own.fill })])));
    from += share;
  });
  const rows = [["", "Value", "Share"], ...segments.map((each) => [each.label, figure(each.value), `${Math.round((each.value / sum) * 100)} %`])];
  return { nodes, legend, rows, words: segments.map((each) => `${each.label} ${figure(each.value)}`).join(", ") };
}

/** Round steps of 1, 2 or 5 that hold everything from the least to the greatest value, and nought. */
function ticks(values) {
  const least = Math.min(0, ...values), most = Math.max(0, ...values);
  const raw = (most - least || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= raw * 0.999);
  const first = Math.floor(least / step), last = Math.ceil(most / step) || 1;
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

function plot({ type, series, axis_config: { categories, x_label: across, y_label: up } }) {
  const valueOf = (one, category) => one.data.find((point) => point.label === category).value;
  const marks = ticks(series.flatMap((one) => one.data.map((point) => point.value)));
  const [least, most] = [marks[0], marks.at(-1)];
  const slot = (WIDE - LEFT - RIGHT) / categories.length;
  const x = (index) => LEFT + slot * (index + 0.5);
  const y = (value) => TOP + (HIGH - TOP - BOTTOM) * (1 - (value - least) / (most - least));
  const longest = Math.max(...categories.map((name) => name.length));
  const every = Math.ceil(Math.min(Math.max(longest * 6.5 + 10, 30), 96) / slot);
  const nodes = [
    ...marks.map((value) => [
      svg("line", { x1: LEFT, x2: WIDE - RIGHT, y1: y(value), y2: y(value), class: value === 0 ? "nought" : "rule" }),
      svg("text", { x: LEFT - 6, y: y(value), class: "tick up" }, brief(value)),
    ]),
    ...categories.map((name, index) => (index % every ? null : svg("text", { x: x(index), y: HIGH - BOTTOM + 15, class: "tick" }, short(name, Math.max(3, Math.floor((slot * every) / 6.5)))))),
    across ? svg("text", { x: LEFT + (WIDE - LEFT - RIGHT) / 2, y: HIGH - 4, class: "axis" }, across) : null,
    up ? svg("text", { x: LEFT, y: 10, class: "axis first" }, up) : null,
  ];
  const draw = { bar: bars, area: areas, line: lines }[type];
  const drawn = series.map((one, index) => draw({ index, of: series.length, values: categories.map((name) => valueOf(one, name)), categories, name: one.name, slot, x, y }));
  return {
    nodes: [...nodes, ...drawn.map((each) => each.nodes)],
    legend: series.map((one, index) => key(index, one.name, drawn[index].key)),
    rows: [["", ...series.map((one) => one.name)], ...categories.map((name) => [name, ...series.map((one) => figure(valueOf(one, name)))])],
    words: series.map((one) => `${one.name}: ${categories.map((name) => `${name} ${figure(valueOf(one, name))}`).join(", ")}`).join("; "),
  };
}

function bars({ index, of, values, categories, name, slot, x, y }) {
  const { fill, defs } = filling(index);
  const room = slot * 0.78, wide = room / of;
  const shapes = values.map((value, at) => {
    const top = Math.min(y(value), y(0));
    const left = x(at) - room / 2 + wide * index;
    return [
      svg("rect", { x: left, y: top, width: Math.max(1, wide - 1.5), height: Math.max(0.5, Math.abs(y(value) - y(0))), fill, class: "bar" }, svg("title", {}, `${name}, ${categories[at]}: ${figure(value)}`)),
      of === 1 && slot > 34 ? svg("text", { x: x(at), y: top - 3, class: "tick value" }, figure(value)) : null,
    ];
  });
  return { nodes: [defs, shapes], key: [filling(index)].map((own) => [own.defs, svg("rect", { x: 1, y: 1, width: 16, height: 12, fill: own.fill })]) };
}

const path = ({ values, x, y }) => values.map((value, at) => `${at ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("");
const stroke = (index, d) => svg("path", { d, class: `stroke-${index}`, "stroke-dasharray": DASHES[index], fill: "none" });
const mark = (index, at, words) => svg("path", { d: MARKS[index], transform: `translate(${at})`, class: `fill-${index}` }, words ? svg("title", {}, words) : null);

function lines(given) {
  const { index, values, categories, name, x, y } = given;
  return {
    nodes: [stroke(index, path(given)), values.map((value, at) => mark(index, [x(at).toFixed(1), y(value).toFixed(1)], `${name}, ${categories[at]}: ${figure(value)}`))],
    key: [stroke(index, "M0 7H18"), mark(index, [9, 7])],
  };
}

function areas(given) {
  const { index, values, x, y } = given;
  const { fill, defs } = filling(index);
  const d = `${path(given)}L${x(values.length - 1).toFixed(1)} ${y(0).toFixed(1)}L${x(0).toFixed(1)} ${y(0).toFixed(1)}Z`;
  const drawn = lines(given);
  return { nodes: [defs, svg("path", { d, fill, class: "area" }), drawn.nodes], key: drawn.key };
}
