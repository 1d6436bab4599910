"""What gradients cost, counted in visits of gates; and what is kept in memory between the passes, by whom and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.explain.items import Board, Item
from adjoint.graph.node import held_bytes
from adjoint.numbers import format_number

#: The textbook's network: so many operations, so many parameters.
TEXTBOOK_NODES, TEXTBOOK_PARAMETERS = 10_000, 100_000


@dataclass(slots=True, frozen=True)
class Cost:
    """Visits of gates on this graph: n operations, p scalar parameters."""

    gates: int
    inputs: int

    @property
    def visits_reverse(self) -> int:
        """One forward and one backward pass: every operation twice."""
        return 2 * self.gates

    @property
    def visits_differences(self) -> int:
        """One run, and one more for each parameter nudged on its own."""
        return (self.inputs + 1) * self.gates

    def sentences(self) -> list[str]:
        """The comparison in words, on this graph and on the textbook's."""
        n, p = self.gates, self.inputs
        textbook = f"{TEXTBOOK_NODES:,} + {TEXTBOOK_PARAMETERS:,} against 10⁹"
        few = "" if p else " (nothing is differentiated)"
        return [
            f"One forward and one backward pass visit {counted(n, 'gate')} twice: {self.visits_reverse:,} visits.",
            f"Nudging {counted(p, 'number')} one at a time takes {counted(p + 1, 'run')}: "
            f"{counted(self.visits_differences, 'visit')}{few}.",
            f"In orders: n + p = {n + p:,} against n × p = {n * p:,}; the textbook's network: {textbook}.",
        ]


def counted(n: int, thing: str) -> str:
    """A number with its noun: 1 gate, 2 gates."""
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


def cost_of(board: Board) -> Cost:
    """The cost on this very graph."""
    entries = sum(int(np.prod(i.specs[0].shape)) for i in board.parameters)
    return Cost(len(board.operations), entries)


@dataclass(slots=True, eq=False)
class Kept:
    """A value that a gate keeps for its backward step."""

    #: Whose value it is; None for something of a user's operation that is neither input nor output.
    node: int | None
    by: int
    bytes: int
    why: str


def memory_of(board: Board) -> list[Kept]:
    """Every value that is kept between the passes, from the records' needs; each is counted for each gate."""
    found: list[Kept] = []
    for item in board.operations:
        if item.op is not None and not item.dead:
            found.extend(_kept_by(board, item))
    return found


def constant_name(item: Item) -> str:
    """What a value is called in a list: its name, or the number that it is."""
    return item.name or (format_number(item.value) if item.value is not None else "a constant")


def total_bytes(kept: list[Kept]) -> int:
    """The bytes held: a value that several gates keep is there once."""
    once: dict[Any, int] = {}
    for i, one in enumerate(kept):
        once[one.node if one.node is not None else (one.by, i)] = one.bytes
    return sum(once.values())


def _kept_by(board: Board, item: Item) -> list[Kept]:
    op, operands = item.op, board.operands(item)
    assert op is not None
    if op.lift is not None:
        return _users(board, item)
    live = [i for i, o in enumerate(operands) if not o.dead]
    reasons: dict[int, list[str]] = {}
    sources: dict[int, Item] = {}
    for i in live:
        needs = op.needs[i] if i < len(op.needs) else op.needs[0] if op.arity is None and op.needs else frozenset()
        for name in needs:
            for place in _places(name, operands):
                source = item if place < 0 else operands[place]
                sources[source.id] = source  # x * x keeps x once, for both
                reasons.setdefault(source.id, []).append(operands[i].name or f"input {i + 1}")
    found = []
    for place, inputs in sorted(reasons.items()):
        source = sources[place]
        if source.value is None and source.node is None:
            continue
        what = "its result" if source is item else constant_name(source)
        whom = ", ".join(dict.fromkeys(inputs))
        size = held_bytes(source.value) if source.value is not None else sum(s.nbytes for s in source.specs)
        found.append(Kept(source.id, item.id, size, f"{op.name} needs {what} for the gradient of {whom}"))
    return found


def _places(name: str, operands: list[Item]) -> list[int]:
    """The operands that a name in a record's needs stands for; -1 is the result."""
    count = len(operands)
    if name in ("out", "outs"):
        return [-1]
    if name == "xs":
        return list(range(count))
    if name == "indices":
        # Only they are kept: the value that is put at an index is not.
        return [i for i in range(1, count) if operands[i].specs[0].dtype.kind in "iub"]
    place = "xyz".index(name)
    return [place] if place < count else []


def _users(board: Board, item: Item) -> list[Kept]:
    """What a user's operation saved with ``ctx.save_for_backward``."""
    found = []
    operands = board.operands(item)
    saved = item.node.saved if item.node is not None else ()
    for source in saved if isinstance(saved, tuple) else ():
        kind = getattr(source, "kind", "other")
        node = operands[source.index].id if kind == "input" else item.id if kind == "output" else None
        why = f"{item.op.name} saved it for its backward" if item.op else ""
        found.append(Kept(node, item.id, int(getattr(source, "nbytes", 0)), why))
    return found
