/** Three tabs of numbers: the gradients of all leaves, what the backward pass keeps, and what it costs. */

import { gridTable, rowHead } from "./blocks.js";
import { button, fill, h } from "./dom.js";
import { drawn } from "./drawn.js";
import { formatBytes, formatCount, formatNumber, numberOf } from "./format.js";
import { link } from "./nodetab.js";
import { isHidden, isTensor, spoken } from "./reading.js";
import { gradientText, tile, valueText } from "./show.js";
import { gradSoFar } from "./steps.js";

/** @typedef {import("./types.js").App} App */
/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Quantity} Quantity */

/** More rows than this nobody reads; search finds the others. */
const TABLE_ROWS = 200;

/** The size of a number, or the rms of a tensor, with the number's sign. @param {Quantity | undefined} value */
function sizeIn(value) {
  if (value === undefined) return NaN;
  return isTensor(value) ? numberOf(value.rms ?? NaN) : numberOf(value);
}

/**
 * @param {HTMLElement} place
 * @param {App} app
 */
export function mountGradients(place, app) {
  let order = "";
  let down = true;
  let rate = 0.1;
  const eta = /** @type {HTMLInputElement} */ (h("input", { type: "text", inputmode: "decimal", size: 6, value: "0.1", "aria-label": "η, the rate of the step" }));
  eta.addEventListener("change", () => {
    const typed = Number(eta.value);
    rate = Number.isFinite(typed) && eta.value.trim() ? typed : rate;
    eta.value = String(rate);
    draw(app.store.get());
  });
  const table = h("div.table-box");
  fill(place, h("label.eta", "step −η × gradient, η = ", eta), table);

  /** @param {string} name */
  const sort = (name) => {
    down = order === name ? !down : true;
    order = name;
    draw(app.store.get());
    /** @type {HTMLElement | null} */ (table.querySelector(`[data-sort="${name}"]`))?.focus();
  };
  /** @param {State} state */
  const draw = (state) => {
    if (state.tab !== "gradients") return;
    const { story } = state;
    const leaves = story.nodes.filter((n) => n.kind === "leaf");
    const grads = new Map(leaves.map((n) => [n.id, isHidden(state, "grad", n.id) ? undefined : gradSoFar(state, n.id)]));
    const total = leaves.reduce((sum, n) => sum + (Math.abs(sizeIn(grads.get(n.id))) || 0), 0);
    /** @param {import("./types.js").StoryNode} n */
    const share = (n) => (grads.get(n.id) === undefined ? NaN : n.share !== undefined && !story.live ? n.share : Math.abs(sizeIn(grads.get(n.id))) / total);
    /** @type {Record<string, (n: import("./types.js").StoryNode) => number | string>} */
    const keys = { name: (n) => n.name || "", value: (n) => sizeIn(n.value), gradient: (n) => Math.abs(sizeIn(grads.get(n.id))), share };
    if (order) leaves.sort((a, b) => compare(keys[order](a), keys[order](b)) * (down === (order === "name") ? 1 : -1));
    const heads = [["name", "leaf"], ["value", "value"], ["gradient", "gradient"], ["", "step"], ["share", "share"]].map(([name, text]) =>
      h("th", { scope: "col", "aria-sort": name && order === name ? (down === (order === "name") ? "ascending" : "descending") : null },
        name ? button(text, () => sort(name), { class: "sort", "data-sort": name }) : text));
    const rows = leaves.slice(0, TABLE_ROWS).map((n) => {
      const grad = grads.get(n.id);
      const step = -rate * sizeIn(grad);
      return h("tr", { class: n.id === state.selected ? "picked-row" : null },
        rowHead(link(state, n.id, app)),
        h("td", valueText(n.value)),
        h("td", isHidden(state, "grad", n.id) ? tile(0, { hidden: true }) : grad === undefined ? h("span.aside", n.zero && n.grad === undefined ? "0" : "·") : tile(grad, { gradient: true })),
        h("td", grad === undefined || isTensor(grad) ? (grad === undefined ? "·" : `rms ${formatNumber(Math.abs(step), 3)}`) : gradientText(step)),
        h("td", Number.isFinite(share(n)) ? h("span", `${formatNumber(100 * share(n), 3)} %`) : "·"));
    });
    fill(table, h("table.grid-table", h("thead", h("tr", ...heads)), h("tbody", ...rows)),
      leaves.length > TABLE_ROWS ? h("p.aside", `${leaves.length - TABLE_ROWS} more leaves.`) : null,
      story.stationary ? h("p.aside", `Stationary point: ${story.stationary.kind} (${story.stationary.why}).`) : null);
  };
  drawn(app, ["story", "steps", "at", "part", "hidden", "tab", "selected"], draw, table);
}

