"""Division by a plain zero has NumPy's slope, as its value is NumPy's."""

import numpy as np
import pytest

import adjoint as ad


@pytest.mark.parametrize(("zero", "slope"), [(0, np.inf), (0.0, np.inf), (-0.0, -np.inf), (np.float64(0.0), np.inf)])
def test_by_zero(zero, slope):
    with np.errstate(divide="ignore"):
        value, gradient = ad.value_and_grad(lambda x: x / zero)(2.0)
    assert (value, gradient) == (slope, slope)


def test_a_plain_divisor_keeps_single_precision():
    assert ad.vjp(lambda x: x / 3.0, np.ones(2, np.float32))[1](np.ones(2))[0].dtype == np.float32
