/** Parts that follow the state. */

/**
 * A part that draws itself anew whenever one of the named things changes, and once at the start.
 * @param {import("./types.js").App} app
 * @param {string[]} names
 * @param {(state: import("./types.js").State, changed: Set<string>) => void} draw
 */
export function drawn(app, names, draw) {
  app.store.on((state, changed) => {
    if (names.some((name) => changed.has(name))) draw(state, changed);
  });
  draw(app.store.get(), new Set(names));
}
