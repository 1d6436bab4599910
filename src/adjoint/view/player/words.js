/** What a story says of a gate: the library's templates, filled in from the numbers that are shown now. */

import { arrayText, formatGradient, formatNumber, numberOf } from "./format.js";
import { filledIn } from "./mistakes.js";
import { partsInto, isTensor, readingOf, rootName } from "./reading.js";
import { inProduct } from "./show.js";

/** @typedef {import("./types.js").Story} Story */
/** @typedef {import("./types.js").StoryNode} StoryNode */
/** @typedef {import("./types.js").Quantity} Quantity */
/** @typedef {import("./types.js").Part} Part */

/**
 * A piece of a formula: its text, how tightly it binds, and how it may stand beside others.
 * @typedef {{text: string, level: number, kind: string}} Piece
 */

const [ADDS, SIGNS, MULTIPLIES, RAISES, STANDS] = [1, 2, 3, 4, 5];
/** @type {Record<string, number>} */
const BINDS = { "+": 1, "-": 1, "*": 3, "/": 3, "//": 3, "%": 3, "@": 3, "**": 4, "==": 0, "!=": 0, "<": 0, "<=": 0, ">": 0, ">=": 0 };
/** @type {Record<string, string>} */
const SHOWN = { "-": "−", "*": "×", "/": "÷", "%": "mod", "==": "=", "!=": "≠", "<=": "≤", ">=": "≥" };
/** @type {Record<string, string>} */
const CALLED = { sigmoid: "σ", maximum: "max", minimum: "min", log: "ln" };
/** @type {Record<string, string>} */
const GREEK = { pi: "π", sum: "Σ", prod: "Π", sigmoid: "σ" };
/** @type {Record<string, string>} */
const FRACTIONS = { "1/2": "½", "1/3": "⅓", "1/4": "¼", "3/4": "¾" };
const TOKEN = /\s*(?:(\{\w+\})|(\d+(?:\.\d+)?)|([^\W\d]\w*)|(\*\*|\/\/|==|!=|<=|>=|[-+*/%@<>(),ᵀ]))/uy;

/** @param {string} text @param {number} [level] @param {string} [kind] @returns {Piece} */
const piece = (text, level = STANDS, kind = "") => ({ text, level, kind });

/** A number in a formula: a negative one binds as a sign does, a complex one as a sum. @param {string} text @returns {Piece} */
const numberPiece = (text) => piece(text, / .*i$/.test(text) ? ADDS : /^−/.test(text) ? SIGNS : STANDS, "number");

/** A piece in parentheses where it binds less tightly than its place. @param {Piece} p @param {number} level */
const boxed = (p, level) => (p.level >= level ? p : piece(`(${p.text})`, STANDS, "group"));

/**
 * A template with pieces in its holes, as the library's own formulas are written; what it cannot read stands as it is.
 * @param {string} template
 * @param {Record<string, Piece>} facts
 * @returns {Piece}
 */
export function renderFormula(template, facts) {
  const found = parsed(template.trimEnd(), facts);
  if (found) return found;
  const level = template.endsWith("]") && !template.includes(" ") ? STANDS : ADDS;
  const inner = level === STANDS ? STANDS : SIGNS;
  return piece(template.replace(/\{(\w+)\}/g, (whole, name) => (facts[name] ? boxed(facts[name], inner).text : whole)), level);
}

/** @param {string} template @param {Record<string, Piece>} facts @returns {Piece | null} null where it is unreadable */
function parsed(template, facts) {
  /** @type {Piece[]} */
  const values = [];
  /** @type {[string, number][]} operators and open brackets, each with the depth of values below it */
  const waiting = [];
  const top = () => (waiting.length ? waiting[waiting.length - 1][0] : "(");
  const reduce = () => joined(values, /** @type {[string, number]} */ (waiting.pop())[0]);
  let awaits = true;
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < template.length; ) {
    const token = TOKEN.exec(template);
    if (!token) return null;
    const [, hole, number, word, sign] = token;
    if (!sign) {
      if (!awaits) return null;
      if (word && template[TOKEN.lastIndex] === "(") {
        waiting.push([word + "(", values.length]);
        TOKEN.lastIndex++;
        continue;
      }
      const operand = hole ? facts[hole.slice(1, -1)] : number ? { ...numberPiece(number), kind: "literal" } : piece(GREEK[word] || word, STANDS, "name");
      if (!operand || ["not", "as", "with", "zeros"].includes(word)) return null;
      values.push(operand);
      awaits = false;
    } else if (sign === "ᵀ") {
      if (awaits) return null;
      values.push(piece(boxed(/** @type {Piece} */ (values.pop()), STANDS).text + "ᵀ", RAISES, "power"));
    } else if (sign === "(") {
      if (!awaits) return null;
      waiting.push(["(", values.length]);
    } else if (sign === ")" || sign === ",") {
      if (awaits && !(sign === ")" && waiting.length && waiting[waiting.length - 1][1] === values.length)) return null;
      while (!top().endsWith("(")) if (!reduce()) return null;
      if (!waiting.length) return null;
      awaits = sign === ",";
      if (sign === ")") {
        const [head, depth] = /** @type {[string, number]} */ (waiting.pop());
        const call = called(head.slice(0, -1), values.splice(depth));
        if (!call) return null;
        values.push(call);
      }
    } else if (awaits) {
      if (sign !== "-") return null;
      waiting.push(["negative", values.length]);
    } else {
      const level = BINDS[sign] + (sign === "**" ? 1 : 0);
      while (!top().endsWith("(") && (top() === "negative" ? SIGNS : BINDS[top()]) >= level) if (!reduce()) return null;
      waiting.push([sign, values.length]);
      awaits = true;
    }
  }
  while (waiting.length) if (!reduce()) return null;
  return values.length === 1 ? values[0] : null;
}

