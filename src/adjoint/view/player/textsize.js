/** Text in the drawing: made harmless, kept short, and measured from above without a font, so that labels never meet. */

/** @type {[RegExp, number][]} */
const EM = [
  [/[0-9]/, 0.7],
  [/ /, 0.36],
  [/[ijl|!.,:;'`·ıI]/, 0.4],
  [/[⁰¹²³⁴⁵⁶⁷⁸⁹⁻₀₁₂₃₄₅₆₇₈₉]/, 0.55],
  [/[mwMW@%—⅓⅔½¼¾œæŒÆ∞∂∑∏√]/, 1.12],
  [/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/, 1.12],
  [/[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u, 1.3],
  [/[\p{Mn}\p{Me}\p{Cf}]/u, 0],
  [/\p{Ll}/u, 0.7],
  [/[!-~×÷−+]/, 0.84],
];
/** @type {Map<string, number>} */
const widths = new Map();

/** @param {string} char */
function charWidth(char) {
  let width = widths.get(char);
  if (width === undefined) {
    const found = EM.find(([pattern]) => pattern.test(char));
    width = found ? found[1] : 1;
    widths.set(char, width);
  }
  return width;
}

/**
 * How wide a text is at most, at a font size in pixels.
 * @param {string} text
 * @param {number} size
 */
export function textWidth(text, size) {
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width * size;
}

/** Drops control characters and those that turn the direction of text. @param {unknown} text */
export function cleanText(text) {
  return String(text ?? "").replace(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]/gu, "");
}

/**
 * Keeps both ends of a long name around an ellipsis.
 * @param {unknown} name
 * @param {number} [longest]
 */
export function shortName(name, longest = 12) {
  const chars = Array.from(cleanText(name));
  if (chars.length <= longest) return chars.join("");
  const tail = (longest - 1) >> 1;
  return chars.slice(0, longest - 1 - tail).join("") + "…" + chars.slice(chars.length - tail).join("");
}
