/** Predict: what does this gate pass back? The boxes stand where the numbers of the equation would. */

import { rightAnswer, checkAsk } from "./answers.js";
import { h } from "./dom.js";
import { guessBox } from "./progress.js";
import { partOf } from "./mistakes.js";
import { readingOf, rootName } from "./reading.js";
import { branchesSumText, rowText } from "./words.js";

/** @typedef {import("./types.js").App} App */
/** @typedef {import("./types.js").Story} Story */
/** @typedef {import("./mistakes.js").Exercise} Exercise */
/** @typedef {import("./practice.js").Drill} Drill */

/**
 * What stays hidden: all that is asked and not yet answered, the slopes from level 2 on, upstream at level 3.
 * @param {Story} story @param {Exercise} exercise @param {number} level @param {Set<number>} known   Places in asks.
 */
export function hiddenKeys(story, exercise, level, known) {
  const { node } = story.backward[exercise.step];
  const keys = new Set();
  /** @type {any[]} */ (exercise.asks).forEach(({ edge, what }, i) => {
    if (known.has(i)) return;
    const { src } = story.edges[edge];
    if (what !== "sum") keys.add(`share:${edge}`);
    keys.add(`grad:${src}`).add(`up:${src}`);
    if (level > 1) keys.add(`local:${edge}`);
  });
  if (level > 2 && keys.size) {
    keys.add(`up:${node}`).add(`grad:${node}`);
    for (const { id } of readingOf(story).outs[node]) keys.add(`share:${id}`);
  }
  return keys;
}

/** One row as a line of text: "+2 × (−2) = −4". @param {Story} story @param {number} step @param {number} edge */
export const rowEquation = (story, step, edge) => rowText(story, step, partOf(story, step, edge))[1];

/**
 * @param {App} app @param {Exercise} exercise @param {number} level @param {() => void} submit
 * @returns {Drill}
 */
export function predictDrill(app, exercise, level, submit) {
  const { store, root } = app;
  const { step } = exercise;
  /** @type {import("./mistakes.js").Ask[]} */
  const asks = exercise.asks;
  /** @type {Set<number>} */
  const known = new Set();
  const place = /** @type {HTMLElement} */ (root.querySelector("section.told .equation"));
  const story = () => store.get().story;
  const nameOf = (/** @type {number} */ i) => story().nodes[story().edges[asks[i].edge].src].name || "this input";
  const boxes = asks.map(({ what }, i) =>
    guessBox(
      { sum: `∂${rootName(story())}/∂${nameOf(i)}, all branches together`, shape: `Shape of what passes back to ${nameOf(i)}` }[what] || `What passes back to ${nameOf(i)}`,
      submit, { spellcheck: "false", placeholder: what === "shape" ? "8×3" : "?" }));

  /** Puts the boxes into the equation whenever it was drawn anew. */
  const settle = () => {
    const focused = boxes.find((b) => b === document.activeElement || b.dataset.focused);
    asks.forEach(({ edge, what }, i) => {
      if (known.has(i)) return;
      const tile = place.querySelector(`[data-tile=down][data-edge="${edge}"]`);
      const row = place.querySelector(`tr[data-edge="${edge}"]`);
      if (what === "sum") {
        const remark = row && row.querySelector(".remark");
        if (remark && !remark.contains(boxes[i])) remark.append(h("label.guess-sum", `all branches: `, boxes[i]));
      } else if (tile) tile.replaceWith(boxes[i]);
    });
    if (focused && focused.isConnected) focused.focus();
  };
  const watch = new MutationObserver(settle);
  const hide = () => {
    // A box that is taken out with the old equation loses the focus without a word.
    const now = boxes.find((b) => b === document.activeElement);
    if (now) now.dataset.focused = "1";
    store.set({ hidden: hiddenKeys(story(), exercise, level, known) });
    settle();
    for (const box of boxes) delete box.dataset.focused;
  };
  watch.observe(place, { childList: true });

  return {
    question: `What does this gate pass back to ${[...new Set(asks.map((_, i) => nameOf(i)))].join(" and ")}${asks.some((a) => a.what === "shape") ? ": which shape" : ""}?`,
    entry: step,
    ready: hide,
    focus: () => boxes.find((b, i) => !known.has(i) && b.isConnected)?.focus(),
    check() {
      /** @type {import("./answers.js").Verdict | null} */
      let first = null;
      boxes.forEach((box, i) => {
        if (known.has(i) || !box.value.trim()) return;
        const verdict = checkAsk(story(), step, asks[i], box.value);
        box.setAttribute("aria-invalid", String(!verdict.right));
        if (verdict.right) known.add(i);
        else first = first || { ...verdict, says: asks.length > 1 ? `${nameOf(i)}: ${verdict.says}` : verdict.says };
      });
      hide();
      if (first) return first;
      const done = known.size === asks.length;
      const last = asks[asks.length - 1];
      const reading = done && last.what !== "shape" ? ` ${rowEquation(story(), step, last.edge)}.` : "";
      return { right: true, says: done ? `Right.${reading}` : known.size ? "Right so far." : "Write a number in each box.", mistake: "" };
    },
    done: () => known.size === asks.length,
    show() {
      const rows = asks.flatMap((ask, i) => {
        if (known.has(i)) return [];
        if (ask.what === "shape") return [`${nameOf(i)}: ${rightAnswer(story(), step, ask).join("×") || "one number"}`];
        return [`${nameOf(i)}: ${ask.what === "sum" ? branchesSumText(story(), story().edges[ask.edge].src) : rowEquation(story(), step, ask.edge)}`];
      });
      asks.forEach((_, i) => known.add(i));
      hide();
      return rows.join("; ");
    },
    leave() {
      watch.disconnect();
      for (const box of boxes) box.remove();
    },
  };
}
