"""Statements: a program as a list of assignments, each to values that are assigned once.

Names come later (naming.py), and text last (listing.py). Here is only what computes what, and why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adjoint.graph.graph import constant_key
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec


class Slot:
    """A value of the program, with the name that it would like to have."""

    __slots__ = ("follows", "name", "spec", "weak", "wish")

    def __init__(self, spec: Spec, wish: str | None = None, follows: Slot | None = None) -> None:
        self.spec = spec
        self.wish = wish
        #: The forward value whose cotangent this is: it will be called after it.
        self.follows = follows
        self.name = ""
        #: It is a plain Python number when the text runs.
        self.weak = False


@dataclass(slots=True, eq=False)
class Constant:
    """An operand that is no value of the program: a Python number or a NumPy scalar."""

    value: Any


Operand = Slot | Constant


@dataclass(slots=True, eq=False)
class Statement:
    """One line: ``targets = node's operation on operands``, and what to say about it.

    Without a node it is a plain copy of its operand (``g_a = g_c``), or, where it has no operand,
    the array or number ``value``. ``about`` is the forward node that the line belongs to, ``index``
    its input in the backward pass, ``role`` one of ROLES.
    """

    targets: list[Slot]
    role: str
    operands: list[Operand] = field(default_factory=list)
    node: Node | None = None
    value: Any = None
    about: Node | None = None
    index: int = -1
    #: The value whose name the first target takes over: ``g_b = g_b + g_c``.
    renews: Slot | None = None
    #: The node whose branches this line adds up.
    joins: Node | None = None


ROLES = ("constant", "forward", "seed", "pull", "branch", "zero")


@dataclass(slots=True, eq=False)
class Program:
    """Parameters, statements in order, and what is returned."""

    parameters: list[Slot]
    statements: list[Statement]
    outputs: list[Operand]
    #: None where the program has no backward part.
    gradients: list[Operand] | None = None
    #: The input nodes of the graph and their parameters.
    inputs: dict[Node, Slot] = field(default_factory=dict)
    #: Captured arrays that are parameters.
    captured: dict[Slot, np.ndarray[Any, Any]] = field(default_factory=dict)

    def returned(self) -> list[Operand]:
        """Every value that the program hands out."""
        return [*self.outputs, *(self.gradients or ())]

    def drop_unused(self) -> None:
        """Leaves out the statements that nothing returned depends on."""
        used = {o for o in self.returned() if type(o) is Slot}
        kept = []
        for statement in reversed(self.statements):
            if any(t in used for t in statement.targets):
                kept.append(statement)
                used.update(o for o in statement.operands if type(o) is Slot)
        self.statements = kept[::-1]
        for slot in [s for s in self.captured if s not in used]:
            del self.captured[slot]
            self.parameters.remove(slot)

    def share_repeats(self) -> None:
        """Computes what several gates of the backward part compute alike only once, at the first."""
        seen: dict[Any, Slot] = {}
        same: dict[Slot, Slot] = {}
        kept = []
        for s in self.statements:
            s.operands = [same.get(o, o) if type(o) is Slot else o for o in s.operands]
            if s.role == "pull" and s.node is not None and len(s.targets) == 1:
                target = s.targets[0]
                params = sorted((k, constant_key(v)) for k, v in (s.node.params or {}).items())
                key = (s.node.op, tuple(map(_operand_key, s.operands)), tuple(params))
                first = seen.setdefault(key, target)
                if first is not target and target.follows is None:
                    same[target] = first
                    continue
            kept.append(s)
        self.statements = kept
        if self.gradients is not None:
            self.gradients = [same.get(g, g) if type(g) is Slot else g for g in self.gradients]

    def uses(self) -> dict[Slot, int]:
        """For every value, the number of the last statement that reads it (those returned: past the end)."""
        last = {o: i for i, s in enumerate(self.statements) for o in s.operands if type(o) is Slot}
        last.update((o, len(self.statements)) for o in self.returned() if type(o) is Slot)
        return last


def _operand_key(operand: Operand) -> Any:
    return operand if type(operand) is Slot else constant_key(operand.value)


#: Python's own arithmetic on floats gives the bits of float64, and raises nothing.
_EXACT = frozenset({"add", "subtract", "multiply", "negative", "half_square"})
_TAKES_NUMBERS = frozenset({"broadcast_to", "reshape", "expand_dims", "where"})
_NARROW = frozenset("efFg")  # dtypes that a float64 scalar would widen, or that are wider themselves


def soften(program: Program) -> None:
    """Decides where ``1.0`` may stand for ``np.float64(1.0)``: where it changes no bit and no dtype.

    A plain number is softer than a NumPy scalar: it takes the dtype of its partner, and Python's own
    division raises. So it may stand beside a partner of 64 bits, in sums and products of its like,
    and as an argument of NumPy's functions.
    """
    seeds = [s for s in program.statements if s.role in {"seed", "zero"} and _plain(s.value)]
    for seed in seeds:
        seed.targets[0].weak = True
    if not _spread(program.statements):
        for statement in program.statements:
            for target in statement.targets:
                target.weak = False


def _spread(statements: Iterable[Statement]) -> bool:
    """Follows the plain numbers through the program; False where one would do harm."""
    for statement in statements:
        weak = [type(o) is Slot and o.weak for o in statement.operands]
        if not any(weak):
            continue
        if statement.node is None:
            statement.targets[0].weak = True
        elif not harmless(statement, weak):
            return False
        else:
            statement.targets[0].weak = _stays_plain(statement, weak)
    return True


def harmless(statement: Statement, weak: list[bool]) -> bool:
    """Whether the operands marked as weak may be plain Python numbers in this statement."""
    node = statement.node
    if node is None:
        return False
    partners = [o for o, w in zip(statement.operands, weak) if type(o) is Slot and not w]
    if any(p.spec.dtype.char in _NARROW for p in partners):
        return False
    op = node.op
    if op.family in {"elementwise", "router"} and partners:
        return True
    if op.name in _EXACT:
        return all(w or _small(o) for o, w in zip(statement.operands, weak))
    return op.name in _TAKES_NUMBERS or (op.family == "elementwise" and not op.python)


def _stays_plain(statement: Statement, weak: list[bool]) -> bool:
    assert statement.node is not None
    partners = [o for o, w in zip(statement.operands, weak) if type(o) is Slot and not w]
    return statement.node.op.name in _EXACT and not partners


def _small(operand: Operand) -> bool:
    value = operand.value if type(operand) is Constant else None
    return isinstance(value, float) or (isinstance(value, int) and abs(value) < 1 << 53)


def _plain(value: Any) -> bool:
    return isinstance(value, np.float64) and bool(np.isfinite(value))
