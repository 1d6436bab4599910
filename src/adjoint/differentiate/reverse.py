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

from adjoint.apply import RECORD, make, record
from adjoint.differentiate.cotangent import Masked, Touched, fit, plain
from adjoint.errors import FreedError
from adjoint.graph.node import FREED, Node
from adjoint.graph.spec import Spec
from adjoint.modes import MODE, Mode
from adjoint.primitives.record import NUMPY
from adjoint.primitives.structure import ALIAS, ITEM
from adjoint.tensor import Tensor

_C128 = np.dtype(np.complex128)
_C64 = np.dtype(np.complex64)


class Walk:
    """What a reverse walk found: cotangents by node, gates visited, and whether the graph leads outside."""

    __slots__ = ("found", "outside", "visits")

    def __init__(self) -> None:
        self.found: dict[Node, Any] = {}
        self.visits = 0
        #: A tracked node older than the bound was met: the result depends on an enclosing computation.
        self.outside = False


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
) -> Walk:
    """Walks back from the seeds and collects the cotangents of the wanted nodes (None: of all leaves).

    Nodes created before ``bound`` are not entered. ``records`` makes the gradient a graph of its own;
    ``free`` lets go of saved values on the way. Raises FreedError where a node's values are gone.
    """
    if not records:
        with np.errstate(all="ignore"):
            return _walk(seeds, wanted, bound, NUMPY, free, None)
    mode = (MODE.get() or Mode()).but(recording=True)
    token = MODE.set(mode)
    try:
        with np.errstate(all="ignore"):
            return _walk(seeds, wanted, bound, RECORD, free, mode)
    finally:
        MODE.reset(token)


def _walk(
    seeds: Iterable[tuple[Node, Any]],
    wanted: Collection[Node] | None,
    bound: int,
    xp: Any,
    free: bool,
    mode: Mode | None,
) -> Walk:
    walk = Walk()
    found = walk.found
    inner = frozenset() if wanted is None else frozenset(wanted)
    pending: dict[Node, Any] = {}
    owned: set[Node] = set()
    heap: list[tuple[int, Node]] = []
    visits = 0
    for node, g in seeds:
        if node.seq >= bound:
            _add(pending, owned, heap, node, g)
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
            if _general(walk, node, g, pending, owned, heap, bound, xp, mode) and free and saved is not None:
                node.saved = FREED
            continue
        if saved is FREED:
            raise freed(node)
        dtype = node.dtype
        shape = node.shape
        if mode is not None:
            saved = recorded_saved(node)
        pulls = op.pulls if dtype is not _C128 and dtype is not _C64 else op.pulls_conj
        i = 0
        for parent in node.inputs:
            if type(parent) is Node:
                if parent.seq < bound:
                    walk.outside = True
                else:
                    if mode is not None:
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
            i += 1
        if free and saved is not None:
            node.saved = FREED
    walk.visits = visits
    visited.total += visits
    return walk


def _add(
    pending: dict[Node, Any], owned: set[Node], heap: list[tuple[int, Node]], parent: Node, d: Any
) -> None:
    """Adds a cotangent, masked or not, to what a node has received so far."""
    if parent not in pending:
        pending[parent] = d
        heappush(heap, (-parent.seq, parent))
        return
    before = pending[parent]
    if isinstance(before, Masked) and isinstance(d, Masked):
        # Dead only where both are. What arrives may be shared, so the list is a new one.
        pending[parent] = Masked(before.value + d.value, [_both(before, d)])
    else:
        pending[parent] = plain(before) + plain(d)
    owned.add(parent)


def _both(first: Masked, second: Masked) -> Any:
    return lambda: first.mask() & second.mask()


def _general(
    walk: Walk,
    node: Node,
    g: Any,
    pending: dict[Node, Any],
    owned: set[Node],
    heap: list[tuple[int, Node]],
    bound: int,
    xp: Any,
    mode: Mode | None,
) -> bool:
    """One gate of the uncommon kinds: routers, indexing, several outputs, all inputs at once, masks."""
    op = node.op
    if op is ITEM:
        _collect_item(node, plain(g), pending, heap, bound, walk)
        return False
    live: list[tuple[int, Node]] = []
    for i, parent in enumerate(node.inputs):
        if type(parent) is Node:
            if parent.seq >= bound:
                live.append((i, parent))
            elif op is not ALIAS:
                walk.outside = True
    if not live:
        return True
    if node.saved is FREED:
        raise freed(node)
    saved = recorded_saved(node) if mode is not None else node.saved
    if saved is None:
        saved = (None,) * ((op.arity or 1) + 1)
    value = plain(g)
    masked = g if isinstance(g, Masked) else None
    if op.accumulate is not None:
        i, parent = live[0]
        if mode is not None:
            mode.origin = (node, i, "pull")
        _accumulate(op, node, value, masked, parent, pending, owned, heap, xp, saved)
        live = live[1:]
    if not live:
        return True
    if op.pull_all is not None:
        if mode is not None:
            mode.origin = (node, -1, "pull")
        together = op.pull_all(xp, tuple(value) if op.several else value, saved, node)
    else:
        together = None
    conj = node.dtype is _C128 or node.dtype is _C64
    for i, parent in live:
        if mode is not None:
            mode.origin = (node, i, "pull")
        if together is not None:
            pull = None
            d = together[i] if i < len(together) else None
        else:
            pull = (op.pulls_conj if conj else op.pulls)[i] if i < len(op.pulls) else None
            d = None if pull is None else pull(xp, value, saved, node)
        if d is None:
            continue
        dead = _dead(op, node, i, parent, pull, masked, d, xp, saved)
        if dead is not None and masked is not None and op.mask == "elementwise" and not op.bounded:
            d = xp.where(masked.mask(), 0.0, d)
        d = fit(xp, d, parent.shape, parent.dtype)
        if mode is not None and parent in pending:
            mode.origin = (parent, -1, "branch")
        _add(pending, owned, heap, parent, d if dead is None else Masked(d, [dead]))
    return True


