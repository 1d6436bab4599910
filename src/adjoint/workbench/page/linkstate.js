/** The state of the page as the fragment of its address, and back. Whatever a fragment says goes through the server's own parser. */

/** @typedef {import("./benchtypes.js").Snapshot} Snapshot */
/** @typedef {{tab?: string, at?: number, view?: "wire" | "textbook"}} Looks   What is looked at, and how. */

export const TABS = ["step", "views", "compare", "race", "practice"];
/** No fragment that we write is longer. */
const LONGEST_LINK = 200_000;

/** @param {Snapshot} snapshot @param {Looks} looks @returns {string} */
export function writeLink({ source, values }, looks) {
  const parts = new URLSearchParams();
  if (source.expression !== undefined) parts.set("expression", source.expression);
  else if (source.example !== undefined) parts.set("example", source.example);
  else parts.set("file", "1");
  if (Object.keys(values).length) parts.set("inputs", JSON.stringify(values));
  if (looks.tab && looks.tab !== "step") parts.set("tab", looks.tab);
  if (looks.at !== undefined) parts.set("at", String(looks.at));
  if (looks.view === "textbook") parts.set("view", looks.view);
  return parts.toString();
}

/**
 * What a fragment says, or null where it is none of ours.
 * @param {string} fragment
 * @returns {(Snapshot & Looks) | null}
 */
export function readLink(fragment) {
  const text = fragment.replace(/^#/, "");
  if (!text || text.length > LONGEST_LINK) return null;
  const parts = new URLSearchParams(text);
  const expression = parts.get("expression");
  const example = parts.get("example");
  /** @type {import("./benchtypes.js").Source | null} */
  const source = expression !== null ? { expression } : example !== null ? { example } : parts.get("file") ? { file: true } : null;
  if (!source) return null;
  /** @type {any} */
  let values = {};
  try {
    values = JSON.parse(parts.get("inputs") || "{}");
  } catch {
    return null;
  }
  if (!values || typeof values !== "object" || Array.isArray(values)) return null;
  /** @type {Snapshot & Looks} */
  const found = { source, values };
  const tab = parts.get("tab") || "step";
  found.tab = TABS.includes(tab) ? tab : "step";
  if (/^\d{1,6}$/.test(parts.get("at") || "")) found.at = Number(parts.get("at"));
  found.view = parts.get("view") === "textbook" ? "textbook" : "wire";
  return found;
}
