/**
 * From cells to places in flow coordinates. Each column has a zone for shapes, one for shelves and fans, and a gap. Wires
 * change their height only in gaps, where there are no labels; through the zones they run level on a row of their own. That
 * is why no wire can cut a node or a label.
 */

import { clamp, listAt } from "./helpers.js";
import { BRANCH_HEIGHT, DOT_RADIUS, MOST_BRANCHES, NO_BAND, SHAPE_GAP, portStep } from "./measure.js";

/** @typedef {import("./items.js").Visible} Visible */
/** @typedef {import("./measure.js").Size} Size */
/** @typedef {{flip: boolean, textbook: boolean, along: number, across: number}} GridOptions   Stretch: added to gaps, times rows. */
/** @typedef {[number, number]} Stretch   A column, and the row on which a run passes it and the next ones. */

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

/** Which of these heights are that of a row. @param {number[]} heights @param {number} row */
function levelOnes(heights, row) {
  return heights.flatMap((height, at) => (height === row ? [at] : []));
}

/**
 * Which way is higher where the two first part; if they do not, the shorter one comes first. Both begin in one column.
 * @param {Stretch[]} a @param {number} endA   The column behind its last. @param {Stretch[]} b @param {number} endB
 */
function compareWays(a, endA, b, endB) {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i][1] !== b[j][1]) return a[i][1] - b[j][1];
    const nextA = i + 1 < a.length ? a[i + 1][0] : endA;
    const nextB = j + 1 < b.length ? b[j + 1][0] : endB;
    if (nextA <= nextB) i++;
    if (nextB <= nextA) j++;
  }
  return endA - endB;
}

/** @typedef {ReturnType<typeof pixelGrid>} PixelGrid */

