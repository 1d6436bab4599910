/**
 * Wires as chains of cubics, in flow coordinates: `u` runs with the flow, `v` across it. A cubic is eight numbers.
 * Only where a path is written does it matter whether the flow goes to the right or, flipped, down.
 */

/** @typedef {[number, number, number, number, number, number, number, number]} Cubic */
/** @typedef {Cubic[]} Path */

/** Draws one wire with the flow, merging level pieces. */
export class Pen {
  /** @param {number} u @param {number} v */
  constructor(u, v) {
    this.u = u;
    this.v = v;
    /** @type {Path} */
    this.path = [];
    this.straight = false;
  }

  /** Goes on level as far as `u`. @param {number} u */
  level(u) {
    if (u <= this.u) return;
    const last = this.straight ? this.path.pop() : undefined;
    this.path.push(levelLine(last ? last[0] : this.u, u, this.v));
    this.u = u;
    this.straight = true;
  }

  /** Bends to a point, or goes on level when it is at the same height. @param {number} u @param {number} v */
  to(u, v) {
    if (Math.abs(v - this.v) < 0.01) {
      this.level(u);
      return;
    }
    const half = (u - this.u) / 2;
    this.path.push([this.u, this.v, this.u + half, this.v, u - half, v, u, v]);
    this.u = u;
    this.v = v;
    this.straight = false;
  }
}

/** @param {number} u0 @param {number} u1 @param {number} v @returns {Cubic} */
export function levelLine(u0, u1, v) {
  const third = (u1 - u0) / 3;
  return [u0, v, u0 + third, v, u1 - third, v, u1, v];
}

/** @param {Cubic} c */
export function isLevel(c) {
  return c[1] === c[7] && c[1] === c[3];
}

/** @param {Cubic} c @param {number} t @returns {[number, number]} */
export function pointOf(c, t) {
  const s = 1 - t;
  const w0 = s * s * s;
  const w1 = 3 * s * s * t;
  const w2 = 3 * s * t * t;
  const w3 = t * t * t;
  return [w0 * c[0] + w1 * c[2] + w2 * c[4] + w3 * c[6], w0 * c[1] + w1 * c[3] + w2 * c[5] + w3 * c[7]];
}

/** @param {Cubic} c @param {number} t @returns {[number, number]} */
function slopeOf(c, t) {
  const s = 1 - t;
  const w0 = 3 * s * s;
  const w1 = 6 * s * t;
  const w2 = 3 * t * t;
  return [
    w0 * (c[2] - c[0]) + w1 * (c[4] - c[2]) + w2 * (c[6] - c[4]),
    w0 * (c[3] - c[1]) + w1 * (c[5] - c[3]) + w2 * (c[7] - c[5]),
  ];
}

/**
 * Points along a path, about `step` apart.
 * @param {Path} path
 * @param {number} step
 * @returns {[number, number][]}
 */
export function samplePath(path, step = 4) {
  /** @type {[number, number][]} */
  const points = [];
  for (const c of path) {
    const count = Math.max(2, Math.ceil(Math.hypot(c[6] - c[0], c[7] - c[1]) / step));
    for (let i = 0; i <= count; i++) points.push(pointOf(c, i / count));
  }
  return points;
}

/**
 * The lane beside a path: `distance` towards larger `v`.
 * @param {Path} path
 * @param {number} distance
 * @returns {Path}
 */
export function parallelPath(path, distance) {
  if (!distance) return path;
  /** @type {Path} */
  const lane = [];
  for (const c of path) {
    const pieces = isLevel(c) ? 1 : 4;
    for (let i = 0; i < pieces; i++) lane.push(shiftedPiece(c, i / pieces, (i + 1) / pieces, distance));
  }
  return lane;
}

/**
 * One short piece of the parallel curve, by matching end points and end directions.
 * @param {Cubic} c @param {number} t0 @param {number} t1 @param {number} distance
 * @returns {Cubic}
 */
function shiftedPiece(c, t0, t1, distance) {
  const [au, av] = pointOf(c, t0);
  const [bu, bv] = pointOf(c, t1);
  const [du, dv] = slopeOf(c, t0);
  const [eu, ev] = slopeOf(c, t1);
  const dl = Math.hypot(du, dv) || 1;
  const el = Math.hypot(eu, ev) || 1;
  const su = au - (dv / dl) * distance;
  const sv = av + (du / dl) * distance;
  const tu = bu - (ev / el) * distance;
  const tv = bv + (eu / el) * distance;
  const grow = ((Math.hypot(tu - su, tv - sv) / (Math.hypot(bu - au, bv - av) || 1)) * (t1 - t0)) / 3;
  return [su, sv, su + du * grow, sv + dv * grow, tu - eu * grow, tv - ev * grow, tu, tv];
}

/**
 * A path with its level ends cut shorter, which is where the arrowheads stand.
 * @param {Path} path
 * @param {number} start
 * @param {number} end
 * @returns {Path}
 */
export function trimPath(path, start, end) {
  const trimmed = path.slice();
  const first = trimmed[0];
  if (start && first && isLevel(first)) trimmed[0] = levelLine(Math.min(first[0] + start, first[6]), first[6], first[1]);
  const last = trimmed[trimmed.length - 1];
  if (end && last && isLevel(last)) trimmed[trimmed.length - 1] = levelLine(last[0], Math.max(last[6] - end, last[0]), last[1]);
  return trimmed;
}

/** A coordinate with one decimal at most: finer than a screen shows. @param {number} x */
export function shortNumber(x) {
  return Math.round(x * 10) / 10 || 0;
}

/**
 * The `d` attribute of a path.
 * @param {Path} path
 * @param {boolean} flip   Whether the flow goes down.
 */
export function pathData(path, flip) {
  if (!path.length) return "";
  const at = (/** @type {number} */ u, /** @type {number} */ v) =>
    flip ? `${shortNumber(v)} ${shortNumber(u)}` : `${shortNumber(u)} ${shortNumber(v)}`;
  let out = `M${at(path[0][0], path[0][1])}`;
  for (const c of path) {
    if (isLevel(c)) out += (flip ? "V" : "H") + shortNumber(c[6]);
    else out += `C${at(c[2], c[3])} ${at(c[4], c[5])} ${at(c[6], c[7])}`;
  }
  return out;
}
