/** The examples, in their groups, with a box to find one by a word. */

import { fill, h } from "../../view/player/dom.js";
import { popover } from "./popover.js";

/** @typedef {import("./benchtypes.js").ExampleInfo} ExampleInfo */

/** @type {Record<string, string>} */
const GROUP_NAMES = { worked: "Worked", gates: "Gates", losses: "Losses", networks: "Networks", memory: "Memory" };

/** @param {import("./bench.js").Bench} bench */
export function exampleMenu(bench) {
  return popover("Examples", {
    kind: "w-examples",
    more: { "aria-keyshortcuts": "x" },
    filled(list, close) {
      const found = h("div.w-groups");
      const search = /** @type {HTMLInputElement} */ (
        h("input", { type: "search", placeholder: "Find an example", "aria-label": "Find an example", oninput: () => show() })
      );
      search.addEventListener("keydown", (event) => {
        const first = event.key === "Enter" && found.querySelector("button");
        if (!first) return;
        event.preventDefault();
        first.click();
      });
      const show = () => {
        const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
        const kept = bench.examples.filter((one) => words.every((w) => `${one.group} ${one.name} ${one.title}`.toLowerCase().includes(w)));
        const groups = [...new Set(kept.map((one) => one.group))];
        fill(found, ...groups.map((group) => groupOf(bench, group, kept.filter((one) => one.group === group), close)), kept.length ? null : h("p.aside", "No example is called that."));
      };
      fill(list, search, found);
      show();
    },
  });
}

/** @param {import("./bench.js").Bench} bench @param {string} group @param {ExampleInfo[]} examples @param {() => void} close */
function groupOf(bench, group, examples, close) {
  const name = GROUP_NAMES[group] || group;
  return h("section", { class: `w-group ${group}`, "aria-label": name }, h("h2", name),
    h("ul", ...examples.map((one) => {
      const current = one === bench.example;
      const act = () => {
        close();
        bench.pick(one.id, "example");
      };
      const [short, formula] = one.title.split(/:\s(.+)/);
      return h("li", h("button", { onclick: act, "aria-current": current ? "true" : null }, h("b", one.name === "loss" ? one.file.replace(".py", "") : one.name), " ", h("span.aside", group === "worked" || !formula ? short : one.title)));
    })));
}
