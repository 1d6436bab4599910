/** Two losses on the same inputs: values, gradients as paired bars, their difference, and curves over one input. */

import { fill, h } from "../../view/player/dom.js";
import { apart, formatGradient, formatNumber, numberOf, signOf } from "../../view/player/format.js";
import { tile } from "../../view/player/show.js";
import { entriesOf, entryName, placeIn } from "./arrays.js";
import { lineChart } from "./chart.js";
import { tabParts } from "./tabparts.js";

/** @typedef {import("./benchtypes.js").Comparison} Comparison */
/** @typedef {import("./benchtypes.js").InputInfo} InputInfo */
/** @typedef {import("./benchtypes.js").Source} Source */

const THIS = "this";
const TEXT = "text";
/** So many rows of gradients are shown. */
const ROWS = 24;
const WAIT = 220;
const STROKES = ["first", "second"];

/**
 * @param {HTMLElement} place
 * @param {import("./bench.js").Bench} bench
 * @param {() => void} changed   Called when there are other inputs or gradients.
 */
export function compareTab(place, bench, changed) {
  const { main, shown, wrong, asking } = tabParts(place, "Compare", bench);
  /** Inputs that are not those of the page's own computation. @type {Record<string, any>} */
  let own = {};
  /** @type {Comparison | null} */
  let found = null;
  let over = "";
  let entry = 0;
  let asked = "";
  /** Whether the losses are other ones than before, of which nobody knows the inputs yet. */
  let anew = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let clock;
  const sides = ["First", "Second"].map((label, i) => {
    const box = /** @type {HTMLInputElement} */ (h("input", { type: "text", "aria-label": `${label} expression`, placeholder: "an expression of the same inputs", spellcheck: "false", autocomplete: "off", oninput: () => {
      clearTimeout(clock);
      clock = setTimeout(change, WAIT);
    } }));
    const select = /** @type {HTMLSelectElement} */ (h("select", { "aria-label": `${label} loss`, onchange: () => {
      box.hidden = select.value !== TEXT;
      if (!box.hidden) box.focus();
      change();
    } }));
    return { select, box, row: h("div.w-side", stroke(STROKES[i]), select, box) };
  });
  const choice = /** @type {HTMLSelectElement} */ (h("select", { onchange: () => {
    over = choice.value.split("\n")[0];
    entry = Number(choice.value.split("\n")[1]);
    refresh();
  } }));
  const table = h("div.table-box", { tabindex: 0, role: "group", "aria-label": "Values and gradients" });
  const charts = h("div.w-charts");
  main.append(h("div.w-sides", ...sides.map((s) => s.row)), table, h("label.w-of", h("span.aside", "Curves over"), choice), charts);

  /** What can be chosen; a computation that has a sibling with the same inputs stands beside it. */
  const offer = () => {
    const { examples, example, story } = bench;
    if (!examples.length || !story) return;
    const losses = examples.filter((one) => one.group === "losses");
    const names = (/** @type {InputInfo[]} */ inputs) => inputs.map((i) => `${i.name} ${i.kind}`).join();
    const sibling = example && losses.find((one) => one !== example && names(one.inputs) === names(example.inputs));
    const before = sides.map((s) => s.select.value);
    const pair = sibling ? [THIS, sibling.id] : before.includes(TEXT) ? [THIS, TEXT] : ["losses.cross_entropy", "losses.hinge"];
    sides.forEach(({ select, box }, i) => {
      fill(select, h("option", { value: THIS }, `this: ${example ? example.name : story.title}`),
        ...losses.map((one) => h("option", { value: one.id }, one.name)), h("option", { value: TEXT }, "an expression"));
      select.value = before[i] && !before.includes(THIS) && shown() ? before[i] : pair[i];
      box.hidden = select.value !== TEXT;
    });
    change();
  };
  const change = () => {
    own = {};
    anew = true;
    refresh();
  };
  /** @param {number} i @returns {Source | null} */
  const sourceOf = (i) => {
    const { select, box } = sides[i];
    if (select.value === THIS) return bench.source;
    if (select.value !== TEXT) return { example: select.value };
    return box.value.trim() ? { expression: box.value } : null;
  };
  /** Whether the inputs of the page's own computation take part. */
  const shared = () => sides.some((s) => s.select.value === THIS);
  const placeOf = () => {
    const input = found && found.inputs.find((i) => i.name === over);
    return input ? placeIn(entry, input.shape) : [];
  };
  const refresh = () => {
    if (!shown() || !sides[0].select.value) return;
    const [left, right] = [sourceOf(0), sourceOf(1)];
    if (!left || !right) {
      wrong("Type the other loss: an expression of the same inputs.");
      return;
    }
    const given = shared() ? bench.inputs.filter((i) => i.value !== undefined && i.editable).map((i) => [i.name, i.value]) : [];
    const body = { left, right, inputs: { ...Object.fromEntries(given), ...own }, ...(over && !anew ? { over, entry: placeOf() } : {}) };
    const key = JSON.stringify(body);
    if (key === asked) return;
    asked = key;
    latest.send(body, 0);
  };
  const latest = asking((/** @type {Comparison} */ answer) => {
    found = answer;
    anew = false;
    const options = choicesOf(answer);
    if (!options.some((one) => one.name === over && one.at === entry)) {
      over = options.length ? options[0].name : "";
      entry = 0;
    }
    fill(choice, ...options.map(({ name, at, label }) => h("option", { value: `${name}\n${at}` }, label)));
    choice.value = `${over}\n${entry}`;
    const { over: drawn } = answer;
    fill(table, tableOf(answer));
    if (over && (!drawn || drawn.name !== over || `${drawn.entry}` !== `${placeOf()}`)) refresh();
    else drawCharts();
    changed();
  });
  const drawCharts = () => {
    if (!found || !found.curve || !found.over) {
      fill(charts);
      return;
    }
    const { curve, left, right, inputs } = found;
    const { name } = found.over;
    const input = inputs.find((i) => i.name === name);
    const room = charts.clientWidth;
    const draw = (/** @type {"value" | "slope"} */ what, /** @type {string} */ label) =>
      h("figure.w-figure-box", h("figcaption", label), lineChart({
        xs: curve.x, width: Math.max(260, room > 760 ? (room - 24) / 2 : room),
        at: input && numberOf(entriesOf(input.value)[entry]), xName: input ? entryName(name, entry, input.shape) : name,
        label: `${label}: ${left.title} and ${right.title} over ${name}`,
        curves: [{ ys: curve.left[what] }, { ys: curve.right[what], dashes: "7 5", tone: "second" }],
      }));
    fill(charts, draw("value", "Value"), draw("slope", "Slope"));
  };
  bench.on(["examples", "source"], offer);
  bench.on(["story", "tab"], () => (sides[0].select.value ? refresh() : offer()));
  new ResizeObserver(drawCharts).observe(charts);

  return {
    /** Inputs are edited beside; those of the page's own computation are its own. @param {string} name @param {any} value */
    edit(name, value) {
      if (shared() && bench.inputs.some((i) => i.name === name)) bench.edit(name, value);
      else {
        own[name] = value;
        refresh();
      }
    },
    /** What the panel of inputs shows beside. */
    beside() {
      if (!found) return null;
      const { inputs, left, right } = found;
      return { inputs, title: left.title, gradient: (/** @type {InputInfo} */ { name }) => left.gradients[name] ?? right.gradients[name] };
    },
  };
}

