/** The stops of the player: inputs, each forward gate, the turn, each backward gate, done; and what each makes known. */

/** @typedef {import("./types.js").Story} Story */
/** @typedef {import("./types.js").Step} Step */

/**
 * The outermost closed group around a node, or -1 where the node itself is visible.
 * @param {Story} story
 * @param {number} node
 * @param {Set<number>} open
 */
export function closedAround(story, node, open) {
  let found = -1;
  for (let g = story.nodes[node].group; g !== undefined; g = story.groups[g].parent) if (!open.has(g)) found = g;
  return found;
}

/**
 * All stops. Consecutive gates inside of one closed group count as one.
 * @param {Story} story
 * @param {Set<number>} open
 * @returns {Step[]}
 */
export function stepsOf(story, open) {
  /** @type {Step[]} */
  const steps = [{ kind: "inputs", node: -1, group: -1, entries: [], index: 0, of: 0 }];
  const forward = merged(story, open, "forward", story.forward.map((f) => f.node), 0);
  const seeded = story.backward.length > 0 && story.backward[0].seed !== undefined ? 1 : 0;
  const backward = merged(story, open, "backward", story.backward.slice(seeded).map((b) => b.node), seeded);
  steps.push(...forward);
  if (seeded) steps.push({ kind: "turn", node: story.backward[0].node, group: -1, entries: [0], index: 0, of: 0 });
  steps.push(...backward);
  if (story.backward.length) steps.push({ kind: "done", node: -1, group: -1, entries: [], index: 0, of: 0 });
  return steps;
}

/**
 * @param {Story} story
 * @param {Set<number>} open
 * @param {"forward" | "backward"} kind
 * @param {number[]} nodes
 * @param {number} from
 * @returns {Step[]}
 */
function merged(story, open, kind, nodes, from) {
  /** @type {Step[]} */
  const steps = [];
  nodes.forEach((node, i) => {
    const group = closedAround(story, node, open);
    const last = steps[steps.length - 1];
    if (last && group >= 0 && last.group === group) last.entries.push(from + i);
    else steps.push({ kind, node, group, entries: [from + i], index: 0, of: 0 });
  });
  steps.forEach((step, i) => {
    step.index = i + 1;
    step.of = steps.length;
  });
  return steps;
}

/**
 * At which stop each value, gradient and share becomes known.
 * @param {Story} story
 * @param {Step[]} steps
 * @returns {import("./types.js").Known}
 */
export function knownAt(story, steps) {
  const never = (/** @type {number} */ n) => new Float64Array(n).fill(Infinity);
  const known = {
    value: never(story.nodes.length),
    grad: never(story.nodes.length),
    total: never(story.nodes.length),
    edge: never(story.edges.length),
  };
  for (const node of story.nodes) if (node.kind !== "op" && node.value !== undefined) known.value[node.id] = 0;
  steps.forEach((step, at) => {
    for (const entry of step.entries) {
      if (step.kind === "forward") {
        const node = story.forward[entry].node;
        if (story.nodes[node].value !== undefined) known.value[node] = at;
        continue;
      }
      const told = story.backward[entry];
      if (told.seed !== undefined) known.grad[told.node] = known.total[told.node] = at;
      for (const part of told.parts || []) {
        known.edge[part.edge] = at;
        const source = story.edges[part.edge].src;
        known.grad[source] = Math.min(known.grad[source], at);
        known.total[source] = at;
      }
    }
  });
  return known;
}

/**
 * The gradient of a node as far as it is known at a stop: the sum of the branches that have come, or undefined.
 * @param {import("./types.js").State} state
 * @param {number} node
 * @returns {import("./types.js").Quantity | undefined}
 */
export function gradSoFar(state, node) {
  const { story, steps, known, at } = state;
  if (known.total[node] <= at) return story.nodes[node].grad;
  if (known.grad[node] > at) return undefined;
  for (let s = at; s > 0; s--) {
    for (const entry of [...steps[s].entries].reverse()) {
      if (steps[s].kind !== "backward") break;
      for (const part of [...(story.backward[entry].parts || [])].reverse()) {
        if (story.edges[part.edge].src === node) return part.sum;
      }
    }
  }
  return undefined;
}

/**
 * "Forward 3 of 5", "Turn around", "Backward 2 of 5", "Done".
 * @param {Step} step
 */
export function headingOf(step) {
  if (step.kind === "inputs") return "Inputs";
  if (step.kind === "turn") return "Turn around";
  if (step.kind === "done") return "Done";
  return `${step.kind === "forward" ? "Forward" : "Backward"} ${step.index} of ${step.of}`;
}
