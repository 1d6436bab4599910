"""Indexing: values and errors as NumPy's, exact gradients, repeats counted, and loops that stay linear."""

import copy
import pickle

import numpy as np
import pytest

from adjoint.create import tensor
from adjoint.errors import AxisError, DtypeError, ShapeError, TracedError
from adjoint.graph.graph import Graph
from adjoint.graph.spec import Spec
from adjoint.primitives.index import getitem, index_add, scatter, set_at
from adjoint.primitives.places import HOLE, add_at, split_index

X = np.linspace(-1.0, 2.0, 60).reshape(4, 3, 5)
MASK = X[:, 0, 0] > 0
KEYS = [
    0,
    -1,
    (1, 2),
    (0, 1, 2),
    (..., 1),
    ...,
    (),
    None,
    slice(1, 3),
    slice(None, None, -2),
    slice(7, 2),
    (None, slice(None), 0, ..., None),
    [0, 2, 0],
    [],
    [[0, 1], [1, 3]],
    ([0, 1], [1, 1]),
    ([0, 1], [1, 1], [-1, -1]),
    (slice(None), [0, 0, 1]),
    (0, [1, 1]),
    ([1, 1], 0),
    ([1, 1], slice(None), [0, 0]),
    (np.array([[0], [-1]]), [[1, 2]]),
    (slice(None, None, -1), None, [2, 2], ..., [1, 1]),
    X > 0.5,
    MASK,
    (MASK, 0),
    (MASK, slice(None), [0]),
    (slice(None), np.array([True, False, True])),
    True,
    False,
    np.True_,
    np.int64(1),
    np.array(2),
    (np.uint8(1), np.array([0, 1], np.int16)),
]
IDS = [f"{i}" for i in range(len(KEYS))]


@pytest.mark.parametrize("key", KEYS, ids=IDS)
@pytest.mark.parametrize("order", ["C", "F"])
def test_values_are_numpys(key, order):
    x = np.array(X, order=order)
    index, arrays = split_index(key)
    picked = getitem.value(x, *arrays, index=index)
    assert np.array_equal(picked, X[key])
    assert picked.shape == X[key].shape
    g = np.cos(np.arange(picked.size) + 1.0).reshape(picked.shape)[()]
    wanted = np.zeros_like(X)
    np.add.at(wanted, key, g)
    np.testing.assert_allclose(scatter.value(g, *arrays, index=index, shape=X.shape), wanted)
    np.testing.assert_allclose(index_add.value(x, g, *arrays, index=index), X + wanted)
    written = X.copy()
    written[key] = g
    assert np.array_equal(set_at.value(x, g, *arrays, index=index), written)
    assert np.array_equal(x, X)


@pytest.mark.parametrize("key", KEYS, ids=IDS)
def test_specs_need_no_values(key):
    index, arrays = split_index(key)
    specs = [Spec.of(a) for a in arrays]
    if any(s.dtype == bool for s in specs):
        with pytest.raises(TracedError, match="the number of entries that a mask picks depends on its values"):
            getitem.spec(Spec.of(X), *specs, index=index)
        return
    assert getitem.spec(Spec.of(X), *specs, index=index) == Spec.of(X[key])
    assert set_at.spec(Spec.of(X), Spec(X[key].shape), *specs, index=index) == Spec.of(X)
    assert scatter.spec(Spec(X[key].shape), *specs, index=index, shape=X.shape) == Spec.of(X)


@pytest.mark.parametrize("key", KEYS, ids=IDS)
def test_gradients_return_to_their_places(key):
    x = tensor(X, requires_grad=True)
    picked = x[key]
    weights = np.cos(np.arange(picked.size) + 1.0).reshape(picked.shape)
    (picked * weights).sum().backward()
    wanted = np.zeros_like(X)
    np.add.at(wanted, key, weights)
    np.testing.assert_allclose(x.grad.value, wanted)


@pytest.mark.parametrize("key", [0, (0, 1, 2), slice(1, 3), [0, 2], X > 0.5, (slice(None), [0, 2])])
def test_what_is_written_takes_the_gradient(key):
    x, v = tensor(X, requires_grad=True), tensor(np.float64(2.0), requires_grad=True)
    y = x * 1.0
    y[key] = v
    weights = np.cos(np.arange(X.size) + 1.0).reshape(X.shape)
    (y * weights).sum().backward()
    kept = weights.copy()
    kept[key] = 0.0
    np.testing.assert_allclose(x.grad.value, kept)
    np.testing.assert_allclose(v.grad.value, weights[key].sum())


def test_of_entries_written_twice_the_last_value_counts():
    x, v = tensor(np.zeros(3), requires_grad=True), tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 1.0
    y[[0, 2, 0]] = v
    assert y.tolist() == [3.0, 0.0, 2.0]
    (y * np.array([5.0, 7.0, 11.0])).sum().backward()
    assert v.grad.tolist() == [0.0, 11.0, 5.0]
    assert x.grad.tolist() == [0.0, 7.0, 0.0]


