/** Three ways to one gradient, raced: bars fill by visits of gates, all at the same speed. */

import { button, fill, h } from "../../view/player/dom.js";
import { calm } from "../../view/player/camera.js";
import { formatNumber, formatTime } from "../../view/player/format.js";
import { entriesOf } from "./arrays.js";
import { lineChart } from "./chart.js";
import { plural, tabParts } from "./tabparts.js";

/** @typedef {import("./benchtypes.js").RaceLane} RaceLane */

const FIELD = [1, 2, 4, 8, 16, 24, 32, 40, 48, 56, 64];
/** Milliseconds that the slowest of the three takes. */
const RACING = 4000;
/** @type {[string, string, string, string][]} */
const WAYS = [
  ["reverse", "Reverse", "one run, one walk back: every gradient at once", ""],
  ["forward", "Forward", "one run with slopes beside the values, for each input", "8 5"],
  ["differences", "Differences", "one run, and one more for each input, moved a little", "2 4"],
];
const counted = (/** @type {number} */ n) => Math.round(n).toLocaleString("en").replaceAll(",", " ");

/** @param {HTMLElement} place @param {import("./bench.js").Bench} bench */
export function raceTab(place, bench) {
  const { main, shown, asking } = tabParts(place, "Race", bench);
  /** @type {Map<number, RaceLane>} */
  let lanes = new Map();
  let n = 0;
  let asked = -1;
  let frame = 0;
  const lead = h("p.w-lead");
  const many = h("output.w-out");
  const result = h("p.w-result", { role: "status" });
  const chart = h("div");
  const table = h("div.table-box", { tabindex: 0, role: "group", "aria-label": "Counts and times" });
  const range = /** @type {HTMLInputElement} */ (h("input", { type: "range", min: 1, max: 64, oninput: () => choose(Number(range.value)) }));
  const rows = WAYS.map(([way, name, words]) => {
    const [bar, count, time] = [h("span.bar-fill"), h("span"), h("span.aside")];
    const element = h(`li.w-lane.${way}`, h("div", h("b", name), " ", h("span.aside", words)), h("div.bar-line", bar), h("div.w-lane-told", count, time));
    return { way, bar, count, time, element };
  });
  main.append(lead, h("div.w-setting", h("label", "Inputs", range), many, button("Race", () => race(), { class: "w-primary" })),
    h("ol.w-lanes", ...rows.map((r) => r.element)), result, h("h2", "How the work grows with the inputs"), chart, table);

  const latest = asking((/** @type {{inputs: number, lanes: RaceLane[]}} */ answer, /** @type {{version: number, first: boolean}} */ about) => {
    if (about.version !== asked) return;
    if (about.first) {
      lanes = new Map();
      ask(FIELD, false);
    }
    for (const lane of answer.lanes) lanes.set(lane.n, lane);
    choose(n || answer.lanes[0].n);
  });
  /** @param {number[]} sizes @param {boolean} first */
  const ask = (sizes, first) => latest.send({ source: bench.source, inputs: bench.values, sizes }, { version: asked, first });
  const refresh = () => {
    cancelAnimationFrame(frame);
    if (!shown() || asked === bench.version) return;
    asked = bench.version;
    const entries = bench.inputs.filter((i) => !i.whole).flatMap((i) => entriesOf(i.value ?? 0)).length;
    ask([n || Math.max(1, Math.min(64, entries))], true);
  };
  /** @param {number} wanted */
  const choose = (wanted) => {
    n = wanted;
    range.value = String(n);
    range.setAttribute("aria-valuetext", plural(n, "input"));
    fill(many, plural(n, "input"));
    cancelAnimationFrame(frame);
    if (lanes.has(n)) draw();
    else ask([n], false);
  };
  /** Everything as it is at the end of a race. */
  const draw = () => {
    const lane = lanes.get(n);
    if (!lane) return;
    const whole = lane.copies > 1 ? `${lane.copies} copies of the function side by side, added` : "The function";
    fill(lead, `${whole}: ${plural(lane.gates, "gate")}, ${plural(n, "input")} to differentiate by.`);
    fillBars(lane, 1);
    tellResult(lane);
    drawGrowth();
  };
  /** @param {RaceLane} lane @param {number} part   Of the slowest way. */
  const fillBars = ({ visits, seconds }, part) => {
    const most = Math.max(...Object.values(visits));
    for (const { way, bar, count, time } of rows) {
      const all = visits[way];
      const now = Math.min(all, part * most);
      bar.style.width = `${(100 * now) / most}%`;
      fill(count, h("b", counted(now)), ` of ${counted(all)} gate visits`);
      fill(time, now < all ? "" : seconds[way] === undefined ? "not run: it would take too long" : `took ${formatTime(seconds[way])} here`);
    }
  };
  const race = () => {
    const lane = lanes.get(n);
    cancelAnimationFrame(frame);
    if (!lane || calm()) {
      draw();
      return;
    }
    fill(result);
    const start = performance.now();
    const tick = (/** @type {number} */ time) => {
      const part = Math.min(1, Math.max(0, time - start) / RACING);
      fillBars(lane, part);
      if (part < 1) frame = requestAnimationFrame(tick);
      else tellResult(lane);
    };
    frame = requestAnimationFrame(tick);
  };
  /** @param {RaceLane} lane */
  const tellResult = ({ visits, apart }) => {
    const times = (/** @type {string} */ way) => formatNumber(visits[way] / visits.reverse, 3);
    const off = apart && apart.differences ? ` Differences are off by up to ${formatNumber(apart.differences, 2)}.` : "";
    const same = visits.reverse === visits.differences && visits.reverse === visits.forward;
    fill(result, (same ? "All three visit as many gates: with one input there is nothing to share." : `Forward makes ${times("forward")} times the visits of reverse, differences ${times("differences")} times.`) + off);
  };
  const drawGrowth = () => {
    const all = FIELD.flatMap((size) => lanes.get(size) || []);
    if (all.length < 2) return;
    fill(chart, lineChart({
      xs: all.map((l) => l.n), at: n, zero: true, xName: "inputs", width: Math.max(280, Math.min(760, chart.clientWidth)),
      label: "Gate visits over the number of inputs: reverse grows slowly, forward and differences much faster",
      curves: WAYS.map(([way, , , dashes]) => ({ ys: all.map((l) => l.visits[way]), dashes })),
    }), h("ul.w-key", ...WAYS.map(([way, name]) => h(`li.${way}`, h("span.w-stroke", { "aria-hidden": "true" }), name))));
    fill(table, h("table.grid-table",
      h("thead", h("tr", ...["inputs", ...WAYS.map(([, name]) => name)].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", ...all.filter((l) => Number.isInteger(Math.log2(l.n))).map((l) => h("tr", { class: l.n === n ? "picked-row" : null }, h("th", { scope: "row" }, l.n),
        ...WAYS.map(([way]) => h("td", h("b", counted(l.visits[way])), " ", h("span.aside", l.seconds[way] === undefined ? "–" : formatTime(l.seconds[way])))))))));
  };
  bench.on(["story", "tab"], refresh);
  bench.on(["source"], () => (n = 0));
  new ResizeObserver(() => shown() && drawGrowth()).observe(chart);
}
