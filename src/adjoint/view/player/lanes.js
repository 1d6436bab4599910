/** Wires as marks: two lanes beside one middle line, arrowheads, widths by size and colours by sign. */

import { pathMark } from "./marks.js";
import { levelLine, parallelPath, pathData, placeText, shortNumber, trimPath } from "./paths.js";
import { magnitude, signShown, toneColour } from "./quantities.js";
import { isHidden } from "./reading.js";

/** @typedef {import("./marks.js").Mark} Mark */
/** @typedef {import("./scene.js").Wire} Wire */
/** @typedef {{width: number, tone: string, fresh: boolean}} Lane   Its tone: wire, ahead, dotted, mixed, or a sign. */

const ARROW = 10;
const TIP = 1.2;
const HALF_GAP = 1.5;
/** Before its gate is computed a wire is thin and dashed. */
const AHEAD_LANE = { width: 1.4, tone: "ahead", fresh: false };

/**
 * The lanes of one wire as they are now.
 * @param {import("./scene.js").Scene} scene
 * @param {Wire} wire
 * @param {number[]} edges   Those that it stands for.
 * @param {import("./now.js").Now} now
 * @returns {Mark[]}
 */
export function wireMarks({ visible, flip }, wire, edges, now) {
  const item = visible.items[wire.item];
  const { tells } = item;
  const forward = forwardLane(wire, edges.length ? edges : item.outs.flatMap((run) => visible.runs[run].edges), tells, now);
  const expected = wire.run < 0 ? tells >= 0 && now.expects(tells) : edges.some((e) => now.story.edges[e].contrib !== undefined);
  // Where a gradient will come, its lane is kept free from the start, so that nothing moves aside for it.
  const away = expected ? HALF_GAP + forward.width / 2 : 0;
  const backward = backwardLane(edges, tells, now);
  return [
    ...laneMarks(flip, wire, forward, -away, true),
    ...(backward ? laneMarks(flip, wire, backward, HALF_GAP + backward.width / 2, false) : []),
  ];
}

/** @param {Wire} wire @param {number[]} given   Its edges, or all behind its shelf. @param {number} tells @param {import("./now.js").Now} now @returns {Lane} */
function forwardLane({ run, head }, given, tells, { story, reached, scales, isNew }) {
  const { edges, nodes } = story;
  const sources = run < 0 && tells >= 0 ? [tells] : given.map((e) => edges[e].src);
  // The shelf before a dot is reached with the first of its branches; the one before a circle with the value.
  const targets = run < 0 && head ? sources : given.map((e) => edges[e].dst);
  const values = [...new Set(sources)].filter(reached).flatMap((n) => nodes[n].value ?? []);
  if (!values.length || !targets.some(reached)) return AHEAD_LANE;
  const bad = values.some((value) => signShown(value) === "bad");
  return { width: scales.values.width(Math.max(...values.map((value) => magnitude(value) || 0))), tone: bad ? "bad" : "wire", fresh: targets.some(isNew) };
}

/** @param {number[]} edges @param {number} tells @param {import("./now.js").Now} now @returns {Lane | null} */
function backwardLane(edges, tells, now) {
  const { scales, story, state } = now;
  const lane = (/** @type {number} */ size, /** @type {string} */ tone, /** @type {boolean} */ news) => ({ width: scales.grads.width(size), tone, fresh: now.fresh && news });
  if (!edges.length) {
    const grad = tells < 0 ? null : now.grad(tells);
    return grad && lane(grad.size, scales.zeroNodes.has(tells) ? "dotted" : grad.sign, now.gradNew(tells));
  }
  const flowing = edges.filter((e) => now.flowed(e) && story.edges[e].contrib !== undefined);
  if (!flowing.length) return null;
  const news = flowing.some((e) => now.edges.has(e));
  if (edges.every((e) => scales.zeroEdges.has(e))) return lane(0, "dotted", news);
  const signs = new Set();
  let size = 0;
  for (const edge of flowing) {
    const { contrib, src } = story.edges[edge];
    const hidden = isHidden(state, "share", edge) || isHidden(state, "grad", src);
    signs.add(hidden ? "zero" : signShown(contrib));
    size = Math.max(size, hidden ? 0 : magnitude(contrib) || 0);
  }
  signs.delete(signs.size > 1 ? "zero" : "");
  return lane(size, signs.has("bad") ? "bad" : signs.size > 1 ? "mixed" : [...signs][0] || "zero", news);
}

