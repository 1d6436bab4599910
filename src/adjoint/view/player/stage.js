/** The graph in its region: one scene at a time, in the page or on a canvas, under one camera. */

import { Camera, listenToPointers } from "./camera.js";
import { Overview, drawCanvas } from "./canvas.js";
import { button, fill, h, svg } from "./dom.js";
import { drawScene, itemEntry } from "./draw.js";
import { graphKey, neighbours, nextItem } from "./graphkeys.js";
import { itemAround } from "./items.js";
import { legendFor } from "./legend.js";
import { Minimap } from "./minimap.js";
import { NodeMenu } from "./nodemenu.js";
import { Now } from "./now.js";
import { Layer, writeSvg } from "./paint.js";
import { pageColours, paletteOf } from "./palette.js";
import { scalesOf } from "./quantities.js";
import { nodeShown } from "./reading.js";
import { buildScene } from "./scene.js";
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

class StageView {
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
    fill(this.graph, this.picture, this.big, this.near, this.menu.element);
    fill(el, this.graph, this.legend, this.minimap.element);
    /** @type {Map<string, number>} */
    this.kept = new Map();
    this.keptFor = "";
    /** Of the item on which the keyboard is; "": none yet. */
    this.focusKey = "";
    this.frame = 0;
    this.shown = 0;
    this.flip = false;
    const state = app.store.get();
    this.scales = scalesOf(state.story);
    this.scene = this.placed(state);
    this.now = new Now(state, this.scales, false);
    this.overview = new Overview(this.scene);
    this.begin(true);
    this.listen();
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
    const { clientWidth: width, clientHeight: height } = this.graph;
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
    const before = this.scene;
    const anchor = before.visible.place.get(this.focusKey);
    const held = anchor === undefined ? null : { key: this.focusKey, box: before.boxes[anchor][0] };
    this.scene = this.placed(this.app.store.get());
    this.overview = new Overview(this.scene);
    this.begin(refit, held);
  }

  /** Shows a scene that was just made. @param {boolean} refit @param {{key: string, box: {x: number, y: number}} | null} [held] */
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
    fill(this.legend, ...legendFor(state.story, this.scales));
  }

  /** Opening a group leaves what the keyboard or pointer was on where it was. @param {{key: string, box: {x: number, y: number}} | null} held */
  steady(held) {
    const { camera, scene } = this;
    const at = held ? scene.visible.place.get(held.key) : undefined;
    if (!held || at === undefined) {
      camera.set(camera.view);
      return;
    }
    const { x, y, k } = camera.view;
    const box = scene.boxes[at][0];
    camera.set({ k, x: x + (held.box.x - box.x) * k, y: y + (held.box.y - box.y) * k });
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
      const drawing = drawScene(this.scene, this.now, this.graph.clientWidth >= TINY);
      const entries = [drawing.frames, drawing.wires, drawing.items, drawing.over];
      this.layers.forEach((layer, i) => layer.paint(entries[i]));
      this.rove();
    }
    this.minimap.repaint(this.overview, this.colours);
    this.minimap.follow();
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
    const { clientWidth: width, clientHeight: height } = this.graph;
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
    for (const [name, { element }] of this.layers[2].known) element.setAttribute("tabindex", name === key ? "0" : "-1");
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
    if (item.group >= 0) this.app.act.toggle(item.group);
    else this.app.act.select(item.node);
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

  /** The item under a point of the window, or the group whose title is there. @param {MouseEvent} event */
  under(event) {
    const { scene, camera } = this;
    if (!this.large) {
      const hit = /** @type {Element} */ (event.target).closest("[data-key]");
      const key = hit ? hit.getAttribute("data-key") || "" : "";
      return { item: scene.visible.place.get(key) ?? -1, frame: key[0] === "f" ? Number(key.slice(1)) : -1 };
    }
    const box = this.graph.getBoundingClientRect();
    const { x, y, k } = camera.view;
    const [px, py] = [(event.clientX - box.left - x) / k, (event.clientY - box.top - y) / k];
    const tab = scene.frames.find(({ tab: t }) => px > t.x && py > t.y && px < t.x + t.w && py < t.y + t.h);
    return { item: tab ? -1 : this.overview.itemAt(px, py, 4 / k), frame: tab ? tab.group : -1 };
  }

  listen() {
    const { app, camera, graph } = this;
    app.store.on((state, changed, user) => this.changed(state, changed, user));
    listenToPointers(camera, {
      tap: (event) => {
        const { item, frame } = this.under(event);
        if (frame >= 0) app.act.toggle(frame, false);
        else if (item >= 0) {
          this.enter(item);
          if (!this.large) this.rove();
        }
      },
      twice: (x, y) => {
        const { view } = camera;
        const k = 1.35;
        if (view.k < k - 0.05) camera.go({ k, x: graph.clientWidth / 2 - ((x - view.x) * k) / view.k, y: graph.clientHeight / 2 - ((y - view.y) * k) / view.k });
        else camera.fit();
      },
      long: (event) => this.openMenu(event),
    });
    graph.addEventListener("contextmenu", (event) => {
      if (this.openMenu(event)) event.preventDefault();
    });
    graph.addEventListener("focusin", (event) => {
      const key = /** @type {Element} */ (event.target).getAttribute("data-key");
      if (key && this.scene.visible.place.has(key)) this.focusKey = key;
      if (this.large) this.requestFrame();
    });
    graph.addEventListener("focusout", () => this.large && this.requestFrame());
    graph.addEventListener("keydown", (event) => this.pressed(event));
    let size = `${graph.clientWidth} ${graph.clientHeight}`;
    new ResizeObserver(() => {
      const now = `${graph.clientWidth} ${graph.clientHeight}`;
      if (now === size || !graph.clientWidth) return;
      size = now;
      // A large drawing is not stretched to its room, so another size only moves the camera.
      if (this.large && this.flip === graph.clientWidth <= NARROW) this.begin(!camera.held);
      else this.arrange(!camera.held);
    }).observe(graph);
    addEventListener("beforeprint", () => {
      this.picture.setAttribute("viewBox", `-8 -8 ${this.scene.width + 16} ${this.scene.height + 16}`);
      this.world.removeAttribute("transform");
    });
    addEventListener("afterprint", () => {
      this.picture.removeAttribute("viewBox");
      this.cameraMoved();
    });
  }

  /** @param {State} state @param {Set<string>} changed @param {boolean} user */
  changed(state, changed, user) {
    if (changed.has("story")) this.scales = scalesOf(state.story);
    if (["story", "open", "view", "slides"].some((name) => changed.has(name))) {
      this.arrange(changed.has("view") || changed.has("slides"));
      return;
    }
    if (!["at", "part", "hidden", "selected", "theme"].some((name) => changed.has(name))) return;
    const before = this.now.state;
    const forth = state.at === before.at + 1 || (state.at === before.at && changed.has("part") && (state.part < 0 || state.part > before.part));
    this.repaint(forth && (changed.has("at") || changed.has("part")));
    if (changed.has("at") && (user || state.playing) && this.overview.current >= 0) this.camera.follow(this.scene.boxes[this.overview.current][0]);
  }

  /** @param {MouseEvent} event @returns {boolean} */
  openMenu(event) {
    const { item } = this.under(event);
    if (item < 0) return false;
    const box = this.graph.getBoundingClientRect();
    this.menuFor(item, event.clientX - box.left, event.clientY - box.top);
    return true;
  }

  /** @param {number} item @param {number} x @param {number} y */
  menuFor(item, x, y) {
    this.menu.open(this.scene.visible.items[item], itemEntry(this.scene, item, this.now).title || "", x, y);
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const hit = /** @type {Element} */ (event.target).closest("[data-key]");
    if (!hit) return;
    const what = graphKey(event, this.app.store.get().letters);
    if (!what) return;
    event.preventDefault();
    const { scene, camera, app } = this;
    const key = hit.getAttribute("data-key") || "";
    const at = scene.visible.place.get(key);
    if (at === undefined) {
      if (what === "enter" || what === "group") app.act.toggle(Number(key.slice(1)), false);
      return;
    }
    const item = scene.visible.items[at];
    if (what === "enter") this.enter(at);
    else if (what === "menu") {
      const { x, y, k } = camera.view;
      this.menuFor(at, x + k * (scene.boxes[at][0].x + scene.boxes[at][0].w), y + k * scene.boxes[at][0].y);
    } else if (what === "group") {
      const group = item.group >= 0 ? item.group : app.store.get().story.nodes[item.node].group;
      if (group === undefined) return;
      const closes = item.group < 0;
      if (closes) this.focusKey = `g${group}`;
      app.act.toggle(group, !closes);
      const now = this.scene.visible.place.get(closes ? `g${group}` : key);
      this.focusItem(now ?? this.currentItem());
    } else this.focusItem(nextItem(scene.visible, at, what));
  }
}
