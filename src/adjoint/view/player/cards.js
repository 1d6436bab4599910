/** Decks: flip cards of gates and their slopes, and questions as an interviewer asks them. What was not known returns sooner. */

import { checkNumber } from "./answers.js";
import { button, fill, h, math } from "./dom.js";
import { guessBox, queueOf, requeued } from "./progress.js";

/** @typedef {import("./types.js").App} App */
/** @typedef {import("./mistakes.js").Exercise} Exercise */
/** @typedef {import("./practice.js").Drill} Drill */
/** @typedef {import("./practice.js").Core} Core */
/** @typedef {{front: () => Node[], back: () => Node[], number?: Exercise}} DeckCard */

/**
 * A deck: one card at a time, turned with Space, then 1 to 3 for how well it was known.
 * @param {App} app @param {Core} core @param {string} name @param {string} question @param {DeckCard[]} cards @param {number[]} usable
 * @returns {Drill}
 */
function deck(app, core, name, question, cards, usable) {
  let queue = queueOf(core.progress.queues[name], usable);
  let turned = false;
  const front = h("div.front");
  const back = h("div.back", { "aria-live": "polite" });
  const box = guessBox("The number", () => answer(), { size: 9 });
  const guess = h("p", "Number: ", box, " ", button("Check", () => answer()));
  const turn = button("Show the answer", () => flip(), { "aria-keyshortcuts": "Space" });
  const rates = ["1 Not yet", "2 Nearly", "3 Well"].map((label, i) => button(label, () => rate(i + 1), { "aria-keyshortcuts": i + 1 }));
  const rating = h("p.rating", { role: "group", "aria-label": "How well did you know it?" }, "How well did you know it? ", ...rates);

  function show() {
    turned = false;
    const card = cards[queue[0]];
    fill(front, ...card.front());
    fill(back);
    guess.hidden = !card.number;
    box.value = "";
    turn.hidden = false;
    rating.hidden = true;
    core.note(`Card ${usable.indexOf(queue[0]) + 1} of ${usable.length}.`);
  }
  function flip() {
    if (turned) return;
    turned = true;
    fill(back, ...cards[queue[0]].back());
    turn.hidden = guess.hidden = true;
    rating.hidden = false;
    rates[1].focus();
  }
  function answer() {
    const { number } = cards[queue[0]];
    if (!number || turned || !box.value.trim()) return;
    const verdict = checkNumber(number, box.value);
    if (verdict.mistake === "unread") return core.note(verdict.says);
    core.count(verdict.right);
    flip();
    core.tell(verdict);
  }
  /** @param {number} well */
  function rate(well) {
    queue = requeued(queue, well);
    core.progress.queues[name] = queue;
    core.keep();
    show();
    app.say(front.textContent || "");
    (guess.hidden ? turn : box).focus();
  }
  /** Space and figures, before the player takes them for its own. @param {KeyboardEvent} event */
  function keys(event) {
    const target = /** @type {Element} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, select, textarea, dialog[open]")) return;
    const figure = turned && ["1", "2", "3"].includes(event.key);
    const space = event.key === " " && !turned && (!target.closest("button, [role=button]") || target === turn);
    if (!figure && !space) return;
    event.preventDefault();
    event.stopPropagation();
    if (space) flip();
    else rate(Number(event.key));
  }
  document.addEventListener("keydown", keys, true);
  app.commands.figure = () => {};
  return {
    question,
    body: h("div.deck", front, guess, h("p", turn), back, rating),
    entry: -1,
    noCheck: true,
    endless: true,
    ready: show,
    focus: () => (guess.hidden ? turn : box).focus(),
    check: () => null,
    done: () => false,
    show: () => "",
    leave() {
      document.removeEventListener("keydown", keys, true);
      delete app.commands.figure;
    },
  };
}

/** @param {App} app @param {Core} core @param {Exercise} exercise @returns {Drill} */
export function flipDrill(app, core, exercise) {
  const { gates } = app.store.get().story;
  /** @type {any[]} */
  const all = exercise.cards;
  const cards = all.map(({ op, text, mathml, slopes }) => ({
    front: () => [h("p.face", math(mathml, text))],
    back: () => slopes.length
      ? slopes.map((/** @type {any} */ s) => h("p.face", h("span.aside", "slope by ", h("i.var", s.by), ": "), math(s.mathml, s.text)))
      : [h("p", ((gates[op] || {}).back || "").replaceAll("*", ""))],
  }));
  return deck(app, core, "flip", "What is the slope by each input?", cards, cards.map((_, i) => i));
}

/** @param {App} app @param {Core} core @param {Exercise[]} all @param {boolean} same   Whether the numbers are still the file's. @returns {Drill} */
export function interviewDrill(app, core, all, same) {
  const cards = all.map((one) => ({
    front: () => [h("p.asked", one.question)],
    back: () => [h("p", one.answer)],
    number: one.number === undefined ? undefined : one,
  }));
  return deck(app, core, "interview", "An interviewer asks", cards, cards.map((_, i) => i).filter((i) => same || !all[i].values));
}
