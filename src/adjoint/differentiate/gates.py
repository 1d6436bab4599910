"""Single gates of the uncommon kinds: routers, indexing, several outputs, all inputs at once, masks.

The reverse walk handles a plain gate in its own loop and sends everything else here.
"""

from __future__ import annotations

from heapq import heappush
from typing import Any

import numpy as np

from adjoint.differentiate.cotangent import Masked, Touched, fit, plain
from adjoint.differentiate.saved import freed, recorded_saved
from adjoint.graph.node import FREED, Node
from adjoint.modes import Mode
from adjoint.primitives.record import NUMPY, node_saved
from adjoint.primitives.structure import ALIAS, ITEM, LEAF

_C128 = np.dtype(np.complex128)
_C64 = np.dtype(np.complex64)


#: One share passed back: gate, input index, the input's node, the share (None: added in place), the total so far.
Step = tuple[Node, int, Node, Any, Any]


class Walk:
    """What a reverse walk found: cotangents by node, gates visited, and whether the graph leads outside."""

    __slots__ = ("found", "outside", "steps", "visits")

    def __init__(self, steps: list[Step] | None = None) -> None:
        self.found: dict[Node, Any] = {}
        self.steps = steps
        self.visits = 0
        #: A tracked node older than the bound was met: the result depends on an enclosing computation.
        self.outside = False


class Pending:
    """The cotangents under way: what each node has received, which arrays are the walk's own, whose turn is next."""

    __slots__ = ("heap", "owned", "waiting")

    def __init__(self) -> None:
        self.waiting: dict[Node, Any] = {}
        self.owned: set[Node] = set()
        self.heap: list[tuple[int, Node]] = []

    def put(self, node: Node, cotangent: Any) -> None:
        """The first cotangent of a node; leaves have no turn, they are what is left in the end."""
        self.waiting[node] = cotangent
        if node.op is not LEAF:
            heappush(self.heap, (-node.seq, node))


def add(pending: Pending, parent: Node, d: Any) -> None:
    """Adds a cotangent, masked or not, to what a node has received so far."""
    if parent not in pending.waiting:
        pending.put(parent, d)
        return
    before = pending.waiting[parent]
    if isinstance(before, Masked) and isinstance(d, Masked):
        pending.waiting[parent] = Masked(before.value + d.value, _both(before, d), before, d)
    else:
        pending.waiting[parent] = plain(before) + plain(d)
    pending.owned.add(parent)


def _both(first: Masked, second: Masked) -> Any:
    """Dead only where both are."""
    return lambda: first.mask() & second.mask()


def general(
    walk: Walk,
    node: Node,
    g: Any,
    pending: Pending,
    bound: int,
    xp: Any,
    mode: Mode | None,
) -> bool:
    """One gate of the uncommon kinds: routers, indexing, several outputs, all inputs at once, masks."""
    op = node.op
    if op is ITEM:
        _collect_item(node, plain(g), pending, bound, walk)
        return False
    live: list[tuple[int, Node]] = []
    for i, parent in enumerate(node.inputs):
        if type(parent) is Node:
            if mode is not None and parent in mode.dead:
                continue
            if parent.seq >= bound:
                live.append((i, parent))
            elif op is not ALIAS:
                walk.outside = True
    if not live:
        return True
    if node.saved is FREED:
        raise freed(node)
    saved = recorded_saved(node) if mode is not None else node_saved(node)
    value = plain(g)
    masked = g if isinstance(g, Masked) else None
    if op.accumulate is not None and live[0][0] == 0:
        i, parent = live[0]
        if mode is not None:
            mode.origin = (node, i, "pull")
        first = parent not in pending.waiting
        _accumulate(op, node, value, masked, parent, pending, xp, saved)
        if walk.steps is not None:
            total = plain(pending.waiting[parent])
            walk.steps.append((node, i, parent, total if first and mode is not None else None, total))
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
            pull = _only(op, i)
            d = together[i] if i < len(together) else None
        else:
            pull = (op.pulls_conj if conj else op.pulls)[i] if i < len(op.pulls) else None
            d = None if pull is None else pull(xp, value, saved, node)
        if d is None:
            continue
        dead = _dead(op, node, i, parent, pull, masked, d, xp, saved)
        if dead is not None and masked is not None and op.mask == "elementwise" and not op.bounded:
            if mode is not None:
                mode.origin = (node, i, "mask")
            d = xp.where(masked.mask(), 0.0, d)
        d = fit(xp, d, parent.shape, parent.dtype)
        if mode is not None and parent in pending.waiting:
            mode.origin = (parent, -1, "branch")
        add(pending, parent, d if dead is None else Masked(d, dead, masked))
        if walk.steps is not None:
            walk.steps.append((node, i, parent, d, plain(pending.waiting[parent])))
    return True


