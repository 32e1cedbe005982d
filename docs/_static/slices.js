/* Draws questions with sliders from numbers that stand in the page. No library, nothing fetched. */
"use strict";

(function () {
  const NS = "http://www.w3.org/2000/svg";
  const DASHES = ["", "7 3", "2 2", "8 3 2 3"];
  const TALL = 210;
  const MARGIN = { left: 40, right: 12, top: 26, bottom: 34 };

  function element(parent, name, attributes, text) {
    const isSvg = ["svg", "g", "path", "line", "text", "title"].includes(name);
    const made = isSvg ? document.createElementNS(NS, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    parent.appendChild(made);
    return made;
  }

  /* values[arm][panel][time] of the chosen settings */
  function chosen(data, settings) {
    let index = 0;
    data.sliders.forEach((slider, i) => { index = index * slider.words.length + settings[i]; });
    const shape = [data.arms.length, data.panels.length, data.times.length];
    let next = index * shape[0] * shape[1] * shape[2];
    return data.arms.map(() => data.panels.map(() =>
      data.times.map(() => data.tenths[next++] / 10)));
  }

  /* the same axis for every setting, so that curves can be compared */
  function limits(data, panel) {
    const times = data.times.length, panels = data.panels.length;
    let low = 0, high = 0;
    data.tenths.forEach((tenths, i) => {
      if (Math.floor(i / times) % panels === panel) {
        low = Math.min(low, tenths / 10);
        high = Math.max(high, tenths / 10);
      }
    });
    const step = [1, 2, 5, 10, 20, 25, 50, 100, 200].find((s) => (high - low) / s <= 6) || 500;
    return { low: Math.floor(low / step) * step, high: Math.ceil(high / step) * step, step };
  }

  const signed = (value, digits) => value.toFixed(digits).replace("-", "\u2212");

  function axes(svg, data, panel, wide, scale) {
    const { low, high, step } = limits(data, panel);
    const right = wide - MARGIN.right, bottom = TALL - MARGIN.bottom;
    element(svg, "text", { x: 4, y: 15, class: "slices-name" }, data.panels[panel]);
    for (let value = low; value <= high + 1e-9; value += step) {
      const y = scale.y(value);
      element(svg, "line", { x1: MARGIN.left, x2: right, y1: y, y2: y,
        class: value === 0 ? "slices-zero" : "slices-grid" });
      element(svg, "text", { x: MARGIN.left - 6, y: y + 4, "text-anchor": "end" }, signed(value, 0));
    }
    for (let year = 0; year <= data.times[data.times.length - 1]; year += 1) {
      element(svg, "text", { x: scale.x(year), y: bottom + 16, "text-anchor": "middle" }, year);
    }
    element(svg, "text", { x: (MARGIN.left + right) / 2, y: TALL - 4, "text-anchor": "middle" },
      "years from the start");
  }

  function panelOf(parent, data, panel, values, wide) {
    const svg = element(parent, "svg", { viewBox: `0 0 ${wide} ${TALL}`, width: wide, height: TALL,
      role: "img", "aria-label": `${data.panels[panel]}: ${spoken(data, panel, values)}` });
    const { low, high } = limits(data, panel);
    const last = data.times[data.times.length - 1];
    const scale = {
      x: (t) => MARGIN.left + (wide - MARGIN.left - MARGIN.right) * t / last,
      y: (v) => MARGIN.top + (TALL - MARGIN.top - MARGIN.bottom) * (high - v) / (high - low),
    };
    axes(svg, data, panel, wide, scale);
    data.arms.forEach((arm, i) => {
      const points = data.times.map((t, k) =>
        `${scale.x(t).toFixed(1)},${scale.y(values[i][panel][k]).toFixed(1)}`);
      const path = element(svg, "path", { d: "M" + points.join("L"), class: "slices-curve",
        style: `stroke: ${data.colors[i]}`, "stroke-dasharray": DASHES[i] });
      element(path, "title", {}, arm);
    });
  }

  function spoken(data, panel, values) {
    const last = data.times.length - 1;
    return data.arms.map((arm, i) => `${arm} ${signed(values[i][panel][last], 1)}`).join(", ") +
      ` at ${data.times[last]} years`;
  }

  function legend(parent, data) {
    const list = element(parent, "ul", { class: "slices-legend" });
    data.arms.forEach((arm, i) => {
      const item = element(list, "li", {});
      const svg = element(item, "svg", { width: 28, height: 10, "aria-hidden": "true" });
      element(svg, "path", { d: "M1,5L27,5", class: "slices-curve",
        style: `stroke: ${data.colors[i]}`, "stroke-dasharray": DASHES[i] });
      element(item, "span", {}, arm);
    });
  }

  function table(parent, data, values) {
    parent.replaceChildren();
    const made = element(parent, "table", {});
    const head = element(element(made, "thead", {}), "tr", {});
    element(head, "th", { scope: "col" }, "year");
    data.arms.forEach((arm) => data.panels.forEach((name) =>
      element(head, "th", { scope: "col" }, `${arm}: ${name}`)));
    const body = element(made, "tbody", {});
    data.times.forEach((time, k) => {
      if (Number.isInteger(time)) {
        const row = element(body, "tr", {});
        element(row, "th", { scope: "row" }, time);
        values.forEach((arm) => arm.forEach((panel) =>
          element(row, "td", {}, signed(panel[k], 1))));
      }
    });
  }

  function slider(parent, data, place, settings, changed) {
    const { label, words, name } = data.sliders[place];
    const id = `slices-${data.name}-${name}`;
    const row = element(parent, "div", { class: "slices-slider" });
    element(row, "label", { for: id }, label);
    const input = element(row, "input", { type: "range", id, min: 0, max: words.length - 1, step: 1,
      value: settings[place], "aria-valuetext": words[settings[place]] });
    const shown = element(row, "output", { for: id }, words[settings[place]]);
    input.addEventListener("input", () => {
      settings[place] = Number(input.value);
      shown.textContent = words[settings[place]];
      input.setAttribute("aria-valuetext", words[settings[place]]);
      changed();
    });
  }

  function build(root) {
    const data = JSON.parse(root.querySelector("script").textContent);
    const settings = data.sliders.map((one) => one.start);
    const controls = element(root, "div", { class: "slices-controls" });
    legend(root, data);
    const panels = element(root, "div", { class: "slices-panels" });
    const said = element(root, "p", { class: "slices-said", "aria-live": "polite" });
    const details = element(root, "details", {});
    element(details, "summary", {}, "The numbers, year by year");
    const numbers = element(details, "div", { class: "slices-numbers" });

    function draw() {
      const values = chosen(data, settings);
      const room = panels.clientWidth || 640;
      const wide = room < 600 ? room : Math.floor((room - 12) / data.panels.length);
      panels.replaceChildren();
      data.panels.forEach((_, panel) => panelOf(panels, data, panel, values, wide));
      said.textContent = data.panels.map((name, panel) =>
        `${name}: ${spoken(data, panel, values)}.`).join(" ");
      table(numbers, data, values);
    }

    data.sliders.forEach((_, place) => slider(controls, data, place, settings, draw));
    draw();
    let width = panels.clientWidth;
    window.addEventListener("resize", () => {
      if (panels.clientWidth !== width) { width = panels.clientWidth; draw(); }
    });
  }

  document.addEventListener("DOMContentLoaded", () =>
    document.querySelectorAll("div.slices").forEach(build));
})();
