"""Determinants: values as NumPy's, and gradients that exist where the inverse does not."""

import itertools

import numpy as np
import pytest

import adjoint as ad
from adjoint import numpy as anp
from adjoint.errors import ShapeError, SingularError

S = np.array([[2.0, 0.3, -0.4], [0.1, -1.7, 0.5], [0.6, 0.2, 1.4]])
RANKS = {
    "full": S,
    "two": np.stack([S[0], S[1], S[0] - 2.0 * S[1]]),
    "one": np.outer(S[0], S[1]),
    "none": np.zeros((3, 3)),
    "diagonal": np.diag([1e8, 1.0, 1e-8]),
    "complex": S + 1j * S[::-1],
    "complex of rank two": np.stack([S[0] + 1j * S[1], S[1], 1j * S[1]]),
}


def minors(x):
    """The cofactors by their definition."""
    n = len(x)
    found = np.empty_like(x)
    for i, j in itertools.product(range(n), repeat=2):
        found[i, j] = (-1) ** (i + j) * np.linalg.det(np.delete(np.delete(x, i, 0), j, 1))
    return found


@pytest.mark.parametrize("name", RANKS)
def test_the_gradient_is_the_matrix_of_cofactors_at_every_rank(name):
    x = RANKS[name]
    wanted = minors(x)
    _, pull = ad.vjp(anp.linalg.det, x)
    (found,) = pull(x.dtype.type(1))
    np.testing.assert_allclose(found, np.conj(wanted), rtol=1e-12, atol=1e-15 * np.max(np.abs(x)) ** 2)
    direction = S.T.astype(x.dtype)
    _, moved = ad.jvp(anp.linalg.det, (x,), (direction,))
    np.testing.assert_allclose(moved, np.sum(wanted * direction), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (2, 0, 0), (0, 3, 3), (2, 1, 1)])
def test_small_and_empty_matrices(shape):
    x = np.full(shape, 3.0)
    np.testing.assert_array_equal(anp.linalg.det(x), np.linalg.det(x))
    found = ad.grad(lambda x: anp.sum(anp.linalg.det(x)))(x)
    np.testing.assert_allclose(found, np.ones(shape), rtol=1e-15)


def test_the_second_derivative_says_where_it_needs_an_inverse():
    hessian = ad.hessian(anp.linalg.det)
    entries = np.array(hessian(S))
    np.testing.assert_allclose(entries[0, 0, 1, 1], S[2, 2], rtol=1e-12)
    np.testing.assert_allclose(entries[0, 0, 0], 0.0, atol=1e-12)
    with pytest.raises(SingularError, match="solve needs matrices that have an inverse"):
        hessian(np.ones((2, 2)))


def test_what_is_no_square_matrix_has_no_determinant():
    with pytest.raises(ShapeError, match=r"det needs square matrices, got f64\[2,3\]"):
        anp.linalg.det(S[:2])
