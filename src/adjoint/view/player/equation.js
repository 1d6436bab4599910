/** The equation of a step as tiles: upstream × local slope = downstream, a row for each input. */

import { columnHead, rowHead } from "./blocks.js";
import { button, h, math } from "./dom.js";
import { nameNode, partial } from "./names.js";
import { isHidden, isTensor, readingOf, rootName, spoken } from "./reading.js";
import { gradientText, tile, valueText } from "./show.js";
import { gradSoFar } from "./steps.js";
import { heat } from "./tensor.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").App} App */
/** @typedef {import("./types.js").Quantity} Quantity */

const INFIX = new Map(Object.entries({ add: "+", subtract: "−", multiply: "×", divide: "÷", matmul: "@" }));
/** What stands around a single operand: before it, after it. */
const AROUND = new Map(Object.entries({ square: ["", "²"], cube: ["", "³"], negative: ["−", ""], reciprocal: ["1 ÷", ""], absolute: ["|", "|"], sqrt: ["√", ""] }));

/**
 * One operand or result: its number and, below, its name.
 * @param {State} state
 * @param {number} node
 * @param {App} app
 * @param {Record<string, any>} [more]
 */
function named(state, node, app, more = {}) {
  const { story } = state;
  const given = story.nodes[node];
  const known = state.known.value[node] <= state.at || given.kind !== "op";
  const value = known ? given.value : undefined;
  return h(
    "span.named",
    given.kind === "const" || !given.name
      ? tile(value, more)
      : h("button", { class: "bare", title: `Show ${given.name}`, onclick: () => app.act.select(node) }, isTensor(value) ? heat(value, 5, 40, 24) : null, tile(value, more)),
    h("span.under", given.kind === "const" ? "constant" : nameNode(story, node)),
  );
}

/** @param {string} text */
const sign = (text) => h("span.sign", text);

/**
 * 4 − 2 = 2, with names below.
 * @param {State} state
 * @param {number} node
 * @param {App} app
 */
export function forwardTiles(state, node, app) {
  const { story } = state;
  const given = story.nodes[node];
  const operands = readingOf(story).ins[node].map((e) => named(state, e.src, app));
  const infix = operands.length === 2 ? INFIX.get(given.op || "") : undefined;
  const around = operands.length === 1 ? AROUND.get(given.op || "") : undefined;
  /** @type {Node[]} */
  const left = [];
  if (infix) left.push(operands[0], sign(infix), operands[1]);
  else if (around) left.push(sign(around[0]), operands[0], sign(around[1]));
  else {
    left.push(sign(`${spoken(given.op)} (`));
    operands.forEach((o, i) => left.push(...(i ? [sign(","), o] : [o])));
    left.push(sign(")"));
  }
  return h("div.tiles", ...left.filter((n) => n.textContent), sign("="), named(state, node, app, { class: "now" }));
}

/** ∂J/∂J = 1. @param {State} state @param {number} entry */
export function seedTiles(state, entry) {
  const { node, seed } = state.story.backward[entry];
  const root = rootName(state.story);
  return h("div.tiles", h("span.sign", partial(root, nameNode(state.story, node))), sign("="), tile(seed, { gradient: true, class: "now" }));
}

/**
 * A row for each input: what arrived, times the slope, is what goes on; branches are added below.
 * @param {State} state
 * @param {number} entry
 * @param {App} app
 */
export function backwardRows(state, entry, app) {
  const { story, part } = state;
  const { node, up, parts = [] } = story.backward[entry];
  if (!parts.length) return h("p.aside", "Nothing flows back from here.");
  const shown = part < 0 ? parts : parts.slice(0, part);
  const root = rootName(story);
  const asRule = parts.some((p) => p.local === undefined || isTensor(p.local) || isTensor(p.down));
  const heads = asRule ? ["", "upstream g", "", "local rule", "", "downstream"] : ["", "upstream", "", "local slope", "", "downstream"];
  const rows = shown.map((p) => {
    const edge = story.edges[p.edge];
    const hide = (/** @type {string} */ what) => isHidden(state, what, p.edge);
    const about = { "data-edge": p.edge };
    const via = (p.of || 1) > 1 ? h("span.via", " via ", nameNode(story, node)) : null;
    const local = asRule
      ? h("span.tile.zero.rule", { "data-tile": "local", ...about }, hide("local") ? "?" : p.says || "own rule")
      : tile(p.local, { tone: "zero", hidden: hide("local"), "data-tile": "local", ...about });
    const formula = asRule || hide("local") || !edge.mathml ? null : math(edge.mathml, "");
    const slope = formula && formula.textContent !== valueText(p.local) && (formula.textContent || "").length < 32 ? h("span.slope-is", "slope is ", formula) : null;
    return h(
      "tr",
      { "data-edge": p.edge },
      rowHead(h("button.bare", { onclick: () => app.act.select(edge.src) }, partial(root, nameNode(story, edge.src)), via)),
      h("td", tile(up, { gradient: true, hidden: isHidden(state, "up", node), "data-tile": "up", ...about })),
      h("td.sign", asRule ? "→" : "×"),
      h("td", local),
      h("td.sign", asRule ? "→" : "="),
      h("td", isTensor(p.down) && !hide("share") ? heat(p.down, 4, 34, 24) : null,
        tile(p.down, { gradient: true, hidden: hide("share"), class: "now", "data-tile": "down", ...about })),
      h("td.remark", slope, branches(state, entry, p)),
    );
  });
  return h(asRule ? "table.rows.by-rule" : "table.rows",
    h("thead", h("tr", ...heads.map((t) => (t ? columnHead(t) : h("td"))), h("td"))),
    h("tbody", ...rows));
}

