/** Practice: exercises over the graph that is shown, a bar with the score, and everything by keyboard. */

import { button, fill, h } from "./dom.js";
import { flipDrill, interviewDrill } from "./cards.js";
import { nameDrill, wrongDrill } from "./drills.js";
import { orderDrill, partsDrill } from "./order.js";
import { predictDrill } from "./predict.js";
import { progressOf } from "./progress.js";
import { readAloud } from "./show.js";

/** @typedef {import("./types.js").App} App */
/** @typedef {import("./types.js").Story} Story */
/** @typedef {import("./answers.js").Verdict} Verdict */
/** @typedef {import("./mistakes.js").Exercise} Exercise */
/**
 * @typedef {Object} Drill   One exercise on the screen.
 * @property {string} question
 * @property {HTMLElement} [body]   What stands in the explanation's place; without it the explanation stays.
 * @property {number} entry   The place in story.backward that is shown; -1: the player stays where it is; Infinity: the end.
 * @property {string[]} [hidden]
 * @property {boolean} [noCheck]   It has buttons of its own.
 * @property {boolean} [endless]   It goes on by itself.
 * @property {() => void} [ready]   Called when all stands in its place.
 * @property {() => void} focus
 * @property {() => Verdict | null} check
 * @property {() => boolean} done
 * @property {() => string} show   Shows what is right, and says it.
 * @property {(story: Story) => boolean} [holds]   Whether a story is one that the drill itself shows; of others it is made anew.
 * @property {() => void} leave
 */
/**
 * @typedef {Object} Core   What decks need of the bar.
 * @property {import("./progress.js").Progress} progress
 * @property {() => void} keep
 * @property {(text: string) => void} note
 * @property {(verdict: Verdict) => void} tell
 * @property {(right: boolean) => void} count
 */

/** @type {Record<string, string>} */
const LABELS = {
  predict: "Predict",
  order: "Order the steps",
  parts: "Training step",
  name: "Name the gate",
  wrong: "Find the wrong one",
  flip: "Flip cards",
  interview: "Interview",
};
const LEVELS = ["slope shown", "slope hidden", "upstream hidden too"];

/**
 * @param {HTMLElement} place   Where the bar stands, below the stage.
 * @param {App} app
 */
