/** The inputs beside the picture: each with a number, a slider, and an arrow that shows which way lowers the result. */

import { fill, h } from "../../view/player/dom.js";
import { numberOf } from "../../view/player/format.js";
import { isTensor } from "../../view/player/reading.js";
import { numberRow } from "./numberrow.js";
import { tensorRow } from "./tensorrow.js";

/** @typedef {import("./benchtypes.js").InputInfo} InputInfo */
/** @typedef {import("../../view/player/types.js").Quantity} Quantity */
/** @typedef {{value?: Quantity, grad?: Quantity, remark: string}} Around   What the computation says of an input. */

/** Up to so many arrays are open from the start. */
const OPENED = 2;

/** @param {HTMLElement} place @param {(name: string, value: any) => void} edited */
export function inputPanel(place, edited) {
  let key = "";
  /** @type {((input: InputInfo, around: Around, largest: number, root: string) => void)[]} */
  let rows = [];

  /** @param {InputInfo[]} inputs */
  const build = (inputs) => {
    const open = inputs.filter((i) => i.kind === "array").length <= OPENED;
    rows = [];
    const list = inputs.map((input) => {
      const { name, kind, type } = input;
      const told = (/** @type {any} */ value) => edited(name, value);
      if (kind === "fixed") {
        rows.push(() => {});
        return h("li", h("i.var", name), " ", h("span.aside", type));
      }
      if (kind === "array") {
        const row = tensorRow(input, told, open);
        rows.push((now, { value, grad, remark }, _, root) => row.show(now, value, grad, root, remark));
        return h("li", row.element);
      }
      const row = numberRow(told);
      rows.push((now, { grad, remark }, largest, root) =>
        row.show({ name, value: /** @type {any} */ (now.value ?? 0), whole: Boolean(now.whole), range: now.range, grad: /** @type {any} */ (grad), largest, root, remark }));
      return h("li", row.element);
    });
    fill(place, list.length ? h("ul.w-list", ...list) : h("p.aside", "Nothing to edit: there are no inputs."));
  };
  /** @param {InputInfo[]} inputs @param {(input: InputInfo) => Around} about @param {string} root   What is lowered. */
  return (inputs, about, root) => {
    const now = inputs.map((i) => `${i.name} ${i.kind} ${i.type}`).join(";");
    if (now !== key) build(inputs);
    key = now;
    const told = inputs.map(about);
    const largest = Math.max(0, ...told.map(({ grad }) => (grad === undefined || isTensor(grad) ? 0 : Math.abs(numberOf(grad)))).filter(Number.isFinite));
    inputs.forEach((input, i) => rows[i](input, told[i], largest, root));
  };
}
