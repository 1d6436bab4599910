/** Nested lists of numbers: taken apart, put together, and the place of an entry. */

/** All entries in one list. @param {any} value @returns {any[]} */
export function entriesOf(value) {
  return Array.isArray(value) ? value.flat(Infinity) : [value];
}

/** A list as nested ones. @param {any[]} entries @param {number[]} shape @returns {any} */
export function shapedAs(entries, shape) {
  let rows = entries;
  for (const size of shape.slice(1).reverse()) {
    const all = rows;
    rows = Array.from({ length: size ? all.length / size : 0 }, (_, i) => all.slice(i * size, (i + 1) * size));
  }
  return rows;
}

/** Where an entry stands on every axis. @param {number} at @param {number[]} shape @returns {number[]} */
export function placeIn(at, shape) {
  const place = [];
  let rest = at;
  for (const size of [...shape].reverse()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return place;
}

/** "w[1, 2]", or the name alone of what is no array. @param {string} name @param {number} at @param {number[]} shape */
export function entryName(name, at, shape) {
  return shape.length ? `${name}[${placeIn(at, shape).join(", ")}]` : name;
}

/** Numbers spread like a bell, always the same for one seed. @param {number} seed @returns {() => number} */
export function bell(seed) {
  let state = (Math.round(seed) * 2654435761) >>> 0;
  const even = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(1 - even())) * Math.cos(2 * Math.PI * even());
}
