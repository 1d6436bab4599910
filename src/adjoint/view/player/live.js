/** A live story: both passes computed again from edited inputs, in the order of the story's own steps. */

import { formatNumber, movedText, numberOf } from "./format.js";
import { evaluate, toReal } from "./rules.js";

/** @typedef {import("./types.js").Story} Story */
/** @typedef {import("./types.js").StoryNode} StoryNode */
/** @typedef {import("./types.js").StoryEdge} StoryEdge */
/** @typedef {import("./types.js").Nudge} Nudge */
/** @typedef {import("./types.js").Rule} Rule */

/** In graphs of up to so many operations every node is nudged, in larger ones the leaves. */
const EVERY_NODE = 200;

/**
 * @typedef {Object} Recomputed   All the numbers of a story. What the story does not know is NaN here, and stays out of it.
 * @property {Float64Array} value   By node.
 * @property {Float64Array} grad   By node.
 * @property {Float64Array} local   By edge.
 * @property {Float64Array} contrib   By edge.
 * @property {Float64Array[]} sums   By backward step: the total at each input after it.
 * @property {number} bad   The first node that is NaN or infinite, or -1.
 * @typedef {Object} Live
 * @property {(values?: Map<number, number>) => Recomputed} recompute   From the story's leaves, with these in their places.
 * @property {(node: number, eps: number, at?: {value: Float64Array}) => Nudge | null} nudge   Moves a node and replays what follows.
 * @property {(story: Story, result: Recomputed) => Story} applyTo   The same story with other numbers.
 */

/**
 * The engine of a story, or null where it is not live.
 * @param {Story} story
 * @returns {Live | null}
 */
