"""Index arrays as terms: a gather reads where they point, a scatter adds there; each is checked against its bounds.

An index out of range is found by a fold over the index array, whose result the program looks at when it
ends: it then asks Python, which raises the error in the user's terms.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.compile.terms import Term
from adjoint.graph.node import Node
from adjoint.primitives.places import HOLE

#: One axis of the array: ("at", number of the index array), or ("axis", axis of the picked entries, factor, offset).
Place = tuple[Any, ...]


def places_of(
    index: tuple[Any, ...], shape: tuple[int, ...], arrays: list[Term]
) -> tuple[tuple[Place, ...], tuple[int, ...], int, int] | None:
    """Where each axis of the array is read, the picked shape, and which of its axes the index arrays make.

    None for what NumPy treats specially: numbers or new axes beside index arrays, arrays that do not stand together.
    """
    holes = [i for i, item in enumerate(index) if item is HOLE]
    plain = all(item is HOLE or item is Ellipsis or isinstance(item, slice) for item in index)
    if not holes or not plain or holes != list(range(holes[0], holes[-1] + 1)):
        return None
    if any(a.dtype.kind != "i" for a in arrays):
        return None
    used = sum(1 for item in index if item is not Ellipsis)
    if Ellipsis not in index:
        index = (*index, Ellipsis)
    picked = np.broadcast_shapes(*(a.shape for a in arrays))
    places: list[Place] = []
    out: list[int] = []
    first = -1
    for item in index:
        if item is HOLE:
            if first < 0:
                first = len(out)
                out.extend(picked)
            places.append(("at", sum(1 for p in places if p[0] == "at")))
        elif item is Ellipsis:
            for _ in range(len(shape) - used):
                places.append(("axis", len(out), 1, 0))
                out.append(shape[len(places) - 1])
        else:
            start, stop, step = item.indices(shape[len(places)])
            places.append(("axis", len(out), step, start))
            out.append(len(range(start, stop, step)))
    return tuple(places), tuple(out), first, len(picked)


def lower_gather(low: Any, xs: list[Term], node: Node, params: dict[str, Any]) -> Term | None:
    """The entries of an array that index arrays point at."""
    x, arrays = xs[0], xs[1:]
    found = places_of(params["index"], x.shape, arrays)
    if found is None or 0 in node.shape or not low.native_index:
        return None
    places, out, first, rank = found
    indices = [_spread(low, a, out, first, rank) for a in _checked(low, places, arrays, x.shape)]
    term: Term = low.terms.make("gather", (x, *indices), places, node.shape, node.dtype)
    return term


def lower_scatter(low: Any, xs: list[Term], node: Node, params: dict[str, Any]) -> Term | None:
    """An array of zeros (or another array) to which entries are added where index arrays point."""
    if node.op.name == "scatter":
        base, value, arrays = low.terms.const(0, node.dtype), xs[0], xs[1:]
    else:
        base, value, arrays = low.cast(xs[0], node.dtype), low.cast(xs[1], node.dtype), xs[2:]
    found = places_of(params["index"], node.shape, arrays)
    if found is None or node.dtype.kind != "f" or 0 in node.shape or not low.native_index:
        return None
    places, out, first, rank = found
    if 0 in out or any(p[0] == "axis" and p[2] < 0 for p in places):
        return None
    value = low.terms.broadcast(value, out)
    checked = _checked(low, places, arrays, node.shape)
    picked = out[first : first + rank]
    indices = [low.terms.broadcast(a, picked) for a in checked]
    data = (places, out, first, rank)
    term: Term = low.terms.make("scatter", (base, value, *indices), data, node.shape, node.dtype)
    return term


def _spread(low: Any, a: Term, out: tuple[int, ...], first: int, rank: int) -> Term:
    """An index array repeated to the shape of the picked entries."""
    wide = low.terms.broadcast(a, out[first : first + rank])
    term: Term = low.terms.view(wide, tuple((first + i, 1, 0) for i in range(rank)), out)
    return term


def _checked(low: Any, places: tuple[Place, ...], arrays: list[Term], shape: tuple[int, ...]) -> list[Term]:
    """The index arrays counted from 0, with a fold for each that is above 0 where one is out of range."""
    whole = np.dtype(np.int64)
    found = []
    for axis, place in enumerate(places):
        if place[0] != "at":
            continue
        a = low.cast(arrays[place[1]], whole)
        n = shape[axis]
        zero, size = low.terms.const(0, whole), low.terms.const(n, whole)
        below = low.apply("less", a, zero, dtype=np.bool_)
        positive = low.apply("where", below, low.apply("add", a, size), a)
        bad = low.apply("less", positive, zero, dtype=np.bool_)
        bad = low.apply("logical_or", bad, low.apply("greater_equal", positive, size, dtype=np.bool_), dtype=np.bool_)
        safe = low.apply("where", bad, zero, positive)
        flag = low.apply("where", bad, low.terms.const(1, np.float64), low.terms.const(0, np.float64))
        low.checks.append(low.terms.reduce("max", flag, tuple(range(len(a.shape)))))
        found.append(safe)
    return found
