// Panels over time as one SVG: lines, bands, published points, a T-score axis, the treatment strip.

import { s } from "./dom.js";

export const COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];
export const DASHES = ["", "7 3", "2 2", "8 3 2 3", "12 3", "4 2 1 2 1 2"];
const INK = "#222222";
const FAINT = "#DDE2E7";
const FONT = "system-ui, 'Segoe UI', Roboto, Arial, sans-serif";
const SHAPES = ["circle", "square", "triangle", "diamond", "down", "plus", "cross"];
const LEFT = 46;
const RIGHT = 40;
const TOP = 26;
const BOTTOM = 30;
const GAP = 14;
const LANE = 8;

let ruler = null;

function width(text, size, weight = 400) {
  ruler ??= document.createElement("canvas").getContext("2d");
  ruler.font = `${weight} ${size}px ${FONT}`;
  return ruler.measureText(text).width;
}

function words(text, x, y, { size = 11, anchor = "start", weight = null, color = INK } = {}) {
  return s("text", { x, y, "font-size": size, "text-anchor": anchor, "font-weight": weight, fill: color }, text);
}

function fitted(text, room, size, weight = 400) {
  let short = text;
  while (short.length > 4 && width(short, size, weight) > room) short = `${short.slice(0, -2).trimEnd()}…`;
  return short;
}

// Round numbers from low to high, about as many as wanted.
export function ticks(low, high, wanted) {
  const rough = (high - low) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.8) ?? 10 * power;
  const values = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) values.push(i * step);
  return values.map((value) => Number(value.toPrecision(12)));
}

function timeTicks(months, room) {
  const steps = [1, 3, 6, 12, 24, 60, 120];
  const step = steps.find((n) => months / n <= Math.max(2, room / 38)) ?? 120;
  const inYears = months > 30;
  const values = [];
  for (let at = 0; at <= months + 1e-6; at += step) values.push([at, String(inYears ? at / 12 : at)]);
  return { values, unit: inYears ? "years" : "months" };
}

