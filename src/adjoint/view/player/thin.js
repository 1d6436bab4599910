/**
 * The story of a large computation with everything that its file left out because it follows from the rest. This is the
 * twin of `filled` in `adjoint.explain.thin`; a test holds the two against each other.
 */

import { listAt } from "./helpers.js";

/** @typedef {import("./types.js").Story} Story */
/** @typedef {Record<string, any>} Row */

const plainNumber = (/** @type {unknown} */ value) => typeof value === "number";

/** How many bytes an array takes, by its type and shape: f32[3,4]. @param {string} spec */
function bytesOf(spec) {
  const at = spec.indexOf("[");
  const name = spec.slice(0, at);
  const width = name === "bool" ? 1 : Number(name.replace(/\D/g, "") || 0) / 8;
  const shape = spec.slice(at + 1, -1);
  return width * (shape ? shape.split(",").reduce((size, n) => size * Number(n), 1) : 1);
}

/** The steps of the backward pass as they follow from the edges. @param {Row} thin @param {Row[]} nodes @param {Row[]} edges */
function filledSteps(thin, nodes, edges) {
  /** @type {Map<number, Row[]>} */
  const ins = new Map();
  const uses = new Map();
  const sums = new Map();
  for (const edge of edges) {
    if (edge.contrib === undefined) continue;
    listAt(ins, edge.dst).push(edge);
    uses.set(edge.src, (uses.get(edge.src) || 0) + 1);
  }
  const partsOf = (/** @type {number} */ gate) => {
    const own = new Map();
    return (ins.get(gate) || []).map((edge) => {
      const down = edge.contrib;
      const before = own.has(edge.src) ? own.get(edge.src) : sums.get(edge.src);
      let sum = down;
      if (plainNumber(before) && plainNumber(down)) sum = before + down;
      else if (before !== undefined) sum = { ...nodes[edge.src].grad };
      if (before !== undefined && typeof sum === "object") delete sum.thumb;
      own.set(edge.src, sum);
      /** @type {Row} */
      const part = { edge: edge.id, down, sum, of: uses.get(edge.src) };
      if (edge.local !== undefined) part.local = edge.local;
      return part;
    });
  };
  return thin.backward.map((/** @type {Row} */ given) => {
    /** @type {Row} */
    const step = { lines: [], ...given };
    if (step.seed !== undefined) return step;
    if (step.up === undefined) step.up = nodes[step.node].grad;
    if (!given.parts) step.parts = partsOf(step.node);
    else if (given.parts.length && given.parts[0].edge === undefined) {
      const more = given.parts;
      step.parts = partsOf(step.node).map((part, k) => ({ ...part, ...more[k] }));
    }
    for (const part of step.parts) sums.set(edges[part.edge].src, part.sum);
    return step;
  });
}

/** The whole story; one that left nothing out comes back as it is. @param {any} story @returns {Story} */
export function filledStory(story) {
  if (!story.thin) return story;
  const { thin: _, spec, symbols, ...whole } = story;
  const nodes = story.nodes.map((/** @type {Row} */ given, /** @type {number} */ id) => {
    if (given.op === undefined) return { id, kind: "const", spec, ...given };
    const [symbol, gate] = symbols[given.op];
    return { id, kind: "op", spec, role: "intermediate", symbol, gate, saves: [], ...given };
  });
  const edges = story.edges.map((/** @type {Row} */ given, /** @type {number} */ id) => {
    /** @type {Row} */
    const edge = { id, slot: 0, ...given };
    if (edge.contrib === "grad") edge.contrib = nodes[edge.src].grad;
    else if (edge.contrib === undefined && edge.local !== undefined) edge.contrib = nodes[edge.dst].grad * edge.local;
    return edge;
  });
  const gates = nodes.filter((/** @type {Row} */ node) => node.kind === "op");
  whole.nodes = nodes;
  whole.edges = edges;
  if (!story.forward.length) {
    whole.forward = gates.map((/** @type {Row} */ node) => (node.line === undefined ? { node: node.id } : { node: node.id, line: node.line }));
  }
  if (!story.memory.length) {
    whole.memory = gates.flatMap((/** @type {Row} */ by) =>
      by.saves.map((/** @type {number} */ node) => ({ node, bytes: nodes[node].spec.split(" ").reduce((/** @type {number} */ sum, /** @type {string} */ s) => sum + bytesOf(s), 0), by: by.id, why: "" })),
    );
  }
  whole.backward = filledSteps(story, nodes, edges);
  return whole;
}
