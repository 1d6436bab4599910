"""Losses and activations as plain functions of tensors.

Each loss is the mean over its examples, so that its size does not depend on the batch.
"""

from __future__ import annotations

from typing import Any

from adjoint import Tensor
from adjoint import numpy as np
from adjoint.errors import ArgumentError, ShapeError, TracedError
from adjoint.special import log_softmax, relu, sigmoid, softmax, softplus

__all__ = ["cross_entropy", "log_softmax", "mse_loss", "relu", "sigmoid", "softmax", "softplus"]


def cross_entropy(logits: Any, labels: Any) -> Any:
    """The mean over rows of minus the log-probability of the right class.

    ``logits`` has a row of scores an example (or is one row); ``labels`` holds the classes as whole
    numbers. Raises ShapeError where the two do not fit, ArgumentError for labels that are no classes.

    >>> cross_entropy([[0.0, 0.0], [0.0, 0.0]], [0, 1])
    tensor(0.69314718)
    """
    scores = logits if isinstance(logits, Tensor) else np.positive(logits)
    classes = labels if isinstance(labels, Tensor) else np.asarray(labels)
    if classes.dtype.kind not in "iu":
        raise ArgumentError(
            f"cross_entropy needs labels of whole numbers, got {classes.dtype}.", help="write labels.astype(int)."
        )
    if scores.ndim != classes.ndim + 1 or scores.shape[:-1] != classes.shape:
        raise ShapeError(
            f"cross_entropy needs a label a row, got {scores.shape} and {classes.shape}.",
            help="labels have the shape of the scores without their last axis.",
        )
    known = _values(classes)
    if known is not None and known.size and not (0 <= known.min() and known.max() < scores.shape[-1]):
        wrong = known.min() if known.min() < 0 else known.max()
        raise ArgumentError(
            f"cross_entropy knows the classes 0 to {scores.shape[-1] - 1}, got {wrong}.",
            help="labels count from 0; the last axis of the scores has one entry a class.",
        )
    places = classes if known is None else known
    right = np.take_along_axis(log_softmax(scores), places[..., None], axis=-1)
    return -np.mean(right)


def _values(classes: Any) -> Any:
    """The labels as an array; None in a trace, where they are not known and every call checks their range alone."""
    if not isinstance(classes, Tensor):
        return classes
    try:
        return classes.value
    except TracedError:
        return None


def mse_loss(prediction: Any, target: Any) -> Any:
    """The mean of the squared differences; both have one shape, so that nothing broadcasts unnoticed.

    >>> mse_loss([1.0, 2.0], [1.0, 4.0])
    tensor(2.)
    """
    if np.shape(prediction) != np.shape(target):
        raise ShapeError(
            f"mse_loss needs equal shapes, got {np.shape(prediction)} and {np.shape(target)}.",
            help="reshape one of them, so that no broadcasting hides a mistake.",
        )
    return np.mean(np.square(np.subtract(prediction, target)))
