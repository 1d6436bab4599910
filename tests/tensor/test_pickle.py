"""Pickles and deep copies: leaves and data travel, recorded results say what to do instead."""

import copy
import pickle

import numpy as np
import pytest

import adjoint as ad
from adjoint.conversion import rebuild
from adjoint.errors import OperandError, TracedError, TrackedError
from adjoint.graph.spec import Spec


def travel(t, way):
    return copy.deepcopy(t) if way == "deepcopy" else pickle.loads(pickle.dumps(t, way))


WAYS = ["deepcopy", *range(pickle.HIGHEST_PROTOCOL + 1)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("value", [2.0, 3, True, 1j, [1.0, 2.0], [[1, 2]], np.zeros((0, 2), "f4")], ids=repr)
def test_data(value, way):
    t = ad.tensor(value, name="data")
    other = travel(t, way)
    assert type(other) is ad.Tensor
    assert (other.shape, other.dtype, other.name, other.requires_grad) == (t.shape, t.dtype, "data", False)
    np.testing.assert_array_equal(other.numpy(), t.numpy())
    assert other.grad is None


@pytest.mark.parametrize("way", WAYS)
def test_leaves(way):
    w = ad.tensor([1.0, 2.0], requires_grad=True, name="w")
    (w * w).sum().backward()
    other = travel(w, way)
    assert other.requires_grad
    assert other.is_leaf
    assert other.node is not w.node
    assert other.name == other.node.name == "w"
    assert other.grad.tolist() == [2.0, 4.0]
    with ad.no_grad():
        other += 1.0
        other.grad *= 0.0
    assert w.tolist() == [1.0, 2.0]
    assert w.grad.tolist() == [2.0, 4.0]
    (other * 3.0).sum().backward()
    assert other.grad.tolist() == [3.0, 3.0]
    assert w.grad.tolist() == [2.0, 4.0]


@pytest.mark.parametrize("way", WAYS)
def test_views_and_structures(way):
    w = ad.tensor(np.arange(6.0).reshape(2, 3))
    model = {"a": w, "again": w, "view": w.T[1:], "wide": np.broadcast_to(w, (4, 2, 3))}
    other = travel(model, way)
    assert other["a"] is other["again"]
    for key, t in model.items():
        assert other[key].tolist() == t.tolist()
    other["a"][0] = 9.0
    assert w.tolist()[0] == [0.0, 1.0, 2.0]
    assert other["view"].tolist() == [[1.0, 4.0], [2.0, 5.0]]
    other["view"][0] = 5.0  # a copy is no view
    other["wide"][0] = 5.0


@pytest.mark.parametrize("way", WAYS)
def test_results_do_not_travel(way):
    y = ad.tensor([1.0, 2.0], requires_grad=True) * 2.0
    for value in (y, [y], y[0]):
        with pytest.raises(TrackedError, match=r"t\.detach\(\)"):
            travel(value, way)
    assert travel(y.detach(), way).tolist() == [2.0, 4.0]


def test_traced_tensors_do_not_travel():
    from adjoint.apply import make

    with pytest.raises(TracedError):
        pickle.dumps(make(Spec((2,)), None))


def test_buffers_of_their_own():
    w = ad.tensor(np.arange(1000.0), requires_grad=True)
    buffers = []
    data = pickle.dumps(w, 5, buffer_callback=buffers.append)
    lent = [bytearray(b.raw()) for b in buffers]
    other = pickle.loads(data, buffers=lent)
    for buffer in lent:
        buffer[:] = bytes(len(buffer))
    assert other.tolist() == w.tolist()


def test_copy_copy_is_the_copy_method():
    w = ad.tensor([1.0, 2.0], requires_grad=True)
    y = copy.copy(w)
    y[0] = 5.0
    y.sum().backward()
    assert w.grad.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("value", ["text", None, np.array(["a"]), np.array([None])], ids=repr)
def test_a_pickle_that_holds_no_numbers(value):
    with pytest.raises(OperandError):
        rebuild(value, False, None, None)
