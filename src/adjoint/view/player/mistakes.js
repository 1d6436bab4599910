/**
 * Mistakes with the chain rule: told from the wrong number, and made on purpose. The twin of explain/mistakes.py, with
 * the same table in the same order; the tests hold the two together.
 */

import { partsInto } from "./reading.js";

/** @typedef {import("./types.js").Story} Story */
/** @typedef {Record<string, any>} Exercise */
/** @typedef {{edge: number, what: string}} Ask */
/** @typedef {[string, number | null]} Candidate */

/** @type {Record<string, string>} */
const MISTAKES = {
  kept: "You kept {x}; multiply swaps: {x} receives upstream times {other}.",
  sign: "The size is right, the sign is turned.",
  slope: "That is the slope; now multiply by the upstream gradient.",
  upstream: "That is the upstream gradient; now multiply by the slope.",
  branch: "One branch only: add the other.",
  branches: "Some branches are missing: add all of them.",
  whole: "That is the whole gradient of {x}; this gate passes back one branch of it.",
  neighbour: "That is what {other} receives.",
  added: "Along a path upstream and slope multiply; only branches add.",
  divided: "Multiply by the slope, do not divide by it.",
  blocked: "Nothing passes to {x} here: a factor is 0.",
  passes: "Something does pass to {x} here: no factor is 0.",
  value: "That is a value; the gradient is asked for.",
  ten: "The digits are right; the power of ten is not.",
  "": "Not yet: upstream times slope, at the gate {gate}.",
  sum: "Not yet: add what all branches of {x} pass back.",
  unread: "That is no number: write it as 2, −0.5, 3/4 or 1e-3.",
  "unread shape": "That is no shape: write it as 8×3, or () for a single number.",
  close: "Close: keep one more digit.",
  shape: "Not yet: a gradient has the shape of the value that it belongs to.",
  seed: "The start comes first: {root} is differentiated by itself, which is 1.",
  needs: "{x} needs the gradient of {other} first.",
  gate: "A gate {gate} would pass back something else.",
  row: "This one is right: upstream times slope, and all branches.",
  number: "Not yet.",
};

/** Of a false number on show: what was done wrong to make it. @type {Record<string, string>} */
export const MADE_BY = {
  sign: "The sign was turned.",
  kept: "The gate kept the factor that it should have swapped.",
  upstream: "The slope was taken without the upstream gradient.",
  branch: "A branch was forgotten.",
};

/** A template with what is known in its holes. @param {string} template @param {Record<string, string>} facts */
export function filledIn(template, facts) {
  return template.replace(/\{(\w+)\}/g, (hole, name) => facts[name] ?? hole);
}

/** What is said of a mistake, with names in it. @param {string} mistake @param {Record<string, string>} [facts] */
export function mistakeText(mistake, facts = {}) {
  return filledIn(MISTAKES[mistake], facts);
}

/** The number of a row that is asked for. @template T @param {{local: T, down: T, sum: T}} row @param {string} what @returns {T} */
export function askedOf(row, what) {
  return what === "slope" ? row.local : what === "sum" ? row.sum : row.down;
}

