"""The matrix product: all ranks, specs, errors, and the products that its rules make."""

import numpy as np
import pytest

from adjoint.create import tensor
from adjoint.errors import ShapeError
from adjoint.graph.spec import Spec
from adjoint.primitives.contract import matmul

RANKS = [
    ((2, 3), (3, 4)),
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 1, 2, 3), (6, 3, 4)),
    ((3,), (5, 3, 2)),
    ((5, 2, 3), (3,)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 2)),
    ((0, 2, 3), (3, 2)),
]


def entries(shape, phase):
    return np.sin(np.arange(np.prod(shape, dtype=int)) * 1.7 + phase).reshape(shape)


@pytest.mark.parametrize(("left", "right"), RANKS)
@pytest.mark.parametrize("kind", ["real", "complex", "mixed", "single"])
def test_values_specs_and_gradients(left, right, kind):
    x, y = entries(left, 0.3), entries(right, 1.1)
    if kind in ("complex", "mixed"):
        x = x + 1j * entries(left, 2.2)
    if kind == "complex":
        y = y - 1j * entries(right, 0.7)
    if kind == "single":
        x, y = x.astype("f4"), y.astype("f4")
    s, t = tensor(x, requires_grad=True), tensor(y, requires_grad=True)
    out = s @ t
    assert np.array_equal(out.value, x @ y)
    assert matmul.spec(Spec.of(x), Spec.of(y)) == Spec.of(x @ y)
    g = entries(out.shape, 0.9).astype(out.dtype)
    out.backward(g)
    np.testing.assert_allclose(s.grad.value, _cotangent(g, x, y, 0), rtol=1e-4 if kind == "single" else 1e-12)
    np.testing.assert_allclose(t.grad.value, _cotangent(g, x, y, 1), rtol=1e-4 if kind == "single" else 1e-12)


def _cotangent(g, x, y, which):
    """By einsum: what multiplies each entry, conjugated, summed over the axes that were broadcast."""
    left, right = ("k" if x.ndim == 1 else "...ik"), ("k" if y.ndim == 1 else "...kj")
    out = "..." + ("" if x.ndim == 1 else "i") + ("" if y.ndim == 1 else "j")
    if x.ndim == 1:
        left = "...k" if which == 0 else "k"
    if y.ndim == 1:
        right = "...k" if which == 1 else "k"
    wanted = left if which == 0 else right
    other, name = (y, right) if which == 0 else (x, left)
    if x.ndim == 1 and y.ndim == 1:
        found = g * np.conj(other)
    else:
        wide = np.broadcast_to(other, g.shape[: max(0, g.ndim - (x.ndim > 1) - (y.ndim > 1))] + other.shape[-2:])
        wide = other if other.ndim == 1 else wide
        found = np.einsum(f"{out},{name}->{wanted}", g, np.conj(wide))
    mine = x if which == 0 else y
    while found.ndim > mine.ndim:
        found = found.sum(0)
    found = found.sum(tuple(i for i in range(mine.ndim) if mine.shape[i] == 1 < found.shape[i]), keepdims=True)
    return found if np.iscomplexobj(mine) else found.real


ERRORS = [
    ((8, 4), (5, 2), "matmul needs equal inner sizes, got f64[8,4] @ f64[5,2] (4 and 5).", "the shape (4, 2)."),
    ((3,), (4,), "matmul needs equal inner sizes, got f64[3] @ f64[4] (3 and 4).", "the shape (3,)."),
    ((), (3,), "matmul needs arrays of one dimension or more, got f64[] @ f64[3].", "multiply numbers with *."),
    ((2, 3, 3), (4, 3, 3), "matmul cannot broadcast the batch axes (2,) and (4,), got f64[2,3,3] @ f64[4,3,3].", None),
]


@pytest.mark.parametrize(("left", "right", "message", "help"), ERRORS)
def test_errors_in_the_users_terms(left, right, message, help):
    with pytest.raises(ShapeError) as caught:
        tensor(entries(left, 0.0)) @ tensor(entries(right, 0.0))
    assert caught.value.what == message
    assert help is None or caught.value.help.endswith(help)
    assert "test_contract.py" in caught.value.where


def test_a_batch_against_one_matrix_takes_one_product():
    """The gradient of shared weights is a single product over all batches, to the bit."""
    x, w = entries((6, 5, 4), 0.1), tensor(entries((4, 3), 0.2), requires_grad=True)
    (tensor(x) @ w).backward(np.ones((6, 5, 3)))
    assert np.array_equal(w.grad.value, x.reshape(30, 4).T @ np.ones((30, 3)))
