/** A number box and a slider for an input of a live story. */

import { NUMBERS, typedNumber } from "./answers.js";
import { fill, h } from "./dom.js";
import { formatExact, numberOf } from "./format.js";

/** @typedef {import("./types.js").App} App */

/**
 * Whether this input can be edited here: the page recomputes, or a host does.
 * @param {App} app
 * @param {number} id
 */
function isEditable(app, id) {
  const { story } = app.store.get();
  const node = story.nodes[id];
  if (node.kind !== "leaf") return false;
  if (app.options.editable) return app.options.editable(id);
  return typeof node.value !== "object" && node.value !== undefined && (story.live || !!app.options.edit);
}

/** −10 to 10, or ten times the size of the number. @param {number} value */
export function rangeOf(value) {
  const size = Math.abs(value);
  return size > 10 ? 10 ** Math.ceil(Math.log10(size)) : size && size < 0.1 ? 10 ** Math.ceil(Math.log10(size) + 1) : 10;
}

/**
 * The control of the inspector; it stays the same element while the node does, so that a drag is not cut.
 * @param {App} app
 */
export function inputControl(app) {
  const place = h("div.control");
  const box = /** @type {HTMLInputElement} */ (h("input", { type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", size: 9 }));
  const slider = /** @type {HTMLInputElement} */ (h("input", { type: "range" }));
  const said = h("p.bad-input", { role: "alert" });
  const strays = h("p.bad-text");
  let shown = -1;
  /** How far the slider goes for a number. @param {number} value */
  const stretch = (value) => {
    const most = rangeOf(Number.isFinite(value) ? value : 1);
    Object.assign(slider, { min: String(-most), max: String(most), step: String(most / 1000) });
  };
  const read = () => {
    const value = typedNumber(box.value.replace(",", "."));
    box.setAttribute("aria-invalid", String(value === null));
    fill(said, value === null ? NUMBERS : null);
    if (value !== null) app.act.edit(shown, value);
  };
  box.addEventListener("change", read);
  box.addEventListener("keydown", (event) => {
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const now = typedNumber(box.value) ?? 0;
    box.value = String(Number((now + step * (event.shiftKey ? 0.1 : 1)).toPrecision(12)));
    read();
  });
  slider.addEventListener("input", () => app.act.edit(shown, Number(slider.value)));

  return {
    place,
    /** @param {number} id */
    show(id) {
      const { story } = app.store.get();
      if (!isEditable(app, id)) {
        shown = -1;
        fill(place);
        return;
      }
      const value = numberOf(/** @type {any} */ (story.nodes[id].value));
      const finite = Number.isFinite(value);
      if (shown !== id) {
        shown = id;
        const { name } = story.nodes[id];
        box.setAttribute("aria-label", `Value of ${name}`);
        slider.setAttribute("aria-label", `Slider of ${name}`);
        stretch(value);
        fill(said);
        box.removeAttribute("aria-invalid");
        fill(place, h("div.control-row", box, slider), said, strays);
      }
      fill(strays, story.strays);
      if (document.activeElement !== slider) {
        if (finite && Math.abs(value) > Number(slider.max)) stretch(value);
        slider.value = String(value);
      }
      if (document.activeElement !== box || box.getAttribute("aria-invalid") !== "true") box.value = (finite ? String(value) : formatExact(/** @type {any} */ (value))).replaceAll("-", "−");
      slider.setAttribute("aria-valuetext", String(value));
    },
  };
}
