/** The bar in which an expression is typed: what is wrong is underlined where it stands, and said in the line below. */

import { fill, h } from "../../view/player/dom.js";
import { capital } from "../../view/player/reading.js";

/** @typedef {import("./bench.js").Bench} Bench */
/** @typedef {import("./benchtypes.js").Told} Told */

/** Milliseconds without a key after which an expression is looked at. */
const TYPED = 180;
const HINT = "Names are inputs; write + − * / **, functions such as sin, exp, max, relu, and steps such as d = a*b; L = d + c.";

/**
 * @param {Bench} bench
 * @returns {{bar: HTMLElement, line: HTMLElement, focus: () => void}}
 */
export function expressionBar(bench) {
  const under = h("div", { class: "w-under", "aria-hidden": "true" });
  const box = /** @type {HTMLInputElement} */ (
    h("input", { type: "text", class: "w-typed", "aria-label": "Expression", "aria-describedby": "w-line", spellcheck: "false", autocomplete: "off", autocapitalize: "off", "aria-keyshortcuts": "e" })
  );
  const line = h("p", { class: "w-line", id: "w-line" });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let clock;
  let asked = "";

  const ask = () => {
    clearTimeout(clock);
    asked = box.value;
    bench.type(box.value);
  };
  const restore = () => {
    clearTimeout(clock);
    box.value = textOf(bench);
    asked = "";
    bench.refused = undefined;
    if (bench.trouble && !bench.lost) bench.trouble = null;
    bench.tell("trouble");
  };
  const mark = () => {
    const { trouble } = bench;
    const span = trouble && trouble.span && box.value === asked ? trouble.span : null;
    const letters = Array.from(box.value);
    if (span) fill(under, letters.slice(0, span[0]).join(""), h("span.w-wrong", letters.slice(span[0], span[1]).join("") || " "), letters.slice(span[1]).join(""));
    else fill(under);
    under.scrollLeft = box.scrollLeft;
    box.setAttribute("aria-invalid", String(span !== null));
  };
  box.addEventListener("input", () => {
    fill(under);
    clearTimeout(clock);
    if (!box.value.trim() && !bench.source.expression) return;
    clock = setTimeout(ask, TYPED);
  });
  box.addEventListener("scroll", () => (under.scrollLeft = box.scrollLeft));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") ask();
    else if (event.key === "Escape") {
      restore();
      box.select();
    } else return;
    event.preventDefault();
  });
  bench.on(["source", "examples"], () => {
    if (document.activeElement !== box || bench.fresh) {
      box.value = bench.refused ?? textOf(bench);
      asked = box.value;
    }
    box.placeholder = placeOf(bench);
    mark();
    tell();
  });
  bench.on(["trouble", "story"], () => {
    if (bench.refused !== undefined && document.activeElement !== box) box.value = asked = bench.refused;
    mark();
    tell();
  });
  const tell = () => {
    const { trouble } = bench;
    const bad = trouble !== null && !bench.lost;
    line.classList.toggle("bad", bad);
    line.setAttribute("role", bad ? "alert" : "note");
    if (trouble && bad) fill(line, ...troubleParts(trouble));
    else fill(line, bench.remark || (bench.example ? bench.example.title : bench.source.expression !== undefined ? HINT : bench.title));
  };
  return {
    bar: h("div.w-expression", under, box),
    line,
    focus() {
      box.focus();
      box.select();
    },
  };
}

/** "This ( is never closed. Write the missing )." A name at the beginning keeps its case. @param {Told} told */
export function troubleText({ what, help, about = "" }) {
  const names = about.split(/\W+/);
  const begun = (/** @type {string} */ part) => (names.includes(part.split(/\W/, 1)[0]) ? part : capital(part));
  return [what, help].filter(Boolean).map((part) => begun(String(part)).replace(/([^.!?…])$/, "$1.")).join(" ");
}

/** The same, and the line of code where there is one. @param {Told} told @returns {(string | HTMLElement)[]} */
export function troubleParts(told) {
  const { where, span } = told;
  return [troubleText(told), ...(where && !span ? [h("details.w-where", h("summary", "Where"), h("pre", where))] : [])];
}

/** What stands in the bar for a source. @param {Bench} bench */
function textOf({ source, example }) {
  return source.expression ?? (example && example.expression) ?? "";
}

/** What the bar says where a source is no expression. @param {Bench} bench */
function placeOf({ source, example, given }) {
  if (source.file) return `${given.file || "the file"} — or type an expression`;
  if (!example) return "Type an expression, such as (a*b + c)*f";
  return `${example.file}: ${example.name.replaceAll(" ", "_")}(${example.inputs.map((i) => i.name).join(", ")})`;
}
