"""Namespaces that run expressions in the tests."""

import math
import operator
from types import SimpleNamespace

import numpy as np

numpy_and_more = SimpleNamespace(
    **vars(np),
    sigmoid=lambda x: 1 / (1 + np.exp(-x)),
    softplus=lambda x: np.logaddexp(0.0, x),
    erf=lambda x: np.float64(math.erf(x)),
    relu=lambda x: np.maximum(x, 0.0),
    xlogy=lambda x, y: x * np.log(y),
    half_square=lambda x: 0.5 * x * x,
)
"""NumPy, and a shim for what it lacks."""


def _scalar(function):
    return lambda *operands: function(*map(np.float64, operands))


float64_operators = SimpleNamespace(
    add=_scalar(operator.add),
    subtract=_scalar(operator.sub),
    multiply=_scalar(operator.mul),
    divide=_scalar(operator.truediv),
    floor_divide=_scalar(operator.floordiv),
    remainder=_scalar(operator.mod),
    power=_scalar(operator.pow),
    negative=_scalar(operator.neg),
)
"""Python's operators on float64 scalars: bit for bit what Python's own evaluation gives."""
