// The arms: schedules as sentences, or from menus that write the sentence.

import { byId, choice, field, freshId, h } from "./dom.js";

const MONTH = 30.4375;
const INTERVALS = [
  ["once", null, "once"], ["1", 1, "daily"], ["7", 7, "weekly"], ["14", 14, "every 2 wk"],
  ["28", 28, "every 4 wk"], ["1mo", MONTH, "every 1 mo"], ["3mo", 3 * MONTH, "every 3 mo"],
  ["6mo", 6 * MONTH, "every 6 mo"], ["1y", 12 * MONTH, "every 1 y"], ["2y", 24 * MONTH, "every 2 y"],
];
const LABELS = { "1mo": "monthly", "3mo": "every 3 months", "6mo": "every 6 months", "1y": "yearly", "2y": "every 2 years", 14: "every 2 weeks", 28: "every 4 weeks" };

const same = (one, other) => one === other || (one !== null && other !== null && Math.abs(one - other) < 0.01);
const plain = (value) => String(Math.round(value * 1000) / 1000);

function often(interval) {
  const known = INTERVALS.find(([, days]) => same(days, interval));
  return known ? known[2] : `every ${plain(interval)} d`;
}

// The sentence of one line of the menus.
function sentenceOf(line) {
  if (!line.drug) return line.text;
  const words = [line.drug.replaceAll("_", " "), line.amount ?? 0, line.unit];
  if (line.route) words.push(line.route);
  words.push(often(line.interval));
  if (line.interval !== null && line.length !== null) words.push(`for ${plain(line.length)} mo`);
  if (line.start) words.push(`from ${plain(line.start)} mo`);
  return words.join(" ");
}

export class Arms {
  constructor(catalog, changed) {
    this.catalog = catalog;
    this.changed = changed;
    this.lines = []; // by arm, as the server read them
    this.open = new Set(); // arms whose menus are shown
    byId("add-arm").addEventListener("click", () => this.add());
  }

  get model() {
    return this.catalog.models.find((each) => each.name === this.state.model) ?? this.catalog.models[0];
  }

  show(state) {
    this.state = state;
    byId("arms").replaceChildren(...state.arms.map((arm, number) => this.arm(arm, number)));
    byId("add-arm").disabled = state.arms.length >= this.catalog.limits.arms;
  }

  add() {
    const names = new Set(this.state.arms.map((arm) => arm.name));
    let number = this.state.arms.length + 1;
    while (names.has(`arm ${number}`)) number += 1;
    this.state.arms.push({ name: `arm ${number}`, schedule: "none" });
    this.show(this.state);
    byId("arms").lastElementChild.querySelector("textarea").focus();
    this.changed();
  }

  remove(number) {
    this.state.arms.splice(number, 1);
    this.lines.splice(number, 1);
    this.open.clear();
    this.show(this.state);
    byId("add-arm").focus();
    this.changed();
  }

  arm(arm, number) {
    const name = h("input", { type: "text", maxlength: 60, spellcheck: "false" });
    name.value = arm.name;
    name.addEventListener("input", () => { arm.name = name.value; this.changed(); });
    const text = h("textarea", { rows: 2, maxlength: 1000, spellcheck: "false" });
    text.value = arm.schedule;
    const menus = h("div", { class: "lines", id: freshId("menus") });
    menus.hidden = !this.open.has(number);
    text.addEventListener("input", () => { arm.schedule = text.value; this.lines[number] = null; this.changed(); });
    const toggle = h("button", { type: "button", "aria-expanded": String(!menus.hidden), "aria-controls": menus.id, onclick: () => {
      menus.hidden = !menus.hidden;
      toggle.setAttribute("aria-expanded", String(!menus.hidden));
      if (menus.hidden) this.open.delete(number);
      else { this.open.add(number); this.menus(menus, text, arm, number); }
    } }, "Menus");
    const box = h(
      "fieldset", { class: `arm arm${number}` },
      h("legend", {}, `Arm ${number + 1}`),
      field("Name", name, { path: `arms.${number}.name` }),
      field("Schedule", text, { path: `arms.${number}.schedule` }),
      h("div", { class: "row" }, toggle,
        h("button", { type: "button", "aria-label": `Remove arm ${number + 1}`, disabled: this.state.arms.length < 2, onclick: () => this.remove(number) }, "Remove")),
      menus,
    );
    if (!menus.hidden) this.menus(menus, text, arm, number);
    return box;
  }

