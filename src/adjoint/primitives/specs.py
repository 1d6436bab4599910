"""Shape and dtype rules that whole families share."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Any

import numpy as np

from adjoint.errors import AxisError, DtypeError, ShapeError, SizeError
from adjoint.graph.spec import Spec
from adjoint.site import here

#: Python's numbers have a weak dtype; np.float64, though a float by inheritance, has not.
_WEAK = (bool, int, float, complex)


def broadcast(name: str, shapes: Sequence[tuple[int, ...]], specs: Sequence[Any]) -> tuple[int, ...]:
    """The common shape of operands, or a ShapeError that names them; SizeError where no array can be so large."""
    try:
        return np.broadcast_shapes(*shapes)
    except (ValueError, RuntimeError):  # RuntimeError: it compares no more than 32 axes, and arrays may have 64
        shown = ", ".join(repr(s) for s in specs)
        sizes = [{n for n in axis if n != 1} for axis in zip_longest(*(s[::-1] for s in shapes), fillvalue=1)]
        if any(len(axis) > 1 for axis in sizes):
            raise ShapeError(
                f"{name} cannot broadcast {shown} together.",
                help="sizes must be equal or 1, counted from the last axis; reshape or expand one operand.",
            ) from None
        common = tuple(next(iter(axis), 1) for axis in reversed(sizes))
        if math.prod(common) > sys.maxsize:
            raise SizeError(
                f"{name} of {shown} would have more entries than an array can have.",
                help="compute in smaller pieces.",
            ) from None
        return common


@lru_cache(maxsize=4096)
def _result_dtype(value: Callable[..., Any], operands: tuple[Any, ...]) -> Any:
    # One element of ones: every elementwise function is defined there, whatever the dtype.
    with np.errstate(all="ignore"):
        return np.asarray(value(*[_sample(o) for o in operands])).dtype


def _sample(operand: Any) -> Any:
    if isinstance(operand, np.dtype):
        return np.ones((1,), operand)
    kind, number = operand
    return kind(number)


def elementwise_spec(name: str, value: Callable[..., Any]) -> Callable[..., Spec]:
    """The spec rule of an elementwise function: broadcast shapes, and the dtype that NumPy itself gives."""

    def spec(*operands: Any, **params: Any) -> Spec:
        shapes = [() if type(o) in _WEAK else o.shape for o in operands]
        # A weak number is sampled as one; only its kind and whether it fits matter.
        key = tuple((type(o), _weak(o)) if type(o) in _WEAK else o.dtype for o in operands)
        try:
            if params:
                with np.errstate(all="ignore"):
                    dtype = np.asarray(value(*[_sample(k) for k in key], **params)).dtype
            else:
                dtype = _result_dtype(value, key)
        except TypeError as error:
            shown = ", ".join(repr(o) for o in operands)
            raise DtypeError(f"{name} is not defined for {shown}.", help="convert with astype first.") from error
        return Spec(broadcast(name, shapes, operands) if len(shapes) > 1 else shapes[0], dtype)

    return spec


def _weak(number: Any) -> Any:
    return number if isinstance(number, int) and not -128 <= number < 128 else type(number)(1)


class Axis(int):
    """A negative axis that remembers how the user wrote it, for explanations."""

    written: Any


class Axes(tuple[int, ...]):
    """Negative axes that remember how the user wrote them, for explanations."""

    written: Any


def written(axis: Any) -> Any:
    """An axis, or axes, as the user wrote them.

    >>> written(normal_axes("sum", 0, 2)), written((-1,))
    (0, (-1,))
    """
    return getattr(axis, "written", axis)


def normal_axes(name: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes as a sorted tuple of negative numbers (None: all of them); raises AxisError."""
    if axis is None:
        return tuple(range(-ndim, 0))
    given = tuple(axis) if isinstance(axis, tuple | list) else (axis,)
    found = sorted(normal_axis(name, a, ndim) for a in given)
    if len(set(found)) != len(found):
        raise AxisError(f"{name}: an axis stands twice in {axis!r}.", where=here(), help="name each axis once.")
    normal = Axes(found)
    normal.written = axis
    return normal


def normal_axis(name: str, axis: Any, ndim: int) -> int:
    """One axis as a negative number; raises AxisError for one that the array does not have."""
    try:
        number = axis.__index__()
    except (AttributeError, TypeError):
        raise AxisError(
            f"{name}: an axis is a whole number, got {axis!r}.",
            where=here(),
            help="write axis=0, or a tuple of whole numbers.",
        ) from None
    if not -ndim <= number < ndim:
        raise AxisError(
            f"{name}: axis {number} does not exist in an array of {ndim} dimensions.",
            where=here(),
            help="axes count from 0, or from -1 at the end.",
        )
    normal = Axis(number - ndim if number >= 0 else number)
    normal.written = number
    return normal


def reduced_shape(shape: tuple[int, ...], axis: tuple[int, ...], keepdims: bool) -> tuple[int, ...]:
    """The shape that is left when the negative axes are reduced."""
    n = len(shape)
    if keepdims:
        return tuple(1 if i - n in axis else s for i, s in enumerate(shape))
    return tuple(s for i, s in enumerate(shape) if i - n not in axis)


def kept_shape(shape: tuple[int, ...], axis: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with the reduced axes as ones: what a reduction's result broadcasts from."""
    return reduced_shape(shape, axis, True)
