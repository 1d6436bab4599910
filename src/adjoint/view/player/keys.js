/** The keys of the whole page. Boxes, lists and open sheets keep their own. */

import { closedAround } from "./steps.js";
import { nodesNow, readingOf } from "./reading.js";
import { SPEEDS } from "./transport.js";

/** @typedef {import("./types.js").App} App */

/** @param {App} app */
export function mountKeys(app) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest("dialog[open], textarea, select, [contenteditable=''], [contenteditable=true]")) return;
    const input = /** @type {HTMLInputElement | null} */ (target.closest("input"));
    if (input && input.type !== "range") return;
    // A slider keeps the keys that move it.
    if (input && /^(Arrow|Home|End|Page)/.test(event.key)) return;
    if (event.key === " " && target.closest("button, a, summary, [role=button]")) return;
    if (run(app, event)) event.preventDefault();
  });
}

/**
 * @param {App} app
 * @param {KeyboardEvent} event
 * @returns {boolean} whether the key meant something
 */
function run(app, event) {
  const { store, act, stage, commands } = app;
  const { key, shiftKey } = event;
  const state = store.get();
  switch (key) {
    case "ArrowRight": return did(shiftKey ? act.inside(1) : act.step(1));
    case "ArrowLeft": return did(shiftKey ? act.inside(-1) : act.step(-1));
    case " ": return did(act.play());
    case "Home": return did(act.go(0));
    case "End": return did(act.go(state.steps.length - 1));
    case "Escape":
      if (state.slides) store.set({ slides: false }, true);
      else if (commands.leavePractice && state.hidden.size) commands.leavePractice();
      else act.select(null);
      return true;
  }
  if (!state.letters) return key === "?" ? did(commands.help()) : false;
  switch (key.length === 1 ? key.toLowerCase() : "") {
    case "b": return did(act.turn());
    case "1": case "2": case "3": case "4":
      // Practice may want these figures as answers.
      if (commands.figure) return false;
      return did(store.set({ speed: SPEEDS[Number(key) - 1] }, true));
    case "f": return did(stage.fit());
    case "+": case "=": return did(stage.zoom(1.25));
    case "-": case "−": return did(stage.zoom(0.8));
    case "0": return did(stage.actualSize());
    case "/": return did(commands.search());
    case "o": return toggleGroup(app);
    case "p": return commands.predict ? did(commands.predict()) : false;
    case "c": return did(commands.code());
    case "i": return did(commands.inspector());
    case "v": return did(textbook(app));
    case "s": return did(commands.slides());
    case "t": return did(commands.theme());
    case "?": return did(commands.help());
  }
  return false;
}

/** @param {any} _ @returns {true} */
function did(_) {
  return true;
}

/** The drawing with a circle for every variable, and back. @param {App} app */
function textbook(app) {
  const view = app.store.get().view === "wire" ? "textbook" : "wire";
  app.store.set({ view }, true);
  app.say(view === "wire" ? "Values on wires." : "Textbook view: a circle for every variable.");
}

/** What O opened last, and where: pressed again there, it takes that back; elsewhere it goes deeper. */
const lastOpened = { group: -1, at: -1, selected: /** @type {number | null} */ (null) };

/**
 * Opens the closed group around the chosen node, or the current step; or closes the open one around it.
 * @param {App} app
 */
function toggleGroup(app) {
  const state = app.store.get();
  const { story, open } = state;
  if (!story.groups.length) return false;
  const now = nodesNow(state);
  const node = state.selected ?? (now.length ? now[0] : readingOf(story).root);
  if (node < 0) return false;
  const again = open.has(lastOpened.group) && lastOpened.at === state.at && lastOpened.selected === state.selected;
  const closed = again ? lastOpened.group : closedAround(story, node, open);
  const group = closed >= 0 ? closed : story.nodes[node].group;
  if (group === undefined) app.say("No group is here.");
  else {
    app.act.toggle(group);
    Object.assign(lastOpened, { group, at: app.store.get().at, selected: state.selected });
  }
  return true;
}
