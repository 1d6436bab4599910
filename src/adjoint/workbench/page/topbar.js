/** The bar at the top: what is computed, examples, undo and redo, the link, exports, theme and help. */

import { button, fill, h } from "../../view/player/dom.js";
import { exportsOf } from "../../view/player/export.js";
import { icon } from "../../view/player/icons.js";
import { ask, Refusal, SUPERSEDED } from "./api.js";
import { exampleMenu } from "./examplemenu.js";
import { expressionBar, troubleText } from "./expressionbar.js";
import { glyphButton } from "./glyphs.js";
import { writeLink } from "./linkstate.js";
import { popover } from "./popover.js";

/** @typedef {import("./bench.js").Bench} Bench */

/**
 * @param {Bench} bench
 * @param {(text: string) => void} say   Told to everybody: it stands in the page for a while, and readers hear it.
 */
export function topBar(bench, say) {
  const expression = expressionBar(bench);
  const examples = exampleMenu(bench);
  const undo = glyphButton("Undo", "undo", () => bench.move(true), { "aria-keyshortcuts": "Control+Z" });
  const redo = glyphButton("Redo", "redo", () => bench.move(false), { "aria-keyshortcuts": "Control+Shift+Z" });
  const link = glyphButton("Copy a link to this state", "link", () => copyLink(bench, say), { "aria-keyshortcuts": "l" });
  const theme = button("Dark theme", () => bench.app && bench.app.commands.theme(), { class: "icon" }, icon("moon"));
  const exports = popover("Export", {
    kind: "w-exports",
    filled: (list, close) => fill(list, ...exportsFor(bench).map(([name, hint, run]) => button(name, async () => {
      close();
      const said = await run();
      if (said) say(said);
    }, { title: hint }))),
  });
  const element = h("header.w-top",
    h("h1.brand", "adjoint"),
    expression.bar,
    h("div.w-tools", examples.box, undo, redo, link, exports.box, theme,
      button("Help", () => bench.app && bench.app.commands.help(), { class: "icon", "aria-keyshortcuts": "?" }, h("span.question", { "aria-hidden": "true" }, "?"))),
    expression.line);
  bench.on(["source", "inputs"], () => {
    undo.disabled = !bench.pasts.past.length;
    redo.disabled = !bench.pasts.future.length;
  });
  undo.disabled = redo.disabled = true;
  return {
    element,
    expression,
    examples,
    /** @param {"light" | "dark"} now */
    themeIs(now) {
      const name = now === "dark" ? "Light theme" : "Dark theme";
      fill(theme, icon(now === "dark" ? "sun" : "moon"));
      theme.setAttribute("aria-label", name);
      theme.title = name;
    },
    link: () => copyLink(bench, say),
  };
}

/** The fragment that brings this state back. @param {Bench} bench */
export function fragmentOf(bench) {
  const { app, tab, snapshot } = bench;
  const state = app && app.store.get();
  return "#" + writeLink(snapshot, { tab, ...(state ? { at: state.at, view: state.view } : {}) });
}

/** @param {Bench} bench @param {(text: string) => void} say */
async function copyLink(bench, say) {
  const address = new URL(location.href);
  address.hash = fragmentOf(bench);
  history.replaceState(history.state, "", address);
  try {
    await navigator.clipboard.writeText(address.href);
    say("Link copied: it opens this state in a workbench that runs on this machine.");
  } catch {
    say("The link stands in the address bar: copy it from there.");
  }
}

/** @param {Bench} bench @returns {[string, string, () => Promise<string> | string][]} */
function exportsFor(bench) {
  const { app } = bench;
  if (!app) return [];
  /** @type {[string, string, () => Promise<string> | string]} */
  const page = ["Page (HTML)", "The player with these numbers, in one file that needs nothing else", () => pageFile(bench)];
  return [page, ...exportsOf(app)];
}

/** @param {Bench} bench @returns {Promise<string>} */
async function pageFile(bench) {
  try {
    const answer = await ask(bench.given, "export", { source: bench.source, inputs: bench.values, format: "html" });
    if (answer === SUPERSEDED) return "";
    const made = document.createElement("a");
    made.href = URL.createObjectURL(new Blob([answer.text], { type: answer.type }));
    made.download = answer.name;
    made.click();
    setTimeout(() => URL.revokeObjectURL(made.href), 60_000);
    return `Saved as ${answer.name}.`;
  } catch (error) {
    return error instanceof Refusal ? troubleText({ ...error.told, about: JSON.stringify(bench.snapshot) }) : String(error);
  }
}
