/** A graph to look at, beside others: drawn as in the player, with all values, and with what changed in a double outline. */

import { createActions } from "../../view/player/actions.js";
import { fill, h } from "../../view/player/dom.js";
import { mountStage } from "../../view/player/stage.js";
import { createStore } from "../../view/player/store.js";

/** @typedef {import("../../view/player/types.js").Story} Story */
/** @typedef {import("../../view/player/types.js").App} App */

/** Pixels that a gate and its wire need to be read at all. */
const LAYER = 56;

/** @param {Story} story @returns {Story} as the end of a run, at which all that it has is shown */
function finished(story) {
  if (story.backward.length || !story.forward.length) return story;
  const used = new Set(story.edges.map((e) => e.src));
  // Rewritten graphs have no backward pass; their unused inputs are nothing to wonder at.
  const nodes = story.nodes.map((n) => (n.kind === "leaf" && !used.has(n.id) ? { ...n, role: /** @type {"data"} */ ("data") } : n));
  return { ...story, nodes, backward: [{ node: story.forward[story.forward.length - 1].node }] };
}

/** Whether a graph can be read when all of it is shown in so many pixels. @param {Story} story @param {number} room */
export function fitsIn({ nodes, edges }, room) {
  const depth = nodes.map(() => 1);
  for (const { src, dst } of edges) depth[dst] = Math.max(depth[dst], depth[src] + 1);
  return Math.max(...depth) * LAYER <= room;
}

/** @param {() => "light" | "dark"} theme */
export function graphPane(theme) {
  const heading = h("h2");
  const remark = h("p.aside");
  const place = h("div.stage");
  const element = h("section.w-pane", h("div.w-pane-head", heading, remark), place);
  /** @type {App | null} */
  let app = null;
  /** @type {Story | null} */
  let last = null;
  /** @param {Story} story */
  const started = (story) => {
    const made = /** @type {App} */ (/** @type {any} */ ({ store: createStore(story), root: place, options: { embedded: true }, commands: {}, say: () => {} }));
    made.act = createActions(made, () => null);
    made.stage = mountStage(place, made);
    // After the stage's own look at its size.
    new ResizeObserver(() => fitsIn(made.store.get().story, place.clientHeight) && made.stage.fit()).observe(place);
    return made;
  };
  return {
    element,
    /** @param {Story} story @param {string} label @param {string} words @param {number[]} [changed] @param {boolean} [gone] */
    show(story, label, words, changed = [], gone = false) {
      fill(heading, label);
      fill(remark, words);
      element.setAttribute("aria-label", label);
      if (!app) app = started(finished(story));
      else if (story !== last) {
        const open = new Set(story.groups.filter((g) => g.open).map((g) => g.id));
        app.store.set({ story: finished(story), open, selected: null });
      }
      const { store, stage } = app;
      store.set({ at: store.get().steps.length - 1, theme: theme() });
      if (story !== last && fitsIn(story, place.clientHeight)) stage.fit();
      else if (changed.length) stage.show(changed[0]);
      else if (story !== last && story.forward.length) stage.show(story.forward[0].node); // a part that can be read
      last = story;
      for (const drawn of place.querySelectorAll("[data-node]")) {
        const on = changed.includes(Number(drawn.getAttribute("data-node")));
        drawn.classList.toggle("w-changed", on);
        drawn.classList.toggle("gone", on && gone);
      }
    },
  };
}
