// The page: one state, questions about it, and what the answers draw.

import { Arms } from "./arms.js";
import { Latest, catalog as askCatalog } from "./ask.js";
import { byId, choice, duration, field, h, number, showErrors } from "./dom.js";
import { COLORS, DASHES, drawCursor, drawFigure } from "./figure.js";
import { extentControls, modelControls, patientControls } from "./patient.js";
import { Readings } from "./readings.js";
import { copy, saveCsv, savePng, saveSvg } from "./save.js";
import { fromLink, keyOf, normal, toLink } from "./state.js";
import { causeTable, fractureTable, readoutTable, trialList, visitTable } from "./tables.js";

const LONG = 1500; // ms after which a reason is given for waiting
const SETTLED = 120; // ms after the last change until bands, trials and risks are asked for
const results = {}; // newest answer by question, with the key of the state it belongs to
const errors = new Map(); // by question
let [catalog, state, arms, readings] = [null, null, null, null];
let [timer, patience, drawn, latest] = [0, 0, [], null];

// What is half typed elsewhere on the page must not keep the curves.
function asked(name) {
  const page = structuredClone(state);
  if (name !== "forecast") { page.readings = []; page.taken = ""; }
  if (name !== "reasons") delete page.reason;
  return page;
}

const questions = Object.fromEntries(
  ["curves", "bands", "trials", "risk", "share", "reasons", "forecast"].map((name) => [
    name,
    new Latest(name, (answer, key) => received(name, answer, key), (error, key) => refused(name, error, key)),
  ]),
);

async function start() {
  try {
    catalog = await askCatalog();
  } catch (error) {
    showErrors([{ message: error.message, field: "" }]);
    return;
  }
  byId("version").textContent = catalog.version;
  arms = new Arms(catalog, changed);
  readings = new Readings(catalog, changed, () => questions.forecast.ask(asked("forecast"), forecastKey()));
  wire();
  load();
}

function load() {
  const linked = fromLink(location.hash);
  state = normal(linked ?? {}, catalog.first);
  if (state.arms.length === 0) state.arms = normal({}, catalog.first).arms;
  controls();
  const isBroken = linked === null && location.hash.length > 1;
  if (isBroken) errors.set("link", { message: "This link holds no page that can be read; the first page is shown.", field: "" });
  else errors.delete("link");
  changed();
}

function controls() {
  patientControls(state, catalog, changed);
  extentControls(state, catalog, changed);
  modelControls(state, catalog, changed, modelChanged);
  arms.lines = [];
  arms.show(state);
  readings.show(state);
  reasonControls();
}

function modelChanged() {
  const model = catalog.models.find(({ name }) => name === state.model);
  const known = new Set(model.outputs.map(({ name }) => name));
  state.panels = state.panels.filter((name) => known.has(name));
  if (state.panels.length === 0) {
    state.panels = state.model === "reference" ? [...catalog.first.panels] : model.outputs.slice(0, 4).map(({ name }) => name);
  }
  if (!known.has(state.reason.endpoint)) state.reason.endpoint = model.outputs[0].name;
  controls();
  changed();
}

// What the page shows no longer belongs to the state: save it in the link and ask again.
function changed() {
  latest = keyOf(state);
  history.replaceState(null, "", toLink(state));
  byId("status").textContent = "Computing …";
  byId("figure").classList.add("busy");
  questions.curves.ask(asked("curves"), latest);
  if (readings.answer && readings.key !== forecastKey()) readings.clear();
  clearTimeout(timer);
  timer = setTimeout(settled, SETTLED);
  clearTimeout(patience);
  patience = setTimeout(stillComputing, LONG);
}

function stillComputing() {
  if (byId("figure").classList.contains("busy") && questions.curves.isBusy) {
    byId("status").textContent = "Still computing: a combination of drugs is compiled when it is first used, which takes some seconds.";
  }
}

function settled() {
  for (const name of ["bands", "risk", "trials", "share"]) questions[name].ask(asked(name), latest);
  if (byId("reasons-section").open) questions.reasons.ask(asked("reasons"), latest);
}

const forecastKey = () => JSON.stringify([keyOf(state), state.readings, state.taken, state.population]);

function received(name, answer, key) {
  errors.delete(name);
  results[name] = { answer, key };
  if (name === "curves") {
    if (key === latest) arms.read(answer.arms);
    cursorRange();
  }
  if (name === "share") shareTexts(answer);
  else if (name === "reasons") byId("reasons").replaceChildren(causeTable(answer));
  else if (name === "forecast") {
    readings.key = key;
    readings.draw(answer);
  } else draw(name);
  showErrors([...errors.values()]);
}

