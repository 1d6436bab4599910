/** Undo and redo: what was, as whole states. Small changes of one thing in one go are one step. */

/** @typedef {import("./benchtypes.js").Snapshot} Snapshot */

const MOST_PASTS = 200;
/** Changes of the same thing that follow each other this closely, in milliseconds, are one. */
const ONE_GO = 1000;

export class Pasts {
  constructor() {
    /** @type {Snapshot[]} */
    this.past = [];
    /** @type {Snapshot[]} */
    this.future = [];
    this.key = "";
    this.when = 0;
  }

  /**
   * Keeps what is about to change; `key` says what changes.
   * @param {Snapshot} before @param {string} key
   */
  keep(before, key) {
    const now = performance.now();
    const same = key === this.key && now - this.when < ONE_GO && this.past.length > 0;
    this.key = key;
    this.when = now;
    this.future = [];
    if (same) return;
    this.past.push(snapshotCopy(before));
    if (this.past.length > MOST_PASTS) this.past.shift();
  }

  /** @param {Snapshot} now @param {boolean} back @returns {Snapshot | undefined} */
  move(now, back) {
    const [from, to] = back ? [this.past, this.future] : [this.future, this.past];
    const found = from.pop();
    if (found) to.push(snapshotCopy(now));
    this.key = "";
    return found;
  }

  /** A move that could not be made. @param {Snapshot} found @param {boolean} back */
  unmove(found, back) {
    const [from, to] = back ? [this.past, this.future] : [this.future, this.past];
    to.pop();
    from.push(found);
  }
}

/** @param {Snapshot} snapshot @returns {Snapshot} */
function snapshotCopy({ source, values }) {
  return { source, values: { ...values } };
}
