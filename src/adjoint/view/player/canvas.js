/** Large graphs on a canvas: only what is in view, and only as much of it as the zoom lets one see. */

import { frameEntry, itemEntry, itemReached, wireEntry } from "./draw.js";
import { within } from "./helpers.js";
import { edgesOn } from "./items.js";
import { MATH_FONT, UI_FONT } from "./palette.js";
import { signShown } from "./quantities.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./now.js").Now} Now */
/** @typedef {import("./camera.js").View} View */

const FAR = 20000;
const AHEAD = 0;
const REACHED = 1;
const POS = 2;
const ZERO = 4;
const BAD = 5;
export const TONES = ["edge", "wire", "pos", "neg", "zero", "bad"];

/** @param {import("./types.js").Quantity | undefined} value */
function toneNumber(value) {
  const tone = TONES.indexOf(signShown(value));
  return tone < 0 ? ZERO : tone;
}

/** @typedef {ReturnType<typeof overviewOf>} Overview */

/** What a canvas needs of a scene, in flat arrays. @param {Scene} scene */
export function overviewOf(scene) {
  const { boxes, wires, flip, visible } = scene;
  const { items } = visible;
  const quads = (/** @type {any[]} */ list) => new Float32Array(list.length * 4);
  /** By item: the shape's box, then the box around it with all its labels. */
  const shapes = quads(boxes);
  const rooms = quads(boxes);
  boxes.forEach((own, i) => {
    const [{ x, y, w, h }] = own;
    shapes.set([x, y, w, h], 4 * i);
    rooms.set([Math.min(...own.map((b) => b.x)), Math.min(...own.map((b) => b.y)), Math.max(...own.map((b) => b.x + b.w)), Math.max(...own.map((b) => b.y + b.h))], 4 * i);
  });
  /** By wire: its ends, and the box around it. */
  const ends = quads(wires);
  const spans = quads(wires);
  wires.forEach(({ path }, w) => {
    if (!path.length) return;
    let low = Infinity;
    let high = -Infinity;
    for (const c of path) {
      low = Math.min(low, c[1], c[7]);
      high = Math.max(high, c[1], c[7]);
    }
    const [u0, v0] = path[0];
    const [, , , , , , u1, v1] = path[path.length - 1];
    ends.set(flip ? [v0, u0, v1, u1] : [u0, v0, u1, v1], 4 * w);
    spans.set(flip ? [low, u0, high, u1] : [u0, low, u1, high], 4 * w);
  });
  const itemTones = new Uint8Array(boxes.length);
  const wireTones = new Uint8Array(wires.length);
  const overview = {
    scene,
    shapes,
    rooms,
    ends,
    spans,
    itemTones,
    wireTones,
    /** The item that the step is about; -1 where there is none. */
    current: -1,
    /** How everything is coloured at a step. @param {Now} now */
    colour(now) {
      const { story, state } = now;
      overview.current = items.findIndex(now.isCurrent);
      items.forEach((item, i) => {
        const { node, tells } = item;
        let tone = itemReached(scene, item, now) ? REACHED : AHEAD;
        if (node >= 0 && tone && signShown(story.nodes[node].value) === "bad") tone = BAD;
        else if (tells >= 0 && state.known.total[tells] <= state.at && now.expects(tells)) tone = toneNumber(story.nodes[tells].grad);
        itemTones[i] = tone;
      });
      wires.forEach(({ run, item }, w) => {
        const edge = story.edges[edgesOn(visible, run)[0]];
        wireTones[w] = !edge ? itemTones[item] : now.flowed(edge.id) && edge.contrib !== undefined ? toneNumber(edge.contrib) : now.reached(edge.dst) ? REACHED : AHEAD;
      });
    },
    /** The item at a place of the drawing. @param {number} x @param {number} y @param {number} slack */
    itemAt(x, y, slack) {
      const found = boxes.findIndex(([shape]) => within(shape, x, y, slack));
      return found >= 0 ? found : boxes.findIndex((_, i) => x > rooms[4 * i] && y > rooms[4 * i + 1] && x < rooms[4 * i + 2] && y < rooms[4 * i + 3]);
    },
  };
  return overview;
}

/**
 * Draws one frame.
 * @param {CanvasRenderingContext2D} ctx
 * @param {Overview} overview
 * @param {Now} now
 * @param {View} view
 * @param {{width: number, height: number, density: number, colours: Record<string, string>, focused: number}} how
 */
