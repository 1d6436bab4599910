"""Nudges within a budget, and the kinds of stationary points."""

from __future__ import annotations

import numpy
import pytest

import adjoint as ad
import adjoint.numpy as np
from adjoint.explain import nudge
from adjoint.explain.nudge import epsilon, moved


def kind(f, *args):
    story = ad.explain(f)(*args)
    return None if story.stationary is None else story.stationary.kind


@pytest.mark.parametrize(
    ("f", "args", "expected"),
    [
        (lambda x, y: x * x + y * y, (0.0, 0.0), "minimum"),
        (lambda x, y: -x * x - y * y, (0.0, 0.0), "maximum"),
        (lambda x, y: x * x - y * y, (0.0, 0.0), "saddle"),
        (lambda x, y: x * x + 0.0 * y, (0.0, 3.0), "degenerate"),
        (lambda x: x**4, (0.0,), "degenerate"),
        (lambda x: x**3, (0.0,), "degenerate"),
        (lambda x: np.abs(x), (0.0,), "unknown"),
        (lambda x, y: np.floor(x) + y * y, (2.5, 0.0), "unknown"),
        (lambda x: np.cos(x), (0.0,), "maximum"),
        (lambda x: x * 3.0, (0.0,), None),
        (lambda x: np.log(x) * 0.0, (-1.0,), None),
        (lambda x: np.sum(x * x), (numpy.zeros((2, 3)),), "minimum"),
        (lambda x: np.sum(x * x), (numpy.zeros(201),), "unknown"),
        (lambda x: x * x, (numpy.zeros(3),), None),
        (lambda x: np.sum((x - 1.0) ** 2), (numpy.ones(3, "f4"),), "minimum"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_kind_of_a_stationary_point(f, args, expected):
    assert kind(f, *args) == expected


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x: x * 1.0, (1e34,)),
        (lambda x: 1e17 + x, (1.0,)),
        (lambda x: 1e17 + 0.5 * x * x, (1.0,)),
        (lambda x, y: 1e17 + x * y, (1.0, -2.0)),
        (lambda x: 1e17 + np.sum(x), (numpy.ones(201),)),
        (lambda x: 1e17 + np.abs(x) * 0.5 + np.sum(x), (0.0,)),
    ],
)
def test_a_large_value_makes_no_slope_a_zero(f, args):
    assert kind(f, *args) is None


def test_a_gradient_that_rounding_leaves_is_as_good_as_zero():
    story = ad.explain(lambda x: 1e6 * np.sum((x - 0.3) ** 2) + 1e6)(numpy.array([0.1 + 0.2, 0.3]))
    assert story.stationary.kind == "minimum"
    assert "within" in story.stationary.why


def test_flat_directions_are_counted():
    story = ad.explain(lambda x, y, z: (x - y) ** 2 + z * z)(1.0, 1.0, 0.0)
    assert story.stationary.kind == "degenerate"
    assert "flat in 1 of 3 directions and curves up in 2" in story.stationary.why


def test_hessian_sees_through_captured_data_and_composed_functions():
    data = numpy.array([1.0, 2.0, 3.0])
    assert kind(lambda m: np.mean((data - m) ** 2), 2.0) == "minimum"


def test_epsilon_follows_the_size_of_the_value():
    assert epsilon(2.0) == epsilon(0.0) == epsilon(-9.0) == 0.001
    assert epsilon(1e-6) == 1e-9
    assert epsilon(1234.5) == 1.0
    assert epsilon(float("inf")) == 0.001


def test_moved_shows_the_difference():
    assert moved(98766.0, 98767.0) == "98766 → 98767"
    assert moved(0.1234567, 0.1234568) == "0.1234567 → 0.1234568"
    assert moved(float("nan"), float("nan")) == "NaN stays"


def test_every_nudge_agrees_with_its_gradient():
    def f(x, y):
        h = np.tanh(x @ y)
        return np.sum(h * h)

    rng = numpy.random.default_rng(0)
    story = ad.explain(f)(rng.normal(size=(2, 3)), rng.normal(size=(3, 2)))
    told = {story.board.items[n.node].name for n in story.nudges.values()}
    assert {"x", "y", "h"} <= told
    for one in story.nudges.values():
        assert one.slope == pytest.approx(one.expected, rel=0.02, abs=2e-3)
        value = numpy.abs(story.board.items[one.node].grad)
        assert one.entry is None or value[one.entry] == value.max()


def test_a_budget_leaves_nudges_out_and_says_so(monkeypatch):
    monkeypatch.setattr(nudge, "BUDGET", 150)
    story = ad.explain(lambda a, b, c: a * b * c)(1.0, 2.0, 3.0)
    assert 0 < len(story.nudges) < 6
    assert any("replaying the others would take too long" in note for note in story.notes)


def test_large_graphs_nudge_their_leaves():
    def f(x):
        for _ in range(nudge.EVERY_NODE + 1):
            x = x + 0.5
        return x

    story = ad.explain(f)(1.0)
    assert [story.board.items[k].name for k in story.nudges] == ["x"]


def test_complex_values_are_nudged_along_the_real_axis():
    (one,) = (n for n in ad.explain(lambda z: np.abs(z) ** 2)(1 + 2j).nudges.values() if n.node == 0)
    assert one.slope == pytest.approx(2.0, abs=2e-3)
    assert one.expected == 2.0
