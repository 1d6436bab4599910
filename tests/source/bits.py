"""Comparing flat source with the engine: value and gradient, shape, dtype and every bit."""

import numpy as np

import adjoint as ad
from adjoint.source.api import source


def same(found, wanted):
    """Whether two values agree in shape, dtype and bits."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    return (found.shape, found.dtype, found.tobytes()) == (wanted.shape, wanted.dtype, wanted.tobytes())


def assert_same(found, wanted, text=""):
    assert same(found, wanted), f"{found!r} is not {wanted!r}\n{text}"


def check(f, *args):
    """The flat source of a scalar function, after comparing what it computes with value_and_grad."""
    text = source(f)(*args)
    chosen = tuple(i for i, a in enumerate(args) if np.asarray(a).dtype.kind in "fc")
    with np.errstate(all="ignore"):
        value, gradients = ad.value_and_grad(f, argnums=chosen)(*args)
        out, found = text.run(*args)
    assert_same(out, value, text)
    assert len(found) == len(gradients)
    for one, wanted in zip(found, gradients):
        assert_same(one, wanted, text)
    return text


def noise(array):
    """A cotangent for an output, different in every entry."""
    array = np.asarray(array)
    return np.cos(np.arange(1, array.size + 1)).reshape(array.shape).astype(array.dtype)[()]
