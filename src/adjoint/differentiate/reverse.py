"""Reverse mode: one walk from the outputs to the leaves, every gate once, newest first.

Nodes are taken in the order of their creation numbers, largest first: when a node's turn comes,
everything that uses it has passed its share back. With NumPy as ``xp`` the walk computes; with
adjoint's own functions it records, and the gradient is a graph like any other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from heapq import heappop, heappush, heappushpop
from typing import Any

import numpy as np

from adjoint.apply import RECORD
from adjoint.differentiate.cotangent import Masked, fit, plain
from adjoint.differentiate.gates import Pending, Step, Walk, add, general
from adjoint.differentiate.saved import freed
from adjoint.graph.node import FREED, Node
from adjoint.graph.spec import Spec
from adjoint.modes import MODE, Mode
from adjoint.primitives.record import NUMPY
from adjoint.primitives.structure import ALIAS, LEAF

_C128 = np.dtype(np.complex128)
_C64 = np.dtype(np.complex64)


class _Counter:
    """Counts gate visits over all walks, for the laws on cost."""

    __slots__ = ("total",)

    def __init__(self) -> None:
        self.total = 0


visited = _Counter()


def reverse(
    seeds: Iterable[tuple[Node, Any]],
    wanted: Collection[Node] | None = None,
    *,
    bound: int = -1,
    records: bool = False,
    free: bool = False,
    steps: list[Step] | None = None,
) -> Walk:
    """Walks back from the seeds and collects the cotangents of the wanted nodes (None: of all leaves).

    Nodes created before ``bound`` are not entered. ``records`` makes the gradient a graph of its own;
    ``free`` lets go of saved values on the way; ``steps`` is a list that every share passed back is
    added to. Raises FreedError where a node's values are gone.
    """
    if not records:
        with np.errstate(all="ignore"):
            return _walk(seeds, wanted, bound, NUMPY, free, None, steps)
    mode = (MODE.get() or Mode()).but(recording=True)
    token = MODE.set(mode)
    try:
        with np.errstate(all="ignore"):
            return _walk(seeds, wanted, bound, RECORD, free, mode, steps)
    finally:
        MODE.reset(token)


def _walk(
    seeds: Iterable[tuple[Node, Any]],
    wanted: Collection[Node] | None,
    bound: int,
    xp: Any,
    free: bool,
    mode: Mode | None,
    steps: list[Step] | None,
) -> Walk:
    walk = Walk(steps)
    found = walk.found
    inner = frozenset() if wanted is None else frozenset(wanted)
    under_way = Pending()
    waiting, owned, heap = under_way.waiting, under_way.owned, under_way.heap
    told = mode is not None or steps is not None
    masks = False  # only uncommon gates make them
    visits = 0
    for node, g in seeds:
        if node.seq >= bound:
            add(under_way, node, g)
    # The newest input of the last gate is mostly the next in turn, so it waits here and not in the heap.
    ahead: Node | None = None
    while ahead is not None or heap:
        if ahead is None:
            node = heappop(heap)[1]
        elif heap:
            node = heappushpop(heap, (-ahead.seq, ahead))[1]
        else:
            node = ahead
        ahead = None
        g = waiting.pop(node)
        visits += 1
        if inner and node in inner:
            g = plain(g)
            found[node] = fit(xp, g, node.shape, node.dtype)
            if node.op is ALIAS:
                continue
        op = node.op
        saved = node.saved
        if told or not op.hot or (masks and isinstance(g, Masked)):
            if op.family == "blocked":
                continue
            masks = True
            if general(walk, node, g, under_way, bound, xp, mode) and free and saved is not None:
                node.saved = FREED
            continue
        if saved is FREED:
            raise freed(node)
        dtype = node.dtype
        shape = node.shape
        pulls = op.pulls if dtype is not _C128 and dtype is not _C64 else op.pulls_conj
        i = -1
        for parent in node.inputs:
            i += 1  # counted by hand: enumerate and zip cost a tenth of the walk
            if type(parent) is Node:
                seq = parent.seq
                if seq < bound:
                    walk.outside = True
                    continue
                d = pulls[i](xp, g, saved, node)
                if parent.shape != shape or parent.dtype is not dtype:
                    d = fit(xp, d, parent.shape, parent.dtype)
                if parent not in waiting:
                    waiting[parent] = d
                    if parent.op is LEAF:
                        continue
                    if ahead is None:
                        ahead = parent
                    elif seq > ahead.seq:
                        heappush(heap, (-ahead.seq, ahead))
                        ahead = parent
                    else:
                        heappush(heap, (-seq, parent))
                    continue
                before = plain(waiting[parent]) if masks else waiting[parent]
                if parent in owned:
                    before += d
                    waiting[parent] = before
                else:
                    waiting[parent] = total = before + d
                    if parent.shape and total.size > 1:  # to a single number NumPy adds in place more slowly than anew
                        owned.add(parent)
        if free and saved is not None:
            node.saved = FREED
    visits += len(waiting)
    while waiting:
        node, g = waiting.popitem()
        if wanted is None or node in inner:
            found[node] = fit(xp, plain(g), node.shape, node.dtype)
    walk.visits = visits
    visited.total += visits
    return walk


def seed_of(spec: Spec) -> Any:
    """The seed 1 for a scalar output, in its dtype."""
    return spec.dtype.type(1) if spec.shape == () else np.ones(spec.shape, spec.dtype)
