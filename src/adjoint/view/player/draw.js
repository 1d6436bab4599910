/** A scene at a step as entries: everything that stands on its own in the drawing, with its marks and its name for readers. */

import { placedMarks } from "./chips.js";
import { alikeGroups } from "./items.js";
import { wireMarks } from "./lanes.js";
import { heatMarks, pillMarks, rectMark, shapeMarks, textMark, valueMarks } from "./marks.js";
import { noPath } from "./measure.js";
import { isHidden, spoken } from "./reading.js";
import { shortName } from "./textsize.js";

/** @typedef {import("./marks.js").Mark} Mark */
/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./now.js").Now} Now */
/**
 * @typedef {Object} Entry
 * @property {string} key
 * @property {string} [kind]   Its class.
 * @property {Record<string, string | number>} data
 * @property {Mark[]} marks
 * @property {string} [label]   For readers; entries with one are buttons.
 * @property {string} [title]
 */

/** Frames, wires, items, and what lies above them. @typedef {{frames: Entry[], wires: Entry[], items: Entry[], over: Entry[]}} Drawing */

/**
 * @param {Scene} scene
 * @param {Now} now
 * @param {boolean} roomy
 * @returns {Drawing}
 */
export function drawScene(scene, now, roomy) {
  return {
    frames: scene.frames.map((frame) => frameEntry(scene, frame, now)),
    wires: scene.wires.map((wire) => wireEntry(scene, wire, now)),
    items: scene.visible.items.map((_, i) => itemEntry(scene, i, now)),
    over: placedMarks(scene, now, roomy),
  };
}

/** @param {Scene} scene @param {import("./scene.js").Frame} frame @param {Now} now @returns {Entry} */
export function frameEntry(scene, frame, now) {
  const group = now.story.groups[frame.group];
  const { x, y, w, h, tab } = frame;
  const fold = `M${x + 11} ${y + tab.h / 2 + 2}h8`;
  return {
    key: `f${frame.group}`,
    kind: "frame",
    data: { group: frame.group },
    label: `Group ${group.name}, open, ${group.count} ${group.count === 1 ? "operation" : "operations"}`,
    marks: [
      rectMark(x, y, w, h, { rx: 12, fill: "ink", "fill-opacity": 0.035, stroke: "edge", "stroke-opacity": 0.55, "stroke-width": 1.2 }, "ground"),
      rectMark(x, y, tab.w, tab.h, { rx: 8, fill: "stage", stroke: "edge", "stroke-width": 1.2 }, "tab"),
      { t: "path", a: { d: fold, stroke: "ink2", "stroke-width": 1.8, fill: "none" } },
      textMark(x + 26, y + tab.h / 2 + 5, shortName(group.name, 24), 14, "ink2", { "font-weight": 600 }, "name"),
      rectMark(x - 3, y - 3, tab.w + 6, tab.h + 6, { rx: 10, fill: "none" }, "focus"),
    ],
  };
}

/** @param {Scene} scene @param {import("./scene.js").Wire} wire @param {Now} now @returns {Entry} */
export function wireEntry(scene, wire, now) {
  const item = scene.visible.items[wire.item];
  const edges = wire.run < 0 ? [] : scene.visible.runs[wire.run].edges;
  /** @type {Record<string, string | number>} */
  const data = edges.length ? { edge: edges.slice(0, 99).join(" ") } : { of: item.key };
  const marks = wireMarks(scene, wire, now);
  const share = wire.pill ? now.share(edges) : null;
  if (wire.pill && share) {
    const news = edges.some((e) => now.edges.has(e));
    marks.push(...pillMarks(wire.pill, share, { kind: "share", outline: news ? "down" : "", enter: news && now.fresh ? "fade" : "" }));
  }
  return { key: edges.length ? `e${edges[0]}` : `s${item.key}${wire.head ? "h" : "d"}`, kind: "wire", data, marks };
}

