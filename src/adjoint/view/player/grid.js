/**
 * From cells to places in flow coordinates. Each column has a zone for shapes, one for shelves and fans, and a gap. Wires
 * change their height only in gaps, where there are no labels; through the zones they run level on a row of their own. That
 * is why no wire can cut a node or a label.
 */

import { BRANCH_HEIGHT, DOT_RADIUS, NO_BAND, SHAPE_GAP, portStep } from "./measure.js";

/** @typedef {import("./items.js").Visible} Visible */
/** @typedef {import("./measure.js").Size} Size */
/** @typedef {{flip: boolean, textbook: boolean, along: number, across: number}} GridOptions   Stretch: added to gaps, times rows. */

const ROW_GAP = 14;
const LANE_PITCH = 16;
const FAN_LEAD = 18;
const FRAME_PAD = 12;
export const TAB_HEIGHT = 24;

/**
 * Offsets of lines: the straight one at 0, or all of them about 0.
 * @param {number} count @param {number} straight @param {number} step
 */
function spreadLines(count, straight, step) {
  const middle = straight >= 0 ? straight : (count - 1) / 2;
  return Array.from({ length: count }, (_, i) => (i - middle) * step);
}

/** @param {number[]} a @param {number[]} b */
function compareLists(a, b) {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

export class PixelGrid {
  /** @param {Visible} visible @param {Size[]} sizes @param {GridOptions} options */
  constructor(visible, sizes, options) {
    this.visible = visible;
    this.sizes = sizes;
    this.options = options;
    this.bands = options.flip ? NO_BAND : 1;
    const rows = this.compressRows();
    /** By run: the rows that it passes between its source and its target. */
    this.passed = visible.runs.map((run, i) => this.passedBy(run.way, i, rows));
    /** By item: its column and row. */
    this.column = visible.items.map((item) => item.cell[0]);
    this.row = visible.items.map((item) => /** @type {number} */ (rows.get(item.cell[1])));
    for (const item of visible.items) item.outs.sort((a, b) => compareLists(this.waysRows(a), this.waysRows(b)) || a - b);
    /** By run: its offset from the row while it passes other columns. */
    this.offset = this.laneOffsets();
    /** By run: where it enters its gate, from the middle. */
    this.port = this.portOffsets();
    /** By item: the heights of its branches. */
    this.fans = visible.items.map((item, i) => this.fanOffsets(item, i));
    this.frames = this.frameRows(rows);
    /** By row: the most that it needs on both sides. @type {number[]} */
    this.up = [];
    /** @type {number[]} */
    this.down = [];
    this.bottom = 0;
    this.y = this.placeRows(rows.size);
    const zeros = () => /** @type {number[]} */ (new Array(visible.size[0]).fill(0));
    this.left = zeros();
    this.shapesEnd = zeros();
    this.gapStart = zeros();
    this.gapEnd = zeros();
    /** By column: its longest shelf. */
    this.shelves = zeros();
    /** By item: the dot behind its shelf. */
    this.dot = new Float64Array(sizes.length);
    this.right = 0;
    this.placeColumns();
  }

  /** Rows that hold or pass something, numbered without holes. @returns {Map<number, number>} */
  compressRows() {
    const used = new Set(this.visible.items.map((item) => item.cell[1]));
    for (const { way } of this.visible.runs) for (const [, row] of way) used.add(row);
    return new Map([...used].sort((a, b) => a - b).map((row, i) => [row, i]));
  }

  /** @param {[number, number][]} way @param {number} run @param {Map<number, number>} rows */
  passedBy(way, run, rows) {
    const [from, to] = this.visible.ends[run];
    const last = this.visible.items[to].cell[0];
    const passed = [];
    let at = 0;
    for (let column = this.visible.items[from].cell[0] + 1; column < last; column++) {
      while (at + 1 < way.length && way[at + 1][0] <= column) at++;
      passed.push(/** @type {number} */ (rows.get(way[at][1])));
    }
    return passed;
  }

  /** The rows of a run after its source, its target's included. @param {number} run */
  waysRows(run) {
    return [...this.passed[run], this.row[this.visible.ends[run][1]]];
  }

  /** Runs that pass one cell take lanes of their own there, the same all along so that none sways. */
  laneOffsets() {
    const { runs, ends, items } = this.visible;
    const offset = new Float64Array(runs.length);
    const leader = Int32Array.from(runs, (_, i) => i);
    const find = (/** @type {number} */ run) => {
      while (leader[run] !== run) run = leader[run] = leader[leader[run]];
      return run;
    };
    /** @type {Map<number, number>} */
    const first = new Map();
    const columns = this.visible.size[0] + 1;
    this.passed.forEach((rows, run) => {
      const start = this.column[ends[run][0]] + 1;
      rows.forEach((row, step) => {
        const cell = row * columns + start + step;
        const other = first.get(cell);
        if (other === undefined) first.set(cell, run);
        else leader[find(run)] = find(other);
      });
    });
    /** @type {Map<number, number[]>} */
    const bundles = new Map();
    for (const item of items) {
      for (const run of item.outs) {
        if (!this.passed[run].length) continue;
        const bundle = bundles.get(find(run));
        if (bundle) bundle.push(run);
        else bundles.set(find(run), [run]);
      }
    }
    for (const bundle of bundles.values()) {
      const pitch = Math.min(LANE_PITCH, 160 / bundle.length);
      bundle.forEach((run, i) => (offset[run] = (i - (bundle.length - 1) / 2) * pitch));
    }
    return offset;
  }

  /** The wire of the same row goes straight in; the others beside it, ordered so that they do not cross. */
  portOffsets() {
    const { runs, items, ends } = this.visible;
    const port = new Float64Array(runs.length);
    const arrival = (/** @type {number} */ run) => [this.row[ends[run][0]], ...this.passed[run]].reverse();
    items.forEach((item, i) => {
      if (item.ins.length < 2) return;
      const keys = new Map(item.ins.map((run) => [run, arrival(run)]));
      const branch = (/** @type {number} */ run) => items[ends[run][0]].outs.indexOf(run);
      const order = item.ins
        .map((run, slot) => ({ run, slot, key: /** @type {number[]} */ (keys.get(run)), lane: this.offset[run] }))
        .sort((a, b) => compareLists(a.key, b.key) || a.lane - b.lane || (ends[a.run][0] === ends[b.run][0] ? branch(a.run) - branch(b.run) : 0) || a.slot - b.slot);
      const level = order.map((o, at) => (o.key[0] === this.row[i] ? at : -1)).filter((at) => at >= 0);
      const straight = order.length === 2 && level.length === 1 ? level[0] : -1;
      const step = straight >= 0 ? 18 : portStep(order.length, this.options.flip);
      spreadLines(order.length, straight, step).forEach((v, at) => (port[order[at].run] = v));
    });
    return port;
  }

  /** @param {import("./items.js").Item} item @param {number} index */
  fanOffsets(item, index) {
    if (item.outs.length < 2) return item.outs.map(() => 0);
    const level = item.outs.map((run, at) => (this.waysRows(run)[0] === this.row[index] ? at : -1)).filter((at) => at >= 0);
    return spreadLines(item.outs.length, level.length ? level[level.length >> 1] : -1, this.sizes[index].step);
  }

  /** Open groups: their rows, and how far their frames reach beyond what stands in these. @param {Map<number, number>} rows */
  frameRows(rows) {
    const used = [...rows.keys()];
    const top = FRAME_PAD + (this.options.flip ? 0 : TAB_HEIGHT);
    const frames = [...this.visible.frames].map(([group, [x, y, columns, high]]) => {
      const inside = used.filter((row) => row >= y && row < y + high).map((row) => /** @type {number} */ (rows.get(row)));
      const first = Math.min(...inside);
      return { group, from: x, to: x + columns - 1, first, last: Math.max(...inside), above: top, below: FRAME_PAD };
    });
    // Children come after their parents, so from the last to the first each knows what it holds.
    for (let i = frames.length - 1; i >= 0; i--) {
      const inner = frames[i];
      for (const outer of frames.slice(0, i)) {
        if (outer.from > inner.from || outer.to < inner.to || outer.first > inner.first || outer.last < inner.last) continue;
        if (outer.first === inner.first) outer.above = Math.max(outer.above, inner.above + top);
        if (outer.last === inner.last) outer.below = Math.max(outer.below, inner.below + FRAME_PAD);
      }
    }
    return frames;
  }

  /** The height of every row; rows that hold wires only are low. @param {number} count */
  placeRows(count) {
    const { bands, options, sizes } = this;
    const up = Array.from({ length: count }, () => new Float64Array(bands));
    const down = Array.from({ length: count }, () => new Float64Array(bands));
    const holds = new Uint8Array(count);
    const widen = (/** @type {Float64Array} */ room, /** @type {number} */ band, /** @type {number} */ to) => {
      room[band] = Math.max(room[band], to);
    };
    this.visible.items.forEach((item, i) => {
      const row = this.row[i];
      // A row of nothing but constants needs no more height than they do.
      if (sizes[i].shapes[0].kind !== "const") holds[row] = 1;
      for (let b = 0; b < bands; b++) {
        widen(up[row], b, sizes[i].up[b]);
        widen(down[row], b, sizes[i].down[b]);
      }
      const fan = this.fans[i];
      if (fan.length < 2) return;
      const edge = (sizes[i].pillAcross || BRANCH_HEIGHT) / 2 + 2;
      widen(up[row], bands - 1, edge - fan[0]);
      widen(down[row], bands - 1, edge + fan[fan.length - 1]);
    });
    this.passed.forEach((rows, run) => {
      const lane = this.offset[run];
      for (const row of rows) {
        for (let b = 0; b < bands; b++) {
          widen(up[row], b, LANE_PITCH / 2 - lane);
          widen(down[row], b, LANE_PITCH / 2 + lane);
        }
      }
    });
    this.up = up.map((room) => Math.max(...room));
    this.down = down.map((room) => Math.max(...room));
    const above = new Float64Array(count);
    const below = new Float64Array(count);
    for (const frame of this.frames) {
      widen(above, frame.first, frame.above);
      widen(below, frame.last, frame.below);
    }
    const y = new Array(count);
    const least = options.flip ? 96 : 92;
    for (let row = 0; row < count; row++) {
      if (!row) {
        y[0] = this.up[0] + above[0];
        continue;
      }
      const fence = below[row - 1] + above[row];
      let pitch = fence ? this.down[row - 1] + this.up[row] + fence : 0;
      for (let b = 0; b < bands; b++) pitch = Math.max(pitch, down[row - 1][b] + up[row][b]);
      // Rows of wires alone lie as close as lanes do.
      pitch += fence || holds[row - 1] || holds[row] ? ROW_GAP : 0;
      if (holds[row - 1] && holds[row]) pitch = Math.max(pitch, least) * options.across;
      y[row] = y[row - 1] + pitch;
    }
    this.bottom = count ? y[count - 1] + this.down[count - 1] + below[count - 1] : 0;
    return y;
  }

  /** Where each column begins, where its shapes end, and its gap. */
  placeColumns() {
    const count = this.visible.size[0];
    const { flip, along } = this.options;
    /** @type {number[][]} */
    const members = Array.from({ length: count }, () => []);
    this.column.forEach((column, i) => members[column].push(i));
    this.shelves = members.map((column) => Math.max(0, ...column.map((i) => this.sizes[i].shelf)));
    const rises = this.rises(count);
    const begins = new Set(this.frames.map((f) => f.from));
    const stops = new Set(this.frames.map((f) => f.to));
    const lead = flip ? 14 : 18;
    let u = 0;
    for (let c = 0; c < count; c++) {
      if (begins.has(c)) u += flip ? TAB_HEIGHT + 12 : 12;
      this.left[c] = u;
      let wide = 0;
      for (const i of members[c]) wide = Math.max(wide, shapesLength(this.sizes[i]));
      this.shapesEnd[c] = u + wide;
      let end = u + wide;
      for (const i of members[c]) end = Math.max(end, this.itemEnd(i));
      if (stops.has(c)) end += 14;
      this.gapStart[c] = end;
      const idle = !members[c].length && !begins.has(c) && !stops.has(c);
      const rise = rises[c];
      let gap = flip ? Math.min(Math.max(44, 26 + 0.22 * rise), 150) : Math.min(Math.max(52, 30 + 0.34 * rise), 230);
      if (rise < 1) gap = idle ? 0 : flip ? 24 : 22;
      if (gap) gap += along;
      this.gapEnd[c] = end + gap;
      this.right = Math.max(this.right, end);
      u = this.gapEnd[c] + (idle && !gap ? 0 : lead);
    }
  }

  /** Where the shapes of an item end and its shelf begins. @param {number} i */
  shapesStop(i) {
    const c = this.column[i];
    // Circles of the textbook view stand in one column, and lines of labels beside each other: there shapes end together.
    if (this.options.flip || this.options.textbook) return this.shapesEnd[c];
    return (this.left[c] + this.shapesEnd[c] + shapesLength(this.sizes[i])) / 2;
  }

  /** Where the labels of an item end; from top to bottom, where those of its whole column do. @param {number} i */
  shelfStop(i) {
    return this.shapesStop(i) + (this.options.flip ? this.shelves[this.column[i]] : this.sizes[i].shelf);
  }

  /** Where the shelf, and after it the result or the fan, of an item ends. @param {number} i */
  itemEnd(i) {
    const size = this.sizes[i];
    const end = this.shelfStop(i);
    if (size.root) return end + size.root.along + 6;
    if (this.visible.items[i].outs.length < 2) return end;
    this.dot[i] = end + DOT_RADIUS;
    return this.fanStart(i) + (size.pill ? FAN_LEAD + size.pill + 6 : 4);
  }

  /** Where the branches behind a dot have reached their own heights. @param {number} i */
  fanStart(i) {
    const fan = this.fans[i];
    return this.dot[i] + Math.max(30, 0.36 * Math.max(-fan[0], fan[fan.length - 1]));
  }

  /** The largest change of height in every gap. @param {number} count */
  rises(count) {
    const rises = new Float64Array(count);
    this.visible.items.forEach((item, i) => {
      item.outs.forEach((run, at) => {
        let height = this.y[this.row[i]] + this.fans[i][at];
        this.heights(run).forEach((v, step) => {
          const c = this.column[i] + step;
          rises[c] = Math.max(rises[c], Math.abs(v - height));
          height = v;
        });
      });
    });
    return rises;
  }

  /** The height of a run in every column that it passes, the last one being its port. @param {number} run */
  heights(run) {
    const to = this.visible.ends[run][1];
    const heights = this.passed[run].map((row) => this.y[row] + this.offset[run]);
    heights.push(this.y[this.row[to]] + this.port[run]);
    return heights;
  }
}

/** The shapes of an item one after the other. @param {Size} size */
export function shapesLength(size) {
  let length = SHAPE_GAP * (size.shapes.length - 1);
  for (const shape of size.shapes) length += shape.along;
  return length;
}
