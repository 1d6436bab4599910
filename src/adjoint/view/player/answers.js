/** Answers to exercises, judged against the story as it is now. The twin of explain/answers.py. */

import { MADE_BY, diagnosed, mistakeText, partOf } from "./mistakes.js";

/** @typedef {import("./types.js").Story} Story */
/** @typedef {{right: boolean, says: string, mistake: string}} Verdict */
/** @typedef {import("./mistakes.js").Exercise} Exercise */
/** @typedef {import("./mistakes.js").Ask} Ask */

const TOLERANCE = 1e-3;
const WRITTEN = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d{1,3})?$/i;
const RIGHT = { right: true, says: "Right.", mistake: "" };

/** @param {string} mistake @param {string} [says] @returns {Verdict} */
function missed(mistake, says) {
  return { right: false, says: says ?? mistakeText(mistake), mistake };
}

/** The number that a text says, or null: 2, −0.5, 3/4, 1e-3. @param {string} text @returns {number | null} */
export function parsedNumber(text) {
  const parts = text.replace(/[\u2212\u2012-\u2014]/g, "-").replace(/[ \u00a0]/g, "").split("/");
  if (parts.length > 2 || !parts.every((p) => WRITTEN.test(p))) return null;
  const [top, below = 1] = parts.map(Number);
  const found = parts.length > 1 && below === 0 ? NaN : top / below;
  return Number.isFinite(found) ? found : null;
}

/** The shape that a text says, or null: 8×3, 8 x 3, (8, 3); () is a single number's. @param {string} text @returns {number[] | null} */
export function parsedShape(text) {
  const plain = text.trim().replace(/^\(/, "").replace(/\)$/, "").trim().replace(/,+$/, "");
  if (!plain) return text.trim() ? [] : null;
  const parts = plain.split(/\s*[×x*,]\s*|\s+/);
  return parts.every((p) => /^\d{1,15}$/.test(p)) ? parts.map(Number) : null;
}

/** @param {number} given @param {number} right @param {number} [tolerance] */
function agreeing(given, right, tolerance = TOLERANCE) {
  return Math.abs(given - right) <= tolerance * Math.abs(right) * (1 + 1e-9);
}

/** The right answer to one question. @param {Story} story @param {number} step @param {Ask} ask @returns {any} */
export function rightAnswer(story, step, { edge, what }) {
  const part = partOf(story, step, edge);
  if (what === "shape") return part.down.shape || [];
  return what === "slope" ? part.local : what === "sum" ? part.sum : part.down;
}

/**
 * Judges the answer to one question of a backward step.
 * @param {Story} story @param {number} step @param {Ask} ask @param {string} text @returns {Verdict}
 */
export function checkAsk(story, step, ask, text) {
  const right = rightAnswer(story, step, ask);
  if (ask.what === "shape") {
    const shape = parsedShape(text);
    if (!shape) return missed("unread", mistakeText("unread shape"));
    return shape.join() === right.join() ? RIGHT : missed("shape");
  }
  const number = parsedNumber(text);
  if (number === null) return missed("unread");
  if (agreeing(number, right)) return RIGHT;
  const [mistake, says] = diagnosed(story, step, ask, number);
  if (!mistake && agreeing(number, right, 10 * TOLERANCE)) return missed("close");
  return missed(mistake || "other", says);
}

/**
 * Any order counts in which nothing comes before what it needs; `at` is the first card out of order.
 * @param {Exercise} exercise @param {Story} story @param {number[]} order @returns {Verdict & {at?: number}}
 */
export function checkOrder(exercise, story, order) {
  for (const step of order) {
    for (const [late, early] of exercise.needs) {
      if (late !== step || order.indexOf(early) < order.indexOf(late)) continue;
      const name = (/** @type {number} */ k) => story.nodes[story.backward[k].node].name || "it";
      const start = story.backward[early].seed !== undefined;
      return { ...missed("order", start ? mistakeText("seed", { root: name(early) }) : mistakeText("needs", { x: name(late), other: name(early) })), at: step };
    }
  }
  return { ...RIGHT, says: "Right: every gate comes after all that it needs." };
}

/**
 * The parts of a training step: what must come before what, and what must stay together.
 * @param {Exercise} exercise @param {string[]} order @returns {Verdict & {at?: string}}
 */
export function checkParts(exercise, order) {
  const place = (/** @type {string} */ part) => order.indexOf(part);
  for (const [first, second, why] of exercise.before) {
    if (place(first) > place(second)) return { ...missed(`${first} before ${second}`, why), at: second };
  }
  for (const [between, first, second, why] of exercise.apart) {
    if (place(first) < place(between) && place(between) < place(second)) {
      return { ...missed(`${between} between ${first} and ${second}`, why), at: between };
    }
  }
  return RIGHT;
}

/** @param {Exercise} exercise @param {Story} story @param {string} op @returns {Verdict} */
export function checkGate(exercise, story, op) {
  return op === story.nodes[story.backward[exercise.step].node].op ? RIGHT : missed("gate", mistakeText("gate", { gate: op }));
}

/**
 * The row that was chosen, then its repaired number.
 * @param {Exercise} exercise @param {Story} story @param {{edge: number, sum: boolean}} row @param {string} [text] @returns {Verdict}
 */
export function checkFalse(exercise, story, row, text) {
  if (row.edge !== exercise.edge || row.sum !== (exercise.place === "sum")) return missed("row");
  if (text === undefined) return { ...RIGHT, says: `Found. ${MADE_BY[exercise.mistake]}` };
  return checkAsk(story, exercise.step, { edge: exercise.edge, what: exercise.place }, text);
}

/** @param {Exercise} exercise @param {string} text @returns {Verdict} */
export function checkNumber(exercise, text) {
  const number = parsedNumber(text);
  return number === null ? missed("unread") : agreeing(number, exercise.number) ? RIGHT : missed("number");
}
