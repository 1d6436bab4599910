/** The whole computation as one formula, with the part that the current gate computes lit. */

import { fill, h, math } from "./dom.js";
import { drawn } from "./drawn.js";
import { nameNode } from "./names.js";
import { nodesNow, readingOf } from "./reading.js";

/** @typedef {import("./types.js").App} App */

/**
 * @param {HTMLElement} place
 * @param {App} app
 */
export function mountFormula(place, app) {
  const scroll = h("div.formula", { role: "group", "aria-label": "Formula" });
  fill(place, scroll);
  scroll.addEventListener("click", (event) => {
    const part = /** @type {Element} */ (event.target).closest("[data-n]");
    if (part) app.act.select(Number(part.getAttribute("data-n")));
  });
  // Only what scrolls needs to be reached by keyboard.
  const reach = () => {
    if (scroll.scrollWidth > scroll.clientWidth + 1) scroll.tabIndex = 0;
    else scroll.removeAttribute("tabindex");
  };
  new ResizeObserver(reach).observe(scroll);
  /** @type {string | null} */
  let shown = null;
  drawn(app, ["story", "steps", "at", "selected"], (state) => {
    const { story } = state;
    const text = story.expr.text || "";
    if (shown !== story.expr.mathml + text) {
      shown = story.expr.mathml + text;
      fill(scroll, text.includes("=") ? math(story.expr.mathml, text) : bare(state.story));
      reach();
    }
    const now = new Set(nodesNow(state).map(String));
    for (const part of scroll.querySelectorAll("[data-n]")) {
      const id = part.getAttribute("data-n") || "";
      part.classList.toggle("lit", now.has(id));
      part.classList.toggle("picked", state.selected === Number(id));
    }
    const lit = scroll.querySelector(".lit");
    if (lit && scroll.scrollWidth > scroll.clientWidth) {
      const box = lit.getBoundingClientRect();
      const view = scroll.getBoundingClientRect();
      if (box.left < view.left || box.right > view.right) scroll.scrollLeft += box.left - view.left - 40;
    }
  });
}

/**
 * Where the computation is too long to be written: L = loss(W, b, …).
 * @param {import("./types.js").Story} story
 */
function bare(story) {
  /** As formulas do it: a letter leans, a word stands. @param {number} node */
  const name = (node) => {
    const made = nameNode(story, node, 40);
    if (/^\p{L}\P{N}/u.test(made.textContent || "")) made.style.fontStyle = "normal";
    return made;
  };
  const inputs = story.nodes.filter((n) => n.kind === "leaf").map((n) => name(n.id));
  const names = inputs.length > 6 ? [...inputs.slice(0, 5), "…"] : inputs;
  if (!story.forward.length) return name(0);
  const head = readingOf(story).root < 0 ? "" : " = ";
  const list = names.flatMap((given, i) => [i ? ", " : "", given]);
  return h("span.plain-formula", readingOf(story).root < 0 ? null : name(readingOf(story).root), head, `${story.title || "f"}(`, ...list, ")");
}
