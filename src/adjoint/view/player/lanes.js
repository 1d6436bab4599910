/** Wires as marks: two lanes beside one middle line, arrowheads, widths by size and colours by sign. */

import { levelLine, parallelPath, pathData, shortNumber, trimPath } from "./paths.js";
import { magnitude, signShown, toneColour } from "./quantities.js";
import { isHidden } from "./reading.js";

/** @typedef {import("./marks.js").Mark} Mark */
/** @typedef {import("./scene.js").Wire} Wire */
/** @typedef {{width: number, tone: string, dotted: boolean, fresh: boolean}} Lane */

const ARROW = 10;
const TIP = 1.2;
const HALF_GAP = 1.5;
/** Before its gate is computed a wire is thin and dashed. */
const AHEAD_LANE = { width: 1.4, tone: "ahead", dotted: false, fresh: false };

/**
 * The lanes of one wire as they are now.
 * @param {import("./scene.js").Scene} scene
 * @param {Wire} wire
 * @param {import("./now.js").Now} now
 * @returns {Mark[]}
 */
export function wireMarks(scene, wire, now) {
  const item = scene.visible.items[wire.item];
  const edges = wire.run < 0 ? [] : scene.visible.runs[wire.run].edges;
  const forward = forwardLane(scene, wire, now);
  const expected = wire.run < 0 ? item.tells >= 0 && now.expects(item.tells) : edges.some((e) => now.story.edges[e].contrib !== undefined);
  // Where a gradient will come, its lane is kept free from the start, so that nothing moves aside for it.
  const away = expected ? HALF_GAP + forward.width / 2 : 0;
  const marks = laneMarks(scene.flip, wire, forward, -away, true);
  const backward = backwardLane(wire, edges, item, now);
  if (backward) marks.push(...laneMarks(scene.flip, wire, backward, HALF_GAP + backward.width / 2, false));
  return marks;
}

/** @param {import("./scene.js").Scene} scene @param {Wire} wire @param {import("./now.js").Now} now @returns {Lane} */
function forwardLane(scene, wire, now) {
  const { visible } = scene;
  const item = visible.items[wire.item];
  const { edges, nodes } = now.story;
  /** @type {number[]} */
  let sources;
  /** @type {number[]} */
  let targets;
  if (wire.run >= 0) {
    const run = visible.runs[wire.run].edges;
    sources = run.map((e) => edges[e].src);
    targets = run.map((e) => edges[e].dst);
  } else {
    const outs = item.outs.flatMap((run) => visible.runs[run].edges);
    sources = item.tells >= 0 ? [item.tells] : outs.map((e) => edges[e].src);
    // The shelf before a dot is reached with the first of its branches; the one before a circle with the value.
    targets = wire.head ? sources : outs.map((e) => edges[e].dst);
  }
  if (!targets.some((n) => now.reached(n)) || !sources.some((n) => now.reached(n) && nodes[n].value !== undefined)) return AHEAD_LANE;
  let size = 0;
  let bad = false;
  for (const source of new Set(sources)) {
    const { value } = nodes[source];
    if (value === undefined || !now.reached(source)) continue;
    size = Math.max(size, magnitude(value) || 0);
    bad = bad || signShown(value) === "bad";
  }
  return { width: now.scales.values.width(size), tone: bad ? "bad" : "wire", dotted: false, fresh: targets.some((n) => now.isNew(n)) };
}

/** @param {Wire} wire @param {number[]} edges @param {import("./items.js").Item} item @param {import("./now.js").Now} now @returns {Lane | null} */
function backwardLane(wire, edges, item, now) {
  if (wire.run < 0) {
    if (item.tells < 0) return null;
    const grad = now.grad(item.tells);
    if (!grad) return null;
    const dotted = now.scales.zeroNodes.has(item.tells);
    return { width: now.scales.grads.width(grad.size), tone: dotted ? "zero" : grad.sign, dotted, fresh: now.fresh && now.gradNew(item.tells) };
  }
  const flowing = edges.filter((e) => now.flowed(e) && now.story.edges[e].contrib !== undefined);
  if (!flowing.length) return null;
  const fresh = now.fresh && flowing.some((e) => now.edges.has(e));
  if (now.isZero(edges)) return { width: now.scales.grads.width(0), tone: "zero", dotted: true, fresh };
  const signs = new Set();
  let size = 0;
  for (const edge of flowing) {
    const { contrib } = now.story.edges[edge];
    const hidden = isHidden(now.state, "share", edge) || isHidden(now.state, "grad", now.story.edges[edge].src);
    signs.add(hidden ? "zero" : signShown(contrib));
    size = Math.max(size, hidden ? 0 : magnitude(contrib) || 0);
  }
  signs.delete(signs.size > 1 ? "zero" : "");
  const tone = signs.has("bad") ? "bad" : signs.size > 1 ? "mixed" : [...signs][0] || "zero";
  return { width: now.scales.grads.width(size), tone, dotted: false, fresh };
}

