"""Nothing overlaps: boxes, labels and wires on 200 random graphs in both views."""

from __future__ import annotations

from typing import Any

import pytest

from adjoint.errors import ArgumentError
from adjoint.view.geometry import build_scene
from adjoint.view.model import Scale, read_story
from adjoint.view.paths import sample
from adjoint.view.routing import arrange_story
from adjoint.view.scene import Box, Scene
from view.builder import random_story
from view.examples import EXAMPLES

SHAPES = {"node", "variable", "root"}
WIDEST_LANE = 7.5


def overlapping(scene: Scene) -> list[tuple[Box, Box]]:
    """All pairs of boxes that touch, by a sweep from left to right."""
    found = []
    boxes = sorted(scene.boxes, key=lambda box: box.x)
    for index, box in enumerate(boxes):
        for other in boxes[index + 1 :]:
            if other.x >= box.right:
                break
            if box.overlaps(other):
                found.append((box, other))
    return found


def cut(scene: Scene) -> list[str]:
    """Wires that run through a shape that is not their end, or through a label."""
    found = []
    links = scene.reading.links
    for wire in scene.wires:
        ends = {wire.node} | ({links[wire.edge].dst} if wire.edge is not None else set())
        points = list(sample(wire.path))
        left, right = points[0][0], points[-1][0]
        top, bottom = min(y for _, y in points) - WIDEST_LANE, max(y for _, y in points) + WIDEST_LANE
        for box in scene.boxes:
            if box.x > right or box.right < left or box.y > bottom or box.bottom < top:
                continue
            if box is wire.pill or box.kind == "dot":
                continue
            # the lanes of a wire are as much the wire as its centre line
            reach = 0.0 if box.kind in SHAPES and box.node in ends else WIDEST_LANE
            if box.kind == "branch":
                reach = 0.0 if box.node == wire.node else 3.0
            wider = Box(box.kind, box.x, box.y - reach, box.w, box.h + 2 * reach, box.node)
            if any(wider.holds(x, y) for x, y in points):
                found.append(f"wire {wire.node}/{wire.edge} through {box.kind} {box.text!r} of {box.node}")
    return found


def run_together(scene: Scene) -> list[str]:
    """Level stretches of different wires on top of each other."""
    level = [
        (cubic[0][1], cubic[0][0], cubic[3][0], wire)
        for wire in scene.wires
        for cubic in wire.path
        if cubic[0][1] == cubic[3][1] and cubic[3][0] - cubic[0][0] > 4
    ]
    level.sort(key=lambda stretch: stretch[0])
    found = []
    for index, (y, start, end, wire) in enumerate(level):
        for other_y, other_start, other_end, other in level[index + 1 :]:
            if other_y - y >= 9:
                break
            if other is not wire and min(end, other_end) - max(start, other_start) > 1:
                found.append(f"{wire.node}/{wire.edge} and {other.node}/{other.edge} at {y}")
    return found


def check(story: dict[str, Any], view: Any) -> Scene:
    scene = build_scene(story, view)
    assert overlapping(scene) == []
    assert cut(scene) == []
    assert run_together(scene) == []
    assert all(box.x >= -0.01 and box.right <= scene.width + 0.01 for box in scene.boxes)
    assert all(box.y >= -0.01 and box.bottom <= scene.height + 0.01 for box in scene.boxes)
    return scene


@pytest.mark.parametrize("view", ["wire", "textbook"])
@pytest.mark.parametrize("seed", range(200))
def test_random_graphs(seed: int, view: str) -> None:
    check(random_story(seed), view)