/** Joins the topmost pieces by an operator; false where it cannot. @param {Piece[]} values @param {string} operator */
function joined(values, operator) {
  const right = values.pop();
  if (!right || operator.endsWith("(")) return false;
  if (operator === "negative") return values.push(piece("−" + boxed(right, MULTIPLIES).text, SIGNS)) > 0;
  const left = values.pop();
  return Boolean(left && values.push(operator === "*" ? product(left, right) : operator === "/" ? quotient(left, right) : operator === "**" ? power(left, right) : infix(operator, left, right)));
}

/** @param {string} operator @param {Piece} a @param {Piece} b */
function infix(operator, a, b) {
  const level = BINDS[operator];
  // What stands to the right must bind more tightly (only a sum in a sum may stay bare), and show no second sign.
  const right = boxed(b, operator === "+" && b.level === ADDS ? level : level === ADDS ? MULTIPLIES : level + 1);
  return piece(`${boxed(a, level).text} ${SHOWN[operator] || operator} ${right.text}`, level);
}

/** @param {Piece} a @param {Piece} b */
function product(a, b) {
  const [left, right] = [boxed(a, MULTIPLIES), boxed(b, b.level === SIGNS ? STANDS : MULTIPLIES)];
  const short = right.kind === "name" && right.text.length < 3;
  const close = left.kind === "literal" && (short || right.kind === "group" || right.kind === "power") && !/^\d/.test(right.text);
  return piece(close ? left.text + right.text : `${left.text} × ${right.text}`, MULTIPLIES);
}

/** @param {Piece} a @param {Piece} b */
function quotient(a, b) {
  const sign = a.kind === "literal" && b.kind === "literal" ? FRACTIONS[`${a.text}/${b.text}`] : "";
  return sign ? piece(sign, STANDS, "literal") : piece(`${boxed(a, MULTIPLIES).text} ÷ ${boxed(b, RAISES).text}`, MULTIPLIES);
}

