/** One line under the graph that says how it is read. */

import { h, svg } from "./dom.js";
import { sampleLane } from "./lanes.js";
import { pageColours } from "./palette.js";

/**
 * What this story needs explained, and a key that changes with it.
 * @param {import("./types.js").Story} story
 * @param {import("./quantities.js").Scales} scales
 */
export function legendRows(story, scales) {
  /** @type {[string, string][]} */
  const rows = [["wire", "value, forward"]];
  if (story.backward.length) {
    rows.push(["pos", "gradient, positive"], ["neg", "negative"]);
    if (scales.zeroEdges.size) rows.push(["dotted", "nothing flows back"]);
  }
  rows.push(["", scales.values.decades || scales.grads.decades ? "width: size, by decades" : "width: size"]);
  return { rows, key: rows.join() };
}

/** @param {[string, string][]} rows */
export function legendItems(rows) {
  return rows.map(([tone, words]) => h("li", {}, tone && sampleSvg(tone), words));
}

/** @param {string} tone */
function sampleSvg(tone) {
  const colours = pageColours();
  const marks = sampleLane(tone, 6).map(({ t, a }) => {
    const dressed = Object.fromEntries(Object.entries(a).map(([name, value]) => [name, colours[String(value)] || value]));
    return svg(t, dressed);
  });
  return svg("svg", { viewBox: "0 0 32 12", "aria-hidden": "true" }, ...marks);
}
