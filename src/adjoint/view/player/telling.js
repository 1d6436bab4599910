/** What is said at each stop of the player, in one sentence. */

import { capital, isHidden, readingOf, rootName, spoken } from "./reading.js";
import { gradientText, valueText } from "./show.js";
import { gradSoFar } from "./steps.js";
import { backwardSentence } from "./words.js";

/** @typedef {import("./types.js").State} State */

/**
 * @param {State} state
 * @returns {string}
 */
export function sentenceOf(state) {
  const { story, steps, at } = state;
  const step = steps[at];
  const root = rootName(story);
  if (step.kind === "inputs") return inputsSentence(state);
  if (step.kind === "done") {
    const leaves = story.nodes.filter((n) => n.kind === "leaf" && n.grad !== undefined).length;
    const { visits_reverse: reverse, visits_differences: differences } = story.cost;
    return `One backward pass gave ${leaves === 1 ? "the gradient" : `all ${leaves} gradients`}: ${reverse.toLocaleString("en")} gate visits. ` +
      `Nudging inputs one at a time would take ${differences.toLocaleString("en")}.`;
  }
  if (step.kind === "turn") return `The backward pass starts at the end: ∂${root}/∂${root} = ${valueText(story.backward[0].seed)}.`;
  if (step.group >= 0) return groupSentence(state, step);
  if (step.kind === "backward") return gateSentence(state, step.node);
  return isHidden(state, "name", step.node) ? "Which gate is this?" : `${capital(spoken(story.nodes[step.node].op))}.`;
}

/** @param {State} state */
function inputsSentence({ story, steps }) {
  if (steps.length > 1 && story.forward.length) return "The inputs are given; every other value follows from them.";
  if (story.backward.length) return "No operation was done: the input is the result.";
  if (story.outcome.status === "failed") return "The run stopped before its first operation.";
  return "Nothing to show: the function did no operation on a tracked input.";
}

/** @param {State} state @param {import("./types.js").Step} step */
function groupSentence(state, step) {
  const { name, count, outs, ins } = state.story.groups[step.group];
  const gates = `${capital(name)} is a group of ${count} ${count === 1 ? "gate" : "gates"}.`;
  const open = " Open it to step inside.";
  if (step.kind === "forward") return gates + open;
  const told = (/** @type {import("./types.js").Port[]} */ ports) => ports.slice(0, 3).map((p) => (isHidden(state, "grad", p.src) ? "?" : gradientText(gradSoFar(state, p.src)))).filter(Boolean).join(", ");
  return `${gates} It receives ${told(outs) || "nothing"} and passes back ${told(ins) || "nothing"}.${open}`;
}

/** What a gate does to the gradient; while practice hides its numbers, the verb alone. @param {State} state @param {number} id */
export function gateSentence(state, id) {
  const { story } = state;
  if (isHidden(state, "name", id)) return "Which gate is this?";
  const { backward, ins } = readingOf(story);
  const { op = "" } = story.nodes[id];
  const entry = backward.get(id);
  if (entry === undefined || ins[id].some((e) => isHidden(state, "local", e.id))) return `${capital(spoken(op))} ${(story.gates[op] || {}).verb || "was not reached"}.`;
  return backwardSentence(story, entry);
}
