/** What is placed last, where room is left: slopes on wires, the gate's verb, how many wires one wire stands for. */

import { formatNumber } from "./format.js";
import { within } from "./helpers.js";
import { edgesOn } from "./items.js";
import { STRONG, rectMark, textMark } from "./marks.js";
import { samplePath } from "./paths.js";
import { isHidden, isTensor } from "./reading.js";
import { inProduct } from "./show.js";
import { textWidth } from "./textsize.js";

/** @typedef {import("./marks.js").Mark} Mark */
/** @typedef {import("./marks.js").Place} Place */

const CHIP_HEIGHT = 22;
const CHIP_TEXT = 16;

/**
 * Finds room among boxes and wires that stay where they are: the first of some places that touches nothing, which is then
 * taken; for want of one, with `lenient`, the first that only covers another wire.
 * @typedef {(places: Place[], own: number, lenient: boolean) => Place | null} Placer   `own` is the wire on which it may lie.
 * @param {import("./scene.js").Scene} scene
 * @returns {Placer}
 */
function placerIn({ boxes, wires, flip }) {
  /** @type {Place[]} */
  const taken = boxes.flat();
  const ways = wires.map((wire) => samplePath(wire.path, 8).map(([u, v]) => (flip ? [v, u] : [u, v])));
  return (places, own, lenient) => {
    const free = places.filter((p) => !taken.some((b) => p.x < b.x + b.w + 2 && b.x < p.x + p.w + 2 && p.y < b.y + b.h && b.y < p.y + p.h));
    const found = free.find((p) => !ways.some((way, i) => i !== own && way.some(([x, y]) => within(p, x, y, 4)))) || (lenient && free[0]) || null;
    if (found) taken.push(found);
    return found;
  };
}

/**
 * Places on a wire, counted from its end.
 * @param {import("./paths.js").Path} path @param {boolean} flip
 * @param {number} first   How far the first of them is from the end. @param {number} step @param {number} count
 * @param {number} w @param {number} h
 * @returns {Place[]}
 */
function placesOn(path, flip, first, step, count, w, h) {
  const points = samplePath(path, 4).reverse();
  /** @type {Place[]} */
  const places = [];
  let at = 0;
  let gone = 0;
  for (let k = 0; k < count; k++) {
    const want = first + step * k;
    while (at + 1 < points.length && gone < want) {
      at++;
      gone += Math.hypot(points[at][0] - points[at - 1][0], points[at][1] - points[at - 1][1]);
    }
    if (gone < want) break;
    const [u, v] = points[at];
    places.push({ x: (flip ? v : u) - w / 2, y: (flip ? u : v) - h / 2, w, h });
  }
  // Then the same places again, moved aside as far as the wire still runs into them.
  const [dx, dy] = flip ? [w / 2 - 7, 0] : [0, h / 2 - 5];
  return [0, 1, -1].flatMap((aside) => places.map((p) => ({ ...p, x: p.x + aside * dx, y: p.y + aside * dy })));
}

/**
 * All chips of the current backward step, the verb above its gate, and the counts of merged wires.
 * @param {import("./scene.js").Scene} scene
 * @param {import("./now.js").Now} now
 * @param {boolean} roomy   Whether the stage is wide enough for chips and verbs.
 * @returns {{key: string, data: Record<string, string | number>, marks: Mark[]}[]}
 */
export function placedMarks(scene, now, roomy) {
  const { story, state, step, edges, waiting } = now;
  const { visible, flip } = scene;
  const placed = placerIn(scene);
  /** @type {ReturnType<typeof placedMarks>} */
  const out = [];
  if (now.backward && step.group < 0 && roomy) {
    const { node } = step;
    const gate = (scene.boxes[visible.place.get(`n${node}`) ?? -1] || []).find((b) => b.kind === "op");
    const verb = (story.gates[story.nodes[node].op || ""] || {}).verb;
    if (gate && verb && !isHidden(state, "name", node)) {
      const { x, y, w: wide, h } = gate;
      const w = textWidth(verb, 16) * 0.86;
      const middle = y + h / 2 - 8;
      const beside = [x + wide + 8, x - 8 - w].map((left) => ({ x: left, y: middle, w, h: 16 }));
      const place = placed(flip ? beside : [{ x: x + 2, y: y - 26, w, h: 15 }], -1, false);
      if (place) {
        const before = place.x < x;
        const more = { "font-style": "italic", "text-anchor": before ? "end" : undefined };
        out.push({ key: "verb", data: {}, marks: [textMark(before ? place.x + w : place.x, place.y + 12, verb, 16, "ink2", more, "verb", "fade")] });
      }
    }
    // The slopes on the inputs of the current gate.
    scene.wires.forEach(({ run, path }, at) => {
      const [edge, ...more] = edgesOn(visible, run);
      if (run < 0 || more.length || !edges.has(edge) || waiting.has(edge)) return;
      const { local } = story.edges[edge];
      const hidden = isHidden(state, "local", edge);
      if (!hidden && (local === undefined || isTensor(local))) return;
      const text = `× ${hidden ? "?" : inProduct(formatNumber(/** @type {any} */ (local), 4, 7))}`;
      const w = textWidth(text, CHIP_TEXT) + 12;
      const place = placed(placesOn(path, flip, 12 + (flip ? CHIP_HEIGHT : w) / 2, 16, 7, w, CHIP_HEIGHT), at, true);
      if (!place) return;
      const marks = [
        rectMark(place, 0, { rx: 5, fill: "stage", stroke: "edge", "stroke-width": 1.2 }, "", "fade"),
        textMark(place.x + w / 2, place.y + CHIP_HEIGHT / 2 + 5.6, text, CHIP_TEXT, "ink", STRONG, "slope", "fade"),
      ];
      out.push({ key: `chip${edge}`, data: { edge }, marks });
    });
  }
  scene.wires.forEach(({ run, path }, at) => {
    const [edge, ...more] = edgesOn(visible, run);
    if (!more.length) return;
    const text = `×${more.length + 1}`;
    const w = textWidth(text, 14) + 8;
    const place = placed(placesOn(path, flip, 24, 14, 10, w, 18), at, false);
    if (place) out.push({ key: `count${edge}`, data: {}, marks: [rectMark(place, 0, { rx: 9, fill: "stage" }), textMark(place.x + w / 2, place.y + 13.5, text, 14, "ink2", STRONG, "count")] });
  });
  return out;
}