/**
 * "branches add: +2 and +3 make +5", in the row that completes them.
 * @param {State} state
 * @param {number} entry
 * @param {import("./types.js").Part} part
 */
function branches(state, entry, part) {
  const { story } = state;
  const source = story.edges[part.edge].src;
  if ((part.of || 1) < 2 || isHidden(state, "share", part.edge)) return null;
  const before = story.backward.slice(0, entry + 1).flatMap((b) => (b.parts || []).filter((p) => story.edges[p.edge].src === source));
  const come = before.slice(0, before.indexOf(part) + 1);
  if (come.length < (part.of || 1)) return h("span.branch", `branch ${come.length} of ${part.of}`);
  if (come.some((p) => isHidden(state, "share", p.edge)) || isHidden(state, "grad", source)) return null;
  const total = gradientText(part.sum);
  const shares = come.map((p) => gradientText(p.down));
  const list = shares.length > 4 ? `${shares.length} branches add` : `branches add: ${shares.slice(0, -1).join(", ")} and ${shares[shares.length - 1]}`;
  return h("span.branch.whole", `${list} make `, h("b", total));
}

/**
 * The inputs at the start (values) or the end (gradients), in a row.
 * @param {State} state
 * @param {App} app
 */
export function leafTiles(state, app) {
  const { story, steps, at } = state;
  const done = steps[at].kind === "done";
  const root = rootName(story);
  const leaves = story.nodes.filter((n) => n.kind === "leaf" && (!done || n.role === "parameter" || n.grad !== undefined));
  const list = leaves.slice(0, 24).map((n) => {
    const shown = done ? gradSoFar(state, n.id) : n.value;
    const told = done && shown === undefined
      ? h("span.tile.zero", n.zero ? "0" : "no path")
      : tile(shown, { gradient: done, hidden: done && isHidden(state, "grad", n.id) });
    return h("li.named",
      h("button", { class: "bare", title: n.zero || `Show ${n.name}`, onclick: () => app.act.select(n.id) }, isTensor(shown) ? heat(shown, 5, 40, 24) : null, told),
      h("span.under", done ? partial(root, nameNode(story, n.id)) : nameNode(story, n.id)));
  });
  const more = leaves.length - list.length;
  if (more > 0) list.push(h("li.named", button(`${more} more`, () => app.store.set({ tab: "gradients" }, true), { class: "quiet" })));
  return h("ul.tiles.leaves", ...list);
}

/**
 * A closed group as one gate: what it makes, or what it receives and passes back.
 * @param {State} state
 * @param {import("./types.js").Step} step
 * @param {App} app
 */
export function groupTiles(state, step, app) {
  const { story } = state;
  const group = story.groups[step.group];
  const open = button("Open it", () => app.act.toggle(step.group, true), { class: "quiet" });
  if (step.kind === "forward") {
    return h("div.tiles", ...group.ins.slice(0, 6).map((p) => named(state, p.src, app)), sign("→"), ...group.outs.slice(0, 4).map((p) => named(state, p.src, app, { class: "now" })), open);
  }
  const flow = (/** @type {number} */ node) => h("span.named",
    tile(gradSoFar(state, node), { gradient: true, hidden: isHidden(state, "grad", node) }),
    h("span.under", partial(rootName(story), nameNode(story, node))));
  // Data in whole numbers has no gradient.
  const live = (/** @type {typeof group.ins} */ ports) => ports.filter(({ src }) => story.nodes[src].grad !== undefined && story.nodes[src].kind !== "const").map((p) => flow(p.src));
  return h("div.tiles", ...live(group.outs).slice(0, 4), sign("→"), ...live(group.ins).slice(0, 6), open);
}
