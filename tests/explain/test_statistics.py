"""Summaries of arrays: statistics, histogram, heat map, corners."""

from __future__ import annotations

import numpy as np
import pytest

from adjoint.explain.statistics import corners, nested, summary, thumbnail, written


def test_statistics_are_over_finite_entries():
    found = summary(np.array([[1.0, -3.0, np.nan], [np.inf, 0.0, 2.0]]))
    assert (found["shape"], found["dtype"]) == ([2, 3], "f64")
    assert (found["min"], found["max"], found["mean"]) == (-3.0, 2.0, 0.0)
    assert found["rms"] == pytest.approx(np.sqrt(14 / 4))
    assert (found["pos"], found["neg"], found["nan"], found["inf"]) == (3, 1, 1, 1)
    assert found["slice"] == [[1.0, -3.0, "NaN"], ["Infinity", 0.0, 2.0]]


@pytest.mark.parametrize("size", [1e300, 1e-300])
def test_nothing_overflows(size):
    found = summary(np.array([size, -size, size / 2]))
    assert found["rms"] == pytest.approx(size * np.sqrt(2.25 / 3))
    assert sum(found["hist"]["n"]) == 3


def test_histogram_has_16_bins_of_equal_width():
    found = summary(np.arange(32.0))["hist"]
    assert (found["lo"], found["hi"]) == (0.0, 31.0)
    assert found["n"] == [2] * 15 + [2]
    assert summary(np.full(5, 3.0))["hist"]["n"] == [5] + [0] * 15
    assert summary(np.array([0.0, 1.0]))["hist"]["n"] == [1] + [0] * 14 + [1]


def test_heat_map_keeps_the_sign_of_the_largest_entry_of_a_block():
    array = np.zeros((24, 36))
    array[0, 0], array[1, 2] = 1.0, -2.0
    array[23, 35] = 1.0
    found = thumbnail(array)
    assert (found["rows"], found["cols"], found["scale"]) == (12, 12, 2.0)
    assert found["q"][0][0] == -9
    assert found["q"][11][11] == 4
    assert sum(abs(q) for row in found["q"] for q in row) == 13


@pytest.mark.parametrize("shape", [(1,), (13,), (100,), (13, 5), (2, 3, 4), (1, 1, 50)])
def test_heat_maps_have_at_most_12_by_12_cells(shape):
    found = thumbnail(np.random.default_rng(0).normal(size=shape))
    assert (len(found["q"]), len(found["q"][0])) == (found["rows"], found["cols"])
    assert max(found["rows"], found["cols"]) <= 12
    assert max(abs(q) for row in found["q"] for q in row) == 9


def test_corners_are_exact_entries():
    array = np.arange(100.0).reshape(10, 10)
    assert corners(array).tolist() == array[np.ix_([0, 1, 8, 9], [0, 1, 8, 9])].tolist()
    assert corners(np.arange(600.0).reshape(6, 10, 10)).shape == (2, 4, 4)
    assert nested(np.arange(8.0).reshape(2, 2, 2)) == [[[0.0, 1.0], [2.0, 3.0]], [[4.0, 5.0], [6.0, 7.0]]]


def test_empty_complex_integer_and_boolean_arrays():
    assert summary(np.zeros((0, 3))) == {
        "shape": [0, 3], "dtype": "f64", "pos": 0, "neg": 0, "nan": 0, "inf": 0,
    }  # fmt: skip
    found = summary(np.array([3 + 4j, 0]))
    assert (found["max"], found["pos"], found["slice"][0]) == (5.0, 0, {"re": 3.0, "im": 4.0})
    assert summary(np.array([1, -2]))["mean"] == -0.5
    assert summary(np.array([True, False]))["slice"] == [1, 0]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (np.float32(0.5), 0.5),
        (True, 1),
        (np.nan, "NaN"),
        (-np.inf, "-Infinity"),
        (3, 3),
        (complex(np.inf, 1.0), {"re": "Infinity", "im": 1.0}),
    ],
)
def test_scalars(value, told):
    assert written(value) == told
    assert type(written(value)) is type(told)
