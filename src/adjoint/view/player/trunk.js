/** Many branches of one value as a tree: their common way is drawn once, and each is its own from its last gap on. */

import { penAt } from "./paths.js";

/** @typedef {import("./paths.js").Pen} Pen */
/** @typedef {{end: number, next: Map<string, Way>}} Way   A level as far as it is drawn; by gap and height, how ways go on from it. */

/**
 * @param {number[]} runs   All of one item.
 * @param {import("./grid.js").PixelGrid} grid
 * @param {number} item
 * @param {number} y   The height of the item.
 * @returns {{pieces: Pen[], branches: [number, Pen][]}}   The common ways, the first from the dot on, and each run from where it leaves them to the end of its last gap.
 */
export function trunkOf(runs, { turns, column, dot, gapStart, gapEnd }, item, y) {
  const first = penAt(dot[item], y);
  /** @type {Way} */
  const root = { end: gapStart[column[item]], next: new Map() };
  first.level(root.end);
  const pieces = [first];
  /** @type {[number, Pen][]} */
  const branches = [];
  const ways = runs.map((run) => ({ run, way: turns(run) }));
  const last = (/** @type {[number, number][]} */ way) => way[way.length - 1];
  // The longest goes first, so that the others find most of their way drawn.
  ways.sort((a, b) => last(b.way)[0] - last(a.way)[0]);
  for (const { run, way } of ways) {
    let at = root;
    let height = y;
    /** Draws what is not yet there. @type {Pen | null} */
    let pen = root.next.size ? null : first;
    const drawn = (/** @type {number} */ from) => {
      if (!pen) pieces.push((pen = penAt(from, height)));
      return pen;
    };
    for (const [gap, next] of way) {
      const start = gapStart[gap];
      if (start > at.end) drawn(at.end).level((at.end = start));
      if (gap === last(way)[0]) {
        const own = penAt(start, height);
        own.to(gapEnd[gap], next);
        branches.push([run, own]);
        break;
      }
      const key = `${gap} ${next}`;
      let known = at.next.get(key);
      if (!known) {
        drawn(start).to(gapEnd[gap], next);
        at.next.set(key, (known = { end: gapEnd[gap], next: new Map() }));
      }
      at = known;
      height = next;
    }
  }
  return { pieces, branches };
}
