"""The page's drawing step by step: what is known is shown, nothing else; chips find room; pictures leave whole."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from adjoint.numbers import format_gradient, format_number
from adjoint.view.theme import DARK, LIGHT
from view.js.player import needs_node, run_player

pytestmark = needs_node
GOLDEN = Path(__file__).parents[2] / "golden" / "stories"
CHECK = (Path(__file__).parent / "scene_checks.js").read_text("utf-8")
IMPORT = """
import { drawScene } from "./draw.js";
import { nextItem } from "./graphkeys.js";
import { nowOf } from "./now.js";
import { writeSvg } from "./paint.js";
import { paletteOf } from "./palette.js";
import { samplePath, isLevel } from "./paths.js";
import { scalesOf } from "./quantities.js";
import { buildScene } from "./scene.js";
import { createStore } from "./store.js";
"""
HELP = """
const sceneOf = (story, flip = false, open = new Set()) =>
  buildScene(story, {open, flip, textbook: false, kept: new Map(), room: flip ? [360, 600] : [1000, 460]});
const nowAt = (story, patch) => {
  const store = createStore(story);
  store.set(patch);
  return nowOf(store.get(), scalesOf(story), false);
};
const textsOf = (entry, kind) => entry.marks.flatMap((m) => [m, ...(m.spans || [])]).filter((m) => m.c === kind)
  .map((m) => m.s);
