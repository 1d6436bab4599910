/** The graph in its region: one scene at a time, in the page or on a canvas, under one camera. */

import { Camera } from "./camera.js";
import { Overview, drawCanvas } from "./canvas.js";
import { button, fill, h, svg } from "./dom.js";
import { drawScene, itemEntry } from "./draw.js";
import { neighbours } from "./graphkeys.js";
import { itemAround } from "./items.js";
import { legendItems, legendRows } from "./legend.js";
import { Minimap } from "./minimap.js";
import { NodeMenu } from "./nodemenu.js";
import { Now } from "./now.js";
import { Layer, writeSvg } from "./paint.js";
import { pageColours, paletteOf } from "./palette.js";
import { scalesOf } from "./quantities.js";
import { nodeShown } from "./reading.js";
import { buildScene } from "./scene.js";
import { listenToStage } from "./stageinput.js";
import { cleanText } from "./textsize.js";

/** @typedef {import("./types.js").App} App */
/** @typedef {import("./types.js").State} State */

/** Above so many items and wires the graph is drawn on a canvas. */
const MANY = 1200;
const NARROW = 700;
const TINY = 350;
/** Text can be read from this zoom on; of a large graph one wants to see the shape first. */
const LEGIBLE = 0.82;
const SHAPE = 0.12;

/**
 * Mounts the graph.
 * @param {HTMLElement} el
 * @param {App} app
 * @returns {import("./types.js").Stage}
 */
export function mountStage(el, app) {
  return new StageView(el, app).offered();
}

export class StageView {
  /** @param {HTMLElement} el @param {App} app */
  constructor(el, app) {
    this.app = app;
    this.graph = h("div", { class: "graph", role: "group", "aria-label": "Graph" });
    this.layers = ["frames", "wires", "items", "over"].map((name) => new Layer(svg("g", { class: name }), pageColours()));
    this.world = svg("g", null, ...this.layers.map((l) => l.group));
    this.picture = svg("svg", null, this.world);
    this.big = /** @type {HTMLCanvasElement} */ (h("canvas", { class: "big", "aria-hidden": "true", hidden: true }));
    this.near = h("div", { class: "near" });
    this.camera = new Camera(this.graph, () => this.cameraMoved());
    this.minimap = new Minimap(this.camera);
    this.menu = new NodeMenu(app);
    this.legend = h("ul", { class: "legend" });
    this.legendKey = "";
    fill(this.graph, this.picture, this.big, this.near, this.menu.element);
    fill(el, this.graph, this.legend, this.minimap.element);
    this.camera.measure();
    /** @type {Map<string, number>} */
    this.kept = new Map();
    this.keptFor = "";
    /** Of the item on which the keyboard is; "": none yet. */
    this.focusKey = "";
    /** Where the tab key stops now. */
    this.stop = "";
    this.frame = 0;
    this.shown = 0;
    this.flip = false;
    const state = app.store.get();
    this.scales = scalesOf(state.story);
    this.scene = this.placed(state);
    this.now = new Now(state, this.scales, false);
    this.overview = new Overview(this.scene);
    this.begin(true);
    app.store.on((now, changed, user) => this.changed(now, changed, user));
    listenToStage(this);
  }

  /** @returns {import("./types.js").Stage} */
  offered() {
    return {
      fit: () => this.camera.fit(),
      zoom: (factor) => this.camera.zoom(factor),
      actualSize: () => this.camera.zoom(1 / this.camera.view.k),
      show: (node) => this.show(node),
      focus: (node) => this.focus(node),
      toSvg: (options) => this.toSvg(options),
    };
  }

  get large() {
    return this.scene.visible.items.length + this.scene.wires.length > MANY;
  }

  /** The scene for the room that there is. @param {State} state */
  placed(state) {
    const { story, open, view } = state;
    const { w: width, h: height } = this.camera.room;
    const flip = width > 0 && width <= NARROW;
    // While numbers are edited nothing shrinks; another graph or another way to draw it starts anew.
    const graph = `${story.nodes.length} ${story.edges.length} ${[...open]} ${view} ${flip} ${width} ${height}`;
    this.flip = flip;
    if (graph !== this.keptFor) this.kept = new Map();
    this.keptFor = graph;
    const room = /** @type {[number, number] | undefined} */ (width ? [width - 2 * this.camera.margin, height - 2 * this.camera.margin] : undefined);
    return buildScene(story, { open, flip, textbook: view === "textbook", kept: this.kept, room });
  }

  /** Places everything anew. @param {boolean} refit   Whether the camera starts anew as well. */
  arrange(refit) {
    const held = this.placeOf(this.focusKey);
    this.scene = this.placed(this.app.store.get());
    this.overview = new Overview(this.scene);
    this.begin(refit, held);
  }

