/** A line across the stage where something is wrong: NaN or infinity, and a run that stopped. */

import { LARGEST } from "./actions.js";
import { button, fill, h } from "./dom.js";
import { drawn } from "./drawn.js";
import { isTensor, readingOf, spoken, stopOf } from "./reading.js";
import { toneOf, valueText } from "./show.js";

/** @typedef {import("./types.js").App} App */
/** @typedef {import("./types.js").State} State */

/**
 * @param {HTMLElement} place
 * @param {App} app
 */
export function mountBanner(place, app) {
  drawn(app, ["story"], (state) => {
    const { strays } = state.story;
    if (strays) return fill(place, h("p.banner", { role: "status" }, strays));
    const found = trouble(state);
    if (!found) {
      const count = state.story.nodes.length;
      return fill(place, count > LARGEST && h("p.banner", { role: "status" },
        `${count.toLocaleString("en")} nodes are too many to open: the groups stay closed.`));
    }
    fill(place, h("p.banner", { role: "status" }, h("span", h("span", { "aria-hidden": "true" }, "✗ "), found.text),
      button("Go there", () => {
        const now = app.store.get();
        const at = found.node < 0 ? now.steps.length - 1 : stopOf(now, found.node, found.kind);
        if (at !== undefined) app.act.go(at);
        if (found.node < 0) return;
        app.act.select(found.node);
        app.stage.show(found.node);
      }, { class: "quiet" })));
  });
}

/**
 * The first thing that is wrong, in the order in which it happened.
 * @param {State} state
 * @returns {{text: string, node: number, kind: "forward" | "backward"} | null}
 */
function trouble({ story }) {
  const { outcome } = story;
  if (outcome.status === "failed") {
    // Or in Python's code between two operations.
    const { node = -1 } = outcome;
    return { text: `The run stopped ${node < 0 ? "after its last operation" : `at ${spoken(story.nodes[node].op)}`}.`, node, kind: "forward" };
  }
  const order = [...story.nodes.filter((n) => n.kind !== "op").map((n) => n.id), ...story.forward.map((f) => f.node)];
  for (const id of order) {
    const node = story.nodes[id];
    if (toneOf(node.value) !== "bad") continue;
    const kind = badKind(node.value);
    const inputs = readingOf(story).ins[id].slice(0, 2).map((e) => valueText(story.nodes[e.src].value)).join(" and ");
    const where = node.kind === "op" ? `${spoken(node.op)}${node.line ? ` (line ${node.line})` : ""}` : node.name || "a constant";
    return { text: `${kind} first appears at ${where}${inputs ? `: input ${inputs}` : ""}.`, node: id, kind: "forward" };
  }
  for (const { node, parts = [] } of story.backward) {
    for (const part of parts) {
      if (toneOf(part.down) !== "bad") continue;
      const source = story.nodes[story.edges[part.edge].src];
      return { text: `${badKind(part.down)} first appears in the gradient of ${source.name || spoken(source.op)}, sent back by ${spoken(story.nodes[node].op)}.`, node, kind: "backward" };
    }
  }
  return null;
}

/** @param {import("./types.js").Quantity | undefined} value */
function badKind(value) {
  if (isTensor(value)) return value.nan ? "NaN" : "Infinity";
  return value === "NaN" ? "NaN" : typeof value === "object" ? "A number that is not finite" : "Infinity";
}