/** A finite real number of the story, or null. @param {any} value @returns {number | null} */
function realOf(value) {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** The row of a backward step. @param {Story} story @param {number} step @param {number} edge @returns {any} */
export function partOf(story, step, edge) {
  return (story.backward[step].parts || []).find((p) => p.edge === edge);
}

/** What each branch of a value passes back, in the order in which they come. @param {Story} story @param {number} node */
function sharesOf(story, node) {
  return partsInto(story, node).map((p) => p.down);
}

/** Everything about one row that may be mixed up. @param {Story} story @param {number} step @param {number} edge */
function mixable(story, step, edge) {
  const part = partOf(story, step, edge);
  const { src, dst } = story.edges[edge];
  const beside = story.edges.filter((e) => e.dst === dst && e.id !== edge);
  return {
    gate: story.nodes[dst],
    x: story.nodes[src],
    other: beside.length === 1 ? story.nodes[beside[0].src] : null,
    beside: (story.backward[step].parts || []).filter((p) => p.edge !== edge).map((p) => realOf(p.down)),
    up: realOf(story.backward[step].up),
    local: realOf(part.local),
    down: realOf(part.down),
    sum: realOf(part.sum),
    shares: sharesOf(story, src).map(realOf),
  };
}

/** @param {ReturnType<typeof mixable>} f @param {string} what @returns {Candidate[]} */
function candidates(f, what) {
  /** @type {Candidate[]} */
  const found = [];
  const own = realOf(f.x.value);
  const swaps = f.gate.op === "multiply" && f.other !== null && own !== null;
  const whole = f.shares.includes(null) ? null : f.shares.reduce((a, b) => /** @type {number} */ (a) + /** @type {number} */ (b), 0);
  if (what === "sum") {
    if (f.sum) found.push(["sign", -f.sum]);
    for (const share of f.shares) found.push([f.shares.length === 2 ? "branch" : "branches", share]);
    if (f.shares.length > 2 && whole !== null && f.sum !== null) for (const share of f.shares) found.push(["branches", f.sum - /** @type {number} */ (share)]);
    found.push(["value", own]);
  } else if (what === "slope") {
    if (swaps) found.push(["kept", own]);
    if (f.local) found.push(["sign", -f.local]);
  } else {
    if (swaps && f.up !== null) found.push(["kept", f.up * /** @type {number} */ (own)]);
    if (f.down) found.push(["sign", -f.down]);
    found.push(["slope", f.local], ["upstream", f.up]);
    if (f.shares.length > 1) found.push(["whole", whole]);
    if (f.beside.length === 1) found.push(["neighbour", f.beside[0]]);
    if (f.up !== null && f.local !== null) {
      found.push(["added", f.up + f.local]);
      if (f.local) found.push(["divided", f.up / f.local]);
    }
    found.push(["value", own], ["value", realOf(f.gate.value)]);
  }
  return found;
}

/**
 * The mistake that gives this number, and what to say of it; ["", ...] where none does.
 * @param {Story} story @param {number} step @param {Ask} ask @param {number} given
 * @returns {[string, string]}
 */
export function diagnosed(story, step, ask, given) {
  const f = mixable(story, step, ask.edge);
  const facts = { x: f.x.name || "this input", other: (f.other && f.other.name) || "the other input", gate: f.gate.op || "" };
  const right = askedOf(f, ask.what);
  const tell = (/** @type {string} */ mistake) => /** @type {[string, string]} */ ([mistake, mistakeText(mistake, facts)]);
  if (right === 0 && ask.what !== "sum") return tell("blocked");
  if (given === 0 && right && ask.what !== "sum") return tell("passes");
  for (const [mistake, number] of candidates(f, ask.what)) {
    if (number !== null && Math.abs(given - number) <= 1e-3 * Math.abs(number)) return tell(mistake);
  }
  if (right && given / right > 0) {
    const power = Math.log10(given / right);
    const whole = Math.abs(Math.round(power));
    if (Math.abs(power - Math.round(power)) < 4e-4 && whole >= 1 && whole <= 6) return tell("ten");
  }
  return ["", mistakeText(ask.what === "sum" ? "sum" : "", facts)];
}

/**
 * The false number of an exercise "find the wrong one" at the story's numbers; null where it makes no visible difference.
 * @param {Exercise} exercise @param {Story} story @returns {number | null}
 */
export function falseNumber(exercise, story) {
  const { place, mistake } = exercise;
  const f = mixable(story, exercise.step, exercise.edge);
  const right = askedOf(f, place);
  const made = mistake === "sign" ? (right === null ? null : -right) : mistake === "kept" ? realOf(f.x.value) : mistake === "upstream" ? f.local : f.down;
  if (right === null || made === null || Math.abs(made - right) <= 0.01 * Math.max(Math.abs(made), Math.abs(right))) return null;
  return made;
}

/**
 * The story with the one false number in it, and what follows from it in the same row; null where there is none.
 * @param {Exercise} exercise @param {Story} story @returns {Story | null}
 */
export function doctoredStory(exercise, story) {
  const made = falseNumber(exercise, story);
  if (made === null) return null;
  const { step, edge, place } = exercise;
  const entry = story.backward[step];
  const part = { ...partOf(story, step, edge) };
  const one = { ...story.edges[edge] };
  let share = place === "share" ? made : null;
  let total = place === "sum" ? made : null;
  if (place === "slope") {
    part.local = one.local = made;
    if (exercise.through) share = /** @type {number} */ (entry.up) * made;
  }
  if (share !== null) {
    part.down = one.contrib = share;
    if (part.of === 1) total = share;
  }
  if (total !== null) part.sum = total;
  const parts = (entry.parts || []).map((p) => (p.edge === edge ? part : p));
  return {
    ...story,
    backward: story.backward.map((b, i) => (i === step ? { ...entry, parts } : b)),
    edges: story.edges.map((e) => (e.id === edge ? one : e)),
    nodes: story.nodes.map((n) => (n.id === one.src && total !== null ? { ...n, grad: total } : n)),
  };
}
