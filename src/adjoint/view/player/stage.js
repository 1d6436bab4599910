/** Placeholder. */
/** @param {...any} given @returns {any} */
export function mountStage(...given) {
  return given;
}
