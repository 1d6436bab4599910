"""Traced tensors have a Spec in the place of values: shapes read as always, values say that there are none."""

import operator

import numpy as np
import pytest

import adjoint as ad
from adjoint.apply import leaf, make
from adjoint.errors import AxisError, ShapeError, TracedError
from adjoint.graph.spec import Spec


def traced(*shape, dtype=float):
    spec = Spec(shape, dtype)
    return make(spec, leaf(spec))


def test_shapes_read_as_always():
    t = traced(2, 3)
    assert (t.shape, t.ndim, t.size, t.dtype, len(t)) == ((2, 3), 2, 6, np.dtype(float), 2)
    assert repr(t) == "tensor(f64[2,3], requires_grad=True)"
    assert t.requires_grad


@pytest.mark.parametrize(
    "use",
    [
        bool,
        float,
        int,
        complex,
        operator.index,
        np.array,
        np.asarray,
        lambda t: [t, t] and np.array([t, t]),
        lambda t: t.item(),
        lambda t: t.tolist(),
        lambda t: t.numpy(),
        lambda t: t.value,
        lambda t: f"{t:.2f}",
        lambda t: 1.0 in t,
        lambda t: "yes" if t > 0.0 else "no",
        lambda t: max(t, t),
        ad.tensor,
    ],
)
def test_values_are_not_there(use):
    with pytest.raises(TracedError) as caught:
        use(traced())
    message = str(caught.value)
    assert "traced" in message
    if use is not ad.tensor:
        for way in ("where", "cond", "eager"):
            assert way in caught.value.help


@pytest.mark.parametrize(
    ("use", "name", "spec"),
    [
        (lambda t: t + 1.0, "add", "f64[2,3]"),
        (lambda t: 1.0 / t, "divide", "f64[2,3]"),
        (lambda t: t @ np.ones((3, 4)), "matmul", "f64[2,4]"),
        (lambda t: t > 0.0, "greater", "bool[2,3]"),
        (lambda t: t**2, "square", "f64[2,3]"),
        (lambda t: t[0], "getitem", "f64[3]"),
        (lambda t: t[:, [0, 1]], "getitem", "f64[2,2]"),
        (lambda t: t.sum(axis=0), "sum", "f64[3]"),
        (lambda t: t.T, "transpose", "f64[3,2]"),
        (lambda t: np.sin(t), "sin", "f64[2,3]"),
        (lambda t: t.astype(int), "astype", "i64[2,3]"),
        (lambda t: t.detach(), "cut", "f64[2,3]"),
        (lambda t: t.argmax(), "argmax", "i64[]"),
    ],
)
def test_operations_make_nodes_without_values(use, name, spec):
    y = use(traced(2, 3))
    assert y.node.op.name == name
    assert repr(y._value) == spec
    assert y.node.saved is None
    (y,) = [y]
    assert [n.op.name for n in ad.Graph.from_outputs(y).nodes] == ["leaf", name]


def test_iteration_over_known_lengths():
    rows = list(traced(3, 2))
    assert [r.shape for r in rows] == [(2,)] * 3


def test_writes_make_nodes():
    x = traced(3) * 2.0
    y = x
    x[0] = 1.0
    x += 1.0
    assert y is x
    assert [n.op.name for n in ad.Graph.from_outputs(x).nodes] == ["leaf", "multiply", "set_at", "add"]


def test_shapes_are_checked():
    with pytest.raises(ShapeError):
        traced(2, 3) + np.ones(4)
    with pytest.raises(AxisError):
        traced(2, 3)[5]
    x = traced(2) * 1.0
    with pytest.raises(ShapeError):
        x += np.ones((2, 2))


def test_masks_have_no_known_size():
    t = traced(3)
    with pytest.raises(TracedError, match="where"):
        t[t > 0.0]
