/** Elements made without markup: text is always text, and formulas are rebuilt from a list of known elements. */

const SVG = "http://www.w3.org/2000/svg";
const MATHML = "http://www.w3.org/1998/Math/MathML";
const MATH_ELEMENTS = new Set(
  ("math mrow mi mo mn mtext mspace msup msub msubsup mfrac msqrt mroot mover munder munderover mfenced mtable mtr mtd " +
    "mpadded mphantom mstyle").split(" "),
);
const MATH_ATTRIBUTES = new Set(["data-n", "display", "mathvariant", "stretchy", "fence", "separator", "form", "accent"]);

/** @typedef {Node | string | number | null | false | undefined} Child */

/**
 * An element, "p" or with its classes "p.lead", with attributes, listeners (`onclick`) and children; attributes may
 * be missing, and null and false children are left out.
 * @param {string} tag
 * @param {Record<string, any> | Child} [given]
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function h(tag, given, ...children) {
  const [name, ...classes] = tag.split(".");
  const made = document.createElement(name);
  if (classes.length) made.className = classes.join(" ");
  if (name === "button") made.setAttribute("type", "button");
  const plain = given && typeof given === "object" && !(given instanceof Node);
  if (plain) dress(made, given);
  else children.unshift(/** @type {Child} */ (given));
  made.append(...asNodes(children));
  return made;
}

/**
 * An SVG element.
 * @param {string} tag
 * @param {Record<string, any> | null} [given]
 * @param {...Child} children
 * @returns {SVGElement}
 */
export function svg(tag, given, ...children) {
  const made = document.createElementNS(SVG, tag);
  dress(made, given);
  made.append(...asNodes(children));
  return /** @type {SVGElement} */ (made);
}

/** Whether an attribute or a child is left out. @param {unknown} value @returns {value is null | undefined | false} */
function isMissing(value) {
  return value === null || value === undefined || value === false;
}

/**
 * Texts without the marks that turn their direction: a name must not reorder the sentence around it.
 * @param {Child[]} children
 * @returns {(Node | string)[]}
 */
function asNodes(children) {
  return children.flatMap((c) => (isMissing(c) ? [] : typeof c === "object" ? c : String(c).replace(/[\u202a-\u202e\u2066-\u2069]/g, "")));
}

/**
 * @param {Element} made
 * @param {Record<string, any> | null | undefined} given
 */
function dress(made, given) {
  for (const [name, value] of Object.entries(given || {})) {
    if (isMissing(value)) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
}

/**
 * Empties an element and fills it anew.
 * @param {Element} place
 * @param {...Child} children
 */
export function fill(place, ...children) {
  place.replaceChildren(...asNodes(children));
}

/**
 * A formula as MathML. Of the story's text only known elements are taken over; where it cannot be read, `plain` stands.
 * @param {string | undefined} mathml
 * @param {string} plain
 * @param {boolean} [block]
 * @returns {Element}
 */
export function math(mathml, plain, block = false) {
  const made = document.createElementNS(MATHML, "math");
  if (block) made.setAttribute("display", "block");
  const read = mathml ? new DOMParser().parseFromString(`<mrow>${mathml}</mrow>`, "application/xml") : null;
  const top = read && read.documentElement;
  if (!top || read.querySelector("parsererror")) return h("span.plain-formula", plain);
  // An explicit stack: formulas may nest deeper than calls can.
  /** @type {[Element, Element][]} */
  const open = [[top, made]];
  while (open.length) {
    const [from, to] = /** @type {[Element, Element]} */ (open.pop());
    for (const child of Array.from(from.childNodes)) {
      if (child.nodeType === 3) to.append(document.createTextNode(child.nodeValue || ""));
      if (child.nodeType !== 1) continue;
      const element = /** @type {Element} */ (child);
      const copy = document.createElementNS(MATHML, MATH_ELEMENTS.has(element.localName) ? element.localName : "mrow");
      for (const { name, value } of Array.from(element.attributes)) if (MATH_ATTRIBUTES.has(name)) copy.setAttribute(name, value);
      to.append(copy);
      open.push([element, copy]);
    }
  }
  return made;
}

/**
 * A button with words in it or, with an icon, for the eye alone and a name for readers.
 * @param {string} label
 * @param {(event: MouseEvent) => void} onclick
 * @param {Record<string, any>} [more]
 * @param {...(Node | string)} inside
 */
export function button(label, onclick, more = {}, ...inside) {
  const icon = inside.length > 0;
  return /** @type {HTMLButtonElement} */ (
    h("button", { "aria-label": icon ? label : null, title: icon ? label : null, onclick, ...more }, ...(icon ? inside : [label]))
  );
}
