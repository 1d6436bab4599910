"""Losses and activations against their textbook formulas."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.special
from adjoint.errors import ArgumentError, ShapeError
from adjoint.nn import functional as F

LOGITS = np.array([[1.0, -0.5, 2.0], [0.3, 0.2, -1.0]])
LABELS = np.array([2, 0])


def shares(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def test_cross_entropy_and_its_gradient():
    expected = -np.mean(np.log(shares(LOGITS)[[0, 1], LABELS]))
    value, gradient = ad.value_and_grad(F.cross_entropy)(LOGITS, LABELS)
    np.testing.assert_allclose(value, expected, rtol=1e-14)
    np.testing.assert_allclose(gradient, (shares(LOGITS) - np.eye(3)[LABELS]) / 2, rtol=1e-13, atol=1e-16)
    assert F.cross_entropy(LOGITS[0], np.int64(2)).item() == pytest.approx(-np.log(shares(LOGITS[0])[2]))


def test_cross_entropy_does_not_overflow():
    value, gradient = ad.value_and_grad(F.cross_entropy)(np.array([[1000.0, 0.0]]), np.array([1]))
    assert value == 1000.0
    assert gradient.tolist() == [[1.0, -1.0]]


@pytest.mark.parametrize(
    ("logits", "labels", "kind", "words"),
    [
        (LOGITS, np.array([0.0, 1.0]), ArgumentError, "whole numbers"),
        (LOGITS, np.array([0, 1, 2]), ShapeError, "a label a row"),
        (LOGITS, np.array([0, 3]), ArgumentError, "classes 0 to 2, got 3"),
        (LOGITS, np.array([-1, 0]), ArgumentError, "got -1"),
    ],
)
def test_labels_that_do_not_fit(logits, labels, kind, words):
    with pytest.raises(kind, match=words):
        F.cross_entropy(logits, labels)


def test_mse_loss_and_its_gradient():
    target = LOGITS[::-1].copy()
    value, gradient = ad.value_and_grad(F.mse_loss)(LOGITS, target)
    np.testing.assert_allclose(value, np.mean((LOGITS - target) ** 2), rtol=1e-15)
    np.testing.assert_allclose(gradient, 2 * (LOGITS - target) / 6, rtol=1e-15)
    with pytest.raises(ShapeError, match="equal shapes"):
        F.mse_loss(LOGITS, LOGITS[0])


def test_activations_are_those_of_special():
    for name in ("log_softmax", "relu", "sigmoid", "softmax", "softplus"):
        assert getattr(F, name) is getattr(ad.special, name)
