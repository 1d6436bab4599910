"""Batching: how an operation runs on many entries at once, each operand with or without a leading axis for them.

Axes are stored as negative numbers, so most records run as they are, on operands brought to one rank;
shapes, matrices and einsum have a rule here. A rule is ``batch(xp, size, xs, flags, **params)``: ``xs``
are the operands, ``flags`` say which of them have the leading axis of length ``size``, one at least.
Its result has that axis; several outputs have it each.
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Sequence
from typing import Any

Batch = Callable[..., Any]


def rank_of(x: Any, batched: bool) -> int:
    """The number of axes of an operand, the leading one of the batch not counted."""
    return len(getattr(x, "shape", ())) - batched


def lift(xp: Any, x: Any, rank: int) -> Any:
    """An operand with the leading axis, and behind it as many new ones as its rank falls short of ``rank``."""
    missing = rank - rank_of(x, True)
    return xp.expand_dims(x, axis=tuple(range(-rank, missing - rank))) if missing > 0 else x


def spread(xp: Any, x: Any, size: int) -> Any:
    """An operand without the leading axis, repeated along it."""
    return xp.broadcast_to(x, shape=(size, *getattr(x, "shape", ())))


def aligned(name: str) -> Batch:
    """The rule of operations that broadcast, and of those with one operand: as they are, on operands of one rank."""

    def batch(xp: Any, size: int, xs: Sequence[Any], flags: Sequence[bool], **params: Any) -> Any:
        if len(xs) > 1:
            rank = max(rank_of(x, f) for x, f in zip(xs, flags, strict=True))
            xs = [lift(xp, x, rank) if f else x for x, f in zip(xs, flags, strict=True)]
        return getattr(xp, name)(*xs, **params)

    return batch


def joined(name: str) -> Batch:
    """The rule of operations whose operands must all have the leading axis."""

    def batch(xp: Any, size: int, xs: Sequence[Any], flags: Sequence[bool], **params: Any) -> Any:
        every = [x if f else spread(xp, x, size) for x, f in zip(xs, flags, strict=True)]
        return getattr(xp, name)(*every, **params)

    return batch


def reshape(xp: Any, size: int, xs: Sequence[Any], flags: Sequence[bool], shape: tuple[int, ...]) -> Any:
    """Every entry in the new shape."""
    return xp.reshape(xs[0], shape=(size, *shape))


def broadcast_to(xp: Any, size: int, xs: Sequence[Any], flags: Sequence[bool], shape: tuple[int, ...]) -> Any:
    """Every entry in the wider shape."""
    return xp.broadcast_to(lift(xp, xs[0], len(shape)), shape=(size, *shape))


def einsum(xp: Any, size: int, xs: Sequence[Any], flags: Sequence[bool], subscripts: str) -> Any:
    """A letter of its own for the leading axis."""
    operands, out = subscripts.split("->")
    free = next(a for a in string.ascii_letters if a not in subscripts)
    left, right = (free + term if f else term for term, f in zip(operands.split(","), flags, strict=True))
    return xp.einsum(*xs, subscripts=f"{left},{right}->{free}{out}")


def _column(xp: Any, x: Any) -> Any:
    return xp.expand_dims(x, axis=(-1,))


def _without(xp: Any, x: Any, axis: int) -> Any:
    return xp.squeeze(x, axis=(axis,))


def _turned(xp: Any, x: Any) -> Any:
    return xp.transpose(x, axes=(-1, -2))


def matmul(xp: Any, size: int, xs: Sequence[Any], flags: Sequence[bool]) -> Any:
    """Products with one shared matrix become one product with it; the others are products of stacks."""
    x, y = xs
    m, n = rank_of(x, flags[0]), rank_of(y, flags[1])
    if not flags[1]:
        return _matmul_left(xp, x, y, m, n)
    if not flags[0]:
        return _matmul_right(xp, x, y, m, n)
    if m == n == 1:
        return xp.sum(xp.multiply(x, y), axis=(-1,), keepdims=False)
    rank = max(m, n)
    left = lift(xp, xp.expand_dims(x, axis=(-2,)) if m == 1 else x, rank)
    right = lift(xp, _column(xp, y) if n == 1 else y, rank)
    out = xp.matmul(left, right)
    return _without(xp, out, -2) if m == 1 else _without(xp, out, -1) if n == 1 else out


def _matmul_left(xp: Any, x: Any, y: Any, m: int, n: int) -> Any:
    """Many left factors, of rank m, and one right one, of rank n."""
    if n <= 2:
        if m == 1 or n == 1:
            return xp.matmul(x, y)
        rows = xp.reshape(x, shape=(math.prod(x.shape[:-1]), x.shape[-1]))
        return xp.reshape(xp.matmul(rows, y), shape=(*x.shape[:-1], y.shape[-1]))
    if m == 1:
        return _without(xp, xp.matmul(lift(xp, xp.expand_dims(x, axis=(-2,)), n), y), -2)
    return xp.matmul(lift(xp, x, n), y)


def _matmul_right(xp: Any, x: Any, y: Any, m: int, n: int) -> Any:
    """One left factor, of rank m, and many right ones, of rank n: vectors are the rows of one matrix."""
    if n == 1:
        if m <= 2:
            return xp.matmul(y, _turned(xp, x) if m == 2 else x)
        return _without(xp, xp.matmul(x, lift(xp, _column(xp, y), m)), -1)
    if n == m == 2 and y.shape[-1] == 1:
        return _column(xp, xp.matmul(_without(xp, y, -1), _turned(xp, x)))
    return xp.matmul(x, lift(xp, y, m))


def solve(xp: Any, size: int, xs: Sequence[Any], flags: Sequence[bool]) -> Any:
    """One matrix solves for all right sides together, as columns of one."""
    x, y = xs
    m, n = rank_of(x, flags[0]), rank_of(y, flags[1])
    if flags[0] and not flags[1]:
        return xp.solve(x if n == 1 else lift(xp, x, n), y)
    if not flags[0] and m == 2 and n <= 2:
        if n == 1:
            return _turned(xp, xp.solve(x, _turned(xp, y)))
        rows, columns = y.shape[-2:]
        wide = xp.reshape(xp.transpose(y, axes=(-2, -3, -1)), shape=(rows, size * columns))
        found = xp.reshape(xp.solve(x, wide), shape=(rows, size, columns))
        return xp.transpose(found, axes=(-2, -3, -1))
    left = lift(xp, x, n) if flags[0] else x
    found = xp.solve(left, lift(xp, _column(xp, y) if n == 1 else y, m))
    return _without(xp, found, -1) if n == 1 else found
