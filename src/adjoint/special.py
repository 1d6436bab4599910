"""Functions that NumPy lacks: the error function, log-sum-exp, softmax, activations.

>>> from adjoint import special
>>> special.softmax([0.0, 0.0])
tensor([0.5, 0.5])
"""

from __future__ import annotations

from adjoint.functions.elementwise import erf, half_square, xlogy
from adjoint.functions.neural import log_softmax, relu, sigmoid, softmax, softplus
from adjoint.functions.reductions import logsumexp

expit = sigmoid

__all__ = [
    "erf",
    "expit",
    "half_square",
    "log_softmax",
    "logsumexp",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "xlogy",
]
