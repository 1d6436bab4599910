/** One number as it is edited: its name, a box, a slider, its gradient, and an arrow that shows which way lowers the result. */

import { NUMBERS, typedNumber } from "../../view/player/answers.js";
import { fill, h, svg } from "../../view/player/dom.js";
import { formatExact, numberOf } from "../../view/player/format.js";
import { rangeOf } from "../../view/player/inputs.js";
import { toReal } from "../../view/player/rules.js";
import { tile, toneOf } from "../../view/player/show.js";

/** @typedef {import("../../view/player/types.js").Real} Real */
/**
 * @typedef {Object} Shown   What a row shows.
 * @property {string} name
 * @property {Real} value
 * @property {boolean} whole
 * @property {[number, number]} [range]
 * @property {Real} [grad]
 * @property {number} largest   The largest of all gradients that stand beside it.
 * @property {string} root   What is lowered.
 * @property {string} remark   What stands where there is no gradient.
 */

/** Half of a slider's thumb, in pixels, and how long the arrow of the largest gradient is. */
const THUMB = 8;
const LONGEST_ARROW = 56;

/** @param {(value: Real) => void} edited */
export function numberRow(edited) {
  const name = h("span.w-name");
  const box = /** @type {HTMLInputElement} */ (h("input", { type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false" }));
  const slider = /** @type {HTMLInputElement} */ (h("input", { type: "range", oninput: () => edited(Number(slider.value)) }));
  const told = h("span.w-grad");
  const arrow = h("span.w-arrow");
  const said = h("p.bad-input", { role: "alert" });
  /** @type {Shown | null} */
  let last = null;

  const read = () => {
    const value = typedNumber(box.value);
    const whole = last !== null && last.whole;
    const wrong = value === null || (whole && !Number.isInteger(value));
    box.setAttribute("aria-invalid", String(wrong));
    fill(said, wrong ? (whole ? "Type a whole number, such as 2." : NUMBERS) : null);
    if (value !== null && !wrong && last && !Object.is(value, numberOf(last.value))) edited(toReal(value));
  };
  box.addEventListener("change", read);
  box.addEventListener("keydown", (event) => {
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (event.key === "Enter") read();
    if (!way) return;
    event.preventDefault();
    const step = event.shiftKey && last && !last.whole ? 0.1 : 1;
    box.value = String(Number(((typedNumber(box.value) ?? 0) + way * step).toPrecision(12)));
    read();
  });

  return {
    element: h("div.w-number", h("div.w-head", name, box, told), h("div.w-slide", slider, arrow), said),
    /** @param {Shown} shown */
    show(shown) {
      const value = numberOf(shown.value);
      const finite = Number.isFinite(value);
      if (!last || last.name !== shown.name) {
        box.setAttribute("aria-label", shown.name);
        slider.setAttribute("aria-label", `${shown.name}, slider`);
        fill(name, h("i.var", { title: shown.name }, shown.name));
      }
      last = shown;
      const far = shown.range && Math.abs(value) <= shown.range[1] ? shown.range[1] : 0;
      const most = Math.max(rangeOf(finite ? value : 1), far);
      const dragged = document.activeElement === slider;
      if (!dragged || Math.abs(value) > Number(slider.max)) Object.assign(slider, { min: -most, max: most, step: shown.whole ? 1 : most / 1000 });
      if (!dragged) slider.value = String(finite ? value : 0);
      slider.setAttribute("aria-valuetext", String(shown.value));
      const typed = document.activeElement === box && box.getAttribute("aria-invalid") === "true";
      if (!typed) {
        const text = finite ? String(value).replaceAll("-", "−") : formatExact(shown.value);
        if (box.value !== text) box.value = text;
        box.title = formatExact(shown.value);
        box.setAttribute("aria-invalid", "false");
        fill(said);
      }
      fill(told, shown.grad === undefined ? h("span.aside", shown.remark) : tile(shown.grad, { gradient: true, title: `∂${shown.root}/∂${shown.name}` }));
      const drawn = arrowOf(shown, (Number(slider.value) - Number(slider.min)) / (Number(slider.max) - Number(slider.min)) || 0);
      fill(arrow, drawn);
    },
  };
}

/** From the thumb the way that lowers the result, as long as the gradient is large. @param {Shown} shown @param {number} part   Where the thumb is. */
function arrowOf({ grad, largest, name, root }, part) {
  const slope = grad === undefined ? 0 : numberOf(grad);
  if (!slope || !Number.isFinite(slope)) return null;
  const way = slope > 0 ? -1 : 1;
  const tip = way * (14 + (LONGEST_ARROW - 14) * Math.sqrt(Math.min(1, Math.abs(slope) / (largest || 1))));
  const words = `${way < 0 ? "lower" : "raise"} ${name} to lower ${root}`;
  const made = svg("svg", { width: 1, height: 12, role: "img", "aria-label": words, class: toneOf(grad) },
    svg("title", null, words),
    svg("path", { d: `M0 6H${tip - way * 6}`, stroke: "currentColor", "stroke-width": 3 }),
    svg("path", { d: `M${tip} 6l${-way * 9} -5v10z`, fill: "currentColor" }));
  // Near an end of the slider the arrow keeps inside.
  const thumb = `${THUMB}px + (100% - ${2 * THUMB}px) * ${part.toFixed(4)}`;
  made.style.left = `clamp(${Math.max(0, -tip)}px, ${thumb}, 100% - ${Math.max(0, tip)}px)`;
  return made;
}
