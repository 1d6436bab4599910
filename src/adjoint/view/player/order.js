/** Order: cards to drag, or to move with Alt and the arrow keys; any valid order counts. */

import { checkOrder, checkParts } from "./answers.js";
import { button, fill, h } from "./dom.js";
import { gateLabel } from "./drills.js";

/** @typedef {import("./types.js").App} App */
/** @typedef {import("./mistakes.js").Exercise} Exercise */
/** @typedef {import("./practice.js").Drill} Drill */
/** @typedef {{key: string, face: () => (Node | string)[], words: string}} Card */

/**
 * A list whose cards can be moved; `order` tells how they lie, `mark` puts a cross at one.
 * @param {App} app @param {Card[]} cards
 */
function sortable(app, cards) {
  const items = cards.map(({ key, face, words }) => {
    const by = (/** @type {number} */ n) => () => move(item, n);
    const item = h("li.card", { "data-key": key, tabindex: 0, "aria-roledescription": "card", onkeydown, onpointerdown },
      h("span.card-face", ...face()),
      button(`Move up: ${words}`, by(-1), { class: "icon small", tabindex: -1 }, "↑"),
      button(`Move down: ${words}`, by(1), { class: "icon small", tabindex: -1 }, "↓"));
    item.setAttribute("aria-label", words);
    return item;
  });
  const list = h("ol.cards", { "aria-label": "Cards, Alt and arrow keys move them" }, ...items);

  /** @param {HTMLElement} item @param {number} by */
  function move(item, by) {
    const all = [...list.children];
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
    const item = this;
    item.setPointerCapture(event.pointerId);
    item.classList.add("held");
    const drag = (/** @type {PointerEvent} */ { clientX, clientY }) => {
      const over = document.elementsFromPoint(clientX, clientY).find((e) => e !== item && e.parentElement === list);
      if (!over) return;
      const { top, height } = over.getBoundingClientRect();
      if (clientY < top + height / 2) over.before(item);
      else over.after(item);
    };
    const drop = () => {
      item.classList.remove("held");
      item.removeEventListener("pointermove", drag);
    };
    item.addEventListener("pointermove", drag);
    item.addEventListener("lostpointercapture", drop, { once: true });
  }
  return {
    list,
    focus: () => /** @type {HTMLElement} */ (list.firstElementChild).focus(),
    order: () => items.map((i) => [[...list.children].indexOf(i), i.dataset.key || ""]).sort((a, b) => Number(a[0]) - Number(b[0])).map((p) => String(p[1])),
    /** @param {string | undefined} key @param {boolean} right */
    mark(key, right) {
      for (const item of items) {
        item.classList.toggle("wrong", !right && item.dataset.key === key);
        item.classList.toggle("right", right);
      }
    },
    /** @param {string[]} keys */
    arrange: (keys) => fill(list, ...keys.map((k) => /** @type {HTMLElement} */ (items.find((i) => i.dataset.key === k)))),
  };
}

/** @param {App} app @param {Exercise} exercise @returns {Drill} */
export function orderDrill(app, exercise) {
  const story = () => app.store.get().story;
  /** @type {number[]} */
  const steps = exercise.steps;
  const cards = steps.map((step) => {
    const { node, seed } = story().backward[step];
    const name = story().nodes[node].name || "result";
    const words = seed !== undefined ? `Start at ${name}` : gateLabel(story(), node);
    return { key: String(step), words, face: () => [words] };
  });
  const lying = sortable(app, cards);
  let right = false;
  return {
    question: "Put the backward steps in order. Any order that is possible counts.",
    body: lying.list,
    entry: 0,
    focus: lying.focus,
    check() {
      const verdict = checkOrder(exercise, story(), lying.order().map(Number));
      lying.mark(verdict.at === undefined ? undefined : String(verdict.at), verdict.right);
      right = verdict.right;
      return verdict;
    },
    done: () => right,
    show() {
      lying.arrange([...steps].sort((a, b) => a - b).map(String));
      lying.mark(undefined, true);
      return "One order that works: each gate after all that it needs.";
    },
    leave() {},
  };
}

/** @param {App} app @param {Exercise} exercise @returns {Drill} */
export function partsDrill(app, exercise) {
  /** @type {{id: string, text: string}[]} */
  const parts = exercise.parts;
  const lying = sortable(app, parts.map(({ id, text }) => ({ key: id, words: text, face: () => [text] })));
  let right = false;
  return {
    question: "Put the parts of a training step in order.",
    body: lying.list,
    entry: -1,
    focus: lying.focus,
    check() {
      const verdict = checkParts(exercise, lying.order());
      lying.mark(verdict.at, verdict.right);
      right = verdict.right;
      return right ? { ...verdict, says: `Right. ${exercise.why}` } : verdict;
    },
    done: () => right,
    show() {
      lying.arrange(["fetch", "zero", "forward", "loss", "backward", "update"]);
      lying.mark(undefined, true);
      return exercise.why;
    },
    leave() {},
  };
}
