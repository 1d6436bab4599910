/** Puts the player together: the state, the stage and the panels around it, in one element of the page. */

import { createActions } from "./actions.js";
import { fill, h } from "./dom.js";
import { recomputed } from "./live.js";
import { mountPanels } from "./panels.js";
import { mountStage } from "./stage.js";
import { createStore } from "./store.js";

/** @typedef {import("./types.js").App} App */

/**
 * Starts the player in an element.
 * @param {HTMLElement} root
 * @param {import("./types.js").Story} story
 * @param {import("./types.js").Options} [options]
 * @returns {App}
 */
export function startPlayer(root, story, options = {}) {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const store = createStore(story, { theme: dark ? "dark" : "light" });
  const live = h("div", { class: "for-readers", "aria-live": "polite", role: "status" });
  const app = /** @type {App} */ ({ store, root, options, commands: {}, say: (text) => fill(live, text) });
  app.act = createActions(app, recomputed);
  const stage = h("section", { class: "stage", "aria-label": "Computation graph" });
  fill(root, live);
  root.classList.add("player");
  mountPanels(root, stage, app);
  app.stage = mountStage(stage, app);
  return app;
}
