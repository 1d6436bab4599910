"""``y[i] = t`` where y is a plain array: the commonest NumPy idiom says what to write instead, and that works."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp
from adjoint.errors import TracedError, TrackedError

X = np.arange(1.0, 5.0)


def element(x):
    y = np.zeros(4)
    y[0] = x[0]
    return anp.sum(y * x)


def elements(x):
    y = np.zeros((2, 4))
    y[1, :2] = x[:2]
    return anp.sum(y * x)


def complex_element(x):
    y = np.zeros(4, complex)
    y[0] = x[0]
    return anp.sum(anp.real(y) * x)


WRITERS = [element, elements, complex_element]
REMEDY = "y = ad.tensor(np.zeros(n))"


@pytest.mark.parametrize("f", WRITERS)
@pytest.mark.parametrize("transform", [ad.grad, ad.value_and_grad, ad.hessian, lambda f: lambda x: ad.vjp(f, x)])
def test_tracked_elements_in_transforms(f, transform):
    with pytest.raises(TrackedError, match="cannot be written into a plain array: its gradient would be lost") as info:
        transform(f)(X)
    assert "y[" in info.value.where
    assert "] = x[" in info.value.where
    assert REMEDY in info.value.help


@pytest.mark.parametrize("f", WRITERS)
@pytest.mark.parametrize(
    "transform", [ad.compile, ad.vmap, lambda f: ad.compile(f, guard=True), lambda f: ad.compile(ad.grad(f))]
)
def test_traced_elements(f, transform):
    x = np.ones((3, 4)) if transform is ad.vmap else X
    with pytest.raises(TracedError, match="cannot be written into a plain array: it has no values yet") as info:
        transform(f)(x)
    assert "] = x[" in info.value.where
    assert REMEDY in info.value.help


def test_outside_of_transforms_numpy_has_the_last_word_and_ours_stands_above_it():
    t = ad.tensor(X, requires_grad=True)
    with pytest.raises(TrackedError):
        elements(t)
    with pytest.raises(ValueError, match="sequence") as info:
        element(t)
    assert isinstance(info.value.__cause__, TrackedError)
    assert REMEDY in info.value.__cause__.help


def test_the_remedies():
    def made(x):
        y = ad.tensor(np.zeros(4))
        y[0] = x[0]
        y[2:] = x[:2]
        return anp.sum(y * x)

    def stacked(x):
        return anp.sum(np.stack([x[0], 0.0, x[0], x[1]]) * x)

    for f in (made, stacked):
        for g in (ad.grad(f), ad.compile(ad.grad(f))):
            np.testing.assert_array_equal(g(X), [2 * 1.0 + 3.0, 4.0, 1.0, 2.0])


def test_what_may_be_written():
    y, t = np.zeros(2), ad.tensor(3.0)
    y[0] = t
    y[1] = ad.tensor(2.0, requires_grad=True).item()
    assert y.tolist() == [3.0, 2.0]
    table = {}
    table[float(t)] = ad.tensor(1.0, requires_grad=True)
    assert list(table) == [3.0]
    with pytest.raises(TrackedError, match="float"):
        table["a"] = float(ad.tensor(1.0, requires_grad=True))


def test_arrays_of_traced_tensors_name_what_joins_them():
    with pytest.raises(TracedError, match="cannot turn into a plain array") as info:
        ad.compile(lambda x: np.array([x[0], 1.0]) * x)(X[:2])
    assert "np.stack" in info.value.help
    assert "np.array([x[0], 1.0])" in info.value.where


def test_other_errors_stay_as_they_are():
    def wrong(x):
        raise ValueError("mine") from KeyError("reason")

    for g in (ad.grad(wrong), ad.compile(wrong), ad.vmap(wrong)):
        with pytest.raises(ValueError, match="mine") as info:
            g(X)
        assert isinstance(info.value.__cause__, KeyError)
