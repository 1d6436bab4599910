/** A scene at a step as entries: everything that stands on its own in the drawing, with its marks and its name for readers. */

import { placedMarks } from "./chips.js";
import { alikeGroups, edgesOn } from "./items.js";
import { wireMarks } from "./lanes.js";
import { STRONG, heatMarks, pathMark, pillMarks, rectMark, shapeMarks, textMark, valueMarks } from "./marks.js";
import { noPath, operations } from "./measure.js";
import { UNKNOWN } from "./quantities.js";
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
  const { group, x, y, tab } = frame;
  const { name, count } = now.story.groups[group];
  const middle = y + tab.h / 2;
  return {
    key: `f${group}`,
    kind: "frame",
    data: { group },
    label: `Group ${name}, open, ${operations(count)}`,
    marks: [
      rectMark(frame, 0, { rx: 12, fill: "ink", "fill-opacity": 0.035, stroke: "edge", "stroke-opacity": 0.55, "stroke-width": 1.2 }, "ground"),
      rectMark(tab, 0, { rx: 8, fill: "stage", stroke: "edge", "stroke-width": 1.2 }, "tab"),
      pathMark({ d: `M${x + 11} ${middle + 2}h8`, stroke: "ink2", "stroke-width": 1.8, fill: "none" }),
      textMark(x + 26, middle + 5, shortName(name, 24), 14, "ink2", { "font-weight": 600 }, "name"),
      rectMark(tab, 3, { rx: 10, fill: "none" }, "focus"),
    ],
  };
}

/** @param {Scene} scene @param {import("./scene.js").Wire} wire @param {Now} now @returns {Entry} */
export function wireEntry(scene, wire, now) {
  const { key } = scene.visible.items[wire.item];
  const { run, pill, head, leaves, path } = wire;
  const edges = edgesOn(scene.visible, run);
  const marks = wireMarks(scene, wire, edges, now);
  if (leaves && path.length) {
    const [[u, v]] = path;
    const [x, y] = scene.flip ? [v, u] : [u, v];
    marks.push(rectMark({ x, y, w: 0, h: 0 }, 3.5, { rx: 3.5, fill: edges.some((e) => now.reached(now.story.edges[e].dst)) ? "wire" : "edge" }, "dot"));
  }
  const share = pill && now.share(edges);
  if (pill && share) {
    const news = edges.some((e) => now.edges.has(e));
    marks.push(...pillMarks(pill, share, "share", news ? "down" : "", news && now.fresh ? "fade" : ""));
  }
  return run < 0
    ? { key: `s${key}${head ? "h" : "d"}${run < -1 ? run : ""}`, kind: "wire", data: { of: key }, marks }
    : { key: `e${edges[0]}`, kind: "wire", data: { edge: edges.slice(0, 99).join(" ") }, marks };
}

/** Whether a node, or anything inside of a closed group, has been computed. @param {Scene} scene @param {import("./items.js").Item} item @param {Now} now */
export function itemReached({ visible }, { node, tells, outs }, now) {
  if (node >= 0 || tells >= 0) return now.reached(node < 0 ? tells : node);
  return outs.some((run) => visible.runs[run].edges.some((e) => now.reached(now.story.edges[e].src)));
}

