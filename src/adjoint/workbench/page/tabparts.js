/** What the other views have in common: a place, a line for what is wrong, and requests of which the newest counts. */

import { fill, h } from "../../view/player/dom.js";
import { troubleParts } from "./expressionbar.js";
import { Latest } from "./latest.js";

/** @param {number} count @param {string} what */
export const plural = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

/**
 * @param {HTMLElement} place
 * @param {string} name   "Race".
 * @param {import("./bench.js").Bench} bench
 */
export function tabParts(place, name, bench) {
  const trouble = h("p.banner.w-trouble", { role: "alert" });
  const main = h(`main.w-main.w-${name.toLowerCase()}`, { "aria-label": name }, trouble);
  fill(place, main);
  return {
    main,
    /** Whether this view is looked at. */
    shown: () => bench.tab === name.toLowerCase() && bench.story !== null,
    /** @param {string} [text] */
    wrong: (text) => fill(trouble, text),
    /** @template M @param {(answer: any, about: M, newest: boolean) => void} answered @param {string} [address] @returns {Latest<M>} */
    asking: (answered, address = name.toLowerCase()) => new Latest(bench.given, address, {
      answered: (answer, about, newest) => {
        fill(trouble);
        answered(answer, about, newest);
      },
      failed: (told) => fill(trouble, ...troubleParts(told)),
      waiting: (on) => place.classList.toggle("w-waiting", on),
    }),
  };
}
