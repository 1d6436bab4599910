/** The camera over the drawing: pan, zoom, fit, follow; by pointer, pinch, double tap and wheel with Ctrl. */

import { clamp } from "./helpers.js";

/** @typedef {{x: number, y: number, k: number}} View   On the screen a point is at x + k * its place. */

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** @typedef {ReturnType<typeof cameraOver>} Camera */

/** A camera over a place, for a drawing whose size comes later. @param {HTMLElement} place @param {() => void} moved   Called after each change. */
export function cameraOver(place, moved) {
  /** The size of the place, kept because asking for it may lay out the whole page. */
  let room = { w: 0, h: 0 };
  /** @type {View} */
  let view = { x: 0, y: 0, k: 1 };
  let [width, height] = [0, 0];
  /** A small drawing is not shown larger than this. */
  let largest = 1.35;
  let glide = 0;

  const margin = () => (room.w < 500 ? 10 : 24);
  /** The zoom at which all of the drawing is in view. */
  const whole = () => Math.min((room.w - 2 * margin()) / width, (room.h - 2 * margin()) / height, largest);
  /** Whether the drawing is larger than the view. */
  const over = () => width * view.k > room.w + 1 || height * view.k > room.h + 1;
  /** No zoom shows the whole much smaller than the view. @param {number} k */
  const bounded = (k) => Math.min(8, Math.max(Math.min(0.1, whole() / 2), k));
  const stop = () => cancelAnimationFrame(glide);
  /** Some of the drawing stays in view wherever it is dragged. @param {View} to */
  const set = (to) => {
    const k = bounded(to.k);
    view = { k, x: clamp(to.x, 60 - width * k, room.w - 60), y: clamp(to.y, 60 - height * k, room.h - 60) };
    moved();
  };
  /** @param {number} k @returns {View} */
  const centred = (k) => ({ k, x: (room.w - width * k) / 2, y: (room.h - height * k) / 2 });
  /** A view moved so that no room is wasted beyond the drawing's edges. @param {View} view @returns {View} */
  const trimmed = ({ x, y, k }) => {
    const lay = (/** @type {number} */ size, /** @type {number} */ space, /** @type {number} */ at) =>
      size * k < space - 2 * margin() ? (space - size * k) / 2 : clamp(at, space - size * k - margin(), margin());
    return { k, x: lay(width, room.w, x), y: lay(height, room.h, y) };
  };
  /** The view with a place in the middle, but no room wasted. @param {number} x @param {number} y @param {number} k */
  const around = (x, y, k) => trimmed({ k, x: room.w / 2 - x * k, y: room.h / 2 - y * k });
  /** Glides there, or is there at once. @param {View} to */
  const go = (to) => {
    stop();
    if (calm() || document.hidden) {
      set(to);
      return;
    }
    const from = view;
    const start = performance.now();
    const tick = (/** @type {number} */ time) => {
      const t = clamp((time - start) / 300, 0, 1);
      const s = t * t * (3 - 2 * t);
      set({ x: from.x + (to.x - from.x) * s, y: from.y + (to.y - from.y) * s, k: from.k * Math.pow(to.k / from.k, s) });
      if (t < 1) glide = requestAnimationFrame(tick);
    };
    glide = requestAnimationFrame(tick);
  };
  /** @param {number} x @param {number} y   A place in the drawing. @param {number} [k] */
  const centre = (x, y, k = view.k) => go(around(x, y, k));

  const camera = {
    /** Whether the user has chosen what is in view. */
    held: false,
    place,
    margin,
    whole,
    over,
    stop,
    set,
    centred,
    trimmed,
    centre,
    view: () => view,
    room: () => room,
    size: () => ({ width, height }),
    /** To be called when the place has got its size, or another one. */
    measure() {
      room = { w: place.clientWidth, h: place.clientHeight };
    },
    /** Takes over another drawing; says whether it has another size. @param {number} wide @param {number} high @param {number} most */
    look(wide, high, most) {
      const other = width !== wide || height !== high;
      [width, height, largest] = [wide, high, most];
      return other;
    },
    /** All of the drawing, however small. */
    fit() {
      camera.held = false;
      go(centred(whole()));
    },
    /**
     * The first view of a drawing: all of it where that can be read, else the part around a place.
     * @param {{x: number, y: number} | null} at @param {number} least   The zoom from which it can be read.
     */
    open(at, least) {
      camera.held = false;
      stop();
      set(whole() >= least ? centred(whole()) : around(at ? at.x : 0, at ? at.y : 0, least));
    },
    /** @param {number} factor @param {number} [x] @param {number} [y] */
    zoom(factor, x = room.w / 2, y = room.h / 2) {
      const k = bounded(view.k * factor);
      camera.held = true;
      stop();
      set({ k, x: x - ((x - view.x) * k) / view.k, y: y - ((y - view.y) * k) / view.k });
    },
    /**
     * Moves to a place only if it is outside of the middle of the view.
     * @param {{x: number, y: number, w: number, h: number}} box @param {number} [edge]   What is not the middle, on each side.
     */
    follow(box, edge = 0.2) {
      const { x, y, k } = view;
      const { w, h } = room;
      const left = x + box.x * k;
      const top = y + box.y * k;
      const inside = left > w * edge && left + box.w * k < w * (1 - edge) && top > h * edge && top + box.h * k < h * (1 - edge);
      if (over() && !inside) centre(box.x + box.w / 2, box.y + box.h / 2);
    },
  };
  return camera;
}

/** Where in an element an event is. @param {Element} place @param {MouseEvent} event */
export function pointIn(place, event) {
  const box = place.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
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
  const local = (/** @type {MouseEvent} */ event) => pointIn(place, event);
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
    const [, other] = [...down].find(([id]) => id !== event.pointerId) || [];
    if (other) {
      const factor = Math.hypot(now.x - other.x, now.y - other.y) / (Math.hypot(before.x - other.x, before.y - other.y) || 1);
      camera.zoom(factor, other.x, other.y);
    } else {
      const { x, y, k } = camera.view();
      camera.set({ k, x: x + now.x - before.x, y: y + now.y - before.y });
    }
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
