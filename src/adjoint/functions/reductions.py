"""NumPy's reductions: sums, products, extremes, means and spreads along axes."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from adjoint.apply import apply
from adjoint.errors import UnsupportedError
from adjoint.functions import elementwise as e
from adjoint.functions.common import dtype_of, operand, refuse, shape_of
from adjoint.primitives.record import REGISTRY
from adjoint.primitives.specs import normal_axes
from adjoint.site import here


def _fold(name: str, a: Any, axis: Any, keepdims: Any, dtype: Any = None) -> Any:
    a = operand(a, name)
    if dtype is not None and dtype_of(a) != np.dtype(dtype):
        a = e.astype(a, dtype)
    return apply(REGISTRY[name], (a,), {"axis": axes(name, a, axis), "keepdims": bool(keepdims)})


def axes(name: str, a: Any, axis: Any) -> tuple[int, ...]:
    """The axes that a user names, as a sorted tuple of negative numbers; None names all. Raises AxisError."""
    return normal_axes(name, axis, len(shape_of(a)))


def _count(name: str, a: Any, axis: Any) -> int:
    shape = shape_of(a)
    return math.prod(shape[i] for i in axes(name, a, axis))


def sum(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, **unsupported: Any) -> Any:
    """The sum of the entries, over all axes or those named.

    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    tensor([4., 6.])
    """
    refuse("sum", unsupported)
    return _fold("sum", a, axis, keepdims, dtype)


def prod(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, **unsupported: Any) -> Any:
    """The product of the entries; its gradient is exact also where entries are zero.

    >>> prod([2.0, 3.0, 4.0])
    tensor(24.)
    """
    refuse("prod", unsupported)
    return _fold("prod", a, axis, keepdims, dtype)


def max(a: Any, axis: Any = None, *, keepdims: bool = False, **unsupported: Any) -> Any:
    """The largest entry; equal ones share the gradient.

    >>> max([3.0, 1.0, 2.0])
    tensor(3.)
    """
    refuse("max", unsupported)
    return _fold("max", a, axis, keepdims)


def min(a: Any, axis: Any = None, *, keepdims: bool = False, **unsupported: Any) -> Any:
    """The smallest entry; equal ones share the gradient.

    >>> min([3.0, 1.0, 2.0])
    tensor(1.)
    """
    refuse("min", unsupported)
    return _fold("min", a, axis, keepdims)


def argmax(a: Any, axis: Any = None, *, keepdims: bool = False, **unsupported: Any) -> Any:
    """The place of the largest entry, counted in C order where no axis is named; it has no gradient.

    >>> argmax([3.0, 1.0, 5.0])
    tensor(2)
    """
    refuse("argmax", unsupported)
    return _fold("argmax", a, axis, keepdims)


def argmin(a: Any, axis: Any = None, *, keepdims: bool = False, **unsupported: Any) -> Any:
    """The place of the smallest entry, counted in C order where no axis is named; it has no gradient.

    >>> argmin([3.0, 1.0, 5.0])
    tensor(1)
    """
    refuse("argmin", unsupported)
    return _fold("argmin", a, axis, keepdims)


def mean(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, **unsupported: Any) -> Any:
    """The mean of the entries, over all axes or those named.

    >>> mean([1.0, 2.0, 6.0])
    tensor(3.)
    """
    refuse("mean", unsupported)
    a = operand(a, "mean")
    return e.divide(_fold("sum", a, axis, keepdims, dtype), _count("mean", a, axis))


def var(
    a: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False, **unsupported: Any
) -> Any:
    """The variance: the mean squared distance from the mean, divided by ``n - ddof``.

    >>> var([1.0, 3.0])
    tensor(1.)
    """
    refuse("var", unsupported)
    a = operand(a, "var")
    if dtype is not None:
        a = e.astype(a, dtype)
    away = e.subtract(a, mean(a, axis, keepdims=True))
    squares = e.real(e.multiply(away, e.conj(away))) if dtype_of(away).kind == "c" else e.multiply(away, away)
    return e.divide(_fold("sum", squares, axis, keepdims), builtins.max(_count("var", a, axis) - ddof, 0))


def std(
    a: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False, **unsupported: Any
) -> Any:
    """The standard deviation; where all values are equal its gradient is 0.

    >>> std([1.0, 3.0])
    tensor(1.)
    """
    refuse("std", unsupported)
    spread = var(a, axis, dtype, ddof=ddof, keepdims=keepdims)
    flat = e.equal(spread, 0)
    # The root has an infinite slope at 0, so it is taken of 1 there; NaN goes through.
    return e.where(flat, spread, e.sqrt(e.where(flat, 1.0, spread)))


def all(a: Any, axis: Any = None, *, keepdims: bool = False, **unsupported: Any) -> Any:
    """Whether every entry is true; it has no gradient.

    >>> all([True, False])
    tensor(False)
    """
    refuse("all", unsupported)
    return e.equal(_fold("sum", e.logical_not(a), axis, keepdims), 0)


def any(a: Any, axis: Any = None, *, keepdims: bool = False, **unsupported: Any) -> Any:
    """Whether an entry is true; it has no gradient.

    >>> any([True, False])
    tensor(True)
    """
    refuse("any", unsupported)
    return e.not_equal(_fold("sum", e.logical_not(e.logical_not(a)), axis, keepdims), 0)


def logsumexp(a: Any, axis: Any = None, *, keepdims: bool = False, **unsupported: Any) -> Any:
    """The logarithm of the sum of exponentials, without overflow.

    >>> logsumexp([1000.0, 1000.0])
    tensor(1000.69314718)
    """
    refuse("logsumexp", unsupported)
    return _fold("logsumexp", a, axis, keepdims)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The length of vectors, or the Frobenius norm of matrices; at 0 its gradient is 0.

    ``ord`` may be 1, 2 or inf for vectors, and "fro" for matrices. Raises UnsupportedError for others.

    >>> norm([3.0, 4.0])
    tensor(5.)
    """
    x = operand(x, "norm")
    along = axes("norm", x, axis)
    if ord is None or (ord == 2 and len(along) == 1) or (ord == "fro" and len(along) == 2):
        return _fold("norm", x, along, keepdims)
    if len(along) == 1 and ord == 1:
        return _fold("sum", e.absolute(x), along, keepdims)
    if len(along) == 1 and ord == math.inf:
        return _fold("max", e.absolute(x), along, keepdims)
    raise UnsupportedError(
        f"norm of order {ord!r} over {len(along)} axes has no rule.",
        where=here(),
        help="vectors have the orders 1, 2 and inf, matrices 'fro'.",
    )