  /** Where an item is, or the frame that a group has become. @param {string} key @returns {{x: number, y: number} | null} */
  placeOf(key) {
    const { visible, boxes, frames } = this.scene;
    const at = visible.place.get(key);
    return at === undefined ? frames.find((f) => `g${f.group}` === key) || null : boxes[at][0];
  }

  /** Shows a scene that was just made. @param {boolean} refit @param {{x: number, y: number} | null} [held] */
  begin(refit, held = null) {
    const state = this.app.store.get();
    const { camera, scene } = this;
    const same = camera.width === scene.width && camera.height === scene.height;
    camera.width = scene.width;
    camera.height = scene.height;
    this.picture.toggleAttribute("hidden", this.large);
    this.big.hidden = !this.large;
    if (this.large) for (const layer of this.layers) layer.paint([]);
    else fill(this.near);
    this.repaint(false);
    camera.largest = state.slides ? 2 : 1.35;
    if (refit) camera.open(this.currentBox(), this.large ? SHAPE : LEGIBLE);
    else if (!same && !camera.held && camera.whole >= LEGIBLE) camera.set(camera.centred(camera.whole));
    else this.steady(held);
    const { rows, key } = legendRows(state.story, this.scales);
    if (key !== this.legendKey) fill(this.legend, ...legendItems(rows));
    this.legendKey = key;
  }

  /** Opening a group leaves what the keyboard or pointer was on where it was. @param {{x: number, y: number} | null} held */
  steady(held) {
    const { camera } = this;
    const { x, y, k } = camera.view;
    const now = held && this.placeOf(this.focusKey);
    const view = held && now ? { k, x: x + (held.x - now.x) * k, y: y + (held.y - now.y) * k } : camera.view;
    camera.set(camera.held ? view : camera.trimmed(view));
  }

  /** Another size of the region. A large drawing is not stretched to its room, so there only the camera moves. */
  resized() {
    this.camera.measure();
    if (this.large && this.flip === this.camera.room.w <= NARROW) this.begin(!this.camera.held);
    else this.arrange(!this.camera.held);
  }

  /** @param {boolean} fresh   Whether a step has just come, so that what is new may glide in. */
  repaint(fresh) {
    const state = this.app.store.get();
    this.now = new Now(state, this.scales, fresh);
    this.colours = paletteOf(state.theme);
    this.overview.colour(this.now);
    if (this.large) {
      this.listNear();
      this.requestFrame();
    } else {
      const drawing = drawScene(this.scene, this.now, this.camera.room.w >= TINY);
      const entries = [drawing.frames, drawing.wires, drawing.items, drawing.over];
      this.layers.forEach((layer, i) => layer.paint(entries[i]));
      this.rove();
    }
    this.minimap.repaint(this.overview, this.colours);
  }

  cameraMoved() {
    const { x, y, k } = this.camera.view;
    this.graph.classList.toggle("over", this.camera.over);
    if (this.large) this.requestFrame();
    else this.world.setAttribute("transform", `translate(${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}) scale(${Math.round(k * 1e4) / 1e4})`);
    this.minimap.follow();
  }

