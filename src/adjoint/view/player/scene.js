/** The scene of a story: every box and wire in its place, before anything is drawn. Boxes are in the drawing's own x and y. */

import { PixelGrid, TAB_HEIGHT, shapesLength } from "./grid.js";
import { visibleItems } from "./items.js";
import { DOT_RADIUS, Measurer, SHAPE_GAP } from "./measure.js";
import { Pen } from "./paths.js";
import { shortName, textWidth } from "./textsize.js";

/** @typedef {import("./types.js").Story} Story */
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
 * @property {number} run   Place in the scene's runs; -1 for a shelf.
 * @property {import("./paths.js").Path} path   In flow coordinates.
 * @property {boolean} branch   Whether it starts at a dot.
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
  const measurer = new Measurer(story, visible.runs, flip, textbook, kept);
  const sizes = visible.items.map((item) => measurer.measure(item));
  let grid = new PixelGrid(visible, sizes, { flip, textbook, along: 0, across: 1 });
  if (room && visible.items.length < 300) {
    const [along, across] = flip ? [room[1], room[0]] : room;
    const gaps = grid.gapEnd.filter((end, c) => end > grid.gapStart[c]).length - 1;
    // What is too long is followed by the camera at this scale; then only the other side is stretched.
    const scale = Math.min(1.35, Math.max(0.82, Math.min(along / grid.right, across / grid.bottom)));
    const extra = gaps > 0 ? Math.max(0, Math.min(53, (along / scale - grid.right) / gaps)) : 0;
    const times = Math.max(1, Math.min(flip ? 1.9 : 1.5, across / scale / grid.bottom));
    if (extra > 1 || times > 1.02) grid = new PixelGrid(visible, sizes, { flip, textbook, along: extra, across: times });
  }
  return new SceneBuilder(story, grid).scene;
}

class SceneBuilder {
  /** @param {Story} story @param {PixelGrid} grid */
  constructor(story, grid) {
    this.grid = grid;
    this.story = story;
    const { flip } = grid.options;
    const [width, height] = flip ? [grid.bottom, grid.right] : [grid.right, grid.bottom];
    const { visible } = grid;
    /** @type {Scene} */
    this.scene = { visible, flip, width, height, boxes: visible.items.map(() => []), wires: [], frames: [] };
    for (let i = 0; i < visible.items.length; i++) {
      this.shapes(i);
      this.wires(i);
    }
    this.frames();
  }

  /**
   * A box given in flow coordinates.
   * @param {number} item @param {string} kind @param {number} u @param {number} v @param {number} du @param {number} dv
   * @param {Partial<Box>} [more]
   */
  add(item, kind, u, v, du, dv, more = {}) {
    const [x, y, w, h] = this.scene.flip ? [v, u, dv, du] : [u, v, du, dv];
    /** @type {Box} */
    const box = { kind, x, y, w, h, item, round: false, text: "", size: 0, more: "", ...more };
    this.scene.boxes[item].push(box);
    return box;
  }

  /** The outlines of an item and the labels on its shelf. @param {number} i */
  shapes(i) {
    const { grid } = this;
    const size = grid.sizes[i];
    const y = grid.y[grid.row[i]];
    const stop = grid.shapesStop(i);
    let u = stop - shapesLength(size);
    const put = (/** @type {import("./measure.js").Outline} */ shape) => {
      const { kind, round, along, across, text, size: points, more } = shape;
      this.add(i, kind, u, y - across / 2, along, across, { round, text, size: points, more });
      u += along + SHAPE_GAP;
    };
    size.shapes.forEach(put);
    if (size.root) {
      u = grid.shelfStop(i) + 6;
      put(size.root);
    }
    for (const { kind, u: at, v, du, dv, text } of size.labels) this.add(i, kind, stop + at, y + v, du, dv, { text });
  }

  /** @param {number} item @param {number} run @param {Pen} pen @param {Partial<Wire>} [more] */
  wire(item, run, pen, more = {}) {
    this.scene.wires.push({ item, run, path: pen.path, branch: false, head: true, pill: null, ...more });
  }

  /** @param {number} i */
  wires(i) {
    const { grid } = this;
    const size = grid.sizes[i];
    const y = grid.y[grid.row[i]];
    const stop = grid.shapesStop(i);
    if (size.shapes.length > 1) {
      const end = stop - size.shapes[1].along;
      const pen = new Pen(end - SHAPE_GAP, y);
      pen.level(end);
      this.wire(i, -1, pen);
    }
    if (size.root) {
      const pen = new Pen(stop, y);
      pen.level(grid.shelfStop(i) + 6);
      this.wire(i, -1, pen);
    }
    const { outs } = grid.visible.items[i];
    if (outs.length === 1) {
      const pen = new Pen(stop, y);
      this.follow(pen, outs[0]);
      this.wire(i, outs[0], pen);
    } else if (outs.length) this.fan(i, outs, stop, y);
  }

  /** One shelf to the dot; behind it every branch has its own lane and share. @param {number} i @param {number[]} outs @param {number} stop @param {number} y */
  fan(i, outs, stop, y) {
    const { grid } = this;
    const size = grid.sizes[i];
    const u = grid.dot[i];
    const shelf = new Pen(stop, y);
    shelf.level(u);
    this.wire(i, -1, shelf, { head: false });
    this.add(i, "dot", u - DOT_RADIUS, y - DOT_RADIUS, 2 * DOT_RADIUS, 2 * DOT_RADIUS);
    outs.forEach((run, at) => {
      const v = y + grid.fans[i][at];
      const pen = new Pen(u, y);
      pen.to(grid.fanStart(i), v);
      let pill = null;
      if (size.pill) {
        const start = grid.fanStart(i) + 18;
        pill = this.add(i, "branch", start, v - size.pillAcross / 2, size.pill, size.pillAcross);
        pen.level(start + size.pill + 6);
      }
      this.follow(pen, run);
      this.wire(i, run, pen, { branch: true, pill });
    });
  }

  /** From the end of a shelf or fan through every gap to the port. @param {Pen} pen @param {number} run */
  follow(pen, run) {
    const { grid } = this;
    const [from, to] = grid.visible.ends[run];
    grid.heights(run).forEach((height, step) => {
      const column = grid.column[from] + step;
      pen.level(grid.gapStart[column]);
      pen.to(grid.gapEnd[column], height);
    });
    pen.level(grid.shapesStop(to) - shapesLength(grid.sizes[to]));
  }

  /** The frames of open groups with their titles. */
  frames() {
    const { grid, scene, story } = this;
    for (const { group, from, to, first, last, above, below } of grid.frames) {
      const u = grid.left[from] - (scene.flip ? TAB_HEIGHT + 8 : 4);
      const du = grid.gapStart[to] - 6 - u;
      const v = grid.y[first] - grid.up[first] - above;
      const dv = grid.y[last] + grid.down[last] + below - v;
      const [x, y, w, h] = scene.flip ? [v, u, dv, du] : [u, v, du, dv];
      const wide = textWidth(shortName(story.groups[group].name, 24), 14) + 34;
      scene.frames.push({ group, x, y, w, h, tab: { x, y, w: Math.min(wide, w), h: TAB_HEIGHT } });
    }
  }
}
