/** The scene of a story: every box and wire in its place, before anything is drawn. Boxes are in the drawing's own x and y. */

import { TAB_HEIGHT, pixelGrid, shapesLength } from "./grid.js";
import { clamp } from "./helpers.js";
import { visibleItems } from "./items.js";
import { DOT_RADIUS, MOST_BRANCHES, SHAPE_GAP, measured } from "./measure.js";
import { penAt } from "./paths.js";
import { shortName, textWidth } from "./textsize.js";
import { trunkOf } from "./trunk.js";

/** @typedef {import("./types.js").Story} Story */
/** @typedef {import("./paths.js").Pen} Pen */
/**
 * @typedef {Object} Box
 * @property {string} kind   op, group, variable, root, const, dot, name, value, grad, thumb, thumb-grad, branch.
 * @property {number} x
 * @property {number} y
 * @property {number} w
 * @property {number} h
 * @property {number} item
 * @property {boolean} round
 * @property {string} text
 * @property {number} size   Of the text.
 * @property {string} more
 *
 * @typedef {Object} Wire   One way: a whole run, the shelf before a dot or a circle, or a branch behind a dot.
 * @property {number} item   Where it comes from.
 * @property {number} run   Place in the scene's runs; below 0 for a shelf and for pieces of a trunk.
 * @property {import("./paths.js").Path} path   In flow coordinates.
 * @property {boolean} branch   Whether it starts at a dot.
 * @property {boolean} leaves   Whether it starts on a trunk, behind the dot.
 * @property {boolean} head   Whether the forward arrow stands at its end.
 * @property {Box | null} pill   Where the share of a branch stands.
 *
 * @typedef {{group: number, x: number, y: number, w: number, h: number, tab: {x: number, y: number, w: number, h: number}}} Frame
 * @typedef {Object} Scene
 * @property {import("./items.js").Visible} visible
 * @property {boolean} flip
 * @property {number} width
 * @property {number} height
 * @property {Box[][]} boxes   By item.
 * @property {Wire[]} wires
 * @property {Frame[]} frames
 */

/**
 * @typedef {Object} SceneOptions
 * @property {Set<number>} open
 * @property {boolean} flip   From top to bottom.
 * @property {boolean} textbook
 * @property {Map<string, number>} kept   What may not shrink.
 * @property {[number, number]} [room]   Width and height that may be filled.
 */

/**
 * Places all that a story shows. With room to spare, gaps and rows are stretched.
 * @param {Story} story
 * @param {SceneOptions} options
 * @returns {Scene}
 */
export function buildScene(story, { open, flip, textbook, kept, room }) {
  const visible = visibleItems(story, open);
  const sizes = measured(story, visible, flip, textbook, kept);
  let grid = pixelGrid(visible, sizes, { flip, textbook, along: 0, across: 1 });
  if (room && visible.items.length < 300) {
    const [along, across] = flip ? [room[1], room[0]] : room;
    const gaps = grid.gapEnd.filter((end, c) => end > grid.gapStart[c]).length - 1;
    // What is too long is followed by the camera at this scale; then only the other side is stretched.
    const scale = clamp(Math.min(along / grid.right, across / grid.bottom), 0.82, 1.35);
    const extra = gaps > 0 ? clamp((along / scale - grid.right) / gaps, 0, 53) : 0;
    const times = clamp(across / scale / grid.bottom, 1, flip ? 1.9 : 1.5);
    if (extra > 1 || times > 1.02) grid = pixelGrid(visible, sizes, { flip, textbook, along: extra, across: times });
  }
  return sceneOn(story, visible, sizes, grid, flip);
}

/**
 * @param {Story} story @param {import("./items.js").Visible} visible @param {import("./measure.js").Size[]} sizes
 * @param {import("./grid.js").PixelGrid} grid @param {boolean} flip
 * @returns {Scene}
 */