/** @param {Scene} scene @param {number} i @param {Now} now @returns {Entry} */
export function itemEntry(scene, i, now) {
  const item = scene.visible.items[i];
  const { story, state, step, backward } = now;
  const { key, tells, group } = item;
  const own = item.node >= 0 ? story.nodes[item.node] : null;
  const current = now.isCurrent(item);
  const reached = itemReached(scene, item, now);
  const value = tells < 0 ? null : now.value(tells);
  const grad = tells < 0 ? null : now.grad(tells);
  const bad = own !== null && now.isBad(own.id);
  const boxes = scene.boxes[i];
  const [shape] = boxes;
  const turn = step.kind === "turn";
  /** @type {Mark[]} */
  const marks = [];
  for (const box of boxes) {
    const { kind } = box;
    const come = reached && value;
    if (kind === "dot") marks.push(rectMark(box, 0, { rx: 6, fill: come ? "wire" : "stage", stroke: come ? "wire" : "edge", "stroke-width": 1.4 }, "dot"));
    if (!box.size) continue;
    const gate = kind === "op" || kind === "group";
    marks.push(
      ...shapeMarks(box, {
        current: current && (turn ? kind === "root" : gate),
        selected: own !== null && state.selected === own.id && box === shape,
        reached,
        bad: bad && (gate || own.kind !== "op"),
        quiet: own !== null && own.role === "data",
        said: gate && own && isHidden(state, "name", own.id) ? "?" : null,
      }),
    );
  }
  const alike = alikeGroups(story).get(group);
  if (alike) marks.push(textMark(shape.x + shape.w - 18, shape.y + 18, alike.letter, 13, "ink2", STRONG, "alike"));
  const [name, told, pill, thumb, back] = ["name", "value", "grad", "thumb", "thumb-grad"].map((kind) => boxes.find((b) => b.kind === kind));
  marks.push(...valueMarks(name, told, value, scene.flip, tells >= 0 && now.isNew(tells)));
  if (thumb && value) marks.push(...heatMarks(thumb, value));
  if (pill) {
    const news = now.gradNew(tells);
    if (grad) marks.push(...pillMarks(pill, grad, "grad", !backward ? "" : news ? "down" : current ? "up" : "", now.fresh && news ? "fade" : ""));
    else if (now.unused(tells)) marks.push(...pillMarks(pill, { ...UNKNOWN, text: noPath(story) }, "note"));
    if (back && grad) marks.push(...heatMarks(back, grad));
  }
  marks.push(rectMark(shape, 4, { rx: shape.round ? shape.h / 2 + 4 : 12, fill: "none" }, "focus"));
  return {
    key,
    kind: `node ${own ? own.kind : "group"}`,
    data: own ? { node: own.id } : { group },
    marks,
    label: itemWords(own, group, now, value, grad, current, bad),
    title: titleOf(own, group, now, value, grad),
  };
}

/** @typedef {import("./types.js").StoryNode | null} Own   The node that an item is; null: it is a group. */
/** @typedef {import("./quantities.js").Shown | null} Told */

/**
 * What readers hear: "multiply gate, u, value −4, gradient 2, current step".
 * @param {Own} node @param {number} group @param {Now} now @param {Told} value @param {Told} grad @param {boolean} current @param {boolean} bad
 */
function itemWords(node, group, now, value, grad, current, bad) {
  const words = [];
  const gate = node && node.kind === "op";
  if (!node) {
    const { name, count } = now.story.groups[group];
    words.push(`Group ${name}, closed, ${operations(count)}`);
  } else if (gate) {
    words.push(isHidden(now.state, "name", node.id) ? "gate" : `${spoken(node.op)} gate`);
    if (node.name) words.push(node.name);
  } else words.push(node.kind === "const" ? "constant" : `${node.name || "input"}, ${node.role || "input"}`);
  if (value) words.push(`value ${value.text}`);
  else if (gate) words.push(bad ? "the run stopped here" : "not reached");
  if (grad) words.push(`gradient ${grad.text.replace("+", "")}`);
  else if (node && now.unused(node.id)) words.push(noPath(now.story));
  if (bad && value) words.push("not finite");
  if (current) words.push("current step");
  return words.join(", ");
}

/** The whole name and values, for the pointer. @param {Own} node @param {number} group @param {Now} now @param {Told} value @param {Told} grad */
function titleOf(node, group, now, value, grad) {
  const first = node ? [node.name, isHidden(now.state, "name", node.id) ? "" : spoken(node.op || node.kind)].filter(Boolean).join(" · ") : now.story.groups[group].name;
  const why = node && grad && (node.zero || node.note);
  return [first, value && `value ${value.full}`, grad && `gradient ${grad.full}`, why].filter((line) => typeof line === "string").join("\n");
}
