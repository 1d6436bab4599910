/** Placeholder. */
/** @param {import("./types.js").Story} story @param {number} node @param {number} value @returns {import("./types.js").Story | null} */
export function recomputed(story, node, value) {
  return node < 0 && value < 0 ? story : null;
}
