/** The workbench's page: it opens with the story of what the command line named, or of the first example. */

import { fill, h } from "../../view/player/dom.js";
import { startPlayer } from "../../view/player/main.js";
import { ask, givenByServer, Refusal, SUPERSEDED } from "./api.js";

/** @param {import("./api.js").Given} given @returns {Record<string, unknown>} */
function firstSource(given) {
  if (given.file) return { source: { file: true } };
  if (given.expression) return { source: { expression: given.expression }, inputs: given.values };
  return { source: { example: "worked_examples.squared_error" } };
}

/** Asks for the first story and shows it, or says why there is none. */
async function openWorkbench() {
  const root = document.getElementById("player");
  if (!root) return;
  try {
    const given = givenByServer();
    const answer = await ask(given, "story", firstSource(given));
    if (answer !== SUPERSEDED) startPlayer(root, answer.story);
  } catch (error) {
    const told = error instanceof Refusal ? error.told : { what: String(error), help: "" };
    fill(root, h("p", { class: "trouble", role: "alert" }, `${told.what} ${told.help || ""}`));
  }
}

openWorkbench();
