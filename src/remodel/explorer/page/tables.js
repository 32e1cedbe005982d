// Tables: numbers at visits, fracture, causes, thresholds. They are the figure in words, too.

import { duration, h, number, precise } from "./dom.js";
import { COLORS, valueAt } from "./figure.js";

const head = (...cells) => h("thead", {}, h("tr", {}, ...cells));
const cell = (text, kind = "td", attributes = {}) => h(kind, attributes, text);

function armHeads(arms) {
  return arms.map(({ name }, i) => {
    const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = COLORS[i % COLORS.length];
    return h("th", { scope: "col" }, swatch, name);
  });
}

const titled = ({ title, unit, isChange }) => `${title}${isChange ? ", change" : ""}${unit ? ` [${unit}]` : ""}`;

// Panels as a table: for each a group of rows, one a visit, with the band where there is one.
export function visitTable(arms, panels, visits) {
  const bodies = panels.map((panel) =>
    h("tbody", {},
      h("tr", {}, h("th", { scope: "rowgroup", class: "text", colspan: arms.length + 1 }, titled(panel))),
      ...visits.map((month) => h("tr", {},
        cell(duration(month), "th", { scope: "row" }),
        ...panel.series.map((line) => valueCell(panel, line, month)))),
    ));
  return h("table", {}, head(cell("time", "th", { scope: "col", class: "text" }), ...armHeads(arms)), ...bodies);
}

function valueCell(panel, { values, low, high, bandMonths }, month) {
  const value = valueAt(panel.months, values, month);
  const td = h("td", {}, number(value));
  if (low && value !== null && month > 0) {
    const ends = [low, high].map((row) => number(valueAt(bandMonths, row, month)));
    td.append(" ", h("span", { class: "band" }, `(${ends.join(" to ")})`));
  }
  return td;
}

export function readoutTable(arms, panels, month) {
  const rows = panels.map((panel) => h("tr", {},
    cell(titled(panel), "th", { scope: "row" }),
    ...panel.series.map((line) => valueCell(panel, line, month))));
  return h("table", {}, head(cell(`at ${duration(month)}`, "th", { scope: "col", class: "text" }), ...armHeads(arms)), h("tbody", {}, ...rows));
}

export function fractureTable(arms, risk) {
  if (risk.why) return h("p", { class: "hint" }, risk.why);
  const last = risk.months.length - 1;
  const rows = risk.panels.map(({ title, values, low, high }) => h("tr", {},
    cell(title.replace(", probability", ""), "th", { scope: "row" }),
    ...values.map((row, i) => h("td", {}, `${number(row[last], 2)} % `, h("span", { class: "band" }, `(${number(low[i][last], 2)} to ${number(high[i][last], 2)})`)))));
  const years = Math.round(risk.years * 10) / 10;
  const ten = Object.entries(risk.ten_years).map(([site, value]) => `${site.replaceAll("_", " ")} ${number(value, 2)} %`).join(", ");
  return h("div", {},
    h("table", {},
      h("caption", {}, `Probability of a first fracture in ${years} years, with bands of 90 %`),
      head(cell("site", "th", { scope: "col", class: "text" }), ...armHeads(arms)), h("tbody", {}, ...rows)),
    h("p", { class: "hint" }, `Ten-year probability untreated, from published gradients at her age and T-score: ${ten}. Death competes. This is not FRAX.`),
    risk.beyond ? h("p", { class: "hint" }, risk.beyond) : null);
}

export function trialList(sources, hidden, arms, toggle) {
  if (sources.length === 0) return h("p", { class: "hint" }, "No published trial gave these drugs in this way.");
  const groups = arms.map(({ name }, number) => {
    const mine = sources.filter(({ arm }) => arm === number);
    if (mine.length === 0) return null;
    return h("fieldset", {}, h("legend", {}, name), ...mine.map((each) => trialCheck(each, hidden, toggle)));
  });
  return h("div", {}, ...groups.filter(Boolean));
}

