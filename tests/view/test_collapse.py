"""Stories with groups as static pictures: closed boxes, frames, merged wires, nothing on anything else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adjoint as ad
from adjoint.explain.grouping import LARGE
from adjoint.view.collapse import collapse, for_picture
from adjoint.view.geometry import build_scene
from adjoint.view.svg import render
from explain.networks import NETWORKS
from explain.programs import TREES, program
from view.test_scene import cut, overlapping


def story_of(name):
    function, arguments = NETWORKS[name]
    return ad.explain(function)(*arguments()).to_dict()


def check_frames(scene):
    """Frames nest or are apart; a node's shape is in or out of a frame; labels stay within."""
    for one in scene.frames:
        right, bottom = one.x + one.w, one.y + one.h
        for other in scene.frames:
            apart = other.x >= right or other.x + other.w <= one.x or other.y >= bottom or other.y + other.h <= one.y
            within = one.x < other.x and other.x + other.w < right and one.y < other.y and other.y + other.h < bottom
            around = other.x < one.x and right < other.x + other.w and other.y < one.y and bottom < other.y + other.h
            assert one is other or apart or within or around
        for box in scene.boxes:
            apart = box.x >= right or box.right <= one.x or box.y >= bottom or box.bottom <= one.y
            within = one.x < box.x and box.right < right and one.y < box.y and box.bottom < bottom
            assert apart or within, (one.name, box.kind, box.text)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("opened", ["none", "top", "all"])
def test_networks_draw_without_overlaps(name, opened):
    story = story_of(name)
    chosen = {g["id"] for g in story["groups"] if opened == "all" or (opened == "top" and "parent" not in g)}
    scene = build_scene(collapse(story, chosen if opened != "none" else ()))
    assert overlapping(scene) == []
    assert cut(scene) == []
    check_frames(scene)
    assert len(scene.frames) == (0 if opened == "none" else len(chosen))


@settings(max_examples=40, deadline=None)
@given(TREES, st.data())
def test_random_programs_draw_without_overlaps(tree, data):
    story = ad.explain(program(tree))(0.3, -0.2, 0.7).to_dict()
    groups = [g["id"] for g in story["groups"]]
    scene = build_scene(collapse(story, data.draw(st.sets(st.sampled_from(groups))) if groups else ()))
    assert overlapping(scene) == []
    assert cut(scene) == []
    check_frames(scene)


def test_a_closed_group_says_what_is_inside_and_what_it_gives():
    story = collapse(story_of("lstm"), ())
    [step] = [n for n in story["nodes"] if n.get("op") == "group"]
    assert (step["symbol"], step["detail"], step["name"]) == ("lstm_step", "+ 34 operations", "v29")
    assert step["value"] == pytest.approx(-0.0279, abs=1e-4)
    text = render(story)
    assert ">lstm_step<" in text
    assert ">+ 34 operations<" in text


def test_wires_between_two_boxes_are_one_and_what_flows_back_adds_up():
    whole = story_of("lstm")
    story = collapse(whole, ())
    x = next(n for n in story["nodes"] if n.get("name") == "x")
    [edge] = [e for e in story["edges"] if e["src"] == x["id"]]
    assert edge["contrib"] == pytest.approx(x["grad"])
    assert sum(e["src"] == 0 for e in whole["edges"]) == 4


def test_large_stories_are_drawn_closed_and_fast():
    def step(x, w):
        return ad.numpy.tanh(x * w + 0.5)

    def f(x, w):
        for _ in range(400):
            x = step(x, w)
        return x

    story = ad.explain(f)(0.1, 0.3).to_dict()
    assert len(story["nodes"]) > LARGE
    shown = for_picture(story)
    assert len(shown["nodes"]) < 30
    scene = build_scene(story)
    assert overlapping(scene) == []
    assert cut(scene) == []


def test_small_stories_without_groups_are_left_as_they_are():
    story = ad.explain(lambda a, b: a * b + a)(1.0, 2.0).to_dict()
    assert for_picture(story) is story


def test_hostile_names_of_groups_are_text():
    def f(x):
        with ad.scope("<script>alert('&')</script>"):
            x = x * 2.0 + 1.0
        return x * x

    story = ad.explain(f)(1.0).to_dict()
    for opened in ((), {0}):
        text = render(collapse(story, opened))
        assert "<script" not in text
