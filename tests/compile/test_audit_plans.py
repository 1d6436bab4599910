"""What plans promise: one pass where one serves, kernels compiled once, one arena, results written in place."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: anp.sum(anp.exp(-((x[:, None] - y) ** 2))),
        lambda x, y: anp.sum(anp.exp(-((y[:, None] - x) ** 2))),
        lambda x, y: anp.sum(anp.exp(x[:, None] * y), axis=0),
        lambda x, y: anp.sum(anp.tanh(y * x[:, None]), axis=1),
        lambda x, y: anp.max(anp.sin(x[:, None] + y)),
    ],
)
def test_pairs_are_never_stored_whichever_is_longer(f):
    for sizes in ((200, 100), (100, 200)):
        x, y = (np.linspace(0.1, 1.0, n) for n in sizes)
        exe = ad.compile(f, cache=False)
        np.testing.assert_allclose(exe(x, y), f(ad.tensor(x), y).value, rtol=1e-12)
        assert exe.plan.arena_bytes < 200 * 100 * 8 / 10
