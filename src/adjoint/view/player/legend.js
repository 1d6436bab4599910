/** One line under the graph that says how it is read. */

import { h, svg } from "./dom.js";
import { sampleLane } from "./lanes.js";
import { pageColours } from "./palette.js";

/**
 * The rows of the legend: only what this story has.
 * @param {import("./types.js").Story} story
 * @param {import("./quantities.js").Scales} scales
 */
export function legendFor(story, scales) {
  const rows = [["wire", "value, forward"]];
  if (story.backward.length) {
    rows.push(["pos", "gradient, positive"], ["neg", "negative"]);
    if (scales.zeroEdges.size) rows.push(["dotted", "nothing flows back"]);
  }
  const made = rows.map(([tone, words]) => h("li", {}, sampleSvg(tone), words));
  const decades = scales.values.decades || scales.grads.decades;
  made.push(h("li", {}, decades ? "width: size, by decades" : "width: size"));
  return made;
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
