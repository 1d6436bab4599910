/** The keyboard in the graph: one stop of the tab key, arrows along the wires, Enter selects or opens. */

/** @typedef {import("./items.js").Visible} Visible */

/**
 * Where a key leads from an item: up to its first input, down to its consumer, with Alt to its neighbours in the column.
 * @param {Visible} visible
 * @param {number} from
 * @param {"up" | "down" | "before" | "after"} way
 * @returns {number}
 */
export function nextItem(visible, from, way) {
  const item = visible.items[from];
  if (way === "up") return item.ins.length ? visible.ends[item.ins[0]][0] : from;
  if (way === "down") return item.outs.length ? visible.ends[item.outs[0]][1] : from;
  const column = visible.items
    .map((other, i) => ({ i, row: other.cell[1], same: other.cell[0] === item.cell[0] }))
    .filter((other) => other.same)
    .sort((a, b) => a.row - b.row);
  const at = column.findIndex((other) => other.i === from) + (way === "before" ? -1 : 1);
  return column[Math.max(0, Math.min(at, column.length - 1))].i;
}

/**
 * The items around one: itself, its inputs, its consumers.
 * @param {Visible} visible
 * @param {number} at
 */
export function neighbours(visible, at) {
  const item = visible.items[at];
  const found = [at, ...item.ins.map((run) => visible.ends[run][0]), ...item.outs.map((run) => visible.ends[run][1])];
  return [...new Set(found)].slice(0, 24);
}

/**
 * What a key does in the graph; null where it is none of the graph's.
 * @param {KeyboardEvent} event
 * @param {boolean} letters
 * @returns {"up" | "down" | "before" | "after" | "enter" | "group" | "menu" | null}
 */
export function graphKey(event, letters) {
  if (event.ctrlKey || event.metaKey) return null;
  if (event.key === "ArrowUp") return event.altKey ? "before" : "up";
  if (event.key === "ArrowDown") return event.altKey ? "after" : "down";
  if (event.altKey) return null;
  if (event.key === "Enter" || event.key === " ") return "enter";
  if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) return "menu";
  return letters && event.key.toLowerCase() === "o" ? "group" : null;
}
