/** What readers of the screen hear: the step that the user made, in one sentence. Nothing speaks during play. */

import { isHidden, readingOf, rootName, spoken } from "./reading.js";
import { gradientText, readAloud, valueText } from "./show.js";
import { headingOf } from "./steps.js";
import { sentenceOf } from "./telling.js";

/** @typedef {import("./types.js").State} State */

/** @param {import("./types.js").App} app */
export function mountAnnouncer(app) {
  app.store.on((state, changed, user) => {
    if (!user || state.playing) return;
    if (changed.has("at") || changed.has("part") || (changed.has("playing") && !changed.has("at"))) app.say(stepSpoken(state));
  });
}

/**
 * "Backward 2 of 5. Square scales ... Gradient of d: 0.5 times 4 is 2."
 * @param {State} state
 */
export function stepSpoken(state) {
  const { story, steps, at, part } = state;
  const step = steps[at];
  const parts = [headingOf(step) + "."];
  const said = sentenceOf(state);
  if (said) parts.push(said);
  if (step.kind === "forward" && step.group < 0) {
    const { node } = story.forward[step.entries[0]];
    const value = story.nodes[node].value;
    if (value !== undefined) parts.push(`${story.nodes[node].name || spoken(story.nodes[node].op)} is ${valueText(value)}.`);
  }
  if (step.kind === "backward" && step.group < 0) {
    const { up, parts: rows = [], node } = story.backward[step.entries[0]];
    for (const row of part < 0 ? rows : rows.slice(0, part)) {
      const { name, op } = story.nodes[story.edges[row.edge].src];
      if (isHidden(state, "share", row.edge)) continue;
      const slope = row.local !== undefined && typeof row.local !== "object" && !isHidden(state, "local", row.edge) && !isHidden(state, "up", node);
      const product = slope ? `${valueText(up)} times ${valueText(row.local)} is ` : "";
      parts.push(`Gradient of ${name || spoken(op)}: ${product}${gradientText(row.down)}.`);
    }
  }
  if (step.kind === "done" && readingOf(story).root >= 0) parts.push(`Every gradient of ${rootName(story)} is known.`);
  return readAloud(parts.join(" "));
}