const path = (points) => {
  let text = "";
  let isOn = false;
  for (const [x, y] of points) {
    if (y === null || Number.isNaN(y)) { isOn = false; continue; }
    text += `${isOn ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    isOn = true;
  }
  return text;
};

function extremes(panel) {
  let [low, high] = [Infinity, -Infinity];
  const take = (value) => {
    if (value === null || value === undefined) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  };
  panel.series.forEach(({ values, low: l, high: h }) => [values, l, h].forEach((row) => row?.forEach(take)));
  panel.points?.forEach((point) => [point.value, point.low, point.high].forEach(take));
  if (panel.isChange) take(0);
  if (low > high) return [0, 1];
  const margin = Math.max((high - low) * 0.06, Math.abs(high) * 1e-3, 1e-9);
  return [panel.startsAtZero && low >= 0 ? 0 : low - margin, high + margin];
}

// panel: title, unit, months, series [{values, color, dash, low, high, bandMonths}], points, score,
// isChange, startsAtZero, marks. Returns a group and what a pointer needs.
function drawPanel(panel, box, until) {
  const inner = { x: box.x + LEFT, y: box.y + TOP, w: box.w - LEFT - (panel.score ? RIGHT : 10), h: box.h - TOP - BOTTOM };
  const [low, high] = extremes(panel);
  const x = (month) => inner.x + (month / until) * inner.w;
  const y = (value) => inner.y + inner.h - ((value - low) / (high - low)) * inner.h;
  const group = s("g", { "data-panel": panel.name });
  const unit = panel.unit ? ` [${panel.unit}]` : "";
  const room = box.w - (panel.score ? 60 : 10) - width(unit, 12, 600);
  const title = fitted(panel.isChange ? `${panel.title}, change` : panel.title, room, 12, 600) + unit;
  group.append(words(title, box.x + 6, box.y + 14, { size: 12, weight: 600 }));
  for (const value of ticks(low, high, inner.h / 36)) {
    group.append(
      s("line", { x1: inner.x, x2: inner.x + inner.w, y1: y(value), y2: y(value), stroke: value === 0 && panel.isChange ? "#8A949E" : FAINT, "stroke-width": 1 }),
      words(String(value).replace("-", "−"), inner.x - 5, y(value) + 3.5, { size: 10.5, anchor: "end" }),
    );
  }
  timeAxis(group, inner, until, x);
  if (panel.score) scoreAxis(group, panel.score, inner, low, high, y);
  for (const { low: l, high: h, bandMonths, color } of panel.series) {
    if (!l) continue;
    const there = bandMonths.map((m, i) => [x(m), l[i], h[i]]).filter(([, a, b]) => a !== null && b !== null);
    const outline = [...there.map(([px, a]) => [px, y(a)]), ...there.reverse().map(([px, , b]) => [px, y(b)])];
    group.append(s("path", { d: `${path(outline)}Z`, fill: color, "fill-opacity": 0.15, stroke: "none", class: "band" }));
  }
  for (const { values, color, dash } of panel.series) {
    group.append(s("path", {
      d: path(values.map((v, i) => [x(panel.months[i]), v === null ? null : y(v)])),
      fill: "none", stroke: color, "stroke-width": 2, "stroke-dasharray": dash || null, "stroke-linejoin": "round", class: "curve",
    }));
  }
  for (const point of panel.points ?? []) group.append(drawPoint(point, x, y));
  for (const { month, text } of panel.marks ?? []) {
    group.append(
      s("line", { x1: x(month), x2: x(month), y1: inner.y, y2: inner.y + inner.h, stroke: "#6B6B6B", "stroke-dasharray": "3 3" }),
      words(text, x(month) + 3, inner.y + 10, { size: 10, color: "#4A5560" }),
    );
  }
  const cursor = s("g", { class: "cursor" });
  group.append(cursor);
  return { group, inner, x, y, cursor, panel };
}

function timeAxis(group, inner, until, x) {
  const { values, unit } = timeTicks(until, inner.w);
  const base = inner.y + inner.h;
  group.append(s("line", { x1: inner.x, x2: inner.x + inner.w, y1: base, y2: base, stroke: INK }));
  values.forEach(([month, text]) => {
    group.append(s("line", { x1: x(month), x2: x(month), y1: base, y2: base + 4, stroke: INK }), words(text, x(month), base + 15, { size: 10.5, anchor: "middle" }));
  });
  group.append(words(unit, inner.x + inner.w, base + 27, { size: 10, anchor: "end", color: "#4A5560" }));
}

function scoreAxis(group, score, inner, low, high, y) {
  const right = inner.x + inner.w;
  const ends = [low, high].map((percent) => score.start + score.per_percent * percent);
  group.append(s("line", { x1: right, x2: right, y1: inner.y, y2: inner.y + inner.h, stroke: "#8A949E" }));
  for (const value of ticks(ends[0], ends[1], inner.h / 36)) {
    const height = y((value - score.start) / score.per_percent);
    group.append(
      s("line", { x1: right, x2: right + 4, y1: height, y2: height, stroke: "#8A949E" }),
      words(value.toFixed(Math.abs(value * 10 - Math.round(value * 10)) < 1e-6 ? 1 : 2).replace("-", "−"), right + 6, height + 3.5, { size: 10, color: "#4A5560" }),
    );
  }
  group.append(words("T-score", right + RIGHT - 2, inner.y - 4, { size: 10, anchor: "end", color: "#4A5560" }));
}

function drawPoint({ month, value, low, high, color, shape, ringed, bound, label }, x, y) {
  const group = s("g", { class: "point" }, s("title", {}, label));
  const [px, py] = [x(month), y(value)];
  if (low !== null && low !== undefined) {
    group.append(s("line", { x1: px, x2: px, y1: y(low), y2: y(high), stroke: color, "stroke-width": 1.2 }));
    for (const end of [low, high]) group.append(s("line", { x1: px - 3, x2: px + 3, y1: y(end), y2: y(end), stroke: color, "stroke-width": 1.2 }));
  }
  group.append(marker(shape, px, py, color));
  if (ringed) group.append(s("circle", { cx: px, cy: py, r: 6.5, fill: "none", stroke: color, "stroke-width": 1 }));
  if (bound) {
    const way = bound === "upper" ? 1 : -1;
    group.append(s("path", { d: `M${px} ${py}v${12 * way}m-3 ${-4 * way}l3 ${4 * way}l3 ${-4 * way}`, fill: "none", stroke: color }));
  }
  return group;
}

function marker(shape, x, y, color) {
  const isHollow = shape >= SHAPES.length && shape % SHAPES.length < 5;
  return shaped(SHAPES[shape % SHAPES.length], x, y, isHollow
    ? { fill: "#ffffff", stroke: color, "stroke-width": 1.6 }
    : { fill: color, stroke: "#ffffff", "stroke-width": 0.8 });
}

function shaped(shape, x, y, look) {
  if (shape === "circle") return s("circle", { cx: x, cy: y, r: 4, ...look });
  const paths = {
    square: `M${x - 3.6} ${y - 3.6}h7.2v7.2h-7.2z`,
    triangle: `M${x} ${y - 4.6}l4.4 7.8h-8.8z`,
    diamond: `M${x} ${y - 5}l4.4 5l-4.4 5l-4.4 -5z`,
    down: `M${x} ${y + 4.6}l4.4 -7.8h-8.8z`,
    plus: `M${x - 1.5} ${y - 4.5}h3v3h3v3h-3v3h-3v-3h-3v-3h3z`,
    cross: `M${x - 4} ${y - 2}l2 -2l2 2l2 -2l2 2l-2 2l2 2l-2 2l-2 -2l-2 2l-2 -2l2 -2z`,
  };
  return s("path", { d: paths[shape], ...look });
}

function drawStrip(strip, box, until) {
  const group = s("g", { "data-panel": "treatment" });
  group.append(words("Treatment", box.x + 6, box.y + 14, { size: 12, weight: 600 }));
  const inner = { x: box.x + LEFT, y: box.y + TOP, w: box.w - LEFT - 10, h: box.h - TOP - BOTTOM };
  const x = (month) => inner.x + (month / until) * inner.w;
  timeAxis(group, inner, until, x);
  let y = inner.y;
  for (const { drug, lanes } of strip) {
    group.append(words(drug, inner.x, y + 10, { size: 11 }));
    y += 14;
    for (const { arm, bars, doses } of lanes) {
      const color = COLORS[arm % COLORS.length];
      bars.forEach(([a, b]) => group.append(s("rect", { x: x(a), y, width: Math.max(1, x(b) - x(a)), height: LANE - 2, fill: color })));
      doses.forEach((at) => group.append(s("path", { d: `M${x(at).toFixed(1)} ${y + LANE - 1}l-3.5 -6.5h7z`, fill: color })));
      y += LANE + 2;
    }
    y += 4;
  }
  if (strip.length === 0) group.append(words("no drug", inner.x, y + 10, { size: 11, color: "#4A5560" }));
  return group;
}

export const stripHeight = (strip) =>
  TOP + BOTTOM + 6 + Math.max(14, strip.reduce((sum, { lanes }) => sum + 18 + lanes.length * (LANE + 2), 0));

function drawLegend(entries, left, right) {
  const group = s("g", {});
  let [x, y] = [left, 16];
  for (const { color, dash, shape, text } of entries) {
    const shown = fitted(text, right - left - 40, 12);
    const room = 34 + width(shown, 12) + 16;
    if (x + room > right && x > left) { x = left; y += 18; }
    if (shape === undefined) group.append(s("line", { x1: x, x2: x + 28, y1: y - 4, y2: y - 4, stroke: color, "stroke-width": 2.4, "stroke-dasharray": dash || null }));
    else group.append(marker(shape, x + 14, y - 4, color));
    group.append(words(shown, x + 34, y, { size: 12 }));
    x += room;
  }
  return { group, height: entries.length ? y + 8 : 0 };
}

// Draws everything; returns the SVG and the panels for a pointer.
export function drawFigure({ panels, strip, legend, until, label, foot = "" }, total) {
  const columns = total < 620 ? 1 : total < 1250 || panels.length < 3 ? 2 : 3;
  const w = (total - GAP * (columns - 1)) / columns;
  const tall = Math.round(Math.min(280, Math.max(190, w * 0.52)));
  const svg = s("svg", { xmlns: "http://www.w3.org/2000/svg", role: "img", "aria-label": label, "font-family": FONT });
  const key = drawLegend(legend, 8, total - 8);
  svg.append(key.group);
  let y = key.height + 6;
  const drawn = [];
  const cells = [...panels.map((panel) => ({ panel })), ...(strip ? [{ strip }] : [])];
  for (let first = 0; first < cells.length; first += columns) {
    const row = cells.slice(first, first + columns);
    const height = Math.max(...row.map((cell) => (cell.strip ? stripHeight(cell.strip) : tall)));
    row.forEach((cell, column) => {
      const box = { x: column * (w + GAP), y, w, h: cell.strip ? stripHeight(cell.strip) : height };
      if (cell.strip) svg.append(drawStrip(cell.strip, box, until));
      else {
        const place = drawPanel(cell.panel, box, until);
        svg.append(place.group);
        drawn.push(place);
      }
    });
    y += height + GAP;
  }
  if (foot) {
    svg.append(words(foot, 8, y + 4, { size: 10, color: "#4A5560" }));
    y += 12;
  }
  svg.setAttribute("viewBox", `0 0 ${total} ${Math.ceil(y)}`);
  svg.setAttribute("width", total);
  svg.setAttribute("height", Math.ceil(y));
  return { svg, drawn };
}

// A line at a time with dots on the curves.
export function drawCursor(drawn, month) {
  for (const { inner, x, y, cursor, panel } of drawn) {
    const at = x(month);
    cursor.replaceChildren(s("line", { x1: at, x2: at, y1: inner.y, y2: inner.y + inner.h, stroke: "#4A5560", "stroke-width": 1 }));
    for (const { values, color } of panel.series) {
      const value = valueAt(panel.months, values, month);
      if (value !== null) cursor.append(s("circle", { cx: at, cy: y(value), r: 3.5, fill: color, stroke: "#fff" }));
    }
  }
}

export function valueAt(months, values, month) {
  const after = months.findIndex((m) => m >= month - 1e-9);
  if (after < 0) return null;
  if (after === 0) return values[0];
  const [a, b] = [values[after - 1], values[after]];
  if (a === null || b === null) return null;
  return a + ((b - a) * (month - months[after - 1])) / (months[after] - months[after - 1]);
}