/** @param {Piece} a @param {Piece} b */
function power(a, b) {
  const base = boxed(a, STANDS).text;
  if (!/^[-−]?\d{1,3}(\.\d)?$/.test(b.text)) return piece(`${base}^${boxed(b, STANDS).text}`, RAISES, "power");
  const raised = [...b.text].map((c) => (/\d/.test(c) ? "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)] : c === "." ? "·" : "⁻"));
  return piece(base + raised.join(""), RAISES, "power");
}

/** @param {string} name @param {Piece[]} given @returns {Piece | null} */
function called(name, given) {
  const one = given.length === 1 ? given[0] : null;
  if (!name) return one && boxed(one, one.level === STANDS ? STANDS : STANDS + 1);
  const text = given.map((p) => p.text).join(", ");
  if (one && name === "sqrt") return piece("√" + boxed(one, STANDS).text, RAISES, "power");
  return piece(one && name === "abs" ? `|${text}|` : `${CALLED[name] || name}(${text})`, STANDS, "group");
}

/** A scalar with four digits, an array by its shape. @param {Quantity | undefined} value */
function quantityText(value) {
  return value === undefined ? "?" : isTensor(value) ? arrayText(value) : formatNumber(value);
}

/** @param {Quantity | undefined} value */
const signedText = (value) => (value === undefined || isTensor(value) ? quantityText(value) : formatGradient(value));

/** The value of a node in a formula; truth in words. @param {StoryNode} node */
const valueShown = (node) => (node.spec.startsWith("bool") ? (numberOf(node.value ?? NaN) ? "True" : "False") : quantityText(node.value));

/** @param {StoryNode} node @returns {Piece} a node's name, or the number that a constant is */
const namePiece = (node) => (node.kind === "const" ? numberPiece(valueShown(node)) : piece(node.name || "", STANDS, "name"));

/** @param {Story} story @param {number} node */
const operandsOf = (story, node) => readingOf(story).ins[node].map((e) => story.nodes[e.src]);

/**
 * What an operation computes, with these pieces as its operands.
 * @param {Story} story
 * @param {StoryNode} node
 * @param {Piece[]} operands
 */
function formulaWith(story, node, operands) {
  const letters = operands.map((_, i) => (operands.length > 3 ? `x${i}` : "xyz"[i]));
  const own = (story.gates[node.op || ""] || {}).formula || node.op;
  const template = own === node.op ? `${own}(${letters.map((l) => `{${l}}`).join(", ")})` : own.replace(", {axis}", "");
  /** @type {Record<string, Piece>} */
  const facts = { xs: piece(operands.map((o) => o.text).join(", ")) };
  operands.forEach((o, i) => (facts[letters[i]] = o));
  return renderFormula(template, facts).text;
}

/** What a gate computes, in numbers, where all of them are: `−4 + 8 = 4`. @param {Story} story @param {number} node */
export function numberFormulaOf(story, node) {
  const gate = story.nodes[node];
  const operands = operandsOf(story, node);
  if ([gate, ...operands].some((n) => n.value === undefined || !n.spec.endsWith("[]"))) return "";
  const shown = formulaWith(story, gate, operands.map((o) => numberPiece(valueShown(o))));
  const result = valueShown(gate);
  return shown === result ? shown : `${shown} = ${result}`;
}

/**
 * What the gate of a backward step does to the gradient, in one sentence; at a kink, with the convention.
 * @param {Story} story
 * @param {number} entry   The step's place in story.backward.
 */
export function backwardSentence(story, entry) {
  const { node, parts = [], says } = story.backward[entry];
  if (says !== undefined) return says;
  const gate = story.nodes[node];
  const words = story.gates[gate.op || ""] || { back: "" };
  const operands = operandsOf(story, node);
  /** @type {Record<string, Piece>} */
  const facts = { out: piece(gate.name || "", STANDS, "name") };
  operands.forEach((o, i) => (i < 3 ? (facts["xyz"[i]] = namePiece(o)) : null));
  /** @type {Record<string, string>} */
  const told = { shape: "the shape of the input", by: "The cut", x: "x", y: "y", z: "z" };
  for (const [name, fact] of Object.entries(facts)) told[name] = fact.text;
  const local = parts.length && !isTensor(parts[0].local) ? parts[0].local : undefined;
  let text = words.back;
  if (words.tie) {
    const [x, y] = operands.map((o) => (o.value === undefined || isTensor(o.value) ? NaN : numberOf(o.value)));
    const known = operands.every((o) => o.value !== undefined && !isTensor(o.value));
    if (!known) text = words.some;
    else if (x === y) text = words.tie;
    // NaN wins, because the value is NaN for its sake.
    else told.winner = namePiece(operands[(x === x && y === y ? x > y === (gate.op === "maximum") : x !== x) ? 0 : 1]).text;
  }
  if (local === undefined) text = text.replaceAll(" = {local}", "");
  else told.local = quantityText(local);
  text = text.replace(/ \([^()]*\{k\}[^()]*\)/g, "");
  text = filledIn(text, told).replaceAll("*other*", "other");
  for (const slope of words.slopes || []) {
    // The records write slopes as code; people read 2d, not 2 * d.
    const code = Object.entries(facts).reduce((sum, [name, fact]) => sum.split(`{${name}}`).join(fact.text), slope);
    if (slope && code.length > 1) text = text.split(code).join(renderFormula(slope, facts).text);
  }
  if (words.routes && parts.length && gate.spec.endsWith("[]")) text += local === 0 ? " Here it stops." : " Here it passes.";
  if (!gate.kinks) return text;
  const value = local === undefined ? "its value there" : quantityText(local);
  return `${text} At this point the slope is not unique; the convention gives ${value}: ${words.kink}.`;
}

/**
 * One input's row of a backward step: `∂J/∂w via c` and `+2 × (−2) = −4`.
 * @param {Story} story
 * @param {number} entry
 * @param {Part} part
 * @returns {[string, string]}
 */
export function rowText(story, entry, part) {
  const { src, dst } = story.edges[part.edge];
  const head = `∂${rootName(story)}/∂${story.nodes[src].name}${(part.of || 1) > 1 ? ` via ${story.nodes[dst].name}` : ""}`;
  if (part.says !== undefined) return [head, part.says];
  const [local, up] = [part.local, story.backward[entry].up];
  if (local === undefined || isTensor(local) || isTensor(up) || isTensor(part.down)) return [head, signedText(part.down)];
  return [head, `${signedText(up)} × ${inProduct(formatNumber(local))} = ${signedText(part.down)}`];
}

/** `branches add: +2 and +3 make +5`, once the last branch of a value has come. @param {Story} story @param {number} source */
export function branchesSumText(story, source) {
  const shares = partsInto(story, source);
  const sum = shares[shares.length - 1].sum;
  if (shares.length > 4 || isTensor(sum)) return `${shares.length.toLocaleString("en")} branches add${isTensor(sum) ? "" : ` to ${signedText(sum)}`}`;
  const told = shares.map((p) => signedText(p.down));
  return `branches add: ${told.slice(0, -1).join(", ")} and ${told[told.length - 1]} make ${signedText(sum)}`;
}
