/**
 * How much room each item needs: its shapes, the shelf with its labels, the fan behind a dot. In flow coordinates, relative
 * to the item's wire. Across the flow, room is kept by bands (shapes, first line, second line, fan), because in a drawing
 * from top to bottom the value of one item may stand beside the pill of its neighbour, a line lower.
 */

import { listAt } from "./helpers.js";
import { alikeGroups } from "./items.js";
import { shownOf } from "./quantities.js";
import { readingOf, rootName } from "./reading.js";
import { shortName, textWidth } from "./textsize.js";

/** @typedef {import("./types.js").Story} Story */
/** @typedef {import("./items.js").Item} Item */
/** @typedef {import("./quantities.js").Shown} Shown */
/**
 * @typedef {{kind: string, round: boolean, along: number, across: number, text: string, size: number, more: string}} Outline
 * @typedef {{kind: string, u: number, v: number, du: number, dv: number, text: string}} Label
 * @typedef {Object} Size
 * @property {Outline[]} shapes
 * @property {Outline | null} root
 * @property {Label[]} labels   From the start of the shelf.
 * @property {number} shelf
 * @property {number} pill   How long the longest pill of a branch is along the flow; 0: none.
 * @property {number} pillAcross
 * @property {number} step   How far branches are apart.
 * @property {number[]} up   By band.
 * @property {number[]} down
 */

export const VALUE_TEXT = 17;
export const GRAD_TEXT = 16;
const PILL_HEIGHT = 25;
export const BRANCH_HEIGHT = 22;
export const CROSS_ROOM = 15;
export const DOT_RADIUS = 6;
export const SHAPE_GAP = 34;
export const NO_BAND = 4;
/** More branches of one value run together as a trunk, from which each leaves before its gate. */
export const MOST_BRANCHES = 16;
const RISE = 15;
const ASCENT = 15;
const DESCENT = 4;
const DROP = 13;
const BESIDE = 9;
const NAME_GAP = 7;
const THUMB_GAP = 9;
const VERB_ROOM = 28;

/** How far ports of a gate are apart. @param {number} count @param {boolean} flip */
export function portStep(count, flip) {
  if (count === 2) return flip ? 30 : 22;
  return Math.min(18, 400 / Math.max(count - 1, 1));
}

/** How a heat map is drawn: the sides of the whole. @param {number[][]} thumb @returns {[number, number]} */
function thumbSize(thumb) {
  const cell = Math.min(9, 48 / thumb.length);
  return [cell * thumb[0].length, cell * thumb.length];
}

/** @param {Shown | null} shown */
function pillWidth(shown) {
  return shown ? textWidth(shown.text, GRAD_TEXT) + 20 + (shown.sign === "bad" ? CROSS_ROOM : 0) : 0;
}

/** What an unused parameter says where its gradient would stand. @param {Story} story */
export function noPath(story) {
  const end = rootName(story);
  return end.length <= 12 ? `no path to ${end}` : "no path";
}

/**
 * Measures the items of one drawing. While an input is dragged the same `kept` is given again, so that nothing shrinks.
 * @param {Story} story
 * @param {import("./items.js").Visible} visible
 * @param {boolean} flip
 * @param {boolean} textbook
 * @param {Map<string, number>} kept
 * @returns {Size[]}
 */
