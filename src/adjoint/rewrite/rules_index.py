"""Indexing: slices of slices, what was put somewhere and is read there again, and sums of placed values as pads."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.graph.node import Node
from adjoint.primitives.places import HOLE
from adjoint.rewrite.rule import Rule, is_op, like, rule
from adjoint.rewrite.rules_algebra import factor, scaled

#: One axis of a plain index: a whole number, or (start, stop, step) with step > 0 and nothing left open.
Part = Any


def parts(index: tuple[Any, ...], shape: tuple[int, ...]) -> list[Part] | None:
    """An index of numbers and slices as one part for each axis; None where it holds anything else, or steps back."""
    rows = list(index)
    if any(i is None or i is HOLE for i in rows):
        return None
    dots = [k for k, i in enumerate(rows) if i is Ellipsis]
    if dots:
        rows[dots[0] : dots[0] + 1] = [slice(None)] * (len(shape) - len(rows) + 1)
    rows += [slice(None)] * (len(shape) - len(rows))
    found: list[Part] = []
    for one, size in zip(rows, shape, strict=True):
        if type(one) is slice:
            start, stop, step = one.indices(size)
            if step < 0:
                return None
            count = len(range(start, stop, step))
            found.append((start, start + (count - 1) * step + 1 if count else start, step))
        else:
            found.append(one + size if one < 0 else one)
    return found


def index_of(found: list[Part]) -> tuple[Any, ...]:
    """The index that has these parts."""
    return tuple(slice(*p) if type(p) is tuple else p for p in found)


def _whole(found: list[Part], shape: tuple[int, ...]) -> bool:
    return all(p == (0, size, 1) for p, size in zip(found, shape, strict=True))


def _only_new_axes(index: tuple[Any, ...]) -> bool:
    return all(i is None or i is Ellipsis or i == slice(None) for i in index if i is not HOLE) and HOLE not in index


@rule("index-nothing", "x[...] = x, x[:, None] = reshape(x), x[0] = reshape(x) where its axis has size 1", "getitem")
def index_nothing(b: Any, n: Node) -> Any:
    """An index that leaves no entry out, and keeps their order."""
    x, index = n.inputs[0], n.params["index"]  # type: ignore[index]
    if len(n.inputs) > 1 or type(x) is not Node:
        return None
    if like(x, n) and (_only_new_axes(index) or _kept(index, x.shape)):
        return x
    if _only_new_axes(index) or _kept(tuple(i for i in index if i is not None), x.shape):
        return b.make("reshape", x, shape=n.shape)
    return None


def _kept(index: tuple[Any, ...], shape: tuple[int, ...]) -> bool:
    found = parts(index, shape)
    return found is not None and all(p == (0, m, 1) or (m == 1 and p == 0) for p, m in zip(found, shape, strict=True))


@rule("slice-of-slice", "x[i][j] = x[k]", "getitem")
def slice_of_slice(b: Any, n: Node) -> Any:
    """Numbers and slices that go forward are composed."""
    x = n.inputs[0]
    if not is_op(x, "getitem") or len(n.inputs) > 1 or len(x.inputs) > 1 or type(x.inputs[0]) is not Node:
        return None
    source = x.inputs[0]
    outer, inner = parts(n.params["index"], x.shape), parts(x.params["index"], source.shape)  # type: ignore[index]
    if outer is None or inner is None:
        return None
    rest = iter(outer)
    made: list[Part] = []
    for p in inner:
        if type(p) is not tuple:
            made.append(p)
            continue
        q = next(rest)
        if type(q) is tuple:
            start, stop = p[0] + q[0] * p[2], p[0] + (q[1] - 1) * p[2] + 1
            made.append((start, max(start, stop), p[2] * q[2]))
        else:
            made.append(p[0] + q * p[2])
    return b.make("getitem", source, index=index_of(made))


@rule("placed-and-read", "zeros with [i] += x, read at [i] = x", "getitem", "the sign of a zero is of no account")
def placed_and_read(b: Any, n: Node) -> Any:
    """By numbers and slices, which name no entry twice; added to 0, a -0 would have become 0."""
    x = n.inputs[0]
    if not is_op(x, "scatter") or len(n.inputs) > 1 or len(x.inputs) > 1:
        return None
    there, here = parts(x.params["index"], x.shape), parts(n.params["index"], x.shape)  # type: ignore[index]
    return x.inputs[0] if there is not None and there == here and like(x.inputs[0], n) else None


@rule("read-from-pad", "pad(x), read inside of it = x", "getitem")
def read_from_pad(b: Any, n: Node) -> Any:
    """A slice that takes nothing of what was put around."""
    x = n.inputs[0]
    if not is_op(x, "pad") or len(n.inputs) > 1 or type(x.inputs[0]) is not Node:
        return None
    source, found = x.inputs[0], parts(n.params["index"], x.shape)  # type: ignore[index]
    if found is None:
        return None
    shift = [0] * (len(x.shape) - len(x.params["widths"])) + [w[0] for w in x.params["widths"]]
    made: list[Part] = []
    for p, s, size in zip(found, shift, source.shape, strict=True):
        low, high = (p[0], p[1]) if type(p) is tuple else (p, p + 1)
        if low < s or high > s + size:
            return None
        made.append((low - s, high - s, p[2]) if type(p) is tuple else p - s)
    return source if _whole(made, source.shape) else b.make("getitem", source, index=index_of(made))


@rule("read-from-joint", "concatenate(x, y), read inside of one part = a slice of the part", "getitem")
def read_from_joint(b: Any, n: Node) -> Any:
    """A slice that lies in one part altogether."""
    x = n.inputs[0]
    if not is_op(x, "concatenate") or len(n.inputs) > 1:
        return None
    found = parts(n.params["index"], x.shape)  # type: ignore[index]
    axis = x.params["axis"] + len(x.shape)
    if found is None:
        return None
    p = found[axis]
    low, high = (p[0], p[1]) if type(p) is tuple else (p, p + 1)
    start = 0
    for part in x.inputs:
        size = part.shape[axis]
        if start <= low and high <= start + size and part.dtype == n.dtype and type(part) is Node:
            found[axis] = (low - start, high - start, p[2]) if type(p) is tuple else p - start
            return part if _whole(found, part.shape) else b.make("getitem", part, index=index_of(found))
        start += size
    return None


@rule("scatter-everywhere", "zeros with [...] += x = reshape(x)", "scatter", "the sign of a zero is of no account")
def scatter_everywhere(b: Any, n: Node) -> Any:
    """An index that leaves nothing out puts each entry in its place; added to 0, a -0 would have become 0."""
    x = n.inputs[0]
    if len(n.inputs) > 1 or not (_only_new_axes(n.params["index"]) or _kept_place(n)):  # type: ignore[index]
        return None
    return b.make("reshape", x, shape=n.shape) if np.shape(x) != n.shape else x


def _kept_place(n: Node, shape: tuple[int, ...] | None = None) -> bool:
    index = n.params["index"]  # type: ignore[index]
    return _kept(tuple(i for i in index if i is not None), shape or n.shape)


@rule("add-everywhere", "x with [...] += v = x + v", "index_add")
def add_everywhere(b: Any, n: Node) -> Any:
    """An index that leaves nothing out."""
    x, v, *arrays = n.inputs
    index = n.params["index"]  # type: ignore[index]
    if arrays or not (_only_new_axes(index) or _kept_place(n)):
        return None
    picked = np.shape(v)
    if int(np.prod(picked)) == int(np.prod(n.shape)) and picked != n.shape:
        v = b.make("reshape", v, shape=n.shape)
    elif picked != n.shape and picked:
        return None
    made = b.make("add", x, v)
    return made if like(made, n) else None


def widths_of(found: list[Part], shape: tuple[int, ...]) -> tuple[tuple[int, int], ...] | None:
    """What a pad puts around a region of an array: before and after it; None where it has steps."""
    made = []
    for p, size in zip(found, shape, strict=True):
        low, high, step = p if type(p) is tuple else (p, p + 1, 1)
        if step != 1:
            return None
        made.append((low, size - high))
    return tuple(made)


def _padded(b: Any, v: Any, n: Node) -> Any:
    """Values at a large plain region as a pad of them, or None."""
    found = parts(n.params["index"], n.shape)  # type: ignore[index]
    widths = None if found is None else widths_of(found, n.shape)
    if found is None or widths is None or type(v) is not Node or v.dtype != n.dtype:
        return None
    region = tuple(p[1] - p[0] if type(p) is tuple else 1 for p in found)
    if 8 * int(np.prod(region)) < int(np.prod(n.shape)) or int(np.prod(v.shape)) != int(np.prod(region)):
        return None
    if v.shape != region:
        v = b.make("reshape", v, shape=region)
    while widths and widths[0] == (0, 0):
        widths = widths[1:]
    return b.make("pad", v, widths=widths, constant=0.0)


_HALF = "the region is at least an eighth of the whole; the sign of a zero is of no account"


@rule("scatter-as-pad", "zeros with [a:b] += v = pad(v)", "scatter", _HALF)
def scatter_as_pad(b: Any, n: Node) -> Any:
    """A pad is one loop with its neighbours; a small region is written in place instead."""
    return _padded(b, n.inputs[0], n) if len(n.inputs) == 1 and n.dtype.kind == "f" else None


@rule("index-add-as-pad", "x with [a:b] += v = x + pad(v)", "index_add", _HALF)
def index_add_as_pad(b: Any, n: Node) -> Any:
    """A pad is one loop with its neighbours; a small region is written in place instead."""
    if len(n.inputs) != 2 or n.dtype.kind != "f" or getattr(n.inputs[0], "dtype", None) != n.dtype:
        return None
    made = _padded(b, n.inputs[1], n)
    return None if made is None else b.make("add", n.inputs[0], made)


@rule(
    "add-to-places",
    "x + c * (zeros with [i] += v) = x with [i] += c * v, for x - likewise",
    "add subtract",
    "c is finite; a sum may be taken in another order; the sign of a zero is of no account",
)
def add_to_places(b: Any, n: Node) -> Any:
    """What is added to few entries leaves the others alone: no array of zeros, and no pass over all of x."""
    x, y = n.inputs
    for one, other, sign in ((x, y, -1.0 if n.op.name == "subtract" else 1.0), (y, x, 1.0)):
        if (n.op.name == "subtract" and one is y) or not like(one, n) or type(one) is not Node or not like(other, n):
            continue
        found = factor(b, other)
        c, placed = (1.0, other) if found is None else found
        if not is_op(placed, "scatter") or not like(placed, n) or b.uses(placed) > 1 or b.uses(other) > 1:
            continue
        v, *arrays = placed.inputs
        if type(v) is Node and v.dtype == n.dtype and n.dtype.kind == "f" and abs(c) < np.inf:
            return b.make("index_add", one, scaled(b, sign * c, v), *arrays, index=placed.params["index"])
    return None


INDEX: tuple[Rule, ...] = (
    index_nothing, slice_of_slice, placed_and_read, read_from_pad, read_from_joint, scatter_everywhere,
    add_everywhere, scatter_as_pad, index_add_as_pad, add_to_places,
)  # fmt: skip
