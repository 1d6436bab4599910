/** The nudge: a node moved by a little, and what the outcome makes of it; every gradient can be felt this way. */

import { fill, h } from "./dom.js";
import { drawn } from "./drawn.js";
import { apart, formatGradient, formatNumber, numberOf } from "./format.js";
import { nudge } from "./live.js";
import { nameNode } from "./names.js";
import { isHidden, isTensor, nodeShown, readingOf } from "./reading.js";

/** @typedef {import("./types.js").App} App */
/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Nudge} Nudge */

/**
 * @param {HTMLElement} place
 * @param {App} app
 */
export function mountNudge(place, app) {
  const slider = /** @type {HTMLInputElement} */ (
    h("input", { type: "range", min: -8, max: 0, step: 0.25, value: -3, "aria-label": "ε, the size of the nudge" })
  );
  const size = h("span.eps");
  const slide = h("label.eps-row", h("span", "ε"), slider, size);
  const told = h("div.nudge-told");
  fill(place, h("h3", "Nudge"), slide, told);
  let asked = 0;

  /** @param {State} state */
  const draw = (state) => {
    if (state.tab !== "node") return;
    const { story } = state;
    const id = nodeShown(state);
    const node = story.nodes[id];
    const eps = 10 ** Number(slider.value);
    const text = formatNumber(eps, 2);
    slider.setAttribute("aria-valuetext", text);
    fill(size, text);
    const { root } = readingOf(story);
    const first = story.leaves.find((l) => l.node === id)?.nudge || node.nudge;
    const free = canSlide(app, id);
    place.hidden = root < 0 || id === root || node.kind === "const" || (!first && !free);
    slide.hidden = !free;
    if (place.hidden) return;
    if (state.hidden.size && (isHidden(state, "grad", id) || [...state.hidden].some((x) => x.startsWith("grad:")))) {
      fill(told, h("p.aside", "?"));
      return;
    }
    const mine = ++asked;
    if (app.options.nudge && free) {
      app.options.nudge(id, eps).then((found) => {
        if (mine === asked) fill(told, ...(found ? rows(app.store.get(), id, found) : []));
      }, () => fill(told, h("p.aside", "No answer came.")));
      return;
    }
    const found = (free ? nudge(story, id, eps) : null) || first;
    fill(told, ...(found ? rows(state, id, found) : []));
  };
  slider.addEventListener("input", () => draw(app.store.get()));
  drawn(app, ["story", "steps", "at", "selected", "hidden", "tab"], draw);
}

/** Whether ε is free: the page or its host computes again. @param {App} app @param {number} id */
function canSlide(app, id) {
  const { story } = app.store.get();
  const { value, kind } = story.nodes[id];
  if (app.options.nudge) return kind !== "const";
  return story.live && value !== undefined && !isTensor(value);
}

/**
 * w 2 → 2.001, J 2 → 1.996, change ÷ ε = −3.998, gradient −4; and when ε is no good, why.
 * @param {State} state
 * @param {number} id
 * @param {Nudge} found
 */
function rows({ story }, id, found) {
  const node = story.nodes[id];
  const { root } = readingOf(story);
  const { eps, before, after, slope } = found;
  const lines = [];
  const from = numberOf(/** @type {any} */ (node.value ?? NaN));
  if (Number.isFinite(from)) lines.push(moved(nameNode(story, id), apart(from, from + eps)));
  // Of a tensor one entry was moved; the recorded words say which.
  else if (found.text) lines.push(h("span.moved", (/^.*? → [^,:\s]+/.exec(found.text) || [""])[0]));
  lines.push(moved(nameNode(story, root), apart(before, after)));
  lines.push(h("span.moved", "change ÷ ε = ", h("b", formatGradient(slope, 5))));
  const grad = node.grad;
  if (grad !== undefined && !isTensor(grad)) lines.push(h("span.moved", "gradient ", h("b", formatGradient(grad, 5))));
  const why = doubt(eps, numberOf(before), numberOf(slope), isTensor(grad) ? NaN : numberOf(grad ?? NaN));
  return [h("p.moves", ...lines), why ? h("p.aside.doubt", why) : null];
}

/** @param {Element} name @param {[string, string] | string[]} texts */
function moved(name, [from, to]) {
  return h("span.moved", name, ` ${from} → ${to}`);
}

/**
 * Where the difference and the gradient part, what is to blame.
 * @param {number} eps
 * @param {number} before
 * @param {number} slope
 * @param {number} grad
 */
function doubt(eps, before, slope, grad) {
  const off = Math.abs(slope - grad);
  // What reads the same needs no excuse.
  if (!Number.isFinite(off) || formatGradient(slope, 5) === formatGradient(grad, 5)) return "";
  const rounding = (2.3e-16 * Math.max(Math.abs(before), 1e-300)) / eps;
  if (rounding > 0.1 * off) return "ε is so small that rounding speaks.";
  if (off > 0.05 * Math.max(Math.abs(grad), 1e-6)) return "ε is so large that curvature speaks.";
  return "";
}
