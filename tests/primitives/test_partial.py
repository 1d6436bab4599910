"""An elementwise record may have inputs without a derivative; the walk passes them by."""

import dataclasses

import numpy as np

import adjoint as ad
from adjoint.apply import apply
from adjoint.primitives.elementwise import multiply


def test_an_input_without_a_derivative_receives_nothing():
    half = dataclasses.replace(
        multiply, pulls=(multiply.pulls[0], None), pulls_conj=(multiply.pulls_conj[0], None), _flags={}
    )
    x = ad.tensor(2.0, requires_grad=True)
    y = ad.tensor(3.0, requires_grad=True)
    apply(half, (x, y)).backward()
    assert x.grad.item() == 3.0
    assert y.grad is None
    assert np.isfinite(x.item())