  requestFrame() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.drawFrame());
  }

  drawFrame() {
    this.frame = 0;
    const { w: width, h: height } = this.camera.room;
    const density = Math.min(devicePixelRatio || 1, 2);
    const { big } = this;
    if (big.width !== Math.round(width * density) || big.height !== Math.round(height * density)) {
      big.width = Math.round(width * density);
      big.height = Math.round(height * density);
    }
    const ctx = /** @type {CanvasRenderingContext2D} */ (big.getContext("2d"));
    const focused = this.near.contains(document.activeElement) ? (this.scene.visible.place.get(this.focusKey) ?? -1) : -1;
    const colours = this.colours || paletteOf("light");
    this.shown = drawCanvas(ctx, this.overview, this.now, this.camera.view, { width, height, density, colours, focused });
    big.dataset.drawn = String(this.shown);
  }

  /** The item that the step is about, or else the one that the inspector shows. */
  currentItem() {
    const { overview, scene } = this;
    if (overview.current >= 0) return overview.current;
    const state = this.app.store.get();
    const item = itemAround(scene.visible, state.story, state.open, nodeShown(state));
    return item ? (scene.visible.place.get(item.key) ?? 0) : 0;
  }

  currentBox() {
    const box = (this.scene.boxes[this.currentItem()] || [])[0];
    return box ? { x: box.x + box.w / 2, y: box.y + box.h / 2 } : null;
  }

  /** One stop of the tab key in the graph: where the keyboard was, or else the current item. */
  rove() {
    const { items } = this.scene.visible;
    if (!items.length) return;
    const inside = this.graph.contains(document.activeElement) && this.scene.visible.place.has(this.focusKey);
    const key = inside ? this.focusKey : items[this.currentItem()].key;
    if (key === this.stop && this.layers[2].known.get(key)?.element.getAttribute("tabindex") === "0") return;
    for (const [name, { element }] of this.layers[2].known) element.setAttribute("tabindex", name === key ? "0" : "-1");
    this.stop = key;
  }

  /** On a canvas: buttons out of sight for the item of the keyboard and those around it. */
  listNear() {
    const { scene, now } = this;
    const inside = this.near.contains(document.activeElement);
    const at = inside ? (scene.visible.place.get(this.focusKey) ?? this.currentItem()) : this.currentItem();
    const made = neighbours(scene.visible, at).map((i) => {
      const { label, key } = itemEntry(scene, i, now);
      return button(label || key, () => this.enter(i), { "data-key": key, tabindex: i === at ? 0 : -1 });
    });
    fill(this.near, ...made);
    if (inside && made[0]) made[0].focus({ preventScroll: true });
  }

  /** Moves the keyboard to an item. @param {number} i */
  focusItem(i) {
    const { key } = this.scene.visible.items[i];
    if (this.large && !this.near.contains(document.activeElement)) this.near.querySelector("button")?.focus({ preventScroll: true });
    this.focusKey = key;
    if (this.large) {
      this.listNear();
      this.requestFrame();
    } else {
      this.layers[2].known.get(this.focusKey)?.element.focus({ preventScroll: true });
      this.rove();
    }
    this.camera.follow(this.scene.boxes[i][0]);
  }

  /** @param {number} i */
  enter(i) {
    const item = this.scene.visible.items[i];
    this.focusKey = item.key;
    if (item.group >= 0) this.toggle(item.group, true);
    else {
      this.app.act.select(item.node);
      if (!this.large) this.rove();
    }
  }

  /** Opens or closes a group, and keeps the keyboard where it was, or on what has come instead. @param {number} group @param {boolean} opens */
  toggle(group, opens) {
    const { story } = this.app.store.get();
    this.focusKey = `g${group}`;
    const inside = this.graph.contains(document.activeElement);
    this.app.act.toggle(group, opens);
    if (!inside) return;
    const { items, place } = this.scene.visible;
    const first = items.findIndex((item) => item.node >= 0 && story.nodes[item.node].group === group);
    this.focusItem(place.get(`g${group}`) ?? (first < 0 ? this.currentItem() : first));
  }

  /** @param {number} [node] */
  focus(node) {
    const { story, open } = this.app.store.get();
    const item = node === undefined ? undefined : itemAround(this.scene.visible, story, open, node);
    this.focusItem(item ? (this.scene.visible.place.get(item.key) ?? 0) : this.currentItem());
  }

  /** @param {number} node */
  show(node) {
    const { story, open } = this.app.store.get();
    const item = itemAround(this.scene.visible, story, open, node);
    const at = item && this.scene.visible.place.get(item.key);
    if (at === undefined) return;
    const box = this.scene.boxes[at][0];
    const { camera } = this;
    if (camera.over || camera.view.k < 0.6) camera.centre(box.x + box.w / 2, box.y + box.h / 2, Math.max(camera.view.k, 0.82));
  }

  /** @param {{theme?: "light" | "dark", clear?: boolean}} [options] */
  toSvg({ theme, clear = false } = {}) {
    const state = this.app.store.get();
    const colours = paletteOf(theme || state.theme);
    const { frames, wires, items, over } = drawScene(this.scene, new Now(state, this.scales, false), true);
    const { width, height } = this.scene;
    const entries = [...frames, ...wires, ...items, ...over];
    return writeSvg(entries, { width, height, margin: 24, ground: clear ? "" : colours.stage, colours, title: cleanText(state.story.title) });
  }

  /** @param {State} state @param {Set<string>} changed @param {boolean} user */
  changed(state, changed, user) {
    if (changed.has("story")) this.scales = scalesOf(state.story);
    if (["story", "open", "view", "slides"].some((name) => changed.has(name))) {
      const other = changed.has("story") && !sameItems(this.now.story, state.story);
      if (other) this.keptFor = this.focusKey = "";
      this.arrange(other || changed.has("view") || changed.has("slides"));
      return;
    }
    if (!["at", "part", "hidden", "selected", "theme"].some((name) => changed.has(name))) return;
    const before = this.now.state;
    const forth = state.at === before.at + 1 || (state.at === before.at && changed.has("part") && (state.part < 0 || state.part > before.part));
    this.repaint(forth && (changed.has("at") || changed.has("part")));
    if (changed.has("at") && (user || state.playing) && this.overview.current >= 0) this.camera.follow(this.scene.boxes[this.overview.current][0]);
  }
}

/** Whether two stories are drawn alike but for their numbers. @param {import("./types.js").Story} a @param {import("./types.js").Story} b */
function sameItems(a, b) {
  return a.nodes.length === b.nodes.length && a.edges.length === b.edges.length && a.nodes.every((node, i) => node.op === b.nodes[i].op && node.name === b.nodes[i].name);
}
