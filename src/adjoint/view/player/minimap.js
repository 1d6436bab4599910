/** The whole drawing in a corner, with what is in view: only there when the drawing is larger than the stage. */

import { TONES } from "./canvas.js";
import { h } from "./dom.js";

const WIDE = 160;
const MOST = 100;

export class Minimap {
  /** @param {import("./camera.js").Camera} camera */
  constructor(camera) {
    this.camera = camera;
    this.element = /** @type {HTMLCanvasElement} */ (h("canvas", { class: "minimap", "aria-hidden": "true", hidden: true, width: 2 * WIDE, height: 2 * MOST }));
    /** The drawing without the frame of the view, kept while the camera moves. */
    this.picture = /** @type {HTMLCanvasElement} */ (h("canvas", { width: 2 * WIDE, height: 2 * MOST }));
    /** @type {Record<string, string>} */
    this.colours = {};
    /** @type {import("./canvas.js").Overview | null} */
    this.overview = null;
    /** Whether the picture is of an earlier step. */
    this.stale = false;
    const move = (/** @type {PointerEvent} */ event) => {
      const box = this.element.getBoundingClientRect();
      const { x, y, k } = this.lay();
      camera.held = true;
      camera.stop();
      const { w, h: high } = camera.room;
      const zoom = camera.view.k;
      const at = { x: (event.clientX - box.left - x) / k, y: (event.clientY - box.top - y) / k };
      camera.set({ k: zoom, x: w / 2 - at.x * zoom, y: high / 2 - at.y * zoom });
    };
    this.element.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      this.element.setPointerCapture(event.pointerId);
      move(event);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (event.buttons) move(event);
    });
  }

  /** How the drawing lies in the map, which is as high as the drawing needs. */
  lay() {
    const { width, height } = this.camera;
    const k = Math.min((WIDE - 12) / width, (MOST - 12) / height);
    const high = Math.min(MOST, height * k + 12);
    return { k, high, x: (WIDE - width * k) / 2, y: (high - height * k) / 2 };
  }

  /** Takes over another step; it is drawn once it is seen. @param {import("./canvas.js").Overview} overview @param {Record<string, string>} colours */
  repaint(overview, colours) {
    this.colours = colours;
    this.overview = overview;
    this.stale = true;
    this.follow();
  }

  /** Draws all items anew. @param {import("./canvas.js").Overview} overview @param {Record<string, string>} colours */
  redraw(overview, colours) {
    this.stale = false;
    const ctx = /** @type {CanvasRenderingContext2D} */ (this.picture.getContext("2d"));
    const { k, x, y, high: tall } = this.lay();
    this.element.style.height = `${tall}px`;
    this.element.height = Math.ceil(2 * tall);
    ctx.setTransform(2, 0, 0, 2, 0, 0);
    ctx.fillStyle = colours.panel;
    ctx.fillRect(0, 0, WIDE, MOST);
    const { shapes, itemTones } = overview;
    for (let tone = 0; tone <= TONES.length; tone++) {
      ctx.fillStyle = tone < TONES.length ? colours[TONES[tone]] : colours.ring;
      for (let i = 0; i < itemTones.length; i++) {
        if (tone < TONES.length ? itemTones[i] !== tone : i !== overview.current) continue;
        const more = tone < TONES.length ? 0 : 2;
        const w = Math.max(1.5, shapes[4 * i + 2] * k) + more;
        const high = Math.max(1.5, shapes[4 * i + 3] * k) + more;
        ctx.fillRect(x + shapes[4 * i] * k - more / 2, y + shapes[4 * i + 1] * k - more / 2, w, high);
      }
    }
  }

  /** Shows what is in view. */
  follow() {
    const { camera, element, colours } = this;
    // In a low region it would cover what it shows.
    element.hidden = !camera.over || camera.room.h < 220;
    if (element.hidden || !this.overview) return;
    if (this.stale) this.redraw(this.overview, colours);
    const ctx = /** @type {CanvasRenderingContext2D} */ (element.getContext("2d"));
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.drawImage(this.picture, 0, 0);
    ctx.setTransform(2, 0, 0, 2, 0, 0);
    const lay = this.lay();
    const { x, y, k } = camera.view;
    const left = Math.max(1, lay.x + (-x / k) * lay.k);
    const top = Math.max(1, lay.y + (-y / k) * lay.k);
    const right = Math.min(WIDE - 1, lay.x + ((camera.room.w - x) / k) * lay.k);
    const bottom = Math.min(lay.high - 1, lay.y + ((camera.room.h - y) / k) * lay.k);
    ctx.strokeStyle = colours.ink;
    ctx.lineWidth = 1.5;
    ctx.strokeRect(left, top, Math.max(3, right - left), Math.max(3, bottom - top));
  }
}
