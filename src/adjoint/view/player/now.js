/** What is known at the step that is shown, and what the step is about: asked by everything that draws. */

import { shareOf } from "./measure.js";
import { UNKNOWN, shownOf } from "./quantities.js";
import { isHidden, readingOf } from "./reading.js";
import { gradSoFar } from "./steps.js";

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Quantity} Quantity */
/** @typedef {import("./quantities.js").Shown} Shown */

/** @type {WeakMap<import("./types.js").Step[], Float64Array>} */
const COMPUTED = new WeakMap();

/** At which stop each operation is computed. @param {State} state */
function computedAt({ story, steps }) {
  let found = COMPUTED.get(steps);
  if (found) return found;
  found = new Float64Array(story.nodes.length).fill(Infinity);
  let last = 0;
  steps.forEach((step, at) => {
    if (step.kind !== "forward") return;
    last = at;
    for (const entry of step.entries) /** @type {Float64Array} */ (found)[story.forward[entry].node] = at;
  });
  const { node } = story.outcome;
  if (node !== undefined && node < found.length) found[node] = Math.min(found[node], last);
  COMPUTED.set(steps, found);
  return found;
}

export class Now {
  /** @param {State} state @param {import("./quantities.js").Scales} scales @param {boolean} fresh   Whether this step has just come. */
  constructor(state, scales, fresh) {
    this.state = state;
    this.story = state.story;
    this.scales = scales;
    this.fresh = fresh;
    this.computed = computedAt(state);
    this.step = state.steps[state.at];
    this.backward = this.step.kind === "backward";
    /** The edges of this backward step, and those of them that wait for the next key. */
    this.edges = new Set();
    this.waiting = new Set();
    this.nodes = new Set();
    if (this.backward) {
      for (const entry of this.step.entries) {
        const told = this.story.backward[entry];
        this.nodes.add(told.node);
        (told.parts || []).forEach((part, row) => {
          this.edges.add(part.edge);
          if (state.part >= 0 && row >= state.part) this.waiting.add(part.edge);
        });
      }
    } else if (this.step.kind === "forward") {
      for (const entry of this.step.entries) this.nodes.add(this.story.forward[entry].node);
    } else if (this.step.kind === "turn") this.nodes.add(this.step.node);
    this.sources = new Set([...this.edges].map((e) => this.story.edges[e].src));
    this.late = new Set([...this.waiting].map((e) => this.story.edges[e].src));
    this.turned = this.step.kind === "backward" || this.step.kind === "turn" || this.step.kind === "done";
  }

  /** Whether the step is about this item. @param {import("./items.js").Item} item */
  isCurrent(item) {
    return item.group >= 0 ? this.step.group === item.group : this.step.group < 0 && this.nodes.has(item.node);
  }

  /** Whether a node has been computed. @param {number} node */
  reached(node) {
    return this.story.nodes[node].kind !== "op" || this.computed[node] <= this.state.at;
  }

  /** Whether a node was computed by this very step. @param {number} node */
  isNew(node) {
    return this.fresh && this.computed[node] === this.state.at && this.step.kind === "forward";
  }

  /** @param {number} node @returns {Shown | null} */
  value(node) {
    const { value } = this.story.nodes[node];
    return value === undefined || !this.reached(node) ? null : shownOf(value, false);
  }

  /** A gradient as far as its branches have come. @param {number} node @returns {Quantity | undefined} */
  gradient(node) {
    const { state } = this;
    if (!this.late.has(node)) return gradSoFar(state, node);
    /** @type {Quantity | undefined} */
    let told;
    const parts = this.story.backward[this.step.entries[0]].parts || [];
    for (const part of parts.slice(0, state.part)) if (this.story.edges[part.edge].src === node) told = part.sum;
    return told === undefined ? gradSoFar({ ...state, at: state.at - 1 }, node) : told;
  }

  /** @param {number} node @returns {Shown | null} */
  grad(node) {
    if (this.story.nodes[node].kind === "const") return null;
    const told = this.gradient(node);
    if (told === undefined) return null;
    const hidden = isHidden(this.state, "grad", node) || (isHidden(this.state, "up", node) && this.nodes.has(node));
    return hidden ? UNKNOWN : shownOf(told, true);
  }

  /** Whether a gradient changed at this step. @param {number} node */
  gradNew(node) {
    return this.sources.has(node) || (this.step.kind === "turn" && this.nodes.has(node));
  }

  /** Whether something has come back along an edge. @param {number} edge */
  flowed(edge) {
    return this.state.known.edge[edge] <= this.state.at && !this.waiting.has(edge);
  }

  /** What has come back along a run. @param {number[]} edges @returns {Shown | null} */
  share(edges) {
    if (!edges.every((e) => this.flowed(e))) return null;
    const share = shareOf(this.story, edges);
    if (share === undefined) return null;
    return edges.some((e) => isHidden(this.state, "share", e)) ? UNKNOWN : shownOf(share, true);
  }

  /** Whether all that could flow back along a run is zero by structure. @param {number[]} edges */
  isZero(edges) {
    return edges.every((e) => this.scales.zeroEdges.has(e));
  }

  /** Whether a gradient ever comes to a node. @param {number} node */
  expects(node) {
    const { grad, kind } = this.story.nodes[node];
    return grad !== undefined && kind !== "const";
  }

  /** An unused parameter, of which the end shows that nothing leads from it. @param {number} node */
  unused(node) {
    const { kind, role } = this.story.nodes[node];
    return this.turned && kind === "leaf" && role === "parameter" && !readingOf(this.story).outs[node].length;
  }

  /** Whether a node failed or holds NaN or infinity. @param {number} node */
  isBad(node) {
    const { outcome } = this.story;
    if (outcome.status === "failed" && outcome.node === node && this.reached(node)) return true;
    const shown = this.value(node);
    return shown !== null && shown.sign === "bad";
  }
}
