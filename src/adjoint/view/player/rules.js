/** The rules of a live story: instructions written by the records, and the functions that they name. */

/** @typedef {import("./types.js").Real} Real */
/** @typedef {import("./types.js").Code} Code */
/** @typedef {{f: (...x: number[]) => number, from: number[], at: number[]}} Line   A prepared instruction. */

const TWO_52 = 4503599627370496;
const SPLIT = 134217729;

/** @param {number} x @param {number} y @returns {number} x with the sign of y */
const copySign = (x, y) => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x));

/**
 * x * y + z with one rounding (but for ties of the last bit): the product and the sum are split into a rounded part
 * and its error. T. J. Dekker, Numer. Math. 18 (1971) 224-242; D. E. Knuth, The Art of Computer Programming 2, 4.2.2.
 * @param {number} x @param {number} y @param {number} z
 */
function fusedMultiplyAdd(x, y, z) {
  const p = x * y;
  const sum = p + z;
  const a = SPLIT * x;
  const b = SPLIT * y;
  if (!Number.isFinite(sum) || !Number.isFinite(a + b)) return sum;
  const xh = a - (a - x);
  const yh = b - (b - y);
  const low = (x - xh) * (y - yh) - (p - xh * yh - (x - xh) * yh - xh * (y - yh));
  const back = sum - p;
  const error = p - (sum - back) + (z - back) + low;
  return error ? sum + error : sum;
}

/** @param {number[]} top @param {number[]} bottom @param {number} x @returns {number} a quotient of polynomials */
function kitRatio(top, bottom, x) {
  const at = (/** @type {number[]} */ c) => c.reduce((sum, one) => sum * x + one, 0);
  return at(top) / at(bottom);
}

/**
 * The error function: rational approximations of W. J. Cody, Math. Comp. 23 (1969) 631-637, on up to 0.5, 4 and beyond,
 * where 1 - erf is below the last place of 1 from 6 on.
 * @param {number} x
 */
function errorFunction(x) {
  const y = Math.abs(x);
  if (!(y > 0.5)) {
    const top = [1.85777706184603153e-1, 3.1611237438705656, 113.864154151050156, 377.485237685302021, 3209.37758913846947];
    const bottom = [1, 23.6012909523441209, 244.024637934444173, 1282.61652607737228, 2844.23683343917062];
    return x * kitRatio(top, bottom, x * x);
  }
  if (y > 6) return Math.sign(x);
  const top = [
    2.15311535474403846e-8, 0.564188496988670089, 8.88314979438837594, 66.1191906371416295, 298.635138197400131,
    881.95222124176909, 1712.04761263407058, 2051.07837782607147, 1230.33935479799725,
  ];
  const bottom = [
    1, 15.7449261107098347, 117.693950891312499, 537.181101862009858, 1621.38957456669019, 3290.79923573345963,
    4362.61909014324716, 3439.36767414372164, 1230.33935480374942,
  ];
  return copySign(1 - Math.exp(-y * y) * kitRatio(top, bottom, y), x);
}

/**
 * C's pow: 1 to any power is 1, and so is -1 to an infinite one; the power of a half is the root, as in NumPy.
 * @param {number} x @param {number} y @returns {number}
 */
function powerOf(x, y) {
  if (y === 0.5) return Math.sqrt(x);
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y);
}

/** @param {number} x @returns {number} the nearest whole number, of two the even one, with the sign of x */
function nearestEven(x) {
  const y = Math.abs(x);
  return y < TWO_52 ? copySign(y + TWO_52 - TWO_52, x) : x;
}

/**
 * The kit: what the records' scalar code is written in. Truth values are 1 and 0; NaN counts as true, as in NumPy.
 * @type {Record<string, (...x: number[]) => number>}
 */
const KIT = {
  same: (x) => x,
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  neg: (x) => -x,
  fma: fusedMultiplyAdd,
  fmod: (x, y) => x % y,
  lt: (x, y) => (x < y ? 1 : 0),
  le: (x, y) => (x <= y ? 1 : 0),
  gt: (x, y) => (x > y ? 1 : 0),
  ge: (x, y) => (x >= y ? 1 : 0),
  eq: (x, y) => (x === y ? 1 : 0),
  ne: (x, y) => (x !== y ? 1 : 0),
  isnan: (x) => (x !== x ? 1 : 0),
  and_: (x, y) => (x !== 0 && y !== 0 ? 1 : 0),
  or_: (x, y) => (x !== 0 || y !== 0 ? 1 : 0),
  not_: (x) => (x === 0 ? 1 : 0),
  select: (c, x, y) => (c !== 0 ? x : y),
  copysign: copySign,
  rint: nearestEven,
  erf: errorFunction,
  pow: powerOf,
  exp2: (x) => Math.pow(2, x),
};
for (const name of ["abs", "sqrt", "floor", "trunc", "exp", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan",
  "sinh", "cosh", "tanh", "asin", "acos", "atan", "asinh", "acosh", "atanh", "atan2", "cbrt", "hypot"]) {
  KIT[name] = /** @type {any} */ (Math)[name];
}

/** The names of the kit's functions, for the tests. */
export const kitNames = () => Object.keys(KIT);


/** @param {number} value @returns {Real} a number as the JSON has it */
export const toReal = (value) => (Number.isFinite(value) ? value : /** @type {Real} */ (String(value)));

/** @type {WeakMap<object, Line[]>} */
const kitPrepared = new WeakMap();

/** Where an operand comes from: a constant, an input, the operation's value, an earlier instruction. */
const FROM_CONST = 0;
const FROM_INPUT = 1;
const FROM_OUT = 2;
const FROM_EARLIER = 3;

/** @param {Code} code @returns {Line[]} the same instructions with names looked up and operands told apart */
function kitPrepare(code) {
  return code.map(([name, ...operands]) => {
    const f = KIT[name];
    if (!f) throw new Error(`This page has no function ${name}.`);
    const from = operands.map((o) => (typeof o === "number" ? FROM_CONST : /^x\d/.test(o) ? FROM_INPUT : o === "out" ? FROM_OUT : /^t\d/.test(o) ? FROM_EARLIER : FROM_CONST));
    return { f, from, at: operands.map((o, i) => (from[i] === FROM_CONST ? Number(o) : from[i] === FROM_OUT ? 0 : Number(String(o).slice(1)))) };
  });
}

/**
 * What a rule's instructions give.
 * @param {Code} code
 * @param {ArrayLike<number>} operands   By slot.
 * @param {number} [out]   The value of the operation, which slopes may ask for.
 * @returns {number}
 */
export function evaluate(code, operands, out = NaN) {
  let lines = kitPrepared.get(code);
  if (!lines) kitPrepared.set(code, (lines = kitPrepare(code)));
  /** @type {number[]} */
  const results = [];
  for (const { f, from, at } of lines) {
    const given = at.map((n, i) => (from[i] === FROM_CONST ? n : from[i] === FROM_INPUT ? operands[n] : from[i] === FROM_OUT ? out : results[n]));
    results.push(f(...given));
  }
  return results[results.length - 1];
}
