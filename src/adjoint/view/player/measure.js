/**
 * How much room each item needs: its shapes, the shelf with its labels, the fan behind a dot. In flow coordinates, relative
 * to the item's wire. Across the flow, room is kept by bands (shapes, first line, second line, fan), because in a drawing
 * from top to bottom the value of one item may stand beside the pill of its neighbour, a line lower.
 */

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
export const PILL_HEIGHT = 25;
export const BRANCH_HEIGHT = 22;
export const CROSS_ROOM = 15;
export const DOT_RADIUS = 6;
export const SHAPE_GAP = 34;
export const NO_BAND = 4;
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
export function thumbSize(thumb) {
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
 */
export class Measurer {
  /**
   * @param {Story} story
   * @param {import("./expand.js").Run[]} runs
   * @param {boolean} flip
   * @param {boolean} textbook
   * @param {Map<string, number>} kept
   */
  constructor(story, runs, flip, textbook, kept) {
    this.story = story;
    this.runs = runs;
    this.flip = flip;
    this.textbook = textbook;
    this.kept = kept;
    this.sums = partialSums(story);
  }

  /** The widest that something has been. @param {string} what @param {number} width */
  grown(what, width) {
    const widest = Math.max(width, this.kept.get(what) || 0);
    if (width) this.kept.set(what, widest);
    return width ? widest : 0;
  }

  /** @param {Item} item @returns {Size} */
  measure(item) {
    const shapes = item.group >= 0 ? [this.groupShape(item)] : this.nodeShapes(item);
    const told = item.tells >= 0 ? this.story.nodes[item.tells] : null;
    const inside = item.group < 0 && (shapes.length > 1 || item.ends || (told && told.kind !== "op"));
    const root = item.ends && shapes.length < 2 ? this.circle((told && told.name) || "out", "root") : null;
    /** @type {Size} */
    const size = { shapes, root, labels: [], shelf: 14, pill: 0, pillAcross: 0, step: 16, up: [], down: [] };
    size.up = new Array(NO_BAND).fill(8);
    size.down = new Array(NO_BAND).fill(8);
    const half = Math.max(...shapes.map((s) => s.across), root ? root.across : 0) / 2;
    const verb = !this.flip && told && told.kind === "op" && item.group < 0 ? VERB_ROOM : 0;
    this.claim(size, 0, half + verb, half + (item.group >= 0 ? 6 : 0));
    if (root) this.claim(size, 3, half, half);
    if (told) this.shelf(size, item, told, inside || root ? "" : drawnName(told.name));
    if (item.outs.length > 1) this.fan(size, item);
    return size;
  }

  /** Keeps room on both sides of the wire. @param {Size} size @param {number} band @param {number} up @param {number} down */
  claim(size, band, up, down) {
    const at = this.flip ? band : 0;
    size.up[at] = Math.max(size.up[at], up);
    size.down[at] = Math.max(size.down[at], down);
  }

  /** @param {string} kind @param {boolean} round @param {number} wide @param {number} high @param {string} text @param {number} size @returns {Outline} */
  outline(kind, round, wide, high, text, size, more = "") {
    return { kind, round, along: this.flip ? high : wide, across: this.flip ? wide : high, text, size, more };
  }

  /** A circle of radius 24 for a short name, drawn out for a longer one. @param {string} name @param {string} kind */
  circle(name, kind) {
    const text = drawnName(name);
    const size = Math.min(23, (kind === "root" ? 34 : 40) / Math.max(textWidth(text, 1), 0.1));
    if (size >= 16) return this.outline(kind, true, 48, 48, text, size);
    return this.outline(kind, true, Math.max(48, textWidth(text, 17) + (kind === "root" ? 36 : 28)), 48, text, 17);
  }

  /** @param {Item} item */
  nodeShapes(item) {
    const node = this.story.nodes[item.node];
    if (node.kind === "leaf") return [this.circle(node.name || "", node.role === "root" ? "root" : "variable")];
    if (node.kind === "const") {
      const text = node.value === undefined ? shortName(node.name) : shownOf(node.value, false).text;
      const wide = this.grown(`${item.key} c`, textWidth(text, 16));
      return [this.outline("const", true, Math.max(34, wide + 16), 34, text, 16)];
    }
    const text = shortName(node.symbol || node.op);
    const size = textWidth(text, 22) <= 50 ? (Array.from(text).length === 1 ? 26 : 22) : 17;
    const ports = item.ins.length > 3 ? portStep(item.ins.length, this.flip) * (item.ins.length - 1) + 24 : 0;
    const wide = Math.max(60, textWidth(text, size) + 20, this.flip ? ports : 0);
    const box = this.outline("op", false, wide, Math.max(46, this.flip ? 0 : ports), text, size);
    if (!this.textbook) return [box];
    return [box, this.circle(node.name || `v${node.id}`, item.ends ? "root" : "variable")];
  }

  /** @param {Item} item */
  groupShape(item) {
    const group = this.story.groups[item.group];
    const text = shortName(group.name, 20);
    const more = `+ ${group.count} ${group.count === 1 ? "operation" : "operations"}`;
    // A letter stands in the corner of those that are alike.
    const room = alikeGroups(this.story).has(group.id) ? 48 : 28;
    const ports = item.ins.length > 3 ? portStep(item.ins.length, this.flip) * (item.ins.length - 1) + 24 : 0;
    const wide = Math.max(132, textWidth(text, 16) + room, textWidth(more, 13) + 28, this.flip ? ports : 0);
    return this.outline("group", false, wide + 4, Math.max(60, this.flip ? 0 : ports), text, 16, more);
  }

  /**
   * The name and value before the wire, the gradient behind it, heat maps beside them.
   * @param {Size} size @param {Item} item @param {import("./types.js").StoryNode} node @param {string} name
   */
  shelf(size, item, node, name) {
    const unused = node.kind === "leaf" && node.role === "parameter" && !readingOf(this.story).outs[node.id].length;
    const value = node.value !== undefined && node.kind !== "const" ? shownOf(node.value, false) : null;
    const grad = node.grad !== undefined && node.kind !== "const" ? shownOf(node.grad, true) : null;
    let wide = value ? textWidth(value.text, VALUE_TEXT) + (value.sign === "bad" ? CROSS_ROOM : 0) : 0;
    // Before the first value is known, a failed run has nothing to show here.
    wide = this.grown(`${item.key} v`, wide);
    let pill = unused ? textWidth(noPath(this.story), GRAD_TEXT) + 20 : pillWidth(grad);
    for (const sum of this.sums.get(node.id) || []) pill = Math.max(pill, pillWidth(shownOf(sum, true)));
    pill = this.grown(`${item.key} g`, pill);
    const named = name ? textWidth(name, VALUE_TEXT) : 0;
    const upper = named + (named && wide ? NAME_GAP : 0) + wide;
    const bare = !item.outs.length && !size.root;
    /** @param {string} kind @param {number} u @param {number} v @param {number} along @param {number} across @param {string} text */
    const put = (kind, u, v, along, across, text) => size.labels.push({ kind, u, v, du: along, dv: across, text });
    const thumbs = [value && value.thumb ? thumbSize(value.thumb) : null, grad && grad.thumb ? thumbSize(grad.thumb) : null];
    if (this.flip) {
      const lead = 5;
      const second = lead + 22;
      if (named) put("name", lead, -BESIDE - upper, ASCENT + DESCENT, named, name);
      if (wide) put("value", lead, -BESIDE - wide, ASCENT + DESCENT, wide, "");
      if (pill) put("grad", second, BESIDE, PILL_HEIGHT, pill, "");
      this.claim(size, 1, upper ? BESIDE + upper : 8, 8);
      this.claim(size, 2, 8, pill ? BESIDE + pill : 8);
      let end = pill ? second + PILL_HEIGHT : upper ? second : 8;
      if (thumbs[0]) {
        put("thumb", second, -BESIDE - thumbs[0][0], thumbs[0][1], thumbs[0][0], "");
        this.claim(size, 2, BESIDE + thumbs[0][0], 8);
        end = Math.max(end, second + thumbs[0][1]);
      }
      if (thumbs[1]) {
        put("thumb-grad", second + PILL_HEIGHT + 4, BESIDE, thumbs[1][1], thumbs[1][0], "");
        this.claim(size, 2, 8, BESIDE + thumbs[1][0]);
        end = Math.max(end, second + PILL_HEIGHT + 4 + thumbs[1][1]);
      }
      size.shelf = end + 4;
      return;
    }
    const lead = bare ? 3 : 10;
    const top = -RISE - ASCENT;
    if (named) put("name", lead, top, named, ASCENT + DESCENT, name);
    if (wide) put("value", lead + (named ? named + NAME_GAP : 0), top, wide, ASCENT + DESCENT, "");
    if (pill) put("grad", lead, bare && !upper ? -PILL_HEIGHT / 2 : DROP, pill, PILL_HEIGHT, "");
    if (upper) this.claim(size, 1, RISE + ASCENT, 8);
    if (pill) this.claim(size, 2, 8, DROP + PILL_HEIGHT);
    let end = upper || pill ? lead + Math.max(upper, pill) : 6;
    thumbs.forEach((sides, below) => {
      if (!sides) return;
      const beside = lead + (below ? pill : upper) + THUMB_GAP;
      put(below ? "thumb-grad" : "thumb", beside, below ? 12 : -12 - sides[1], sides[0], sides[1], "");
      this.claim(size, 1, below ? 8 : 12 + sides[1], below ? 12 + sides[1] : 8);
      end = Math.max(end, beside + sides[0]);
    });
    size.shelf = end + 8;
  }

  /** The pills of branches, where they are few enough to be read. @param {Size} size @param {Item} item */
  fan(size, item) {
    let wide = 0;
    if (item.outs.length <= (this.flip ? 3 : 16)) {
      for (const run of item.outs) {
        const share = shareOf(this.story, this.runs[run].edges);
        if (share !== undefined) wide = Math.max(wide, textWidth(shownOf(share, true).text, GRAD_TEXT) + 16);
      }
    }
    wide = this.grown(`${item.key} f`, wide);
    size.pill = wide && (this.flip ? BRANCH_HEIGHT : wide);
    size.pillAcross = wide && (this.flip ? wide : BRANCH_HEIGHT);
    size.step = wide ? size.pillAcross + 6 : Math.min(16, 400 / item.outs.length);
  }
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
      const { src } = story.edges[part.edge];
      const told = sums.get(src);
      if (told) told.push(part.sum);
      else sums.set(src, [part.sum]);
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
