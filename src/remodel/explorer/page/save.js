// Files to save, made in the browser: figure, data; and texts to copy.

import { h } from "./dom.js";

function download(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

const svgBlob = (svg) =>
  new Blob([`<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(svg)}`], { type: "image/svg+xml" });

export const saveSvg = (svg) => download(svgBlob(svg), "remodel.svg");

export async function savePng(svg) {
  const [wide, high] = ["width", "height"].map((name) => Number(svg.getAttribute(name)));
  const address = URL.createObjectURL(svgBlob(svg));
  const image = new Image();
  await new Promise((resolve, reject) => { image.onload = resolve; image.onerror = reject; image.src = address; });
  const canvas = h("canvas", { width: 2 * wide, height: 2 * high });
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(address);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  download(blob, "remodel.png");
}

// Text that a spreadsheet would take for a formula gets a mark in front.
function quoted(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvOf(arms, panels) {
  const rows = [["kind", "arm", "source", "variable", "unit", "month", "value", "low", "high"]];
  for (const { name, unit, months, series, points } of panels) {
    series.forEach(({ values, low, high, bandMonths }, i) => {
      const at = low ? new Map(bandMonths.map((month, j) => [month, [low[j], high[j]]])) : new Map();
      months.forEach((month, j) => rows.push(["simulated", arms[i].name, "", name, unit, month, values[j], ...(at.get(month) ?? ["", ""])]));
    });
    (points ?? []).forEach(({ arm, source, month, value, low, high }) => rows.push(["published", arms[arm].name, source, name, unit, month, value, low, high]));
  }
  return `${rows.map((row) => row.map(quoted).join(",")).join("\n")}\n`;
}

export const saveCsv = (arms, panels) => download(new Blob([csvOf(arms, panels)], { type: "text/csv" }), "remodel.csv");

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const box = h("textarea", { "aria-hidden": "true" });
    box.value = text;
    document.body.append(box);
    box.select();
    const isDone = document.execCommand("copy");
    box.remove();
    return isDone;
  }
}
