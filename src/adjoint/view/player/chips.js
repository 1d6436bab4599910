/** What is placed last, where room is left: slopes on wires, the gate's verb, how many wires one wire stands for. */

import { formatNumber } from "./format.js";
import { rectMark, textMark } from "./marks.js";
import { samplePath } from "./paths.js";
import { isHidden, isTensor } from "./reading.js";
import { textWidth } from "./textsize.js";

/** @typedef {import("./marks.js").Mark} Mark */
/** @typedef {{x: number, y: number, w: number, h: number}} Place */

const CHIP_HEIGHT = 22;
const CHIP_TEXT = 16;

/** Finds room among boxes and wires that stay where they are. */
export class Placer {
  /** @param {import("./scene.js").Scene} scene */
  constructor({ boxes, wires, flip }) {
    /** @type {Place[]} */
    this.taken = boxes.flat();
    this.ways = wires.map((wire) => samplePath(wire.path, 8).map(([u, v]) => (flip ? [v, u] : [u, v])));
  }

  /** @param {Place} p @param {number} own   The wire on which it may lie. */
  crossed(p, own) {
    return this.ways.some((way, i) => i !== own && way.some(([x, y]) => x > p.x - 4 && x < p.x + p.w + 4 && y > p.y - 4 && y < p.y + p.h + 4));
  }

  /**
   * The first of these places that touches nothing, which is then taken; for want of one, with `lenient`, the first that
   * only covers another wire.
   * @param {Place[]} places @param {number} own @param {boolean} lenient
   * @returns {Place | null}
   */
  first(places, own, lenient) {
    const free = places.filter((p) => !this.taken.some((b) => p.x < b.x + b.w + 2 && b.x < p.x + p.w + 2 && p.y < b.y + b.h && b.y < p.y + p.h));
    const found = free.find((p) => !this.crossed(p, own)) || (lenient && free[0]) || null;
    if (found) this.taken.push(found);
    return found;
  }
}

/**
 * Places on a wire, counted from its end.
 * @param {import("./paths.js").Path} path @param {boolean} flip @param {number[]} back   Distances, by their length.
 * @param {number} w @param {number} h
 * @returns {Place[]}
 */
function placesOn(path, flip, back, w, h) {
  const points = samplePath(path, 4).reverse();
  /** @type {Place[]} */
  const places = [];
  let at = 0;
  let gone = 0;
  for (const want of back) {
    while (at + 1 < points.length && gone < want) {
      at++;
      gone += Math.hypot(points[at][0] - points[at - 1][0], points[at][1] - points[at - 1][1]);
    }
    if (gone < want) break;
    const [x, y] = flip ? [points[at][1], points[at][0]] : points[at];
    places.push({ x: x - w / 2, y: y - h / 2, w, h });
  }
  const straight = places.length;
  // Then the same places again, moved aside as far as the wire still runs into them.
  for (const aside of [1, -1]) {
    const [dx, dy] = flip ? [aside * (w / 2 - 7), 0] : [0, aside * (h / 2 - 5)];
    places.push(...places.slice(0, straight).map((p) => ({ ...p, x: p.x + dx, y: p.y + dy })));
  }
  return places;
}

/**
 * The slope on an input of the current gate.
 * @param {Placer} placer @param {import("./scene.js").Wire} wire @param {number} at   Its place among the wires. @param {boolean} flip @param {import("./types.js").Quantity | undefined} local @param {boolean} hidden
 * @returns {Mark[]}
 */
function chipMarks(placer, wire, at, flip, local, hidden) {
  if (!hidden && (local === undefined || isTensor(local))) return [];
  const number = hidden ? "?" : formatNumber(/** @type {any} */ (local), 4, 7);
  const text = `× ${number.startsWith("\u2212") || number.includes(" ") ? `(${number})` : number}`;
  const w = textWidth(text, CHIP_TEXT) + 12;
  const start = 12 + (flip ? CHIP_HEIGHT : w) / 2;
  const back = [0, 1, 2, 3, 4, 5, 6].map((k) => start + 16 * k);
  const place = placer.first(placesOn(wire.path, flip, back, w, CHIP_HEIGHT), at, true);
  if (!place) return [];
  return [
    rectMark(place.x, place.y, place.w, place.h, { rx: 5, fill: "stage", stroke: "edge", "stroke-width": 1.2 }, "", "fade"),
    textMark(place.x + w / 2, place.y + CHIP_HEIGHT / 2 + 5.6, text, CHIP_TEXT, "ink", { "text-anchor": "middle", "font-weight": 600 }, "slope", "fade"),
  ];
}

/**
 * All chips of the current backward step, the verb above its gate, and the counts of merged wires.
 * @param {import("./scene.js").Scene} scene
 * @param {import("./now.js").Now} now
 * @param {boolean} roomy   Whether the stage is wide enough for chips and verbs.
 * @returns {{key: string, data: Record<string, string | number>, marks: Mark[]}[]}
 */
export function placedMarks(scene, now, roomy) {
  const { story } = now;
  const { visible, flip } = scene;
  const placer = new Placer(scene);
  const out = [];
  if (now.backward && now.step.group < 0 && roomy) {
    const node = now.step.node;
    const item = visible.place.get(`n${node}`);
    const gate = item === undefined ? undefined : scene.boxes[item].find((b) => b.kind === "op");
    const verb = (story.gates[story.nodes[node].op || ""] || {}).verb;
    if (gate && verb && !isHidden(now.state, "name", node)) {
      const w = textWidth(verb, 16) * 0.86;
      const beside = [
        { x: gate.x + gate.w + 8, y: gate.y + gate.h / 2 - 8, w, h: 16 },
        { x: gate.x - 8 - w, y: gate.y + gate.h / 2 - 8, w, h: 16 },
      ];
      const place = placer.first(flip ? beside : [{ x: gate.x + 2, y: gate.y - 26, w, h: 15 }], -1, false);
      if (place) {
        const before = place.x < gate.x;
        const more = { "font-style": "italic", "text-anchor": before ? "end" : undefined };
        out.push({ key: "verb", data: {}, marks: [textMark(before ? place.x + w : place.x, place.y + 12, verb, 16, "ink2", more, "verb", "fade")] });
      }
    }
    for (const [at, wire] of scene.wires.entries()) {
      if (wire.run < 0) continue;
      const [edge, ...more] = visible.runs[wire.run].edges;
      if (more.length || !now.edges.has(edge) || now.waiting.has(edge)) continue;
      const marks = chipMarks(placer, wire, at, flip, story.edges[edge].local, isHidden(now.state, "local", edge));
      if (marks.length) out.push({ key: `chip${edge}`, data: { edge }, marks });
    }
  }
  for (const [at, wire] of scene.wires.entries()) {
    if (wire.run < 0) continue;
    const { edges } = visible.runs[wire.run];
    if (edges.length < 2) continue;
    const text = `×${edges.length}`;
    const w = textWidth(text, 14) + 8;
    const back = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((k) => 24 + 14 * k);
    const place = placer.first(placesOn(wire.path, flip, back, w, 18), at, false);
    if (place) out.push({ key: `count${edges[0]}`, data: {}, marks: [rectMark(place.x, place.y, w, 18, { rx: 9, fill: "stage" }), textMark(place.x + w / 2, place.y + 13.5, text, 14, "ink2", { "text-anchor": "middle", "font-weight": 600 }, "count")] });
  }
  return out;
}
