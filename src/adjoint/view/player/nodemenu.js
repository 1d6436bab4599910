/** What a right click, or a long press, offers: the whole name and numbers, and copies of them. */

import { button, fill, h } from "./dom.js";
import { formatExact } from "./format.js";
import { alikeGroups } from "./items.js";
import { isHidden, isTensor } from "./reading.js";

/** @typedef {import("./types.js").App} App */

/** @param {import("./types.js").Quantity} value */
function copyOf(value) {
  return isTensor(value) ? JSON.stringify(value) : formatExact(value);
}

/** The groups around a node, then its name: where it is. @param {import("./types.js").Story} story @param {number} node */
function pathOf(story, node) {
  const words = [story.nodes[node].name || story.nodes[node].op || String(node)];
  for (let g = story.nodes[node].group; g !== undefined; g = story.groups[g].parent) words.unshift(story.groups[g].name);
  return words.join("/");
}

/** @param {string} text */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Pages opened from disk may not have a clipboard of their own.
    const box = h("textarea", {}, text);
    document.body.append(box);
    /** @type {HTMLTextAreaElement} */ (box).select();
    document.execCommand("copy");
    box.remove();
  }
}

/** @typedef {ReturnType<typeof createNodeMenu>} NodeMenu */

/** @param {App} app */
export function createNodeMenu(app) {
  const element = h("div", { class: "node-menu", role: "menu", hidden: true });
  /** @type {Element | null} */
  let before = null;
  /** @param {boolean} back   Whether the keyboard goes back to where it was. */
  const close = (back) => {
    if (element.hidden) return;
    element.hidden = true;
    if (back && before) /** @type {HTMLElement} */ (before).focus();
  };
  element.addEventListener("keydown", (event) => {
    const rows = [...element.querySelectorAll("button")];
    const at = rows.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") rows[(at + (key === "ArrowDown" ? 1 : rows.length - 1)) % rows.length].focus();
    else if (key === "Escape" || key === "Tab") close(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!element.contains(/** @type {Node} */ (event.target))) close(false);
  });

  /** @param {import("./items.js").Item} item @param {string} title @param {number} x @param {number} y */
  const open = (item, title, x, y) => {
    const state = app.store.get();
    const { story } = state;
    /** @type {HTMLButtonElement[]} */
    const rows = [];
    /** @param {string} label @param {() => void} act */
    const row = (label, act) =>
      rows.push(
        button(label, () => {
          act();
          close(true);
        }, { role: "menuitem" }),
      );
    /** @param {string} what @param {string} text */
    const copy = (what, text) =>
      row(`Copy ${what}`, () => {
        copyText(text);
        app.say("Copied.");
      });
    if (item.group >= 0) {
      const alike = alikeGroups(story).get(item.group);
      row("Open", () => app.act.toggle(item.group, true));
      if (alike) row(`Open the ${alike.ids.length} like it`, () => app.store.set({ open: new Set([...state.open, ...alike.ids]) }, true));
    } else {
      const { id, value, grad } = story.nodes[item.node];
      if (value !== undefined) copy("value", copyOf(value));
      if (grad !== undefined && !isHidden(state, "grad", id) && state.known.grad[id] <= state.at) copy("gradient", copyOf(grad));
      copy("path", pathOf(story, id));
    }
    fill(element, ...title.split("\n").map((line) => h("p", {}, line)), ...rows);
    before = document.activeElement;
    element.hidden = false;
    const place = /** @type {HTMLElement} */ (element.parentElement);
    element.style.left = `${Math.max(4, Math.min(x, place.clientWidth - element.offsetWidth - 4))}px`;
    element.style.top = `${Math.max(4, Math.min(y, place.clientHeight - element.offsetHeight - 4))}px`;
    rows[0].focus();
  };
  return { element, open };
}