function refused(name, error, key) {
  errors.set(name, { message: error.message, field: error.field });
  if (name === "forecast") readings.failed();
  if (name === "reasons") byId("reasons").replaceChildren();
  if (name === "curves" && key === latest) byId("status").textContent = "Not simulated; see the note beside the field.";
  showErrors([...errors.values()]);
}

const of = (name) => (results[name] && results[name].key === results.curves.key ? results[name].answer : null);

// Joins the newest curves with those bands, risks and points that belong to them.
function panelsNow() {
  const { answer } = results.curves;
  const [bands, risk, trials] = ["bands", "risk", "trials"].map(of);
  const look = (i) => ({ color: COLORS[i % COLORS.length], dash: DASHES[i % DASHES.length] });
  const curves = answer.panels.map((panel) => {
    const band = bands?.panels[panel.name];
    return {
      ...panel, isChange: panel.change, months: answer.months,
      series: panel.values.map((values, i) => ({ values, low: band?.low[i], high: band?.high[i], bandMonths: bands?.months, ...look(i) })),
      points: trials ? pointsOf(trials, panel.name) : [],
    };
  });
  const risks = (risk?.panels ?? []).filter(({ name }) => state.panels.includes(name)).map((panel) => ({
    ...panel, months: risk.months, startsAtZero: true,
    series: panel.values.map((values, i) => ({ values, low: panel.low[i], high: panel.high[i], bandMonths: risk.months, ...look(i) })),
  }));
  return [...curves, ...risks];
}

function pointsOf({ points, sources }, name) {
  const studies = sources.map(({ arm, label }) => `${arm} ${label}`); // a shape for each study of an arm
  const ofArm = (arm) => [...new Set(studies.filter((each) => each.startsWith(`${arm} `)))];
  return points.filter(({ panel }) => panel === name).map((point) => ({
    ...point, study: point.label, color: COLORS[point.arm % COLORS.length], shape: ofArm(point.arm).indexOf(`${point.arm} ${point.label}`),
    label: `${point.label}: ${point.value} at month ${point.month}`,
  }));
}

function pictureNow(width, foot = "") {
  const { answer } = results.curves;
  const panels = panelsNow();
  const shown = new Map();
  for (const { points } of panels) for (const point of points ?? []) shown.set(`${point.arm} ${point.study}`, point);
  const legend = [
    ...answer.arms.map(({ name }, i) => ({ text: name, color: COLORS[i % COLORS.length], dash: DASHES[i % DASHES.length] })),
    ...[...shown.values()].map(({ shape, study, color }) => ({ text: study, color, shape })),
  ];
  const label = `Courses of ${answer.arms.map(({ name }) => name).join(", ")} in ${panels.map(({ title }) => title).join("; ")}. The tables below have the numbers.`;
  return { panels, ...drawFigure({ panels, strip: answer.strip, legend, until: answer.months.at(-1), label, foot }, width) };
}

function draw(name) {
  if (!results.curves) return;
  const { answer, key } = results.curves;
  const picture = pictureNow(byId("figure").clientWidth || 800);
  drawn = picture.drawn;
  byId("figure").replaceChildren(picture.svg);
  byId("figure").dataset.drawn = name;
  if (key === latest) byId("figure").classList.remove("busy");
  moveCursor();
  notes(answer);
  byId("visits").replaceChildren(visitTable(answer.arms, picture.panels, answer.visits));
  if (name === "risk") byId("fracture").replaceChildren(fractureTable(answer.arms, results.risk.answer));
  if (name === "trials") byId("trials").replaceChildren(trialList(results.trials.answer.sources, state.hidden, answer.arms, toggleTrial));
  if (of("bands") && of("risk") && key === latest) byId("status").textContent = summary(answer);
  else if (key === latest) byId("status").textContent = "Curves are there; bands follow …";
}

function summary({ arms: simulated, panels, months }) {
  const first = panels[0];
  if (!first) return `${simulated.length} arms simulated.`;
  const ends = simulated.map(({ name }, i) => `${name} ${number(first.values[i].at(-1))} ${first.unit}`).join(", ");
  return `${first.title} after ${duration(months.at(-1))}: ${ends}.`;
}

function notes({ arms: simulated, notes: unusual }) {
  const failed = simulated.filter((arm) => arm.failed).map((arm) => `${arm.name}: ${arm.failed}`);
  const said = simulated.flatMap((arm) => arm.notes.map((note) => `${arm.name}: ${note}`));
  const texts = [...failed, ...said, ...unusual];
  if (texts.join() !== [...byId("notes").children].map((item) => item.textContent).join()) {
    byId("notes").replaceChildren(...texts.map((text) => h("li", {}, text)));
  }
}

