/** Names as mathematics writes them: v2 has its 2 below; a long one loses its middle. */

import { h } from "./dom.js";
import { shortName } from "./textsize.js";

/** @typedef {import("./types.js").Story} Story */

/**
 * A node's name in the type of formulas; the whole of it in the tooltip where it is long.
 * @param {Story} story
 * @param {number} node
 * @param {number} [most]
 */
export function nameNode(story, node, most = 12) {
  const given = story.nodes[node];
  const name = given.name || given.op || "constant";
  return nameText(name, most);
}

/** @param {string} name @param {number} most */
function nameText(name, most) {
  const short = shortName(name, most);
  const parts = /^(\p{L}+)_?(\d+)$/u.exec(short);
  return h("i.var", { title: short === name ? null : name }, ...(parts ? [parts[1], h("sub", parts[2])] : [short]));
}

/** ∂J/∂w, in the type of formulas. @param {string} top @param {Node | string} below */
export function partial(top, below) {
  return h("span.partial", "∂", nameText(top, 8), "/∂", below);
}
