/** Tensors: a heat map by sign and size, statistics, a histogram, and the numbers themselves on request. */

import { h, svg } from "./dom.js";
import { formatExact, formatNumber, formatShape } from "./format.js";

/** @typedef {import("./types.js").TensorSummary} TensorSummary */

/**
 * The heat map in a box of at most `room` pixels height; null where there is nothing to draw.
 * @param {TensorSummary} tensor
 * @param {number} cell
 * @param {number} [room]
 * @param {number} [least]   Small tensors are so high, as long as they are not three times as wide.
 */
export function heat(tensor, cell, room = 400, least = 0) {
  const { thumb } = tensor;
  if (!thumb || !thumb.rows || !thumb.cols) return null;
  const size = Math.max(2, Math.min(Math.max(cell, Math.min(Math.ceil(least / thumb.rows), Math.floor((3 * least) / thumb.cols))), Math.floor(room / thumb.rows)));
  const cells = thumb.q.flatMap((row, y) =>
    row.map((q, x) => {
      const tone = q > 0 ? "pos" : q < 0 ? "neg" : q === 0 ? "zero" : "bad";
      return svg("rect", { x: x * size, y: y * size, width: size - 0.5, height: size - 0.5, class: tone, "fill-opacity": (0.08 + (0.85 * Math.abs(q || 0)) / 9).toFixed(2) });
    }));
  const [w, t] = [thumb.cols * size, thumb.rows * size];
  return svg("svg", { class: "heat", width: w, height: t, viewBox: `0 0 ${w} ${t}`, role: "img", "aria-label": heatWords(tensor) }, ...cells);
}

/** @param {TensorSummary} tensor */
function heatWords(tensor) {
  const { shape, pos = 0, neg = 0, rms } = tensor;
  return `Heat map ${formatShape(shape)}: ${pos} positive, ${neg} negative${rms === undefined ? "" : `, rms ${formatNumber(rms)}`}`;
}

/**
 * All that can be said about a tensor, under a heading.
 * @param {string} label
 * @param {TensorSummary} tensor
 */
export function tensorPanel(label, tensor) {
  const count = tensor.shape.reduce((a, b) => a * b, 1);
  const shape = formatShape(tensor.shape) || "one number";
  if (!count) return h("div.tensor", h("h3", label), h("p", `${shape}: empty`));
  const { pos = 0, neg = 0, nan = 0, inf = 0 } = tensor;
  const zero = Math.max(0, count - pos - neg - nan - (inf && pos + neg + nan + inf > count ? 0 : inf));
  const share = (/** @type {number} */ n) => `${formatNumber((100 * n) / count, 3)} %`;
  const stats = /** @type {[string, any][]} */ (["min", "mean", "max", "rms"].map((k) => [k, /** @type {any} */ (tensor)[k]]));
  return h(
    "div.tensor",
    h("h3", label, h("span.aside", ` ${shape} ${tensor.dtype}`)),
    h("div.heat-box", heat(tensor, 14, 168)),
    h("dl.stats", ...stats.filter(([, v]) => v !== undefined).map(([k, v]) => h("div", h("dt", k), h("dd", formatNumber(v, 6))))),
    h("p.signs",
      h("span.pos", `+ ${share(pos)}`), h("span.neg", `− ${share(neg)}`), h("span.zero", `0 ${share(zero)}`),
      nan ? h("span.bad", `✗ ${nan} NaN`) : null, inf ? h("span.bad", `✗ ${inf} ∞`) : null),
    histogram(tensor),
    sliceOf(tensor),
  );
}

/** @param {TensorSummary} tensor */
function histogram({ hist }) {
  if (!hist || !hist.n.length) return null;
  const most = Math.max(1, ...hist.n);
  const bars = hist.n.map((n, i) => svg("rect", { x: i * 10 + 0.5, width: 9, y: 40 - (38 * n) / most, height: (38 * n) / most }, svg("title", null, String(n))));
  return h("figure.hist",
    svg("svg", { viewBox: "0 0 160 40", preserveAspectRatio: "none", role: "img", "aria-label": `Histogram of ${hist.n.length} bins: ${hist.n.join(", ")}` }, ...bars),
    h("figcaption", h("span", formatNumber(hist.lo)), h("span", formatNumber(hist.hi))));
}

/** The corner that the story has in full. @param {TensorSummary} tensor */
function sliceOf({ slice, shape }) {
  if (slice === undefined) return null;
  const rows = (Array.isArray(slice) ? slice : [slice]).map((row) => (Array.isArray(row) ? row : [row]));
  // A vector reads as one row.
  const table = Array.isArray(slice) && slice.length && !Array.isArray(slice[0]) ? [slice] : rows;
  const whole = table.length * (table[0] || []).length === shape.reduce((a, b) => a * b, 1);
  return h("details.slice",
    h("summary", whole ? "All numbers" : "Numbers of the first corner"),
    h("div.slice-scroll", { tabindex: 0, role: "group", "aria-label": "Numbers" },
      h("table", h("tbody", ...table.map((row) => h("tr", ...row.map((v) => h("td", Array.isArray(v) ? "…" : formatExact(v)))))))));
}
