/** What is known at the step that is shown, and what the step is about: asked by everything that draws. */

import { shareOf } from "./measure.js";
import { UNKNOWN, shownOf } from "./quantities.js";
import { isHidden, readingOf } from "./reading.js";
import { gradSoFar } from "./steps.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Quantity} Quantity */
/** @typedef {import("./quantities.js").Shown} Shown */

/** @type {WeakMap<import("./types.js").Step[], Float64Array>} */
const COMPUTED = new WeakMap();

/** At which stop each operation is computed. @param {State} state */
function computedAt({ story, steps }) {
  let found = COMPUTED.get(steps);
  if (found) return found;
  found = new Float64Array(story.nodes.length).fill(Infinity);
  let last = 0;
  steps.forEach((step, at) => {
    if (step.kind !== "forward") return;
    last = at;
    for (const entry of step.entries) /** @type {Float64Array} */ (found)[story.forward[entry].node] = at;
  });
  const { node } = story.outcome;
  if (node !== undefined && node < found.length) found[node] = Math.min(found[node], last);
  COMPUTED.set(steps, found);
  return found;
}

/** @typedef {ReturnType<typeof nowOf>} Now */

/** @param {State} state @param {import("./quantities.js").Scales} scales @param {boolean} fresh   Whether this step has just come. */
export function nowOf(state, scales, fresh) {
  const { story, at, part } = state;
  const { nodes: all, edges: wires, outcome } = story;
  const computed = computedAt(state);
  const step = state.steps[at];
  const forward = step.kind === "forward";
  const backward = step.kind === "backward";
  const turn = step.kind === "turn";
  /** What the step is about; the edges of a backward step, and those of them that wait for the next key. @type {Set<number>} */
  const nodes = new Set();
  /** @type {Set<number>} */
  const edges = new Set();
  /** @type {Set<number>} */
  const waiting = new Set();
  if (turn) nodes.add(step.node);
  else for (const entry of step.entries) {
    const told = story[backward ? "backward" : "forward"][entry];
    nodes.add(told.node);
    if (!("parts" in told)) continue;
    (told.parts || []).forEach((given, row) => {
      edges.add(given.edge);
      if (part >= 0 && row >= part) waiting.add(given.edge);
    });
  }
  const sourcesOf = (/** @type {Set<number>} */ found) => new Set([...found].map((e) => wires[e].src));
  const sources = sourcesOf(edges);
  const late = sourcesOf(waiting);

  /** Whether a node has been computed. @param {number} node */
  const reached = (node) => all[node].kind !== "op" || computed[node] <= at;
  /** @param {number} node @returns {Shown | null} */
  const value = (node) => {
    const told = all[node].value;
    return told === undefined || !reached(node) ? null : shownOf(told, false);
  };
  /** A gradient as far as its branches have come. @param {number} node @returns {Quantity | undefined} */
  const gradient = (node) => {
    if (!late.has(node)) return gradSoFar(state, node);
    const come = (story.backward[step.entries[0]].parts || []).slice(0, part).reverse();
    const told = come.find((given) => wires[given.edge].src === node);
    return told && told.sum !== undefined ? told.sum : gradSoFar({ ...state, at: at - 1 }, node);
  };
  /** Whether something has come back along an edge. @param {number} edge */
  const flowed = (edge) => state.known.edge[edge] <= at && !waiting.has(edge);

  return {
    state,
    story,
    scales,
    fresh,
    step,
    backward,
    edges,
    waiting,
    reached,
    value,
    flowed,
    /** Whether the step is about this item. @param {import("./items.js").Item} item */
    isCurrent: ({ group, node }) => (group < 0 ? step.group < 0 && nodes.has(node) : step.group === group),
    /** Whether a node was computed by this very step. @param {number} node */
    isNew: (node) => fresh && forward && computed[node] === at,
    /** @param {number} node @returns {Shown | null} */
    grad(node) {
      const told = all[node].kind === "const" ? undefined : gradient(node);
      if (told === undefined) return null;
      return isHidden(state, "grad", node) || (isHidden(state, "up", node) && nodes.has(node)) ? UNKNOWN : shownOf(told, true);
    },
    /** Whether a gradient changed at this step. @param {number} node */
    gradNew: (node) => sources.has(node) || (turn && nodes.has(node)),
    /** What has come back along a run. @param {number[]} run @returns {Shown | null} */
    share(run) {
      const share = run.every(flowed) ? shareOf(story, run) : undefined;
      if (share === undefined) return null;
      return run.some((e) => isHidden(state, "share", e)) ? UNKNOWN : shownOf(share, true);
    },
    /** Whether a gradient ever comes to a node. @param {number} node */
    expects: (node) => all[node].grad !== undefined && all[node].kind !== "const",
    /** An unused parameter, of which the end shows that nothing leads from it. @param {number} node */
    unused: (node) => (backward || turn || step.kind === "done") && all[node].kind === "leaf" && all[node].role === "parameter" && !readingOf(story).outs[node].length,
    /** Whether a node failed or holds NaN or infinity. @param {number} node */
    isBad: (node) => (outcome.status === "failed" && outcome.node === node && reached(node)) || value(node)?.sign === "bad",
  };
}
