/** Reading a story: who feeds whom, which entry is whose, what things are called. Found once for each story. */

/** @typedef {import("./types.js").Story} Story */
/** @typedef {import("./types.js").StoryEdge} StoryEdge */
/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Quantity} Quantity */

/**
 * @typedef {Object} Reading
 * @property {StoryEdge[][]} ins   By node: its operands in the order of their slots.
 * @property {StoryEdge[][]} outs   By node: its uses.
 * @property {Map<number, number>} forward   By node: its place in story.forward.
 * @property {Map<number, number>} backward   By node: its place in story.backward (not the seed).
 * @property {number} root   The node whose gradients these are; -1 where the run did not reach it.
 */

/** @type {WeakMap<Story, Reading>} */
const READ = new WeakMap();

/**
 * @param {Story} story
 * @returns {Reading}
 */
export function readingOf(story) {
  const known = READ.get(story);
  if (known) return known;
  /** @type {Reading} */
  const made = {
    ins: story.nodes.map(() => []),
    outs: story.nodes.map(() => []),
    forward: new Map(story.forward.map((f, i) => [f.node, i])),
    backward: new Map(),
    root: story.nodes.findIndex((n) => n.role === "root"),
  };
  for (const edge of story.edges) {
    made.ins[edge.dst].push(edge);
    made.outs[edge.src].push(edge);
  }
  for (const list of made.ins) list.sort((a, b) => a.slot - b.slot);
  story.backward.forEach((b, i) => {
    if (b.seed === undefined) made.backward.set(b.node, i);
    // A leaf that is the outcome itself keeps its own role.
    else if (made.root < 0) made.root = b.node;
  });
  READ.set(story, made);
  return made;
}

/** What the outcome is called: J, or the result. @param {Story} story */
export function rootName(story) {
  const { root } = readingOf(story);
  return root < 0 ? "result" : story.nodes[root].name || "result";
}

/** The rows of all backward steps that are branches of a value, in their order. @param {Story} story @param {number} node */
export function partsInto(story, node) {
  return story.backward.flatMap((b) => b.parts || []).filter((p) => story.edges[p.edge].src === node);
}

/** An operation's name as people say it. @param {string | undefined} op */
export function spoken(op) {
  return (op || "gate").replaceAll("_", " ");
}

/** @param {string} text */
export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * Whether practice hides something now, as "grad:3".
 * @param {State} state
 * @param {string} what
 * @param {number} id
 */
export function isHidden(state, what, id) {
  return state.hidden.has(`${what}:${id}`);
}

/** @type {WeakMap<import("./types.js").Step[], {forward: number[], backward: number[]}>} */
const STOPS = new WeakMap();

/**
 * The stop that covers an entry of story.forward or story.backward; undefined where there is none.
 * @param {State} state
 * @param {"forward" | "backward"} kind
 * @param {number} entry
 * @returns {number | undefined}
 */
export function stopOfEntry({ steps }, kind, entry) {
  let stops = STOPS.get(steps);
  if (!stops) {
    stops = { forward: [], backward: [] };
    for (const [at, step] of steps.entries()) for (const e of step.entries) stops[step.kind === "forward" ? "forward" : "backward"][e] = at;
    STOPS.set(steps, stops);
  }
  return stops[kind][entry];
}

/**
 * The stop at which a node is computed (forward) or passes its gradient on (backward); undefined where there is none.
 * @param {State} state
 * @param {number} node
 * @param {"forward" | "backward"} kind
 */
export function stopOf(state, node, kind) {
  const entry = readingOf(state.story)[kind].get(node);
  return entry === undefined ? (kind === "forward" ? 0 : undefined) : stopOfEntry(state, kind, entry);
}

/**
 * The nodes that the current step is about.
 * @param {State} state
 * @returns {number[]}
 */
export function nodesNow(state) {
  const { story, steps, at } = state;
  const step = steps[at];
  if (step.kind === "forward") return step.entries.map((e) => story.forward[e].node);
  if (step.kind === "backward" || step.kind === "turn") return step.entries.map((e) => story.backward[e].node);
  return [];
}

/**
 * The node that the inspector shows: the one chosen, else the one of the step, else the first leaf.
 * @param {State} state
 */
export function nodeShown(state) {
  if (state.selected !== null && state.story.nodes[state.selected]) return state.selected;
  const { steps, at, story } = state;
  const now = nodesNow(state);
  if (now.length) return story.groups[steps[at].group]?.outs[0]?.src ?? now[now.length - 1];
  const { root } = readingOf(story);
  if (steps[at].kind === "done" && root >= 0) return root;
  return Math.max(0, story.nodes.findIndex((n) => n.kind === "leaf"));
}

/** @param {Quantity | undefined} value @returns {value is import("./types.js").TensorSummary} */
export function isTensor(value) {
  return typeof value === "object" && value !== null && "shape" in value;
}
