/** The inspector: a set of tabs, of which one is shown. */

import { answered } from "./blocks.js";
import { mountChain } from "./chain.js";
import { fill, h } from "./dom.js";
import { drawn } from "./drawn.js";
import { mountNodeTab } from "./nodetab.js";
import { mountCost, mountGradients, mountMemory } from "./tables.js";

/** @typedef {import("./types.js").App} App */

/** @type {[string, string, (place: HTMLElement, app: App) => void][]} */
const INSPECTOR_TABS = [
  ["node", "Node", mountNodeTab],
  ["gradients", "Gradients", mountGradients],
  ["chain", "Chain rule", mountChain],
  ["memory", "Memory", mountMemory],
  ["cost", "Cost", mountCost],
];

/**
 * @param {HTMLElement} place
 * @param {App} app
 */
export function mountInspector(place, app) {
  const { store } = app;
  const tabs = INSPECTOR_TABS.map(([id, name]) =>
    h("button", { role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}`, onclick: () => store.set({ tab: id }, true) }, name));
  const panels = INSPECTOR_TABS.map(([id]) => h("div", { class: "panel", role: "tabpanel", id: `panel-${id}`, "aria-labelledby": `tab-${id}`, tabindex: 0 }));
  const list = h("div.tabs", { role: "tablist", "aria-label": "Inspector" }, ...tabs);
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(/** @type {HTMLElement} */ (event.target));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    answered(event);
    const next = (to + tabs.length) % tabs.length;
    store.set({ tab: INSPECTOR_TABS[next][0] }, true);
    tabs[next].focus();
  });
  fill(place, list, ...panels);
  INSPECTOR_TABS.forEach(([, , mount], i) => mount(panels[i], app));
  drawn(app, ["tab"], ({ tab }) => {
    INSPECTOR_TABS.forEach(([id], i) => {
      tabs[i].setAttribute("aria-selected", String(id === tab));
      tabs[i].tabIndex = id === tab ? 0 : -1;
      panels[i].hidden = id !== tab;
    });
  });
  app.commands.inspector = () => {
    const at = INSPECTOR_TABS.findIndex(([id]) => id === store.get().tab);
    tabs[Math.max(0, at)].focus();
    place.scrollIntoView({ block: "nearest" });
  };
}
