/** The start of a saved page: reads the story that stands in it, and says clearly where it cannot. */

import { fill, h } from "./dom.js";
import { startPlayer } from "./main.js";
import { filledStory } from "./thin.js";

const VERSION = 1;

/** The text of the story: as it stands, or inflated where it was stored small. */
async function storyText() {
  const place = document.getElementById("story");
  const text = (place && place.textContent) || "";
  if (!place || place.dataset.form !== "deflate") return text;
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}

/** @param {HTMLElement} root @param {string} what */
function refuse(root, what) {
  root.prepend(h("p", { class: "trouble", role: "alert" }, what));
}

/** Refuses what would keep a page busy for ever: a graph, or groups, that go round, and places beyond any drawing. @param {any} story */
function checkStory({ nodes, edges, groups }) {
  const near = (/** @type {number[]} */ at) => at.every((n) => n >= 0 && n <= 4 * (nodes.length + groups.length) + 4);
  const wrong =
    nodes.findIndex((/** @type {any} */ n) => !near(n.at)) >= 0 ? "a node stands nowhere." :
    edges.some((/** @type {any} */ e) => !(e.src >= 0 && e.src < e.dst && e.dst < nodes.length)) ? "its graph goes round." :
    groups.some((/** @type {any} */ g, /** @type {number} */ i) => g.parent >= i || !near(g.at) || !near(g.size)) ? "its groups go round." : "";
  if (wrong) throw new Error(wrong);
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
    else if (!story.nodes.length) {
      fill(root, h("p", { class: "empty" }, "Nothing to show: the function did no operation on a tracked input."));
    } else {
      checkStory(story);
      startPlayer(root, filledStory(story));
    }
  } catch (error) {
    // Text that is JSON may still be no story: what has been begun is taken back.
    root.className = "";
    fill(root, ...still);
    refuse(root, `The story in this page is damaged: ${error instanceof Error ? error.message : error}`);
  }
}

boot();
