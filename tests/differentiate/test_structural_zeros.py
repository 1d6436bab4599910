"""No NaN from a branch that was not taken: masks in both modes, through every kind of gate that carries them."""

from __future__ import annotations

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp

X = np.array([-1.0, 0.0, 4.0])

CASES = {
    "where takes the other branch": (lambda x: anp.where(x > 0, anp.sqrt(x), x), [1.0, 1.0, 0.25]),
    "sqrt behind where": (lambda x: anp.sqrt(anp.where(x > 0, x, 0.0)) * np.array([0.0, 0.0, 1.0]), [0.0, 0.0, 0.25]),
    "through an elementwise chain": (
        lambda x: anp.where(x > 0, 3.0 * anp.log(anp.sqrt(x) * 2.0), x),
        [1.0, 1.0, 0.375],
    ),
    "through movement": (
        lambda x: anp.where(x > 0, anp.reshape(anp.sqrt(anp.reshape(x, (3, 1))), (3,)), 0.0),
        [0.0, 0.0, 0.25],
    ),
    "index leaves the rest": (lambda x: anp.sqrt(x)[2:] * 2.0, [0.0, 0.0, 0.5]),
    "advanced index": (lambda x: anp.sqrt(x)[np.array([2, 2])], [0.0, 0.0, 0.5]),
    "relu of an untaken branch": (lambda x: anp.where(x > 0, anp.log(x), anp.maximum(x, -5.0)), [1.0, 1.0, 0.25]),
    "branches meet": (
        lambda x: anp.where(x > 0, anp.sqrt(x), 0.0) + anp.where(x > 1, anp.sqrt(x), 0.0),
        [0.0, 0.0, 0.5],
    ),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", CASES)
def test_both_modes_give_the_taken_branch_only(name):
    f, expected = CASES[name]
    total = lambda x: anp.sum(f(x))
    np.testing.assert_allclose(ad.grad(total)(X), expected)
    along = [ad.jvp(total, (X,), (e,))[1] for e in np.eye(3)]
    np.testing.assert_allclose(along, expected)
    # The recorded walk gives the same, and so does its own derivative graph.
    tracked = ad.tensor(X, requires_grad=True)
    total(tracked).backward(create_graph=True)
    np.testing.assert_allclose(tracked.grad.detach().numpy(), expected)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_scalars_and_second_order():
    f = lambda x: anp.where(x > 0, anp.sqrt(x), x)
    assert ad.grad(f)(-1.0) == 1.0
    assert ad.grad(ad.grad(f))(-1.0) == 0.0
    assert ad.grad(ad.grad(f))(4.0) == -1 / 32


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_zero_that_is_arithmetic_is_not_hidden():
    # 0 * sqrt(0): the infinite slope meets an arithmetic zero, and NaN is what IEEE says.
    assert np.isnan(ad.grad(lambda x: anp.sqrt(x) * 0.0)(0.0))


def test_set_at_cuts_what_was_overwritten():
    def f(x):
        y = anp.sqrt(x) * 1.0
        y[0:2] = 7.0
        return anp.sum(y)

    with np.errstate(all="ignore"):
        np.testing.assert_allclose(ad.grad(f)(X), [0.0, 0.0, 0.25])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "f",
    [
        lambda x: anp.sqrt(anp.pad(x[2:], 1)),
        lambda x: anp.sqrt(anp.broadcast_to(anp.where(x > 0, x, 0.0), (2, 3))),
        lambda x: anp.sqrt(anp.concatenate([anp.where(x > 0, x, 0.0), x[2:]])),
    ],
)
def test_constants_that_fill_up_get_no_slope_in_either_mode(f):
    weights = lambda y: anp.sum(y * np.where(np.asarray(y.detach().value) > 0, 1.0, 0.0))
    reverse = ad.grad(lambda x: weights(f(x)))(X)
    forward = [ad.jvp(lambda x: weights(f(x)), (X,), (e,))[1] for e in np.eye(3)]
    np.testing.assert_allclose(reverse, forward)
    assert np.isfinite(reverse).all()


def test_masks_pass_writing_into_complex_arrays_in_both_modes():
    def f(x):
        y = anp.where(anp.real(x) > 0, x, 0.0) * 2.0
        y[0] = x[1]
        y[2] = 3.0
        return y * y

    assert ad.check(f)(X + 1j)
