/** The player in the middle of the page: shows what the bench computes, and hands edited inputs to it. */

import { startPlayer } from "../../view/player/main.js";
import { toReal } from "../../view/player/rules.js";
import { fitsIn } from "./graphpane.js";

/** @typedef {import("./bench.js").Bench} Bench */

/**
 * @param {HTMLElement} place
 * @param {Bench} bench
 * @param {(app: import("../../view/player/types.js").App) => void} started
 */
export function playerTab(place, bench, started) {
  const inputOf = (/** @type {number} */ node) => bench.inputs.find((i) => i.node === node);
  /** @type {import("../../view/player/types.js").Options} */
  const options = {
    embedded: true,
    editable: (node) => {
      const input = inputOf(node);
      return input !== undefined && input.editable && (input.kind === "number" || input.kind === "integer");
    },
    edit: (node, value) => {
      const input = inputOf(node);
      if (input) bench.edit(input.name, toReal(input.whole ? Math.round(value) : value));
    },
  };
  bench.on(["story"], () => {
    const { story, fresh, looks } = bench;
    if (!story) return;
    if (!bench.app) {
      bench.app = startPlayer(place, story, options);
      started(bench.app);
    } else bench.app.act.load(story);
    const { store } = bench.app;
    if (!fresh) return;
    // A small graph is wanted whole rather than large.
    const { clientWidth: wide, clientHeight: high } = /** @type {Element} */ (place.querySelector(".graph"));
    if (fitsIn(story, wide > 700 ? 0.6 * wide : high)) requestAnimationFrame(() => bench.app && bench.app.stage.fit());
    // Whoever edits wants to see both passes: a new picture opens at its end.
    const last = store.get().steps.length - 1;
    store.set({ at: looks && looks.at !== undefined ? Math.min(looks.at, last) : last, view: (looks && looks.view) || store.get().view, playing: false });
  });
}
