// The state of the page: what the link holds and what is sent to the server.

const TEXT = 1000;
const SCORES = ["t_score_lumbar_spine", "t_score_total_hip", "t_score_femoral_neck"];
export const FACTORS = ["prior_fracture", "parental_fracture", "smoking", "glucocorticoids"];

const text = (value, longest = TEXT) => (typeof value === "string" ? value.slice(0, longest) : "");
const finite = (value, otherwise = null) =>
  typeof value === "number" && Number.isFinite(value) ? value : otherwise;
const list = (value, longest) => (Array.isArray(value) ? value.slice(0, longest) : []);
const table = (value) => (value && typeof value === "object" && !Array.isArray(value) ? value : {});

// Returns a state made of known keys only, whatever stands in a link.
export function normal(raw, first) {
  const page = { ...first, ...table(raw) };
  const who = table(page.patient);
  const reason = table(page.reason);
  return {
    patient: {
      age: finite(who.age, 62),
      sex: text(who.sex, 20) || "female",
      menopause: text(who.menopause, 20) || "natural",
      menopause_age: finite(who.menopause_age),
      ...Object.fromEntries(SCORES.map((name) => [name, finite(who[name])])),
      bmi: finite(who.bmi),
      ...Object.fromEntries(FACTORS.map((name) => [name, who[name] === true])),
      country: text(who.country, 60) || "UK",
    },
    arms: list(page.arms, 6).map((arm) => ({
      name: text(table(arm).name, 60),
      schedule: text(table(arm).schedule),
    })),
    model: text(page.model, 60) || "reference",
    parameters: text(page.parameters, 60) || "as calibrated",
    changes: text(page.changes, 2000),
    years: finite(page.years, 10),
    panels: list(page.panels, 12).map((name) => text(name, 60)),
    visits: list(page.visits, 40).filter((month) => finite(month) !== null),
    hidden: list(page.hidden, 400).map((name) => text(name, 60)),
    taken: text(page.taken),
    population: text(page.population, 60) || "postmenopausal",
    readings: list(page.readings, 60).map((row) => ({
      endpoint: text(table(row).endpoint, 60),
      months: finite(table(row).months),
      value: finite(table(row).value),
      unit: text(table(row).unit, 60),
    })),
    reason: {
      endpoint: text(reason.endpoint, 60) || "bmd_total_hip",
      arm: finite(reason.arm, 0),
      versus: finite(reason.versus, -1),
      months: finite(reason.months, 24),
    },
  };
}

export function toLink(state) {
  const bytes = new TextEncoder().encode(JSON.stringify(state));
  let binary = "";
  bytes.forEach((byte) => { binary += String.fromCharCode(byte); });
  return `#s=${btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}`;
}

// Returns what a link holds, or null where it holds nothing that can be read.
export function fromLink(hash) {
  const match = /^#s=([A-Za-z0-9_-]+)$/.exec(hash);
  if (!match || match[1].length > 200000) return null;
  try {
    const binary = atob(match[1].replace(/-/g, "+").replace(/_/g, "/"));
    const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
    return table(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch {
    return null;
  }
}

// What decides the curves; answers to an older one do not belong to newer curves.
export function keyOf(state) {
  const { patient, arms, model, parameters, changes, years, panels } = state;
  return JSON.stringify([patient, arms, model, parameters, changes, years, panels]);
}
