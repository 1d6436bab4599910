/** Placeholder. */
/** @param {...any} given @returns {any} */
export function mountPanels(...given) {
  return given;
}