function trialCheck({ source, label, schedule, age, citation }, hidden, toggle) {
  const input = h("input", { type: "checkbox", id: `trial-${source.replace(/[^a-z0-9]/gi, "-")}`, onchange: (e) => toggle(source, e.target.checked) });
  input.checked = !hidden.includes(source);
  const who = age === null ? "" : `, mean age ${age} y`;
  return h("div", { class: "check" }, input, h("label", { for: input.id }, `${label}: ${schedule.replaceAll("_", " ")}${who}. `, h("span", { class: "hint" }, citation)));
}

export function causeTable({ endpoint, arm, versus, months, value, against, unit, meaning, causes }) {
  const largest = Math.max(...causes.map(({ effect }) => Math.abs(effect)), 1e-12);
  const rows = causes.map(({ level, cause, effect, share, meaning: words }) => {
    const name = h("th", { scope: "row" }, cause);
    name.style.paddingLeft = `${0.4 + 1.4 * level}rem`;
    const bar = h("span", { class: "swatch", "aria-hidden": "true" });
    bar.style.width = `${(6 * Math.abs(effect)) / largest}rem`;
    bar.style.background = effect < 0 ? "#D55E00" : "#0072B2";
    return h("tr", {}, name, cell(precise(effect)), cell(`${Math.round(100 * share)}\u00a0%`.replace("-", "−")), h("td", { class: "bar text" }, bar), cell(words, "td", { class: "text" }));
  });
  const sentence = `${endpoint.replaceAll("_", " ")} after ${duration(months)}: ${precise(value)} ${unit} with ${arm}, ${precise(against)} ${unit} with ${versus}. ${meaning}.`;
  const heads = ["cause", "effect", "share", "", "what it is"].map((text) => cell(text, "th", { scope: "col", class: text === "effect" || text === "share" ? null : "text" }));
  heads[3].append(h("span", { class: "hint" }, "size"));
  return h("div", {}, h("p", {}, sentence),
    h("table", {}, h("caption", {}, "What makes the difference; indented: what moved the line above. Lines of one level add up to it."), head(...heads), h("tbody", {}, ...rows)));
}

export function forecastTables({ options, thresholds, response, effective_size: size, is_trusted: isTrusted, pareto_k: k, outliers, notes, months }) {
  const events = [...new Set(thresholds.map(({ event }) => event))];
  const rows = events.map((event) => h("tr", {}, cell(event, "th", { scope: "row" }),
    ...options.map((option) => {
      const row = thresholds.find((each) => each.event === event && each.option === option);
      return cell(row ? `${Math.round(100 * row.probability)} %` : "–");
    })));
  const parts = [h("table", {}, h("caption", {}, `Probability at the end of the forecast, ${duration(months[months.length - 1])} after the start`),
    head(cell("event", "th", { scope: "col", class: "text" }), ...armHeads(options.map((name) => ({ name })))), h("tbody", {}, ...rows))];
  if (response.length) {
    parts.push(h("p", {}, `What her readings say of the treatment so far: ${response.map(({ explanation, probability }) => `${explanation} ${Math.round(100 * probability)} %`).join(", ")}.`));
  }
  notes.forEach((note) => parts.push(h("p", { class: "notes" }, note)));
  outliers.forEach(({ endpoint, months: at, size: errors }) => parts.push(h("p", { class: "notes" }, `The other readings contradict ${endpoint.replaceAll("_", " ")} at ${duration(at)} by ${number(Math.abs(errors), 2)} usual errors.`)));
  parts.push(h("p", { class: isTrusted ? "hint" : "general" }, isTrusted
    ? `Effective size ${size}, Pareto's k ${number(k, 2)}.`
    : `Do not trust this forecast: Pareto's k is ${number(k, 2)}, above 0.7; her readings are far from what the population expects.`));
  return h("div", {}, ...parts);
}
