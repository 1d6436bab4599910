"""Inverse functions where a plain formula would fail: beside branch cuts, near the ends, and for large numbers."""

import math
from fractions import Fraction

import numpy as np
import pytest

import adjoint as ad
from adjoint import numpy as anp

ONE_SIDE = 1e-7
CUTS = [
    *[(name, complex(re, im)) for name in ("arcsin", "arccos", "arctanh") for re in (2.0, -2.0) for im in (0.0, -0.0)],
    *[("arccosh", complex(re, im)) for re in (-2.0, 0.3) for im in (0.0, -0.0)],
    *[(name, complex(re, im)) for name in ("arcsinh", "arctan") for re in (0.0, -0.0) for im in (2.0, -2.0)],
]


@pytest.mark.parametrize(("name", "z"), CUTS)
def test_on_a_branch_cut_the_slope_is_that_of_the_side_on_which_the_value_lies(name, z):
    # One step along the cut keeps the zero's sign, and so the side.
    along = ONE_SIDE if z.imag == 0 else 1j * ONE_SIDE
    function = getattr(np, name)
    ahead = complex(z.real + along.real, math.copysign(0.0, z.imag)) if z.imag == 0 else None
    ahead = complex(math.copysign(0.0, z.real), z.imag + along.imag) if ahead is None else ahead
    wanted = (function(ahead) - function(z)) / along
    _, slope = ad.jvp(getattr(anp, name), (np.complex128(z),), (np.complex128(1.0),))
    np.testing.assert_allclose(slope, wanted, rtol=1e-6)


@pytest.mark.parametrize("x", [1.0 - 2.0**-50, -1.0 + 2.0**-40, 0.999])
def test_near_the_ends_of_the_domain_no_digit_is_lost(x):
    exact = 1 / math.sqrt(float(1 - Fraction(x) ** 2))
    np.testing.assert_allclose(ad.grad(anp.arcsin)(x), exact, rtol=4e-16)
    np.testing.assert_allclose(ad.grad(anp.arccos)(x), -exact, rtol=4e-16)
    np.testing.assert_allclose(ad.grad(anp.arctanh)(x), exact**2, rtol=1e-15)
    above = 2.0 - abs(x)
    exact = 1 / math.sqrt(float(Fraction(above) ** 2 - 1))
    np.testing.assert_allclose(ad.grad(anp.arccosh)(above), exact, rtol=1e-15)


def test_large_numbers_do_not_overflow():
    assert ad.grad(anp.arcsinh)(1e200) == 1e-200
    np.testing.assert_allclose(ad.grad(anp.arccosh)(1e200), 1e-200, rtol=1e-15)
    assert ad.grad(anp.arctan)(1e200) == 0.0


def test_outside_the_domain_the_slope_is_nan_like_the_value():
    with np.errstate(invalid="ignore"):
        for function, x in ((anp.arcsin, 2.0), (anp.arccos, -2.0), (anp.arccosh, 0.5), (anp.arccosh, -2.0)):
            assert np.isnan(ad.grad(function)(x))


def test_the_sign_of_a_complex_number_turns_with_it_and_that_of_a_real_one_is_flat():
    z = np.array([3 + 4j, -2j])
    np.testing.assert_array_equal(anp.sign(z), np.sign(z))
    np.testing.assert_array_equal(np.sign(ad.tensor(z)), np.sign(z))
    # Turning z by a small angle turns its direction by the same; making it longer does nothing.
    _, turned = ad.jvp(anp.sign, (z,), (1j * z,))
    _, longer = ad.jvp(anp.sign, (z,), (z,))
    np.testing.assert_allclose(turned, 1j * np.sign(z), rtol=1e-15)
    np.testing.assert_allclose(longer, 0.0, atol=1e-15)
    assert ad.grad(lambda x: anp.sum(anp.sign(x)))(np.array([-3.0, 2.0])).tolist() == [0.0, 0.0]
