/** The camera over the drawing: pan, zoom, fit, follow; by pointer, pinch, double tap and wheel with Ctrl. */

/** @typedef {{x: number, y: number, k: number}} View   On the screen a point is at x + k * its place. */

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export class Camera {
  /** @param {HTMLElement} place @param {() => void} moved   Called after each change. */
  constructor(place, moved) {
    this.place = place;
    this.moved = moved;
    /** The size of the place, kept because asking for it may lay out the whole page. */
    this.room = { w: 0, h: 0 };
    /** @type {View} */
    this.view = { x: 0, y: 0, k: 1 };
    this.width = 0;
    this.height = 0;
    /** Whether the user has chosen what is in view. */
    this.held = false;
    this.glide = 0;
    /** A small drawing is not shown larger than this. */
    this.largest = 1.35;
  }

  /** To be called when the place has got its size, or another one. */
  measure() {
    this.room = { w: this.place.clientWidth, h: this.place.clientHeight };
  }

  get margin() {
    return this.room.w < 500 ? 10 : 24;
  }

  /** @param {View} view */
  set(view) {
    this.view = { x: view.x, y: view.y, k: this.bounded(view.k) };
    this.keepNear();
    this.moved();
  }

  /** No zoom shows the whole much smaller than the view. @param {number} k */
  bounded(k) {
    return Math.min(8, Math.max(Math.min(0.1, this.whole / 2), k));
  }

  /** Some of the drawing stays in view wherever it is dragged. */
  keepNear() {
    const { view, room } = this;
    const edge = 60;
    view.x = Math.min(room.w - edge, Math.max(edge - this.width * view.k, view.x));
    view.y = Math.min(room.h - edge, Math.max(edge - this.height * view.k, view.y));
  }

  /** The zoom at which all of the drawing is in view. */
  get whole() {
    const { room, margin } = this;
    return Math.min((room.w - 2 * margin) / this.width, (room.h - 2 * margin) / this.height, this.largest);
  }

  /** Whether the drawing is larger than the view. */
  get over() {
    const { k } = this.view;
    return this.width * k > this.room.w + 1 || this.height * k > this.room.h + 1;
  }

  /** @param {number} k @returns {View} */
  centred(k) {
    return { k, x: (this.room.w - this.width * k) / 2, y: (this.room.h - this.height * k) / 2 };
  }

  /** All of the drawing, however small. */
  fit() {
    this.held = false;
    this.go(this.centred(this.whole));
  }

  /**
   * The first view of a drawing: all of it where that can be read, else the part around a place.
   * @param {{x: number, y: number} | null} around @param {number} least   The zoom from which it can be read.
   */
  open(around, least) {
    this.held = false;
    if (this.whole >= least) this.set(this.centred(this.whole));
    else this.set(this.around(around ? around.x : 0, around ? around.y : 0, least));
  }

  /** @param {number} factor @param {number} [x] @param {number} [y] */
  zoom(factor, x = this.room.w / 2, y = this.room.h / 2) {
    const { view } = this;
    const k = this.bounded(view.k * factor);
    this.held = true;
    this.stop();
    this.set({ k, x: x - ((x - view.x) * k) / view.k, y: y - ((y - view.y) * k) / view.k });
  }

  /** @param {number} x @param {number} y   A place in the drawing. @param {number} [k] */
  centre(x, y, k = this.view.k) {
    this.go(this.around(x, y, k));
  }

  /**
   * The view with a place in the middle, but no room wasted beyond the drawing's edges.
   * @param {number} x @param {number} y @param {number} k @returns {View}
   */
  around(x, y, k) {
    return this.trimmed({ k, x: this.room.w / 2 - x * k, y: this.room.h / 2 - y * k });
  }

  /** A view moved so that no room is wasted beyond the drawing's edges. @param {View} view @returns {View} */
  trimmed({ x, y, k }) {
    const { room, margin } = this;
    const lay = (/** @type {number} */ size, /** @type {number} */ space, /** @type {number} */ at) =>
      size * k < space - 2 * margin ? (space - size * k) / 2 : Math.min(margin, Math.max(space - size * k - margin, at));
    return { k, x: lay(this.width, room.w, x), y: lay(this.height, room.h, y) };
  }

  /** Moves to a place only if it is outside of the middle of the view. @param {{x: number, y: number, w: number, h: number}} box */
  follow(box) {
    if (!this.over) return;
    const { x, y, k } = this.view;
    const left = x + box.x * k;
    const top = y + box.y * k;
    const { w, h } = this.room;
    const inside = left > w * 0.2 && left + box.w * k < w * 0.8 && top > h * 0.2 && top + box.h * k < h * 0.8;
    if (!inside) this.centre(box.x + box.w / 2, box.y + box.h / 2);
  }

  stop() {
    cancelAnimationFrame(this.glide);
  }

  /** Glides there, or is there at once. @param {View} to */
  go(to) {
    this.stop();
    if (calm() || document.hidden) {
      this.set(to);
      return;
    }
    const from = { ...this.view };
    const start = performance.now();
    const tick = (/** @type {number} */ time) => {
      const t = Math.min(1, Math.max(0, time - start) / 300);
      const s = t * t * (3 - 2 * t);
      this.set({ x: from.x + (to.x - from.x) * s, y: from.y + (to.y - from.y) * s, k: from.k * Math.pow(to.k / from.k, s) });
      if (t < 1) this.glide = requestAnimationFrame(tick);
    };
    this.glide = requestAnimationFrame(tick);
  }
}

