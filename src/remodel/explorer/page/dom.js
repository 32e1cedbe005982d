// Elements made from words; text is always text, never markup.

export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

let counter = 0;
let shownErrors = "[]";

export function freshId(stem) {
  counter += 1;
  return `${stem}-${counter}`;
}

// A labelled control with a place for its error; path says which part of the state it holds.
export function field(label, control, { path = "", hint = "", wide = false } = {}) {
  const input = control.matches("input, select, textarea")
    ? control
    : control.querySelector("input[type=number]") ?? control.querySelector("input, select, textarea");
  if (!input.id) input.id = freshId("field");
  if (path) input.dataset.path = path;
  return h(
    "div",
    { class: wide ? "field wide" : "field" },
    h("label", { for: input.id }, label),
    control,
    hint ? h("p", { class: "hint" }, hint) : null,
  );
}

export function checkbox(label, isOn, onChange, path = "") {
  const input = h("input", { type: "checkbox", id: freshId("check"), onchange: (e) => onChange(e.target.checked) });
  input.checked = isOn;
  if (path) input.dataset.path = path;
  return h("div", { class: "check" }, input, h("label", { for: input.id }, label));
}

export function choice(options, value, onChange) {
  const select = h("select", { onchange: (e) => onChange(e.target.value) });
  for (const [key, words] of options) select.append(h("option", { value: key }, words));
  select.value = value;
  return select;
}

// Shows errors beside their fields; what has no field is said on top of the results.
export function showErrors(errors) {
  const texts = JSON.stringify([...new Set(errors.map(({ message, field: path }) => `${path} ${message}`))]);
  const isThere = document.querySelectorAll("p.error").length > 0 || !byId("general").hidden;
  if (texts === shownErrors && isThere === errors.length > 0) return; // not read out again
  shownErrors = texts;
  document.querySelectorAll("p.error").forEach((old) => old.remove());
  document.querySelectorAll("[aria-invalid]").forEach((input) => {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  });
  const general = new Set();
  const shown = new Set();
  for (const { message, field: path } of errors) {
    const input = path ? inputOf(path) : null;
    if (!input) {
      general.add(message);
    } else if (!shown.has(path)) {
      shown.add(path);
      input.closest("details:not([open])")?.setAttribute("open", "");
      const id = freshId("error");
      const [sentence, ...marked] = message.split("\n");
      const mark = marked.length ? h("span", { class: "mark", tabindex: 0, role: "group", "aria-label": "where it is wrong" }, marked.join("\n")) : null;
      const text = h("p", { class: "error", id }, sentence, mark);
      (input.closest(".field, fieldset") ?? input).append(text);
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", id);
    }
  }
  const box = byId("general");
  box.textContent = [...general].join(" ");
  box.hidden = general.size === 0;
}

function inputOf(path) {
  for (let steps = path.split("."); steps.length; steps.pop()) {
    const input = document.querySelector(`[data-path="${CSS.escape(steps.join("."))}"]`);
    if (input) return input;
  }
  return null;
}

export function number(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(2);
  const decimals = size >= 100 ? 0 : size >= 10 ? 1 : digits - 1;
  return value.toFixed(decimals).replace(/^-(0(\.0*)?)$/, "$1").replace("-", "−");
}

// Three digits that count, for numbers whose size is not known before.
export function precise(value) {
  if (value === null || value === undefined) return "–";
  const text = Math.abs(value) < 1e-4 && value !== 0 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
  return text.replace("-", "−");
}

export function duration(months) {
  if (months < 24 && months % 12 !== 0) return `${number(months, 2).replace(/\.0$/, "")} mo`;
  return `${String(Math.round((100 * months) / 12) / 100)} y`;
}
