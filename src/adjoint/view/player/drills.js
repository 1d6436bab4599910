/** Two drills: name the gate from its gradients, and find the one false number. */

import { checkFalse, checkGate } from "./answers.js";
import { button, fill, h } from "./dom.js";
import { nameNode, partial } from "./names.js";
import { doctoredStory } from "./mistakes.js";
import { rowEquation } from "./predict.js";
import { guessBox } from "./progress.js";
import { capital, readingOf, rootName, spoken } from "./reading.js";
import { gradientText, tile } from "./show.js";
import { branchesSumText } from "./words.js";

/** @typedef {import("./types.js").App} App */
/** @typedef {import("./types.js").Story} Story */
/** @typedef {import("./mistakes.js").Exercise} Exercise */
/** @typedef {import("./practice.js").Drill} Drill */

/** So many rows stand to choose from when one of them is false. */
const CHOICE = 12;

/** A gate as the flat source has it: "c = w * x". @param {Story} story @param {number} node */
export function gateLabel(story, node) {
  const entry = /** @type {any} */ (story.forward[readingOf(story).forward.get(node) ?? -1]);
  const line = entry && entry.lines ? (story.code[entry.lines[0] - 1] || "").split("  #")[0].trim() : "";
  return line || `${spoken(story.nodes[node].op)} ${story.nodes[node].name || ""}`.trim();
}

/** @param {App} app @param {Exercise} exercise @param {() => void} submit @returns {Drill} */
export function nameDrill(app, exercise, submit) {
  const story = () => app.store.get().story;
  const { node, up, parts = [] } = story().backward[exercise.step];
  const downs = new Map(parts.map((p) => [p.edge, p.down]));
  let chosen = "";
  let right = false;
  const rows = readingOf(story()).ins[node].map((edge) => {
    const { name, value } = story().nodes[edge.src];
    return h("tr",
      h("th", { scope: "row" }, name ? nameNode(story(), edge.src) : "a constant"),
      h("td", tile(value)),
      h("td", downs.has(edge.id) ? tile(downs.get(edge.id), { gradient: true }) : "no gradient"));
  });
  const options = /** @type {any[]} */ (exercise.options).map(({ op, symbol }) => {
    const one = button(`${symbol}  ${capital(spoken(op))}`, () => {
      chosen = op;
      submit();
    }, { class: "option", "data-op": op });
    return one;
  });
  const mark = (/** @type {string} */ op, /** @type {string} */ how) => options.find((o) => o.dataset.op === op)?.classList.add(how);
  return {
    question: "Which gate passes this back?",
    body: h("div.naming-body",
      h("table.rows",
        h("thead", h("tr", h("th", { scope: "col" }, "input"), h("th", { scope: "col" }, "value"), h("th", { scope: "col" }, "receives"))),
        h("tbody", ...rows)),
      h("div", h("p.aside", "upstream ", tile(up, { gradient: true })), h("div.options", { role: "group", "aria-label": "Gates" }, ...options))),
    entry: exercise.step,
    hidden: [`name:${node}`],
    noCheck: true,
    focus: () => options[0].focus(),
    check() {
      const verdict = checkGate(exercise, story(), chosen);
      right = verdict.right;
      mark(chosen, right ? "right" : "wrong");
      const made = /** @type {any} */ (exercise.options).find((/** @type {any} */ o) => o.op === chosen);
      return right ? { ...verdict, says: `Right: ${gateLabel(story(), node)}.` } : { ...verdict, says: `${verdict.says.slice(0, -1)}: ${made.downs.map((/** @type {number} */ d) => gradientText(d)).join(", ")}.` };
    },
    done: () => right,
    show() {
      mark(story().nodes[node].op || "", "right");
      return `It is ${spoken(story().nodes[node].op)}: ${gateLabel(story(), node)}.`;
    },
    leave() {},
  };
}

/**
 * The rows to choose from: all of a small graph, of a large one those near the false one.
 * @param {Story} story @param {Exercise} exercise @returns {{step: number, edge: number, sum: boolean}[]}
 */
