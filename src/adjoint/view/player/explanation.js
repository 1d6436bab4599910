/** What happens in this step: a heading, one sentence, and the equation itself in large figures. */

import { reachable } from "./blocks.js";
import { fill, h, math } from "./dom.js";
import { drawn } from "./drawn.js";
import { backwardRows, forwardTiles, groupTiles, leafTiles, seedTiles } from "./equation.js";
import { nameNode } from "./names.js";
import { isHidden } from "./reading.js";
import { headingOf } from "./steps.js";
import { sentenceOf } from "./telling.js";

/** @typedef {import("./types.js").App} App */
/** @typedef {import("./types.js").State} State */

/**
 * @param {HTMLElement} place
 * @param {App} app
 */
export function mountExplanation(place, app) {
  const heading = h("h2.step-heading");
  const sentence = h("p.sentence");
  const body = h("div.equation");
  fill(place, h("div.telling", heading, sentence), body);
  const reach = reachable(place);
  // The equation is never cut: what it says beside its rows goes below them, then each row's head above it.
  const fit = () => {
    const steps = ["slim", "tight"];
    place.classList.remove(...steps);
    for (const step of steps) if (place.scrollWidth > place.clientWidth) place.classList.add(step);
    reach();
  };
  new ResizeObserver(fit).observe(place);
  swipes(place, app);
  drawn(app, ["story", "steps", "at", "part", "hidden"], (state, changed) => {
    fill(heading, headingOf(state.steps[state.at]));
    fill(sentence, ...(failedHere(state) ? [] : toldHere(state)));
    fill(body, ...equationOf(state, app));
    if (changed.has("at")) place.scrollTop = 0;
    fit();
  }, body);
}

/** The sentence; forward with the gate's own formula: "Subtract: d = v − y."; back, the word that matters is strong. @param {State} state @returns {(string | Element)[]} */
function toldHere(state) {
  const { story, steps, at } = state;
  const { kind, node, group } = steps[at];
  const said = sentenceOf(state);
  if (kind === "backward" && group < 0 && story.gates[story.nodes[node].op || ""]?.back.includes("*other*")) {
    const [before, ...after] = said.split(" other ");
    if (after.length) return [`${before} `, h("strong", "other"), ` ${after.join(" other ")}`];
  }
  if (kind !== "forward" || group >= 0 || !story.nodes[node].mathml || isHidden(state, "name", node)) return [said];
  const { mathml, op = "", name } = story.nodes[node];
  return [said.replace(".", ": "), ...(name ? [nameNode(story, node), " = "] : []), math(mathml, op)];
}

/**
 * @param {State} state
 * @param {App} app
 * @returns {(Node | null)[]}
 */
function equationOf(state, app) {
  const { story, steps, at } = state;
  const step = steps[at];
  if (failedHere(state)) return [failure(state)];
  if (step.kind === "inputs" || step.kind === "done") return [leafTiles(state, app)];
  if (step.group >= 0) return [groupTiles(state, step, app)];
  if (step.kind === "forward") return [forwardTiles(state, story.forward[step.entries[0]].node, app)];
  if (step.kind === "turn") return [seedTiles(state, step.entries[0])];
  return [backwardRows(state, step.entries[0], app)];
}

/** Whether the step shown is the one at which the run stopped. @param {State} state */
function failedHere({ story, steps, at }) {
  const { outcome } = story;
  if (outcome.status !== "failed") return false;
  const step = steps[at];
  const covered = step.entries.some((e) => step.kind === "forward" && story.forward[e].node === outcome.node);
  return covered || (at === steps.length - 1 && !steps.some((s) => s.kind === "forward" && s.entries.some((e) => story.forward[e].node === outcome.node)));
}

/**
 * The error in its three parts: what, where, what to do.
 * @param {State} state
 */
function failure({ story }) {
  const { what, where, help } = story.outcome;
  return h(
    "div.failure",
    h("p.what", h("span.cross", { "aria-hidden": "true" }, "✗ "), what || "The run stopped here."),
    where ? h("pre", { tabindex: where.length > 80 ? 0 : null, "aria-label": "Where" }, where) : null,
    help ? h("p.help-line", h("b", "help: "), help) : null,
  );
}

/**
 * A swipe over the explanation steps; a scroll up or down stays a scroll.
 * @param {HTMLElement} place
 * @param {App} app
 */
function swipes(place, app) {
  /** @type {{x: number, y: number} | null} */
  let from = null;
  place.addEventListener("touchstart", ({ touches }) => {
    from = touches.length === 1 && place.scrollWidth <= place.clientWidth + 1 ? { x: touches[0].clientX, y: touches[0].clientY } : null;
  }, { passive: true });
  place.addEventListener("touchend", ({ changedTouches: [touch] }) => {
    if (!from) return;
    const x = touch.clientX - from.x;
    if (Math.abs(x) > 48 && Math.abs(x) > 2 * Math.abs(touch.clientY - from.y)) app.act.step(x < 0 ? 1 : -1);
    from = null;
  });
}
