/** A button that shows something below itself; Escape, a choice, or leaving closes it. */

import { h } from "../../view/player/dom.js";

/**
 * @param {string} label
 * @param {{kind: string, name?: string, filled: (list: HTMLElement, close: () => void) => void, more?: Record<string, any>}} how
 */
export function popover(label, { kind, name = label, filled, more = {} }) {
  const list = h("div", { class: `menu-list ${kind}`, role: "group", "aria-label": name, hidden: true });
  const opener = h("button", { "aria-expanded": "false", onclick: () => show(list.hidden), ...more }, label);
  const box = h("div.menu", { onkeydown: keys, onfocusout: left }, opener, list);

  /** @param {boolean} on */
  function show(on) {
    if (list.hidden !== on) return;
    list.hidden = !on;
    opener.setAttribute("aria-expanded", String(on));
    // What the list covers in part is out of reach as a whole.
    const below = document.querySelector(".w-body");
    if (below) /** @type {HTMLElement} */ (below).inert = on;
    if (!on) return;
    filled(list, close);
    const first = /** @type {HTMLElement | null} */ (list.querySelector("input, button"));
    if (first) first.focus();
  }
  function close() {
    show(false);
    opener.focus();
  }
  /** @param {KeyboardEvent} event */
  function keys(event) {
    if (list.hidden) return;
    event.stopPropagation();
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const items = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("input, button")]);
      const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
      const to = event.key === "ArrowDown" ? at + 1 : at - 1;
      items[(to + items.length) % items.length].focus();
    } else return;
    event.preventDefault();
  }
  /** @param {FocusEvent} event */
  function left(event) {
    const to = /** @type {Node | null} */ (event.relatedTarget);
    if (!box.contains(to) && (to || document.hasFocus())) show(false);
  }
  return { box, opener, open: () => show(true) };
}
