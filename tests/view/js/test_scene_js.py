"""Nothing overlaps in the page's drawing: boxes, labels and wires of many graphs, both views, both directions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.explain.layout import arrange
from explain.networks import NETWORKS
from view.builder import random_story
from view.examples import EXAMPLES
from view.js.player import needs_node, run_player

pytestmark = needs_node
GOLDEN = Path(__file__).parents[2] / "golden" / "stories"
IMPORT = """
import { buildScene } from "./scene.js";
import { samplePath, isLevel } from "./paths.js";
"""
CHECK = (Path(__file__).parent / "scene_checks.js").read_text("utf-8")
ALL_WAYS = """
return data.map((story) => {
  const found = [];
  for (const flip of [false, true])
    for (const textbook of [false, true])
      for (const room of [undefined, flip ? [360, 700] : [1000, 460]])
        for (const how of story.groups.length ? ["all", "some", "none"] : ["none"]) {
          const scene = buildScene(story, {open: opened(story.groups, how), flip, textbook, kept: new Map(), room});
          for (const fault of faults(scene)) found.push(`${flip ? "down" : "right"} ${textbook} ${how}: ${fault}`);
        }
  return found;
});
"""


def with_roads(story: dict[str, Any]) -> dict[str, Any]:
    """A story as the library writes it: with the tracks that long wires pass."""
    edges = [(edge["src"], edge["dst"], edge["slot"]) for edge in story["edges"]]
    arrangement = arrange([node["kind"] for node in story["nodes"]], edges)
    for node, at in zip(story["nodes"], arrangement.cells, strict=True):
        node["at"] = list(at)
        if node["id"] in arrangement.roads:
            node["road"] = arrangement.roads[node["id"]]
    return story


def check(stories: dict[str, dict[str, Any]]) -> None:
    for name, found in zip(stories, run_player(IMPORT + CHECK, ALL_WAYS, list(stories.values())), strict=True):
        assert found == [], f"{name}: {found[:6]} ({len(found)} in all)"


@pytest.mark.parametrize("first", range(0, 200, 40))
def test_random_graphs(first: int) -> None:
    check({f"random {seed}": with_roads(random_story(seed)) for seed in range(first, first + 40)})


def test_examples() -> None:
    check({name: with_roads(make()) for name, make in EXAMPLES.items()})


def test_golden_stories() -> None:
    check({path.stem: json.loads(path.read_text("utf-8")) for path in sorted(GOLDEN.glob("*.json"))})


@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name: str) -> None:
    function, arguments = NETWORKS[name]
    check({name: ad.explain(function)(*arguments()).to_dict()})


def reused(x: Any, w: Any) -> Any:
    """A value and two weights that are used in forty places, half of them in groups."""

    def step(h: Any) -> Any:
        return w[0] * h + x * w[1] * h

    h = x
    for turn in range(20):
        h = anp.tanh(step(h)) * x if turn % 2 else step(h) + x * w[0]
    return h


TRUNKS = """
return [false, true].flatMap((flip) => ["all", "some", "none"].flatMap((how) => {
  const scene = buildScene(data, {open: opened(data.groups, how), flip, textbook: false, kept: new Map()});
  const found = faults(scene);
  const { items } = scene.visible;
  const near = (a, b) => Math.abs(a - b) < 0.01;
  let trunks = 0;
  items.forEach(({ outs }, item) => {
    const own = scene.wires.filter((w) => w.item === item);
    const pieces = own.filter((w) => w.run < -1);
    trunks += pieces.length > 0;
    if (pieces.length > 0 !== outs.length > MOST_BRANCHES)
      found.push(`${how}: ${outs.length} branches, ${pieces.length} pieces`);
    const on = (c, [u, v]) => c[0] <= u + 0.01 && u <= c[6] + 0.01 && isLevel(c) && near(c[1], v);
    const onPiece = (point) => pieces.some(({ path }) => path.some((c) => on(c, point)));
    for (const w of own) {
      const start = w.path[0] && w.path[0].slice(0, 2);
      if (w.leaves && !onPiece(start)) found.push(`${how}: run ${w.run} starts beside its trunk`);
      if (w.run < -2 && !onPiece(start)) found.push(`${how}: a piece starts beside the others`);
    }
    const sorted = (list) => String(list.slice().sort((a, b) => a - b));
    const drawn = own.filter((w) => w.run >= 0).map((w) => w.run);
    if (sorted(drawn) !== sorted(outs)) found.push(`${how}: not every run of ${item} is drawn`);
  });
  if (!trunks) found.push(`${how}: no trunk`);
  return found;
}));
"""


def test_many_branches_share_a_trunk_and_leave_it_one_by_one() -> None:
    story = ad.explain(reused)(0.5, [0.9, -0.4]).to_dict()
    measure = 'import { MOST_BRANCHES } from "./measure.js";\n'
    assert run_player(measure + IMPORT + CHECK, TRUNKS, story) == []
