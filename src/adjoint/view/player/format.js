/**
 * Numbers as text: the twin of the library's own formatter, tested on the same table. Both round half away from zero
 * on the exact decimal digits of the double, which toPrecision, toFixed and toExponential do.
 */

/** @typedef {import("./types.js").Quantity} Quantity */

const MINUS = "\u2212";
const SUPERSCRIPTS = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";
const SMALLEST_PLAIN = 0.001;
const LARGEST_PLAIN = 100000;

/** How many characters a number may have on a wire. */
export const WIRE_LIMIT = 7;

/** @param {Quantity} value @returns {number} a real number of the JSON; NaN for what is none */
export function numberOf(value) {
  return typeof value === "object" || typeof value === "boolean" ? NaN : Number(value);
}

/** @param {Quantity} value @returns {value is import("./types.js").Complex} */
function isComplex(value) {
  return typeof value === "object" && value !== null && "re" in value;
}

/**
 * The class of colour of a number; complex ones have no sign and count as zero.
 * @param {Quantity} value
 * @returns {"pos" | "neg" | "zero" | "bad"}
 */
export function signOf(value) {
  if (isComplex(value)) return Number.isFinite(numberOf(value.re)) && Number.isFinite(numberOf(value.im)) ? "zero" : "bad";
  const number = numberOf(value);
  return !Number.isFinite(number) ? "bad" : number > 0 ? "pos" : number < 0 ? "neg" : "zero";
}

/**
 * A number with so many significant digits, in at most `limit` characters (each part of a complex one).
 * @param {Quantity} value
 * @param {number} [digits]
 * @param {number} [limit]
 * @param {boolean} [signedZero]   For the inspector only.
 * @returns {string}
 */
export function formatNumber(value, digits = 4, limit = Infinity, signedZero = false) {
  if (isComplex(value)) {
    const im = numberOf(value.im);
    const imaginary = formatNumber(Math.abs(im), digits, limit);
    const below = (im < 0 || Object.is(im, -0)) && imaginary !== "0";
    return `${formatNumber(value.re, digits, limit)} ${below ? MINUS : "+"} ${imaginary}i`;
  }
  const number = numberOf(value);
  if (number !== number) return "NaN";
  if (number === 0) return signedZero && Object.is(number, -0) ? MINUS + "0" : "0";
  const sign = number < 0 ? MINUS : "";
  const size = Math.abs(number);
  return sign + (size === Infinity ? "\u221e" : shortened(size, digits, limit - sign.length));
}

/**
 * A gradient: as a number, but above zero it carries its plus.
 * @param {Quantity} value
 * @param {number} [digits]
 * @param {number} [limit]
 */
export function formatGradient(value, digits = 4, limit = Infinity) {
  return numberOf(value) > 0 ? "+" + formatNumber(value, digits, limit - 1) : formatNumber(value, digits, limit);
}

/**
 * Two numbers with as many digits as it takes to see how they differ.
 * @param {Quantity} one
 * @param {Quantity} other
 */
export function apart(one, other) {
  const both = (/** @type {number} */ digits) => [formatNumber(one, digits), formatNumber(other, digits)];
  let texts = both(4);
  for (let digits = 6; digits < 18 && texts[0] === texts[1]; digits++) {
    texts = both(digits);
    if (texts[0] !== texts[1]) texts = both(digits + 1); // one figure more: the difference is not rounded itself
  }
  return texts;
}

/** A number before and after: `2 → 2.001`, or `3 stays`. @param {Quantity} before @param {Quantity} after */
export function movedText(before, after) {
  const [a, b] = [numberOf(before), numberOf(after)];
  if (a === b || (a !== a && b !== b)) return `${formatNumber(before)} stays`;
  let digits = 4;
  while (digits < 15 && formatNumber(before, digits) === formatNumber(after, digits)) digits++;
  return `${formatNumber(before, digits)} \u2192 ${formatNumber(after, digits)}`;
}

