"""What np.* does with tracked tensors: records, answers plainly, or raises; never recursion, never silence."""

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