export function drawCanvas(ctx, overview, now, view, { width, height, density, colours, focused }) {
  const { scene, shapes, rooms, spans } = overview;
  const { k } = view;
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.clearRect(0, 0, width * density, height * density);
  ctx.setTransform(k * density, 0, 0, k * density, view.x * density, view.y * density);
  const [x0, y0, x1, y1] = [-view.x / k, -view.y / k, (width - view.x) / k, (height - view.y) / k];
  const seen = (/** @type {Float32Array} */ box, /** @type {number} */ i) => box[i] < x1 && box[i + 2] > x0 && box[i + 1] < y1 && box[i + 3] > y0;
  let shown = 0;
  for (const frame of scene.frames) {
    if (frame.x > x1 || frame.y > y1 || frame.x + frame.w < x0 || frame.y + frame.h < y0) continue;
    paintMarks(ctx, frameEntry(scene, frame, now).marks, colours);
  }
  if (k >= 0.6) {
    for (let w = 0; w < scene.wires.length; w++) {
      const path = seen(spans, 4 * w) ? pathIn(scene.wires[w].path, scene.flip, x0, y0, x1, y1) : [];
      if (path.length) paintMarks(ctx, wireEntry(scene, { ...scene.wires[w], path }, now).marks, colours, path.some((c) => Math.abs(c[7] - c[1]) > FAR));
    }
    for (let i = 0; i < scene.boxes.length; i++) {
      if (!seen(rooms, 4 * i)) continue;
      shown++;
      paintMarks(ctx, itemEntry(scene, i, now).marks, colours);
    }
  } else {
    strokeWires(ctx, overview, k, colours, [x0, y0, x1, y1]);
    /** @type {number[][]} */
    const byTone = TONES.map(() => []);
    for (let i = 0; i < scene.boxes.length; i++) if (seen(rooms, 4 * i)) byTone[overview.itemTones[i]].push(i);
    ctx.lineWidth = 1.6;
    ctx.setLineDash([]);
    byTone.forEach((items, tone) => {
      shown += items.length;
      ctx.beginPath();
      for (const i of items) {
        const [x, y, w, h] = shapes.subarray(4 * i, 4 * i + 4);
        if (k < 0.25) ctx.rect(x, y, Math.max(w, 1.2 / k), Math.max(h, 1.2 / k));
        else ctx.roundRect(x, y, w, h, scene.boxes[i][0].round ? h / 2 : 9);
      }
      ctx.fillStyle = k < 0.25 ? colours[TONES[tone]] : tone >= POS ? colours[TONES[tone] + "bg"] : colours.stage;
      ctx.fill();
      if (k < 0.25) return;
      ctx.strokeStyle = colours[tone === REACHED ? "ink" : TONES[tone]];
      ctx.stroke();
      if (k >= 0.4) {
        ctx.fillStyle = colours[tone === AHEAD ? "ink2" : "ink"];
        ctx.textAlign = "center";
        for (const i of items) symbolOf(ctx, scene.boxes[i][0]);
      }
    });
    if (overview.current >= 0) {
      const [x, y, w, h] = shapes.subarray(4 * overview.current, 4 * overview.current + 4);
      ctx.fillStyle = colours.here;
      ctx.strokeStyle = colours.ring;
      ctx.lineWidth = 3 / k;
      ctx.beginPath();
      ctx.rect(x - 2 / k, y - 2 / k, w + 4 / k, h + 4 / k);
      ctx.fill();
      ctx.stroke();
      ctx.fillStyle = colours.ink;
      if (k >= 0.4) symbolOf(ctx, scene.boxes[overview.current][0]);
    }
  }
  if (focused >= 0) {
    const [x, y, w, h] = shapes.subarray(4 * focused, 4 * focused + 4);
    ctx.strokeStyle = colours.pos;
    ctx.lineWidth = 3 / Math.min(k, 1);
    ctx.setLineDash([]);
    ctx.strokeRect(x - 5, y - 5, w + 10, h + 10);
  }
  return shown;
}

/** @param {CanvasRenderingContext2D} ctx @param {import("./scene.js").Box} box */
function symbolOf(ctx, box) {
  const { kind, size, text, x, y, w, h } = box;
  ctx.font = kind === "variable" || kind === "root" ? `italic ${size}px ${MATH_FONT}` : `${size}px ${UI_FONT}`;
  ctx.fillText(text, x + w / 2, y + h / 2 + size * 0.33);
}

/**
 * The part of a path that can be in view: its ends lie outside, or are its own.
 * @param {import("./paths.js").Path} path @param {boolean} flip @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1
 */
function pathIn(path, flip, x0, y0, x1, y1) {
  const [u0, v0, u1, v1] = flip ? [y0, x0, y1, x1] : [x0, y0, x1, y1];
  // Paths never turn back, so the first piece in view is found by halving.
  let low = 0;
  let high = path.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (path[middle][6] < u0 - 20) low = middle + 1;
    else high = middle;
  }
  let first = -1;
  let last = -1;
  for (let i = low; i < path.length && path[i][0] < u1 + 20; i++) {
    const c = path[i];
    if (Math.min(c[1], c[7]) > v1 + 20 || Math.max(c[1], c[7]) < v0 - 20) continue;
    if (first < 0) first = i;
    last = i;
  }
  return first < 0 ? [] : path.slice(first, last + 1);
}

/**
 * All wires in view, a stroke for each colour: straight from afar, as they run from nearer.
 * @param {CanvasRenderingContext2D} ctx @param {Overview} overview @param {number} k @param {Record<string, string>} colours
 * @param {[number, number, number, number]} view
 */
