/** What several panels are built of: tables, buttons that change their name, keys that are answered, boxes that scroll. */

import { h } from "./dom.js";

/** @typedef {import("./dom.js").Child} Child */

/**
 * A table with a row of heads; the first cell of each row is its head.
 * @param {string[]} heads
 * @param {Child[]} rows
 */
export function gridTable(heads, rows) {
  return h("table.grid-table", h("thead", h("tr", ...heads.map(columnHead))), h("tbody", ...rows));
}

/** @param {Child} content */
export function columnHead(content) {
  return h("th", { scope: "col" }, content);
}

/** @param {...Child} content */
export function rowHead(...content) {
  return h("th", { scope: "row" }, ...content);
}

/** A key that was answered does nothing else. @param {Event} event */
export function answered(event) {
  event.preventDefault();
  event.stopPropagation();
}

/** Gives a button of a sign another name. @param {HTMLElement} button @param {string} name */
export function rename(button, name) {
  button.setAttribute("aria-label", name);
  button.title = name;
}

/**
 * Lets the keyboard reach a box as long as there is something to scroll; what it gives asks anew.
 * @param {HTMLElement} box
 */
export function reachable(box) {
  const ask = () => {
    if (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  new ResizeObserver(ask).observe(box);
  return ask;
}
