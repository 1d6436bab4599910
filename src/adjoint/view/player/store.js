/** The state of the player: one object, changed in one place, heard by all parts. */

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Story} Story */

import { knownAt, stepsOf } from "./steps.js";

/**
 * The store of one story. Listeners hear of every change together with the names of what changed; `user` says that the
 * user did it, rather than the clock.
 * @param {Story} story
 * @param {Partial<State>} [first]
 * @returns {import("./types.js").Store}
 */
export function createStore(story, first = {}) {
  const open = new Set(story.groups.filter((g) => g.open).map((g) => g.id));
  const steps = stepsOf(story, first.open || open);
  /** @type {State} */
  let state = {
    story,
    steps,
    known: knownAt(story, steps),
    at: 0,
    part: -1,
    selected: null,
    open,
    view: "wire",
    theme: "light",
    playing: false,
    speed: 1,
    slides: false,
    hidden: new Set(),
    tab: "node",
    letters: true,
    busy: "",
    ...first,
  };
  /** @type {Set<(state: State, changed: Set<string>, user: boolean) => void>} */
  const listeners = new Set();
  return {
    get: () => state,
    set(patch, user = false) {
      const changed = new Set(Object.keys(patch).filter((k) => /** @type {any} */ (patch)[k] !== /** @type {any} */ (state)[k]));
      if (!changed.size) return;
      state = { ...state, ...patch };
      if (changed.has("story") || changed.has("open")) {
        const before = stepKey(state.steps[state.at]);
        state.steps = stepsOf(state.story, state.open);
        state.known = knownAt(state.story, state.steps);
        changed.add("steps");
        if (!("at" in patch)) state.at = samePlace(state, before);
      }
      state.at = Math.max(0, Math.min(state.at, state.steps.length - 1));
      for (const listener of [...listeners]) listener(state, changed, user);
    },
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** @param {import("./types.js").Step | undefined} step @returns {[string, number]} */
function stepKey(step) {
  return step ? [step.kind, step.entries.length ? step.entries[0] : -1] : ["inputs", -1];
}

/**
 * Where the step that was shown is now, after groups have opened or closed.
 * @param {State} state
 * @param {[string, number]} key
 */
function samePlace(state, [kind, entry]) {
  const found = state.steps.findIndex((s) => s.kind === kind && (entry < 0 || s.entries.includes(entry)));
  return found < 0 ? 0 : found;
}
