/** Items as marks: what is drawn for a node, a group, a label, before it is known whether on a page, a canvas or a file. */

import { UI_FONT, MATH_FONT } from "./palette.js";
import { CROSS_ROOM, GRAD_TEXT, VALUE_TEXT } from "./measure.js";
import { shortNumber } from "./paths.js";
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

/** @param {number} x @param {number} y @param {number} w @param {number} h @param {Record<string, any>} more @param {string} [c] @param {string} [enter] @returns {Mark} */
export function rectMark(x, y, w, h, more, c = "", enter = "") {
  return { t: "rect", a: { x: shortNumber(x), y: shortNumber(y), width: shortNumber(w), height: shortNumber(h), ...more }, c, enter };
}

/** @param {number} x @param {number} y @param {string} s @param {number} size @param {string} fill @param {Record<string, any>} [more] @param {string} [c] @returns {Mark} */
export function textMark(x, y, s, size, fill, more = {}, c = "", enter = "") {
  return { t: "text", s, a: { x: shortNumber(x), y: shortNumber(y), "font-size": shortNumber(size), fill, ...more }, c, enter };
}

/** The small cross of what is broken, drawn because fonts may lack it. @param {number} x @param {number} y @param {string} stroke @returns {Mark} */
export function crossMark(x, y, stroke) {
  const [a, b, c, d] = [x - 4, x + 4, y - 4, y + 4].map(shortNumber);
  return { t: "path", a: { d: `M${a} ${c}L${b} ${d}M${b} ${c}L${a} ${d}`, stroke, "stroke-width": 2.2, fill: "none" } };
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
export function shapeMarks(box, state) {
  let stroke = "ink";
  let fill = box.round ? "stage" : "panel";
  let ink = "ink";
  let width = 1.6;
  let dashes;
  if (box.kind === "const") [stroke, fill, ink, width] = ["edge", "zerobg", "ink2", 1.2];
  else if (state.quiet) stroke = "edge";
  if (!state.reached) [stroke, ink, dashes] = ["edge", "ink2", "5 4"];
  if (state.bad) [stroke, fill, ink, dashes] = ["bad", "badbg", "bad", undefined];
  if (state.current) [stroke, width, dashes] = [state.bad ? "bad" : "ring", 3, undefined];
  if (state.current) [fill, ink] = ["here", state.bad ? "bad" : "ink"];
  const group = box.kind === "group";
  let { x, y, w, h } = box;
  if (group) [y, w, h] = [y + 2, w - 4, h - 8];
  const rx = shortNumber(box.round ? h / 2 : 9);
  const a = { rx, fill, stroke, "stroke-width": width, "stroke-dasharray": dashes };
  /** @type {Mark[]} */
  const marks = [];
  if (state.selected) marks.push(rectMark(x - 6, y - 6, w + 12, h + 12, { rx: shortNumber(box.round ? h / 2 + 6 : 14), fill: "none", stroke: "ink", "stroke-width": 2, "stroke-dasharray": "1.5 4.5", "stroke-linecap": "round" }, "chosen"));
  if (group) marks.push(rectMark(x + 4, y + 4, w, h, { ...a, "stroke-width": 1.2, fill: "panel" }));
  marks.push(rectMark(x, y, w, h, a, "shape"));
  if (box.kind === "root") marks.push(rectMark(x + 4, y + 4, w - 8, h - 8, { ...a, rx: shortNumber(h / 2 - 4), fill: "none", "stroke-width": Math.min(width, 1.6) }));
  const text = state.said ?? box.text;
  const middle = x + w / 2;
  if (group) {
    marks.push(textMark(middle, y + h / 2 - 3, text, box.size, ink, { "text-anchor": "middle", "font-weight": 600 }, "name"));
    marks.push(textMark(middle, y + h / 2 + 15, box.more, 13, state.current ? "ink" : "ink2", { "text-anchor": "middle" }));
  } else if (text) {
    const variable = box.kind === "variable" || box.kind === "root";
    const font = variable ? { "font-family": MATH_FONT, "font-style": "italic" } : box.kind === "const" ? { "font-weight": 650 } : {};
    const drop = variable ? 0.29 : 0.35;
    marks.push(textMark(middle, y + h / 2 + box.size * drop, text, box.size, ink, { "text-anchor": "middle", ...font }, box.kind === "const" ? "value" : variable ? "name" : "symbol"));
  }
  if (state.bad && !box.round) marks.push(crossMark(x + w - 9, y + 9, "bad"));
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
  if (!first) return [];
  const baseline = first.y + 15;
  const bad = shown !== null && shown.sign === "bad";
  /** @type {Mark[]} */
  const marks = [];
  const spans = [];
  if (name) spans.push({ s: name.text, a: { "font-family": MATH_FONT, "font-style": "italic", "font-weight": "normal", fill: "ink2" }, c: "name" });
  if (shown) spans.push({ s: shown.text, a: { "font-family": UI_FONT, "font-weight": 650, fill: bad ? "bad" : "ink", dx: name ? 7 : undefined }, c: "value" });
  if (!spans.length) return marks;
  const last = value || first;
  let x = left ? last.x + last.w : first.x;
  if (bad) {
    const wide = textWidth(spans.map((s) => s.s).join(""), VALUE_TEXT);
    marks.push(crossMark(left ? Math.max(first.x + 5, x - wide - CROSS_ROOM) : x + 5, baseline - 6, "bad"));
    if (!left) x += CROSS_ROOM;
  }
  marks.push({ t: "text", a: { x: shortNumber(x), y: shortNumber(baseline), "font-size": VALUE_TEXT, "text-anchor": left ? "end" : undefined }, spans, c: "told", enter: fresh ? "fade" : "" });
  return marks;
}

/**
 * A gradient, or a branch's share, on a ground of its sign.
 * @param {Box} box @param {Shown} shown
 * @param {{outline?: "" | "up" | "down", left?: boolean, enter?: string, kind: "grad" | "share" | "note"}} how
 * @returns {Mark[]}
 */
export function pillMarks(box, shown, { outline = "", left = false, enter = "", kind }) {
  const tone = toneColour(shown.sign);
  const bad = shown.sign === "bad" && kind !== "share";
  const small = kind === "share";
  const wide = Math.min(box.w, textWidth(shown.text, GRAD_TEXT) + (small ? 16 : 20) + (bad ? CROSS_ROOM : 0));
  const x = left ? box.x + box.w - wide : small ? box.x + (box.w - wide) / 2 : box.x;
  const rim = outline ? { stroke: tone, "stroke-width": 2, "stroke-dasharray": outline === "up" ? "4 3" : undefined } : small ? { stroke: "stage", "stroke-width": 2 } : {};
  const marks = [rectMark(x, box.y, wide, box.h, { rx: shortNumber(box.h / 2), fill: tone + "bg", ...rim }, "", enter)];
  let middle = x + wide / 2;
  if (bad) {
    marks.push(crossMark(x + 15, box.y + box.h / 2, tone));
    middle += CROSS_ROOM / 2;
  }
  marks.push(textMark(middle, box.y + box.h / 2 + GRAD_TEXT * 0.36, shown.text, GRAD_TEXT, tone, { "text-anchor": "middle", "font-weight": 650 }, kind, enter));
  return marks;
}

/** A tensor as small squares, blue and orange, the stronger the larger. @param {Box} box @param {Shown} shown @returns {Mark[]} */
export function heatMarks(box, shown) {
  const { thumb } = shown;
  if (!thumb) return [];
  const side = box.h / thumb.length;
  const paths = new Map();
  thumb.forEach((row, i) =>
    row.forEach((entry, k) => {
      const d = `M${shortNumber(box.x + k * side)} ${shortNumber(box.y + i * side)}h${shortNumber(side)}v${shortNumber(side)}h${-shortNumber(side)}z`;
      paths.set(entry, (paths.get(entry) || "") + d);
    }),
  );
  const marks = [rectMark(box.x, box.y, box.w, box.h, { fill: "stage" })];
  for (const [entry, d] of [...paths].sort((a, b) => a[0] - b[0])) {
    const strength = 0.08 + (0.85 * Math.min(Math.abs(entry), 9)) / 9;
    marks.push({ t: "path", a: { d, fill: entry > 0 ? "pos" : entry < 0 ? "neg" : "zero", "fill-opacity": Math.round(strength * 100) / 100 } });
  }
  marks.push(rectMark(box.x, box.y, box.w, box.h, { fill: "none", stroke: "edge" }));
  return marks;
}
