"""Movement as terms: whatever only renames indices becomes a view, whatever writes a box a pad."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.compile.terms import Axis, Term
from adjoint.graph.node import Node
from adjoint.primitives.places import HOLE


def basic_axes(index: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[list[Axis], list[int]] | None:
    """For an index of numbers, slices, None and Ellipsis: where each axis of the array is read, and the result's shape.

    None where index arrays take part. Out-of-range numbers were refused when the graph was made.
    """
    if any(item is HOLE for item in index):
        return None
    used = sum(1 for item in index if item is not None and item is not Ellipsis)
    if Ellipsis not in index:
        index = (*index, Ellipsis)
    axes: list[Axis] = []
    out: list[int] = []
    for item in index:
        if item is None:
            out.append(1)
        elif item is Ellipsis:
            for _ in range(len(shape) - used):
                out.append(shape[len(axes)])
                axes.append((len(out) - 1, 1, 0))
        elif isinstance(item, slice):
            start, stop, step = item.indices(shape[len(axes)])
            out.append(len(range(start, stop, step)))
            axes.append((len(out) - 1, step, start))
        else:
            n = shape[len(axes)]
            axes.append((-1, 0, int(item) + n if item < 0 else int(item)))
    return axes, out


def _getitem(low: Any, xs: list[Term], node: Node, params: dict[str, Any]) -> Term | None:
    found = basic_axes(params["index"], xs[0].shape)
    if found is None:
        return None
    axes, out = found
    return low.terms.view(xs[0], tuple(axes), tuple(out)) if 0 not in out else _empty(low, node)


def _empty(low: Any, node: Node) -> Term:
    term: Term = low.terms.broadcast(low.terms.const(0, node.dtype), node.shape)
    return term


def _box(low: Any, v: Term, index: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[Term, tuple[int, ...]] | None:
    """The value laid out as a box of the array that the index writes: the box, and where it begins."""
    found = basic_axes(index, shape)
    if found is None:
        return None
    axes, out = found
    if any(abs(m) > 1 and out[d] > 1 for d, m, _ in axes if d >= 0):
        return None
    while len(v.shape) > len(out) and v.shape[0] == 1:
        v = low.terms.reshape(v, v.shape[1:])
    v = low.terms.broadcast(v, tuple(out))
    sizes = tuple(1 if d < 0 else out[d] for d, _, _ in axes)
    begin = tuple(a if d < 0 or m > 0 or out[d] <= 1 else a - out[d] + 1 for d, m, a in axes)
    places: list[Axis] = [(-1, 0, 0)] * len(out)
    for i, (d, m, _) in enumerate(axes):
        if d >= 0 and out[d] != 1:
            places[d] = (i, 1, 0) if m > 0 else (i, -1, out[d] - 1)
    return low.terms.view(v, tuple(places), sizes), begin


def _scatter(low: Any, xs: list[Term], node: Node, params: dict[str, Any]) -> Term | None:
    made = _box(low, xs[0], params["index"], node.shape)
    return None if made is None else low.terms.pad(made[0], low.terms.const(0, node.dtype), made[1], node.shape)


def _set_at(low: Any, xs: list[Term], node: Node, params: dict[str, Any]) -> Term | None:
    made = _box(low, low.cast(xs[1], node.dtype), params["index"], node.shape)
    return None if made is None else low.terms.pad(made[0], xs[0], made[1], node.shape)


def _index_add(low: Any, xs: list[Term], node: Node, params: dict[str, Any]) -> Term | None:
    made = _box(low, low.cast(xs[1], node.dtype), params["index"], node.shape)
    if made is None or not low.knows_add(node.dtype):
        return None
    grown = low.terms.pad(made[0], low.terms.const(0, node.dtype), made[1], node.shape)
    term: Term = low.apply("add", low.cast(xs[0], node.dtype), grown)
    return term


def _pad(low: Any, xs: list[Term], node: Node, params: dict[str, Any]) -> Term | None:
    widths = params["widths"]
    if any(w < 0 for pair in widths for w in pair):
        return None
    lead = len(node.shape) - len(widths)
    begin = (*(0 for _ in range(lead)), *(a for a, _ in widths))
    made: Term = low.terms.pad(xs[0], low.terms.const(params["constant"], node.dtype), begin, node.shape)
    return made


def _concatenate(low: Any, xs: list[Term], node: Node, params: dict[str, Any]) -> Term:
    axis = len(node.shape) + params["axis"]
    parts = [low.cast(x, node.dtype) for x in xs if x.shape[axis]]
    whole = low.terms.const(0, node.dtype)
    start = 0
    for x in parts:
        begin = tuple(start if i == axis else 0 for i in range(len(node.shape)))
        whole = low.terms.pad(x, whole, begin, node.shape)
        start += x.shape[axis]
    term: Term = low.terms.broadcast(whole, node.shape)
    return term


def _transpose(low: Any, xs: list[Term], node: Node, params: dict[str, Any]) -> Term:
    n, axes = len(xs[0].shape), params["axes"]
    lead = n - len(axes)
    term: Term = low.terms.transpose(xs[0], (*range(lead), *(a + n if a < 0 else a for a in axes)))
    return term


def _flip(low: Any, xs: list[Term], node: Node, params: dict[str, Any]) -> Term:
    n = len(xs[0].shape)
    turned = {a + n if a < 0 else a for a in params["axis"]}
    axes = tuple((i, -1, m - 1) if i in turned else (i, 1, 0) for i, m in enumerate(xs[0].shape))
    term: Term = low.terms.view(xs[0], axes, node.shape)
    return term


def _reshape(low: Any, xs: list[Term], node: Node, params: dict[str, Any]) -> Term:
    term: Term = low.terms.reshape(xs[0], node.shape)
    return term


def _broadcast(low: Any, xs: list[Term], node: Node, params: dict[str, Any]) -> Term:
    term: Term = low.terms.broadcast(xs[0], node.shape)
    return term


def _same(low: Any, xs: list[Term], node: Node, params: dict[str, Any]) -> Term:
    return xs[0]


def _zero(low: Any, xs: list[Term], node: Node, params: dict[str, Any]) -> Term:
    return _empty(low, node)


#: Record by name: the function that makes its term, or gives None where only a call can do it.
MOVES: dict[str, Callable[[Any, list[Term], Node, dict[str, Any]], Term | None]] = {
    "getitem": _getitem,
    "scatter": _scatter,
    "set_at": _set_at,
    "index_add": _index_add,
    "pad": _pad,
    "concatenate": _concatenate,
    "transpose": _transpose,
    "flip": _flip,
    "reshape": _reshape,
    "expand_dims": _reshape,
    "squeeze": _reshape,
    "broadcast_to": _broadcast,
    "conj": _same,
    "real": _same,
    "imag": _zero,
}
