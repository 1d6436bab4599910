/** What is said at each stop of the player, in one sentence. */

import { isHidden, capital, readingOf, rootName, spoken } from "./reading.js";
import { gradientText, inProduct, valueText } from "./show.js";
import { gradSoFar } from "./steps.js";

/** @typedef {import("./types.js").State} State */

/**
 * @param {State} state
 * @returns {string}
 */
export function sentenceOf(state) {
  const { story, steps, at } = state;
  const step = steps[at];
  const root = rootName(story);
  if (step.kind === "inputs") return steps.length > 1 ? "The inputs are given; every other value follows from them." : "No operation was done: the input is the result.";
  if (step.kind === "done") return doneSentence(state);
  if (step.kind === "turn") return `The backward pass starts at the end: ∂${root}/∂${root} = ${valueText(story.backward[0].seed)}.`;
  if (step.group >= 0) return groupSentence(state, step);
  if (step.kind === "backward") return gateSentence(state, step.node);
  if (story.outcome.status === "failed" && story.outcome.node === step.node) return `${capital(spoken(story.nodes[step.node].op))} stopped the run.`;
  return isHidden(state, "name", step.node) ? "Which gate is this?" : `${capital(spoken(story.nodes[step.node].op))}.`;
}

/** @param {State} state */
function doneSentence({ story }) {
  const leaves = story.nodes.filter((n) => n.kind === "leaf" && n.grad !== undefined).length;
  const { visits_reverse: reverse, visits_differences: differences } = story.cost;
  const gave = leaves === 1 ? "the gradient" : `all ${leaves} gradients`;
  return `One backward pass gave ${gave}: ${reverse.toLocaleString("en")} gate visits. Nudging inputs one at a time would take ${differences.toLocaleString("en")}.`;
}

/** @param {State} state @param {import("./types.js").Step} step */
function groupSentence(state, step) {
  const { name, count, outs, ins } = state.story.groups[step.group];
  const gates = `${capital(name)} is a group of ${count} ${count === 1 ? "gate" : "gates"}.`;
  if (step.kind === "forward") return `${gates} It makes ${outs.length === 1 ? "one value" : `${outs.length} values`} from ${ins.length}. Open it to step inside.`;
  const told = (/** @type {number[]} */ nodes) => nodes.slice(0, 3).map((n) => (isHidden(state, "grad", n) ? "?" : gradientText(gradSoFar(state, n)))).filter(Boolean).join(", ");
  const [up, down] = [told(outs.map((p) => p.src)), told(ins.map((p) => p.src))];
  return `${gates} It receives ${up || "nothing"} and passes back ${down || "nothing"}. Open it to step inside.`;
}

/** What a gate does to the gradient. @param {State} state @param {number} id */
export function gateSentence(state, id) {
  const { story } = state;
  const node = story.nodes[id];
  if (isHidden(state, "name", id)) return "Which gate is this?";
  const { back = "" } = story.gates[node.op || ""] || {};
  const edges = readingOf(story).ins[id];
  /** @type {Record<string, string>} */
  const facts = { out: node.name || "out", local: edges[0] ? inProduct(valueText(edges[0].local)) : "" };
  ["x", "y", "z"].forEach((k, i) => {
    if (edges[i]) facts[k] = story.nodes[edges[i].src].name || valueText(story.nodes[edges[i].src].value);
  });
  return back.replace(/\{(\w+)\}/g, (/** @type {string} */ whole, /** @type {string} */ k) => facts[k] ?? whole);
}