export function measured(story, { items, runs }, flip, textbook, kept) {
  const sums = partialSums(story);
  /** The widest that something has been. @param {string} what @param {number} width */
  const grown = (what, width) => {
    if (!width) return 0;
    const widest = Math.max(width, kept.get(what) || 0);
    kept.set(what, widest);
    return widest;
  };
  /** @param {string} kind @param {boolean} round @param {number} wide @param {number} high @param {string} text @param {number} size @returns {Outline} */
  const outline = (kind, round, wide, high, text, size, more = "") => ({ kind, round, along: flip ? high : wide, across: flip ? wide : high, text, size, more });
  /** A circle of radius 24 for a short name, drawn out for a longer one. @param {string} name @param {string} kind */
  const circle = (name, kind) => {
    const text = drawnName(name);
    const rim = kind === "root" ? 6 : 0;
    const size = Math.min(23, (40 - rim) / Math.max(textWidth(text, 1), 0.1));
    const long = size < 16;
    return outline(kind, true, long ? Math.max(48, textWidth(text, 17) + (rim ? 36 : 28)) : 48, 48, text, long ? 17 : size);
  };
  /** A box with room for all ports on its side. @param {Item} item @param {number} wide @param {number} high @param {string} text @param {number} size @param {string} [more] */
  const gate = ({ ins }, wide, high, text, size, more) => {
    const ports = ins.length > 3 ? portStep(ins.length, flip) * (ins.length - 1) + 24 : 0;
    return outline(more ? "group" : "op", false, Math.max(wide, flip ? ports : 0) + (more ? 4 : 0), Math.max(high, flip ? 0 : ports), text, size, more);
  };
  /** @param {Item} item @returns {Outline[]} */
  const shapesOf = (item) => {
    if (item.group >= 0) {
      const { id, name, count } = story.groups[item.group];
      const text = shortName(name, 20);
      const more = `+ ${operations(count)}`;
      // A letter stands in the corner of those that are alike.
      const room = alikeGroups(story).has(id) ? 48 : 28;
      return [gate(item, Math.max(132, textWidth(text, 16) + room, textWidth(more, 13) + 28), 60, text, 16, more)];
    }
    const { id, kind, name = "", role, value, symbol, op } = story.nodes[item.node];
    if (kind === "leaf") return [circle(name, role === "root" ? role : "variable")];
    if (kind === "const") {
      const text = value === undefined ? shortName(name) : shownOf(value, false).text;
      return [outline(kind, true, Math.max(34, grown(`${item.key} c`, textWidth(text, 16)) + 16), 34, text, 16)];
    }
    const text = shortName(symbol || op);
    const size = textWidth(text, 22) > 50 ? 17 : Array.from(text).length === 1 ? 26 : 22;
    const box = gate(item, Math.max(60, textWidth(text, size) + 20), 46, text, size);
    return textbook ? [box, circle(name || `v${id}`, item.ends ? "root" : "variable")] : [box];
  };

  return items.map((item) => {
    const { key, outs } = item;
    const shapes = shapesOf(item);
    const told = item.tells >= 0 ? story.nodes[item.tells] : null;
    const inGroup = item.group >= 0;
    const root = item.ends && shapes.length < 2 ? circle((told && told.name) || "out", "root") : null;
    const up = new Array(NO_BAND).fill(8);
    const down = up.slice();
    /** @type {Size} */
    const size = { shapes, root, labels: [], shelf: 14, pill: 0, pillAcross: 0, step: 16, up, down };
    /** Keeps room on both sides of the wire. @param {number} band @param {number} above @param {number} below */
    const claim = (band, above, below) => {
      const at = flip ? band : 0;
      up[at] = Math.max(up[at], above);
      down[at] = Math.max(down[at], below);
    };
    /** @param {string} kind @param {number} u @param {number} v @param {number} du @param {number} dv @param {string} [text] */
    const put = (kind, u, v, du, dv, text = "") => size.labels.push({ kind, u, v, du, dv, text });

    /** The name and value before the wire, the gradient behind it, heat maps beside them. @param {import("./types.js").StoryNode} node */
    const shelf = (node) => {
      const { kind, role, id } = node;
      const unused = kind === "leaf" && role === "parameter" && !readingOf(story).outs[id].length;
      const plain = kind !== "const";
      const value = node.value !== undefined && plain ? shownOf(node.value, false) : null;
      const grad = node.grad !== undefined && plain ? shownOf(node.grad, true) : null;
      const name = root || (!inGroup && (shapes.length > 1 || item.ends || kind !== "op")) ? "" : drawnName(node.name);
      const named = name ? textWidth(name, VALUE_TEXT) : 0;
      // Before the first value is known, a failed run has nothing to show here.
      const wide = grown(`${key} v`, value ? textWidth(value.text, VALUE_TEXT) + (value.sign === "bad" ? CROSS_ROOM : 0) : 0);
      const first = unused ? textWidth(noPath(story), GRAD_TEXT) + 20 : pillWidth(grad);
      const pill = grown(`${key} g`, Math.max(first, ...(sums.get(id) || []).map((sum) => pillWidth(shownOf(sum, true)))));
      const upper = named + (named && wide ? NAME_GAP : 0) + wide;
      const thumbs = [value, grad].map((shown) => shown && shown.thumb && thumbSize(shown.thumb));
      if (flip) {
        const second = 27;
        if (named) put("name", 5, -BESIDE - upper, ASCENT + DESCENT, named, name);
        if (wide) put("value", 5, -BESIDE - wide, ASCENT + DESCENT, wide);
        if (pill) put("grad", second, BESIDE, PILL_HEIGHT, pill);
        if (upper) claim(1, BESIDE + upper, 8);
        if (pill) claim(2, 8, BESIDE + pill);
        let end = pill ? second + PILL_HEIGHT : upper ? second : 8;
        thumbs.forEach((sides, below) => {
          if (!sides) return;
          const [across, along] = sides;
          const start = below ? second + PILL_HEIGHT + 4 : second;
          put(below ? "thumb-grad" : "thumb", start, below ? BESIDE : -BESIDE - across, along, across);
          claim(2, below ? 8 : BESIDE + across, below ? BESIDE + across : 8);
          end = Math.max(end, start + along);
        });
        return end + 4;
      }
      const bare = !outs.length && !root;
      const lead = bare ? 3 : 10;
      const top = -RISE - ASCENT;
      if (named) put("name", lead, top, named, ASCENT + DESCENT, name);
      if (wide) put("value", lead + (named && named + NAME_GAP), top, wide, ASCENT + DESCENT);
      if (pill) put("grad", lead, bare && !upper ? -PILL_HEIGHT / 2 : DROP, pill, PILL_HEIGHT);
      if (upper) claim(1, RISE + ASCENT, 8);
      if (pill) claim(2, 8, DROP + PILL_HEIGHT);
      let end = upper || pill ? lead + Math.max(upper, pill) : 6;
      thumbs.forEach((sides, below) => {
        if (!sides) return;
        const [along, across] = sides;
        const beside = lead + (below ? pill : upper) + THUMB_GAP;
        put(below ? "thumb-grad" : "thumb", beside, below ? 12 : -12 - across, along, across);
        claim(1, below ? 8 : 12 + across, below ? 12 + across : 8);
        end = Math.max(end, beside + along);
      });
      return end + 8;
    };

    const half = Math.max(...shapes.map((s) => s.across), root ? root.across : 0) / 2;
    claim(0, half + (!flip && told && told.kind === "op" && !inGroup ? VERB_ROOM : 0), half + (inGroup ? 6 : 0));
    if (root) claim(3, half, half);
    if (told) size.shelf = shelf(told);
    if (outs.length > 1) {
      // The pills of branches, where they are few enough to be read.
      const shares = outs.length > (flip ? 3 : MOST_BRANCHES) ? [] : outs.map((run) => shareOf(story, runs[run].edges));
      const widths = shares.map((share) => (share === undefined ? 0 : textWidth(shownOf(share, true).text, GRAD_TEXT) + 16));
      const wide = grown(`${key} f`, Math.max(0, ...widths));
      if (wide) [size.pill, size.pillAcross] = flip ? [BRANCH_HEIGHT, wide] : [wide, BRANCH_HEIGHT];
      size.step = wide ? size.pillAcross + 6 : Math.min(16, 400 / outs.length);
    }
    return size;
  });
}

