"""Reductions: exact products, shared maxima, lengths without overflow, stable log-sum-exp."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import adjoint as ad
import adjoint.numpy as anp
from adjoint import special
from adjoint.errors import ShapeError
from adjoint.primitives import helpers, reduce

SMALL = hnp.arrays(float, st.integers(1, 9), elements=st.sampled_from([-2.0, -1.0, 0.0, 0.0, 0.5, 1.0, 3.0]))


@given(SMALL)
def test_the_gradient_of_a_product_is_the_product_of_the_others(x):
    wanted = [math.prod(np.delete(x, i)) for i in range(x.size)]
    np.testing.assert_array_equal(ad.grad(anp.prod)(x), wanted)


@given(SMALL)
def test_the_hessian_of_a_product_is_exact_at_any_number_of_zeros(x):
    wanted = np.zeros((x.size, x.size))
    for i, j in itertools.permutations(range(x.size), 2):
        wanted[i, j] = math.prod(np.delete(x, [i, j]))
    np.testing.assert_allclose(ad.hessian(anp.prod)(x), wanted, rtol=1e-15, atol=0)


def test_a_product_of_huge_and_tiny_entries():
    x = np.array([1e200, 1e-200, 1e200, 1e-200, 3.0])
    np.testing.assert_allclose(ad.grad(anp.prod)(x), [3e-200, 3e200, 3e-200, 3e200, 1.0], rtol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33])
def test_products_of_every_length(n):
    x = np.linspace(0.8, 1.3, n)
    np.testing.assert_allclose(ad.grad(anp.prod)(x), np.prod(x) / x, rtol=1e-13)


def test_a_product_over_several_axes():
    x = np.linspace(0.5, 1.5, 24).reshape(2, 3, 4)
    found = ad.grad(lambda x: anp.sum(anp.prod(x, axis=(0, 2))))(x)
    np.testing.assert_allclose(found, np.prod(x, axis=(0, 2), keepdims=True) / x, rtol=1e-13)


@given(hnp.arrays(float, hnp.array_shapes(max_dims=3, max_side=3), elements=st.sampled_from([0.0, 1.0, 2.0, np.nan])))
@pytest.mark.parametrize("name", ["max", "min"])
def test_the_winners_share_one(name, x):
    g = ad.grad(lambda x: anp.sum(getattr(anp, name)(x, axis=-1)))(x)
    np.testing.assert_allclose(g.sum(axis=-1), 1.0, rtol=1e-15)
    value = getattr(np, name)(x, axis=-1, keepdims=True)
    won = (x == value) | (np.isnan(x) & np.isnan(value))
    assert np.all((g > 0) == won)


def test_ties_along_one_axis_do_not_mix_with_other_rows():
    g = ad.grad(lambda x: anp.sum(anp.max(x, axis=1)))(np.array([[1.0, 1.0], [1.0, 0.0]]))
    np.testing.assert_array_equal(g, [[0.5, 0.5], [1.0, 0.0]])


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-160, 1.0, 1e160, 1e200, 1e300])
def test_the_length_neither_overflows_nor_vanishes(scale):
    x = np.array([3.0, -4.0]) * scale
    assert helpers.norm(x, (-1,), False) == pytest.approx(5.0 * scale, rel=1e-15)
    np.testing.assert_allclose(ad.grad(anp.linalg.norm)(x), [0.6, -0.8], rtol=1e-14)


def test_the_length_of_rows_of_different_size():
    x = np.array([[3e200, 4e200], [3e-200, 4e-200], [0.0, 0.0], [3.0, 4.0]])
    np.testing.assert_allclose(helpers.norm(x, (-1,), False), [5e200, 5e-200, 0.0, 5.0], rtol=1e-15)
    g = ad.grad(lambda x: anp.sum(anp.linalg.norm(x, axis=1)))(x)
    np.testing.assert_allclose(g, [[0.6, 0.8], [0.6, 0.8], [0.0, 0.0], [0.6, 0.8]], rtol=1e-14)


def test_the_length_knows_infinity_and_nan():
    assert helpers.norm(np.array([np.inf, 1.0]), (-1,), False) == np.inf
    assert np.isnan(helpers.norm(np.array([np.nan, 1.0]), (-1,), False))
    assert helpers.norm(np.array([3, 4]), (-1,), False) == 5.0
    assert helpers.norm(np.array([3 + 4j]), (-1,), False) == 5.0


def test_logsumexp_at_the_edges():
    x = np.array([[-np.inf, -np.inf], [1000.0, 1000.0], [-np.inf, 2.0], [-1000.0, -1000.0]])
    with np.errstate(all="raise"):
        found = helpers.logsumexp(x, (-1,), False)
    np.testing.assert_allclose(found, [-np.inf, 1000 + np.log(2), 2.0, -1000 + np.log(2)], rtol=1e-15)
    g = ad.grad(lambda x: anp.sum(special.logsumexp(x, axis=1)))(x[1:])
    np.testing.assert_allclose(g, [[0.5, 0.5], [0.0, 1.0], [0.5, 0.5]], rtol=1e-12)
    assert helpers.logsumexp(np.array([np.inf, 0.0]), (-1,), False) == np.inf
    assert np.isnan(helpers.logsumexp(np.array([np.nan, 0.0]), (-1,), False))


@given(hnp.arrays(float, st.integers(1, 8), elements=st.floats(-700, 700)))
def test_softmax_shares_are_one_in_all(x):
    g = ad.grad(special.logsumexp)(x)
    assert g.sum() == pytest.approx(1.0, rel=1e-10)
    assert np.all(g >= 0)


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min"])
@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.int64, np.float32, np.float64])
def test_values_and_dtypes_are_numpys(name, dtype):
    x = np.array([[1, 0, 1], [1, 1, 0]], dtype)
    op = getattr(reduce, name + "_", None) or getattr(reduce, name)
    for axis in ((-1,), (-2,), (-2, -1)):
        for keepdims in (False, True):
            wanted = getattr(np, name)(x, axis=axis, keepdims=keepdims)
            found = op.value(x, axis=axis, keepdims=keepdims)
            assert found.dtype == wanted.dtype
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin"])
def test_nothing_to_choose_from(name):
    with pytest.raises(ShapeError, match="no elements"):
        getattr(anp, name)(ad.tensor(np.zeros((2, 0)), requires_grad=True), axis=1)


def test_argmax_counts_over_several_axes_in_c_order():
    x = np.arange(24.0).reshape(2, 3, 4)[:, ::-1, ::-1]
    np.testing.assert_array_equal(
        reduce.argmax.value(x, axis=(-2, -1), keepdims=False), np.argmax(x.reshape(2, 12), axis=1)
    )
    assert reduce.argmax.value(x, axis=(-3, -2, -1), keepdims=False) == np.argmax(x)
    assert reduce.argmin.value(x, axis=(-3, -1), keepdims=True).shape == (1, 3, 1)
    assert reduce.argmax.value(np.float64(3.0), axis=(), keepdims=False) == 0
