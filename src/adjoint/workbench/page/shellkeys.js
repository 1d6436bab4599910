/** The keys of the workbench; while the player is out of sight its own keys rest. */

import { TABS } from "./linkstate.js";

/**
 * @param {import("./bench.js").Bench} bench
 * @param {HTMLElement[]} tabs
 * @param {ReturnType<typeof import("./inputaside.js").inputAside>} aside
 * @param {ReturnType<typeof import("./topbar.js").topBar>} top
 */
export function shellKeys(bench, tabs, aside, top) {
  tabs.forEach((tab, i) => tab.addEventListener("keydown", (event) => {
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const at = (to + TABS.length) % TABS.length;
    tabs[at].focus();
    bench.turnTo(TABS[at]);
  }));
  document.documentElement.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const typing = /** @type {Element} */ (event.target).matches("input:not([type=range]), textarea, select");
    const letters = !typing && (!bench.app || bench.app.store.get().letters);
    const key = event.key.toLowerCase();
    const control = event.ctrlKey || event.metaKey;
    if (control && !event.altKey && !typing && (key === "z" || key === "y")) bench.move(key === "z" && !event.shiftKey);
    else if (control || event.altKey) return;
    else if (key === "escape" && aside.isOpen()) aside.close();
    else if (letters && key === "e") top.expression.focus();
    else if (letters && key === "x") top.examples.open();
    else if (letters && key === "l") top.link();
    else {
      // Of the player's keys only those for the whole page are left in other tabs.
      const everywhere = key === "?" || (letters && key === "t");
      if (!["step", "practice"].includes(bench.tab) && !everywhere) event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
}
