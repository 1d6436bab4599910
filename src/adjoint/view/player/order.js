/** Order: cards to drag, or to move with Alt and the arrow keys; any valid order counts. */

import { checkOrder, orderRules } from "./answers.js";
import { button, fill, h } from "./dom.js";
import { gateLabel } from "./drills.js";
import { rootName } from "./reading.js";

/** @typedef {import("./types.js").App} App */
/** @typedef {import("./mistakes.js").Exercise} Exercise */
/** @typedef {import("./practice.js").Drill} Drill */
/** @typedef {[string, string]} Card   Its key, and what stands on it. */

/**
 * Cards to put in order.
 * @param {App} app @param {string} question @param {Card[]} cards
 * @param {string[]} best   An order that is right.
 * @param {string} why   What is said of it.
 * @param {(order: string[]) => import("./answers.js").Verdict & {at?: string}} judge
 * @returns {Drill}
 */
function sortDrill(app, question, cards, best, why, judge) {
  const items = cards.map(([key, words]) => {
    /** @type {HTMLElement} */
    const item = h("li.card", { "data-key": key, tabindex: 0, "aria-label": words, "aria-roledescription": "card", onkeydown, onpointerdown },
      h("span.card-face", words),
      ...[-1, 1].map((by) => button(`Move ${by < 0 ? "up" : "down"}: ${words}`, () => move(item, by), { class: "icon small", tabindex: -1 }, by < 0 ? "↑" : "↓")));
    return item;
  });
  const list = h("ol.cards", { "aria-label": "Cards, Alt and arrow keys move them" }, ...items);
  const lying = () => /** @type {HTMLElement[]} */ ([...list.children]);
  let right = false;

  /** @param {HTMLElement} item @param {number} by */
  function move(item, by) {
    const all = lying();
    const to = Math.max(0, Math.min(all.length - 1, all.indexOf(item) + by));
    if (all[to] !== item) (by < 0 ? all[to].before(item) : all[to].after(item));
    item.focus();
    app.say(`${item.getAttribute("aria-label")}: ${to + 1} of ${all.length}.`);
  }
  /** @param {KeyboardEvent} event @this {HTMLElement} */
  function onkeydown(event) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by || event.target !== this) return;
    event.preventDefault();
    event.stopPropagation();
    const next = /** @type {HTMLElement | null} */ (by < 0 ? this.previousElementSibling : this.nextElementSibling);
    if (event.altKey) move(this, by);
    else if (next) next.focus();
  }
  /** @param {PointerEvent} event @this {HTMLElement} */
  function onpointerdown(event) {
    if (event.button || /** @type {Element} */ (event.target).closest("button")) return;
    // The list holds the pointer: a card that is moved in the page would lose it.
    list.setPointerCapture(event.pointerId);
    this.classList.add("held");
    const drag = (/** @type {PointerEvent} */ { clientY }) => {
      const next = lying().find((e) => e !== this && e.getBoundingClientRect().top + e.offsetHeight / 2 > clientY) || null;
      if (next !== this.nextElementSibling) list.insertBefore(this, next);
    };
    const drop = () => {
      this.classList.remove("held");
      list.removeEventListener("pointermove", drag);
    };
    list.addEventListener("pointermove", drag);
    list.addEventListener("lostpointercapture", drop, { once: true });
  }
  /** @param {string} [wrong] */
  function mark(wrong) {
    for (const item of items) {
      item.classList.toggle("wrong", item.dataset.key === wrong);
      item.classList.toggle("right", right);
    }
  }
  return {
    question,
    body: list,
    entry: -1,
    focus: () => lying()[0].focus(),
    check() {
      const verdict = judge(lying().map((item) => item.dataset.key || ""));
      right = verdict.right;
      mark(verdict.at);
      return right ? { ...verdict, says: `Right. ${why}` } : verdict;
    },
    done: () => right,
    show() {
      right = true;
      fill(list, ...best.map((key) => items[cards.findIndex((c) => c[0] === key)]));
      mark();
      return why;
    },
    leave() {},
  };
}

/** @param {App} app @param {Exercise} exercise @returns {Drill} */
export function orderDrill(app, exercise) {
  const { story } = app.store.get();
  /** @type {number[]} */
  const steps = exercise.steps;
  const cards = steps.map((step) => /** @type {Card} */ ([String(step), step ? gateLabel(story, story.backward[step].node) : `Start at ${rootName(story)}`]));
  const best = [...steps].sort((a, b) => a - b).map(String);
  const rules = orderRules(exercise, story);
  const made = sortDrill(app, "Put the backward steps in order. Any order that is possible counts.", cards, best, "Each gate comes after all that it needs.", (order) => checkOrder(order, rules));
  return { ...made, entry: 0 };
}

/** @param {App} app @param {Exercise} exercise @returns {Drill} */
export function partsDrill(app, exercise) {
  const cards = exercise.parts.map((/** @type {any} */ p) => [p.id, p.text]);
  const best = ["fetch", "zero", "forward", "loss", "backward", "update"];
  return sortDrill(app, "Put the parts of a training step in order.", cards, best, exercise.why, (order) => checkOrder(order, exercise.before, exercise.apart));
}
