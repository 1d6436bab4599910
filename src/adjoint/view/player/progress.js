/** What the learner has done with a story, kept in this browser where it lets us. */

import { h } from "./dom.js";

/** @typedef {import("./types.js").Story} Story */
/**
 * @typedef {Object} Progress
 * @property {number} best   The longest streak.
 * @property {number} level   How much predicting hides: 1 to 3.
 * @property {Record<string, number>} done   Exercises that were right at the first try, by kind and place.
 * @property {Record<string, number[]>} queues   By deck: its cards, the next one first.
 */

/** The key of a story: its title and its gates, whatever its numbers. @param {Story} story */
function fingerprint(story) {
  let hash = 0;
  for (const char of story.title + story.nodes.map((n) => n.op || n.kind).join() + story.exercises.length) {
    hash = (Math.imul(hash, 31) + char.charCodeAt(0)) | 0;
  }
  return `adjoint practice ${(hash >>> 0).toString(36)}`;
}

/**
 * The progress of a story, and a function that keeps it; `refused` is called where the browser does not.
 * @param {Story} story
 * @param {() => void} refused
 * @returns {{progress: Progress, keep: () => void}}
 */
export function progressOf(story, refused) {
  const key = fingerprint(story);
  /** @type {Progress} */
  const progress = { best: 0, level: 1, done: {}, queues: {} };
  try {
    const kept = JSON.parse(localStorage.getItem(key) || "{}");
    // What is of another kind than it should be was not written by us.
    for (const [name, known] of Object.entries(progress)) {
      if (kept[name] && typeof kept[name] === typeof known) /** @type {any} */ (progress)[name] = kept[name];
    }
  } catch {
    // Nothing can be read: a fresh start.
  }
  return {
    progress,
    keep() {
      try {
        localStorage.setItem(key, JSON.stringify(progress));
      } catch {
        refused();
      }
    },
  };
}

/**
 * The order of a deck: as it was kept if it still fits, else as the cards come.
 * @param {number[] | undefined} kept @param {number[]} cards @returns {number[]}
 */
export function queueOf(kept, cards) {
  const fits = Array.isArray(kept) && kept.length === cards.length && cards.every((c) => kept.includes(c));
  return fits ? [...kept] : [...cards];
}

/**
 * The deck after its first card was known so well: 1 returns after two others, 2 after five, 3 after all.
 * @param {number[]} queue @param {number} well @returns {number[]}
 */
export function requeued(queue, well) {
  const [card, ...rest] = queue;
  rest.splice(well === 1 ? 2 : well === 2 ? 5 : rest.length, 0, card);
  return rest;
}

/** A box for an answer. @param {string} label @param {() => void} act @param {Record<string, any>} [more] */
export function guessBox(label, act, more = {}) {
  const attributes = { type: "text", autocomplete: "off", size: 7, placeholder: "?", "aria-label": label, onkeydown: onEnter(act), ...more };
  return /** @type {HTMLInputElement} */ (h("input.guess", attributes));
}

/** Enter in a box; the key must not go on to the button that gets the focus. @param {() => void} act */
function onEnter(act) {
  return (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    act();
  };
}
