/** The whole story as text: headings, sentences and a table, for those who would rather read than look. */

import { gridTable, rowHead } from "./blocks.js";
import { h, math } from "./dom.js";
import { stepSpoken } from "./announce.js";
import { formatCount } from "./format.js";
import { isHidden, rootName } from "./reading.js";
import { gradientText, valueText } from "./show.js";
import { headingOf } from "./steps.js";

/** @typedef {import("./types.js").State} State */

/** So many steps are written out; the rest is counted. */
const STEPS_WRITTEN = 400;

/**
 * @param {State} state
 * @returns {Node[]}
 */
export function textView(state) {
  const { story } = state;
  const root = rootName(story);
  /** @type {Node[]} */
  const made = [h("h3", story.title || "A computation")];
  if (story.expr.text) made.push(h("p", math(story.expr.mathml, story.expr.text)));
  const { outcome } = story;
  if (outcome.status === "failed") made.push(h("p.bad-text", [outcome.what, outcome.where, outcome.help].filter(Boolean).join(" ")));
  made.push(h("h3", "Inputs"), table(state, root));
  let kind = "";
  /** @type {Node[]} */
  let items = [];
  const flush = () => {
    if (items.length) made.push(h("ol", ...items));
    items = [];
  };
  state.steps.slice(0, STEPS_WRITTEN).forEach((step, at) => {
    if (step.kind === "inputs" || step.kind === "done") return;
    const pass = step.kind === "forward" ? "Forward" : "Backward";
    if (pass !== kind) {
      flush();
      made.push(h("h3", pass));
      kind = pass;
    }
    const said = stepSpoken({ ...state, at, part: -1 });
    items.push(h("li", said.replace(`${headingOf(step)}. `, "")));
  });
  flush();
  const left = state.steps.length - STEPS_WRITTEN;
  if (left > 0) made.push(h("p", `${formatCount(left)} more steps.`));
  return made;
}

/** @param {State} state @param {string} root */
function table(state, root) {
  const leaves = state.story.nodes.filter((n) => n.kind === "leaf").slice(0, STEPS_WRITTEN);
  return gridTable(["input", "value", `gradient of ${root}`], leaves.map((n) => h("tr", rowHead(n.name || "·"), h("td", valueText(n.value, 6)),
    h("td", isHidden(state, "grad", n.id) ? "?" : gradientText(n.grad, 6) || (n.zero ? `0: ${n.zero}` : "none")))));
}
