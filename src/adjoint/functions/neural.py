"""Functions of neural networks that NumPy lacks: normalised exponentials and activations."""

from __future__ import annotations

from typing import Any

from adjoint.functions import elementwise as e
from adjoint.functions import reductions
from adjoint.functions.common import operand

relu = e.relu
sigmoid = e.sigmoid
softplus = e.softplus


def log_softmax(x: Any, axis: Any = -1) -> Any:
    """The logarithm of softmax: ``x - logsumexp(x)`` along the axis.

    >>> log_softmax([0.0, 0.0])
    tensor([-0.69314718, -0.69314718])
    """
    x = operand(x, "log_softmax")
    return e.subtract(x, reductions.logsumexp(x, axis, keepdims=True))


def softmax(x: Any, axis: Any = -1) -> Any:
    """Positive shares that add up to 1 along the axis, in proportion to ``exp(x)``.

    >>> softmax([0.0, 0.0])
    tensor([0.5, 0.5])
    """
    return e.exp(log_softmax(x, axis))
