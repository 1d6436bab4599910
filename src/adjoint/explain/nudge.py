"""The nudge: move one value by epsilon, compute everything after it again, and look at the root.

A replay from a node visits what depends on it, so nudging every node of a graph takes a quadratic
number of visits. Leaves are always nudged within a budget; the other nodes only in small graphs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from adjoint.explain.items import Board, Item
from adjoint.explain.passes import recompute
from adjoint.numbers import format_number
from adjoint.primitives.structure import CUT

#: Every node is nudged in graphs of up to so many operations; in larger ones the leaves are.
EVERY_NODE = 200
#: Entries that all the replays together may compute.
BUDGET = 20_000_000
#: So many values at most stand in the chained sentence.
CHAIN = 6


@dataclass(slots=True, eq=False)
class Nudge:
    """What really happens to the root when one entry of a node is moved."""

    node: int
    #: The entry that was moved, of an array: the one with the largest gradient.
    entry: tuple[int, ...] | None
    eps: float
    before: float
    after: float
    #: What the gradient says the change divided by eps should be.
    expected: float | None
    #: Every value on the way that is a number: (name, before, after).
    chain: list[tuple[str, Any, Any]] = field(default_factory=list)
    #: The names in the chain that are the user's own.
    named: frozenset[str] = frozenset()
    #: Why the change may differ from the gradient: on the way stands a kink, or a cut.
    caution: str = ""

    @property
    def slope(self) -> float:
        """The change of the root, divided by eps."""
        return (self.after - self.before) / self.eps if math.isfinite(self.after) else math.nan

    def sentence(self, between: int = CHAIN) -> str:
        """The chain in one line, with at most so many values between the nudged one and the root.

        >>> Nudge(0, None, 0.001, 2.0, 2.002, 2.0, [("a", 4.0, 4.001), ("d", 2.0, 2.001), ("J", 2.0, 2.002)]).sentence()
        'a 4 → 4.001, d 2 → 2.001: J 2 → 2.002'
        """
        middle = self.chain[1:-1]
        if len(middle) > between:
            own = [link for link in middle if link[0] in self.named]
            middle = own[:between] if own else middle[:between]
        ends = self.chain[:1], self.chain[1:][-1:]
        told = [f"{name} {moved(a, b)}" for name, a, b in (*ends[0], *middle, *ends[1])]
        return told[0] if len(told) == 1 else ", ".join(told[:-1]) + ": " + told[-1]


def moved(before: Any, after: Any) -> str:
    """Two numbers with as many digits as it takes to tell them apart.

    >>> moved(2.0, 2.00001), moved(3.0, 3.0)
    ('2 → 2.00001', '3 stays')
    """
    if before == after or (before != before and after != after):
        return f"{format_number(before)} stays"
    for digits in range(4, 16):
        first, second = format_number(before, digits), format_number(after, digits)
        if first != second:
            break
    return f"{first} → {second}"


def epsilon(value: Any) -> float:
    """A step that is small for this value: 0.001 at everyday sizes.

    >>> epsilon(2.0), epsilon(0.0), epsilon(98766.0)
    (0.001, 0.001, 10.0)
    """
    size = abs(value)
    if not math.isfinite(size) or size == 0 or 0.01 <= size < 10:
        return 0.001
    return float(f"1e{Decimal(repr(size)).adjusted() - 3}")  # of the digits shown: a logarithm may round up


def nudges(board: Board) -> tuple[dict[int, Nudge], str]:
    """The nudge of every node, or only of leaves in large graphs, and a sentence about what was left out."""
    root = board.root
    if root is None or root.value is None or root.dead:
        return {}, ""
    wanted = board.parameters
    left_out = ""
    operations = board.operations
    if len(operations) <= EVERY_NODE:
        wanted = wanted + [i for i in operations if not i.dead and not i.several]
    else:
        left_out = f"Only the leaves were nudged: every node is in graphs of up to {EVERY_NODE} operations."
    left = BUDGET
    found: dict[int, Nudge] = {}
    for position, item in enumerate(wanted):
        if item.grad is None or item.value is None or not np.size(item.value):
            continue
        after = _descendants(board, item)
        price = sum(max(1, s.size) for i in after for s in i.specs) + len(after) * 50
        if price > left:
            left_out = f"Nudged {position} of {len(wanted)} nodes: replaying the others would take too long."
            break
        left -= price
        one = _nudge(board, item, after, root)
        if one is not None:
            found[item.id] = one
    return found, left_out


def _descendants(board: Board, item: Item) -> list[Item]:
    """What depends on an item, in the order in which it is computed."""
    seen = {item.id}
    stack = [item.id]
    while stack:
        for edge in board.items[stack.pop()].outs:
            dst = board.edges[edge].dst
            if dst not in seen:
                seen.add(dst)
                stack.append(dst)
    seen.discard(item.id)
    return [board.items[i] for i in sorted(seen)]


def total(value: Any) -> float:
    """The number that the seed differentiates: the sum of all entries (their real parts)."""
    with np.errstate(all="ignore"):
        return float(np.sum(np.real(value)))


def _nudge(board: Board, item: Item, after: list[Item], root: Item) -> Nudge | None:
    value = np.asarray(item.value)
    grad = np.asarray(item.grad)
    entry: tuple[int, ...] | None = None
    if value.shape:
        size = np.nan_to_num(np.abs(grad), nan=0.0)
        entry = tuple(int(i) for i in np.unravel_index(int(np.argmax(size)), value.shape))
    old = value[entry] if entry is not None else value[()]
    if not np.isfinite(old):
        return None
    eps = epsilon(complex(old) if value.dtype.kind == "c" else float(old))
    new = np.array(value)
    new[entry if entry is not None else ()] += eps
    # The step that was really taken, in this dtype.
    taken = float(np.real(new[entry if entry is not None else ()])) - float(np.real(old))
    if taken == 0:
        return None
    try:
        values = recompute(board, {item.id: new[()]}, after)
    except Exception:  # noqa: BLE001  a value outside of an operation's domain: then there is no nudge to show
        return None
    name = item.name + ("" if entry is None else "[" + ", ".join(map(str, entry)) + "]")
    chain = [(name, _shown(old), _shown(new[entry if entry is not None else ()]))]
    between = _told(after, root)
    for other in between:
        chain.append((other.name, _shown(other.value), _shown(values[other.id])))
    before, result = total(root.value), total(values.get(root.id, root.value) if item is not root else new)
    if item is not root:
        chain.append((root.name if root.specs[0].shape == () else f"sum of {root.name}", before, result))
    expected = float(np.real(grad[entry] if entry is not None else grad[()]))
    named = frozenset(i.name for i in between if i.node is not None and i.node.label == i.name)
    caution = "at a kink" if any(i.kinks for i in after) else ""
    if any(i.op is CUT for i in after):
        caution = "a cut hides a path"
    return Nudge(item.id, entry, taken, before, result, expected, chain, named, caution)


def _told(after: list[Item], root: Item) -> list[Item]:
    """Of what depends on a node, the numbers that its chain tells on the way to the root."""
    between = [i for i in after if i is not root and not i.several and i.specs[0].shape == () and not i.dead]
    if len(between) <= CHAIN:
        return between
    # The user's own names first: those are the values that somebody looks for.
    own = [i for i in between if i.node is not None and i.node.label == i.name][:CHAIN]
    return own or between[:CHAIN]


def way_of(board: Board, item: Item) -> list[int]:
    """The nodes that the chain of a node's nudge tells between it and the root."""
    assert board.root is not None
    return [i.id for i in _told(_descendants(board, item), board.root)]


def _shown(value: Any) -> Any:
    return np.asarray(value)[()].item()
