/** Curves over one number: axes with round figures, a line for each series, a dot where we are. */

import { svg } from "../../view/player/dom.js";
import { formatNumber, numberOf } from "../../view/player/format.js";

/** @typedef {{ys: any[], dashes?: string, tone?: string}} Curve */

const PAD = { left: 58, right: 16, top: 12, bottom: 40 };

/** Round figures between two numbers: about so many. @param {number} low @param {number} high @param {number} count */
function roundFigures(low, high, count) {
  const rough = (high - low) / count;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = ten * ([1, 2, 5, 10].find((k) => k * ten >= rough) || 10);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9 && found.length < 20; i++) found.push(Number((i * step).toPrecision(12)));
  return found;
}

/**
 * @param {{xs: number[], curves: Curve[], at?: number, label: string, xName: string, width: number, height?: number, zero?: boolean}} how
 * @returns {SVGElement}
 */
export function lineChart({ xs, curves, at, label, xName, width, height = 220, zero = false }) {
  const all = curves.flatMap((c) => c.ys.map(numberOf)).filter(Number.isFinite);
  let low = Math.min(...all, zero ? 0 : Infinity);
  let high = Math.max(...all, zero ? 0 : -Infinity);
  if (!all.length) [low, high] = [0, 1];
  if (low === high) [low, high] = [low - 1, high + 1];
  const [first, last] = [xs[0], xs[xs.length - 1]];
  const x = (/** @type {number} */ v) => PAD.left + ((v - first) / (last - first || 1)) * (width - PAD.left - PAD.right);
  const y = (/** @type {number} */ v) => height - PAD.bottom - ((v - low) / (high - low)) * (height - PAD.top - PAD.bottom);
  const text = (/** @type {number} */ px, /** @type {number} */ py, /** @type {string} */ said, anchor = "middle") =>
    svg("text", { x: px, y: py, "text-anchor": anchor, class: "w-figure" }, said);
  const grid = [
    ...roundFigures(low, high, 4).map((v) => svg("g", null, svg("path", { class: "w-gridline", d: `M${PAD.left} ${y(v)}H${width - PAD.right}` }), text(PAD.left - 8, y(v) + 4, formatNumber(v, 3), "end"))),
    ...roundFigures(first, last, width < 420 ? 4 : 8).map((v) => text(x(v), height - PAD.bottom + 18, formatNumber(v, 3))),
  ];
  const axis = low < 0 && high > 0 ? svg("path", { class: "w-zeroline", d: `M${PAD.left} ${y(0)}H${width - PAD.right}` }) : null;
  const lines = curves.map((c) => svg("path", { class: `w-curve ${c.tone || ""}`, "stroke-dasharray": c.dashes, d: curvePath(xs, c.ys, x, y) }));
  const here = at !== undefined && at >= first && at <= last ? at : undefined;
  const marks = here === undefined ? [] : [
    svg("path", { class: "w-here", d: `M${x(here)} ${PAD.top}V${height - PAD.bottom}` }),
    ...curves.flatMap((c) => {
      const v = between(xs, c.ys, here);
      return Number.isFinite(v) ? [svg("circle", { class: "w-dot", cx: x(here), cy: y(v), r: 5 })] : [];
    }),
  ];
  return svg("svg", { class: "w-chart", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
    ...grid, axis, ...lines, ...marks, text((PAD.left + width - PAD.right) / 2, height - 4, xName));
}

/** @param {number[]} xs @param {any[]} ys @param {(v: number) => number} x @param {(v: number) => number} y */
function curvePath(xs, ys, x, y) {
  let path = "";
  let pen = "M";
  ys.forEach((value, i) => {
    const v = numberOf(value);
    if (!Number.isFinite(v)) pen = "M";
    else {
      path += `${pen}${x(xs[i]).toFixed(1)} ${y(v).toFixed(1)}`;
      pen = "L";
    }
  });
  return path;
}

/** @param {number[]} xs @param {any[]} ys @param {number} at */
function between(xs, ys, at) {
  const i = Math.min(xs.length - 2, Math.max(0, xs.findIndex((v) => v >= at) - 1));
  const part = (at - xs[i]) / (xs[i + 1] - xs[i] || 1);
  return numberOf(ys[i]) * (1 - part) + numberOf(ys[i + 1]) * part;
}
