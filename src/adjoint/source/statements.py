"""Statements: a program as a list of assignments, each to values that are assigned once.

Names come later (naming.py), and text last (listing.py). Here is only what computes what, and why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from adjoint.graph.node import Node
from adjoint.graph.spec import Spec


@final
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


@final
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
    its input in the backward pass. ``role`` is "constant", "forward", "seed", "pull", "branch" or "zero".
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

    def uses(self) -> dict[Slot, int]:
        """For every value, the number of the last statement that reads it (those returned: past the end)."""
        last = {o: i for i, s in enumerate(self.statements) for o in s.operands if type(o) is Slot}
        last.update((o, len(self.statements)) for o in self.returned() if type(o) is Slot)
        return last
