/** The chain rule along one path: every slope between a leaf and the outcome, and their product. */

import { gridTable, rowHead } from "./blocks.js";
import { fill, h, math } from "./dom.js";
import { drawn } from "./drawn.js";
import { nameNode, partial } from "./names.js";
import { isHidden, isTensor, readingOf, rootName } from "./reading.js";
import { gradientText, inProduct, tile, valueText } from "./show.js";

/** @typedef {import("./types.js").App} App */
/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Story} Story */
/** @typedef {import("./types.js").StoryEdge} StoryEdge */

/** How many paths are offered, and how many factors of one are written out. */
const PATHS = 40;
const FACTORS = 60;

/**
 * The paths from a node to the outcome, shortest names first come first; at most PATHS.
 * @param {Story} story
 * @param {number} from
 * @returns {StoryEdge[][]}
 */
function pathsFrom(story, from) {
  const { outs, ins, root } = readingOf(story);
  if (root < 0) return [];
  const reaches = new Set([root]);
  const open = [root];
  while (open.length) {
    for (const edge of ins[/** @type {number} */ (open.pop())]) {
      if (edge.contrib === undefined || reaches.has(edge.src)) continue;
      reaches.add(edge.src);
      open.push(edge.src);
    }
  }
  /** @type {StoryEdge[][]} */
  const found = [];
  /** @type {{node: number, last: StoryEdge | null, before: any, length: number}[]} */
  const waiting = [{ node: from, last: null, before: null, length: 0 }];
  while (waiting.length && found.length < PATHS) {
    const here = /** @type {typeof waiting[0]} */ (waiting.pop());
    if (here.node === root) {
      const path = [];
      for (let w = here; w.last; w = w.before) path.push(w.last);
      found.push(path);
      continue;
    }
    for (const edge of [...outs[here.node]].reverse()) {
      if (edge.contrib !== undefined && reaches.has(edge.dst)) waiting.push({ node: edge.dst, last: edge, before: here, length: here.length + 1 });
    }
  }
  return found;
}

/**
 * @param {HTMLElement} place
 * @param {App} app
 */
export function mountChain(place, app) {
  const leaf = /** @type {HTMLSelectElement} */ (h("select", { "aria-label": "Leaf" }));
  const way = /** @type {HTMLSelectElement} */ (h("select", { "aria-label": "Path" }));
  const wayRow = h("label", "along ", way);
  const written = h("div.chain");
  fill(place, h("div.choose", h("label", "from ", leaf), wayRow), written);
  let chosen = 0;
  leaf.addEventListener("change", () => {
    chosen = 0;
    app.act.select(Number(leaf.value));
  });
  way.addEventListener("change", () => {
    chosen = Number(way.value);
    draw(app.store.get());
  });

  /** @param {State} state */
  const draw = (state) => {
    if (state.tab !== "chain") return;
    const { story } = state;
    const { root } = readingOf(story);
    const sources = story.nodes.filter((n) => n.kind !== "const" && n.grad !== undefined && n.id !== root).slice(0, 500);
    if (root < 0 || !sources.length) {
      place.classList.add("bare-panel");
      fill(written, h("p.aside", "No gradient flows here."));
      return;
    }
    const before = Number(leaf.value);
    fill(leaf, ...sources.map((n) => h("option", { value: n.id }, n.name || `node ${n.id}`)));
    const wanted = [state.selected ?? -1, before].find((id) => sources.some((n) => n.id === id)) ?? (sources.find((n) => n.kind === "leaf") || sources[0]).id;
    leaf.value = String(wanted);
    const paths = pathsFrom(story, wanted);
    if (chosen >= paths.length) chosen = 0;
    fill(way, ...paths.map((p, i) => h("option", { value: i }, pathName(story, p))));
    way.value = String(chosen);
    wayRow.hidden = paths.length < 2;
    fill(written, ...(paths.length ? chainProduct(state, wanted, paths, paths[chosen], app) : [h("p.aside", `No path to ${rootName(story)}.`)]));
  };
  drawn(app, ["story", "tab", "selected", "hidden"], draw, written);
}

/** "via c, e": the gates between. @param {Story} story @param {StoryEdge[]} path */
function pathName(story, path) {
  const names = path.map((e) => story.nodes[e.src].name || "·").slice(0, -1).reverse();
  const told = names.length > 6 ? [...names.slice(0, 3), "…", ...names.slice(-2)] : names;
  return told.length ? `via ${told.join(", ")}` : "directly";
}

/**
 * @param {State} state
 * @param {number} from
 * @param {StoryEdge[][]} paths
 * @param {StoryEdge[]} path   From the outcome down to the leaf.
 * @param {App} app
 */
function chainProduct(state, from, paths, path, app) {
  const { story } = state;
  const root = rootName(story);
  const shown = path.slice(0, FACTORS);
  const scalar = path.every((e) => e.local !== undefined && !isTensor(e.local) && typeof e.local !== "object");
  const grad = story.nodes[from].grad;
  const hideGrad = isHidden(state, "grad", from);
  /** @param {StoryEdge} e */
  const hide = (e) => isHidden(state, "local", e.id) || isHidden(state, "share", e.id);
  const names = shown.map((e) =>
    h("button.factor", { title: "Show this gate", onclick: () => app.act.select(e.dst) },
      h("span.fraction", h("span", "∂", nameNode(story, e.dst, 8)), h("span.for-readers", " over "), h("span", "∂", nameNode(story, e.src, 8)))));
  const slopes = shown.map((e) => {
    const formula = e.mathml ? math(e.mathml, "") : null;
    return h("tr",
      rowHead(h("button.link", { onclick: () => app.act.select(e.dst) }, h("span.partial", "∂", nameNode(story, e.dst), "/∂", nameNode(story, e.src)))),
      h("td", formula),
      h("td", hide(e) ? "?" : scalar || (e.local !== undefined && !isTensor(e.local)) ? valueText(e.local) : isTensor(e.local) ? "tensor" : "rule"));
  });
  const factors = shown.map((e) => (hide(e) ? "?" : inProduct(valueText(e.local))));
  const value = scalar ? path.reduce((p, e) => p * Number(e.local), 1) : undefined;
  const anyHidden = hideGrad || path.some(hide);
  const rest = path.length - shown.length;
  return [
    h("p.chain-line", paths.length > 1 ? "this path: " : partial(root, nameNode(story, from, 8)), paths.length > 1 ? null : h("span.sign", "="), ...names.flatMap((n, i) => (i ? [h("span.sign", "·"), n] : [n])), rest > 0 ? ` · … ${rest} more` : ""),
    scalar ? h("p.chain-line.numbers", h("span.sign", "= "), factors.join(" × "), rest > 0 ? " × …" : "", " = ", tile(value, { gradient: true, hidden: anyHidden })) : null,
    paths.length > 1
      ? h("p", `One of ${paths.length}${paths.length === PATHS ? " or more" : ""} paths; the gradient adds them: `, hideGrad ? tile(0, { hidden: true }) : tile(grad, { gradient: true }))
      : scalar ? null : h("p", "gradient ", hideGrad ? tile(0, { hidden: true }) : h("b", gradientText(grad))),
    gridTable(["factor", "slope", "here"], slopes),
  ];
}
