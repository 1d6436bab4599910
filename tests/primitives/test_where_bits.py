"""Selecting against zero by bits gives what np.where gives, to the last bit."""

import numpy as np
import pytest

from adjoint.primitives.select import where


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", ["plain", "transposed", "strided"])
def test_large_selections_against_zero(dtype, form):
    draw = np.random.default_rng(0)
    x = draw.standard_normal((64, 64)).astype(dtype)
    x[0, :4] = [np.inf, -np.inf, np.nan, -0.0]
    condition = draw.random((64, 64)) > 0.5
    if form == "transposed":
        x, condition = x.T, condition.T
    if form == "strided":
        x, condition = x[::2], condition[1::2]
    expected = np.where(condition, x, 0.0).astype(dtype)
    found = where.value(condition, x, 0.0)
    assert found.dtype == dtype
    assert found.flags.owndata
    assert np.ascontiguousarray(found).tobytes() == np.ascontiguousarray(expected).tobytes()
