/**
 * Where everything stands once some groups are open. Each group has a grid of its own and stands in one cell of its
 * parent's grid; opening it swaps that cell for the block of its grid, and later columns and rows move on, as when columns
 * are inserted in a sheet. Items are named `n3` (a node) and `g1` (a closed group). This is the twin of
 * `adjoint.explain.expansion`; a test holds the two against each other.
 */

/** @typedef {import("./types.js").Story} Story */
/** @typedef {[number, number]} Cell */
/** @typedef {{at: Cell, road?: number[], outs?: import("./types.js").Port[]}} Placed */
/**
 * @typedef {Object} Run   What goes from one visible item to another: the edges that it stands for, and its way.
 * @property {string} src
 * @property {string} dst
 * @property {number[]} edges
 * @property {Cell[]} way   `[x, y]`: from column x on it runs on row y; the last is the cell of its target.
 * @typedef {Object} Expansion
 * @property {Cell} size
 * @property {Map<string, Cell>} cells   In the order of groups, then nodes.
 * @property {Map<number, [number, number, number, number]>} frames   Of open groups: x, y, columns, rows.
 * @property {Run[]} runs
 */

const TOP = -1;

/** A visible grid: its corner, and where each of its columns and rows begins, counted from there. */
class SheetGrid {
  /** @param {number} columns @param {number} rows */
  constructor(columns, rows) {
    this.wide = new Array(columns).fill(1);
    this.high = new Array(rows).fill(1);
    this.x = 0;
    this.y = 0;
    /** @type {number[]} */
    this.columns = [];
    /** @type {number[]} */
    this.rows = [];
  }

  /** Adds up the widths and heights; the size of the whole. @returns {Cell} */
  settle() {
    this.columns = runningSums(this.wide);
    this.rows = runningSums(this.high);
    return [this.columns[this.wide.length], this.rows[this.high.length]];
  }

  /** The absolute cell of one of its own. @param {Cell} cell @returns {Cell} */
  at(cell) {
    return [this.x + this.columns[cell[0]], this.y + this.rows[cell[1]]];
  }
}

/** @param {number[]} sizes */
function runningSums(sizes) {
  const out = [0];
  for (const size of sizes) out.push(out[out.length - 1] + size);
  return out;
}

/**
 * Where all that can be seen stands when these groups are open. A group inside of a closed one is not seen, open or not.
 * @param {Story} story
 * @param {Set<number>} opened
 * @returns {Expansion}
 */
export function expandStory(story, opened) {
  const { nodes, groups } = story;
  const above = (/** @type {{parent?: number}} */ group) => group.parent ?? TOP;
  // The outermost closed group that hides what stands in a grid; TOP where nothing does.
  const hidden = new Map([[TOP, TOP]]);
  for (const group of groups) {
    const around = /** @type {number} */ (hidden.get(above(group)));
    hidden.set(group.id, around !== TOP ? around : opened.has(group.id) ? TOP : group.id);
  }
  const seen = groups.filter((g) => hidden.get(g.id) === TOP);
  /** @type {Map<number, SheetGrid>} */
  const grids = new Map(seen.map((g) => [g.id, new SheetGrid(g.size[0], g.size[1])]));
  const top = new SheetGrid(...sizeOfTop(story));
  grids.set(TOP, top);
  const gridOf = (/** @type {number} */ id) => /** @type {SheetGrid} */ (grids.get(id));
  for (const group of seen.slice().reverse()) {
    const [columns, rows] = gridOf(group.id).settle();
    const around = gridOf(above(group));
    const [layer, track] = group.at;
    around.wide[layer] = Math.max(around.wide[layer], columns);
    around.high[track] = Math.max(around.high[track], rows);
  }
  const size = top.settle();
  /** @type {Expansion["frames"]} */
  const frames = new Map();
  for (const group of seen) {
    const grid = gridOf(group.id);
    [grid.x, grid.y] = gridOf(above(group)).at(group.at);
    frames.set(group.id, [grid.x, grid.y, grid.columns[grid.wide.length], grid.rows[grid.high.length]]);
  }
  /** @type {Expansion["cells"]} */
  const cells = new Map();
  for (const group of groups) if (hidden.get(group.id) === group.id) cells.set(`g${group.id}`, gridOf(above(group)).at(group.at));
  for (const node of nodes) if (hidden.get(node.group ?? TOP) === TOP) cells.set(`n${node.id}`, gridOf(node.group ?? TOP).at(node.at));
  return { size, cells, frames, runs: runsOf(story, hidden, gridOf) };
}

