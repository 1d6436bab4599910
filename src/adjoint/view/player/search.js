/** Search for nodes and groups by name, operation or symbol: opened by /, closed by Escape. */

import { answered } from "./blocks.js";
import { button, fill, h } from "./dom.js";
import { spoken } from "./reading.js";

/** @typedef {import("./types.js").App} App */

/**
 * @param {HTMLElement} place
 * @param {App} app
 */
export function mountSearch(place, app) {
  const box = /** @type {HTMLInputElement} */ (h("input", { type: "search", "aria-label": "Search nodes", placeholder: "name or operation", autocomplete: "off", spellcheck: "false" }));
  const told = h("span.found");
  const bar = h("div.search", { role: "search" }, box, told,
    button("Previous match", () => go(-1), { class: "quiet" }, "↑"), button("Next match", () => go(1), { class: "quiet" }, "↓"), button("Close", close, { class: "quiet" }));
  /** @type {number[]} */
  let matches = [];
  let at = -1;
  /** @type {Element | null} */
  let from = null;

  const find = () => {
    const { story } = app.store.get();
    const asked = box.value.trim().toLowerCase();
    const inGroups = new Set(story.groups.filter((g) => asked && g.name.toLowerCase().includes(asked)).map((g) => g.id));
    matches = !asked ? [] : story.nodes.filter((n) => n.kind !== "const" && (
      (n.name || "").toLowerCase().includes(asked) || spoken(n.kind === "op" ? n.op : "").includes(asked) || n.symbol === asked ||
      (n.group !== undefined && inGroups.has(n.group)))).map((n) => n.id);
    at = -1;
    if (matches.length) go(1, false);
    else fill(told, asked ? "no match" : "");
  };
  /** @param {number} by @param {boolean} [aloud] */
  function go(by, aloud = true) {
    if (!matches.length) return;
    at = (at + by + matches.length) % matches.length;
    const { story } = app.store.get();
    const node = story.nodes[matches[at]];
    // Groups around the match are opened, innermost last, so that it can be seen.
    const around = [];
    for (let g = node.group; g !== undefined; g = story.groups[g].parent) around.unshift(g);
    const open = new Set([...app.store.get().open, ...around]);
    if (open.size !== app.store.get().open.size) app.store.set({ open }, true);
    app.act.select(node.id);
    app.stage.show(node.id);
    const text = `${matches.length} ${matches.length === 1 ? "match" : "matches"}, ${at + 1} of ${matches.length}: ${node.name || spoken(node.op)}.`;
    fill(told, `${at + 1} of ${matches.length}`);
    if (aloud || matches.length < 50) app.say(text);
  }
  function close() {
    fill(place);
    if (from instanceof HTMLElement) from.focus();
  }
  box.addEventListener("input", find);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") close();
    else return;
    answered(event);
  });
  app.commands.search = () => {
    from = document.activeElement;
    fill(place, bar);
    box.focus();
    box.select();
  };
}
