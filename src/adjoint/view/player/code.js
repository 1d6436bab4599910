/** The flat source: forward, then backward, with the current line lit and each line's number beside it. */

import { answered } from "./blocks.js";
import { fill, h } from "./dom.js";
import { drawn } from "./drawn.js";
import { isHidden, nodeShown, readingOf, stopOfEntry } from "./reading.js";
import { gradientText, toneOf, valueText } from "./show.js";

/** @typedef {import("./types.js").App} App */
/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Story} Story */
/** @typedef {{kind: "forward" | "backward", entry: number, node: number, part?: number, seed?: boolean}} LineFact */

const LINE = 24;
/** Only lines in view, and so many around them, are in the page. */
const AROUND_VIEW = 30;

/** @type {WeakMap<Story, (LineFact | null)[]>} */
const FACTS = new WeakMap();

/**
 * What each line of the flat source tells: the value of a node, or the gradient that has come to one so far.
 * @param {Story} story
 */
function lineFacts(story) {
  const known = FACTS.get(story);
  if (known) return known;
  /** @type {(LineFact | null)[]} */
  const facts = story.code.map(() => null);
  /** @param {number} line @param {LineFact} fact */
  const put = (line, fact) => {
    if (line >= 1 && line <= facts.length) facts[line - 1] = fact;
  };
  story.forward.forEach((f, entry) => (f.lines || []).forEach((line) => put(line, { kind: "forward", entry, node: f.node })));
  story.backward.forEach((b, entry) => {
    const parts = (b.parts || []).map((p, i) => ({ i, name: `g_${story.nodes[story.edges[p.edge].src].name}`, src: story.edges[p.edge].src }));
    for (const line of b.lines || []) {
      if (b.seed !== undefined) {
        put(line, { kind: "backward", entry, node: b.node, seed: true });
        continue;
      }
      const target = /^\s*(\w+)\s*=/.exec(story.code[line - 1] || "");
      const at = parts.findIndex((p) => target && p.name === target[1]);
      const part = at >= 0 ? parts.splice(at, 1)[0] : null;
      put(line, { kind: "backward", entry, node: part ? part.src : -1, ...(part ? { part: part.i } : {}) });
    }
  });
  FACTS.set(story, facts);
  return facts;
}

/**
 * @param {HTMLElement} place
 * @param {App} app
 */
export function mountCode(place, app) {
  const list = h("ol.lines", { role: "list" });
  const scroll = h("div.code-scroll", list);
  fill(place, h("h2.for-readers", "Flat source"), scroll);
  let active = 0;
  let drawnFrom = -1;
  let drawnTo = -1;

  /** The lines that the current step covers, from 0. @param {State} state */
  const current = ({ story, steps, at }) => {
    const step = steps[at];
    if (step.kind === "inputs") return [0];
    if (step.kind === "done") return [story.code.length - 1];
    return step.entries.flatMap((e) => story[step.kind === "forward" ? "forward" : "backward"][e].lines || []).map((l) => l - 1);
  };
  /** @param {State} state @param {boolean} force */
  const draw = (state, force) => {
    const count = state.story.code.length;
    const printing = matchMedia("print").matches;
    const first = Math.floor(scroll.scrollTop / LINE);
    const inView = Math.ceil((scroll.clientHeight || 360) / LINE);
    const small = count <= 120 || printing;
    const from = small ? 0 : Math.max(0, first - AROUND_VIEW);
    const to = small ? count : Math.min(count, first + inView + AROUND_VIEW);
    if (!force && from >= drawnFrom && to <= drawnTo) return;
    [drawnFrom, drawnTo] = [from, to];
    const lit = new Set(current(state));
    const focused = list.contains(document.activeElement);
    fill(list, ...Array.from({ length: to - from }, (_, i) => lineNode(state, from + i, lit, active)));
    list.style.paddingTop = `${from * LINE}px`;
    list.style.paddingBottom = `${(count - to) * LINE}px`;
    if (focused) focusLine(active);
  };
  /** @param {number} line */
  const focusLine = (line) => /** @type {HTMLElement | null} */ (list.querySelector(`[data-line="${line}"]`))?.focus({ preventScroll: true });
  /** @param {number} line */
  const bring = (line) => {
    const top = line * LINE;
    if (top < scroll.scrollTop || top + LINE > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = top - scroll.clientHeight / 2 + LINE;
  };

  scroll.addEventListener("scroll", () => draw(app.store.get(), false), { passive: true });
  new ResizeObserver(() => draw(app.store.get(), false)).observe(scroll);
  addEventListener("beforeprint", () => draw(app.store.get(), true));
  list.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("[data-line]");
    if (button) goToLine(app, Number(/** @type {HTMLElement} */ (button).dataset.line));
  });
  list.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (!by) return;
    answered(event);
    active = Math.max(0, Math.min(app.store.get().story.code.length - 1, active + by));
    bring(active);
    draw(app.store.get(), true);
    focusLine(active);
  });
  drawn(app, ["story", "steps", "at", "part", "hidden", "selected"], (state, changed) => {
    const lines = current(state);
    place.hidden = !state.story.code.length;
    if (changed.has("at") && lines.length) {
      active = lines[0];
      bring(lines[lines.length - 1]);
      bring(lines[0]);
    }
    draw(state, true);
  });
  app.commands.code = () => {
    place.scrollIntoView({ block: "nearest" });
    bring(active);
    draw(app.store.get(), true);
    focusLine(active);
  };
  app.commands.codeOf = () => {
    const { story } = app.store.get();
    const entry = readingOf(story).forward.get(nodeShown(app.store.get()));
    if (entry !== undefined) active = ((story.forward[entry].lines || [])[0] || 1) - 1;
    app.commands.code();
  };
}

