/** Small things that many scripts need. */

/** The number of this range that is nearest; where the range is empty, its upper end. @param {number} x @param {number} low @param {number} high */
export function clamp(x, low, high) {
  return Math.min(Math.max(x, low), high);
}

/**
 * The list that a map has at a key; an empty one is put there first.
 * @template K, V
 * @param {Map<K, V[]>} map @param {K} key
 * @returns {V[]}
 */
export function listAt(map, key) {
  const list = map.get(key) || [];
  map.set(key, list);
  return list;
}

/** Whether a point lies in a box, or at most so far outside. @param {{x: number, y: number, w: number, h: number}} box @param {number} x @param {number} y */
export function within(box, x, y, slack = 0) {
  return x > box.x - slack && x < box.x + box.w + slack && y > box.y - slack && y < box.y + box.h + slack;
}
