"""Running sums and products: gradients by the definition, also at zeros and over long axes."""

import numpy as np
import pytest

import adjoint as ad
from adjoint import numpy as anp
from adjoint.errors import AxisError


def jacobian_of_cumprod(x):
    """d out[j] / d x[i], by its definition: the product of the first j entries but x[i]."""
    n = len(x)
    found = np.zeros((n, n), x.dtype)
    for j in range(n):
        for i in range(j + 1):
            found[j, i] = np.prod(np.delete(x[: j + 1], i))
    return found


@pytest.mark.parametrize("zeros", [(), (0,), (3,), (1, 4), (0, 1, 2, 3, 4, 5, 6)])
@pytest.mark.parametrize("turn", [1.0, 1.0 + 0.5j])
def test_cumprod_with_zeros(zeros, turn):
    x = np.array([0.7, -1.3, 2.1, 0.4, -1.6, 1.2, 0.9]) * turn
    x[list(zeros)] = 0.0
    matrix = jacobian_of_cumprod(x)
    g = np.cos(np.arange(7.0)) * turn
    _, pull = ad.vjp(anp.cumprod, x)
    np.testing.assert_allclose(pull(g)[0], np.conj(matrix).T @ g, rtol=1e-13, atol=1e-15)
    _, moved = ad.jvp(anp.cumprod, (x,), (g,))
    np.testing.assert_allclose(moved, matrix @ g, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("n", [1, 2, 3, 8, 9, 1000])
def test_lengths_that_are_and_are_not_powers_of_two(n):
    x = 1.0 + 0.01 * np.sin(np.arange(float(n)))
    out = np.cumprod(x)
    wanted = np.cumsum(out[::-1])[::-1] / x
    np.testing.assert_allclose(ad.grad(lambda x: anp.sum(anp.cumprod(x)))(x), wanted, rtol=1e-12)


def test_the_gradient_of_a_running_sum_counts_the_places_from_here_on():
    x = np.zeros((2, 3))
    assert ad.grad(lambda x: anp.sum(anp.cumsum(x)))(x).tolist() == [[6.0, 5.0, 4.0], [3.0, 2.0, 1.0]]
    assert ad.grad(lambda x: anp.sum(anp.cumsum(x, 0)))(x).tolist() == [[2.0] * 3, [1.0] * 3]


def test_numpys_accumulate_and_a_wrong_axis():
    t = ad.tensor([1.0, 2.0, 3.0])
    assert np.add.accumulate(t).tolist() == [1.0, 3.0, 6.0]
    assert np.multiply.accumulate(t).tolist() == [1.0, 2.0, 6.0]
    with pytest.raises(AxisError, match="cumsum: axis 1 does not exist in an array of 1 dimensions"):
        anp.cumsum(t, 1)
    with pytest.raises(AxisError, match="cumprod: axis 0 does not exist in an array of 0 dimensions"):
        anp.cumprod(2.0, 0)
