/** Items as marks: what is drawn for a node, a group, a label, before it is known whether on a page, a canvas or a file. */

import { UI_FONT, MATH_FONT } from "./palette.js";
import { CROSS_ROOM, GRAD_TEXT, VALUE_TEXT } from "./measure.js";
import { placeText, shortNumber } from "./paths.js";
import { toneColour } from "./quantities.js";
import { textWidth } from "./textsize.js";

/** @typedef {import("./scene.js").Box} Box */
/** @typedef {import("./quantities.js").Shown} Shown */
/**
 * @typedef {Object} Mark   Colours in it are names.
 * @property {string} t   rect, path or text.
 * @property {Record<string, string | number | undefined>} a
 * @property {string} [s]   Its text.
 * @property {{s: string, a: Record<string, string | number | undefined>, c?: string}[]} [spans]
 * @property {string} [c]   Its class.
 * @property {string} [enter]   How it comes: lane, back or fade.
 */

/** @typedef {{x: number, y: number, w: number, h: number}} Place */
/** @typedef {Mark["a"]} Attributes */

const MATH = { "font-family": MATH_FONT, "font-style": "italic" };
/** How texts stand in the middle, plain and strong. */
const CENTRED = { "text-anchor": "middle" };
export const STRONG = { ...CENTRED, "font-weight": 600 };

/** The outline of a place, drawn so far outside of it. @param {Place} place @param {number} by @param {Attributes} more @param {string} [c] @param {string} [enter] @returns {Mark} */
export function rectMark({ x, y, w, h }, by, more, c = "", enter = "") {
  return { t: "rect", a: { x: shortNumber(x - by), y: shortNumber(y - by), width: shortNumber(w + 2 * by), height: shortNumber(h + 2 * by), ...more }, c, enter };
}

/** @param {number} x @param {number} y @param {string} s @param {number} size @param {string} fill @param {Attributes} more @param {string} [c] @returns {Mark} */
export function textMark(x, y, s, size, fill, more, c = "", enter = "") {
  return { t: "text", s, a: { x: shortNumber(x), y: shortNumber(y), "font-size": shortNumber(size), fill, ...more }, c, enter };
}

/** @param {Attributes} a @param {string} [enter] @returns {Mark} */
export function pathMark(a, enter) {
  return { t: "path", a, enter };
}

/** The small cross of what is broken, drawn because fonts may lack it. @param {number} x @param {number} y @returns {Mark} */
function crossMark(x, y) {
  const [a, b, c, d] = [x - 4, x + 4, y - 4, y + 4].map(shortNumber);
  return pathMark({ d: `M${a} ${c}L${b} ${d}M${b} ${c}L${a} ${d}`, stroke: "bad", "stroke-width": 2.2, fill: "none" });
}

/**
 * @typedef {Object} ShapeState
 * @property {boolean} current
 * @property {boolean} selected
 * @property {boolean} reached
 * @property {boolean} bad
 * @property {boolean} quiet   Data: an input that is not differentiated.
 * @property {string | null} said   Instead of its own text.
 */

/** The outline of a node or group with the text in it. @param {Box} box @param {ShapeState} state @returns {Mark[]} */
export function shapeMarks(box, { current, selected, reached, bad, quiet, said }) {
  const { kind, round, size, more } = box;
  const group = kind === "group";
  const constant = kind === "const";
  const variable = kind === "variable" || kind === "root";
  let stroke = "ink";
  let fill = round ? "stage" : "panel";
  let ink = "ink";
  let width = 1.6;
  let dashes;
  if (constant) [stroke, fill, ink, width] = ["edge", "zerobg", "ink2", 1.2];
  else if (quiet) stroke = "edge";
  if (!reached) [stroke, ink, dashes] = ["edge", "ink2", "5 4"];
  if (bad) [stroke, fill, ink, dashes] = ["bad", "badbg", "bad", undefined];
  if (current) [stroke, fill, ink, width, dashes] = [bad ? "bad" : "ring", "here", bad ? "bad" : "ink", 3, undefined];
  const place = group ? { x: box.x, y: box.y + 2, w: box.w - 4, h: box.h - 8 } : box;
  const { x, y, w, h } = place;
  const a = { rx: shortNumber(round ? h / 2 : 9), fill, stroke, "stroke-width": width, "stroke-dasharray": dashes };
  /** @type {Mark[]} */
  const marks = [];
  if (selected) marks.push(rectMark(place, 6, { rx: shortNumber(round ? h / 2 + 6 : 14), fill: "none", stroke: "ink", "stroke-width": 2, "stroke-dasharray": "1.5 4.5", "stroke-linecap": "round" }, "chosen"));
  if (group) marks.push(rectMark({ ...place, x: x + 4, y: y + 4 }, 0, { ...a, "stroke-width": 1.2, fill: "panel" }));
  marks.push(rectMark(place, 0, a, "shape"));
  if (kind === "root") marks.push(rectMark(place, -4, { ...a, rx: shortNumber(h / 2 - 4), fill: "none", "stroke-width": Math.min(width, 1.6) }));
  const text = said ?? box.text;
  const put = (/** @type {number} */ down, /** @type {string} */ words, /** @type {number} */ points, /** @type {string} */ colour, /** @type {Attributes} */ how, c = "") =>
    marks.push(textMark(x + w / 2, y + h / 2 + down, words, points, colour, how, c));
  if (group) {
    put(-3, text, size, ink, STRONG, "name");
    put(15, more, 13, current ? "ink" : "ink2", CENTRED);
  } else if (text) {
    const font = variable ? MATH : constant ? { "font-weight": 650 } : {};
    put(size * (variable ? 0.29 : 0.35), text, size, ink, { ...CENTRED, ...font }, constant ? "value" : variable ? "name" : "symbol");
  }
  if (bad && !round) marks.push(crossMark(x + w - 9, y + 9));
  return marks;
}