function sceneOn(story, visible, sizes, grid, flip) {
  const { y: heightOf, row, gapStart, shapesStop, shelfStop, fanStart, bottom, right } = grid;
  /** @type {Box[][]} */
  const boxes = [];
  /** @type {Wire[]} */
  const wires = [];
  /** From flow coordinates. @param {number} u @param {number} v @param {number} du @param {number} dv */
  const turned = (u, v, du, dv) => (flip ? { x: v, y: u, w: dv, h: du } : { x: u, y: v, w: du, h: dv });

  visible.items.forEach(({ outs }, item) => {
    const { shapes, root, labels, pill, pillAcross } = sizes[item];
    const y = heightOf[row[item]];
    const stop = shapesStop(item);
    const shelf = shelfStop(item);
    /** @type {Box[]} */
    const own = [];
    boxes.push(own);
    /**
     * A box given in flow coordinates.
     * @param {string} kind @param {number} u @param {number} v @param {number} du @param {number} dv @param {Partial<Box>} [more]
     */
    const add = (kind, u, v, du, dv, more) => {
      const box = { kind, ...turned(u, v, du, dv), item, round: false, text: "", size: 0, more: "", ...more };
      own.push(box);
      return box;
    };
    let u = stop - shapesLength(sizes[item]);
    const put = (/** @type {import("./measure.js").Outline} */ { kind, along, across, ...more }) => {
      add(kind, u, y - across / 2, along, across, more);
      u += along + SHAPE_GAP;
    };
    shapes.forEach(put);
    u = shelf + 6;
    if (root) put(root);
    for (const { kind, u: at, v, du, dv, text } of labels) add(kind, stop + at, y + v, du, dv, { text });

    const wire = (/** @type {number} */ run, /** @type {Pen} */ pen, /** @type {Partial<Wire>} */ more = {}) => {
      wires.push({ item, run, path: pen.path, branch: false, leaves: false, head: true, pill: null, ...more });
    };
    /** One level line without a run. @param {number} from @param {number} to @param {Partial<Wire>} [more] */
    const line = (from, to, more) => {
      const pen = penAt(from, y);
      pen.level(to);
      wire(-1, pen, more);
    };
    /** From the last gap to the gate. @param {Pen} pen @param {number} run */
    const arrive = (pen, run) => {
      const to = visible.ends[run][1];
      pen.level(shapesStop(to) - shapesLength(sizes[to]));
    };
    /** From the end of a shelf or fan through every gap to the port. @param {Pen} pen @param {number} run */
    const follow = (pen, run) => {
      for (const [gap, height] of grid.turns(run)) {
        pen.level(gapStart[gap]);
        pen.to(grid.gapEnd[gap], height);
      }
      arrive(pen, run);
    };
    if (shapes.length > 1) line(stop - shapes[1].along - SHAPE_GAP, stop - shapes[1].along);
    if (root) line(stop, shelf + 6);
    if (outs.length === 1) {
      const pen = penAt(stop, y);
      follow(pen, outs[0]);
      wire(outs[0], pen);
    } else if (outs.length) {
      // One shelf to the dot; behind it every branch has its own lane and share.
      const dot = grid.dot[item];
      line(stop, dot, { head: false });
      add("dot", dot - DOT_RADIUS, y - DOT_RADIUS, 2 * DOT_RADIUS, 2 * DOT_RADIUS);
      if (outs.length > MOST_BRANCHES) {
        const { pieces, branches } = trunkOf(outs, grid, item, y);
        pieces.forEach((pen, k) => wire(-2 - k, pen, { branch: true, head: false }));
        branches.forEach(([run, pen]) => {
          arrive(pen, run);
          wire(run, pen, { branch: true, leaves: true });
        });
      } else outs.forEach((run, at) => {
        const v = y + grid.fans[item][at];
        const pen = penAt(dot, y);
        pen.to(fanStart(item), v);
        const start = fanStart(item) + 18;
        const box = pill ? add("branch", start, v - pillAcross / 2, pill, pillAcross) : null;
        if (box) pen.level(start + pill + 6);
        follow(pen, run);
        wire(run, pen, { branch: true, pill: box });
      });
    }
  });

  const frames = grid.frames.map(({ group, from, to, first, last, above, below }) => {
    const u = grid.left[from] - (flip ? TAB_HEIGHT + 8 : 4);
    const v = heightOf[first] - grid.up[first] - above;
    const frame = turned(u, v, gapStart[to] - 6 - u, heightOf[last] + grid.down[last] + below - v);
    const wide = textWidth(shortName(story.groups[group].name, 24), 14) + 34;
    return { group, ...frame, tab: { ...frame, w: Math.min(wide, frame.w), h: TAB_HEIGHT } };
  });
  const [width, height] = flip ? [bottom, right] : [right, bottom];
  return { visible, flip, width, height, boxes, wires, frames };
}
