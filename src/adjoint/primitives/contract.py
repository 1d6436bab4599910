"""Contractions: the matrix product of all ranks."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.errors import ShapeError
from adjoint.graph.spec import Spec
from adjoint.primitives import batching
from adjoint.primitives.families import bilinear


def _swap(xp: Any, x: Any) -> Any:
    """The matrices transposed; batch axes stay."""
    return xp.transpose(x, axes=(-1, -2))


def _by_left(xp: Any, g: Any, y: Any, x_spec: Spec) -> Any:
    if x_spec.ndim >= 2:
        if len(y.shape) >= 2:
            return xp.matmul(g, _swap(xp, y))
        return xp.expand_dims(g, axis=(-1,)) * y  # a matrix times a vector
    if len(y.shape) == 1:
        return g * y
    return xp.squeeze(xp.matmul(y, xp.expand_dims(g, axis=(-1,))), axis=(-1,))


def _by_right(xp: Any, g: Any, x: Any, y_spec: Spec) -> Any:
    if y_spec.ndim >= 2:
        n = len(x.shape)
        if n == 1:
            return xp.expand_dims(x, axis=(-1,)) * xp.expand_dims(g, axis=(-2,))
        if n > 2 and y_spec.ndim == 2:
            # One product over all batches, instead of one a batch and a sum.
            x = xp.reshape(x, shape=(Spec(x.shape[:-1]).size, x.shape[-1]))
            g = xp.reshape(g, shape=(Spec(g.shape[:-1]).size, g.shape[-1]))
        return xp.matmul(_swap(xp, x), g)
    if len(x.shape) == 1:
        return g * x
    return xp.squeeze(xp.matmul(_swap(xp, x), xp.expand_dims(g, axis=(-1,))), axis=(-1,))


def _matmul_spec(x: Any, y: Any) -> Spec:
    x, y = Spec.of(x), Spec.of(y)
    shown = f"got {x!r} @ {y!r}"
    if x.ndim == 0 or y.ndim == 0:
        raise ShapeError(f"matmul needs arrays of one dimension or more, {shown}.", help="multiply numbers with *.")
    inner = y.shape[0] if y.ndim == 1 else y.shape[-2]
    if x.shape[-1] != inner:
        fit = (x.shape[-1],) if y.ndim == 1 else (*y.shape[:-2], x.shape[-1], y.shape[-1])
        raise ShapeError(
            f"matmul needs equal inner sizes, {shown} ({x.shape[-1]} and {inner}).",
            help=f"give the right factor the shape {fit}.",
        )
    try:
        batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    except ValueError:
        raise ShapeError(
            f"matmul cannot broadcast the batch axes {x.shape[:-2]} and {y.shape[:-2]}, {shown}.",
            help="batch axes must be equal or 1.",
        ) from None
    shape = (*batch, *x.shape[-2:-1], *(y.shape[-1:] if y.ndim > 1 else ()))
    return Spec(shape, np.result_type(x.dtype, y.dtype))


matmul = bilinear(
    "matmul",
    np.matmul,
    _by_left,
    _by_right,
    spec=_matmul_spec,
    dtypes="fc",
    symbol="@",
    formula="{x} @ {y}",
    slopes=("g @ {y}ᵀ", "{x}ᵀ @ g"),
    verb="contracts",
    words="Matmul contracts: each input receives the upstream gradient times the other input, transposed.",
    python="{x} @ {y}",
    batch=batching.matmul,
)


def _einsum(x: Any, y: Any, subscripts: str) -> Any:
    return np.einsum(subscripts, x, y, optimize=True)[()]


def terms(subscripts: str) -> tuple[str, str, str]:
    """The letters of the left operand, the right operand and the result.

    >>> terms("ij,jk->ik")
    ('ij', 'jk', 'ik')
    """
    operands, out = subscripts.split("->")
    left, right = operands.split(",")
    return left, right, out


def _einsum_spec(x: Any, y: Any, subscripts: str) -> Spec:
    x, y = Spec.of(x), Spec.of(y)
    left, right, out = terms(subscripts)
    sizes = dict(zip(left + right, x.shape + y.shape, strict=True))
    return Spec(tuple(sizes[letter] for letter in out), np.result_type(x.dtype, y.dtype))


def _einsum_by_left(xp: Any, g: Any, y: Any, subscripts: str) -> Any:
    left, right, out = terms(subscripts)
    return xp.einsum(g, y, subscripts=f"{out},{right}->{left}")


def _einsum_by_right(xp: Any, g: Any, x: Any, subscripts: str) -> Any:
    left, right, out = terms(subscripts)
    return xp.einsum(x, g, subscripts=f"{left},{out}->{right}")


#: In its normal form: no letter twice in one term, and each letter in two of the three terms at least,
#: with the same size. functions/einsums.py brings everything that NumPy's einsum takes into this form.
einsum = bilinear(
    "einsum",
    _einsum,
    _einsum_by_left,
    _einsum_by_right,
    spec=_einsum_spec,
    params=("subscripts",),
    dtypes="fc",
    symbol="Σ∏",
    formula="einsum({x}, {y}, {subscripts})",
    slopes=("einsum(g, {y})", "einsum({x}, g)"),
    verb="contracts",
    words="Einsum contracts: each input receives the einsum of the upstream gradient and the other input.",
    python=lambda o, n: f"np.einsum({n.params['subscripts']!r}, {o[0]}, {o[1]}, optimize=True)",
    batch=batching.einsum,
)
