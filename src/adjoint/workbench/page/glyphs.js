/** The signs on the workbench's buttons, drawn. */

import { button, svg } from "../../view/player/dom.js";

const GLYPHS = {
  undo: "M9 6 4.5 10.5 9 15M5 10.5h9a5 5 0 0 1 0 10h-3",
  redo: "M15 6l4.5 4.5L15 15M19 10.5h-9a5 5 0 0 0 0 10h3",
  link: "M10 14a4 4 0 0 0 5.7 0l3.2-3.2a4 4 0 0 0-5.7-5.7l-1.3 1.3M14 10a4 4 0 0 0-5.7 0l-3.2 3.2a4 4 0 0 0 5.7 5.7l1.3-1.3",
  sliders: "M4 7h8M16 7h4M14 5v4M4 17h3M11 17h9M9 15v4M4 12h11M19 12h1M17 10v4",
};

/** @param {keyof typeof GLYPHS} name */
export function glyph(name) {
  const line = { fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linecap": "round", "stroke-linejoin": "round" };
  return svg("svg", { viewBox: "0 0 24 24", width: 22, height: 22, "aria-hidden": "true" }, svg("path", { d: GLYPHS[name], ...line }));
}

/**
 * A button with a sign on it and its name for readers and pointers.
 * @param {string} label @param {keyof typeof GLYPHS} name @param {() => void} act @param {Record<string, any>} [more]
 */
export function glyphButton(label, name, act, more = {}) {
  return button(label, act, { class: "icon", ...more }, glyph(name));
}
