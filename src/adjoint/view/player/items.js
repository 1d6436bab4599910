/** What can be seen of a story: nodes and closed groups in their cells, joined by runs of wires. */

import { expandStory } from "./expand.js";
import { readingOf } from "./reading.js";
import { closedAround } from "./steps.js";

/** @typedef {import("./types.js").Story} Story */
/** @typedef {import("./expand.js").Run} Run */
/**
 * @typedef {Object} Item
 * @property {string} key   n3 or g1.
 * @property {number} node   Its node, or -1 for a group.
 * @property {number} group   Its group, or -1 for a node.
 * @property {number} tells   The node whose value and gradient stand behind it, or -1 where there are several.
 * @property {boolean} ends   Whether the result stands behind it, in a circle of its own.
 * @property {[number, number]} cell
 * @property {number[]} ins   Places in `runs`, by slot.
 * @property {number[]} outs
 *
 * @typedef {Object} Visible
 * @property {Item[]} items
 * @property {Map<string, number>} place   By key: its place in `items`.
 * @property {Run[]} runs
 * @property {[number, number][]} ends   By run: the places of its source and target.
 * @property {[number, number]} size
 * @property {Map<number, [number, number, number, number]>} frames
 */

/**
 * @param {Story} story
 * @param {Set<number>} open
 * @returns {Visible}
 */
export function visibleItems(story, open) {
  const { size, cells, frames, runs } = expandStory(story, open);
  /** @type {Item[]} */
  const items = [];
  /** @type {Map<string, number>} */
  const place = new Map();
  for (const [key, cell] of cells) {
    const id = Number(key.slice(1));
    const isNode = key[0] === "n";
    place.set(key, items.length);
    items.push({ key, node: isNode ? id : -1, group: isNode ? -1 : id, tells: isNode ? id : -1, ends: false, cell, ins: [], outs: [] });
  }
  const ends = runs.map((run, index) => {
    const from = /** @type {number} */ (place.get(run.src));
    const to = /** @type {number} */ (place.get(run.dst));
    items[from].outs.push(index);
    items[to].ins.push(index);
    return /** @type {[number, number]} */ ([from, to]);
  });
  const slotOf = (/** @type {number} */ run) => story.edges[runs[run].edges[0]].slot;
  for (const item of items) {
    if (item.node >= 0) {
      item.ins.sort((a, b) => slotOf(a) - slotOf(b) || a - b);
      continue;
    }
    const told = new Set(item.outs.flatMap((run) => runs[run].edges.map((e) => story.edges[e].src)));
    if (told.size === 1) item.tells = [...told][0];
  }
  const { root } = readingOf(story);
  if (root >= 0 && story.nodes[root].kind === "op") {
    const around = closedAround(story, root, open);
    const item = items[/** @type {number} */ (place.get(around < 0 ? `n${root}` : `g${around}`))];
    if (item && !item.outs.length) {
      item.ends = true;
      item.tells = root;
    }
  }
  return { items, place, runs, ends, size, frames };
}

/** The edges of a run; none for a shelf. @param {Visible} visible @param {number} run */
export function edgesOn(visible, run) {
  return run < 0 ? [] : visible.runs[run].edges;
}

/**
 * The visible item that a node is, or is inside of.
 * @param {Visible} visible
 * @param {Story} story
 * @param {Set<number>} open
 * @param {number} node
 * @returns {Item | undefined}
 */
export function itemAround(visible, story, open, node) {
  const group = closedAround(story, node, open);
  const at = visible.place.get(group < 0 ? `n${node}` : `g${group}`);
  return at === undefined ? undefined : visible.items[at];
}

/** @type {WeakMap<Story, Map<number, {letter: string, ids: number[]}>>} */
const ALIKE = new WeakMap();

/** Groups that are not the only ones of their structure, each with the letter and the members of its kind. @param {Story} story */
export function alikeGroups(story) {
  let alike = ALIKE.get(story);
  if (alike) return alike;
  alike = new Map();
  /** @type {Map<string, number[]>} */
  const byMark = new Map();
  for (const { mark, id } of story.groups) byMark.set(mark, [...(byMark.get(mark) || []), id]);
  let kinds = 0;
  for (const ids of byMark.values()) {
    if (ids.length < 2) continue;
    const letter = String.fromCharCode(65 + (kinds++ % 26));
    for (const id of ids) alike.set(id, { letter, ids });
  }
  ALIKE.set(story, alike);
  return alike;
}
