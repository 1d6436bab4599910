/** Quantities as text and as tiles: numbers, gradients with their sign, tensors by shape and rms. */

import { h } from "./dom.js";
import { arrayText, formatGradient, formatNumber, formatShape, signOf, WIRE_LIMIT } from "./format.js";
import { isTensor } from "./reading.js";

/** @typedef {import("./types.js").Quantity} Quantity */

/**
 * A value in words of at most one line; "" where there is none.
 * @param {Quantity | undefined} value
 * @param {number} [digits]
 * @param {number} [limit]
 */
export function valueText(value, digits = 4, limit = Infinity) {
  if (value === undefined) return "";
  if (isTensor(value)) return arrayText(value, digits, limit);
  return formatNumber(value, digits, limit);
}

/**
 * A gradient: with its sign; a tensor's has its size.
 * @param {Quantity | undefined} value
 * @param {number} [digits]
 * @param {number} [limit]
 */
export function gradientText(value, digits = 4, limit = Infinity) {
  if (value === undefined) return "";
  if (isTensor(value)) return value.rms === undefined ? formatShape(value.shape) : `rms ${formatNumber(value.rms, digits, limit)}`;
  return formatGradient(value, digits, limit);
}

/**
 * The class of colour: pos, neg, zero or bad; tensors whose entries disagree are zero, which is neutral.
 * @param {Quantity | undefined} value
 */
export function toneOf(value) {
  if (value === undefined) return "zero";
  if (!isTensor(value)) return signOf(value);
  if (value.nan || value.inf) return "bad";
  const { pos = 0, neg = 0 } = value;
  if (!(pos + neg)) return "zero";
  return pos >= 0.9 * (pos + neg) ? "pos" : neg >= 0.9 * (pos + neg) ? "neg" : "zero";
}

/** A factor as people write it: negative ones in parentheses. @param {string} text */
export function inProduct(text) {
  return /^[−+]|\s/.test(text) ? `(${text})` : text;
}

/** As a voice reads it: "minus 4", not a dash. @param {string} text */
export function readAloud(text) {
  return text.replaceAll("−", "minus ").replaceAll("+", "").replaceAll("×10", " times ten to the ").replaceAll("∞", "infinity");
}

/**
 * A number on a ground of its colour; what practice hides is a question mark.
 * @param {Quantity | undefined} value
 * @param {{gradient?: boolean, tone?: string, hidden?: boolean, digits?: number, [attribute: string]: any}} [how]
 */
export function tile(value, { gradient = false, tone, hidden = false, digits = 4, ...attributes } = {}) {
  const told = gradient ? gradientText : valueText;
  // In rows a number has as many letters as on a wire; where more digits are asked for, none is lost.
  const text = hidden ? "?" : told(value, digits, digits > 4 ? Infinity : WIRE_LIMIT);
  const whole = told(value, 6);
  const colour = hidden ? "zero" : tone || (gradient ? toneOf(value) : toneOf(value) === "bad" ? "bad" : "plain");
  const mark = colour === "bad" && !hidden ? "✗ " : "";
  return h("span", { title: hidden || whole === text ? null : whole, ...attributes, class: `tile ${colour} ${attributes.class || ""}`.trim() }, mark + (text || "·"));
}