export function falseRows(story, exercise) {
  /** @type {{step: number, edge: number, sum: boolean}[]} */
  const rows = [];
  /** @type {Map<number, number>} */
  const last = new Map(story.backward.flatMap((b) => (b.parts || []).map((p) => /** @type {[number, number]} */ ([story.edges[p.edge].src, p.edge]))));
  let home = 0;
  story.backward.forEach((b, step) => {
    for (const part of b.parts || []) {
      if (typeof part.down === "object") continue;
      if (step === exercise.step && part.edge === exercise.edge) home = rows.length;
      rows.push({ step, edge: part.edge, sum: false });
      if ((part.of || 1) > 1 && last.get(story.edges[part.edge].src) === part.edge) rows.push({ step, edge: part.edge, sum: true });
    }
  });
  const from = Math.max(0, Math.min(home - CHOICE / 2, rows.length - CHOICE));
  return rows.slice(from, from + CHOICE);
}

/** @param {App} app @param {Exercise} exercise @param {() => void} submit @returns {Drill | null} null where it shows nothing false */
export function wrongDrill(app, exercise, submit) {
  const { store } = app;
  const story = store.get().story;
  const shown = doctoredStory(exercise, story);
  if (!shown) return null;
  const what = { slope: "slope", share: "number passed back", sum: "sum" }[/** @type {string} */ (exercise.place)] || "";
  let chosen = -1;
  let found = false;
  let right = false;
  const rows = falseRows(shown, exercise);
  const root = rootName(story);
  const face = (/** @type {Story} */ of, /** @type {{step: number, edge: number, sum: boolean}} */ r) => {
    const { src, dst } = of.edges[r.edge];
    return [partial(root, nameNode(of, src)), r.sum ? ": " : [" at ", nameNode(of, dst), ": "], r.sum ? branchesSumText(of, src) : rowEquation(of, r.step, r.edge)].flat();
  };
  const buttons = rows.map((row, i) => button("", () => {
    if (found) return;
    chosen = i;
    submit();
  }, { class: "option row-option" }, ...face(shown, row)));
  for (const one of buttons) one.removeAttribute("title");
  buttons.forEach((b, i) => b.setAttribute("aria-label", `Row ${i + 1}: ${b.textContent}`));
  const box = guessBox(`The right ${what}`, submit);
  const repair = h("label.repair", { hidden: true }, `The right ${what}: `, box);
  const truth = rows.findIndex((r) => r.edge === exercise.edge && r.sum === (exercise.place === "sum"));
  const undo = () => {
    if (store.get().story === shown) store.set({ story });
  };
  const reveal = () => {
    undo();
    buttons[truth].classList.remove("wrong");
    buttons[truth].classList.add("right");
    fill(buttons[truth], ...face(story, rows[truth]));
  };
  return {
    question: "One number here is false. Which row is it in?",
    body: h("div", h("div.options.of-rows", { role: "group", "aria-label": "Rows" }, ...buttons), repair),
    entry: Infinity,
    noCheck: true,
    ready: () => store.set({ story: shown }),
    focus: () => (found ? box : buttons[0]).focus(),
    check() {
      if (!found) {
        const verdict = checkFalse(exercise, story, rows[chosen]);
        found = verdict.right;
        buttons[chosen].classList.add("wrong");
        if (found) {
          repair.hidden = false;
          box.focus();
        } else buttons[chosen].setAttribute("aria-disabled", "true");
        return verdict;
      }
      const verdict = checkFalse(exercise, story, rows[truth], box.value);
      box.setAttribute("aria-invalid", String(!verdict.right));
      right = verdict.right;
      if (right) reveal();
      return verdict;
    },
    done: () => right,
    show() {
      reveal();
      repair.hidden = true;
      return `Row ${truth + 1}: ${buttons[truth].textContent}`;
    },
    holds: (now) => now === shown || now === story,
    leave: undo,
  };
}