/** @param {Visible} visible @param {Size[]} sizes @param {GridOptions} options */
export function pixelGrid(visible, sizes, { flip, textbook, along, across }) {
  const { items, runs, ends } = visible;
  const columns = visible.size[0];
  const bands = flip ? NO_BAND : 1;
  /** Rows that hold or pass something, numbered without holes. */
  const used = [...new Set([...items.map((item) => item.cell[1]), ...runs.flatMap(({ way }) => way.map(([, row]) => row))])].sort((a, b) => a - b);
  const rows = new Map(used.map((row, i) => [row, i]));
  const count = used.length;
  const rowAt = (/** @type {number} */ row) => /** @type {number} */ (rows.get(row));
  const zeros = () => /** @type {number[]} */ (new Array(columns).fill(0));
  /** By item: its column and row. */
  const column = items.map((item) => item.cell[0]);
  const row = items.map((item) => rowAt(item.cell[1]));
  /** By run: how it passes the columns between its source and its target. */
  const passed = runs.map(({ way }, run) => {
    const [from, to] = ends[run];
    /** @type {Stretch[]} */
    const found = [];
    way.forEach(([turn, level], at) => {
      const start = Math.max(column[from] + 1, at ? turn : 0);
      if (start >= column[to]) return;
      if (found.length && found[found.length - 1][0] === start) found.pop();
      found.push([start, rowAt(level)]);
    });
    return found;
  });
  /** The way of a run after its source, its target included. @param {number} run @returns {Stretch[]} */
  const onward = (run) => [...passed[run], [column[ends[run][1]], row[ends[run][1]]]];
  for (const { outs } of items) {
    if (outs.length < 2) continue;
    const found = new Map(outs.map((run) => [run, onward(run)]));
    const wayOf = (/** @type {number} */ run) => /** @type {Stretch[]} */ (found.get(run));
    const stop = (/** @type {number} */ run) => column[ends[run][1]] + 1;
    outs.sort((a, b) => compareWays(wayOf(a), stop(a), wayOf(b), stop(b)) || a - b);
  }
  /** The way of a run back from its target, its source included; columns count from right to left. @param {number} run @returns {Stretch[]} */
  const homeward = (run) => {
    const [from, to] = ends[run];
    const way = passed[run];
    /** @type {Stretch[]} */
    const found = [];
    for (let at = way.length; at >= 0; at--) found.push([1 - (at < way.length ? way[at][0] : column[to]), at ? way[at - 1][1] : row[from]]);
    return found;
  };

  /** Runs that pass one cell take lanes of their own there, the same all along so that none sways. */
  const laneOffsets = () => {
    const lanes = new Float64Array(runs.length);
    const leader = Int32Array.from(runs, (_, i) => i);
    const find = (/** @type {number} */ run) => {
      while (leader[run] !== run) run = leader[run] = leader[leader[run]];
      return run;
    };
    /** By row: what passes it, from where to which column. @type {[number, number, number][][]} */
    const level = used.map(() => []);
    passed.forEach((way, run) =>
      way.forEach(([start, at], step) => level[at].push([start, step + 1 < way.length ? way[step + 1][0] : column[ends[run][1]], run])),
    );
    for (const stretches of level) {
      stretches.sort((a, b) => a[0] - b[0]);
      let reach = 0;
      let other = -1;
      for (const [start, stop, run] of stretches) {
        if (start < reach) leader[find(run)] = find(other);
        reach = Math.max(reach, stop);
        other = run;
      }
    }
    /** The lanes of each bundle, a trunk being one of them. @type {Map<number, number[][]>} */
    const bundles = new Map();
    for (const { outs } of items) {
      const passing = outs.filter((run) => passed[run].length);
      const sharing = outs.length > MOST_BRANCHES && passing.length ? [passing] : passing.map((run) => [run]);
      for (const lane of sharing) listAt(bundles, find(lane[0])).push(lane);
    }
    for (const bundle of bundles.values()) {
      const spread = spreadLines(bundle.length, -1, Math.min(LANE_PITCH, 160 / bundle.length));
      bundle.forEach((lane, i) => lane.forEach((run) => (lanes[run] = spread[i])));
    }
    return lanes;
  };
  /** By run: its offset from the row while it passes other columns. */
  const offset = laneOffsets();

  /** By run: where it enters its gate, from the middle. The wire of the same row goes straight in; the others beside it, ordered so that they do not cross. */
  const port = new Float64Array(runs.length);
  items.forEach(({ ins }, i) => {
    if (ins.length < 2) return;
    const branch = (/** @type {number} */ run) => items[ends[run][0]].outs.indexOf(run);
    const order = ins
      .map((run, slot) => ({ run, slot, key: homeward(run), stop: 1 - column[ends[run][0]] }))
      .sort((a, b) => compareWays(a.key, a.stop, b.key, b.stop) || offset[a.run] - offset[b.run] || (ends[a.run][0] === ends[b.run][0] ? branch(a.run) - branch(b.run) : 0) || a.slot - b.slot);
    const level = levelOnes(order.map((o) => o.key[0][1]), row[i]);
    const straight = order.length === 2 && level.length === 1 ? level[0] : -1;
    spreadLines(order.length, straight, straight >= 0 ? 18 : portStep(order.length, flip)).forEach((v, at) => (port[order[at].run] = v));
  });
  /** By item: the heights of its branches. */
  const fans = items.map(({ outs }, i) => {
    if (outs.length < 2 || outs.length > MOST_BRANCHES) return outs.map(() => 0);
    const level = levelOnes(outs.map((run) => onward(run)[0][1]), row[i]);
    return spreadLines(outs.length, level.length ? level[level.length >> 1] : -1, sizes[i].step);
  });

  /** Open groups: their rows, and how far their frames reach beyond what stands in these. */
  const title = FRAME_PAD + (flip ? 0 : TAB_HEIGHT);
  const frames = [...visible.frames].map(([group, [x, y, wide, high]]) => {
    const inside = used.filter((level) => level >= y && level < y + high).map(rowAt);
    return { group, from: x, to: x + wide - 1, first: Math.min(...inside), last: Math.max(...inside), above: title, below: FRAME_PAD };
  });
  // Children come after their parents, so from the last to the first each knows what it holds.
  for (let i = frames.length - 1; i >= 0; i--) {
    const inner = frames[i];
    for (const outer of frames.slice(0, i)) {
      if (outer.from > inner.from || outer.to < inner.to || outer.first > inner.first || outer.last < inner.last) continue;
      if (outer.first === inner.first) outer.above = Math.max(outer.above, inner.above + title);
      if (outer.last === inner.last) outer.below = Math.max(outer.below, inner.below + FRAME_PAD);
    }
  }

  /** By row: the most that it needs on both sides, in each band. */
  const roomUp = used.map(() => new Float64Array(bands));
  const roomDown = used.map(() => new Float64Array(bands));
  const holds = new Uint8Array(count);
  const widen = (/** @type {Float64Array} */ room, /** @type {number} */ at, /** @type {number} */ to) => {
    room[at] = Math.max(room[at], to);
  };
  items.forEach((_, i) => {
    const { shapes, up: above, down: below, pillAcross } = sizes[i];
    const own = row[i];
    // A row of nothing but constants needs no more height than they do.
    if (shapes[0].kind !== "const") holds[own] = 1;
    for (let b = 0; b < bands; b++) {
      widen(roomUp[own], b, above[b]);
      widen(roomDown[own], b, below[b]);
    }
    const fan = fans[i];
    if (fan.length < 2) return;
    const edge = (pillAcross || BRANCH_HEIGHT) / 2 + 2;
    widen(roomUp[own], bands - 1, edge - fan[0]);
    widen(roomDown[own], bands - 1, edge + fan[fan.length - 1]);
  });
  passed.forEach((way, run) => {
    for (const [, level] of way) {
      for (let b = 0; b < bands; b++) {
        widen(roomUp[level], b, LANE_PITCH / 2 - offset[run]);
        widen(roomDown[level], b, LANE_PITCH / 2 + offset[run]);
      }
    }
  });
  const up = roomUp.map((room) => Math.max(...room));
  const down = roomDown.map((room) => Math.max(...room));
  const above = new Float64Array(count);
  const below = new Float64Array(count);
  for (const frame of frames) {
    widen(above, frame.first, frame.above);
    widen(below, frame.last, frame.below);
  }
  /** The height of every row; rows that hold wires only are low. */
  const y = [up[0] + above[0]];
  for (let i = 1; i < count; i++) {
    const fence = below[i - 1] + above[i];
    let pitch = fence && down[i - 1] + up[i] + fence;
    for (let b = 0; b < bands; b++) pitch = Math.max(pitch, roomDown[i - 1][b] + roomUp[i][b]);
    // Rows of wires alone lie as close as lanes do.
    if (fence || holds[i - 1] || holds[i]) pitch += ROW_GAP;
    if (holds[i - 1] && holds[i]) pitch = Math.max(pitch, flip ? 96 : 92) * across;
    y.push(y[i - 1] + pitch);
  }
  const bottom = count ? y[count - 1] + down[count - 1] + below[count - 1] : 0;

  /** Where a run may turn: the columns in whose gaps, and the heights there after, the last one being its port. @param {number} run @returns {[number, number][]} */
  const turns = (run) => [...passed[run].map(([start, level]) => /** @type {[number, number]} */ ([start - 1, y[level] + offset[run]])), [column[ends[run][1]] - 1, y[row[ends[run][1]]] + port[run]]];

  /** By column: where it begins, where its shapes end, its gap, its longest shelf, the largest change of height in its gap. */
  const left = zeros();
  const shapesEnd = zeros();
  const gapStart = zeros();
  const gapEnd = zeros();
  const shelves = zeros();
  const rises = zeros();
  /** @type {number[][]} */
  const members = shelves.map(() => []);
  items.forEach(({ outs }, i) => {
    const own = column[i];
    members[own].push(i);
    shelves[own] = Math.max(shelves[own], sizes[i].shelf);
    outs.forEach((run, at) => {
      let height = y[row[i]] + fans[i][at];
      for (const [gap, v] of turns(run)) {
        rises[gap] = Math.max(rises[gap], Math.abs(v - height));
        height = v;
      }
    });
  });
  /** By item: the dot behind its shelf. */
  const dot = new Float64Array(sizes.length);

  /** Where the shapes of an item end and its shelf begins. @param {number} i */
  const shapesStop = (i) => {
    const c = column[i];
    // Circles of the textbook view stand in one column, and lines of labels beside each other: there shapes end together.
    return flip || textbook ? shapesEnd[c] : (left[c] + shapesEnd[c] + shapesLength(sizes[i])) / 2;
  };
  /** Where the labels of an item end; from top to bottom, where those of its whole column do. @param {number} i */
  const shelfStop = (i) => shapesStop(i) + (flip ? shelves[column[i]] : sizes[i].shelf);
  /** Where the branches behind a dot have reached their own heights. @param {number} i */
  const fanStart = (i) => dot[i] + Math.max(30, 0.36 * Math.max(-fans[i][0], fans[i][fans[i].length - 1]));
  /** Where the shelf, and after it the result or the fan, of an item ends. @param {number} i */
  const itemEnd = (i) => {
    const { root, pill } = sizes[i];
    const end = shelfStop(i);
    if (root) return end + root.along + 6;
    if (items[i].outs.length < 2) return end;
    dot[i] = end + DOT_RADIUS;
    return fanStart(i) + (pill ? FAN_LEAD + pill + 6 : 4);
  };

  const starting = new Set(frames.map((f) => f.from));
  const stopping = new Set(frames.map((f) => f.to));
  let right = 0;
  let u = 0;
  for (let c = 0; c < columns; c++) {
    const begins = starting.has(c);
    const stops = stopping.has(c);
    if (begins) u += flip ? TAB_HEIGHT + 12 : 12;
    left[c] = u;
    shapesEnd[c] = u + Math.max(0, ...members[c].map((i) => shapesLength(sizes[i])));
    const end = Math.max(shapesEnd[c], ...members[c].map(itemEnd)) + (stops ? 14 : 0);
    gapStart[c] = end;
    const idle = !members[c].length && !begins && !stops;
    const rise = rises[c];
    let gap = flip ? clamp(26 + 0.22 * rise, 44, 150) : clamp(30 + 0.34 * rise, 52, 230);
    if (rise < 1) gap = idle ? 0 : flip ? 24 : 22;
    if (gap) gap += along;
    gapEnd[c] = end + gap;
    right = Math.max(right, end);
    u = gapEnd[c] + (idle && !gap ? 0 : flip ? 14 : 18);
  }
  return { sizes, row, column, fans, frames, up, down, y, bottom, right, left, gapStart, gapEnd, dot, turns, shapesStop, shelfStop, fanStart };
}

/** The shapes of an item one after the other. @param {Size} size */
export function shapesLength(size) {
  let length = SHAPE_GAP * (size.shapes.length - 1);
  for (const shape of size.shapes) length += shape.along;
  return length;
}
