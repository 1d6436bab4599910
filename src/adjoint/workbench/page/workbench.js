/** The workbench's page: the player in the middle, the expression above it, the inputs beside it, and other views in tabs. */

import { button, fill, h } from "../../view/player/dom.js";
import { ask, givenByServer, SUPERSEDED } from "./api.js";
import { Bench } from "./bench.js";
import { compareTab } from "./comparetab.js";
import { troubleText } from "./expressionbar.js";
import { inputAside } from "./inputaside.js";
import { readLink, TABS } from "./linkstate.js";
import { shellKeys } from "./shellkeys.js";
import { playerTab } from "./playertab.js";
import { raceTab } from "./racetab.js";
import { fragmentOf, topBar } from "./topbar.js";
import { viewsTab } from "./viewstab.js";

const FIRST_EXAMPLE = "worked_examples.squared_error";
/** Milliseconds for which a remark stands, and after which the address follows the state. */
const REMARKED = 6000;
const LINKED = 500;
const BROKEN = "The link in the address is broken: what it describes cannot be restored.";

/** @param {HTMLElement} root @param {Bench} bench */
function buildShell(root, bench) {
  const remark = h("p.w-remark", { role: "status" });
  const lost = h("div", { role: "alert" });
  const dots = h("span.w-dots", { role: "status" });
  const say = (/** @type {string} */ text) => {
    fill(remark, text);
    setTimeout(() => remark.textContent === text && fill(remark), REMARKED);
  };
  const top = topBar(bench, say);
  const [player, views, compare, race] = [1, 2, 3, 4].map(() => h("div"));
  const panels = [player, views, compare, race].map((place, i) => h("div.w-panel", { role: "tabpanel", id: `w-${TABS[i]}` }, place));
  // Practice is done in the player.
  const panelOf = (/** @type {string} */ tab) => panels[TABS.indexOf(tab) % panels.length];
  const tabs = TABS.map((name) => h("button", { role: "tab", id: `w-tab-${name}`, "aria-controls": panelOf(name).id, onclick: () => bench.turnTo(name) }, name[0].toUpperCase() + name.slice(1)));
  const comparing = compareTab(compare, bench, () => aside.draw());
  const aside = inputAside(bench, comparing);
  fill(root, top.element,
    h("nav.w-tabs", { "aria-label": "Views of this computation" }, h("div.tabs.w-tablist", { role: "tablist" }, ...tabs), dots, h("span.space"), aside.opener),
    lost, h("div.w-body", aside.element, h("div.w-panels", ...panels)), remark);
  root.classList.add("wb");

  const showTab = () => {
    const { tab, app } = bench;
    TABS.forEach((name, i) => {
      tabs[i].setAttribute("aria-selected", String(name === tab));
      tabs[i].tabIndex = name === tab ? 0 : -1;
    });
    for (const panel of panels) panel.hidden = panel !== panelOf(tab);
    panelOf(tab).setAttribute("aria-labelledby", `w-tab-${tab}`);
    root.dataset.tab = tab;
    if (!app) return;
    const practising = player.classList.contains("practising");
    if (tab === "practice" && !practising) {
      app.commands.predict?.();
      if (!player.classList.contains("practising")) say("There is nothing to practise here: no gradient flows.");
    } else if (tab !== "practice" && practising) app.commands.leavePractice();
  };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let clock;
  const follow = () => {
    clearTimeout(clock);
    clock = setTimeout(() => bench.story && history.replaceState(history.state, "", fragmentOf(bench)), LINKED);
  };
  // The order matters: a tab is shown before what stands in it looks at its size.
  bench.on(["tab"], showTab);
  playerTab(player, bench, (app) => {
    // Sheets of the player may be opened from every tab.
    for (const sheet of player.querySelectorAll("dialog")) root.append(sheet);
    top.themeIs(app.store.get().theme);
    app.store.on((state, changed) => {
      if (changed.has("theme")) top.themeIs(state.theme);
      if (changed.has("hidden")) aside.draw();
      if (changed.has("slides")) root.classList.toggle("w-slides", state.slides);
      if (changed.has("at") || changed.has("view")) follow();
    });
    showTab();
    // Practice may be entered and left in the player itself: the tabs follow.
    new MutationObserver(() => {
      const practising = player.classList.contains("practising");
      if (practising !== (bench.tab === "practice") && ["step", "practice"].includes(bench.tab)) bench.turnTo(practising ? "practice" : "step");
    }).observe(player, { attributeFilter: ["class"] });
  });
  viewsTab(views, bench);
  raceTab(race, bench);
  bench.on(["inputs", "story", "tab"], aside.draw);
  bench.on(["source", "inputs", "tab"], follow);
  bench.on(["source", "examples"], () => {
    document.title = `${bench.title} · adjoint workbench`;
  });
  bench.on(["waiting"], () => {
    root.classList.toggle("w-waiting", bench.waiting);
    fill(dots, bench.waiting ? "…" : null);
    dots.title = "The numbers are those of before: the server computes.";
  });
  bench.on(["trouble"], () => {
    const told = bench.lost && bench.trouble;
    if (!told) fill(lost);
    else fill(lost, h("span", `${troubleText(told)} What you see is the last state${bench.story && bench.story.live ? "; its numbers still follow its inputs" : ""}.`),
      button("Try again", () => (bench.story ? bench.ask("whole") : location.reload())));
    lost.className = told ? "banner w-lost" : "";
  });
  /** @param {NonNullable<ReturnType<typeof readLink>>} found @param {string} key */
  const restore = ({ source, values, tab, at, view }, key) => {
    bench.open(source, values, key, { at, view });
    bench.turnTo(tab || "step");
  };
  addEventListener("hashchange", () => {
    const found = linked();
    if (found && location.hash !== fragmentOf(bench)) restore(found, "link");
  });
  /** What the address says; where it says something that cannot be read, that is told. */
  const linked = () => {
    const found = readLink(location.hash);
    if (!found && location.hash.length > 1) say(BROKEN);
    return found;
  };
  shellKeys(bench, tabs, aside, top);
  showTab();
  return { restore, linked };
}

/** Opens with the link's state, or with what the command line named, or with the first example. */
async function openWorkbench() {
  const root = document.getElementById("player");
  if (!root) return;
  const given = givenByServer();
  const bench = new Bench(given);
  const { restore, linked } = buildShell(root, bench);
  const found = linked();
  const begin = () => bench.pick(FIRST_EXAMPLE, "");
  try {
    const answer = await ask(given, "examples", {});
    if (answer !== SUPERSEDED) bench.examples = answer.examples;
  } catch {
    /* the first story's own request says what is wrong */
  }
  bench.on(["trouble"], () => {
    // What could not be opened leaves its reason in the line, and the first example in the middle.
    if (!bench.story && bench.trouble && !bench.lost && bench.source.example === undefined) {
      const { trouble } = bench;
      begin();
      bench.kept = trouble;
    }
  });
  if (found) restore(found, "");
  else if (given.file) bench.open({ file: true }, {}, "");
  else if (given.expression) bench.open({ expression: given.expression }, given.values || {}, "");
  else begin();
}

openWorkbench();
