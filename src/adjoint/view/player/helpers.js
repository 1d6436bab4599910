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
