/** The regions of the page around the stage, and every part mounted in its place. */

import { mountAnnouncer } from "./announce.js";
import { mountBanner } from "./banner.js";
import { mountCode } from "./code.js";
import { button, fill, h } from "./dom.js";
import { pictureElement } from "./export.js";
import { mountExplanation } from "./explanation.js";
import { mountFormula } from "./formula.js";
import { mountHeader } from "./header.js";
import { mountHelp } from "./help.js";
import { mountInspector } from "./inspector.js";
import { mountKeys } from "./keys.js";
import { mountPractice } from "./practice.js";
import { mountSearch } from "./search.js";
import { mountTransport } from "./transport.js";

/** @typedef {import("./types.js").App} App */

/**
 * Builds the regions and mounts their parts. The stage itself is mounted by the caller, in `stage`.
 * @param {HTMLElement} root
 * @param {HTMLElement} stage
 * @param {App} app
 */
export function mountPanels(root, stage, app) {
  const header = h("header.bar");
  const banner = h("div.banner-place");
  const formula = h("div.formula-place");
  const practice = h("div.practice-place");
  const search = h("div.search-place");
  const look = h("div.look", banner, formula, search, stage, practice);
  const told = h("section.told", { "aria-label": "This step" });
  const transport = h("div.transport", { role: "toolbar", "aria-label": "Player" });
  const inspector = h("section.inspector", { "aria-label": "Inspector" });
  const code = h("section.code", { "aria-label": "Flat source" });
  const main = h("main.work", look, told, transport, h("div.side", inspector, code));
  root.append(header, main);
  mountHeader(header, app);
  mountBanner(banner, app);
  mountFormula(formula, app);
  mountSearch(search, app);
  mountExplanation(told, app);
  mountTransport(transport, app);
  mountInspector(inspector, app);
  mountCode(code, app);
  mountHelp(root, app);
  mountAnnouncer(app);
  mountPractice(practice, app);
  mountKeys(app);
  appearance(app);
}

/**
 * Theme, slides and print belong to the whole page, not to one region.
 * @param {App} app
 */
function appearance(app) {
  const { store, root } = app;
  const page = document.documentElement.classList;
  const leave = button("Leave slides", () => store.set({ slides: false }, true), { class: "leave-slides quiet" });
  root.append(leave);
  const show = () => {
    const { theme, slides, story } = store.get();
    page.toggle("dark", theme === "dark");
    root.classList.toggle("slides", slides);
    root.classList.toggle("one-step", !story.forward.length);
  };
  store.on((_, changed) => {
    if (changed.has("theme") || changed.has("slides") || changed.has("steps")) show();
  });
  app.commands.theme = () => store.set({ theme: store.get().theme === "dark" ? "light" : "dark" }, true);
  app.commands.slides = () => {
    store.set({ slides: !store.get().slides }, true);
    app.say(store.get().slides ? "Slides. Press S or Escape to leave." : "Slides left.");
  };
  // Paper is white and cannot be scrolled: the light colours, the whole picture, and the gradients.
  const printed = h("div.printed");
  let tab = "node";
  root.querySelector(".look")?.append(printed);
  addEventListener("beforeprint", () => {
    page.remove("dark");
    fill(printed, pictureElement(app.stage.toSvg({ theme: "light" })));
    tab = store.get().tab;
    store.set({ tab: "gradients" });
  });
  addEventListener("afterprint", () => {
    show();
    fill(printed);
    store.set({ tab });
  });
  show();
}
