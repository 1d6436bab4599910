"""Sigmoid, softplus and erf against high precision, and the parts of complex numbers."""

import mpmath
import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint import special
from adjoint.primitives import helpers, smooth

#: Both signs, both regions of erf and their seam, tiny and huge.
POINTS = np.concatenate(
    [np.linspace(-6.5, 6.5, 1501), np.geomspace(1e-300, 1.0, 60), -np.geomspace(1e-30, 0.6, 40), [0.5, 30.0, -40.0]]
)


def ulps(found, exact, dtype):
    """How many last places two values lie apart."""
    exact = np.asarray(exact)
    return np.abs(found.astype(float) - exact) / np.spacing(np.abs(exact.astype(dtype))).astype(float)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("name", "exact", "limit"),
    [
        ("erf", mpmath.erf, 4.0),
        ("sigmoid", lambda x: 1 / (1 + mpmath.exp(-x)), 4.0),
        ("softplus", lambda x: mpmath.log1p(mpmath.exp(x)), 4.0),
    ],
)
def test_a_few_last_places_at_most(name, exact, limit, dtype):
    x = POINTS.astype(dtype)
    x = x[np.isfinite(x) & (x != 0)]
    found = getattr(helpers, name)(x)
    assert found.dtype == dtype
    with mpmath.workdps(40):
        wanted = [float(exact(mpmath.mpf(float(v)))) for v in x]
    normal = np.abs(wanted) > np.finfo(dtype).tiny
    assert np.max(ulps(found, wanted, dtype)[normal]) <= limit


@pytest.mark.parametrize(
    ("name", "at", "value"),
    [
        ("erf", [0.0, np.inf, -np.inf, np.nan], [0.0, 1.0, -1.0, np.nan]),
        ("sigmoid", [0.0, np.inf, -np.inf, np.nan, -745.0], [0.5, 1.0, 0.0, np.nan, 5e-324]),
        ("softplus", [0.0, np.inf, -np.inf, np.nan, 1e308], [np.log(2.0), np.inf, 0.0, np.nan, 1e308]),
    ],
)
def test_special_values_without_a_warning(name, at, value):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        np.testing.assert_array_equal(getattr(helpers, name)(np.array(at)), value)


def test_erf_keeps_the_sign_of_zero_and_is_odd():
    assert np.signbit(helpers.erf(-0.0))
    x = np.linspace(0.0, 7.0, 300)
    np.testing.assert_array_equal(helpers.erf(-x), -helpers.erf(x))
    assert np.all(np.diff(helpers.erf(np.linspace(0.4999, 0.5001, 2000))) >= -2.3e-16)


def test_helpers_take_numbers_and_give_scalars():
    for name in ("erf", "sigmoid", "softplus"):
        out = getattr(helpers, name)(1.5)
        assert isinstance(out, np.float64)
        assert getattr(helpers, name)(np.float32(1.5)).dtype == np.float32


def test_slopes_are_right_far_out():
    with mpmath.workdps(40):
        for x in (-700.0, -40.0, -1.0, 0.0, 1.0, 30.0):
            exact = float(1 / (1 + mpmath.exp(-mpmath.mpf(x))))
            assert ad.grad(special.softplus)(x) == pytest.approx(exact, rel=1e-14)


def test_the_parts_of_a_complex_number():
    z = 1.5 - 0.5j
    assert ad.grad(lambda z: anp.real(z) * 3.0)(z) == 3.0
    assert ad.grad(lambda z: anp.imag(z) * 3.0)(z) == 3j
    assert ad.grad(lambda z: anp.real(anp.conj(z) * (2 + 1j)))(z) == 2 + 1j
    _, t = ad.jvp(lambda z: anp.conj(z), (z,), (1j,))
    assert t == -1j


def test_a_real_input_has_real_gradients_through_complex_gates():
    g = ad.grad(lambda x: anp.real(anp.exp(x * 1j)))(0.7)
    assert isinstance(g, float)
    assert g == pytest.approx(-np.sin(0.7))
    assert ad.grad(lambda x: anp.imag(x) + x)(2.0) == 1.0


def test_parts_are_copies():
    z = np.array([1 + 2j, 3 + 4j])
    assert not np.shares_memory(smooth.real.value(z), z)
    assert not np.shares_memory(smooth.real.value(z.real), z)
