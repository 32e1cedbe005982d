// Her readings, and the forecast that is asked for with a button.

import { byId, choice, field, h } from "./dom.js";
import { COLORS, DASHES, drawFigure } from "./figure.js";
import { forecastTables } from "./tables.js";

export class Readings {
  constructor(catalog, changed, ask) {
    this.catalog = catalog;
    this.changed = changed;
    this.ask = ask;
    this.answer = null;
  }

  show(state) {
    this.state = state;
    const rows = h("div", {}, ...state.readings.map((row, number) => this.row(row, number)));
    const taken = h("input", { type: "text", maxlength: 1000, spellcheck: "false", placeholder: "anastrozole 1 mg daily" });
    taken.value = state.taken;
    taken.addEventListener("input", () => { state.taken = taken.value; this.changed(); });
    const populations = this.catalog.populations.map((name) => [name, name.replaceAll("_", " ")]);
    const go = h("button", { type: "submit", class: "main", "data-path": "readings" }, "Forecast");
    byId("readings").replaceChildren(
      rows,
      h("div", { class: "row" }, h("button", { type: "button", id: "add-reading", onclick: () => this.add() }, "Add a reading")),
      h("div", { class: "grid" },
        field("Taken so far, as prescribed", taken, { path: "taken" }),
        field("Women like her", choice(populations, state.population, (value) => { state.population = value; this.changed(); }), { path: "population" })),
      h("div", { class: "field row" }, go),
    );
    byId("readings").onsubmit = (event) => {
      event.preventDefault();
      byId("forecast-status").textContent = "Fitting her readings …";
      this.ask();
    };
  }

  add() {
    const last = this.state.readings.at(-1);
    this.state.readings.push({ endpoint: last?.endpoint ?? "t_score_lumbar_spine", months: last ? (last.months ?? 0) + 12 : 0, value: null, unit: "" });
    this.show(this.state);
    byId("readings").querySelector(".reading:last-child select").focus();
    this.changed();
  }

  row(row, number) {
    const options = this.catalog.readings.map(({ name, title, unit }) => [name, unit ? `${title} [${unit}]` : title]);
    const numeric = (key) => {
      const box = h("input", { type: "number", step: "any", inputmode: "decimal" });
      box.value = row[key] ?? "";
      box.addEventListener("input", () => { row[key] = box.value === "" ? null : Number(box.value); this.changed(); });
      return box;
    };
    const unit = h("input", { type: "text", maxlength: 30, placeholder: "usual" });
    unit.value = row.unit;
    unit.addEventListener("input", () => { row.unit = unit.value; this.changed(); });
    const path = (key) => ({ path: `readings.${number}.${key}` });
    return h("div", { class: "reading", role: "group", "aria-label": `Reading ${number + 1}` },
      field("What", choice(options, row.endpoint, (value) => { row.endpoint = value; this.changed(); }), path("endpoint")),
      field("Month", numeric("months"), path("months")),
      field("Value", numeric("value"), path("value")),
      field("Unit", unit, path("unit")),
      h("button", { type: "button", "aria-label": `Remove reading ${number + 1}`, onclick: () => {
        this.state.readings.splice(number, 1);
        this.show(this.state);
        byId("add-reading").focus();
        this.changed();
      } }, "Remove"));
  }

  draw(answer) {
    this.answer = answer;
    byId("forecast-status").textContent = `Forecast of ${answer.options.length} options from ${this.state.readings.length} readings.`;
    byId("forecast").replaceChildren(forecastTables(answer));
    this.resize();
  }

  clear() {
    if (!this.answer) return;
    this.answer = null;
    byId("forecast-status").textContent = "The forecast was made of other entries; ask again.";
    byId("forecast").replaceChildren();
    byId("forecast-figure").replaceChildren();
  }

  failed() {
    this.answer = null;
    byId("forecast-status").textContent = "There is no forecast; see the note beside the field.";
    byId("forecast").replaceChildren();
    byId("forecast-figure").replaceChildren();
  }

  resize() {
    const { answer } = this;
    if (!answer) return;
    const room = byId("forecast-figure").clientWidth || 600;
    const look = (i) => ({ color: COLORS[i % COLORS.length], dash: DASHES[i % DASHES.length] });
    const panels = answer.panels.map((panel) => ({
      name: panel.name, title: panel.title, unit: panel.unit, months: answer.months,
      series: panel.courses.map((course, i) => ({ values: course.median, low: course.low_90, high: course.high_90, bandMonths: answer.months, ...look(i) })),
      points: panel.readings.map(({ month, value }) => ({ month, value, color: "#222222", shape: 0, label: `read: ${value} at month ${month}` })),
      marks: [{ month: answer.now, text: "now" }],
    }));
    const legend = [...answer.options.map((text, i) => ({ text, ...look(i) })), { text: "her readings", color: "#222222", shape: 0 }];
    const until = answer.months[answer.months.length - 1];
    const label = `Her forecast under ${answer.options.join(", ")}: median and band of 90 %. The table below has the numbers.`;
    byId("forecast-figure").replaceChildren(drawFigure({ panels, strip: null, legend, until, label }, room).svg);
  }
}