/** "3 operations". @param {number} count */
export function operations(count) {
  return `${count} ${count === 1 ? "operation" : "operations"}`;
}

/**
 * What flows back along a run: the share of its edge, or the sum of several where these are numbers of one value.
 * @param {Story} story
 * @param {number[]} edges
 * @returns {import("./types.js").Quantity | undefined}
 */
export function shareOf(story, edges) {
  const shares = edges.map((e) => story.edges[e].contrib);
  if (edges.length === 1) return shares[0];
  if (shares.some((s) => typeof s !== "number") || edges.some((e) => story.edges[e].src !== story.edges[edges[0]].src)) return undefined;
  return /** @type {number[]} */ (shares).reduce((a, b) => a + b, 0);
}

/** By node with several uses: what its gradient is before all have come. @param {Story} story */
function partialSums(story) {
  /** @type {Map<number, import("./types.js").Quantity[]>} */
  const sums = new Map();
  for (const entry of story.backward) {
    for (const part of entry.parts || []) {
      if (part.sum === undefined || !(part.of && part.of > 1)) continue;
      listAt(sums, story.edges[part.edge].src).push(part.sum);
    }
  }
  return sums;
}

/** A name as mathematics writes it, v2 with its 2 below, and short. @param {string | undefined} name */
function drawnName(name) {
  const short = shortName(name);
  const parts = /^([^\W\d_]+)_?(\d+)$/u.exec(short);
  return parts ? parts[1] + parts[2].replace(/\d/g, (d) => "₀₁₂₃₄₅₆₇₈₉"[Number(d)]) : short;
}