def test_a_value_with_leading_ones_fits_as_in_numpy():
    v = tensor(np.ones((1, 1, 5)), requires_grad=True)
    y = tensor(X) * 1.0
    y[0, 1] = v
    y.sum().backward()
    assert v.grad.shape == (1, 1, 5)
    assert v.grad.value.sum() == 5.0


def test_index_arrays_are_kept_and_not_the_array():
    x = tensor(X, requires_grad=True)
    (kept, out) = (x * 2.0)[[0, 1]].node.saved
    assert out is None
    assert kept[0] is None
    assert kept[1].tolist() == [0, 1]
    assert (x * 2.0)[0].node.saved is None


def test_a_later_change_of_the_index_does_not_matter():
    x, places = tensor(X, requires_grad=True), np.array([0, 1, 0])
    y = x[places]
    places[:] = 3
    y.sum().backward()
    assert x.grad.value[:, 0, 0].tolist() == [2.0, 1.0, 0.0, 0.0]


ERRORS = [
    (9, AxisError, "getitem: index 9 is out of bounds for axis 0 with size 4, in f64[4,3,5]."),
    ((0, 0, 0, 0), AxisError, "getitem: too many indices for array: array is 3-dimensional, but 4 were indexed"),
    ([9], AxisError, "getitem: index 9 is out of bounds for axis 0 with size 4"),
    (1.5, AxisError, "getitem: only integers, slices"),
    ([1.5], AxisError, "getitem: arrays used as indices must be of integer (or boolean) type"),
    (np.array([True, False]), AxisError, "getitem: boolean index did not match indexed array along axis 0"),
    (([0, 1], [0, 1, 2]), AxisError, "getitem: shape mismatch: indexing arrays could not be broadcast together"),
    (slice(0.5), AxisError, "a slice is made of whole numbers, got 0.5."),
]


@pytest.mark.parametrize(("key", "kind", "message"), ERRORS, ids=range(len(ERRORS)))
def test_errors_of_reading(key, kind, message):
    with pytest.raises(kind) as caught:
        tensor(X)[key]
    assert caught.value.what.startswith(message)
    with pytest.raises(IndexError):  # so that iteration by index ends, as Python wants it
        tensor(X)[key]


def test_errors_of_writing():
    x = tensor(X) * 1.0
    with pytest.raises(
        ShapeError, match=r"set_at: could not broadcast input array from shape \(4,\) into shape \(3,5\)"
    ):
        x[0] = np.ones(4)
    with pytest.raises(AxisError, match="set_at: index 4 is out of bounds"):
        x[4] = 1.0
    with pytest.raises(DtypeError, match=r"set_at cannot put c128\[\] into f64\[4,3,5\]"):
        x[0] = 1j
    with pytest.raises(IndexError, match="index 7 is out of bounds for axis 1 with size 3"):
        add_at(X.copy(), 1.0, (HOLE, HOLE), (np.array([0]), np.array([7])))
    with pytest.raises(AxisError, match="index_add: too many indices"):
        index_add.value(X, 1.0, *[np.array([0])] * 4, index=(HOLE,) * 4)


def test_specs_refuse_what_numpy_refuses():
    with pytest.raises(ShapeError, match=r"set_at: f64\[4\] does not fit the \[3, 5\] that the index picks"):
        set_at.spec(Spec.of(X), Spec((4,)), index=(0,))
    with pytest.raises(ShapeError, match="does not fit"):
        set_at.spec(Spec.of(X), Spec((1,)), index=(0, 0, 0))
    with pytest.raises(AxisError, match="arrays used as indices must be of integer"):
        getitem.spec(Spec.of(X), Spec((2,)), index=(HOLE,))
    with pytest.raises(AxisError, match="getitem: index 4 is out of bounds"):
        getitem.spec(Spec.of(X), index=(4,))


def test_views_are_what_numpy_has_as_views():
    for key in KEYS:
        index, _ = split_index(key)
        picked = X[key]
        taken_as_number = isinstance(key, np.ndarray) and not key.shape  # where NumPy copies, we are stricter
        if picked.shape and picked.size and not taken_as_number:
            assert getitem.is_view({"index": index}) == np.shares_memory(picked, X)


def test_holes_are_one_object_also_after_travel():
    assert pickle.loads(pickle.dumps(HOLE)) is HOLE
    assert copy.deepcopy(HOLE) is HOLE


def test_the_index_is_part_of_a_fingerprint():
    def fingerprint(key):
        x = tensor(X, requires_grad=True)
        return Graph.from_outputs(x[key]).fingerprint()

    assert fingerprint(0) == fingerprint(0)
    assert len({fingerprint(key) for key in (0, 1, slice(0, 1), [0], [1], (0, ...))}) == 6


def test_repeats_in_rows_and_entries_are_all_counted():
    rng = np.random.default_rng(3)
    for shape, count in (((7,), 200), ((7, 3), 50), ((5, 4, 3), 50)):
        places = rng.integers(-shape[0], shape[0], count)
        g = rng.random((count, *shape[1:]))
        acc, wanted = np.zeros(shape), np.zeros(shape)
        add_at(acc, g, (HOLE,), (places,))
        np.add.at(wanted, places, g)
        assert np.array_equal(acc, wanted)
