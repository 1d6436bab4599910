"""Reverse mode: one walk from the outputs to the leaves, every gate once, newest first.

Nodes are taken in the order of their creation numbers, largest first: when a node's turn comes,
everything that uses it has passed its share back. With NumPy as ``xp`` the walk computes; with
adjoint's own functions it records, and the gradient is a graph like any other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from heapq import heappop, heappush
from typing import Any

import numpy as np

from adjoint.apply import RECORD
from adjoint.differentiate.cotangent import Masked, Touched, fit, plain
from adjoint.differentiate.gates import Pending, Step, Walk, add, general
from adjoint.differentiate.saved import freed, recorded_saved
from adjoint.graph.node import FREED, Node
from adjoint.graph.spec import Spec
from adjoint.modes import MODE, Mode
from adjoint.primitives.record import NUMPY
from adjoint.primitives.structure import ALIAS

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
    pending, owned, heap = under_way.waiting, under_way.owned, under_way.heap
    visits = 0
    for node, g in seeds:
        if node.seq >= bound:
            add(under_way, node, g)
    while heap:
        node = heappop(heap)[1]
        g = pending.pop(node)
        visits += 1
        if inner and node in inner:
            g = plain(g)
            found[node] = fit(xp, g, node.shape, node.dtype)
            if node.op is ALIAS:
                continue
        op = node.op
        saved = node.saved
        if not op.hot or type(g) is Masked or type(g) is Touched:
            if op.family == "leaf":
                if wanted is None:
                    found[node] = fit(xp, plain(g), node.shape, node.dtype)
                continue
            if op.family == "blocked":
                continue
            if general(walk, node, g, under_way, bound, xp, mode) and free and saved is not None:
                node.saved = FREED
            continue
        if saved is FREED:
            raise freed(node)
        dtype = node.dtype
        shape = node.shape
        if mode is not None:
            saved = recorded_saved(node)
        pulls = op.pulls if dtype is not _C128 and dtype is not _C64 else op.pulls_conj
        for i, parent in enumerate(node.inputs):
            if type(parent) is Node:
                if parent.seq < bound:
                    walk.outside = True
                else:
                    if mode is not None:
                        if parent in mode.dead:
                            continue
                        mode.origin = (node, i, "pull")
                    d = pulls[i](xp, g, saved, node)
                    if parent.shape != shape or parent.dtype is not dtype:
                        d = fit(xp, d, parent.shape, parent.dtype)
                    if parent not in pending:
                        pending[parent] = d
                        heappush(heap, (-parent.seq, parent))
                    else:
                        before = pending[parent]
                        if type(before) is Masked or type(before) is Touched:
                            pending[parent] = before.value + d
                            owned.discard(parent)
                        elif parent in owned and mode is None:
                            before += d
                            pending[parent] = before
                        else:
                            if mode is not None:
                                mode.origin = (parent, -1, "branch")
                            pending[parent] = before + d
                            owned.add(parent)
                    if steps is not None:
                        steps.append((node, i, parent, d, plain(pending[parent])))
        if free and saved is not None:
            node.saved = FREED
    walk.visits = visits
    visited.total += visits
    return walk


def seed_of(spec: Spec) -> Any:
    """The seed 1 for a scalar output, in its dtype."""
    return spec.dtype.type(1) if spec.shape == () else np.ones(spec.shape, spec.dtype)