def _dead(op: Any, node: Node, i: int, parent: Node, pull: Any, masked: Masked | None, d: Any, xp: Any, saved: Any) -> Any:
    """The mask of a new cotangent as a function, or None when there is none to carry on."""
    if not op.mask or (masked is None and op.mask in {"elementwise", "moves"}):
        return None
    if not parent.op.mask and op.mask != "elementwise":
        # The mask would end at the next gate anyway. (Elementwise gates still select by it.)
        return None
    shape, wide = parent.shape, d.shape

    def dead() -> Any:
        if op.mask == "elementwise":
            found = masked.mask()  # type: ignore[union-attr]
        elif op.mask == "router":
            found = op.locals[i](xp, saved, node) == 0
            if masked is not None and op.family == "router":
                found = found | masked.mask()
        else:
            ones = xp.broadcast_to(1.0, shape=node.shape)
            alive = ones if masked is None else xp.where(masked.mask(), 0.0, ones)
            found = pull(xp, alive, saved, node) == 0
        if wide == shape and found.shape == shape:
            return found
        alive = xp.where(xp.broadcast_to(found, shape=wide), 0.0, 1.0)
        return fit(xp, alive, shape, alive.dtype) == 0

    return dead


def _accumulate(
    op: Any,
    node: Node,
    g: Any,
    masked: Masked | None,
    parent: Node,
    pending: dict[Node, Any],
    owned: set[Node],
    heap: list[tuple[int, Node]],
    xp: Any,
    saved: Any,
) -> None:
    """Adds the cotangent of an indexing gate into its parent's accumulator, in place when it is the walk's own.

    So a loop over the entries of an array costs one entry a step, and not one array.
    """
    before = pending.get(parent)
    g = fit(xp, g, g.shape, parent.dtype)
    if xp is not NUMPY:
        if before is None:
            d = op.pulls[0](xp, g, saved, node)
            dead = _dead(op, node, 0, parent, op.pulls[0], masked, d, xp, saved)
            _add(pending, owned, heap, parent, d if dead is None else Masked(d, [dead]))
        else:
            pending[parent] = op.accumulate(xp, plain(before), g, saved, node)
        return
    if before is None:
        acc: Any = np.zeros(parent.shape, parent.dtype)
        if parent.op.mask and parent.op.family != "leaf":
            acc = Touched(acc)
        pending[parent] = acc
        owned.add(parent)
        heappush(heap, (-parent.seq, parent))
    elif type(before) is Touched:
        acc = before
    else:
        value = plain(before)
        acc = value if parent in owned and type(value) is np.ndarray and value.shape else np.array(value)
        pending[parent] = acc
        owned.add(parent)
    op.accumulate(xp, plain(acc), g, saved, node)
    if type(acc) is Touched:
        alive: Any = True if masked is None else ~masked.mask()
        op.accumulate(xp, acc.touched, alive, saved, node)


def _collect_item(
    node: Node, g: Any, pending: dict[Node, Any], heap: list[tuple[int, Node]], bound: int, walk: Walk
) -> None:
    """Puts the cotangent of one output beside those of its siblings; None stands for a structural zero."""
    parent = node.inputs[0]
    if parent.seq < bound:
        walk.outside = True
        return
    if parent not in pending:
        pending[parent] = [None] * len(parent.shape)
        heappush(heap, (-parent.seq, parent))
    index = node.params["index"]  # type: ignore[index]
    before = pending[parent][index]
    pending[parent][index] = g if before is None else before + g


def recorded_saved(node: Node) -> Any:
    """The saved values of a node as tensors that hang on the forward graph, so that rules record."""
    saved = node.saved
    if saved is FREED:
        raise freed(node)
    op = node.op
    inputs = node.inputs
    if saved is None:
        # Nothing kept: the node was traced (rules get shapes) or its rules need nothing.
        values: list[Any] = [make(i.spec, i) if type(i) is Node and i.dtype is not None else i for i in inputs]
        out: Any = make(node.spec, node) if node.dtype is not None else _outputs(node, node.shape)
        return (tuple(values), out) if op.arity is None else (*values, out)

    def lift(value: Any, parent: Any) -> Any:
        return make(value, parent) if value is not None and type(parent) is Node else value

    out = saved[-1]
    if out is not None:
        out = _outputs(node, out) if node.dtype is None else make(out, node)
    if op.arity is None:
        xs = saved[0]
        return (None if xs is None else tuple(map(lift, xs, inputs)), out)
    return (*map(lift, saved[:-1], inputs), out)


def _outputs(node: Node, values: Any) -> tuple[Tensor, ...]:
    return tuple(
        make(v, record(ITEM, (node,), {"index": i}, v.shape, v.dtype, None) if v.dtype.kind in "fc" else None)
        for i, v in enumerate(values)
    )


def freed(node: Node) -> FreedError:
    """The error for a node whose saved values a backward pass has let go."""
    return FreedError(
        f"the values that {node.op.name} saved for its derivative were freed by an earlier backward pass.",
        where=node.describe(),
        help="call backward(retain_graph=True) the first time, or compute the result again.",
    )


def seed_of(spec: Spec) -> Any:
    """The seed 1 for a scalar output, in its dtype."""
    return spec.dtype.type(1) if spec.shape == () else np.ones(spec.shape, spec.dtype)
