// Controls of who she is, of the figure, and of the model.

import { byId, checkbox, choice, field, freshId, h } from "./dom.js";
import { FACTORS } from "./state.js";

// A number with a slider beside it; empty where it may be unknown.
function slider(label, holder, key, { low, high, step, path, unit, changed, middle = null, hint = "" }) {
  const range = h("input", { type: "range", id: freshId("slider"), min: low, max: high, step, "aria-label": `${label}, slider` });
  const box = h("input", { type: "number", step: "any", inputmode: "decimal" });
  const show = () => {
    box.value = holder[key] ?? "";
    range.value = holder[key] ?? middle ?? low;
    range.classList.toggle("unset", holder[key] === null);
    range.setAttribute("aria-valuetext", holder[key] === null ? "not known" : `${holder[key]} ${unit}`);
  };
  range.addEventListener("input", () => { holder[key] = Number(range.value); show(); changed(); });
  box.addEventListener("input", () => {
    holder[key] = box.value === "" ? null : Number(box.value);
    range.value = holder[key] ?? middle ?? low;
    range.classList.toggle("unset", holder[key] === null);
    changed();
  });
  show();
  const words = unit ? `${label} [${unit}]` : label;
  return field(words, h("div", { class: "pair" }, range, box), { path, hint });
}

const WORDS = {
  t_score_lumbar_spine: "T-score, lumbar spine",
  t_score_total_hip: "T-score, total hip",
  t_score_femoral_neck: "T-score, femoral neck",
  prior_fracture: "Fracture before",
  parental_fracture: "Hip fracture of a parent",
  smoking: "Smokes",
  glucocorticoids: "Glucocorticoids",
};

export function patientControls(state, catalog, changed) {
  const who = state.patient;
  const model = catalog.models.find((each) => each.name === state.model) ?? catalog.models[0];
  const redraw = () => { patientControls(state, catalog, changed); changed(); };
  const isWoman = who.sex !== "male";
  const controls = [
    slider("Age", who, "age", { low: 30, high: 95, step: 1, path: "patient.age", unit: "y", changed }),
    field("Sex", choice([["female", "female"], ["male", "male"]], who.sex, (value) => { who.sex = value; redraw(); }), { path: "patient.sex" }),
  ];
  if (isWoman) {
    const kinds = [["natural", "natural"], ["surgical", "surgical"], ["none", "none yet"]];
    controls.push(field("Menopause", choice(kinds, who.menopause, (value) => { who.menopause = value; redraw(); }), { path: "patient.menopause" }));
    if (who.menopause !== "none") {
      controls.push(slider("Age at menopause", who, "menopause_age", { low: 35, high: 60, step: 1, middle: 50, path: "patient.menopause_age", unit: "y", changed }));
    }
  }
  if (model.has_scores) {
    for (const name of ["t_score_lumbar_spine", "t_score_total_hip", "t_score_femoral_neck"]) {
      controls.push(slider(WORDS[name], who, name, { low: -4, high: 2, step: 0.1, middle: -1, path: `patient.${name}`, unit: "", changed }));
    }
  }
  controls.push(slider("BMI", who, "bmi", { low: 15, high: 45, step: 0.5, middle: 25, path: "patient.bmi", unit: "kg/m²", changed, hint: "acts on fracture and her forecast" }));
  if (model.follows_age) byId("patient").replaceChildren(...controls);
  else byId("patient").replaceChildren(h("p", { class: "hint wide" }, `Model ${model.name} has no patient: it knows neither age nor menopause.`));
  const countries = catalog.countries.map((name) => [name, name]);
  byId("factors").replaceChildren(
    ...FACTORS.map((name) => checkbox(WORDS[name], who[name], (isOn) => { who[name] = isOn; changed(); }, `patient.${name}`)),
    field("Country", choice(countries, who.country, (value) => { who.country = value; changed(); }), { path: "patient.country" }),
  );
}

export function extentControls(state, catalog, changed) {
  const visits = h("input", { type: "text", value: state.visits.join(", ") });
  visits.addEventListener("input", () => {
    state.visits = visits.value.split(/[,;\s]+/).filter(Boolean).map(Number).map((n) => (Number.isFinite(n) ? n : -1));
    changed();
  });
  byId("extent").replaceChildren(
    slider("Years", state, "years", { low: 1, high: 30, step: 1, path: "years", unit: "y", changed }),
    field("Visits [months]", visits, { path: "visits" }),
  );
  const model = catalog.models.find((each) => each.name === state.model) ?? catalog.models[0];
  const risks = model.name === "reference" ? catalog.risks : [];
  const options = [...model.outputs, ...risks];
  const rank = ({ name }) => (state.panels.includes(name) ? 0 : /^(bmd|t_score|ctx|p1np|fracture)/.test(name) ? 1 : 2);
  options.sort((one, other) => rank(one) - rank(other));
  const toggle = (name) => (isOn) => {
    state.panels = isOn ? [...state.panels, name] : state.panels.filter((each) => each !== name);
    changed();
  };
  const legend = byId("panels").querySelector("legend");
  byId("panels").replaceChildren(
    legend,
    ...options.map(({ name, title }) => checkbox(title, state.panels.includes(name), toggle(name))),
  );
}

export function modelControls(state, catalog, changed, modelChanged) {
  const models = catalog.models.map(({ name, title }) => [name, `${name}: ${title}`]);
  const sets = catalog.sets.map((name) => [name, name]);
  const changes = h("textarea", { rows: 3, maxlength: 2000, spellcheck: "false", placeholder: "osteoclast_apoptosis_rate = 0.3" });
  changes.value = state.changes;
  changes.addEventListener("input", () => { state.changes = changes.value; changed(); });
  byId("model").replaceChildren(
    field("Model", choice(models, state.model, (value) => { state.model = value; modelChanged(); }), { path: "model", wide: true }),
    field("Parameter set", choice(sets, state.parameters, (value) => { state.parameters = value; changed(); }), { path: "parameters", wide: true }),
    field("Changed parameters, NAME = NUMBER, one a line", changes, { path: "changes", wide: true, hint: "in the units of: remodel list parameters" }),
  );
}
