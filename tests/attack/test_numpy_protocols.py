"""What np.* does with tracked tensors: records, answers plainly, or raises; never recursion, never silence."""

import copy
import functools
import statistics

import numpy as np
import pytest

import adjoint as ad


def tracked(*values):
    return ad.tensor(np.array(values), requires_grad=True) * 1.0


def test_a_tolerance_may_be_a_tensor():
    x = tracked(1.0, 2.0)
    tolerance = ad.tensor(0.5, requires_grad=True) * 1.0
    assert np.allclose(x, x + 0.1, rtol=tolerance)
    assert not np.allclose(x, x + 0.1, atol=tracked(0.0, 0.0), rtol=0.0)
    with pytest.raises(ValueError, match="ambiguous"):
        np.array_equal(x, x, equal_nan=x)


def test_errors_and_sites_name_the_users_line_not_numpys():
    x = tracked(1.0, 2.0)
    mistakes = [
        lambda: copy.deepcopy(x),
        lambda: np.full_like(np.zeros(2), x[0]),
        lambda: np.linalg.matrix_power(x, 2),
        lambda: functools.partial(np.interp, x)([0.0], [1.0]),
        lambda: statistics.fmean(x),
    ]
    for mistake in mistakes:
        with pytest.raises(ad.errors.AdjointError) as caught:
            mistake()
        assert "test_numpy_protocols.py" in caught.value.where
    y = np.polynomial.polynomial.polyval(x, [1.0, 2.0, 3.0])
    assert "polyval(x" in y.node.describe()


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_the_product_of_np_matrix_is_never_taken_entry_by_entry():
    m, x = np.matrix([[1.0, 2.0], [3.0, 4.0]]), tracked(1.0, 2.0)
    for product in (lambda: m * x, lambda: x * m, lambda: m @ x):
        with pytest.raises(ad.errors.OperandError, match=r"does not take np\.matrix"):
            product()
