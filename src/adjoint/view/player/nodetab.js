/** All about one node: what it computes, its value and gradient, where the gradient came from, what it keeps. */

import { button, fill, h, math } from "./dom.js";
import { drawn } from "./drawn.js";
import { formatBytes, formatExact } from "./format.js";
import { inputControl } from "./inputs.js";
import { nameNode, partial } from "./names.js";
import { mountNudge } from "./nudgepanel.js";
import { capital, isHidden, isTensor, nodeShown, readingOf, rootName, spoken } from "./reading.js";
import { gradientText, inProduct, tile, valueText } from "./show.js";
import { gradSoFar } from "./steps.js";
import { gateSentence } from "./telling.js";
import { tensorPanel } from "./tensor.js";

/** @typedef {import("./types.js").App} App */
/** @typedef {import("./types.js").State} State */

const ROLES = { parameter: "leaf · parameter", data: "leaf · data", intermediate: "intermediate", root: "root" };

/**
 * @param {HTMLElement} place
 * @param {App} app
 */
export function mountNodeTab(place, app) {
  const head = h("div.node-head");
  const control = inputControl(app);
  const facts = h("dl.facts");
  const tensors = h("div");
  const nudge = h("div.nudge");
  fill(place, head, control.place, facts, nudge, tensors);
  drawn(app, ["story", "steps", "at", "part", "selected", "hidden", "tab"], (state) => {
    if (state.tab !== "node") return;
    const id = nodeShown(state);
    fill(head, ...headOf(state, id, app));
    control.show(id);
    fill(facts, ...factsOf(state, id, app).map(([name, ...told]) => h("div", h("dt", name), h("dd", ...told))));
    fill(tensors, ...tensorsOf(state, id));
  }, place);
  mountNudge(nudge, app);
}

/** @param {State} state @param {number} id @param {App} app */
function headOf(state, id, app) {
  const node = state.story.nodes[id];
  const isOp = node.kind === "op";
  const title = node.name ? nameNode(state.story, id, 28) : null;
  const concealed = isHidden(state, "name", id);
  return [
    h("h2", title, isOp && !concealed ? h("span.op-name", title ? ` ${spoken(node.op)}` : capital(spoken(node.op))) : title ? null : "constant"),
    h("span.chip", node.kind === "const" ? "constant" : ROLES[node.role || "intermediate"]),
    state.selected === null ? null : button("Follow the steps", () => app.act.select(null), { class: "quiet follow" }),
  ];
}

/**
 * The rows, in their order; those that say nothing are left out.
 * @param {State} state
 * @param {number} id
 * @param {App} app
 * @returns {[string, ...any[]][]}
 */
function factsOf(state, id, app) {
  const { story } = state;
  const node = story.nodes[id];
  const isOp = node.kind === "op";
  const hiddenName = isHidden(state, "name", id);
  /** @type {[string, ...any[]][]} */
  const rows = [];
  if (isOp && node.mathml && !hiddenName) rows.push(["formula", math(node.mathml, node.op || "")]);
  const value = state.known.value[id] <= state.at || !isOp ? node.value : undefined;
  rows.push(["value", value === undefined ? aside(story.outcome.node === id ? "the run stopped here" : "not yet computed") : copyable(valueText(value, 6), value, false, app)]);
  if (node.kind !== "const") rows.push(["gradient", gradientOf(state, id, app)]);
  const from = branchesOf(state, id, app);
  if (from) rows.push(["from", from]);
  if (isOp && node.gate && !hiddenName) rows.push(["gate", gateSentence(state, id)]);
  const saved = story.memory.filter((m) => m.by === id);
  if (saved.length) {
    rows.push(["saves", h("ul.plain-list", ...saved.map((m) =>
      h("li", link(state, m.node, app), ` ${formatBytes(m.bytes)}`, m.why ? h("span.aside", ` ${m.why}`) : null)))]);
  }
  if (node.spec) rows.push(["type", h("code", node.spec)]);
  const source = sourceOf(state, id, app);
  if (source) rows.push(["source", source]);
  const note = [node.note, node.zero ? `The gradient is 0 by structure: ${node.zero}.` : ""].filter(Boolean).join(" ");
  if (note) rows.push(["note", note]);
  return rows;
}

/** @param {string} text */
const aside = (text) => h("span.aside", text);

