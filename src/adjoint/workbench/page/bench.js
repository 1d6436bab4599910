/**
 * The state of the workbench: what is computed, at which inputs, what came out, and what was before. The parts of the page
 * hear of changes by name. Numbers of live stories are computed here at once, and the server confirms them.
 */

import { numberOf } from "../../view/player/format.js";
import { recomputed } from "../../view/player/live.js";
import { Latest } from "./latest.js";
import { Pasts } from "./pasts.js";

/** @typedef {import("./benchtypes.js").Source} Source */
/** @typedef {import("./benchtypes.js").Values} Values */
/** @typedef {import("./benchtypes.js").Snapshot} Snapshot */
/** @typedef {import("./benchtypes.js").InputInfo} InputInfo */
/** @typedef {import("./benchtypes.js").Told} Told */
/** @typedef {import("../../view/player/types.js").Story} Story */
/** @typedef {import("./linkstate.js").Looks} Looks */
/**
 * What a request is for.
 * @typedef {Object} About
 * @property {"source" | "value" | "whole"} kind   Another computation; other values; the same values once more, with exercises.
 * @property {Snapshot} snapshot
 * @property {number} version   Of the inputs when it was sent.
 * @property {string} key   Of the step of undo; "": none.
 * @property {Looks} [looks]
 * @property {boolean} [back]   That it is an undo, or a redo.
 */
/** @typedef {"story" | "inputs" | "source" | "waiting" | "trouble" | "tab" | "examples"} Change */

/** After so many milliseconds without an edit the server is asked once more, for everything. */
const SETTLED = 300;

export class Bench {
  /** @param {import("./api.js").Given} given */
  constructor(given) {
    this.given = given;
    /** @type {Source} */
    this.source = {};
    /** @type {Values} */
    this.values = {};
    /** What inputs were worth before anybody set them. @type {Values} */
    this.begun = {};
    /** @type {InputInfo[]} */
    this.inputs = [];
    /** @type {Story | null} */
    this.story = null;
    /** @type {import("./benchtypes.js").ExampleInfo[]} */
    this.examples = [];
    /** @type {import("../../view/player/types.js").App | null} */
    this.app = null;
    this.tab = "step";
    /** What is wrong with the last request. @type {Told | null} */
    this.trouble = null;
    this.lost = false;
    /** What the server says of the story: that its file has changed since. */
    this.remark = "";
    this.waiting = false;
    /** Counts everything that changes results. */
    this.version = 0;
    /** What stays wrong after the next story: why another one could not be opened. @type {Told | null} */
    this.kept = null;
    /** The expression of a link that could not be opened. @type {string | undefined} */
    this.refused = undefined;
    /** How a link wants the next story to be looked at. @type {Looks | null} */
    this.looks = null;
    this.fresh = true;
    this.pasts = new Pasts();
    /** @type {Set<(change: Change) => void>} */
    this.listeners = new Set();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.settling = undefined;
    /** @type {Latest<About>} */
    this.stories = new Latest(given, "story", {
      answered: (answer, about, newest) => this.answered(answer, about, newest),
      failed: (told, about) => this.failed(told, about),
      waiting: (on) => {
        if (this.waiting === on) return;
        this.waiting = on;
        this.tell("waiting");
      },
    });
  }

  /** @param {Change[]} names @param {() => void} listener */
  on(names, listener) {
    this.listeners.add((change) => {
      if (names.includes(change)) listener();
    });
  }

  /** @param {Change} change */
  tell(change) {
    for (const listener of this.listeners) listener(change);
  }

  /** @returns {Snapshot} */
  get snapshot() {
    return { source: this.source, values: this.values };
  }

  /** The example that is shown, if one is. */
  get example() {
    const { example, expression } = this.source;
    return this.examples.find((one) => one.id === example || (expression !== undefined && one.expression === expression));
  }

  /** What this computation is called. */
  get title() {
    const { example } = this;
    return example ? example.title : this.story ? this.story.title : "";
  }

  /**
   * Asks for another computation; what is shown stays until it has come.
   * @param {Source} source @param {Values} values @param {string} key @param {Looks} [looks] @param {boolean} [back]
   */
  open(source, values, key, looks, back) {
    clearTimeout(this.settling);
    this.stories.send({ source, inputs: values }, { kind: "source", snapshot: { source, values }, version: this.version, key, looks, back });
  }

  /** One of the examples; those that are written as an expression too open as that. @param {string} id @param {string} key */
  pick(id, key) {
    const found = this.examples.find((one) => one.id === id);
    if (!found || !found.expression) this.open({ example: id }, {}, key);
    else this.open({ expression: found.expression }, Object.fromEntries(found.inputs.map((i) => [i.name, i.value])), key);
  }

  /** Other words in the expression bar: names that stay keep their numbers. @param {string} text */
  type(text) {
    /** @type {Values} */
    const values = {};
    for (const { name, kind, value } of this.inputs) if (kind === "number" && value !== undefined) values[name] = value;
    this.open({ expression: text }, { ...(this.source.expression === undefined ? {} : this.values), ...values }, "text");
  }