/** Every digit, as Python reads a float back: what copying gives. @param {Quantity} value @returns {string} */
export function formatExact(value) {
  if (isComplex(value)) {
    const [re, im] = [value.re, value.im].map((part) => formatExact(part).replace(/\.0$/, ""));
    return `(${re}${im.startsWith("-") ? "" : "+"}${im}j)`;
  }
  const number = numberOf(value);
  if (!Number.isFinite(number)) return number !== number ? "nan" : number > 0 ? "inf" : "-inf";
  if (Object.is(number, -0)) return "-0.0";
  const [mantissa, power] = number.toExponential().split("e");
  const exponent = Number(power);
  if (number && (exponent < -4 || exponent >= 16)) {
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const text = exponent < 0 ? number.toFixed(mantissa.replace(/[-.]/g, "").length - 1 - exponent) : String(number);
  return text.includes(".") ? text : text + ".0";
}

/** A vector's in brackets, because 3 alone is a number. @param {readonly number[]} shape */
export function formatShape(shape) {
  return shape.length === 1 ? `[${shape[0]}]` : shape.join("\u00d7");
}

/** An array by its shape, one of a single number by that. @param {import("./types.js").TensorSummary} value @param {number} [digits] @param {number} [limit] */
export function arrayText({ shape, min }, digits, limit) {
  const one = shape.every((n) => n === 1) && typeof min === "number" && formatNumber(min, digits, limit);
  return one ? (shape.length ? `[${one}]` : one) : formatShape(shape);
}

/**
 * A size in the first unit in which it is small enough, else in the last one.
 * @param {string[]} units
 * @param {number} below
 * @param {(unit: number) => string} written
 */
function inUnits(units, below, written) {
  let unit = 0;
  while (unit < units.length - 1 && !(Math.abs(Number(written(unit))) < below)) unit++;
  return written(unit).replace("-", MINUS) + units[unit];
}

/** A count: whole below 1000, then three digits with k, M or G. @param {number} count */
export function formatCount(count) {
  return inUnits(["", "k", "M", "G"], 1000, (unit) => movedPoint(count, -3 * unit));
}

/** Bytes in B, KiB, MiB or GiB with three digits. @param {number} count */
export function formatBytes(count) {
  return inUnits([" B", " KiB", " MiB", " GiB"], 1024, (unit) => wholeDigits(count / 1024 ** unit, 3));
}

/** A duration in ns, µs, ms or s with three digits. @param {number} seconds */
export function formatTime(seconds) {
  if (!Number.isFinite(seconds)) return formatNumber(/** @type {any} */ (String(seconds))) + " s";
  return inUnits([" ns", " \u00b5s", " ms", " s"], 1000, (unit) => movedPoint(seconds, 9 - 3 * unit));
}

/**
 * The value times a power of ten with three digits, rounded before it is moved: moving a double's point is not exact.
 * @param {number} value @param {number} power
 */
function movedPoint(value, power) {
  const digits = Number(value.toExponential(30).split("e")[1]) + power + 1;
  const [mantissa, exponent] = value.toExponential(Math.min(100, Math.max(3, digits)) - 1).split("e");
  return wholeDigits(Number(`${mantissa}e${Number(exponent) + power}`), 3);
}

/** @param {number} size @param {number} digits @param {number} room @returns {string} fewer digits until it fits */
function shortened(size, digits, room) {
  const plain = plainForm(size, digits);
  const full = plain === null ? powerForm(size, digits) : plain;
  if (full.length <= room) return full;
  for (let fewer = digits - 1; plain !== null && fewer > 1; fewer--) {
    const shorter = plainForm(size, fewer);
    if (shorter !== null && shorter.length <= room) return shorter;
  }
  for (let fewer = digits; fewer > 1; fewer--) {
    const letters = letterForm(size, fewer);
    if (letters.length <= room) return letters;
  }
  return letterForm(size, 1);
}

/** @param {number} size @param {number} digits @returns {string | null} null where it takes a power of ten */
function plainForm(size, digits) {
  if (Number.isInteger(size) && size < LARGEST_PLAIN) return String(size);
  if (size < SMALLEST_PLAIN / 10 || size >= LARGEST_PLAIN) return null;
  const text = wholeDigits(size, digits);
  return Number(text) < SMALLEST_PLAIN || Number(text) >= LARGEST_PLAIN ? null : text;
}

/** @param {number} size @param {number} digits @returns {[string, number]} */
function scientificParts(size, digits) {
  const [mantissa, exponent] = size.toExponential(digits - 1).split("e");
  return [unpadded(mantissa), Number(exponent)];
}

/** @param {number} size @param {number} digits */
function powerForm(size, digits) {
  const [mantissa, exponent] = scientificParts(size, digits);
  const raised = [...String(exponent)].map((c) => (c === "-" ? "\u207b" : SUPERSCRIPTS[Number(c)])).join("");
  return `${mantissa}\u00d710${raised}`;
}

/** @param {number} size @param {number} digits */
function letterForm(size, digits) {
  const [mantissa, exponent] = scientificParts(size, digits);
  return `${mantissa}e${exponent}`.replace("-", MINUS);
}

/** @param {number} size @param {number} digits @returns {string} significant digits, but all before the point */
function wholeDigits(size, digits) {
  if (Number.isInteger(size) && Math.abs(size) >= 10 ** (digits - 1)) return String(BigInt(size));
  const places = size ? digits - 1 - Number(size.toExponential(30).split("e")[1]) : digits - 1;
  return unpadded(size.toFixed(Math.min(100, Math.max(0, places))));
}

/** @param {string} text @returns {string} without zeros at the end of a fraction */
function unpadded(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
