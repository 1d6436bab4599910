/** What can be saved from the page, all made here: the page itself, pictures, the story, the graph, the source. */

import { h } from "./dom.js";
import { cleanText } from "./textsize.js";
import { textView } from "./textview.js";
import { zipped } from "./zip.js";

/** @typedef {import("./types.js").App} App */
/** @typedef {import("./types.js").Story} Story */

/** So many steps become pictures; longer stories are for the page. */
const PICTURES = 300;

/**
 * Each entry: what the button says, more about it, and what it does; the answer is said aloud.
 * @param {App} app
 * @returns {[string, string, () => Promise<string> | string][]}
 */
export function exportsOf(app) {
  const { store, stage } = app;
  const { story, theme } = store.get();
  const name = fileName(story.title);
  /** @type {[string, string, () => Promise<string> | string][]} */
  const list = [
    ["Page (HTML)", "This page with these numbers, in one file that needs nothing else", () => save(`${name}.html`, pageText(app), "text/html")],
    ["Picture (SVG)", "The graph at this step", () => save(`${name}.svg`, stage.toSvg(), "image/svg+xml")],
    ["Picture (PNG)", "The graph at this step, twice as large", () => png(`${name}.png`, stage.toSvg({ theme }))],
    ["Picture (PNG, clear ground)", "To be laid over other pictures", () => png(`${name}.png`, stage.toSvg({ theme, clear: true }))],
    ["All steps (SVG)", "A numbered picture of every step, in one zip file", () => allSteps(app, name)],
    ["Story (JSON)", "All that is known about this computation", () => save(`${name}.json`, JSON.stringify(story), "application/json")],
    ["Graph (DOT)", "For Graphviz", () => save(`${name}.dot`, dotText(story), "text/vnd.graphviz")],
  ];
  if (story.code.length) list.push(["Flat source", "Forward and backward as Python", () => save(`${name}.py`, story.code.join("\n") + "\n", "text/x-python")]);
  list.push(["Text view", "The whole story as headings and a table", () => {
    app.commands.text();
    return "";
  }], ["Print", "Formula, graph, explanation, gradients and code", () => {
    window.print();
    return "";
  }]);
  if (app.options.embedded) list.shift();
  return list;
}

/** Letters, figures and dashes of a title. @param {string} title */
function fileName(title) {
  return cleanText(title).normalize("NFKD").replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60) || "story";
}

/**
 * @param {string} name
 * @param {BlobPart} data
 * @param {string} type
 */
function save(name, data, type) {
  const blob = data instanceof Blob ? data : new Blob([data], { type });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return `Saved as ${name}.`;
}

/**
 * The picture, drawn at twice its size.
 * @param {string} name
 * @param {string} text
 * @returns {Promise<string>}
 */
async function png(name, text) {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    await image.decode();
  } catch {
    return "The browser could not draw this picture. The SVG holds the same.";
  } finally {
    setTimeout(() => URL.revokeObjectURL(image.src), 0);
  }
  const canvas = document.createElement("canvas");
  canvas.width = 2 * image.naturalWidth;
  canvas.height = 2 * image.naturalHeight;
  const pen = canvas.getContext("2d");
  if (!pen || !canvas.width) return "The browser could not draw this picture. The SVG holds the same.";
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((/** @type {(blob: Blob | null) => void} */ done) => canvas.toBlob(done, "image/png"));
  return blob ? save(name, blob, "image/png") : "The picture is too large for a PNG; the SVG holds the same.";
}

/**
 * The pictures of some stops; then the player is back where the user is.
 * @param {App} app
 * @param {number[]} stops
 */
function picturesOf(app, stops) {
  const { at, part } = app.store.get();
  const made = stops.map((stop) => {
    app.store.set({ at: stop, part: -1 });
    return app.stage.toSvg();
  });
  app.store.set({ at, part });
  return made;
}

/** A picture as an element of this page. @param {string} text */
export function pictureElement(text) {
  return document.importNode(new DOMParser().parseFromString(text, "image/svg+xml").documentElement, true);
}

/**
 * All stops in one file.
 * @param {App} app
 * @param {string} name
 */
function allSteps(app, name) {
  const { steps } = app.store.get();
  const count = Math.min(steps.length, PICTURES);
  const files = picturesOf(app, Array.from({ length: count }, (_, i) => i)).map((text, i) =>
    /** @type {[string, string]} */ ([`${name}-${String(i).padStart(String(count - 1).length, "0")}.svg`, text]));
  return save(`${name}-steps.zip`, zipped(files), "application/zip") + (count < steps.length ? ` The first ${count} of ${steps.length} steps.` : "");
}

/**
 * This page with the story as it is now; scripts, styles and policy are the page's own.
 * @param {App} app
 */
function pageText(app) {
  const { story, steps } = app.store.get();
  const copy = /** @type {HTMLElement} */ (document.documentElement.cloneNode(true));
  const player = copy.querySelector("#player");
  if (player) {
    player.className = "";
    // Who opens it without scripts has the picture and the text.
    const [picture] = picturesOf(app, [steps.length - 1]);
    player.replaceChildren(h("main.still", h("h1", story.title), pictureElement(picture), ...textView(app.store.get()).slice(1)));
  }
  copy.removeAttribute("class");
  const place = /** @type {HTMLElement | null} */ (copy.querySelector("#story"));
  if (place) {
    delete place.dataset.form;
    place.setAttribute("type", "application/json");
    place.textContent = JSON.stringify(story).replaceAll("<", "\\u003c");
  }
  return "<!doctype html>\n" + copy.outerHTML + "\n";
}

/** @param {string} text */
function quoted(text) {
  return `"${cleanText(text).replace(/[\\"]/g, "\\$&")}"`;
}

/** The graph for Graphviz; labels are plain strings, never markup. @param {Story} story */
export function dotText(story) {
  const lines = ["digraph story {", "  rankdir=LR;"];
  for (const n of story.nodes) {
    const label = n.kind === "op" ? [n.op, n.name].filter(Boolean).join(" → ") : n.name || String(n.value);
    lines.push(`  n${n.id} [label=${quoted(label)}, shape=${n.kind === "op" ? "box" : "circle"}];`);
  }
  for (const e of story.edges) lines.push(`  n${e.src} -> n${e.dst};`);
  return lines.join("\n") + "\n}\n";
}
