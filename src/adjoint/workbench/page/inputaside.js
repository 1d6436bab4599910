/** The side with the inputs: of the page's computation, or of two that are compared; a sheet where the window is narrow. */

import { button, fill, h } from "../../view/player/dom.js";
import { numberOf } from "../../view/player/format.js";
import { readingOf, rootName } from "../../view/player/reading.js";
import { entriesOf } from "./arrays.js";
import { glyphButton } from "./glyphs.js";
import { inputPanel } from "./inputpanel.js";

/** How far a step goes against the gradient. */
const RATE = 0.01;

/**
 * @param {import("./bench.js").Bench} bench
 * @param {ReturnType<typeof import("./comparetab.js").compareTab>} comparing
 */
export function inputAside(bench, comparing) {
  const words = h("p.aside.w-arrow-words");
  const list = h("div");
  const opener = glyphButton("Inputs", "sliders", () => sheet(!element.classList.contains("open")), { class: "w-sheet-button", "aria-expanded": "false" });
  opener.append(h("span", "Inputs"));
  const downhill = button("Step downhill", () => bench.editAll(Object.fromEntries(slopes().map(([name, value, grad]) => [name, Number((value - RATE * grad).toPrecision(12))])), "downhill"), { class: "quiet w-downhill", title: `Every input minus ${RATE} times its gradient` });
  const element = h("aside.w-inputs", { "aria-label": "Inputs" },
    h("div.w-aside-head", h("h2", "Inputs"), button("Close", () => sheet(false), { class: "quiet w-sheet-close" })), words, list, downhill);
  const show = inputPanel(list, (name, value) => (bench.tab === "compare" ? comparing.edit(name, value) : bench.edit(name, value)));

  /** Names, values and gradients of what a step moves. @returns {[string, number, number][]} */
  const slopes = () => bench.inputs.flatMap(({ kind, node, name, value }) => {
    const grad = bench.story && node !== undefined ? bench.story.nodes[node].grad : undefined;
    return kind === "number" && typeof grad === "number" && typeof value === "number" ? [/** @type {[string, number, number]} */ ([name, value, grad])] : [];
  });
  const draw = () => {
    const { story, tab, app, inputs } = bench;
    if (!story) return;
    const beside = tab === "compare" ? comparing.beside() : null;
    const concealed = app !== null && app.store.get().hidden.size > 0;
    const root = beside ? beside.title : rootName(story);
    fill(words, concealed ? "Gradients are hidden while you practise." : `Arrows show which way lowers ${root}.`);
    if (beside) {
      show(beside.inputs, (input) => {
        const grad = beside.gradient(input);
        return { grad: Array.isArray(grad) ? summary(grad, input.shape) : /** @type {any} */ (grad), remark: "data" };
      }, root);
    } else {
      show(inputs, ({ node }) => {
        const found = node === undefined ? undefined : story.nodes[node];
        if (!found) return { remark: "not used" };
        if (concealed) return { value: found.value, remark: "?" };
        const remark = found.zero ? "0" : found.role === "data" ? "data" : readingOf(story).root < 0 ? "" : "no path";
        return { value: found.value, grad: found.grad, remark };
      }, root);
    }
    downhill.hidden = concealed || beside !== null || !story.live || !slopes().some(([, , grad]) => grad);
  };
  /** @param {boolean} open */
  const sheet = (open) => {
    element.classList.toggle("open", open);
    opener.setAttribute("aria-expanded", String(open));
    if (!open) opener.focus();
    else element.querySelector("input")?.focus({ preventScroll: true });
  };
  return { element, opener, draw, isOpen: () => element.classList.contains("open"), close: () => sheet(false) };
}

/** The gradient of an array in the form that stories have. @param {any[]} grad @param {number[]} shape @returns {any} */
function summary(grad, shape) {
  const numbers = entriesOf(grad).map(numberOf);
  const rms = Math.sqrt(numbers.reduce((sum, v) => sum + v * v, 0) / (numbers.length || 1));
  return { shape, rms, pos: numbers.filter((v) => v > 0).length, neg: numbers.filter((v) => v < 0).length, slice: grad };
}
