/** Many branches of one value as a tree: their common way is drawn once, and each is its own from its last gap on. */

import { penAt } from "./paths.js";

/** @typedef {import("./paths.js").Pen} Pen */
/** @typedef {{next: Map<number, Way>}} Way   By height: how ways go on from a column. */

/**
 * @param {number[]} runs   All of one item.
 * @param {import("./grid.js").PixelGrid} grid
 * @param {number} item
 * @param {number} y   The height of the item.
 * @returns {{pieces: Pen[], branches: [number, Pen][]}}   The common ways, the first from the dot on, and each run from where it leaves them to the end of its last gap.
 */
export function trunkOf(runs, { heights, column, dot, gapStart, gapEnd }, item, y) {
  const start = column[item];
  /** @type {Way} */
  const root = { next: new Map() };
  const first = penAt(dot[item], y);
  first.level(gapStart[start]);
  const pieces = [first];
  /** @type {[number, Pen][]} */
  const branches = [];
  const ways = runs.map((run) => ({ run, passed: heights(run) }));
  // The longest goes first, so that the others find most of their way drawn.
  ways.sort((a, b) => b.passed.length - a.passed.length);
  for (const { run, passed } of ways) {
    const port = /** @type {number} */ (passed.pop());
    let way = root;
    let height = y;
    let at = start;
    /** Draws what is not yet there. @type {Pen | null} */
    let pen = way.next.size ? null : first;
    for (const next of passed) {
      const known = way.next.get(next);
      if (!known) {
        if (!pen) pieces.push((pen = penAt(gapStart[at], height)));
        pen.to(gapEnd[at], next);
        pen.level(gapStart[at + 1]);
        way.next.set(next, { next: new Map() });
      }
      way = /** @type {Way} */ (way.next.get(next));
      height = next;
      at++;
    }
    const own = penAt(gapStart[at], height);
    own.to(gapEnd[at], port);
    branches.push([run, own]);
  }
  return { pieces, branches };
}