  // Called with what the server read; menus are redrawn where a sentence was typed.
  read(arms) {
    arms.forEach(({ lines }, number) => {
      if (this.lines[number]) return;
      this.lines[number] = lines;
      const box = byId("arms").children[number];
      if (box && this.open.has(number)) {
        this.menus(box.querySelector(".lines"), box.querySelector("textarea"), this.state.arms[number], number);
      }
    });
  }

  menus(menus, text, arm, number) {
    const lines = this.lines[number];
    if (!lines) {
      menus.replaceChildren(h("p", { class: "hint" }, "Correct the sentence first, or wait until it is read."));
      return;
    }
    const write = () => {
      arm.schedule = lines.map(sentenceOf).join("; ") || "none";
      text.value = arm.schedule;
      this.changed();
    };
    const redraw = () => { this.menus(menus, text, arm, number); write(); };
    const add = (start) => () => {
      const drug = this.model.drugs[0];
      if (!drug) return;
      lines.push(usualLine(drug, start()));
      redraw();
      menus.querySelector(".line:last-of-type select")?.focus();
    };
    menus.replaceChildren(
      ...lines.map((line, place) => this.line(line, place, { lines, write, redraw, add })),
      h("div", { class: "row" }, h("button", { type: "button", disabled: this.model.drugs.length === 0, onclick: add(() => 0) }, "Add a drug")),
    );
  }

  line(line, place, { lines, write, redraw, add }) {
    const remove = h("button", { type: "button", "aria-label": `Remove line ${place + 1}`, onclick: () => { lines.splice(place, 1); redraw(); } }, "Remove drug");
    if (!line.drug) {
      return h("div", { class: "line" }, h("p", { class: "hint" }, `As written: ${line.text}`), remove);
    }
    const drugs = this.model.drugs.map(({ name, words }) => [name, words]);
    if (!drugs.some(([name]) => name === line.drug)) drugs.push([line.drug, line.drug]);
    const drug = this.model.drugs.find(({ name }) => name === line.drug);
    const intervals = INTERVALS.map(([key, , words]) => [key, LABELS[key] ?? words]);
    const known = INTERVALS.find(([, days]) => same(days, line.interval));
    if (!known) intervals.push(["other", often(line.interval)]);
    const amount = numberBox(line.amount, (value) => { line.amount = value ?? 0; write(); });
    const start = numberBox(line.start, (value) => { line.start = value ?? 0; write(); });
    const length = numberBox(line.length, (value) => { line.length = value; write(); });
    const controls = [
      field("Drug", choice(drugs, line.drug, (value) => {
        lines[place] = usualLine(this.model.drugs.find(({ name }) => name === value), line.start, line.length);
        redraw();
      })),
      field(`Dose [${line.unit === "ug" ? "µg" : line.unit}]`, amount),
      field("How often", choice(intervals, known ? known[0] : "other", (value) => {
        const chosen = INTERVALS.find(([key]) => key === value);
        if (chosen) line.interval = chosen[1];
        redraw();
      })),
      field("Starts at [mo]", start),
    ];
    if (line.interval !== null) controls.push(field("Stops after [mo]", length, { hint: "blank: goes on" }));
    if ((drug?.routes.length ?? 0) > 1) {
      controls.push(field("Route", choice([["", "usual"], ...drug.routes.map((r) => [r, r])], line.route, (value) => { line.route = value; write(); })));
    }
    const end = () => line.start + (line.interval === null ? 0 : line.length ?? 0); // where nothing stops, beside it
    return h(
      "div", { class: "line", role: "group", "aria-label": `Drug ${place + 1}` },
      h("div", { class: "grid" }, ...controls),
      h("div", { class: "row" },
        h("button", { type: "button", onclick: add(end) }, "Then …"),
        remove),
    );
  }
}

function numberBox(value, changed) {
  const box = h("input", { type: "number", step: "any", inputmode: "decimal" });
  box.value = value ?? "";
  box.addEventListener("input", () => changed(box.value === "" ? null : Number(box.value)));
  return box;
}

function usualLine(drug, start, length = 36) {
  const usual = drug.usual[0];
  return {
    drug: drug.name, unit: "mg", route: "", start,
    amount: usual ? usual.mg : 1, interval: usual ? usual.days : 1, length,
  };
}
