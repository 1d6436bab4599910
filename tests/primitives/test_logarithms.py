"""Logarithms and roots at the points where they need care."""

import numpy as np
import pytest
import scipy.special

import adjoint as ad
from adjoint import numpy as anp
from adjoint import special


@pytest.mark.parametrize("size", [1e200, 1e-200, 1e308])
def test_hypot_neither_overflows_nor_vanishes(size):
    value, slopes = ad.value_and_grad(anp.hypot, argnums=(0, 1))(0.3 * size, -0.4 * size)
    np.testing.assert_allclose(value, 0.5 * size, rtol=1e-15)
    np.testing.assert_allclose(slopes, (0.6, -0.8), rtol=1e-15)


def test_hypot_of_an_array_with_a_zero():
    x, y = np.array([0.0, 3.0]), np.array([0.0, 4.0])
    found = ad.grad(lambda x, y: anp.sum(anp.hypot(x, y)), argnums=(0, 1))(x, y)
    np.testing.assert_array_equal(found, ([0.0, 0.6], [0.0, 0.8]))


@pytest.mark.parametrize("apart", [0.0, 1e-9, 40.0, -800.0])
def test_shares_of_logaddexp_add_up_to_one(apart):
    found = ad.grad(anp.logaddexp, argnums=(0, 1))(1000.0 + apart, 1000.0)
    np.testing.assert_allclose(found, (scipy.special.expit(apart), scipy.special.expit(-apart)), rtol=1e-12)


def test_xlogy_takes_the_precision_of_the_array_beside_a_number():
    x = np.array([0.0, 2.0], np.float32)
    assert special.xlogy(x, 3.0).dtype == np.float32
    np.testing.assert_allclose(special.xlogy(x, 3.0), scipy.special.xlogy(x, np.float32(3.0)), rtol=1e-6)
    assert ad.grad(lambda x: anp.sum(special.xlogy(x, 3.0)))(x).dtype == np.float32


def test_cross_entropy_has_a_gradient_where_both_shares_are_zero():
    p = np.array([0.5, 0.5, 0.0])
    found = ad.grad(lambda q: anp.sum(special.xlogy(p, q)))(np.array([0.25, 0.75, 0.0]))
    np.testing.assert_allclose(found, [2.0, 2.0 / 3.0, 0.0], rtol=1e-15)


def test_xlogy_of_zero_has_the_slope_of_the_logarithm():
    np.testing.assert_allclose(ad.grad(special.xlogy, argnums=(0, 1))(0.0, 2.0), (np.log(2.0), 0.0))
    with np.errstate(all="ignore"):
        assert np.isnan(special.xlogy(0.0, np.nan).item())


def test_other_bases_agree_with_the_natural_one():
    x = np.array([0.25, 3.0, 1e300])
    np.testing.assert_allclose(ad.grad(lambda x: anp.sum(anp.log2(x)))(x), 1.0 / (x * np.log(2.0)), rtol=1e-15)
    np.testing.assert_allclose(ad.grad(lambda x: anp.sum(anp.log10(x)))(x), 1.0 / (x * np.log(10.0)), rtol=1e-15)
    np.testing.assert_allclose(ad.grad(anp.exp2)(3.0), 8.0 * np.log(2.0), rtol=1e-15)
    np.testing.assert_allclose(ad.grad(anp.cbrt)(-8.0), 1.0 / 12.0, rtol=1e-15)
