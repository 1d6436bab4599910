"""Whether a compiled result is the eager one: value, type, dtype, structure, and whose memory it is."""

import dataclasses

import numpy as np

import adjoint as ad
from adjoint.tensor import Tensor


def assert_alike(got, wanted, path="result", rtol=1e-12):
    assert type(got) is type(wanted), f"{path}: {type(got).__name__} {got!r}, eager {type(wanted).__name__} {wanted!r}"
    if isinstance(wanted, tuple | list):
        assert len(got) == len(wanted), path
        for i, (a, b) in enumerate(zip(got, wanted)):
            assert_alike(a, b, f"{path}[{i}]", rtol)
    elif isinstance(wanted, dict):
        assert list(got) == list(wanted), path
        for k in wanted:
            assert_alike(got[k], wanted[k], f"{path}[{k!r}]", rtol)
    elif dataclasses.is_dataclass(wanted):
        for one in dataclasses.fields(wanted):
            assert_alike(getattr(got, one.name), getattr(wanted, one.name), f"{path}.{one.name}", rtol)
    elif type(wanted) is Tensor:
        # Eager mode keeps the node of a result that hangs on a transform's own variables only.
        assert wanted.requires_grad or not got.requires_grad, f"{path}: requires_grad {got.requires_grad}"
        assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape), path
        np.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=rtol, atol=rtol, err_msg=path)
    elif isinstance(wanted, np.ndarray | np.generic):
        assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape), f"{path}: {got.dtype}{got.shape}"
        tolerance = max(rtol, 4 * np.finfo(got.dtype).eps if got.dtype.kind in "fc" else 0)
        np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance, err_msg=path)
        if isinstance(wanted, np.ndarray):
            flags = got.flags
            assert (flags.writeable, flags.c_contiguous, flags.owndata, flags.aligned) == (True,) * 4, path
    elif isinstance(wanted, float | complex):
        np.testing.assert_allclose(got, wanted, rtol=rtol, atol=rtol, err_msg=path)
    else:
        assert got == wanted, path


def arrays_in(tree):
    """Every array in a nested result."""
    if isinstance(tree, np.ndarray):
        return [tree]
    if isinstance(tree, tuple | list):
        return [a for one in tree for a in arrays_in(one)]
    if isinstance(tree, dict):
        return [a for one in tree.values() for a in arrays_in(one)]
    return []


def assert_owned(result, given=()):
    """No array of a result shares memory with another, or with the arguments."""
    arrays = arrays_in(result)
    others = arrays_in(list(given))
    for i, a in enumerate(arrays):
        assert not any(np.shares_memory(a, b) for b in (*arrays[i + 1 :], *others))


def slopes(tree, leaves):
    """The gradients of everything in a nested result by some tracked tensors, zeros where there is no path."""
    totals = [np.zeros(t.shape) for t in leaves]
    for i, tensor in enumerate(tensors_in(tree)):
        if tensor.requires_grad:
            found = ad.gradients(tensor, leaves, allow_unused=True, seeds=np.full(tensor.shape, 1.0 + i))
            totals = [t if g is None else t + g.numpy() for t, g in zip(totals, found)]
    return totals


def tensors_in(tree):
    """Every tensor in a nested result."""
    if type(tree) is Tensor:
        return [tree]
    if isinstance(tree, tuple | list):
        return [a for one in tree for a in tensors_in(one)]
    if isinstance(tree, dict):
        return [a for one in tree.values() for a in tensors_in(one)]
    return []