def _only(op: Any, i: int) -> Any:
    """The rule of one input where a record's rules come together."""
    return lambda xp, g, saved, node: op.pull_all(xp, g, saved, node)[i]


def _dead(
    op: Any, node: Node, i: int, parent: Node, pull: Any, masked: Masked | None, d: Any, xp: Any, saved: Any
) -> Any:
    """The mask of a new cotangent as a function, or None when there is none to carry on."""
    if not op.mask or (masked is None and op.mask in {"elementwise", "moves", "fills"}):
        return None
    if not parent.op.mask and (op.mask != "elementwise" or op.bounded):
        # The mask would end at the next gate anyway. (Elementwise gates of unbounded slope still select by it.)
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
            # In the cotangent's own dtype: a complex zero could not be written into real ones.
            ones = xp.broadcast_to(node.dtype.type(1), shape=node.shape)
            alive = ones if masked is None else xp.where(masked.mask(), node.dtype.type(0), ones)
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
    pending: Pending,
    xp: Any,
    saved: Any,
) -> None:
    """Adds the cotangent of an indexing gate into its parent's accumulator, in place when it is the walk's own.

    So a loop over the entries of an array costs one entry a step, and not one array.
    """
    before = pending.waiting.get(parent)
    g = fit(xp, g, g.shape, parent.dtype)
    if xp is not NUMPY:
        if before is None:
            d = op.pulls[0](xp, g, saved, node)
            dead = _dead(op, node, 0, parent, op.pulls[0], masked, d, xp, saved)
            add(pending, parent, d if dead is None else Masked(d, dead, masked))
        else:
            total = op.accumulate(xp, plain(before), g, saved, node)
            if isinstance(before, Masked):
                dead = _dead(op, node, 0, parent, op.pulls[0], masked, total, xp, saved)
                if dead is not None:
                    new = Masked(total, dead, masked)
                    total = Masked(total, _both(before, new), before, new)
            pending.waiting[parent] = total
        return
    if before is None:
        acc: Any = np.zeros(parent.shape, parent.dtype)
        if parent.op.mask and parent.op.family != "leaf":
            acc = Touched(acc)
        pending.put(parent, acc)
        pending.owned.add(parent)
    elif type(before) is Touched:
        acc = before
    else:
        value = plain(before)
        acc = value if parent in pending.owned and type(value) is np.ndarray and value.shape else np.array(value)
        pending.waiting[parent] = acc
        pending.owned.add(parent)
    op.accumulate(xp, plain(acc), g, saved, node)
    if type(acc) is Touched:
        alive: Any = True if masked is None else ~masked.mask()
        op.accumulate(xp, acc.touched, alive, saved, node)


def _collect_item(node: Node, g: Any, pending: Pending, bound: int, walk: Walk) -> None:
    """Puts the cotangent of one output beside those of its siblings; None stands for a structural zero."""
    parent = node.inputs[0]
    if parent.seq < bound:
        walk.outside = True
        return
    if parent not in pending.waiting:
        pending.put(parent, [None] * len(parent.shape))
    index = node.params["index"]  # type: ignore[index]
    before = pending.waiting[parent][index]
    pending.waiting[parent][index] = g if before is None else before + g
