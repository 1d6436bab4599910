"""Kinks: a record that says it has them recognises them, and only them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from adjoint.primitives.record import REGISTRY, Primitive
from laws.samples import SAMPLES

#: What a where flips at is its condition's business, which it does not see.
UNSEEN = {"where"}
WITH_KINKS = [pytest.param(op, id=op.name) for op in REGISTRY.values() if op.kinks and op.name not in UNSEEN]

ROW: dict[str, Any] = {"axis": (-1,), "keepdims": False}
#: For each record, points that stand on a kink (first entry) and points that do not (second entry).
POINTS: dict[str, tuple[tuple[Any, ...], tuple[Any, ...], dict[str, Any]]] = {
    **dict.fromkeys(("abs", "sign", "direction", "relu"), ((0.0,), (0.1,), {})),
    **dict.fromkeys(("floor", "ceil", "trunc"), ((-2.0,), (-1.5,), {})),
    **dict.fromkeys(("sqrt", "cbrt"), ((0.0,), (1.0,), {})),
    **dict.fromkeys(("arcsin", "arccos"), ((-1.0,), (0.5,), {})),
    "arccosh": ((1.0,), (2.0,), {}),
    **dict.fromkeys(("hypot", "xlogy"), ((0.0, 0.0), (0.0, 1.0), {})),
    "power": ((0.0, 0.5), (0.0, 2.0), {}),
    "arctan2": ((0.0, -1.0), (0.0, 1.0), {}),
    "round": ((0.25,), (0.2,), {"decimals": 1}),
    **dict.fromkeys(("remainder", "floor_divide"), ((6.0, 2.0), (5.0, 2.0), {})),
    **dict.fromkeys(("maximum", "minimum"), ((1.0, 1.0), (1.0, 2.0), {})),
    **dict.fromkeys(("equal", "not_equal", "less"), ((1.0, 1.0), (1.0, 2.0), {})),
    **dict.fromkeys(("less_equal", "greater", "greater_equal"), ((1.0, 1.0), (1.0, 2.0), {})),
    "clip": ((1.0, 0.0, 1.0), (0.5, 0.0, 1.0), {}),
    **dict.fromkeys(("max", "argmax"), ((np.array([2.0, 1.0, 2.0]),), (np.array([2.0, 1.0, 1.0]),), ROW)),
    **dict.fromkeys(("min", "argmin"), ((np.array([1.0, 1.0, 2.0]),), (np.array([2.0, 1.0, 2.0]),), ROW)),
    "norm": ((np.zeros(2),), (np.array([0.0, 1.0]),), ROW),
    "sort": ((np.array([1.0, 2.0, 1.0]),), (np.array([1.0, 2.0, 3.0]),), {"axis": -1}),
}  # fmt: skip


def law_kinks(op: Primitive) -> None:
    """On the kink the record says yes, beside it and at its samples no."""
    assert op.at_kink is not None, "kinks in words that it does not recognise"
    on, beside, params = POINTS[op.name]
    assert np.all(op.at_kink(*on, **params))
    assert not np.any(op.at_kink(*beside, **params))
    for sample in SAMPLES[op.name]:
        found = np.asarray(op.at_kink(*sample.operands, **sample.params))
        assert found.dtype == bool
        assert not found.any() or not op.differentiable, "a sample on a kink"


@pytest.mark.parametrize("op", WITH_KINKS)
def test_kinks_are_recognised(op):
    law_kinks(op)


def test_no_record_has_kinks_without_words_or_points():
    assert {op.name for op in REGISTRY.values() if op.at_kink is not None} == set(POINTS)
    assert {p.values[0].name for p in WITH_KINKS} == set(POINTS)


@pytest.mark.parametrize(
    "at_kink", [None, lambda x: np.equal(x, 1.0), lambda x: np.less(x, np.inf), lambda x: np.equal(x, 0) * 1]
)
def test_a_record_that_does_not_know_its_kinks_is_seen(at_kink):
    with pytest.raises(AssertionError):
        law_kinks(replace(REGISTRY["relu"], at_kink=at_kink))
