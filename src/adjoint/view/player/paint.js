/** Puts entries into the page, changing only what is different; or writes them as a picture that needs no page. */

import { svg } from "./dom.js";
import { UI_FONT } from "./palette.js";

/** @typedef {import("./draw.js").Entry} Entry */
/** @typedef {import("./marks.js").Mark} Mark */

const COLOURED = new Set(["fill", "stroke"]);

/** @param {Mark["a"]} a @param {Record<string, string>} colours */
function colouredAttributes(a, colours) {
  /** @type {Record<string, string | number>} */
  const out = {};
  for (const [name, value] of Object.entries(a)) {
    if (value !== undefined) out[name] = COLOURED.has(name) ? colours[value] || value : value;
  }
  return out;
}

/** @param {Mark} mark @param {Record<string, string>} colours */
function markElement(mark, colours) {
  /** @type {Record<string, any>} */
  const a = colouredAttributes(mark.a, colours);
  const enter = mark.enter ? `enter-${mark.enter}` : "";
  if (mark.c || enter) a.class = [mark.c, enter].filter(Boolean).join(" ");
  if (enter && mark.t === "path" && mark.enter !== "fade") a.pathLength = 1;
  const spans = (mark.spans || []).map((s) => svg("tspan", { ...colouredAttributes(s.a, colours), class: s.c }, s.s));
  return svg(mark.t, a, ...spans, mark.s);
}

/** One layer of the drawing in the page. */
export class Layer {
  /** @param {SVGElement} group @param {Record<string, string>} colours */
  constructor(group, colours) {
    this.group = group;
    this.colours = colours;
    /** @type {Map<string, {element: SVGElement, marks: string, words: string}>} */
    this.known = new Map();
    this.order = "";
  }

  /** @param {Entry[]} entries */
  paint(entries) {
    /** @type {Layer["known"]} */
    const next = new Map();
    for (const entry of entries) {
      const old = this.known.get(entry.key);
      const marks = JSON.stringify(entry.marks, (name, value) => (name === "enter" ? undefined : value));
      const words = `${entry.label || ""}\n${entry.title || ""}`;
      const element = old ? old.element : this.created(entry);
      const moved = !old || old.marks !== marks;
      if (moved) element.replaceChildren(...entry.marks.map((m) => markElement(m, this.colours)));
      if (moved || old.words !== words) {
        if (entry.label) element.setAttribute("aria-label", entry.label);
        for (const title of element.querySelectorAll("title")) title.remove();
        if (entry.title) element.prepend(svg("title", null, entry.title));
      }
      next.set(entry.key, { element, marks, words });
    }
    const order = entries.map((e) => e.key).join(" ");
    if (order !== this.order) this.group.replaceChildren(...[...next.values()].map((n) => n.element));
    this.known = next;
    this.order = order;
  }

  /** @param {Entry} entry */
  created(entry) {
    /** @type {Record<string, any>} */
    const a = { class: entry.kind || "over", "data-key": entry.key };
    for (const [name, value] of Object.entries(entry.data)) a[`data-${name}`] = value;
    if (entry.label) Object.assign(a, { role: "button", tabindex: -1 });
    else a["aria-hidden"] = "true";
    if (entry.data.group !== undefined) a["aria-expanded"] = String(entry.kind === "frame");
    return svg("g", a);
  }
}

/** @param {unknown} text */
function escapeXml(text) {
  return String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** @param {Record<string, string | number>} a */
function writtenAttributes(a) {
  return Object.entries(a)
    .map(([name, value]) => ` ${name}="${escapeXml(value)}"`)
    .join("");
}

/**
 * The text of one SVG picture; everything is said by attributes, so it looks the same anywhere.
 * @param {Entry[]} entries
 * @param {{width: number, height: number, margin: number, ground: string, colours: Record<string, string>, title: string}} how
 */
export function writeSvg(entries, { width, height, margin, ground, colours, title }) {
  const w = Math.ceil(width + 2 * margin);
  const h = Math.ceil(height + 2 * margin);
  const out = [`<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="${-margin} ${-margin} ${w} ${h}" font-family="${escapeXml(UI_FONT)}">`];
  out.push(`<title>${escapeXml(title)}</title>`);
  if (ground) out.push(`<rect x="${-margin}" y="${-margin}" width="${w}" height="${h}" fill="${ground}"/>`);
  for (const { marks } of entries) {
    for (const mark of marks) {
      if (mark.c === "focus" || mark.c === "chosen") continue;
      const spans = (mark.spans || []).map((s) => `<tspan${writtenAttributes(colouredAttributes(s.a, colours))}>${escapeXml(s.s)}</tspan>`).join("");
      const inside = spans + (mark.s === undefined ? "" : escapeXml(mark.s));
      out.push(`<${mark.t}${writtenAttributes(colouredAttributes(mark.a, colours))}${inside ? `>${inside}</${mark.t}>` : "/>"}`);
    }
  }
  out.push("</svg>");
  return out.join("\n") + "\n";
}
