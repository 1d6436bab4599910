/** The help sheet: what the picture means, all keys, the switch for single letters, and the way to the text view. */

import { button, fill, h } from "./dom.js";
import { textView } from "./textview.js";

/** @typedef {import("./types.js").App} App */

/** @type {[string, string][]} */
const KEYS = [
  ["→ ←", "step on, step back"],
  ["Shift → ←", "one input of the gate at a time"],
  ["Space", "play, pause"],
  ["Home End", "first, last step"],
  ["B", "turn around: start of the backward pass"],
  ["1 2 3 4", "speed: half, normal, double, four times"],
  ["F + − 0", "fit, nearer, farther, actual size"],
  ["/", "search"],
  ["O", "open or close a group"],
  ["P", "predict the gradients"],
  ["C I", "to the code, to the inspector"],
  ["V", "textbook view: a circle for every variable"],
  ["S", "slides"],
  ["T", "light or dark"],
  ["?", "this sheet"],
  ["Esc", "clear the selection, leave slides"],
];
/** @type {[string, string][]} */
const IN_GRAPH = [
  ["Tab", "into the graph, at the current node"],
  ["↑ ↓", "to the first input, to the consumer"],
  ["Alt ↑ ↓", "to a neighbour"],
  ["Enter", "choose the node"],
];

/**
 * A sheet over the page that takes the keyboard while it is open.
 * @param {string} title
 * @param {string} name
 */
function sheet(title, name) {
  const body = h("div.sheet-body", { tabindex: 0, role: "group", "aria-label": title });
  const dialog = /** @type {HTMLDialogElement} */ (
    h("dialog", { class: `sheet ${name}`, "aria-labelledby": `${name}-title` },
      h("div.sheet-head", h("h2", { id: `${name}-title` }, title), button("Close", () => dialog.close(), { class: "quiet" })),
      body)
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return { dialog, body };
}

/** @param {[string, string][]} rows */
function keyTable(rows) {
  return h("dl.keys", ...rows.map(([keys, what]) =>
    h("div", h("dt", ...keys.split(" ").flatMap((k, i) => [i ? " " : "", h("kbd", k)])), h("dd", what))));
}

/**
 * @param {HTMLElement} root
 * @param {App} app
 */
export function mountHelp(root, app) {
  const help = sheet("Help", "help");
  const text = sheet("Text view", "text-view");
  const letters = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", onchange: () => app.store.set({ letters: letters.checked }, true) }));
  const mark = (/** @type {string} */ kind) => h("span", { class: `key-mark ${kind}`, "aria-hidden": "true" });
  fill(
    help.body,
    h("h3", "The picture"),
    h("ul.legend-list",
      h("li", mark("value"), "Circles are variables, boxes are operations. The grey lane runs forward; the value stands above it."),
      h("li", mark("pos"), "A blue lane runs back with a positive gradient (+)."),
      h("li", mark("neg"), "An orange one with a negative gradient (−). The wider the lane, the larger the number."),
      h("li", mark("dots"), "Dotted: nothing can flow there, the gradient is 0 by structure."),
      h("li", mark("now"), "Yellow is the current step, in the graph, the formula, the code and on the track."),
      h("li", mark("bad"), "Red with a cross: not a number, infinite, or the place where the run stopped.")),
    h("h3", "Keys"),
    keyTable(KEYS),
    h("h3", "In the graph"),
    keyTable(IN_GRAPH),
    h("label.switch", letters, " Single letters are keys"),
    h("h3", "Touch"),
    h("p", "Tap chooses, double tap goes nearer, drag moves, pinch zooms; a swipe over the explanation steps."),
    h("p.sheet-actions",
      button("Text view", () => {
        help.dialog.close();
        app.commands.text();
      }),
      button("Slides", () => {
        help.dialog.close();
        app.commands.slides();
      }),
      button("Textbook view", () => {
        help.dialog.close();
        app.store.set({ view: app.store.get().view === "wire" ? "textbook" : "wire" }, true);
      })),
  );
  root.append(help.dialog, text.dialog);
  app.commands.help = () => {
    letters.checked = app.store.get().letters;
    help.dialog.showModal();
  };
  app.commands.text = () => {
    fill(text.body, ...textView(app.store.get()));
    text.dialog.showModal();
  };
  text.dialog.addEventListener("close", () => fill(text.body));
}