/** @param {string} which */
function stroke(which) {
  return h(`span.w-stroke.${which}`, { "aria-hidden": "true" });
}

/** @param {Comparison} found */
function tableOf(found) {
  const { left, right } = found;
  const rows = gradientRows(found);
  const sizes = rows.flatMap((r) => r.pair.map((v) => Math.abs(numberOf(v)))).filter(Number.isFinite);
  const largest = Math.max(0, ...sizes);
  const [a, b] = apart(left.value, right.value);
  return h("table.grid-table.w-pairs",
    h("thead", h("tr", h("th", h("span.for-readers", "quantity")), ...[left, right].map(({ title }, i) => h("th", { scope: "col", title }, h("span.w-side-title", stroke(STROKES[i]), h("span", title)))),
      h("th", h("span.for-readers", "as bars")), h("th", { scope: "col" }, "difference"))),
    h("tbody",
      h("tr", h("th", { scope: "row" }, "value"), h("td", h("b", a)), h("td", h("b", b)), h("td"), h("td", formatNumber(numberOf(left.value) - numberOf(right.value)))),
      ...rows.slice(0, ROWS).map(({ label, pair }) =>
        h("tr", h("th", { scope: "row" }, "∂/∂", h("i.var", label)),
          ...pair.map((v) => h("td", v === undefined ? h("span.aside", "–") : tile(v, { gradient: true }))),
          h("td", h("div.w-bars", { "aria-hidden": "true" }, ...pair.map((v, i) => barOf(v, largest, STROKES[i])))),
          h("td", pair.includes(undefined) ? "" : formatGradient(numberOf(pair[0]) - numberOf(pair[1]))))),
      rows.length > ROWS ? h("tr", h("td", { colspan: 5 }, `and ${rows.length - ROWS} more`)) : null));
}

/** Every number that a curve can go over. @param {Comparison} found */
function choicesOf({ inputs, left, right }) {
  const both = { ...right.gradients, ...left.gradients };
  return inputs.filter((i) => i.name in both && i.value !== undefined).flatMap(({ name, shape, value }) =>
    entriesOf(value).slice(0, 64).map((_, at) => ({ name, at, label: entryName(name, at, shape) })));
}

/** Each number that has a gradient on one side or on both. @param {Comparison} found @returns {{label: string, pair: any[]}[]} */
function gradientRows({ inputs, left, right }) {
  return inputs.flatMap(({ name, shape }) => {
    // Of large arrays there is a summary: its size stands for it.
    const pair = [left, right].map(({ gradients: { [name]: g } }) => (g === undefined ? [] : entriesOf(/** @type {any} */ (g).rms ?? g)));
    const count = Math.max(...pair.map((list) => list.length));
    const whole = shape.length > 0 && count === 1;
    return Array.from({ length: count }, (_, at) => ({ label: whole ? `${name} (rms)` : entryName(name, at, shape), pair: pair.map((list) => list[at]) }));
  });
}

/** A bar from the middle to its side. @param {any} value @param {number} largest @param {string} which */
function barOf(value, largest, which) {
  const number = value === undefined ? 0 : numberOf(value);
  const part = largest && Number.isFinite(number) ? (50 * Math.abs(number)) / largest : 0;
  const bar = h(`span.w-bar.${signOf(number)}.${which}`);
  bar.style.width = `${part}%`;
  bar.style.left = `${number < 0 ? 50 - part : 50}%`;
  return h("span.w-bar-line", bar);
}
