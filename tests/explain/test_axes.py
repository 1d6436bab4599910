"""Axes stand in explanations as the user wrote them, whatever the engine stores."""

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp


@pytest.mark.parametrize(
    ("f", "shown"),
    [
        (lambda x: anp.sum(x, axis=0), "axis 0"),
        (lambda x: anp.sum(x, axis=-2), "axis −2"),
        (lambda x: anp.max(x, axis=1), "axis 1"),
        (lambda x: anp.sum(x, axis=(0,)), "axis 0"),
        (lambda x: anp.sort(x, axis=0), "axis 0"),
    ],
)
def test_an_axis_as_it_was_written(f, shown):
    assert shown in str(ad.explain(lambda x: anp.sum(f(x)))(np.ones((2, 3))))
