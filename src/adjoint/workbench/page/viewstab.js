/** The same computation three times: as it ran, as it was traced, as it was optimised; and the rewrites one by one. */

import { button, fill, h } from "../../view/player/dom.js";
import { formatNumber } from "../../view/player/format.js";
import { icon } from "../../view/player/icons.js";
import { entriesOf } from "./arrays.js";
import { graphPane } from "./graphpane.js";
import { plural, tabParts } from "./tabparts.js";

/** @typedef {import("./benchtypes.js").Views} Views */
/** @typedef {import("../../view/player/types.js").Story} Story */

/** @param {Story} story */
const gatesIn = (story) => plural(story.nodes.filter((n) => n.kind === "op").length, "gate");

/** @param {HTMLElement} place @param {import("./bench.js").Bench} bench */
export function viewsTab(place, bench) {
  const { main, shown, asking } = tabParts(place, "Views", bench);
  /** @type {Views | null} */
  let views = null;
  /** Which rewrite is looked at; 0: all of them at once. */
  let at = 0;
  let asked = "";
  const theme = () => (bench.app ? bench.app.store.get().theme : "light");
  const [eager, left, right] = [1, 2, 3].map(() => graphPane(theme));
  const told = h("div.w-rewrite", { "aria-live": "polite" });
  const list = h("ol.w-rewrites");
  const count = h("p.w-count");
  const range = /** @type {HTMLInputElement} */ (h("input", { type: "range", min: 0, "aria-label": "Rewrite", oninput: () => go(Number(range.value)) }));
  const form = /** @type {HTMLSelectElement} */ (
    h("select", { onchange: () => refresh() }, h("option", { value: "gradient" }, "the value and its gradient"), h("option", { value: "value" }, "the value alone"))
  );
  const back = button("Back one rewrite", () => go(at - 1), { class: "transport-button" }, icon("back"));
  const on = button("On one rewrite", () => go(at + 1), { class: "transport-button" }, icon("next"));
  main.append(
    h("div.w-panes", eager.element, left.element, right.element),
    h("section.w-steps", { "aria-label": "Rewrites" },
      h("div", h("div.w-stepper", h("label.w-of", h("span.aside", "Graph of"), form), back, on, range), count, told), list));

  const body = () => ({ source: bench.source, inputs: bench.values, of: form.value });
  const latest = asking((/** @type {Views} */ answer, _, newest) => {
    if (!newest) return;
    const same = views && views.traced.title === answer.traced.title && views.rewrites.length === answer.rewrites.length;
    views = answer;
    if (!same) at = 0;
    range.max = String(answer.rewrites.length);
    fill(list, ...answer.rewrites.map((one, i) => h("li", button(`${one.name}: ${one.identity}`, () => go(i + 1), { class: "link" }))));
    draw();
  });
  const single = asking((answer, /** @type {number} */ step) => {
    if (views && views.rewrites[step - 1]) views.rewrites[step - 1].graph = answer.graph;
    draw();
  });
  const refresh = () => {
    const key = `${bench.version} ${form.value}`;
    if (!shown() || key === asked) return;
    asked = key;
    latest.send(body(), 0);
  };
  /** @param {number} to */
  const go = (to) => {
    if (!views) return;
    at = Math.max(0, Math.min(to, views.rewrites.length));
    draw();
  };
  /** The graph after so many rewrites; null where it has not come yet. @param {number} step @returns {Story | null} */
  const graphAfter = (step) => {
    if (!views || step === 0) return views && views.traced;
    if (step === views.count) return views.optimised;
    const { graph } = views.rewrites[step - 1];
    if (!graph) single.send({ ...body(), step }, step);
    return graph || null;
  };
  const draw = () => {
    if (!views || !shown()) return;
    const { rewrites, traced, optimised } = views;
    const rewrite = at ? rewrites[at - 1] : null;
    range.value = String(at);
    range.setAttribute("aria-valuetext", rewrite ? `${at} of ${rewrites.length}, ${rewrite.name}` : "all at once");
    back.disabled = !at;
    on.disabled = at >= rewrites.length;
    range.disabled = !rewrites.length;
    [...list.querySelectorAll("button")].forEach((one, i) => one.toggleAttribute("aria-current", i === at - 1));
    eager.show(views.eager, "Eager", `${gatesIn(views.eager)}, as it ran: values forward, gradients back`);
    if (!rewrite) {
      left.show(traced, "Traced", `${gatesIn(traced)}: one graph${form.value === "value" ? "" : ", its gradient in it"}`);
      right.show(optimised, "Optimised", `${gatesIn(optimised)} after ${plural(views.count, "rewrite")}`);
      fill(count, h("b", views.count ? `${plural(views.count, "rewrite")} from traced to optimised.` : "No rewrite applies."), ` ${agreement(views)}`);
      fill(told, views.count ? h("p.aside", "Step through them: what changes has a double outline.") : null);
      return;
    }
    const [before, after] = [graphAfter(at - 1), graphAfter(at)];
    if (before) left.show(before, at === 1 ? "Traced" : `After rewrite ${at - 1}`, `${gatesIn(before)}; dashed: what rewrite ${at} takes away`, rewrite.gone, true);
    if (after) right.show(after, at === views.count ? "Optimised" : `After rewrite ${at}`, `${gatesIn(after)}; double outline: what it makes`, rewrite.made);
    fill(count, h("b", `Rewrite ${at} of ${views.count}: ${rewrite.name}`), rewrite.stabilises ? ", which keeps numbers in range" : "");
    fill(told,
      h("p", h("code", rewrite.identity), h("span.aside", rewrite.condition === "always" ? " always" : ` when ${rewrite.condition}`)),
      h("p", "here ", h("code", rewrite.before), " becomes ", h("code", rewrite.after)));
  };
  bench.on(["story", "tab"], () => {
    refresh();
    draw();
  });
}

/** That rewrites change no result, in numbers. @param {Views} views */
function agreement({ results }) {
  const [a, b] = [results.traced, results.optimised].map((all) => entriesOf(all.map(sampled)));
  const apart = Math.max(0, ...a.map((v, i) => Math.abs(v - b[i]) / Math.max(1, Math.abs(v)) || 0));
  return apart ? `Results differ by ${formatNumber(apart, 2)} at most, in rounding.` : "Every result stays the same.";
}

/** @param {any} value @returns {number} */
function sampled(value) {
  return typeof value === "object" ? Number(value.rms) : Number(value);
}
