/** The player's buttons, its track with a tick for each gate, and its speed. */

import { rename } from "./blocks.js";
import { button, fill, h } from "./dom.js";
import { drawn } from "./drawn.js";
import { icon } from "./icons.js";
import { spoken } from "./reading.js";
import { headingOf } from "./steps.js";

/** @typedef {import("./types.js").App} App */
/** @typedef {import("./types.js").State} State */

export const SPEEDS = [0.5, 1, 2, 4];
/** Above so many stops, or where each has less room, ticks would touch each other: two tones tell the halves. */
const TICKED = 40;
const TICK_ROOM = 27;

/**
 * @param {HTMLElement} place
 * @param {App} app
 */
export function mountTransport(place, app) {
  const { act, store } = app;
  const play = button("Play", () => act.play(), { class: "transport-button play", "aria-keyshortcuts": "Space" }, icon("play"));
  const speed = /** @type {HTMLSelectElement} */ (
    h("select", { class: "speed", "aria-label": "Speed", onchange: () => store.set({ speed: Number(speed.value) }, true) },
      ...SPEEDS.map((s) => h("option", { value: s }, `${s}×`)))
  );
  const range = /** @type {HTMLInputElement} */ (
    h("input", { type: "range", min: 0, step: 1, "aria-label": "Step", oninput: () => act.go(Number(range.value)) })
  );
  const ticks = h("div.ticks", { "aria-hidden": "true" });
  const halves = h("div.halves", { "aria-hidden": "true" });
  fill(
    place,
    button("First step", () => act.go(0), { class: "transport-button first", "aria-keyshortcuts": "Home" }, icon("first")),
    button("Step back", () => act.step(-1), { class: "transport-button", "aria-keyshortcuts": "ArrowLeft" }, icon("back")),
    play,
    button("Step forward", () => act.step(1), { class: "transport-button", "aria-keyshortcuts": "ArrowRight" }, icon("next")),
    button("Last step", () => act.go(store.get().steps.length - 1), { class: "transport-button last", "aria-keyshortcuts": "End" }, icon("last")),
    h("div.track", ticks, halves, range),
    speed,
  );
  drawn(app, ["steps", "story", "at", "playing", "speed", "hidden"], (state, changed) => {
    const last = state.steps.length - 1;
    range.max = String(last);
    range.value = String(state.at);
    range.setAttribute("aria-valuetext", stepWords(state, state.at));
    if (changed.has("steps") || changed.has("hidden") || !halves.hidden) fillTicks(ticks, halves, state, app);
    for (const tick of /** @type {Iterable<HTMLElement>} */ (ticks.children)) {
      const off = Math.abs(Number(tick.dataset.at) - state.at);
      tick.classList.toggle("current", !off);
      // On a phone the current one covers its neighbours.
      tick.classList.toggle("near", off > 0 && off / last < 0.2);
    }
    if (changed.has("playing")) {
      fill(play, icon(state.playing ? "pause" : "play"));
      rename(play, state.playing ? "Pause" : "Play");
    }
    speed.value = String(state.speed);
  });
  new ResizeObserver(() => fillTicks(ticks, halves, store.get(), app)).observe(ticks);
}

/** "backward 2 of 5, square" @param {State} state @param {number} at */
function stepWords(state, at) {
  const step = state.steps[at];
  const head = headingOf(step);
  const gate = step.node < 0 || step.kind === "turn" ? "" : step.group >= 0 ? state.story.groups[step.group].name : spoken(state.story.nodes[step.node].op);
  const told = state.hidden.has(`name:${step.node}`) ? "" : gate;
  return head.toLowerCase() + (told ? `, ${told}` : "");
}

/**
 * @param {HTMLElement} ticks
 * @param {HTMLElement} halves
 * @param {State} state
 * @param {App} app
 */
function fillTicks(ticks, halves, state, app) {
  const { steps, story } = state;
  const last = Math.max(1, steps.length - 1);
  // The middle of the thumb travels from 10 to 10 before the end.
  const place = (/** @type {HTMLElement} */ made, /** @type {number} */ at) => {
    made.style.left = `calc(10px + (100% - 20px) * ${at / last})`;
    return made;
  };
  const turn = steps.findIndex((s) => s.kind === "turn");
  halves.style.setProperty("--turn", String(turn < 0 ? 1 : turn / last));
  const room = ticks.clientWidth / steps.length;
  const sparse = steps.length > TICKED || room < TICK_ROOM;
  halves.hidden = !sparse;
  fill(ticks, ...steps.flatMap((step, at) => {
    const end = step.kind !== "forward" && step.kind !== "backward";
    if (sparse && !end && at !== state.at) return [];
    const gate = step.group >= 0 ? "▣" : step.node >= 0 ? story.nodes[step.node].symbol || "·" : "";
    const sign = step.kind === "inputs" ? "in" : step.kind === "turn" ? "turn" : step.kind === "done" ? "∇" : state.hidden.has(`name:${step.node}`) ? "?" : gate;
    const made = h("span", { class: `tick ${step.kind}${end ? " end" : ""}`, "data-at": at, title: stepWords(state, at), onclick: () => app.act.go(at) }, [...sign].slice(0, 4).join(""));
    return [place(made, at)];
  }));
}