function strokeWires(ctx, overview, k, colours, view) {
  const { scene, spans, ends, wireTones } = overview;
  const { flip } = scene;
  const [x0, y0, x1, y1] = view;
  ctx.setLineDash([]);
  ctx.lineWidth = Math.max(1.6, 0.5 / k);
  TONES.forEach((name, tone) => {
    ctx.strokeStyle = colours[name];
    ctx.globalAlpha = k < 0.25 ? 0.45 : tone === AHEAD ? 0.5 : 0.8;
    ctx.beginPath();
    for (let w = 0; w < wireTones.length; w++) {
      const i = 4 * w;
      if (wireTones[w] !== tone || spans[i] > x1 || spans[i + 2] < x0 || spans[i + 1] > y1 || spans[i + 3] < y0) continue;
      if (k < 0.4) {
        straightIn(ctx, ends[i], ends[i + 1], ends[i + 2], ends[i + 3], view);
        continue;
      }
      const path = pathIn(scene.wires[w].path, flip, x0, y0, x1, y1);
      if (path.length) ctx.moveTo(path[0][flip ? 1 : 0], path[0][flip ? 0 : 1]);
      for (const c of path) {
        if (flip) ctx.bezierCurveTo(c[3], c[2], c[5], c[4], c[7], c[6]);
        else ctx.bezierCurveTo(c[2], c[3], c[4], c[5], c[6], c[7]);
      }
    }
    ctx.stroke();
  });
  ctx.globalAlpha = 1;
}

/**
 * Adds the part of a straight line that is in view.
 * @param {CanvasRenderingContext2D} ctx @param {number} ax @param {number} ay @param {number} bx @param {number} by @param {[number, number, number, number]} view
 */
function straightIn(ctx, ax, ay, bx, by, [x0, y0, x1, y1]) {
  let from = 0;
  let to = 1;
  for (const [p, q] of [[ax - bx, ax - x0], [bx - ax, x1 - ax], [ay - by, ay - y0], [by - ay, y1 - ay]]) {
    if (!p && q < 0) return;
    if (p < 0) from = Math.max(from, q / p);
    else if (p > 0) to = Math.min(to, q / p);
  }
  if (from >= to) return;
  ctx.moveTo(ax + (bx - ax) * from, ay + (by - ay) * from);
  ctx.lineTo(ax + (bx - ax) * to, ay + (by - ay) * to);
}

/** @param {CanvasRenderingContext2D} ctx @param {import("./marks.js").Mark[]} marks @param {Record<string, string>} colours @param {boolean} [far]   Whether lines are too long for dashes to be drawn in time. */
function paintMarks(ctx, marks, colours, far = false) {
  const colourOf = (/** @type {any} */ name) => colours[name] || "#000";
  for (const { t, a, s = "", spans } of marks) {
    const { fill, stroke } = a;
    const dashes = a["stroke-dasharray"];
    const anchor = a["text-anchor"];
    ctx.setLineDash(dashes && !far ? String(dashes).split(" ").map(Number) : []);
    ctx.lineDashOffset = Number(a["stroke-dashoffset"] || 0);
    ctx.lineCap = a["stroke-linecap"] === "round" ? "round" : "butt";
    if (t === "text") {
      /** @type {{s: string, b: Record<string, any>}[]} */
      const pieces = (spans || [{ s, a }]).map((p) => ({ s: p.s, b: { ...a, ...p.a } }));
      const use = (/** @type {Record<string, any>} */ b) => {
        ctx.font = `${b["font-style"] || "normal"} ${b["font-weight"] || 400} ${a["font-size"]}px ${b["font-family"] || UI_FONT}`;
      };
      const widths = pieces.map((p) => {
        use(p.b);
        return ctx.measureText(p.s).width + (p.b.dx || 0);
      });
      const whole = widths.reduce((sum, width) => sum + width, 0);
      let x = Number(a.x) - (anchor === "middle" ? whole / 2 : anchor === "end" ? whole : 0);
      ctx.textAlign = "left";
      pieces.forEach((p, i) => {
        use(p.b);
        ctx.fillStyle = colourOf(p.b.fill);
        ctx.fillText(p.s, x + (p.b.dx || 0), Number(a.y));
        x += widths[i];
      });
      continue;
    }
    const shape = new Path2D(t === "rect" ? "" : String(a.d));
    if (t === "rect") {
      const [x, y, w, h] = [a.x, a.y, a.width, a.height].map(Number);
      shape.roundRect(x, y, w, h, Math.min(Number(a.rx || 0), w / 2, h / 2));
    }
    if (fill && fill !== "none") {
      ctx.globalAlpha = Number(a["fill-opacity"] ?? 1);
      ctx.fillStyle = colourOf(fill);
      ctx.fill(shape);
    }
    if (stroke && stroke !== "none") {
      ctx.globalAlpha = Number(a["stroke-opacity"] ?? 1);
      ctx.strokeStyle = colourOf(stroke);
      ctx.lineWidth = Number(a["stroke-width"] || 1);
      ctx.stroke(shape);
    }
    ctx.globalAlpha = 1;
  }
}