function cursorRange() {
  const range = byId("cursor");
  const { months } = results.curves.answer;
  range.max = Math.round(months.at(-1));
}

function moveCursor() {
  if (!results.curves) return;
  const month = Math.min(Number(byId("cursor").value), results.curves.answer.months.at(-1));
  byId("cursor-text").textContent = duration(month);
  byId("cursor").setAttribute("aria-valuetext", duration(month));
  drawCursor(drawn, month);
  byId("readout").replaceChildren(readoutTable(results.curves.answer.arms, drawn.map(({ panel }) => panel), month));
}

function point(event) {
  const box = byId("figure").querySelector("svg")?.getBoundingClientRect();
  if (!box) return;
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  const panel = drawn.find(({ inner }) => x >= inner.x && x <= inner.x + inner.w && y >= inner.y && y <= inner.y + inner.h);
  if (!panel) return;
  const until = results.curves.answer.months.at(-1);
  byId("cursor").value = Math.round(((x - panel.inner.x) / panel.inner.w) * until);
  moveCursor();
}

function toggleTrial(source, isShown) {
  state.hidden = isShown ? state.hidden.filter((each) => each !== source) : [...state.hidden, source];
  history.replaceState(null, "", toLink(state));
  questions.trials.ask(asked("trials"), latest);
}

function reasonControls() {
  const model = catalog.models.find(({ name }) => name === state.model) ?? catalog.models[0];
  const { reason } = state;
  const levels = model.outputs.filter(({ name }) => !/_percent_change$|^[tz]_score/.test(name)).map(({ name, title }) => [name, title]);
  const names = state.arms.map(({ name }, i) => [String(i), name]);
  const set = (key, read) => (value) => { reason[key] = read(value); changed(); };
  const month = h("input", { type: "number", step: "any", min: 0, value: reason.months });
  month.addEventListener("input", () => { reason.months = month.value === "" ? 0 : Number(month.value); changed(); });
  byId("reason").replaceChildren(
    field("What", choice(levels, reason.endpoint, set("endpoint", String)), { path: "reason.endpoint" }),
    field("In arm", choice(names, String(reason.arm), set("arm", Number)), { path: "reason.arm" }),
    field("Against", choice([["-1", "no treatment"], ...names], String(reason.versus), set("versus", Number)), { path: "reason.versus" }),
    field("At month", month, { path: "reason.months" }),
  );
}

function shareTexts(texts) {
  const titles = { python: "as Python", command: "as command", experiment: "as experiment.toml" };
  byId("share").replaceChildren(...Object.entries(titles).map(([name, title]) => {
    const button = h("button", { type: "button", onclick: async () => { button.textContent = (await copy(texts[name])) ? "Copied" : "Select and copy"; } }, `Copy ${title}`);
    return h("div", {}, h("div", { class: "row" }, h("h3", {}, title[0].toUpperCase() + title.slice(1)), button),
      h("pre", { tabindex: 0, role: "region", "aria-label": title, "data-share": name }, texts[name]));
  }));
}

function forSaving() {
  const foot = `remodel ${catalog.version}, model ${state.model}. For research, not for decisions about patients.`;
  return pictureNow(1100, foot);
}

function wire() {
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  byId("reason").addEventListener("submit", (event) => event.preventDefault());
  byId("cursor").addEventListener("input", moveCursor);
  byId("figure").addEventListener("pointermove", point);
  byId("figure").addEventListener("pointerdown", point);
  byId("save-svg").addEventListener("click", () => results.curves && saveSvg(forSaving().svg));
  byId("save-png").addEventListener("click", () => results.curves && savePng(forSaving().svg));
  byId("save-csv").addEventListener("click", () => results.curves && saveCsv(results.curves.answer.arms, panelsNow()));
  byId("copy-link").addEventListener("click", async () => {
    byId("copy-link").textContent = (await copy(location.href)) ? "Link copied" : "Copy it from the address bar";
    setTimeout(() => { byId("copy-link").textContent = "Copy link"; }, 3000);
  });
  byId("start-over").addEventListener("click", () => { history.replaceState(null, "", location.pathname); load(); });
  byId("reasons-section").addEventListener("toggle", () => {
    if (byId("reasons-section").open) { reasonControls(); questions.reasons.ask(asked("reasons"), latest); }
  });
  window.addEventListener("hashchange", load);
  new ResizeObserver(() => { if (results.curves) draw("resize"); readings.resize(); }).observe(byId("results"));
}

start();
