"""Likeness to NumPy: same values, shape and dtype, and gradients that central differences confirm."""

import numpy as np

from adjoint.create import tensor
from adjoint.differentiate.eager import gradients
from adjoint.tensor import Tensor


def plain(found):
    """Tensors in any container as arrays."""
    if isinstance(found, Tensor):
        return np.asarray(found.value)
    return [plain(f) for f in found] if isinstance(found, list | tuple) else found


def same(found, wanted):
    """Fails unless values, shapes and dtypes agree."""
    if isinstance(wanted, list | tuple):
        assert len(found) == len(wanted)
        for f, w in zip(found, wanted, strict=True):
            same(f, w)
        return
    found, wanted = np.asarray(plain(found)), np.asarray(wanted)
    assert found.shape == wanted.shape
    assert found.dtype == wanted.dtype
    np.testing.assert_allclose(found, wanted, rtol=2e-6 if wanted.dtype.itemsize < 8 else 1e-13, atol=1e-14)


def slope(function, x, eps=1e-6):
    """The gradient of a scalar function of one array by central differences."""
    x = np.array(x, float)
    found = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += eps
        down[place] -= eps
        found[place] = (function(up) - function(down)) / (2 * eps)
    return found


def agrees(ours, theirs, *arrays):
    """Fails unless the gradient of sum(weights * f) by every array is what differences of NumPy's f say."""
    leaves = [tensor(np.array(a, float), requires_grad=True) for a in arrays]
    out = ours(*leaves)
    weights = np.cos(np.arange(out.size, dtype=float) + 1.0).reshape(out.shape)
    found = gradients((out * weights).sum(), leaves)
    for i, (leaf, g) in enumerate(zip(leaves, found, strict=True)):

        def along(x, i=i):
            return np.sum(weights * np.asarray(theirs(*[*arrays[:i], x, *arrays[i + 1 :]])))

        assert g.shape == leaf.shape
        np.testing.assert_allclose(g.value, slope(along, arrays[i]), rtol=1e-5, atol=1e-7)
