/** The graph in its region: one scene at a time, in the page or on a canvas, under one camera. */

import { cameraOver } from "./camera.js";
import { drawCanvas, overviewOf } from "./canvas.js";
import { button, fill, h, svg } from "./dom.js";
import { drawScene, itemEntry } from "./draw.js";
import { neighbours } from "./graphkeys.js";
import { itemAround } from "./items.js";
import { legendItems, legendRows } from "./legend.js";
import { createMinimap } from "./minimap.js";
import { createNodeMenu } from "./nodemenu.js";
import { nowOf } from "./now.js";
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
/** On a slide from as far as the last row: there the smallest numbers are 16 high. */
const SLIDE = 1;
const SHAPE = 0.12;

/** @typedef {ReturnType<typeof stageView>} StageView */

/**
 * Mounts the graph.
 * @param {HTMLElement} el
 * @param {App} app
 * @returns {import("./types.js").Stage}
 */
export function mountStage(el, app) {
  const view = stageView(el, app);
  listenToStage(view);
  return view.offered;
}

/** @param {HTMLElement} el @param {App} app */
function stageView(el, app) {
  const { store, act } = app;
  const graph = h("div", { class: "graph", role: "group", "aria-label": "Graph" });
  const layers = ["frames", "wires", "items", "over"].map((name) => new Layer(svg("g", { class: name }), pageColours()));
  const elements = () => layers[2].known;
  const world = svg("g", null, ...layers.map((l) => l.group));
  const picture = svg("svg", null, world);
  const big = /** @type {HTMLCanvasElement} */ (h("canvas", { class: "big", "aria-hidden": "true", hidden: true }));
  const near = h("div", { class: "near" });
  const camera = cameraOver(graph, cameraMoved);
  const minimap = createMinimap(camera);
  const menu = createNodeMenu(app);
  const legend = h("ul", { class: "legend" });
  let legendKey = "";
  fill(graph, picture, big, near, menu.element);
  fill(el, graph, legend, minimap.element);
  camera.measure();
  /** @type {Map<string, number>} */
  let kept = new Map();
  let keptFor = "";
  /** Of the item on which the keyboard is; "": none yet. */
  let focusKey = "";
  /** Where the tab key stops now. */
  let stop = "";
  let frame = 0;
  let flip = false;
  let scales = scalesOf(store.get().story);
  let scene = placed();
  let now = nowOf(store.get(), scales, false);
  let colours = paletteOf("light");
  let overview = overviewOf(scene);
  begin(true);
  store.on(changed);

  function isLarge() {
    return scene.visible.items.length + scene.wires.length > MANY;
  }

  /** @param {string} key */
  function placeAt(key) {
    return scene.visible.place.get(key);
  }

  /** @param {HTMLElement} place */
  function holdsFocus(place) {
    return place.contains(document.activeElement);
  }

  /** The scene for the room that there is. */
  function placed() {
    const { story, open, view } = store.get();
    const { w, h: high } = camera.room();
    const edges = 2 * camera.margin();
    flip = w > 0 && w <= NARROW;
    // While numbers are edited nothing shrinks; another graph or another way to draw it starts anew.
    const drawing = `${story.nodes.length} ${story.edges.length} ${[...open]} ${view} ${flip} ${w} ${high}`;
    if (drawing !== keptFor) kept = new Map();
    keptFor = drawing;
    return buildScene(story, { open, flip, textbook: view === "textbook", kept, room: w ? [w - edges, high - edges] : undefined });
  }

  /** Places everything anew. @param {boolean} refit   Whether the camera starts anew as well. */
  function arrange(refit) {
    const held = placeOf();
    scene = placed();
    overview = overviewOf(scene);
    begin(refit, held);
  }

  /** Where the item of the keyboard is, or the frame that its group has become. @returns {{x: number, y: number} | null} */
  function placeOf() {
    const at = placeAt(focusKey);
    return at === undefined ? scene.frames.find((f) => `g${f.group}` === focusKey) || null : scene.boxes[at][0];
  }

  /** Shows a scene that was just made. @param {boolean} refit @param {{x: number, y: number} | null} [held] */
  function begin(refit, held = null) {
    const { story, slides } = store.get();
    const large = isLarge();
    const other = camera.look(scene.width, scene.height, slides ? 2 : 1.35);
    picture.toggleAttribute("hidden", large);
    big.hidden = !large;
    if (large) for (const layer of layers) layer.paint([]);
    else fill(near);
    repaint(false);
    const whole = camera.whole();
    if (refit) {
      const [box] = scene.boxes[currentItem()] || [];
      camera.open(box ? { x: box.x + box.w / 2, y: box.y + box.h / 2 } : null, large ? SHAPE : slides ? SLIDE : LEGIBLE);
    } else if (other && !camera.held && whole >= (slides ? SLIDE : LEGIBLE)) camera.set(camera.centred(whole));
    else steady(held);
    const { rows, key } = legendRows(story, scales);
    if (key !== legendKey) fill(legend, ...legendItems(rows));
    legendKey = key;
  }

  /** Opening a group leaves what the keyboard or pointer was on where it was. @param {{x: number, y: number} | null} held */
  function steady(held) {
    const { x, y, k } = camera.view();
    const at = held && placeOf();
    const view = held && at ? { k, x: x + (held.x - at.x) * k, y: y + (held.y - at.y) * k } : { x, y, k };
    camera.set(camera.held ? view : camera.trimmed(view));
  }

  /** Another size of the region. A large drawing is not stretched to its room, so there only the camera moves. */
  function resized() {
    camera.measure();
    if (isLarge() && flip === camera.room().w <= NARROW) begin(!camera.held);
    else arrange(!camera.held);
  }

  /** @param {boolean} fresh   Whether a step has just come, so that what is new may glide in. */
  function repaint(fresh) {
    const state = store.get();
    now = nowOf(state, scales, fresh);
    colours = paletteOf(state.theme);
    overview.colour(now);
    if (isLarge()) {
      listNear();
      requestFrame();
    } else {
      const { frames, wires, items, over } = drawScene(scene, now, camera.room().w >= TINY);
      [frames, wires, items, over].forEach((entries, i) => layers[i].paint(entries));
      rove();
    }
    minimap.repaint(overview, colours);
  }

  function cameraMoved() {
    const { x, y, k } = camera.view();
    graph.classList.toggle("over", camera.over());
    if (isLarge()) requestFrame();
    else world.setAttribute("transform", `translate(${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}) scale(${Math.round(k * 1e4) / 1e4})`);
    minimap.follow();
  }

  function requestFrame() {
    if (!frame) frame = requestAnimationFrame(drawFrame);
  }

  function drawFrame() {
    frame = 0;
    const { w: width, h: height } = camera.room();
    const density = Math.min(devicePixelRatio || 1, 2);
    const [wide, high] = [width, height].map((side) => Math.round(side * density));
    if (big.width !== wide || big.height !== high) {
      big.width = wide;
      big.height = high;
    }
    const ctx = /** @type {CanvasRenderingContext2D} */ (big.getContext("2d"));
    const focused = holdsFocus(near) ? (placeAt(focusKey) ?? -1) : -1;
    big.dataset.drawn = String(drawCanvas(ctx, overview, now, camera.view(), { width, height, density, colours, focused }));
  }

  /** Where an item for a node is: the node, or the closed group around it. @param {number} node */
  function placeAround(node) {
    const { story, open } = store.get();
    const item = itemAround(scene.visible, story, open, node);
    return item && placeAt(item.key);
  }

  /** The item that the step is about, or else the one that the inspector shows. */
  function currentItem() {
    return overview.current < 0 ? (placeAround(nodeShown(store.get())) ?? 0) : overview.current;
  }

  /** One stop of the tab key in the graph: where the keyboard was, or else the current item. */
  function rove() {
    const { items } = scene.visible;
    if (!items.length) return;
    const key = holdsFocus(graph) && placeAt(focusKey) !== undefined ? focusKey : items[currentItem()].key;
    if (key === stop && elements().get(key)?.element.getAttribute("tabindex") === "0") return;
    for (const [name, { element }] of elements()) element.setAttribute("tabindex", name === key ? "0" : "-1");
    stop = key;
  }

  /** On a canvas: buttons out of sight for the item of the keyboard and those around it. */
  function listNear() {
    const inside = holdsFocus(near);
    const at = (inside ? placeAt(focusKey) : undefined) ?? currentItem();
    const made = neighbours(scene.visible, at).map((i) => {
      const { label, key } = itemEntry(scene, i, now);
      return button(label || key, () => enter(i), { "data-key": key, tabindex: i === at ? 0 : -1 });
    });
    fill(near, ...made);
    if (inside && made[0]) made[0].focus({ preventScroll: true });
  }

  /** Moves the keyboard to an item. @param {number} i */
  function focusItem(i) {
    const large = isLarge();
    if (large && !holdsFocus(near)) near.querySelector("button")?.focus({ preventScroll: true });
    focusKey = scene.visible.items[i].key;
    if (large) {
      listNear();
      requestFrame();
    } else {
      elements().get(focusKey)?.element.focus({ preventScroll: true });
      rove();
    }
    camera.follow(scene.boxes[i][0]);
  }

  /** @param {number} i */
  function enter(i) {
    const { key, group, node } = scene.visible.items[i];
    focusKey = key;
    if (group >= 0) toggle(group, true);
    else {
      act.select(node);
      if (!isLarge()) rove();
    }
  }

  /** Opens or closes a group, and keeps the keyboard where it was, or on what has come instead. @param {number} group @param {boolean} opens */
  function toggle(group, opens) {
    const { story } = store.get();
    focusKey = `g${group}`;
    const inside = holdsFocus(graph);
    act.toggle(group, opens);
    if (!inside) return;
    const first = scene.visible.items.findIndex(({ node }) => node >= 0 && story.nodes[node].group === group);
    focusItem(placeAt(`g${group}`) ?? (first < 0 ? currentItem() : first));
  }

  /** @param {State} state @param {Set<string>} names @param {boolean} user */
  function changed(state, names, user) {
    const has = (/** @type {string} */ name) => names.has(name);
    if (has("story")) scales = scalesOf(state.story);
    if (["story", "open", "view", "slides"].some(has)) {
      const other = has("story") && !sameItems(now.story, state.story);
      if (other) keptFor = focusKey = "";
      arrange(other || has("view") || has("slides"));
      return;
    }
    if (!["at", "part", "hidden", "selected", "theme"].some(has)) return;
    const { at, part } = now.state;
    repaint(state.at === at ? has("part") && (state.part < 0 || state.part > part) : has("at") && state.at === at + 1);
    if (!has("at") || !(user || state.playing)) return;
    // At the ends no gate is current: there the inputs have come, or their gradients.
    const leaf = placeAround(state.story.leaves[0]?.node ?? 0);
    if (overview.current >= 0) camera.follow(scene.boxes[overview.current][0]);
    else if (leaf !== undefined) camera.follow(scene.boxes[leaf][0], 0);
  }

  /** @type {import("./types.js").Stage} */
  const offered = {
    fit: camera.fit,
    zoom: (factor) => camera.zoom(factor),
    actualSize: () => camera.zoom(1 / camera.view().k),
    show(node) {
      const at = placeAround(node);
      if (at === undefined) return;
      const [{ x, y, w, h: high }] = scene.boxes[at];
      const { k } = camera.view();
      if (camera.over() || k < 0.6) camera.centre(x + w / 2, y + high / 2, Math.max(k, LEGIBLE));
    },
    focus: (node) => focusItem((node === undefined ? undefined : placeAround(node)) ?? currentItem()),
    toSvg({ theme, clear = false } = {}) {
      const state = store.get();
      const own = paletteOf(theme || state.theme);
      const { frames, wires, items, over } = drawScene(scene, nowOf(state, scales, false), true);
      const { width, height } = scene;
      return writeSvg([...frames, ...wires, ...items, ...over], { width, height, margin: 24, ground: clear ? "" : own.stage, colours: own, title: cleanText(state.story.title) });
    },
  };
  return {
    store,
    graph,
    camera,
    menu,
    picture,
    world,
    offered,
    cameraMoved,
    requestFrame,
    resized,
    focusItem,
    enter,
    toggle,
    isLarge,
    placeAt,
    /** What is drawn now. */
    shown: () => ({ scene, overview, now }),
    /** The keyboard has come to an item. @param {string} key */
    hold(key) {
      focusKey = key;
    },
  };
}

/** Whether two stories are drawn alike but for their numbers. @param {import("./types.js").Story} a @param {import("./types.js").Story} b */
function sameItems(a, b) {
  return a.nodes.length === b.nodes.length && a.edges.length === b.edges.length && a.nodes.every((node, i) => node.op === b.nodes[i].op && node.name === b.nodes[i].name);
}