@pytest.mark.parametrize("view", ["wire", "textbook"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_worked_examples(name: str, view: str) -> None:
    check(EXAMPLES[name](), view)


@pytest.mark.parametrize("seed", range(60))
def test_cells_from_elsewhere_are_kept_and_their_wires_find_free_tracks(seed: int) -> None:
    story = random_story(seed)
    for node in story["nodes"]:
        layer, track = node["at"]
        node["at"] = [2 * layer + (node["kind"] != "op"), 3 * track]
    scene = check(story, "wire")
    reading = scene.reading
    assert arrange_story(story, reading.parts, reading.links).cells == [tuple(node["at"]) for node in story["nodes"]]


def test_cells_that_cannot_be_drawn_are_replaced() -> None:
    story = random_story(3)
    for node in story["nodes"]:
        node["at"] = [0, 0]
    check(story, "wire")


def test_everything_of_a_story_is_in_the_scene() -> None:
    story = EXAMPLES["used_twice"]()
    scene = check(story, "wire")
    assert {box.text for box in scene.of("value")} == {"2", "1", "3", "6"}
    assert [box.text for box in scene.of("gradient")] == ["+2", "+5", "+2", "+3", "+1"]
    assert sorted(box.text for box in scene.of("branch")) == ["+2", "+3"]
    assert len(scene.of("dot")) == 1
    assert [box.text for box in scene.of("root")] == ["e"]
    assert [box.text for box in scene.of("name")] == ["c", "d"]
    textbook = check(story, "textbook")
    assert [box.text for box in textbook.of("variable")] == ["a", "b", "c", "d"]
    assert len([box for box in textbook.of("node") if box.form == "box"]) == 3


def test_a_router_that_did_not_choose_an_input_makes_a_dotted_lane() -> None:
    scene = build_scene(EXAMPLES["routed"]())
    dotted = [wire.edge for wire in scene.wires if wire.backward and wire.backward.dotted]
    links = scene.reading.links
    assert [(links[edge].src, links[edge].dst) for edge in dotted if edge is not None] == [(1, 3)]


def test_a_zero_that_only_happens_to_be_zero_is_not_dotted() -> None:
    story = EXAMPLES["product_of_sum"]()
    story["edges"][0].update(local=0, contrib=0)
    assert not any(wire.backward.dotted for wire in build_scene(story).wires if wire.backward)


def test_bends_stay_where_no_labels_are() -> None:
    scene = build_scene(EXAMPLES["half_square_loss"]())
    labels = scene.of("value", "gradient", "name")
    for wire in scene.wires:
        for cubic in wire.path:
            if cubic[0][1] != cubic[3][1]:
                for label in labels:
                    assert label.right <= cubic[0][0] or label.x >= cubic[3][0]


def test_many_uses_of_one_value() -> None:
    from view.builder import Builder

    build = Builder()
    x = build.leaf("x", 2)
    total = build.op("square", x)
    for _ in range(30):
        total = build.op("multiply", total, x)
    scene = check(build.story(total), "wire")
    assert scene.of("branch") == []


def test_a_failed_run_and_a_story_with_nothing_in_it() -> None:
    story = EXAMPLES["half_square_loss"]()
    for node in story["nodes"][6:]:
        del node["value"]
    for node in story["nodes"]:
        del node["grad"]
    story["outcome"] = {"status": "failed", "node": 6, "what": "subtract failed."}
    scene = check(story, "wire")
    assert scene.reading.failure == "subtract failed."
    assert not any(wire.backward for wire in scene.wires)
    story.update(nodes=[], edges=[])
    assert build_scene(story).boxes == []


def test_a_scale_over_two_decades_is_logarithmic() -> None:
    assert Scale([1.0, 1000.0]).width(1000.0) == 6.0
    assert Scale([1.0, 1000.0]).width(1.0) == 1.6
    assert Scale([1.0, 4.0]).width(1.0) == pytest.approx(1.6 + 4.4 / 2)
    assert Scale([]).width(0.0) == Scale([5e-324, 1.7e308]).width(float("nan")) == 1.6


def test_unknown_view_and_version() -> None:
    with pytest.raises(ArgumentError, match="no view"):
        build_scene(EXAMPLES["routed"](), "side")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="version 3"):
        read_story({"adjoint_story": 3})


def test_overlap_check_itself() -> None:
    scene = build_scene(EXAMPLES["routed"]())
    first = scene.boxes[0]
    scene.boxes.append(first)
    assert overlapping(scene)
    wire = next(wire for wire in scene.wires if wire.edge is not None)
    x, y = list(sample(wire.path))[20]
    scene.boxes.append(Box("value", x - 5, y - 5, 10, 10, 99))
    assert cut(scene)
