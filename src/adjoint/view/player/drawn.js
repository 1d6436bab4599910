/** Parts that follow the state. */

/**
 * A part that draws itself anew whenever one of the named things changes, and once at the start. The keyboard stays
 * where it is in `place`: on the same control where that is drawn again, else at the part itself.
 * @param {import("./types.js").App} app
 * @param {string[]} names
 * @param {(state: import("./types.js").State, changed: Set<string>) => void} draw
 * @param {HTMLElement} [place]
 */
export function drawn(app, names, draw, place) {
  const controls = () => /** @type {HTMLElement[]} */ (place ? [...place.querySelectorAll("button, input, select")] : []);
  app.store.on((state, changed) => {
    if (!names.some((name) => changed.has(name))) return;
    const held = /** @type {HTMLElement} */ (document.activeElement);
    const at = controls().indexOf(held);
    draw(state, changed);
    if (at < 0 || held.isConnected) return;
    const again = controls()[at];
    const same = again && again.textContent === held.textContent;
    /** @type {HTMLElement | null | undefined} */ (same ? again : place?.closest("[tabindex]") || controls()[0])?.focus({ preventScroll: true });
  });
  draw(app.store.get(), new Set(names));
}