"""


def golden(name: str) -> dict[str, Any]:
    return dict(json.loads((GOLDEN / f"{name}.json").read_text("utf-8")))


NAMES = sorted(path.stem for path in GOLDEN.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_each_step_shows_what_is_known_and_nothing_else(name: str) -> None:
    story = golden(name)
    body = """
    const scene = sceneOf(data);
    return createStore(data).get().steps.map((step, at) => {
      const now = nowAt(data, {at});
      return drawScene(scene, now, true).items.map((e, i) => [e.data.node, textsOf(e, "value"), textsOf(e, "grad"),
        now.isCurrent(scene.visible.items[i])]);
    });
    """
    steps = run_player(IMPORT + HELP, body, story)
    forward = [entry["node"] for entry in story["forward"]]
    pulled = [entry for entry in story["backward"] if "seed" not in entry]
    seeds = [entry for entry in story["backward"] if "seed" in entry]
    assert len(steps) == 1 + len(forward) + len(seeds) + len(pulled) + bool(story["backward"])
    values = {n["id"]: n["value"] for n in story["nodes"] if n["kind"] != "op"}
    grads: dict[int, Any] = {}
    for at, items in enumerate(steps):
        current = None
        if 1 <= at <= len(forward):
            current = forward[at - 1]
            values[current] = story["nodes"][current]["value"]
        back = at - 1 - len(forward)
        if 0 <= back < len(story["backward"]):
            entry = story["backward"][back]
            current = entry["node"]
            if "seed" in entry:
                grads[current] = entry["seed"]
            for part in entry.get("parts", []):
                grads[story["edges"][part["edge"]]["src"]] = part["sum"]
        for node, value, grad, is_current in items:
            assert value == ([format_number(values[node], limit=7)] if node in values else []), (at, node)
            assert grad == ([format_gradient(grads[node], limit=7)] if node in grads else []), (at, node)
            assert is_current == (node == current), (at, node)
    for node in story["nodes"]:
        if "grad" in node:
            assert format_gradient(grads[node["id"]]) == format_gradient(node["grad"])


def test_input_by_input_the_branches_add() -> None:
    body = """
    const scene = sceneOf(data);
    const steps = createStore(data).get().steps;
    return steps.flatMap((step, at) => step.kind !== "backward" ? [] : [1, -1].map((part) => {
      const drawing = drawScene(scene, nowAt(data, {at, part}), true);
      const texts = drawing.items.map((e) => [e.data.node, textsOf(e, "grad")[0] || ""]);
      return [at, part, texts, drawing.wires.flatMap((e) => textsOf(e, "share"))];
    }));
    """
    found = {
        (int(at), int(part)): (dict(texts), shares)
        for at, part, texts, shares in run_player(IMPORT + HELP, body, golden("used_twice"))
    }
    (node,) = [n["id"] for n in golden("used_twice")["nodes"] if n.get("name") == "b"]
    assert [found[key][0][node] for key in sorted(found)] == ["", "", "+3", "+3", "+5", "+3"]
    last = max(at for at, _ in found)
    assert sorted(found[last, -1][1]) == ["+2", "+3"]


def test_what_practice_hides_is_hidden_everywhere_in_the_drawing() -> None:
    story = golden("product_of_a_sum")
    edge = story["edges"][0]
    hidden = [f"grad:{edge['src']}", f"local:{edge['id']}", f"name:{edge['dst']}"]
    body = """
    const {steps} = createStore(data.story).get();
    const at = steps.findIndex((s) => s.kind === "backward" && s.node === data.story.edges[0].dst);
    const {items, over} = drawScene(sceneOf(data.story), nowAt(data.story, {at, hidden: new Set(data.hidden)}), true);
    const of = (node) => items.find((e) => e.data.node === node);
    const {src, dst} = data.story.edges[0];
    return [textsOf(of(src), "grad"), textsOf(of(dst), "symbol"), over.filter((e) => e.data.edge === 0)
      .flatMap((e) => textsOf(e, "slope")), over.filter((e) => e.key === "verb").length, of(src).label, of(dst).label,
      of(src).title];
    """
    grad, symbol, slope, verbs, leaf, gate, title = run_player(IMPORT + HELP, body, {"story": story, "hidden": hidden})
    assert (grad, symbol, slope, verbs) == (["?"], ["?"], ["× ?"], 0)
    answer = format_gradient(story["nodes"][edge["src"]]["grad"]).lstrip("+")
    assert answer not in leaf + title
    assert story["nodes"][edge["dst"]]["op"] not in gate


@pytest.mark.parametrize("flip", [False, True])
def test_chips_find_room_and_touch_nothing(flip: bool) -> None:
    body = """
    const found = [];
    let wanted = 0, placed = 0;
    for (const story of data.stories) {
      const scene = sceneOf(story, data.flip);
      createStore(story).get().steps.forEach((step, at) => {
        const now = nowAt(story, {at});
        wanted += now.edges.size;
        const chips = drawScene(scene, now, true).over.filter((e) => e.key.startsWith("chip")).map((e) => {
          const {x, y, width, height} = e.marks[0].a;
          return {x, y, w: width, h: height};
        });
        placed += chips.length;
        chips.forEach((chip, i) => {
          for (const box of [...scene.boxes.flat(), ...chips.slice(i + 1)])
            if (overlaps(chip, box)) found.push(`${story.title} ${at} ${box.kind || "chip"}`);
        });
      });
    }
    return [found, wanted, placed];
    """
    found, wanted, placed = run_player(
        IMPORT + CHECK + HELP, body, {"stories": [golden(name) for name in NAMES], "flip": flip}
    )
    assert found == []
    assert placed == wanted > 20


def test_a_picture_of_any_names_is_one_whole_document() -> None:
    story = golden("used_twice")
    hostile = ["<script>alert(1)</script>", "a\"b'&]]>\u202e\x00", "x" * 300, "\u0301\u0301変数"]
    for node, name in zip(story["nodes"], hostile, strict=False):
        node["name"] = name
    story["title"] = "</title><script>"
    body = """
    return ["light", "dark"].map((theme) => {
      const scene = sceneOf(data, theme === "dark");
      const drawing = drawScene(scene, nowAt(data, {at: 99}), true);
      return writeSvg(Object.values(drawing).flat(), {width: scene.width, height: scene.height, margin: 24,
        ground: paletteOf(theme).stage, colours: paletteOf(theme), title: data.title});
    });
    """
    for text, theme in zip(run_player(IMPORT + HELP, body, story), (LIGHT, DARK), strict=True):
        tree = ElementTree.fromstring(text)
        tags = {element.tag.rpartition("}")[2] for element in tree.iter()}
        assert tags == {"svg", "title", "rect", "path", "text", "tspan"}
        assert re.search(r" style=|var\(|undefined|NaN", text) is None
        assert all(colour in text for colour in (theme.stage, theme.pos, theme.posbg))
        assert {"+5", "+2"} <= {element.text for element in tree.iter()}
        named = set(re.findall(r'(?:fill|stroke)="([^"]*)"', text)) - {"none"}
        assert all(re.fullmatch(r"#[0-9A-F]{6}", colour) for colour in named)


def test_the_palette_is_the_theme() -> None:
    body = 'return ["light", "dark"].map(paletteOf);'
    for found, theme in zip(run_player(IMPORT, body, None), (LIGHT, DARK), strict=True):
        for name in ("stage", "panel", "ink", "ink2", "edge", "wire", "pos", "posbg", "neg", "negbg", "zero", "bad"):
            assert found[name] == getattr(theme, name)


def test_keys_follow_the_wires() -> None:
    body = """
    const {visible} = sceneOf(data);
    const lead = (from, ways) => ways.reduce((at, way) => nextItem(visible, at, way), from);
    const go = (key, ...ways) => visible.items[lead(visible.place.get(key), ways)].key;
    const root = `n${data.nodes.length - 1}`;
    return [go(root, "up"), go(root, "up", "down"), go("n0", "up"), go(root, "down"), go("n0", "after"),
      go("n0", "before")];
    """
    story = golden("used_twice")
    root = len(story["nodes"]) - 1
    first = next(e["src"] for e in story["edges"] if e["dst"] == root and e["slot"] == 0)
    up, back, leaf, end, after, before = run_player(IMPORT + HELP, body, story)
    assert (up, back, leaf, end) == (f"n{first}", f"n{root}", "n0", f"n{root}")
    below = [n["id"] for n in story["nodes"] if n["at"][0] == 0]
    below.sort(key=lambda node: story["nodes"][node]["at"][1])
    assert after == f"n{below[min(below.index(0) + 1, len(below) - 1)]}"
    assert before == f"n{below[max(below.index(0) - 1, 0)]}"