export function mountPractice(place, app) {
  const { store, root } = app;
  /** @type {Drill | null} */
  let drill = null;
  let kind = "";
  let index = -1;
  let misses = 0;
  let over = false;
  let streak = 0;
  let right = 0;
  let asked = 0;
  /** @type {Story} */
  let first = store.get().story;
  let held = progressOf(first, unkept);
  /** @type {HTMLElement | null} */
  let before = null;

  const kinds = /** @type {HTMLSelectElement} */ (h("select", { "aria-label": "Exercise", onchange: () => start(kinds.value) }));
  const levels = /** @type {HTMLSelectElement} */ (h("select", { "aria-label": "Level", onchange: relevel }, ...LEVELS.map((label, i) => h("option", { value: i + 1 }, label))));
  const score = h("span.score");
  const question = h("p.question-text");
  const verdict = h("p.verdict");
  const unstored = h("p.aside", { role: "status" });
  const checkButton = button("Check", () => submit(), { class: "go" });
  const whyButton = button("Why?", () => give(), { title: "Shows what is right, and why" });
  const nextButton = button("Next", () => next(), { class: "go" });
  const leaveButton = button("Leave", () => leave());
  const bar = h("section.practice", { "aria-label": "Practice" },
    h("div.practice-row", kinds, levels, score, h("span.space"), checkButton, whyButton, nextButton, leaveButton),
    h("div.practice-said", question, verdict, unstored));
  const task = h("section.task", { "aria-label": "Exercise" });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !drill) return;
    if (!/** @type {Element} */ (event.target).closest(".practice, .task, .guess")) return;
    event.preventDefault();
    event.stopPropagation();
    leave();
  });

  /** Exercises of a kind that fit the numbers now, with their places. @param {string} of */
  function fitting(of) {
    const { story } = store.get();
    return story.exercises.map((one, i) => ({ one, i })).filter(({ one }) => one.kind === of && (one.kind !== "name" || sameNumbers()));
  }
  /** Whether the inputs are still those for which the exercises were made. */
  function sameNumbers() {
    const { nodes } = store.get().story;
    return nodes.every((n, i) => n.kind !== "leaf" || typeof n.value === "object" || n.value === first.nodes[i].value);
  }
  /** A new story brings new exercises; the same one with other numbers keeps them. */
  function adopt() {
    const { story } = store.get();
    if (story.exercises === first.exercises) return;
    first = story;
    held = progressOf(story, unkept);
  }
  function unkept() {
    if (!unstored.textContent) fill(unstored, "This browser keeps no progress for this page; practice works all the same.");
  }
  /** @param {string} text */
  function note(text) {
    fill(verdict, text);
    verdict.className = "verdict";
    app.say(readAloud(text));
  }
  /** What is no miss: it cannot be read, or is only rounded. @param {Verdict} found */
  const mild = ({ mistake }) => mistake === "unread" || mistake === "close";
  /** @param {Verdict} found */
  function tell(found) {
    const [sign, tone] = found.right ? ["✓ ", "ok"] : mild(found) ? ["", ""] : ["✗ ", "bad"];
    fill(verdict, h("span", { "aria-hidden": "true" }, sign), found.says);
    verdict.className = `verdict ${tone}`;
    app.say(readAloud(found.says));
  }
  /** @param {boolean} good */
  function count(good) {
    asked += 1;
    right += Number(good);
    streak = good ? streak + 1 : 0;
    held.progress.best = Math.max(held.progress.best, streak);
    if (good && index >= 0) held.progress.done[`${kind}${index}`] = 1;
    held.keep();
    scored();
  }
  function scored() {
    const { best } = held.progress;
    fill(score, asked ? `${right} of ${asked} right · streak ${streak}${best > streak ? ` (best ${best})` : ""}` : best ? `best streak ${best}` : "");
  }
  /** @param {boolean} on */
  function finish(on) {
    over = on;
    checkButton.hidden = on || !drill || !!drill.noCheck;
    whyButton.hidden = on || !!(drill && drill.endless);
    nextButton.hidden = !on;
    if (!on) return;
    uncover();
    nextButton.focus();
  }
  function submit() {
    if (!drill || over) return;
    const found = drill.check();
    if (!found) return;
    if (found.right) {
      if (!drill.done()) return note(found.says), drill.focus();
      count(misses === 0);
      finish(true);
      return tell(found);
    }
    misses += mild(found) ? 0 : 1;
    if (mild(found) || misses < 2) return tell(found), drill.focus();
    const shown = drill.show();
    count(false);
    finish(true);
    tell({ ...found, says: `${found.says} ${shown}` });
  }
  /** Shows what is right; that is not the same as knowing it. */
  function give() {
    if (!drill || over) return;
    const shown = drill.show();
    count(false);
    finish(true);
    note(shown);
  }
  /** Puts one exercise on the screen; false where it cannot be asked at these numbers. @param {number} at @param {Exercise} exercise */
  function put(at, exercise) {
    clear();
    index = at;
    const core = { progress: held.progress, keep: held.keep, note, tell, count };
    const made =
      kind === "predict" ? predictDrill(app, exercise, held.progress.level, submit)
      : kind === "order" ? orderDrill(app, exercise)
      : kind === "parts" ? partsDrill(app, exercise)
      : kind === "name" ? nameDrill(app, exercise, submit)
      : kind === "wrong" ? wrongDrill(app, exercise, submit)
      : kind === "flip" ? flipDrill(app, core, exercise)
      : interviewDrill(app, core, fitting("interview").map((f) => f.one), sameNumbers());
    if (!made) return false;
    drill = made;
    misses = 0;
    fill(question, made.question);
    fill(verdict);
    levels.hidden = kind !== "predict";
    root.classList.toggle("tasking", !!made.body);
    root.dataset.practice = kind;
    if (made.body) fill(task, made.body);
    if (made.entry === Infinity) store.set({ playing: false, part: -1, at: store.get().steps.length - 1 });
    else if (made.entry >= 0) show(made.entry);
    if (made.hidden) store.set({ hidden: new Set(made.hidden) });
    finish(false);
    app.say(made.question);
    if (made.ready) made.ready();
    made.focus();
    return true;
  }
  /** Goes to a backward step, and opens the groups around its gate. @param {number} entry */
  function show(entry) {
    const { story, open } = store.get();
    const all = new Set(open);
    for (let g = story.nodes[story.backward[entry].node].group; g !== undefined; g = story.groups[g].parent) all.add(g);
    store.set({ playing: false, part: -1, ...(all.size > open.size ? { open: all } : {}) });
    const { steps } = store.get();
    store.set({ at: Math.max(0, steps.findIndex((s) => (s.kind === "backward" || s.kind === "turn") && s.entries.includes(entry))) });
    if (app.stage) app.stage.show(story.backward[entry].node);
  }
  function clear() {
    if (drill) drill.leave();
    drill = null;
    root.classList.remove("tasking");
    fill(task);
    uncover();
  }
  function uncover() {
    delete root.dataset.practice;
    if (store.get().hidden.size) store.set({ hidden: new Set() });
  }
  /** The next exercise of the kind that was not right yet, or simply the next. */
  function next() {
    const all = fitting(kind);
    const from = all.findIndex((f) => f.i > index);
    const turned = from < 0 ? all : [...all.slice(from), ...all.slice(0, from)];
    const open = turned.filter((f) => !held.progress.done[`${kind}${f.i}`]);
    for (const { one, i } of [...open, ...turned]) if (put(i, one)) return;
    note("There is nothing of this kind to ask at these numbers.");
  }
  function relevel() {
    held.progress.level = Number(levels.value);
    held.keep();
    put(index, store.get().story.exercises[index]);
  }
  /** @param {string} [wanted] */
  function start(wanted) {
    adopt();
    const offered = Object.keys(LABELS).filter((k) => fitting(k).length);
    if (!offered.length) {
      leave();
      return app.say("There is nothing to practise here: no gradient flows.");
    }
    if (!place.contains(bar)) {
      before = /** @type {HTMLElement | null} */ (document.activeElement);
      place.append(bar);
      const told = root.querySelector("section.told");
      if (told) told.after(task);
    }
    kind = wanted && offered.includes(wanted) ? wanted : offered[0];
    fill(kinds, ...offered.map((k) => h("option", { value: k }, LABELS[k])));
    kinds.value = kind;
    levels.value = String(held.progress.level);
    index = -1;
    root.classList.add("practising");
    scored();
    next();
  }
  function leave() {
    if (!place.contains(bar)) return;
    clear();
    bar.remove();
    task.remove();
    root.classList.remove("practising");
    app.say(asked ? `Practice left: ${right} of ${asked} right.` : "Practice left.");
    if (before && before.isConnected) before.focus();
    asked = right = streak = 0;
  }
  store.on(({ story }, changed) => {
    if (!changed.has("story") || !drill || (drill.holds && drill.holds(story))) return;
    if (story.exercises !== first.exercises) {
      const same = story.nodes.length === first.nodes.length && story.nodes.every((n, i) => n.op === first.nodes[i].op && n.name === first.nodes[i].name);
      if (!same) return start(kind);
      first = story;
    }
    // The same graph with other numbers: only what was made of the numbers is asked anew.
    if (drill.holds || (["name", "interview"].includes(kind) && !drill.done())) {
      index -= 1;
      next();
    }
  });
  const active = () => place.contains(bar);
  app.commands.predict = () => (active() ? leave() : start());
  app.commands.leavePractice = leave;
  if (first.exercises.length && app.commands.offerPredict) app.commands.offerPredict();
  return { start, leave, active };
}
