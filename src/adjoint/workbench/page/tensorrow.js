/** An array as it is edited: entry by entry where it is small, else as a whole: scaled, with noise, from a seed. */

import { typedNumber } from "../../view/player/answers.js";
import { fill, h } from "../../view/player/dom.js";
import { formatNumber, formatShape, numberOf } from "../../view/player/format.js";
import { isTensor } from "../../view/player/reading.js";
import { toReal } from "../../view/player/rules.js";
import { tile, toneOf } from "../../view/player/show.js";
import { heat } from "../../view/player/tensor.js";
import { bell, entriesOf, entryName, shapedAs } from "./arrays.js";
import { numberRow } from "./numberrow.js";

/** @typedef {import("./benchtypes.js").InputInfo} InputInfo */
/** @typedef {import("../../view/player/types.js").Quantity} Quantity */

/** So many entries, in rows of at most so many, have boxes of their own. */
const BOXED = 64;
const WIDEST = 8;

/**
 * @param {InputInfo} first
 * @param {(value: any) => void} edited
 * @param {boolean} open
 */
export function tensorRow(first, edited, open) {
  const { name, shape, editable } = first;
  let entries = entriesOf(first.value);
  /** What scale and noise start from. */
  let base = entries;
  let chosen = 0;
  /** @type {() => void} */
  let again = () => {};
  const count = entries.length;
  const boxed = editable && count > 0 && count <= BOXED && (shape[shape.length - 1] <= WIDEST || count <= WIDEST);
  const told = h("span.w-grad");
  const look = h("span.w-heats");
  const row = numberRow((value) => set(chosen, value));

  /** @param {string} label @param {Record<string, any>} how */
  const control = (label, how) => {
    const box = /** @type {HTMLInputElement} */ (h("input", { "aria-label": `${label} of ${name}`, oninput: stir, ...how }));
    const out = h("output.w-out");
    return { box, out, line: h("label.w-control", h("span.aside", label), box, out) };
  };
  const scale = control("scale", { type: "range", min: -2, max: 3, step: 0.01 });
  const noise = control("noise", { type: "range", min: 0, max: 2, step: 0.01 });
  const seed = control("seed", { type: "number", min: 0, max: 9999, value: 1 });

  /** All entries at once: those of before, scaled, with noise added. */
  function stir() {
    const next = bell(Number(seed.box.value) || 0);
    entries = base.map((v) => toReal(Number((numberOf(v) * Number(scale.box.value) + Number(noise.box.value) * next()).toPrecision(6))));
    tellControls();
    edited(shapedAs(entries, shape));
  }
  function tellControls() {
    fill(scale.out, `× ${formatNumber(Number(scale.box.value), 3)}`);
    fill(noise.out, formatNumber(Number(noise.box.value), 3));
  }
  /** The entries of now are those from which scale and noise start. */
  function rebase() {
    base = entries;
    scale.box.value = "1";
    noise.box.value = "0";
    tellControls();
  }
  /** @param {number} at @param {import("../../view/player/types.js").Real} value */
  function set(at, value) {
    entries = entries.map((v, i) => (i === at ? value : v));
    rebase();
    edited(shapedAs(entries, shape));
  }

  const boxes = (boxed ? entries : []).map((_, i) => {
    const box = /** @type {HTMLInputElement} */ (h("input", { type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": entryName(name, i, shape) }));
    box.addEventListener("focus", () => {
      chosen = i;
      again();
    });
    box.addEventListener("change", () => {
      const value = typedNumber(box.value);
      const wrong = value === null || (first.whole && !Number.isInteger(value));
      box.setAttribute("aria-invalid", String(wrong));
      if (value !== null && !wrong) set(i, toReal(value));
    });
    return box;
  });
  const grid = h("div.w-grid", ...boxes);
  grid.style.setProperty("--columns", String(Math.min(WIDEST, shape[shape.length - 1] || 1)));
  rebase();
  const inside = editable && (boxed || !first.whole)
    ? [boxed ? grid : null, boxed ? row.element : null, first.whole ? null : h("div.w-whole", scale.line, noise.line, seed.line)]
    : [h("p.aside", "Too large to edit here.")];
  const element = h("details.w-tensor", { open },
    h("summary", h("i.var", { title: name }, name), h("span.w-shape", formatShape(shape)), look, told), h("div.w-inside", ...inside));

  return {
    element,
    /** @param {InputInfo} input @param {Quantity | undefined} value @param {Quantity | undefined} grad @param {string} root @param {string} remark */
    show(input, value, grad, root, remark) {
      const now = entriesOf(input.value);
      if (now.some((v, i) => v !== entries[i])) {
        entries = now;
        rebase();
      }
      const slopes = slopesOf(grad, count);
      fill(told, grad === undefined ? h("span.aside", remark) : tile(grad, { gradient: true, title: `∂${root}/∂${name}` }));
      fill(look, ...[value, grad].map((one) => (isTensor(one) && one.thumb ? heat(one, Math.min(6, Math.floor(34 / (one.thumb.cols || 1))), 28) : null)));
      if (!boxed) return;
      const largest = slopes ? Math.max(...slopes.map((v) => Math.abs(numberOf(v)) || 0)) : 0;
      again = () => {
        boxes.forEach((box, i) => {
          if (document.activeElement !== box) {
            box.value = formatNumber(entries[i], 4);
            box.setAttribute("aria-invalid", "false");
          }
          box.className = `${slopes ? toneOf(slopes[i]) : ""} ${i === chosen ? "chosen" : ""}`;
          box.title = slopes ? `gradient ${formatNumber(slopes[i])}` : "";
        });
        row.show({ name: entryName(name, chosen, shape), value: entries[chosen], whole: Boolean(first.whole), range: first.range, grad: slopes ? slopes[chosen] : undefined, largest, root, remark: "" });
      };
      again();
    },
  };
}

/** The gradient of every entry, where the story has them all. @param {Quantity | undefined} grad @param {number} count @returns {any[] | null} */
function slopesOf(grad, count) {
  if (!isTensor(grad) || grad.slice === undefined) return null;
  const all = entriesOf(grad.slice);
  return all.length === count ? all : null;
}
