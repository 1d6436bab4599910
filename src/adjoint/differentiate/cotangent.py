"""Cotangents on their way: fitting them to an input, structural-zero masks, and handing them out.

A cotangent is a plain array (or, when the walk records, a Tensor). Where some of its entries are zero
by structure, and not by arithmetic, it travels as ``Masked``, so that a later infinite slope cannot
turn such a zero into NaN.
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.primitives.record import NUMPY

_total: Any = np.add.reduce

#: Gives True where a cotangent is zero by structure.
Dead = Callable[[], Any]


#: How many masks may wait for one another; from there on they are worked out as they arise, so nothing recurses far.
_DEEP = 24


class Masked:
    """A cotangent with structural zeros: entry by entry dead where ``dead`` says so, asked once and only if needed.

    ``sources`` are the masked cotangents that ``dead`` itself asks.
    """

    __slots__ = ("_dead", "_depth", "_mask", "value")

    def __init__(self, value: Any, dead: Dead, *sources: Masked | None) -> None:
        self.value = value
        self._dead: Dead | None = dead
        self._mask: Any = None
        self._depth: int = 1 + max([s._depth for s in sources if s is not None], default=0)
        if self._depth > _DEEP:
            self.mask()

    def mask(self) -> Any:
        """The mask as an array: True where dead."""
        if self._dead is not None:
            self._mask, self._dead, self._depth = self._dead(), None, 0
        return self._mask


class Touched(Masked):
    """A masked accumulator that indexing rules fill in place: dead where nothing was added yet."""

    __slots__ = ("touched",)

    def __init__(self, value: Any) -> None:
        touched = np.zeros(value.shape, bool)
        self.touched = touched
        super().__init__(value, lambda: ~touched)


def plain(cotangent: Any) -> Any:
    """The array behind a cotangent, its structural zeros as zeros."""
    return cotangent.value if isinstance(cotangent, Masked) else cotangent


def fit(xp: Any, d: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """A cotangent or tangent in the shape and dtype of the value it belongs to.

    Broadcasting is undone by summing; a complex cotangent of a real value keeps its real part.
    """
    if d.shape != shape:
        d = _sum_to(xp, d, shape)
    if d.dtype != dtype:
        if d.dtype.kind == "c" and dtype.kind != "c":
            d = xp.real(d)
        if d.dtype != dtype:
            d = xp.astype(d, dtype=dtype)
    return d


def _sum_to(xp: Any, d: Any, shape: tuple[int, ...]) -> Any:
    axes, kept = _folded(d.shape, shape)
    if axes and xp is NUMPY:
        d = _total(d, axes, None, None, kept)
    elif axes:
        d = xp.sum(d, axis=axes, keepdims=kept)
    if d.shape == shape:
        return d
    return xp.reshape(d, shape=shape) if math.prod(d.shape) == math.prod(shape) else xp.broadcast_to(d, shape=shape)


@functools.lru_cache(maxsize=4096)
def _folded(wide: tuple[int, ...], narrow: tuple[int, ...]) -> tuple[tuple[int, ...], bool]:
    """The axes by which a shape is wider than another, in negative numbers, and whether they stay as ones."""
    extra = len(wide) - len(narrow)
    if extra < 0:
        return (), True
    ndim = len(wide)
    padded = (1,) * extra + narrow
    return tuple(i - ndim for i in range(ndim) if (padded[i] == 1 and wide[i] != 1) or i < extra), extra == 0


def _references_of_an_only_one() -> int:
    array = np.empty(1)
    return sys.getrefcount(array)


#: What getrefcount says inside a function of an array that only one local variable holds. Measured,
#: because newer interpreters count the references on their stack differently.
_SOLE = _references_of_an_only_one()


def give(holder: dict[Any, Any], key: Any) -> Any:
    """Takes an array out of a dict and makes it the taker's own: writable, contiguous, shared with nothing.

    Copies only when somebody else holds it too.
    """
    array = holder.pop(key)
    if type(array) is np.ndarray:
        # Counted first: the flags object holds the array too.
        mine = sys.getrefcount(array) <= _SOLE and array.base is None
        flags = array.flags
        return array if mine and flags.c_contiguous and flags.writeable else np.array(array, order="C")
    return array
