"""Powers: a whole exponent keeps single precision single, in the rule itself and not only at the end."""

import numpy as np
import pytest

import adjoint as ad
from adjoint.primitives.elementwise import power
from adjoint.primitives.record import NUMPY


@pytest.mark.parametrize("exponent", [0, 1, 3, 2.0, -1])
def test_the_slope_has_the_precision_of_the_base(exponent):
    x = np.array([0.5, 2.0], np.float32)
    slope = power.locals[0](NUMPY, (x, exponent, None), None)
    assert slope.dtype == np.float32
    np.testing.assert_allclose(slope, exponent * x.astype(float) ** (exponent - 1.0), rtol=1e-6)


@pytest.mark.parametrize("base", [0.0, 2.0, -1.5])
def test_a_power_of_zero_is_constant(base):
    assert ad.grad(lambda x: x**0)(base) == 0.0
    assert ad.grad(lambda x: x**0.0)(base) == 0.0
