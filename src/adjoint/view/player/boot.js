/** The start of a saved page: reads the story that stands in it, and says clearly where it cannot. */

import { fill, h } from "./dom.js";
import { startPlayer } from "./main.js";
import { filledStory } from "./thin.js";

const VERSION = 1;
/** No story is so long, in bytes: it would take all of the memory that a page may have. */
const LONGEST = 2 ** 28;
const LISTS = ["nodes", "edges", "groups", "forward", "backward", "code", "leaves", "memory", "exercises"];
const TABLES = ["expr", "outcome", "gates", "cost"];

/** The text of the story: as it stands, or inflated where it was stored small. */
async function storyText() {
  const place = document.getElementById("story");
  const text = (place && place.textContent) || "";
  if (!place || place.dataset.form !== "deflate") return text;
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  let size = 0;
  const measured = new TransformStream({
    transform(chunk, out) {
      size += chunk.length;
      // The reader of a stream is not told why it broke off.
      if (size > LONGEST) out.terminate();
      else out.enqueue(chunk);
    },
  });
  const found = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).pipeThrough(measured)).text();
  if (size > LONGEST) throw new Error("it is longer than any story.");
  return found;
}

/** @param {HTMLElement} root @param {string} what */
function refuse(root, what) {
  root.prepend(h("p", { class: "trouble", role: "alert" }, what));
}

/** Refuses what would keep a page busy for ever: a graph, or groups, that go round, and places beyond any drawing. @param {any} story */
function checkGraph({ nodes, edges, groups }) {
  const near = (/** @type {number[]} */ at) => at.every((n) => n >= 0 && n <= 4 * (nodes.length + groups.length) + 4);
  const wrong =
    nodes.findIndex((/** @type {any} */ n) => !near(n.at)) >= 0 ? "a node stands nowhere." :
    edges.some((/** @type {any} */ e) => !(e.src >= 0 && e.src < e.dst && e.dst < nodes.length)) ? "its graph goes round." :
    groups.some((/** @type {any} */ g, /** @type {number} */ i) => g.parent >= i || !near(g.at) || !near(g.size)) ? "its groups go round." : "";
  if (wrong) throw new Error(wrong);
}

/** Refuses a story without its parts. @param {any} story */
function checkParts(story) {
  const isTable = (/** @type {unknown} */ part) => typeof part === "object" && part !== null && !Array.isArray(part);
  const lost = LISTS.find((key) => !Array.isArray(story[key])) || TABLES.find((key) => !isTable(story[key]));
  if (lost) throw new Error(`its "${lost}" ${story[lost] === undefined ? "is missing." : "is not what it should be."}`);
  const { cost, gates, source, nodes } = story;
  const odd =
    Object.values(cost).some((n) => typeof n !== "number") ? "cost" :
    !Object.values(gates).every(isTable) ? "gates" :
    source !== undefined && !(isTable(source) && typeof source.lines === "object" && source.lines) ? "source" :
    nodes.some((/** @type {any} */ n) => !isTable(n) || typeof n.op !== (n.kind === "op" ? "string" : "undefined")) ? "nodes" : "";
  if (odd) throw new Error(`its "${odd}" is not what it should be.`);
}

/** Shows the story, or leaves the still picture that the page has and says why. */
export async function boot() {
  const root = document.getElementById("player");
  if (!root) return;
  const still = [...root.childNodes];
  try {
    const story = JSON.parse(await storyText());
    const version = story && story.adjoint_story;
    if (version > VERSION) {
      refuse(root, `This page was written by a newer adjoint (story ${version}); it reads up to ${VERSION}.`);
    } else if (typeof version !== "number") throw new Error("what stands in it is no story.");
    else if (Array.isArray(story.nodes) && !story.nodes.length) {
      fill(root, h("p", { class: "empty" }, "Nothing to show: the function did no operation on a tracked input."));
    } else {
      checkGraph(story);
      const whole = filledStory(story);
      checkParts(whole);
      startPlayer(root, whole);
    }
  } catch (error) {
    // Text that is JSON may still be no story: what has been begun is taken back.
    root.className = "";
    fill(root, ...still);
    refuse(root, `The story in this page is damaged: ${error instanceof Error ? error.message : error}`);
  }
}

boot();