/** @param {boolean} flip @param {Wire} wire @param {Lane} lane @param {number} shift @param {boolean} forward @returns {Mark[]} */
function laneMarks(flip, { path: middle, pill, head, branch }, lane, shift, forward) {
  const path = parallelPath(middle, shift);
  const last = path[path.length - 1];
  /** @type {Mark[]} */
  const marks = [];
  const arrow = (/** @type {number} */ u, /** @type {number} */ v, /** @type {number} */ along) =>
    marks.push(arrowMark(flip, u, v, along, lane.width, laneColour(lane.tone), lane.fresh ? "fade" : ""));
  let start = 0;
  let end = 0;
  if (forward) {
    if (head && last) {
      end = ARROW - 1;
      arrow(last[6] - TIP, last[7], -1);
    }
  } else if (pill) {
    // On a branch the arrowhead stands before the pill, where branches no longer touch.
    const { x, y, w, h } = pill;
    arrow((flip ? y : x) - 14, (flip ? x + w / 2 : y + h / 2) + shift, 1);
  } else if (!branch && last) {
    start = ARROW - 1;
    arrow(path[0][0] + TIP, path[0][1], 1);
  }
  const strokes = strokeMarks(pathData(trimPath(path, start, end), flip), lane, forward ? "lane" : "back");
  if (!forward) for (const mark of strokes) mark.c = "backward";
  return [...strokes, ...marks];
}

/** @param {string} d @param {Lane} lane @param {string} enter @returns {Mark[]} */
function strokeMarks(d, { width, tone, fresh }, enter) {
  const line = (/** @type {string} */ stroke, /** @type {Mark["a"]} */ more = {}, how = "fade") =>
    pathMark({ d, fill: "none", "stroke-width": shortNumber(width), stroke, ...more }, fresh ? how : "");
  if (tone === "dotted") return [line("zero", { "stroke-dasharray": `0 ${shortNumber(Math.max(6, width * 2.4))}`, "stroke-linecap": "round" })];
  if (tone === "mixed") return ["pos", "neg"].map((stroke, i) => line(stroke, { "stroke-dasharray": "9 9", "stroke-dashoffset": i * 9 }));
  return [line(laneColour(tone), tone === "ahead" ? { "stroke-dasharray": "5 4" } : {}, enter)];
}

/** @param {string} tone */
function laneColour(tone) {
  return tone === "ahead" ? "edge" : tone === "wire" ? tone : tone === "mixed" ? "neg" : toneColour(tone);
}

/**
 * A head whose tip is at a point; `along` says on which side of the tip its body is.
 * @param {boolean} flip @param {number} u @param {number} v @param {number} along @param {number} width   Of the lane. @param {string} fill @param {string} [enter]
 * @returns {Mark}
 */
function arrowMark(flip, u, v, along, width, fill, enter = "") {
  const half = Math.max(4.6, width * 0.5 + 3.4);
  const base = u + ARROW * along;
  const points = [[u, v], [base, v - half], [u + (ARROW - 2) * along, v], [base, v + half]];
  return pathMark({ d: `M${points.map(([p, q]) => placeText(p, q, flip)).join("L")}Z`, fill }, enter);
}

/** Short lanes for the legend. @param {string} tone @param {number} y @returns {Mark[]} */
export function sampleLane(tone, y) {
  const forward = tone === "wire";
  const width = forward ? 3 : 3.4;
  const line = forward ? levelLine(1, 22, y) : levelLine(9, 30, y);
  return [
    ...strokeMarks(pathData([line], false), { width, tone, fresh: false }, ""),
    arrowMark(false, forward ? 31 : 0, y, forward ? -1 : 1, width, laneColour(tone)),
  ];
}
