/** The bar at the top: whose computation this is, and what can be done with the whole of it. */

import { answered, rename } from "./blocks.js";
import { button, fill, h } from "./dom.js";
import { drawn } from "./drawn.js";
import { exportsOf } from "./export.js";
import { icon } from "./icons.js";

/** @typedef {import("./types.js").App} App */

/**
 * @param {HTMLElement} place
 * @param {App} app
 */
export function mountHeader(place, app) {
  const title = h("h1.title");
  const theme = button("Dark theme", () => app.commands.theme(), { class: "icon" }, icon("moon"));
  // Practice registers itself as a command when it is there; until then nothing offers it.
  const predict = button("Predict", () => app.commands.predict?.(), { class: "predict-button", hidden: true });
  fill(
    place,
    app.options.embedded ? null : h("span.brand", "adjoint"),
    title,
    h("span.space"),
    predict,
    menu("Export", app),
    theme,
    button("Help", () => app.commands.help(), { class: "icon", "aria-keyshortcuts": "?" }, h("span.question", { "aria-hidden": "true" }, "?")),
  );
  drawn(app, ["story"], ({ story }) => {
    fill(title, story.title || "A computation");
    title.title = story.title;
  });
  drawn(app, ["theme"], (state) => {
    const name = state.theme === "dark" ? "Light theme" : "Dark theme";
    fill(theme, icon(state.theme === "dark" ? "sun" : "moon"));
    rename(theme, name);
  });
  app.commands.offerPredict = () => {
    predict.hidden = false;
  };
}

/**
 * A button that shows what can be saved; Escape, a choice, or leaving closes it.
 * @param {string} label
 * @param {App} app
 */
function menu(label, app) {
  const list = h("div.menu-list", { role: "group", "aria-label": label, hidden: true });
  const open = button(label, () => show(list.hidden), { "aria-expanded": "false" });
  const box = h("div.menu", { onkeydown: keys, onfocusout: left }, open, list);

  /** @param {boolean} on */
  function show(on) {
    list.hidden = !on;
    open.setAttribute("aria-expanded", String(on));
    // What the list covers in part is out of reach as a whole.
    for (const part of app.root.querySelectorAll(".work > *")) /** @type {HTMLElement} */ (part).inert = on;
    if (!on) return;
    fill(list, ...exportsOf(app).map(([name, hint, run]) =>
      button(name, async () => {
        show(false);
        open.focus();
        app.say(await run());
      }, { title: hint })));
    /** @type {HTMLElement} */ (list.firstElementChild).focus();
  }
  /** @param {KeyboardEvent} event */
  function keys(event) {
    if (list.hidden) return;
    if (event.key === "Escape") {
      show(false);
      open.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const items = /** @type {HTMLElement[]} */ ([...list.children]);
      const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
      items[(at + (event.key === "ArrowDown" ? 1 : items.length - 1) + items.length) % items.length].focus();
    } else return;
    answered(event);
  }
  /** @param {FocusEvent} event */
  function left(event) {
    if (!box.contains(/** @type {Node | null} */ (event.relatedTarget))) show(false);
  }
  return box;
}
