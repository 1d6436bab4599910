/** What the user can do, whether by key, button, touch or pointer. */

/** @typedef {import("./types.js").App} App */

/** Groups of stories with more nodes stay closed: what is in them is more than a page can show. */
export const LARGEST = 100000;

/**
 * The actions on an app's store.
 * @param {App} app
 * @param {(story: import("./types.js").Story, node: number, value: number) => import("./types.js").Story | null} recompute
 * @returns {import("./types.js").Actions}
 */
export function createActions(app, recompute) {
  const { store } = app;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let clock;
  const rest = () => clearTimeout(clock);
  const tick = () => {
    rest();
    const { playing, at, steps, speed } = store.get();
    if (!playing) return;
    clock = setTimeout(() => {
      const last = at >= steps.length - 1;
      store.set(last ? { playing: false } : { at: at + 1, part: -1 });
      tick();
    }, 1600 / speed);
  };
  return {
    step(by) {
      const { at, steps } = store.get();
      store.set({ at: Math.max(0, Math.min(at + by, steps.length - 1)), part: -1, playing: false }, true);
    },
    inside(by) {
      const { story, steps, at, part } = store.get();
      const step = steps[at];
      const rows = step.kind === "backward" && step.group < 0 ? (story.backward[step.entries[0]].parts || []).length : 0;
      const shown = part < 0 ? rows : part;
      if (by < 0 && shown + by >= 1) store.set({ part: shown + by, playing: false }, true);
      else if (by > 0 && shown < rows) store.set({ part: shown + 1 === rows ? -1 : shown + 1, playing: false }, true);
      else if (by > 0) {
        const next = Math.min(at + 1, steps.length - 1);
        const many = steps[next].kind === "backward" && steps[next].group < 0 &&
          (story.backward[steps[next].entries[0]].parts || []).length > 1;
        store.set({ at: next, part: many ? 1 : -1, playing: false }, true);
      } else store.set({ at: Math.max(0, at - 1), part: -1, playing: false }, true);
    },
    go(at) {
      store.set({ at, part: -1, playing: false }, true);
    },
    turn() {
      const { steps } = store.get();
      const at = steps.findIndex((s) => s.kind === "turn");
      if (at >= 0) store.set({ at, part: -1, playing: false }, true);
    },
    play(on) {
      const { playing, at, steps } = store.get();
      const start = on === undefined ? !playing : on;
      if (start && at >= steps.length - 1) store.set({ at: 0, part: -1 });
      store.set({ playing: start }, true);
      tick();
    },
    select(node) {
      store.set({ selected: node }, true);
    },
    toggle(group, wanted) {
      const open = new Set(store.get().open);
      const opens = wanted === undefined ? !open.has(group) : wanted;
      if (opens && store.get().story.nodes.length > LARGEST) {
        app.say("This graph is too large for a page: its groups stay closed.");
        return;
      }
      if (opens) open.add(group);
      else open.delete(group);
      store.set({ open }, true);
      const { name, count } = store.get().story.groups[group];
      app.say(`Group ${name} ${opens ? "open" : "closed"}, ${count} ${count === 1 ? "node" : "nodes"}.`);
    },
    edit(node, value) {
      if (app.options.edit) {
        app.options.edit(node, value);
        return;
      }
      const made = recompute(store.get().story, node, value);
      if (made) store.set({ story: made }, true);
    },
    load(story) {
      const same = sameGraph(store.get().story, story);
      const fresh = { story, open: new Set(story.groups.filter((g) => g.open).map((g) => g.id)), at: 0, part: -1, selected: null };
      store.set(same ? { story } : fresh, true);
    },
  };
}

/**
 * Whether two stories are of one graph, so that the step, the selection and open groups may stay.
 * @param {import("./types.js").Story} a
 * @param {import("./types.js").Story} b
 */
function sameGraph(a, b) {
  return (
    a.nodes.length === b.nodes.length &&
    a.edges.length === b.edges.length &&
    a.backward.length === b.backward.length &&
    a.nodes.every((n, i) => n.op === b.nodes[i].op && n.name === b.nodes[i].name) &&
    a.edges.every((e, i) => e.src === b.edges[i].src && e.dst === b.edges[i].dst)
  );
}
