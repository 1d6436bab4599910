"""What NumPy lacks: special functions against SciPy's, losses against their definitions."""

import re

import numpy as np
import pytest
import scipy.special

import adjoint.numpy as anp
from adjoint import special
from adjoint.create import tensor
from adjoint.errors import ArgumentError, ShapeError
from adjoint.nn import functional
from functions.likeness import agrees, same

A = np.array([[0.7, -1.3, 2.1], [-0.4, 1.6, -2.2]])


@pytest.mark.parametrize("name", ["erf", "expit", "logsumexp"])
def test_as_scipy(name):
    same(getattr(special, name)(tensor(A)), getattr(scipy.special, name)(A))


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
@pytest.mark.parametrize("axis", [0, 1])
def test_along_an_axis_as_scipy(name, axis):
    ours, theirs = getattr(special, name), getattr(scipy.special, name)
    same(ours(A, axis=axis), theirs(A, axis=axis))
    agrees(lambda x: ours(x, axis=axis), lambda x: theirs(x, axis=axis), A)


def test_xlogy_at_zero():
    for x, y in ((0.0, 0.0), (0.0, np.inf), (0.0, np.nan), (2.0, 3.0), (2.0, 0.0)):
        with np.errstate(divide="ignore"):
            np.testing.assert_array_equal(special.xlogy(x, y).item(), scipy.special.xlogy(x, y))
    x, y = tensor(0.0, requires_grad=True), tensor(0.0, requires_grad=True)
    special.xlogy(x, y).backward()
    assert (x.grad.item(), y.grad.item()) == (0.0, 0.0)
    agrees(special.xlogy, scipy.special.xlogy, np.abs(A), np.abs(A) + 1.0)


def test_large_scores_do_not_overflow():
    same(special.softmax([1000.0, 0.0]), [1.0, 0.0])
    same(special.log_softmax([1000.0, 0.0]), [0.0, -1000.0])


def test_cross_entropy_and_its_gradient():
    labels = np.array([2, 0])
    shares = scipy.special.softmax(A, axis=1)
    x = tensor(A, requires_grad=True)
    loss = functional.cross_entropy(x, labels)
    np.testing.assert_allclose(loss.item(), -np.log(shares[[0, 1], labels]).mean(), rtol=1e-14)
    loss.backward()
    np.testing.assert_allclose(x.grad.value, (shares - np.eye(3)[labels]) / 2, rtol=1e-12)
    np.testing.assert_allclose(functional.cross_entropy(A[0], 2).item(), -np.log(shares[0, 2]), rtol=1e-14)


def test_mse_loss_and_its_gradient():
    agrees(functional.mse_loss, lambda x, y: np.mean((x - y) ** 2), A, A[::-1] * 2.0)


ERRORS = [
    (lambda: functional.cross_entropy(A, [0.0, 1.0]), ArgumentError, "cross_entropy needs labels of whole numbers"),
    (lambda: functional.cross_entropy(A, [0, 1, 2]), ShapeError, "cross_entropy needs a label a row"),
    (lambda: functional.cross_entropy(A, [0, 3]), ArgumentError, "cross_entropy knows the classes 0 to 2, got 3"),
    (lambda: functional.cross_entropy(A, [0, -1]), ArgumentError, "cross_entropy knows the classes 0 to 2, got -1"),
    (lambda: functional.mse_loss(A, A[0]), ShapeError, "mse_loss needs equal shapes"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=range(len(ERRORS)))
def test_errors(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize(
    ("name", "told"),
    [("relu", "it is adjoint.special.relu"), ("cov", "no rule here"), ("nonsense", "the names are those of NumPy")],
)
def test_a_name_that_numpy_lacks_is_shown_its_place(name, told):
    with pytest.raises(AttributeError, match=re.escape(told)) as caught:
        getattr(anp, name)
    assert caught.value.name == name
    assert not hasattr(anp, name)
