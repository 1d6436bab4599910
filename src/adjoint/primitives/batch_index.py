"""Batching of indexing: a template and its arrays with one more leading axis, and where NumPy then puts the axes.

NumPy puts the axes of index arrays where the first of them stands, or in front when they stand apart
(``x[i, :, j]``). A batch of arrays needs the numbers of the batch beside them, and with those they
always come in front; the helpers here move them back to where they belong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.errors import UnsupportedError
from adjoint.primitives.batching import lift, rank_of, spread
from adjoint.primitives.places import HOLE
from adjoint.site import here

_ALL = slice(None)


class _Plan:
    """Where the axes of a picked region stand: ``k`` axes of the arrays, ``before`` others in front of them.

    ``rank`` is the number of all axes; ``apart`` says that the arrays stand apart, so that their axes
    come first whatever the batch.
    """

    __slots__ = ("apart", "before", "k", "rank")

    def __init__(self, ndim: int, arrays: Sequence[Any], flags: Sequence[bool], index: tuple[Any, ...]) -> None:
        shapes = [(1,) if _mask(a) else (1,) * rank_of(a, f) for a, f in zip(arrays, flags)]
        self.k = max(map(len, shapes), default=0)
        widths = iter([rank_of(a, f) if _mask(a) else 1 for a, f in zip(arrays, flags)])
        taken = [next(widths) if i is HOLE else 0 if i is None or i is Ellipsis else 1 for i in index]
        hidden = ndim - sum(taken)
        made = [hidden if i is Ellipsis else 1 if i is None or type(i) is slice else 0 for i in index]
        places = [p for p, i in enumerate(index) if i is HOLE or type(i) is int] if arrays else []
        self.apart = bool(places) and places[-1] - places[0] >= len(places)
        self.before = sum(made[: places[0]]) if places and not self.apart else 0
        self.rank = sum(made) + self.k + (0 if Ellipsis in index else hidden)

    def outward(self) -> tuple[int, ...]:
        """The axes of a batch of regions that has those of the arrays in front, in their own order."""
        k, b = self.k, self.before
        return _behind((*range(k, k + b), *range(k), *range(k + b, self.rank)), 1)

    def inward(self, batched: int) -> tuple[int, ...]:
        """The opposite: the axes of the arrays brought to the front of each region."""
        k, b = self.k, self.before
        return _behind((*range(b, b + k), *range(b), *range(b + k, self.rank)), batched)

    @property
    def moved(self) -> bool:
        """Whether axes that belong elsewhere come in front."""
        return self.k > 0 and self.before > 0


def _behind(order: tuple[int, ...], batched: int) -> tuple[int, ...]:
    """An order of axes behind those of the batch, in negative numbers."""
    n = len(order) + batched
    return tuple(a - n for a in (*range(batched), *(a + batched for a in order)))


def _mask(array: Any) -> bool:
    return bool(array.dtype.kind == "b")


def _whole(name: str, arrays: Sequence[Any], flags: Sequence[bool]) -> None:
    if any(f and _mask(a) for a, f in zip(arrays, flags, strict=True)):
        raise UnsupportedError(
            f"{name}: a mask that differs from entry to entry of a batch picks different numbers of values.",
            where=here(),
            help="write where(mask, x, 0.0), which keeps the shape.",
        )


def _numbers(xp: Any, size: int, arrays: Sequence[Any], flags: Sequence[bool], k: int) -> list[Any]:
    """The numbers of the batch, and the arrays, brought to ``k`` axes behind that of the batch."""
    return [np.arange(size).reshape(size, *[1] * k), *_raised(xp, arrays, flags, k)]


def _raised(xp: Any, arrays: Sequence[Any], flags: Sequence[bool], k: int) -> list[Any]:
    return [lift(xp, a, k) if f else a for a, f in zip(arrays, flags, strict=True)]


def getitem(xp: Any, size: int, xs: Sequence[Any], flags: Sequence[bool], index: tuple[Any, ...]) -> Any:
    """``x[index]`` for every entry of a batch of arrays, of index arrays, or of both."""
    x, *arrays = xs
    _whole("getitem", arrays, flags[1:])
    plan = _Plan(rank_of(x, flags[0]), arrays, flags[1:], index)
    if not any(flags[1:]) and not plan.apart:
        return xp.getitem(x, *arrays, index=(_ALL, *index))
    if flags[0]:
        out = xp.getitem(x, *_numbers(xp, size, arrays, flags[1:], plan.k), index=(HOLE, *index))
        return xp.transpose(out, axes=plan.outward()) if plan.moved else out
    out = xp.getitem(x, *_raised(xp, arrays, flags[1:], plan.k), index=index)
    if not plan.before:
        return out
    n = plan.rank + 1
    return xp.transpose(out, axes=tuple(a - n for a in (plan.before, *range(plan.before), *range(plan.before + 1, n))))


def _value(xp: Any, v: Any, batched: bool, plan: _Plan, front: bool) -> Any:
    """What is put into a region, with the axes in the order in which the index names them."""
    extra = rank_of(v, batched) - plan.rank
    if extra > 0:  # NumPy drops leading axes of length one
        v = xp.reshape(v, shape=(*v.shape[:batched], *v.shape[batched + extra :]))
    if batched:
        v = lift(xp, v, plan.rank)
    if not front or not plan.moved:
        return v
    missing = plan.rank - rank_of(v, batched)
    if missing:
        v = xp.expand_dims(v, axis=tuple(range(-plan.rank, missing - plan.rank)))
    return xp.transpose(v, axes=plan.inward(int(batched)))


def _put(name: str, first: int, ndim: Any) -> Any:
    """The rule of the operations that put values, operand ``first - 1``, at places given by those from ``first`` on."""

    def batch(
        xp: Any, size: int, xs: Sequence[Any], flags: Sequence[bool], index: tuple[Any, ...], **params: Any
    ) -> Any:
        arrays, given = xs[first:], flags[first:]
        _whole(name, arrays, given)
        plan = _Plan(ndim(xs, flags, params), arrays, given, index)
        front = any(given) or plan.apart
        value = _value(xp, xs[first - 1], flags[first - 1], plan, front)
        places = _numbers(xp, size, arrays, given, plan.k) if front else arrays
        target = [x if f else spread(xp, x, size) for x, f in zip(xs[: first - 1], flags, strict=False)]
        key = (HOLE if front else _ALL, *index)
        if "shape" in params:
            params["shape"] = (size, *params["shape"])
        return getattr(xp, name)(*target, value, *places, index=key, **params)

    return batch


set_at = _put("set_at", 2, lambda xs, flags, params: rank_of(xs[0], flags[0]))
index_add = _put("index_add", 2, lambda xs, flags, params: rank_of(xs[0], flags[0]))
scatter = _put("scatter", 1, lambda xs, flags, params: len(params["shape"]))