/** @param {boolean} flip @param {Wire} wire @param {Lane} lane @param {number} shift @param {boolean} forward @returns {Mark[]} */
function laneMarks(flip, wire, lane, shift, forward) {
  const path = parallelPath(wire.path, shift);
  const colour = laneColour(lane);
  /** @type {Mark[]} */
  const marks = [];
  const enter = lane.fresh ? "fade" : "";
  let start = 0;
  let end = 0;
  if (forward && wire.head && path.length) {
    end = ARROW - 1;
    const last = path[path.length - 1];
    marks.push(arrowMark(flip, last[6] - TIP, last[7], -1, lane, colour, enter));
  } else if (!forward && wire.pill) {
    // On a branch the arrowhead stands before the pill, where branches no longer touch.
    const at = flip ? wire.pill.y : wire.pill.x;
    const across = flip ? wire.pill.x + wire.pill.w / 2 : wire.pill.y + wire.pill.h / 2;
    marks.push(arrowMark(flip, at - 14, across + shift, 1, lane, colour, enter));
  } else if (!forward && !wire.branch && path.length) {
    start = ARROW - 1;
    marks.push(arrowMark(flip, path[0][0] + TIP, path[0][1], 1, lane, colour, enter));
  }
  const line = pathData(trimPath(path, start, end), flip);
  const strokes = strokeMarks(line, lane, forward ? "lane" : "back");
  return [...(forward ? strokes : strokes.map((mark) => ({ ...mark, c: "backward" }))), ...marks];
}

/** @param {string} d @param {Lane} lane @param {string} enter @returns {Mark[]} */
function strokeMarks(d, lane, enter) {
  const a = { d, fill: "none", "stroke-width": shortNumber(lane.width) };
  const colour = laneColour(lane);
  if (lane.dotted) {
    const gap = shortNumber(Math.max(6, lane.width * 2.4));
    return [{ t: "path", a: { ...a, stroke: "zero", "stroke-dasharray": `0 ${gap}`, "stroke-linecap": "round" }, enter: lane.fresh ? "fade" : "" }];
  }
  if (lane.tone === "mixed") {
    return ["pos", "neg"].map((stroke, i) => ({
      t: "path",
      a: { ...a, stroke, "stroke-dasharray": "9 9", "stroke-dashoffset": i * 9 },
      enter: lane.fresh ? "fade" : "",
    }));
  }
  if (lane.tone === "ahead") return [{ t: "path", a: { ...a, stroke: colour, "stroke-dasharray": "5 4" }, enter: "" }];
  return [{ t: "path", a: { ...a, stroke: colour }, enter: lane.fresh ? enter : "" }];
}

/** @param {Lane} lane */
function laneColour(lane) {
  if (lane.tone === "ahead") return "edge";
  if (lane.tone === "wire" || lane.tone === "mixed") return lane.tone === "wire" ? "wire" : "neg";
  return toneColour(lane.tone);
}

/**
 * A head whose tip is at a point; `along` says on which side of the tip its body is.
 * @param {boolean} flip @param {number} u @param {number} v @param {number} along @param {Lane} lane @param {string} fill @param {string} enter
 * @returns {Mark}
 */
function arrowMark(flip, u, v, along, lane, fill, enter) {
  const half = Math.max(4.6, lane.width * 0.5 + 3.4);
  const base = u + ARROW * along;
  const points = [[u, v], [base, v - half], [u + (ARROW - 2) * along, v], [base, v + half]];
  const d = "M" + points.map(([p, q]) => (flip ? `${shortNumber(q)} ${shortNumber(p)}` : `${shortNumber(p)} ${shortNumber(q)}`)).join("L") + "Z";
  return { t: "path", a: { d, fill }, enter };
}

/** Short lanes for the legend. @param {string} tone @param {number} y @returns {Mark[]} */
export function sampleLane(tone, y) {
  const lane = { width: tone === "wire" ? 3 : 3.4, tone, dotted: tone === "dotted", fresh: false };
  const forward = tone === "wire";
  const line = forward ? levelLine(1, 22, y) : levelLine(9, 30, y);
  const marks = strokeMarks(pathData([line], false), lane, "");
  if (forward) marks.push(arrowMark(false, 31, y, -1, lane, "wire", ""));
  else marks.push(arrowMark(false, 0, y, 1, lane, lane.dotted ? "zero" : toneColour(tone), ""));
  return marks;
}