/** @param {Story} story @returns {Cell} */
function sizeOfTop({ nodes, groups }) {
  let columns = 1;
  let rows = 1;
  const items = /** @type {Placed[]} */ ([...nodes.filter((n) => n.group === undefined), ...groups.filter((g) => g.parent === undefined)]);
  for (const item of items) {
    columns = Math.max(columns, item.at[0] + 1);
    rows = Math.max(rows, item.at[1] + 1);
    for (const { road } of [item, ...(item.outs || [])]) for (const track of road || []) rows = Math.max(rows, track + 1);
  }
  return [columns, rows];
}

/**
 * The runs that can be seen, in the order of the first edge of each. Those between the same two items are one where either
 * is a closed group.
 * @param {Story} story
 * @param {Map<number, number>} hidden
 * @param {(id: number) => SheetGrid} gridOf
 */
function runsOf(story, hidden, gridOf) {
  const { nodes, groups } = story;
  /** @type {Map<string, Placed>} */
  const ports = new Map();
  for (const group of groups) {
    for (const port of group.ins) ports.set(`i${group.id} ${port.src}`, port);
    for (const port of group.outs) ports.set(`o${group.id} ${port.src}`, port);
  }
  const nameOf = (/** @type {number} */ node) => {
    const around = /** @type {number} */ (hidden.get(nodes[node].group ?? TOP));
    return around === TOP ? `n${node}` : `g${around}`;
  };
  /** @param {string} name @returns {[Placed, number]} */
  const itemOf = (name) => {
    const id = Number(name.slice(1));
    return name[0] === "n" ? [nodes[id], nodes[id].group ?? TOP] : [groups[id], groups[id].parent ?? TOP];
  };
  /** A grid and all around it, the innermost first. @param {number} grid */
  const aroundOf = (grid) => {
    const found = [grid];
    for (let at = grid; at !== TOP; found.push(at)) at = groups[at].parent ?? TOP;
    return found;
  };
  /** @param {number} value @param {string} src @param {string} dst */
  const wayOf = (value, src, dst) => {
    const [start, first] = itemOf(src);
    const [end, last] = itemOf(dst);
    const out = aroundOf(first);
    const into = aroundOf(last);
    while (out.length > 1 && into.length > 1 && out[out.length - 2] === into[into.length - 2]) {
      out.pop();
      into.pop();
    }
    const way = [gridOf(first).at(start.at)];
    const portOf = (/** @type {string} */ side, /** @type {number} */ group) => /** @type {Placed} */ (ports.get(`${side}${group} ${value}`));
    let { at, road } = start;
    if (src[0] === "g") road = portOf("o", Number(src.slice(1))).road;
    for (const grid of out.slice(0, -1)) {
      const port = portOf("o", grid);
      passLayers(way, gridOf(grid), at, road, port.at[0]);
      turnTo(way, gridOf(grid).at(port.at));
      at = groups[grid].at;
      road = port.road;
    }
    for (let k = into.length - 1; k > 0; k--) {
      const inner = into[k - 1];
      const port = portOf("i", inner);
      passLayers(way, gridOf(into[k]), at, road, groups[inner].at[0]);
      turnTo(way, gridOf(inner).at(port.at));
      at = port.at;
      road = port.road;
    }
    const target = gridOf(last).at(end.at);
    passLayers(way, gridOf(last), at, road, end.at[0]);
    turnTo(way, target);
    const final = way[way.length - 1];
    if (final[0] !== target[0] || final[1] !== target[1]) way.push(target);
    return way;
  };
  /** @type {Run[]} */
  const runs = [];
  /** @type {Map<string, Run>} */
  const known = new Map();
  for (const edge of story.edges) {
    const src = nameOf(edge.src);
    const dst = nameOf(edge.dst);
    if (src === dst) continue;
    const merged = src[0] === "g" || dst[0] === "g";
    const key = `${src} ${dst}`;
    const same = merged ? known.get(key) : undefined;
    if (same) {
      same.edges.push(edge.id);
      continue;
    }
    const run = { src, dst, edges: [edge.id], way: wayOf(edge.src, src, dst) };
    if (merged) known.set(key, run);
    runs.push(run);
  }
  return runs;
}

/**
 * Goes through the layers of a grid between a cell and the layer `end`, on the tracks of a road.
 * @param {Cell[]} way @param {SheetGrid} grid @param {Cell} from @param {number[] | undefined} road @param {number} end
 */
function passLayers(way, grid, from, road, end) {
  for (let passed = from[0] + 1; passed < end; passed++) {
    // A road that ends goes on straight; what has none stays on its own track.
    const track = road && road.length ? road[Math.min(passed - from[0], road.length) - 1] : from[1];
    turnTo(way, grid.at([passed, track]));
  }
}

/** Adds a cell to a way where it changes the row. @param {Cell[]} way @param {Cell} cell */
function turnTo(way, cell) {
  if (way[way.length - 1][1] !== cell[1]) way.push(cell);
}