/** @param {Scene} scene @param {number} i @param {Now} now @returns {Entry} */
export function itemEntry(scene, i, now) {
  const item = scene.visible.items[i];
  const { story } = now;
  const node = item.tells >= 0 ? story.nodes[item.tells] : null;
  const own = item.node >= 0 ? story.nodes[item.node] : null;
  const current = now.isCurrent(item);
  const reached = own ? now.reached(own.id) : groupReached(scene, i, now);
  const value = node ? now.value(node.id) : null;
  const grad = node ? now.grad(node.id) : null;
  const bad = own ? now.isBad(own.id) : false;
  const selected = own !== null && now.state.selected === own.id;
  const fresh = node !== null && now.isNew(node.id);
  const boxes = scene.boxes[i];
  const find = (/** @type {string} */ kind) => boxes.find((b) => b.kind === kind);
  /** @type {Mark[]} */
  const marks = [];
  for (const box of boxes) {
    if (box.kind === "dot") marks.push(rectMark(box.x, box.y, box.w, box.h, { rx: 6, fill: reached && value ? "wire" : "stage", stroke: reached && value ? "wire" : "edge", "stroke-width": 1.4 }, "dot"));
    if (!box.size) continue;
    const gate = box.kind === "op" || box.kind === "group";
    marks.push(
      ...shapeMarks(box, {
        current: current && (gate || (box.kind === "root" && now.step.kind === "turn")) && !(now.step.kind === "turn" && gate),
        selected: selected && box === boxes[0],
        reached,
        bad: bad && (gate || own !== null && own.kind !== "op"),
        quiet: own !== null && own.role === "data",
        said: gate && own && isHidden(now.state, "name", own.id) ? "?" : null,
      }),
    );
  }
  const kind = alikeGroups(story).get(item.group);
  if (kind) marks.push(textMark(boxes[0].x + boxes[0].w - 18, boxes[0].y + 18, kind.letter, 13, "ink2", { "text-anchor": "middle", "font-weight": 600 }, "alike"));
  const left = scene.flip;
  marks.push(...valueMarks(find("name"), find("value"), value, left, fresh));
  const pill = find("grad");
  const thumb = find("thumb");
  const back = find("thumb-grad");
  if (thumb && value) marks.push(...heatMarks(thumb, value));
  if (node && pill) {
    const news = now.backward && now.gradNew(node.id);
    const enter = now.fresh && now.gradNew(node.id) ? "fade" : "";
    if (grad) marks.push(...pillMarks(pill, grad, { kind: "grad", outline: news ? "down" : now.backward && current ? "up" : "", enter }));
    else if (now.unused(node.id)) marks.push(...pillMarks(pill, { text: noPath(story), full: "", sign: "zero", size: 0, thumb: null }, { kind: "note" }));
    if (back && grad) marks.push(...heatMarks(back, grad));
  }
  const shape = boxes[0];
  marks.push(rectMark(shape.x - 4, shape.y - 4, shape.w + 8, shape.h + 8, { rx: shape.round ? shape.h / 2 + 4 : 12, fill: "none" }, "focus"));
  const told = itemWords(scene, i, now, value ? value.text : "", grad ? grad.text : "", current, bad);
  return {
    key: item.key,
    kind: own ? `node ${own.kind}` : "node group",
    data: own ? { node: own.id } : { group: item.group },
    marks,
    label: told,
    title: titleOf(item, now, value, grad),
  };
}

/** Whether anything inside of a closed group has been computed. @param {Scene} scene @param {number} i @param {Now} now */
function groupReached(scene, i, now) {
  const item = scene.visible.items[i];
  if (item.tells >= 0) return now.reached(item.tells);
  return item.outs.some((run) => scene.visible.runs[run].edges.some((e) => now.reached(now.story.edges[e].src)));
}

/**
 * What readers hear: "multiply gate, u, value −4, gradient 2, current step".
 * @param {Scene} scene @param {number} i @param {Now} now @param {string} value @param {string} grad @param {boolean} current @param {boolean} bad
 */
function itemWords(scene, i, now, value, grad, current, bad) {
  const item = scene.visible.items[i];
  const words = [];
  const node = item.node >= 0 ? now.story.nodes[item.node] : null;
  if (!node) {
    const { name, count } = now.story.groups[item.group];
    words.push(`Group ${name}, closed, ${count} ${count === 1 ? "operation" : "operations"}`);
  } else if (node.kind === "op") {
    words.push(isHidden(now.state, "name", node.id) ? "gate" : `${spoken(node.op)} gate`);
    if (node.name) words.push(node.name);
  } else words.push(node.kind === "const" ? "constant" : `${node.name || "input"}, ${node.role || "input"}`);
  if (value) words.push(`value ${value}`);
  else if (node && node.kind === "op") words.push(bad ? "the run stopped here" : "not reached");
  if (grad) words.push(`gradient ${grad.replace("+", "")}`);
  else if (node && now.unused(node.id)) words.push(noPath(now.story));
  if (bad && value) words.push("not finite");
  if (current) words.push("current step");
  return words.join(", ");
}

/** The whole name and values, for the pointer. @param {import("./items.js").Item} item @param {Now} now @param {import("./quantities.js").Shown | null} value @param {import("./quantities.js").Shown | null} grad */
function titleOf(item, now, value, grad) {
  const node = item.node >= 0 ? now.story.nodes[item.node] : null;
  const first = node ? [node.name, isHidden(now.state, "name", node.id) ? "" : spoken(node.op || node.kind)].filter(Boolean).join(" · ") : now.story.groups[item.group].name;
  const lines = [first];
  if (value) lines.push(`value ${value.full}`);
  if (grad) lines.push(`gradient ${grad.full}`);
  if (node && grad && (node.zero || node.note)) lines.push(String(node.zero || node.note));
  return lines.join("\n");
}
