"""The worked examples: exact numbers, and the whole story as it is printed and written.

Set ADJOINT_GOLDEN=write to write the stories anew, then read them.
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

from explain.worked import EXAMPLES, story_of

GOLDEN = Path(__file__).parent.parent / "golden" / "stories"


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the logarithm of a negative number, on purpose
        yield


@pytest.mark.parametrize("name", EXAMPLES)
def test_numbers(name):
    story, example = story_of(name), EXAMPLES[name]
    np.testing.assert_allclose(story.value, example.value, rtol=1e-15)
    assert list(story.gradients) == list(example.gradients)
    np.testing.assert_allclose(list(story.gradients.values()), list(example.gradients.values()), rtol=1e-6)


def golden(path, text):
    if os.environ.get("ADJOINT_GOLDEN") == "write":
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize("name", EXAMPLES)
def test_printed(name):
    golden(GOLDEN / f"{name}.txt", str(story_of(name)) + "\n")


@pytest.mark.parametrize("name", EXAMPLES)
def test_written(name):
    found = json.loads(story_of(name).to_json())
    golden(GOLDEN / f"{name}.json", json.dumps(found, indent=1, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_printed_story_fits_and_cannot_steer_a_terminal(name):
    text = str(story_of(name))
    assert max(map(len, text.splitlines())) <= 100
    assert all(c.isprintable() or c == "\n" for c in text)


def test_the_chain_of_a_nudge():
    story = story_of("half_squared_error")
    by_name = {story.board.items[k].name: n for k, n in story.nudges.items()}
    assert by_name["a"].sentence(1) == "a 4 → 4.001, d 2 → 2.001: J 2 → 2.002"
    assert by_name["w"].after == 0.5 * (2.001 * -2.0 + 8.0 - 2.0) ** 2
    assert set(by_name) == {"w", "x", "b", "y", "c", "a", "d", "v1", "J"}
    for nudge in by_name.values():
        assert nudge.slope == pytest.approx(nudge.expected, abs=2.1e-3)


def test_gates_speak_in_words():
    text = " ".join(str(story_of("half_squared_error")).split())
    assert "Multiply swaps: each input receives the upstream gradient times the other input." in text
    assert "Square scales the upstream gradient by its slope here, 2d = 4." in text
    assert "Subtract distributes" in text
    assert "∂J/∂w = +2 × (−2) = −4" in text


def test_branches_are_shown_with_their_sum():
    story = story_of("used_twice")
    assert "branches add: +3 and +2 make +5" in str(story)
    steps = story.to_dict()["backward"]
    of_b = [p for s in steps for p in s.get("parts", ()) if story.board.edges[p["edge"]].src == 1]
    assert [(p["down"], p["sum"], p["of"]) for p in of_b] == [(3.0, 3.0, 2), (2.0, 5.0, 2)]


def test_a_kink_is_told_with_its_convention():
    text = " ".join(str(story_of("at_a_tie")).split())
    assert "equal inputs share the gradient, half each" in text
    assert "the slope is not unique; the convention gives 0.5" in text


def test_where_nan_first_appears():
    story = story_of("negative_logarithm")
    line = EXAMPLES["negative_logarithm"].function.__code__.co_firstlineno + 2
    assert f"NaN first appears at log (line {line}): input −1." in str(story)


def test_steps_against_the_gradient_and_shares():
    story = story_of("half_squared_error")
    assert [row.step for row in story.leaf_rows] == pytest.approx([0.04, -0.04, -0.02, 0.02])
    assert [row.share for row in story.leaf_rows] == pytest.approx([1 / 3, 1 / 3, 1 / 6, 1 / 6])


def test_cost_and_memory():
    story = story_of("half_squared_error")
    assert (story.cost.gates, story.cost.inputs) == (5, 4)
    assert (story.cost.visits_reverse, story.cost.visits_differences) == (10, 25)
    kept = {(story.board.items[k.node].name, story.board.items[k.by].name): k.bytes for k in story.kept}
    assert kept == {("w", "c"): 8, ("x", "c"): 8, ("d", "v1"): 8, ("", "J"): 8}
