/** What the stage hears: pointers, keys, another size of the window, the printer. */

import { listenToPointers } from "./camera.js";
import { itemEntry } from "./draw.js";
import { graphKey, nextItem } from "./graphkeys.js";

/** @typedef {import("./stage.js").StageView} StageView */

const CLOSE = 1.35;

/**
 * The item under a point of the window, or the open group whose title is there; -1 where there is none.
 * @param {StageView} view
 * @param {MouseEvent} event
 */
function itemUnder(view, event) {
  const { scene, camera, graph } = view;
  if (!view.large) {
    const hit = /** @type {Element} */ (event.target).closest("[data-key]");
    const key = hit ? hit.getAttribute("data-key") || "" : "";
    return { item: scene.visible.place.get(key) ?? -1, frame: key[0] === "f" ? Number(key.slice(1)) : -1 };
  }
  const box = graph.getBoundingClientRect();
  const { x, y, k } = camera.view;
  const [px, py] = [(event.clientX - box.left - x) / k, (event.clientY - box.top - y) / k];
  const tab = scene.frames.find(({ tab: t }) => px > t.x && py > t.y && px < t.x + t.w && py < t.y + t.h);
  return { item: tab ? -1 : view.overview.itemAt(px, py, 4 / k), frame: tab ? tab.group : -1 };
}

/** @param {StageView} view */
export function listenToStage(view) {
  const { camera, graph } = view;
  /** Offers what can be done with the item there. @param {MouseEvent} event @returns {boolean} */
  const openMenu = (event) => {
    const { item } = itemUnder(view, event);
    if (item < 0) return false;
    const box = graph.getBoundingClientRect();
    menuFor(view, item, event.clientX - box.left, event.clientY - box.top);
    return true;
  };
  listenToPointers(camera, {
    tap(event) {
      const { item, frame } = itemUnder(view, event);
      if (frame >= 0) view.toggle(frame, false);
      else if (item >= 0) view.enter(item);
    },
    twice(x, y) {
      const { k } = camera.view;
      if (k > CLOSE - 0.05) camera.fit();
      else camera.centre((x - camera.view.x) / k, (y - camera.view.y) / k, CLOSE);
    },
    long: openMenu,
  });
  graph.addEventListener("contextmenu", (event) => {
    if (openMenu(event)) event.preventDefault();
  });
  graph.addEventListener("focusin", (event) => {
    const key = /** @type {Element} */ (event.target).getAttribute("data-key");
    if (key && view.scene.visible.place.has(key)) view.focusKey = key;
    if (view.large) view.requestFrame();
  });
  graph.addEventListener("focusout", () => view.large && view.requestFrame());
  graph.addEventListener("keydown", (event) => pressedInGraph(view, event));
  const sizeNow = () => `${graph.clientWidth} ${graph.clientHeight}`;
  let size = sizeNow();
  new ResizeObserver(() => {
    if (sizeNow() === size || !graph.clientWidth) return;
    size = sizeNow();
    view.resized();
  }).observe(graph);
  addEventListener("beforeprint", () => {
    view.picture.setAttribute("viewBox", `-8 -8 ${view.scene.width + 16} ${view.scene.height + 16}`);
    view.world.removeAttribute("transform");
  });
  addEventListener("afterprint", () => {
    view.picture.removeAttribute("viewBox");
    view.cameraMoved();
  });
}

/** @param {StageView} view @param {number} item @param {number} x @param {number} y */
function menuFor(view, item, x, y) {
  view.menu.open(view.scene.visible.items[item], itemEntry(view.scene, item, view.now).title || "", x, y);
}

/** @param {StageView} view @param {KeyboardEvent} event */
function pressedInGraph(view, event) {
  const hit = /** @type {Element} */ (event.target).closest("[data-key]");
  const state = view.app.store.get();
  const what = hit && graphKey(event, state.letters);
  if (!what) return;
  event.preventDefault();
  const { scene, camera } = view;
  const key = hit.getAttribute("data-key") || "";
  const at = scene.visible.place.get(key);
  if (at === undefined) {
    if (what === "enter" || what === "group") view.toggle(Number(key.slice(1)), false);
    return;
  }
  const item = scene.visible.items[at];
  if (what === "enter") view.enter(at);
  else if (what === "menu") {
    const { x, y, k } = camera.view;
    const [box] = scene.boxes[at];
    menuFor(view, at, x + k * (box.x + box.w), y + k * box.y);
  } else if (what === "group") {
    const group = item.group >= 0 ? item.group : state.story.nodes[item.node].group;
    if (group !== undefined) view.toggle(group, item.group >= 0);
  } else view.focusItem(nextItem(scene.visible, at, what));
}