/**
 * @param {State} state
 * @param {number} line
 * @param {Set<number>} lit
 * @param {number} active
 */
function lineNode(state, line, lit, active) {
  const { story, steps, at, selected } = state;
  const fact = lineFacts(story)[line];
  const stop = fact ? stopOfEntry(state, fact.kind, fact.entry) : line ? steps.length - 1 : 0;
  const now = lit.has(line);
  const reached = stop !== undefined && stop <= at;
  const { text, tone } = reached ? lineResult(state, fact) : { text: "", tone: "" };
  const [code, comment] = splitComment(story.code[line]);
  const body = h("span.line-body", h("span.line-text", code), comment ? h("span.comment", comment) : null);
  // A comment ends before the value.
  if (text) body.style.setProperty("--value", `${text.length + 2}ch`);
  const picked = fact && fact.kind === "forward" && fact.node === selected;
  return h("li", { "aria-posinset": line + 1, "aria-setsize": story.code.length },
    h("button", { class: `line-button${reached ? " reached" : ""}${picked ? " picked" : ""}`, "data-line": line, tabindex: line === active ? 0 : -1, "aria-current": now ? "step" : null },
      h("span.line-number", { "aria-hidden": "true" }, line + 1),
      body,
      text ? h("span", { class: `line-value ${tone}` }, text) : null));
}

/** @param {string} text @returns {[string, string]} */
function splitComment(text) {
  const at = text.indexOf("  # ");
  return at < 0 ? [text, ""] : [text.slice(0, at).trimEnd(), text.slice(at)];
}

/** @param {State} state @param {LineFact | null} fact */
function lineResult(state, fact) {
  const { story, steps, at, part } = state;
  if (!fact || fact.node < 0) return { text: "", tone: "" };
  if (fact.kind === "forward") return { text: valueText(story.nodes[fact.node].value), tone: toneOf(story.nodes[fact.node].value) === "bad" ? "bad" : "" };
  const told = story.backward[fact.entry];
  if (fact.seed) return { text: gradientText(told.seed), tone: toneOf(told.seed) };
  const row = (told.parts || [])[fact.part ?? -1];
  const inside = part >= 0 && steps[at].entries.includes(fact.entry) && steps[at].kind === "backward" && (fact.part ?? 0) >= part;
  if (!row || inside) return { text: "", tone: "" };
  if (isHidden(state, "share", row.edge) || isHidden(state, "grad", fact.node)) return { text: "?", tone: "zero" };
  return { text: gradientText(row.sum), tone: toneOf(row.sum) };
}

/** Click on a line: to its step, and its node is shown. @param {App} app @param {number} line */
function goToLine(app, line) {
  const { story, steps } = app.store.get();
  const fact = lineFacts(story)[line];
  if (!fact) return app.act.go(line ? steps.length - 1 : 0);
  const stop = stopOfEntry(app.store.get(), fact.kind, fact.entry);
  if (stop !== undefined) app.act.go(stop);
  if (app.store.get().selected !== null) app.act.select(null);
}
