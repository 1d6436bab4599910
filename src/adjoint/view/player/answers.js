/** Answers to exercises, judged against the story as it is now. The twin of explain/answers.py. */

import { MADE_BY, askedOf, diagnosed, mistakeText, partOf } from "./mistakes.js";

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

export const NUMBERS = "Type a number, such as 2, −0.5, 3/4, 1e-3, nan or inf.";

/** What a box for numbers holds, or null: a number as above, nan, inf or −inf. @param {string} text @returns {number | null} */
export function typedNumber(text) {
  const word = /^([-+\u2212]?)(nan|inf(?:inity)?|∞)$/i.exec(text.trim());
  if (!word) return parsedNumber(text);
  return /nan/i.test(word[2]) ? NaN : /[-\u2212]/.test(word[1]) ? -Infinity : Infinity;
}

/** The shape that a text says, or null: 8×3, 8 x 3, (8, 3), [8]; () is a single number's. @param {string} text @returns {number[] | null} */
export function parsedShape(text) {
  const plain = text.trim().replace(/^[([]/, "").replace(/[)\]]$/, "").trim().replace(/,+$/, "");
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
  return askedOf(part, what);
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

/** @typedef {[string, string, string]} Before   The first comes before the second, and why. */

/** The rules of the cards of backward steps. @param {Exercise} exercise @param {Story} story @returns {Before[]} */
export function orderRules(exercise, story) {
  const name = (/** @type {number} */ k) => story.nodes[story.backward[k].node].name || "it";
  return exercise.needs.map((/** @type {number[]} */ [late, early]) => [
    String(early),
    String(late),
    early ? mistakeText("needs", { x: name(late), other: name(early) }) : mistakeText("seed", { root: name(early) }),
  ]);
}

/**
 * Any order counts that breaks no rule; `at` is the first card out of order.
 * @param {string[]} order @param {Before[]} before @param {[string, string, string, string][]} [apart]   The first is not between the others.
 * @returns {Verdict & {at?: string}}
 */
export function checkOrder(order, before, apart = []) {
  const place = (/** @type {string} */ card) => order.indexOf(card);
  const [broken] = before.filter(([a, b]) => place(a) > place(b)).sort((p, q) => place(p[1]) - place(q[1]));
  if (broken) return { ...missed("order", broken[2]), at: broken[1] };
  const between = apart.find(([x, a, b]) => place(a) < place(x) && place(x) < place(b));
  return between ? { ...missed("order", between[3]), at: between[0] } : RIGHT;
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
