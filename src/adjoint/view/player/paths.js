/**
 * Wires as chains of cubics, in flow coordinates: `u` runs with the flow, `v` across it. A cubic is eight numbers.
 * Only where a path is written does it matter whether the flow goes to the right or, flipped, down.
 */

/** @typedef {[number, number, number, number, number, number, number, number]} Cubic */
/** @typedef {Cubic[]} Path */

/** @typedef {ReturnType<typeof penAt>} Pen */

/** Draws one wire with the flow from a place on, merging level pieces. @param {number} u @param {number} v */
export function penAt(u, v) {
  /** @type {Path} */
  const path = [];
  let straight = false;
  /** Goes on level as far as `end`. @param {number} end */
  const level = (end) => {
    if (end <= u) return;
    const last = straight ? path.pop() : undefined;
    path.push(levelLine(last ? last[0] : u, end, v));
    u = end;
    straight = true;
  };
  /** Bends to a point, or goes on level when it is at the same height. @param {number} end @param {number} height */
  const to = (end, height) => {
    if (Math.abs(height - v) < 0.01) {
      level(end);
      return;
    }
    const half = (end - u) / 2;
    path.push([u, v, u + half, v, end - half, height, end, height]);
    u = end;
    v = height;
    straight = false;
  };
  return { path, level, to };
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
function pointOf(c, t) {
  const s = 1 - t;
  const [w0, w1, w2, w3] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
  const at = (/** @type {number} */ i) => w0 * c[i] + w1 * c[i + 2] + w2 * c[i + 4] + w3 * c[i + 6];
  return [at(0), at(1)];
}

/** @param {Cubic} c @param {number} t @returns {[number, number]} */
function slopeOf(c, t) {
  const s = 1 - t;
  const [w0, w1, w2] = [3 * s * s, 6 * s * t, 3 * t * t];
  const along = (/** @type {number} */ i) => w0 * (c[i + 2] - c[i]) + w1 * (c[i + 4] - c[i + 2]) + w2 * (c[i + 6] - c[i + 4]);
  return [along(0), along(1)];
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
  const [first] = trimmed;
  if (start && first && isLevel(first)) trimmed[0] = levelLine(Math.min(first[0] + start, first[6]), first[6], first[1]);
  const last = trimmed.pop();
  if (last) trimmed.push(end && isLevel(last) ? levelLine(last[0], Math.max(last[6] - end, last[0]), last[1]) : last);
  return trimmed;
}

/** A coordinate with one decimal at most: finer than a screen shows. @param {number} x */
export function shortNumber(x) {
  return Math.round(x * 10) / 10 || 0;
}

/** A point as paths are written. @param {number} u @param {number} v @param {boolean} flip   Whether the flow goes down. */
export function placeText(u, v, flip) {
  return flip ? `${shortNumber(v)} ${shortNumber(u)}` : `${shortNumber(u)} ${shortNumber(v)}`;
}

/**
 * The `d` attribute of a path.
 * @param {Path} path
 * @param {boolean} flip
 */
export function pathData(path, flip) {
  let out = "";
  for (const c of path) {
    const at = (/** @type {number} */ i) => placeText(c[i], c[i + 1], flip);
    if (!out) out = `M${at(0)}`;
    out += isLevel(c) ? (flip ? "V" : "H") + shortNumber(c[6]) : `C${at(2)} ${at(4)} ${at(6)}`;
  }
  return out;
}