/**
 * Lets pointers move the camera. `tap` is told of a press that did not move, `twice` of two, `long` of one that stayed.
 * @param {Camera} camera
 * @param {{tap: (event: PointerEvent) => void, twice: (x: number, y: number) => void, long: (event: PointerEvent) => void}} heard
 */
export function listenToPointers(camera, heard) {
  const { place } = camera;
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  let dragged = false;
  let last = { time: 0, x: 0, y: 0 };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  const local = (/** @type {PointerEvent | WheelEvent} */ event) => {
    const box = place.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  place.addEventListener("pointerdown", (event) => {
    if (event.button || /** @type {Element} */ (event.target).closest(".node-menu")) return;
    down.set(event.pointerId, local(event));
    camera.stop();
    dragged = dragged && down.size > 1;
    clearTimeout(waiting);
    if (event.pointerType !== "mouse") {
      waiting = setTimeout(() => {
        dragged = true;
        heard.long(event);
      }, 550);
    }
  });
  place.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    const now = local(event);
    if (!dragged && Math.hypot(now.x - before.x, now.y - before.y) < 5) return;
    clearTimeout(waiting);
    if (!dragged) place.setPointerCapture(event.pointerId);
    dragged = true;
    camera.held = true;
    const others = [...down].filter(([id]) => id !== event.pointerId);
    if (others.length) {
      const [, other] = others[0];
      const factor = Math.hypot(now.x - other.x, now.y - other.y) / (Math.hypot(before.x - other.x, before.y - other.y) || 1);
      camera.zoom(factor, other.x, other.y);
    } else camera.set({ ...camera.view, x: camera.view.x + now.x - before.x, y: camera.view.y + now.y - before.y });
    down.set(event.pointerId, now);
  });
  const release = (/** @type {PointerEvent} */ event) => {
    clearTimeout(waiting);
    if (!down.delete(event.pointerId)) return;
    if (dragged || event.type === "pointercancel") {
      if (!down.size) dragged = false;
      return;
    }
    const { x, y } = local(event);
    const again = event.timeStamp - last.time < 350 && Math.hypot(x - last.x, y - last.y) < 24;
    last = { time: again ? 0 : event.timeStamp, x, y };
    if (again) heard.twice(x, y);
    else heard.tap(event);
  };
  place.addEventListener("pointerup", release);
  place.addEventListener("pointercancel", release);
  place.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const { x, y } = local(event);
      camera.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0022)), x, y);
    },
    { passive: false },
  );
}