  /** Another value of one input. @param {string} name @param {import("./benchtypes.js").InputValue} value */
  edit(name, value) {
    const input = this.inputs.find((one) => one.name === name);
    if (!input || !this.story || (this.stories.next && this.stories.next.about.kind === "source")) return;
    this.pasts.keep(this.snapshot, `value ${name}`);
    this.values = { ...this.values, [name]: value };
    this.changeInputs({ [name]: value });
  }

  /** Other values of several inputs at once. @param {Values} changed @param {string} key */
  editAll(changed, key) {
    this.pasts.keep(this.snapshot, key);
    this.values = { ...this.values, ...changed };
    this.changeInputs(changed);
  }

  /** Shows and computes inputs at other values. @param {Values} changed */
  changeInputs(changed) {
    this.version += 1;
    this.inputs = this.inputs.map((one) => (one.name in changed ? { ...one, value: changed[one.name] } : one));
    const made = this.computedHere(changed);
    if (made) {
      this.story = made;
      this.tell("story");
    } else this.ask("value");
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.ask(made ? "value" : "whole"), SETTLED);
    this.tell("inputs");
  }

  /** The story at other values where the page can compute it, else null. @param {Values} changed @returns {Story | null} */
  computedHere(changed) {
    let story = this.story;
    for (const [name, value] of Object.entries(changed)) {
      const input = this.inputs.find((one) => one.name === name);
      if (!story || !story.live || !input || input.kind !== "number" || input.node === undefined) return null;
      story = recomputed(story, input.node, numberOf(value));
    }
    return story;
  }

  /** Asks the server for the story as it is now. @param {"value" | "whole"} kind */
  ask(kind) {
    const { source, values, version } = this;
    this.stories.send({ source, inputs: values, exercises: kind === "whole" }, { kind, snapshot: this.snapshot, version, key: "" });
  }

  /** @param {any} answer @param {About} about @param {boolean} newest */
  answered(answer, about, newest) {
    const { snapshot, kind, version, key, looks } = about;
    const { story: before, trouble } = this;
    if (!answer.story.nodes.length) {
      this.failed({ kind: "Empty", what: "nothing to show: the function did no operation.", help: "use a name and an operator, such as 2*x." }, about);
      return;
    }
    this.lost = false;
    this.remark = answer.remark || "";
    this.trouble = this.kept;
    this.kept = null;
    if (!this.trouble) this.refused = undefined;
    // The page is ahead: its own numbers are newer than these.
    const stale = kind !== "source" && (snapshot.source !== this.source || (version !== this.version && before !== null && before.live));
    if (stale) {
      if (trouble) this.tell("trouble");
      return;
    }
    if (kind === "source") this.commit(snapshot, answer.inputs, key, looks);
    if (newest) this.inputs = answer.inputs;
    // While a slider moves exercises are not asked for: those of before are of the same graph.
    this.story = kind === "value" && before ? { ...answer.story, exercises: before.exercises } : answer.story;
    if (kind === "source") this.tell("source");
    this.tell("story");
    this.tell("inputs");
    if (trouble || kind === "source") this.tell("trouble");
    this.fresh = false;
    this.looks = null;
  }

  /**
   * Another computation has come: from here on it is the one of the page.
   * @param {Snapshot} snapshot @param {InputInfo[]} inputs @param {string} key @param {Looks} [looks]
   */
  commit({ source, values }, inputs, key, looks) {
    if (key && this.story) this.pasts.keep(this.snapshot, key);
    this.source = source;
    this.inputs = inputs;
    this.values = {};
    this.begun = {};
    for (const { name, value } of inputs) {
      if (name in values) this.values[name] = values[name];
      else this.begun[name] = value;
    }
    this.version += 1;
    this.fresh = key !== "text";
    this.looks = looks || null;
  }

  /** @param {Told} told @param {About} about */
  failed(told, { back, snapshot, kind, key }) {
    this.trouble = told;
    if (kind === "source" && key !== "text" && back === undefined) this.refused = snapshot.source.expression;
    this.lost = told.kind === "Lost";
    if (back !== undefined) this.pasts.unmove(snapshot, back);
    this.tell("trouble");
  }

  /** Undo, or redo. @param {boolean} back */
  move(back) {
    const found = this.pasts.move(this.snapshot, back);
    if (!found) return;
    const { source, values } = found;
    const same = JSON.stringify(source) === JSON.stringify(this.source);
    const changed = Object.keys({ ...values, ...this.values }).filter((name) => values[name] !== this.values[name]);
    const known = (/** @type {string} */ name) => (name in values ? values[name] : this.begun[name]);
    if (same && changed.every((name) => known(name) !== undefined)) {
      this.values = values;
      this.changeInputs(Object.fromEntries(changed.map((name) => [name, known(name)])));
      this.tell("source");
    } else this.open(source, values, "", { at: this.app ? this.app.store.get().at : undefined }, back);
  }

  /** @param {string} tab */
  turnTo(tab) {
    if (tab === this.tab) return;
    this.tab = tab;
    this.tell("tab");
  }
}