/**
 * The name in italics, then the value, as one line of text so that no font pulls them apart.
 * @param {Box | undefined} name @param {Box | undefined} value @param {Shown | null} shown @param {boolean} left   Whether the line ends at the wire.
 * @param {boolean} fresh
 * @returns {Mark[]}
 */
export function valueMarks(name, value, shown, left, fresh) {
  const first = name || value;
  const spans = [];
  if (name) spans.push({ s: name.text, a: { ...MATH, "font-weight": "normal", fill: "ink2" }, c: "name" });
  const bad = shown?.sign === "bad";
  if (shown) spans.push({ s: shown.text, a: { "font-family": UI_FONT, "font-weight": 650, fill: bad ? "bad" : "ink", dx: name ? 7 : undefined }, c: "value" });
  if (!first || !spans.length) return [];
  const last = value || first;
  const baseline = first.y + 15;
  let x = left ? last.x + last.w : first.x;
  /** @type {Mark[]} */
  const marks = [];
  if (bad) {
    const wide = textWidth(spans.map((s) => s.s).join(""), VALUE_TEXT);
    marks.push(crossMark(left ? Math.max(first.x + 5, x - wide - CROSS_ROOM) : x + 5, baseline - 6));
    if (!left) x += CROSS_ROOM;
  }
  marks.push({ t: "text", a: { x: shortNumber(x), y: shortNumber(baseline), "font-size": VALUE_TEXT, "text-anchor": left ? "end" : undefined }, spans, c: "told", enter: fresh ? "fade" : "" });
  return marks;
}

/**
 * A gradient, or a branch's share, on a ground of its sign.
 * @param {Box} box @param {Shown} shown
 * @param {"grad" | "share" | "note"} kind
 * @param {string} [outline]   "up" or "down".
 * @param {string} [enter]
 * @returns {Mark[]}
 */
export function pillMarks(box, { text, sign }, kind, outline = "", enter = "") {
  const { y, h } = box;
  const tone = toneColour(sign);
  const small = kind === "share";
  const bad = sign === "bad" && !small;
  const w = Math.min(box.w, textWidth(text, GRAD_TEXT) + (small ? 16 : 20) + (bad ? CROSS_ROOM : 0));
  const x = small ? box.x + (box.w - w) / 2 : box.x;
  const rim = outline ? { stroke: tone, "stroke-width": 2, "stroke-dasharray": outline === "up" ? "4 3" : undefined } : small ? { stroke: "stage", "stroke-width": 2 } : {};
  return [
    rectMark({ x, y, w, h }, 0, { rx: shortNumber(h / 2), fill: tone + "bg", ...rim }, "", enter),
    ...(bad ? [crossMark(x + 15, y + h / 2)] : []),
    textMark(x + w / 2 + (bad ? CROSS_ROOM / 2 : 0), y + h / 2 + GRAD_TEXT * 0.36, text, GRAD_TEXT, tone, { ...CENTRED, "font-weight": 650 }, kind, enter),
  ];
}

/** A tensor as small squares, blue and orange, the stronger the larger. @param {Box} box @param {Shown} shown @returns {Mark[]} */
export function heatMarks(box, { thumb }) {
  if (!thumb) return [];
  const side = box.h / thumb.length;
  const long = shortNumber(side);
  /** @type {Map<number, string>} */
  const paths = new Map();
  thumb.forEach((row, i) =>
    row.forEach((entry, k) => {
      const d = `M${placeText(box.x + k * side, box.y + i * side, false)}h${long}v${long}h${-long}z`;
      paths.set(entry, (paths.get(entry) || "") + d);
    }),
  );
  const cells = [...paths].sort((a, b) => a[0] - b[0]).map(([entry, d]) => {
    const strength = 0.08 + (0.85 * Math.min(Math.abs(entry), 9)) / 9;
    return pathMark({ d, fill: entry > 0 ? "pos" : entry < 0 ? "neg" : "zero", "fill-opacity": Math.round(strength * 100) / 100 });
  });
  return [rectMark(box, 0, { fill: "stage" }), ...cells, rectMark(box, 0, { fill: "none", stroke: "edge" })];
}
