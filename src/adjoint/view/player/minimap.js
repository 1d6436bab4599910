/** The whole drawing in a corner, with what is in view: only there when the drawing is larger than the stage. */

import { pointIn } from "./camera.js";
import { TONES } from "./canvas.js";
import { h } from "./dom.js";

const WIDE = 160;
const MOST = 100;

/** @typedef {import("./canvas.js").Overview} Overview */

/** @param {HTMLCanvasElement} canvas */
function penOn(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
}

/** @param {import("./camera.js").Camera} camera */
export function createMinimap(camera) {
  const canvas = (/** @type {Record<string, any>} */ more) => /** @type {HTMLCanvasElement} */ (h("canvas", { ...more, width: 2 * WIDE, height: 2 * MOST }));
  const element = canvas({ class: "minimap", "aria-hidden": "true", hidden: true });
  /** The drawing without the frame of the view, kept while the camera moves. */
  const picture = canvas({});
  /** @type {Record<string, string>} */
  let colours = {};
  /** @type {Overview | null} */
  let overview = null;
  /** Whether the picture is of an earlier step. */
  let stale = false;

  /** How the drawing lies in the map, which is as high as the drawing needs. */
  const lay = () => {
    const { width, height } = camera.size();
    const k = Math.min((WIDE - 12) / width, (MOST - 12) / height);
    const high = Math.min(MOST, height * k + 12);
    return { k, high, x: (WIDE - width * k) / 2, y: (high - height * k) / 2 };
  };
  const move = (/** @type {PointerEvent} */ event) => {
    const at = pointIn(element, event);
    const map = lay();
    const { w, h: high } = camera.room();
    const { k } = camera.view();
    camera.held = true;
    camera.stop();
    camera.set({ k, x: w / 2 - ((at.x - map.x) / map.k) * k, y: high / 2 - ((at.y - map.y) / map.k) * k });
  };
  element.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    element.setPointerCapture(event.pointerId);
    move(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (event.buttons) move(event);
  });

  /** Draws all items anew. @param {Overview} given */
  const redraw = ({ shapes, itemTones, current }) => {
    stale = false;
    const ctx = penOn(picture);
    const { k, x, y, high } = lay();
    element.style.height = `${high}px`;
    element.height = Math.ceil(2 * high);
    ctx.setTransform(2, 0, 0, 2, 0, 0);
    ctx.fillStyle = colours.panel;
    ctx.fillRect(0, 0, WIDE, MOST);
    const put = (/** @type {number} */ i, more = 0) => {
      const [left, top, w, tall] = shapes.subarray(4 * i, 4 * i + 4);
      ctx.fillRect(x + left * k - more / 2, y + top * k - more / 2, Math.max(1.5, w * k) + more, Math.max(1.5, tall * k) + more);
    };
    TONES.forEach((name, tone) => {
      ctx.fillStyle = colours[name];
      itemTones.forEach((own, i) => own === tone && put(i));
    });
    ctx.fillStyle = colours.ring;
    if (current >= 0) put(current, 2);
  };

  /** Shows what is in view. */
  const follow = () => {
    const room = camera.room();
    // In a low region it would cover what it shows.
    element.hidden = !camera.over() || room.h < 220;
    if (element.hidden || !overview) return;
    if (stale) redraw(overview);
    const ctx = penOn(element);
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.drawImage(picture, 0, 0);
    ctx.setTransform(2, 0, 0, 2, 0, 0);
    const map = lay();
    const { x, y, k } = camera.view();
    const left = Math.max(1, map.x + (-x / k) * map.k);
    const top = Math.max(1, map.y + (-y / k) * map.k);
    const right = Math.min(WIDE - 1, map.x + ((room.w - x) / k) * map.k);
    const bottom = Math.min(map.high - 1, map.y + ((room.h - y) / k) * map.k);
    ctx.strokeStyle = colours.ink;
    ctx.lineWidth = 1.5;
    ctx.strokeRect(left, top, Math.max(3, right - left), Math.max(3, bottom - top));
  };
  /** Takes over another step; it is drawn once it is seen. @param {Overview} given @param {Record<string, string>} palette */
  const repaint = (given, palette) => {
    [overview, colours, stale] = [given, palette, true];
    follow();
  };
  return { element, follow, repaint };
}
