/** What a value or gradient looks like on a wire: its text, sign and size; and how wide lanes are for one story. */

import { WIRE_LIMIT, arrayText, formatExact, formatGradient, formatNumber, formatShape, signOf } from "./format.js";
import { clamp } from "./helpers.js";
import { isTensor, readingOf } from "./reading.js";

/** @typedef {import("./types.js").Story} Story */
/** @typedef {import("./types.js").Quantity} Quantity */
/**
 * @typedef {Object} Shown
 * @property {string} text   As on a wire.
 * @property {string} full   As in a tooltip.
 * @property {string} sign   pos, neg, zero, bad or, for tensors whose entries disagree, mixed.
 * @property {number} size
 * @property {number[][] | null} thumb   Heat map: rows of whole numbers from -9 to 9.
 */

const WIRE_DIGITS = 4;
const AGREE = 0.9;
const BLOCKING = new Set(["router", "blocks", "blocked"]);

/** @type {Shown} */
export const UNKNOWN = { text: "?", full: "hidden", sign: "zero", size: 0, thumb: null };

/** @param {unknown} value @returns {number} */
function sizeOf(value) {
  if (typeof value === "number") return Math.abs(value);
  if (value && typeof value === "object" && "re" in value) {
    const { re, im } = /** @type {import("./types.js").Complex} */ (value);
    return Math.hypot(Number(re), Number(im));
  }
  return value === "NaN" ? NaN : Infinity;
}

/**
 * @param {Quantity} value
 * @param {boolean} gradient
 * @returns {Shown}
 */
export function shownOf(value, gradient) {
  if (isTensor(value)) return tensorShown(value, gradient);
  const write = gradient ? formatGradient : formatNumber;
  return { text: write(value, WIRE_DIGITS, WIRE_LIMIT), full: formatExact(value), sign: signOf(value), size: sizeOf(value), thumb: null };
}

/**
 * @param {import("./types.js").TensorSummary} value
 * @param {boolean} gradient
 * @returns {Shown}
 */
function tensorShown(value, gradient) {
  const shape = formatShape(value.shape) || "scalar";
  let text = gradient ? "rms " + formatNumber(value.rms ?? 0, WIRE_DIGITS, WIRE_LIMIT) : arrayText(value, WIRE_DIGITS, WIRE_LIMIT);
  const sign = tensorSign(value);
  if (gradient && sign === "bad") text = value.nan ? "NaN" : "∞";
  if (gradient && sign === "zero") text = "0";
  let full = shape;
  for (const key of /** @type {const} */ (["min", "mean", "max", "rms"])) {
    const told = value[key];
    if (told !== undefined) full += `, ${key} ${formatNumber(told, 6)}`;
  }
  const cells = value.thumb && !value.shape.includes(0) ? value.thumb.q : [];
  return { text, full, sign, size: magnitude(value), thumb: cells.length && cells[0].length ? cells : null };
}

/** @param {import("./types.js").TensorSummary} value */
function tensorSign(value) {
  if (value.nan || value.inf) return "bad";
  const pos = value.pos || 0;
  const neg = value.neg || 0;
  if (!(pos + neg)) return "zero";
  return Math.max(pos, neg) >= AGREE * (pos + neg) ? (pos > neg ? "pos" : "neg") : "mixed";
}

/** The strong colour of a sign; entries of both signs take the neutral one. @param {string} sign */
export function toneColour(sign) {
  return sign === "pos" || sign === "neg" || sign === "bad" ? sign : "zero";
}

/** The magnitude alone, without any text. @param {Quantity | undefined} value */
export function magnitude(value) {
  if (value === undefined) return 0;
  return sizeOf(isTensor(value) ? value.rms ?? 0 : value);
}

/** The sign alone, without any text. @param {Quantity | undefined} value @returns {string} */
export function signShown(value) {
  if (value === undefined) return "zero";
  return isTensor(value) ? tensorSign(value) : signOf(value);
}

/**
 * How wide a lane is: by the root of its size, or by decades when sizes differ much.
 * @typedef {{decades: boolean, width: (size: number) => number}} LaneScale
 * @param {Iterable<number>} sizes
 * @returns {LaneScale}
 */
function laneScale(sizes) {
  let low = Infinity;
  let high = 0;
  const isSize = (/** @type {number} */ size) => size > 0 && size < Infinity;
  for (const size of sizes) {
    if (!isSize(size)) continue;
    low = Math.min(low, size);
    high = Math.max(high, size);
  }
  const from = Math.log10(low);
  const to = Math.log10(high);
  const decades = high > 0 && to - from >= 2;
  return {
    decades,
    width(size) {
      if (!isSize(size) || !high) return 1.6;
      const part = decades ? (Math.log10(size) - from) / (to - from) : Math.sqrt(size / high);
      return 1.6 + 4.4 * clamp(part, 0, 1);
    },
  };
}

/**
 * What the drawing of a whole story shares.
 * @typedef {Object} Scales
 * @property {LaneScale} values
 * @property {LaneScale} grads
 * @property {Set<number>} zeroNodes   Through which nothing can flow back.
 * @property {Set<number>} zeroEdges
 * @param {Story} story
 * @returns {Scales}
 */
export function scalesOf(story) {
  const { ins, outs } = readingOf(story);
  /** @type {Set<number>} */
  const zeroNodes = new Set();
  /** @type {Set<number>} */
  const zeroEdges = new Set();
  for (let id = story.nodes.length - 1; id >= 0; id--) {
    const node = story.nodes[id];
    if (node.zero !== undefined || (outs[id].length && outs[id].every((e) => zeroEdges.has(e.id)))) zeroNodes.add(id);
    for (const edge of ins[id]) {
      if (edge.contrib === undefined || signShown(edge.contrib) !== "zero" || magnitude(edge.contrib)) continue;
      const nothing = edge.local === undefined || edge.local === 0;
      if (zeroNodes.has(id) || (BLOCKING.has(node.gate || "") && nothing)) zeroEdges.add(edge.id);
    }
  }
  return {
    values: laneScale(story.nodes.map((n) => magnitude(n.value))),
    grads: laneScale([...story.nodes.map((n) => magnitude(n.grad)), ...story.edges.map((e) => magnitude(e.contrib))]),
    zeroNodes,
    zeroEdges,
  };
}