export function createLive(story) {
  const { nodes, edges, backward, rules } = story;
  if (!story.live || !rules) return null;
  const root = nodes.findIndex((n) => n.role === "root");
  const end = root >= 0 ? root : backward.length ? backward[0].node : -1;
  /** @type {number[][]} by node: the sources of its operands, by slot */
  const operands = nodes.map(() => []);
  /** @type {number[][]} */
  const users = nodes.map(() => []);
  for (const { src, dst, slot } of edges) {
    operands[dst][slot] = src;
    users[src].push(dst);
  }
  const given = valuesOf(story);
  const forward = story.forward.map((f) => f.node);
  const ruleOf = (/** @type {number} */ node) => rules[/** @type {number} */ (nodes[node].rule)];
  const inputsOf = (/** @type {number} */ node, /** @type {Float64Array} */ value) => operands[node].map((src) => value[src]);
  /** @type {boolean[]} by node: whether a gradient may come through it */
  const alive = [];
  for (const { id, kind, role } of nodes) {
    alive[id] = kind === "op" ? ruleOf(id).slopes.some((s) => s) && operands[id].some((src) => alive[src]) : role === "parameter";
  }
  /** @type {Recomputed | null} */
  let latest = null;

  /** @param {Float64Array} value @param {number[]} order */
  const compute = (value, order) => {
    for (const node of order) value[node] = evaluate(ruleOf(node).value, inputsOf(node, value));
  };

  /** @param {Map<number, number>} [values] @returns {Recomputed} */
  const recompute = (values = new Map()) => {
    const value = given.slice();
    for (const [node, one] of values) value[node] = one;
    compute(value, forward);
    const unknown = (/** @type {number} */ n) => new Float64Array(n).fill(NaN);
    const grad = nodes.map((n) => (n.grad === undefined ? NaN : 0));
    /** @type {(boolean | undefined)[]} whether all that came to a node so far is zero by structure */
    const dead = [];
    const local = unknown(edges.length);
    const contrib = unknown(edges.length);
    const sums = backward.map((step) => {
      const { node, seed, parts = [] } = step;
      if (seed !== undefined) grad[node] = 1;
      const rule = seed === undefined ? ruleOf(node) : null;
      const up = grad[node];
      const upDead = Boolean(dead[node]);
      return Float64Array.from(parts, ({ edge }) => {
        const { src, slot } = edges[edge];
        const code = rule && rule.slopes[slot];
        if (!rule || !code) return grad[src];
        const slope = evaluate(code, inputsOf(node, value), value[node]);
        // A structural zero is no number: it is not multiplied by a slope that may be infinite.
        const stopped = rule.zeros === "routes" ? slope === 0 : rule.zeros === "guards" && upDead;
        const down = stopped ? 0 : up * slope;
        const isDead = rule.zeros !== "ends" && (upDead || (rule.zeros === "routes" && slope === 0));
        grad[src] = dead[src] === undefined ? down : grad[src] + down;
        dead[src] = dead[src] === undefined ? isDead : dead[src] && isDead;
        local[edge] = slope;
        contrib[edge] = down;
        return grad[src];
      });
    });
    const bad = nodes.findIndex((n, i) => n.value !== undefined && !Number.isFinite(value[i]));
    latest = { value, grad: Float64Array.from(grad), local, contrib, sums, bad };
    return latest;
  };

  /** @type {Float64Array | null} */
  let first = null;
  /** The story's own values as this page computes them: its last digits may differ from Python's. */
  const origin = () => {
    if (!first) compute((first = given.slice()), forward);
    return first;
  };

  /** @param {number} node @param {number} eps @param {{value: Float64Array}} [at] @returns {Nudge | null} */
  const nudge = (node, eps, at = latest || recompute()) => {
    const old = at.value[node];
    const taken = old + eps - old; // the step that was really taken, in doubles
    if (end < 0 || !Number.isFinite(old) || !taken) return null;
    const value = at.value.slice();
    value[node] = old + eps;
    const after = new Set([node]);
    for (const one of after) for (const user of users[one]) after.add(user);
    after.delete(node);
    compute(value, [...after].sort((a, b) => a - b));
    const [before, result] = [at.value[end], value[end]];
    const slope = Number.isFinite(result) ? (result - before) / taken : NaN;
    const chain = [...new Set([node, ...(nodes[node].via || []), end])].map((n) => `${nodes[n].name} ${movedText(toReal(at.value[n]), toReal(value[n]))}`);
    const last = chain.pop();
    const text = chain.length ? `${chain.join(", ")}: ${last}` : `${last}`;
    return { eps: taken, before: toReal(before), after: toReal(result), slope: toReal(slope), text };
  };

  /** @type {(story: Story, result: Recomputed) => Story} */
  const applyTo = (shown, result) => {
    const { value, grad, local, contrib, sums } = result;
    const moved = nodes.some((n, i) => n.kind === "leaf" && !Object.is(value[i], given[i]));
    const known = (/** @type {number} */ node) => nodes[node].grad !== undefined;
    const sizes = nodes.map((n, i) => (n.role === "parameter" && known(i) ? Math.abs(grad[i]) : 0));
    const total = sizes.reduce((sum, one) => sum + one, 0);
    const slopeMath = (/** @type {StoryEdge} */ e) => (ruleOf(e.dst).zeros === "routes" ? numberMath(formatNumber(toReal(local[e.id]))) : e.mathml);
    const stops = stoppedEdges(shown, result, ruleOf);
    /** What a leaf's row and its node both say. @param {any} place @param {number} node */
    const row = (place, node) => {
      const { step, share, ...rest } = place;
      if (nodes[node].role !== "parameter" || !known(node)) return rest;
      if (shown.rate !== undefined) rest.step = toReal(-numberOf(shown.rate) * grad[node]);
      if (total > 0 && Number.isFinite(total)) rest.share = sizes[node] / total;
      return rest;
    };
    /** Nudges are many replays, and few are looked at: each is made when it is. @template {Object} T @param {T} place @param {number} node */
    const lazily = (place, node) => {
      if (!known(node) || !Number.isFinite(value[node]) || (forward.length > EVERY_NODE && nodes[node].kind === "op")) return place;
      const get = () => nudge(node, epsilonFor(value[node]), result) || undefined;
      return Object.defineProperty(place, "nudge", { get, enumerable: true, configurable: true });
    };
    return {
      ...shown,
      nodes: shown.nodes.map((node, i) => {
        const { grad: _grad, kinks: _kinks, note: _note, zero: _zero, nudge: _nudge, ...rest } = node;
        /** @type {StoryNode} */
        const made = row(rest, i);
        if (node.value !== undefined) made.value = toReal(value[i]);
        if (known(i)) made.grad = toReal(grad[i]);
        const kink = operands[i].some((src) => alive[src]) && ruleOf(i).kink;
        if (kink && evaluate(kink, inputsOf(i, value))) {
          made.kinks = 1;
          made.note = `a kink or step in 1 of 1: ${shown.gates[node.op || ""].kink}`;
        }
        if (stops[i]) made.zero = stops[i];
        return node.kind === "op" ? lazily(made, i) : made;
      }),
      edges: shown.edges.map((e, i) => ({
        ...e,
        ...renewed(e, "local", local[i]),
        ...renewed(e, "contrib", contrib[i]),
        ...(e.mathml === undefined ? {} : { mathml: slopeMath(e) }),
      })),
      backward: shown.backward.map((step, s) => ({
        ...step,
        ...renewed(step, "up", grad[step.node]),
        ...(step.parts && {
          parts: step.parts.map((part, p) => ({
            ...part,
            ...renewed(part, "local", local[part.edge]),
            down: toReal(contrib[part.edge]),
            sum: toReal(sums[s][p]),
          })),
        }),
      })),
      leaves: shown.leaves.map(({ nudge: _nudge, ...leaf }) => lazily(row(leaf, leaf.node), leaf.node)),
      // Found by the Hessian at the story's own inputs: nobody knows it of others.
      stationary: moved ? undefined : story.stationary,
      strays: moved ? strayed(story.looks || [], value, origin()) : undefined,
    };
  };
  return { recompute, nudge, applyTo };
}

