/** The whole story as text: headings, sentences and a table, for those who would rather read than look. */

import { h, math } from "./dom.js";
import { stepSpoken } from "./announce.js";
import { formatCount } from "./format.js";
import { isHidden, rootName } from "./reading.js";
import { gradientText, valueText } from "./show.js";
import { headingOf } from "./steps.js";

/** @typedef {import("./types.js").State} State */

/** So many steps are written out; the rest is counted. */
const WRITTEN = 400;

/**
 * @param {State} state
 * @returns {Node[]}
 */
export function textView(state) {
  const { story } = state;
  const root = rootName(story);
  /** @type {Node[]} */
  const made = [h("h3", null, story.title || "A computation")];
  if (story.expr.text) made.push(h("p", null, math(story.expr.mathml, story.expr.text)));
  const { outcome } = story;
  if (outcome.status === "failed") made.push(h("p", { class: "bad-text" }, [outcome.what, outcome.where, outcome.help].filter(Boolean).join(" ")));
  made.push(h("h3", null, "Inputs"), table(state, root));
  let kind = "";
  /** @type {Node[]} */
  let items = [];
  const flush = () => {
    if (items.length) made.push(h("ol", null, ...items));
    items = [];
  };
  state.steps.slice(0, WRITTEN).forEach((step, at) => {
    if (step.kind === "inputs" || step.kind === "done") return;
    if (step.kind !== kind && !(kind === "backward" && step.kind === "turn")) {
      flush();
      if (step.kind !== "backward" || kind !== "turn") made.push(h("h3", null, step.kind === "forward" ? "Forward" : "Backward"));
    }
    kind = step.kind;
    const said = stepSpoken({ ...state, at, part: -1 });
    items.push(h("li", null, said.replace(`${headingOf(step)}. `, "")));
  });
  flush();
  const left = state.steps.length - WRITTEN;
  if (left > 0) made.push(h("p", null, `${formatCount(left)} more steps.`));
  return made;
}

/** @param {State} state @param {string} root */
function table(state, root) {
  const leaves = state.story.nodes.filter((n) => n.kind === "leaf").slice(0, WRITTEN);
  return h("table", { class: "grid-table" },
    h("thead", null, h("tr", null, ...["input", "value", `gradient of ${root}`].map((t) => h("th", { scope: "col" }, t)))),
    h("tbody", null, ...leaves.map((n) => h("tr", null, h("th", { scope: "row" }, n.name || "·"), h("td", null, valueText(n.value, 6)),
      h("td", null, isHidden(state, "grad", n.id) ? "?" : gradientText(n.grad, 6) || (n.zero ? `0: ${n.zero}` : "none"))))));
}
