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

export class NodeMenu {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.element = h("div", { class: "node-menu", role: "menu", hidden: true });
    /** @type {Element | null} */
    this.before = null;
    this.element.addEventListener("keydown", (event) => {
      const rows = [...this.element.querySelectorAll("button")];
      const at = rows.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
      if (event.key === "ArrowDown" || event.key === "ArrowUp") rows[(at + (event.key === "ArrowDown" ? 1 : rows.length - 1)) % rows.length].focus();
      else if (event.key === "Escape" || event.key === "Tab") this.close(true);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    document.addEventListener("pointerdown", (event) => {
      if (!this.element.contains(/** @type {Node} */ (event.target))) this.close(false);
    });
  }

  /** @param {boolean} back   Whether the keyboard goes back to where it was. */
  close(back) {
    if (this.element.hidden) return;
    this.element.hidden = true;
    if (back && this.before) /** @type {HTMLElement} */ (this.before).focus();
  }

  /** @param {import("./items.js").Item} item @param {string} title @param {number} x @param {number} y */
  open(item, title, x, y) {
    const { app } = this;
    const state = app.store.get();
    const { story } = state;
    /** @type {HTMLButtonElement[]} */
    const rows = [];
    const row = (/** @type {string} */ label, /** @type {() => void} */ act) =>
      rows.push(
        button(label, () => {
          act();
          this.close(true);
        }, { role: "menuitem" }),
      );
    const copy = (/** @type {string} */ label, /** @type {string} */ text) =>
      row(label, () => {
        copyText(text);
        app.say("Copied.");
      });
    if (item.group >= 0) {
      const alike = alikeGroups(story).get(item.group);
      row("Open", () => app.act.toggle(item.group, true));
      if (alike) row(`Open the ${alike.ids.length} like it`, () => app.store.set({ open: new Set([...state.open, ...alike.ids]) }, true));
    } else {
      const node = story.nodes[item.node];
      if (node.value !== undefined) copy("Copy value", copyOf(node.value));
      const hidden = isHidden(state, "grad", node.id);
      if (node.grad !== undefined && !hidden && state.known.grad[node.id] <= state.at) copy("Copy gradient", copyOf(node.grad));
      copy("Copy path", pathOf(story, node.id));
    }
    fill(this.element, ...title.split("\n").map((line) => h("p", {}, line)), ...rows);
    this.before = document.activeElement;
    this.element.hidden = false;
    const place = /** @type {HTMLElement} */ (this.element.parentElement);
    this.element.style.left = `${Math.max(4, Math.min(x, place.clientWidth - this.element.offsetWidth - 4))}px`;
    this.element.style.top = `${Math.max(4, Math.min(y, place.clientHeight - this.element.offsetHeight - 4))}px`;
    rows[0].focus();
  }
}