/**
 * Why the gradient of each node is zero by structure, or "" where it is not.
 * @param {Story} story
 * @param {Recomputed} result
 * @param {(node: number) => Rule} ruleOf
 */
function stoppedEdges(story, { grad, local }, ruleOf) {
  const { nodes, edges, backward } = story;
  const carried = new Set(backward.flatMap((step) => (step.parts || []).map((p) => p.edge)));
  /** @type {string[][]} */
  const reasons = nodes.map(() => []);
  /** @type {StoryEdge[][]} */
  const ins = nodes.map(() => []);
  for (let e = edges.length - 1; e >= 0; e--) ins[edges[e].dst].push(edges[e]);
  /** @type {string[]} */
  const zero = nodes.map(() => "");
  // Users come after what they use, so going back every gate's own reason is known when it is asked for.
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i];
    const told = node.role === "parameter" || node.role === "intermediate";
    if (told && (node.grad === undefined || grad[i] === 0)) {
      const found = reasons[i];
      zero[i] = !found.length ? node.zero || "" : found.every((r) => r) ? [...new Set(found.reverse())].join("; ") : "";
    }
    const at = node.line === undefined ? "" : ` (line ${node.line})`;
    for (const edge of ins[i]) {
      const routed = !edge.stops && carried.has(edge.id) && ruleOf(i).zeros === "routes" && local[edge.id] === 0;
      const elsewhere = routed ? `${(node.op || "").replaceAll("_", " ")} routes the gradient elsewhere${at}` : "";
      reasons[edge.src].push((node.gate !== "blocks" && zero[i]) || edge.stops || elsewhere);
    }
  }
  return zero;
}

/**
 * What the code asked and would be answered otherwise now, so that it would do something else; undefined: nothing.
 * @param {import("./types.js").Look[]} looks @param {Float64Array} value @param {Float64Array} first   What it was in the story's own run.
 */
function strayed(looks, value, first) {
  for (const { text, line, truth, was, reads = [], code } of looks) {
    if (reads.every((n) => Object.is(value[n], first[n]))) continue;
    const now = code ? evaluate(code, reads.map((n) => value[n])) : NaN;
    if (code && was !== undefined && Object.is(now + 0, numberOf(was) + 0)) continue;
    const place = `${line ? `Line ${line}: ` : ""}“${text}”`;
    if (!truth) return `${place} takes a number out of the graph; what the code made of it stays as it was.`;
    const told = code ? `was ${!!was} and is ${!!now} now: the code may go another way.` : "may be answered otherwise now.";
    return `${place} ${told} These numbers follow the way that was taken.`;
  }
}

/** A step that is small for this value: 0.001 at everyday sizes. @param {number} value */
function epsilonFor(value) {
  const size = Math.abs(value);
  if (!Number.isFinite(size) || size === 0 || (size >= 0.01 && size < 10)) return 0.001;
  return Number(`1e${Number(size.toExponential().split("e")[1]) - 3}`);
}

/** A new number where a row had one of this name. @param {Record<string, any>} row @param {string} name @param {number} number */
function renewed(row, name, number) {
  return row[name] === undefined ? {} : { [name]: toReal(number) };
}

/** @param {string} text @returns {string} a formatted number as MathML */
function numberMath(text) {
  return text.startsWith("\u2212") ? `<mo>\u2212</mo><mn>${text.slice(1)}</mn>` : `<mn>${text}</mn>`;
}

/** @type {WeakMap<Rule[], Live | null>} */
const engines = new WeakMap();

/**
 * The engine of a story; made once for all its versions, which share their rules.
 * @param {Story} story
 */
function liveOf(story) {
  if (!story.rules) return null;
  const known = engines.get(story.rules);
  if (known !== undefined) return known;
  const made = createLive(story);
  engines.set(story.rules, made);
  return made;
}

/** @param {Story} story @returns {Float64Array} */
const valuesOf = (story) => Float64Array.from(story.nodes, (n) => (n.value === undefined ? NaN : numberOf(n.value)));

/**
 * What a story's root does when a node is moved by eps; null where the page cannot tell.
 * @param {Story} story
 * @param {number} node
 * @param {number} eps
 * @returns {Nudge | null}
 */
export function nudge(story, node, eps) {
  const engine = liveOf(story);
  return engine && engine.nudge(node, eps, { value: valuesOf(story) });
}

/**
 * The story with one leaf at another value, or null where the page cannot compute it.
 * @param {Story} story
 * @param {number} node
 * @param {number} value
 * @returns {Story | null}
 */
export function recomputed(story, node, value) {
  const engine = liveOf(story);
  if (!engine || !story.nodes[node] || story.nodes[node].kind !== "leaf") return null;
  const values = valuesOf(story);
  values[node] = value;
  const leaves = story.nodes.filter((n) => n.kind === "leaf");
  return engine.applyTo(story, engine.recompute(new Map(leaves.map((n) => [n.id, values[n.id]]))));
}
