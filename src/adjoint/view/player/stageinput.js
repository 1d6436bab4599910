/** What the stage hears: pointers, keys, another size of the window, the printer. */

import { listenToPointers, pointIn } from "./camera.js";
import { itemEntry } from "./draw.js";
import { graphKey, nextItem } from "./graphkeys.js";
import { within } from "./helpers.js";

/** @typedef {import("./stage.js").StageView} StageView */

const CLOSE = 1.35;

/**
 * The item under a point of the window, or the open group whose title is there; -1 where there is none.
 * @param {StageView} view
 * @param {MouseEvent} event
 */
function itemUnder({ shown, isLarge, placeAt, camera, graph }, event) {
  if (!isLarge()) {
    const key = keyAt(event);
    return { item: placeAt(key) ?? -1, frame: key[0] === "f" ? Number(key.slice(1)) : -1 };
  }
  const { scene, overview } = shown();
  const at = pointIn(graph, event);
  const { x, y, k } = camera.view();
  const [px, py] = [(at.x - x) / k, (at.y - y) / k];
  const frame = scene.frames.find(({ tab }) => within(tab, px, py));
  return { item: frame ? -1 : overview.itemAt(px, py, 4 / k), frame: frame ? frame.group : -1 };
}

/** The key of what an event is on; "" where it is on nothing. @param {Event} event */
function keyAt(event) {
  return /** @type {Element} */ (event.target).closest("[data-key]")?.getAttribute("data-key") || "";
}

/** @param {StageView} view */
export function listenToStage(view) {
  const { camera, graph, shown, toggle, enter, isLarge, placeAt, requestFrame, picture, world } = view;
  /** @param {number} item @param {number} x @param {number} y */
  const menuFor = (item, x, y) => {
    const { scene, now } = shown();
    view.menu.open(scene.visible.items[item], itemEntry(scene, item, now).title || "", x, y);
  };
  /** Offers what can be done with the item there. @param {MouseEvent} event @returns {boolean} */
  const openMenu = (event) => {
    const { item } = itemUnder(view, event);
    if (item < 0) return false;
    const { x, y } = pointIn(graph, event);
    menuFor(item, x, y);
    return true;
  };
  listenToPointers(camera, {
    tap(event) {
      const { item, frame } = itemUnder(view, event);
      if (frame >= 0) toggle(frame, false);
      else if (item >= 0) enter(item);
    },
    twice(px, py) {
      const { x, y, k } = camera.view();
      if (k > CLOSE - 0.05) camera.fit();
      else camera.centre((px - x) / k, (py - y) / k, CLOSE);
    },
    long: openMenu,
  });
  graph.addEventListener("contextmenu", (event) => {
    if (openMenu(event)) event.preventDefault();
  });
  graph.addEventListener("focusin", (event) => {
    const key = keyAt(event);
    if (placeAt(key) !== undefined) view.hold(key);
    if (isLarge()) requestFrame();
  });
  graph.addEventListener("focusout", () => isLarge() && requestFrame());
  graph.addEventListener("keydown", (event) => {
    const state = view.store.get();
    const key = keyAt(event);
    const what = key && graphKey(event, state.letters);
    if (!what) return;
    event.preventDefault();
    const { scene } = shown();
    const at = placeAt(key);
    if (at === undefined) {
      if (what === "enter" || what === "group") toggle(Number(key.slice(1)), false);
      return;
    }
    const { group, node } = scene.visible.items[at];
    if (what === "enter") enter(at);
    else if (what === "menu") {
      const { x, y, k } = camera.view();
      const [box] = scene.boxes[at];
      menuFor(at, x + k * (box.x + box.w), y + k * box.y);
    } else if (what === "group") {
      const around = group >= 0 ? group : state.story.nodes[node].group;
      if (around !== undefined) toggle(around, group >= 0);
    } else view.focusItem(nextItem(scene.visible, at, what));
  });
  const sizeNow = () => `${graph.clientWidth} ${graph.clientHeight}`;
  let size = sizeNow();
  new ResizeObserver(() => {
    if (sizeNow() === size || !graph.clientWidth) return;
    size = sizeNow();
    view.resized();
  }).observe(graph);
  addEventListener("beforeprint", () => {
    const { width, height } = shown().scene;
    picture.setAttribute("viewBox", `-8 -8 ${width + 16} ${height + 16}`);
    world.removeAttribute("transform");
  });
  addEventListener("afterprint", () => {
    picture.removeAttribute("viewBox");
    view.cameraMoved();
  });
}