/** A number and a button that copies all its digits. @param {string} text @param {any} value @param {boolean} gradient @param {App} app */
function copyable(text, value, gradient, app) {
  const shown = tile(value, { gradient, digits: 6 });
  if (isTensor(value)) return h("span", shown, aside(` ${value.dtype}`));
  return h("span.copy-row", shown, button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(formatExact(value));
      app.say(`Copied ${text}.`);
    } catch {
      app.say("The browser does not let this page copy.");
    }
  }, { class: "quiet small", title: formatExact(value) }));
}

/** @param {State} state @param {number} id @param {App} app */
function gradientOf(state, id, app) {
  const node = state.story.nodes[id];
  if (isHidden(state, "grad", id)) return tile(0, { hidden: true });
  const grad = gradSoFar(state, id);
  if (grad !== undefined) {
    const partly = state.known.total[id] > state.at;
    const shown = copyable(gradientText(grad, 6), grad, true, app);
    return h("span", partial(rootName(state.story), nameNode(state.story, id)), " = ", shown, partly ? aside(" so far") : null);
  }
  if (node.grad !== undefined || state.known.total[id] !== Infinity) return aside("not yet known");
  if (node.zero) return h("span", tile(0, { gradient: true }), aside(` ${node.zero}`));
  return aside(node.role === "data" ? "data: not asked for" : state.story.outcome.status === "failed" ? "the run stopped before" : `no path to ${rootName(state.story) || "the result"}`);
}

/** Each branch "via u: 2 × −2 = −4", and their sum. @param {State} state @param {number} id @param {App} app */
function branchesOf(state, id, app) {
  const { story } = state;
  const edges = readingOf(story).outs[id].filter((e) => state.known.edge[e.id] <= state.at);
  if (!edges.length) return null;
  const rows = edges.slice(0, 24).map((edge) => {
    const entry = story.backward[readingOf(story).backward.get(edge.dst) ?? -1];
    const share = isHidden(state, "share", edge.id) ? "?" : gradientText(edge.contrib);
    const factor = isHidden(state, "local", edge.id) ? "?" : edge.local === undefined || isTensor(edge.local) ? "" : inProduct(valueText(edge.local));
    const up = entry && !isTensor(entry.up) ? (isHidden(state, "up", edge.dst) ? "?" : gradientText(entry.up)) : "";
    const product = up && factor && !isTensor(edge.contrib) ? `${up} × ${factor} = ${share}` : share;
    return h("li", "via ", link(state, edge.dst, app), `: ${product}`);
  });
  if (edges.length > 24) rows.push(h("li", `and ${edges.length - 24} more`));
  const sum = gradSoFar(state, id);
  if (edges.length > 1 && sum !== undefined && !isHidden(state, "grad", id)) rows.push(h("li.sum", `sum: ${gradientText(sum)}`));
  return h("ul.plain-list", ...rows);
}

/** A name that can be chosen. @param {State} state @param {number} id @param {App} app */
export function link(state, id, app) {
  const { kind, value } = state.story.nodes[id];
  if (kind === "const" && !isTensor(value)) return h("span", valueText(value));
  return h("button.link", { onclick: () => app.act.select(id) }, nameNode(state.story, id, 20));
}

/** The line in the user's own file, and the way to the flat source. @param {State} state @param {number} id @param {App} app */
function sourceOf({ story }, id, app) {
  const { line, site } = story.nodes[id];
  if (line === undefined) return null;
  const lines = /** @type {Record<string, string>} */ (story.source ? story.source.lines : {});
  const text = lines[Array.isArray(lines) ? line - 1 : line];
  const place = site ? site.replace(/^(.*?:\d+) .*$/, "$1") : `line ${line}`;
  return h("span",
    h("button", { class: "link", title: "Show it in the flat source", onclick: () => {
      app.act.select(id);
      app.commands.codeOf?.();
    } }, place), text ? h("code.source-line", text.trim()) : null);
}

/** @param {State} state @param {number} id */
function tensorsOf(state, id) {
  const node = state.story.nodes[id];
  const value = state.known.value[id] <= state.at || node.kind !== "op" ? node.value : undefined;
  const grad = isHidden(state, "grad", id) ? undefined : gradSoFar(state, id);
  return [isTensor(value) ? tensorPanel("Value", value) : null, isTensor(grad) ? tensorPanel("Gradient", grad) : null];
}