/** @param {number | string} a @param {number | string} b */
function compare(a, b) {
  if (typeof a === "string" || typeof b === "string") return String(a).localeCompare(String(b));
  return (Number.isNaN(a) ? -1 : a) - (Number.isNaN(b) ? -1 : b);
}

/**
 * @param {HTMLElement} place
 * @param {App} app
 */
export function mountMemory(place, app) {
  drawn(app, ["story", "tab"], (state) => {
    const { story, tab } = state;
    if (tab !== "memory") return;
    // One value may be kept by several gates; its bytes count once.
    const bytes = new Map(story.memory.map((m) => [m.node, m.bytes]));
    const total = [...bytes.values()].reduce((a, b) => a + b, 0);
    const largest = [...story.memory].sort((a, b) => b.bytes - a.bytes).slice(0, TABLE_ROWS);
    fill(place,
      h("p.lead", story.memory.length ? `The backward pass keeps ${bytes.size} ${bytes.size === 1 ? "value" : "values"}: ` : "Nothing needs to be kept.", story.memory.length ? h("b", formatBytes(total)) : null),
      largest.length ? gridTable(["value", "size", "why"], largest.map((m) => h("tr", rowHead(link(state, m.node, app)), h("td", formatBytes(m.bytes)),
        h("td.why", m.why || h("span", "for ", link(state, m.by, app), ` ${spoken(story.nodes[m.by].op)}`))))) : null,
      story.memory.length > TABLE_ROWS ? h("p.aside", `${story.memory.length - TABLE_ROWS} more, all smaller.`) : null);
  });
}

/**
 * @param {HTMLElement} place
 * @param {App} app
 */
export function mountCost(place, app) {
  drawn(app, ["story", "tab"], ({ story, tab }) => {
    if (tab !== "cost") return;
    const { gates, inputs, visits_reverse: reverse, visits_differences: differences } = story.cost;
    const most = Math.max(reverse, differences, 1);
    const bar = (/** @type {string} */ name, /** @type {number} */ n, /** @type {string} */ how) => {
      const filled = h("span.bar-fill");
      filled.style.width = `${Math.max(0.5, (100 * n) / most)}%`;
      return h("div.cost-row", h("div", h("b", n.toLocaleString("en")), ` ${name}`), h("div.bar-line", { "aria-hidden": "true" }, filled), h("div.aside", how));
    };
    const product = gates * inputs;
    fill(place,
      h("p.lead", "Gate visits for every gradient of this graph"),
      bar("one backward pass", reverse, `forward and back: 2 × ${formatCount(gates)} gates`),
      bar("nudging inputs one at a time", differences, `(${formatCount(inputs)} inputs + 1) × ${formatCount(gates)} gates`),
      h("p", `Here reverse mode is ${formatNumber(differences / Math.max(1, reverse), 3)} times cheaper.`),
      h("p.lead", "As graphs grow"),
      h("p", `n + p = ${formatCount(gates)} + ${formatCount(inputs)} = `, h("b", formatCount(gates + inputs)), ` against n × p = `, h("b", formatCount(product)), "."),
      h("p.aside", "With 10,000 gates and 100,000 parameters: 110,000 against 1,000,000,000."));
  });
}
