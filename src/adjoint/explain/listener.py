"""What an explanation hears while a function runs: every operation, every captured array, every value looked at."""

from __future__ import annotations

from dataclasses import dataclass
from types import CodeType
from typing import Any

import numpy as np

from adjoint.apply import leaf, next_seq
from adjoint.explain.calls import Call, Calls
from adjoint.graph.node import Node
from adjoint.site import user_frame
from adjoint.tensor import Tensor

#: A loop may look at a value in every round; the first rounds tell where another run would part from this one.
MOST_LOOKS = 200


@dataclass(frozen=True)
class Look:
    """A value that the user's code took out of the graph: to decide something, or as a plain number."""

    node: Node
    truth: bool
    code: CodeType
    lasti: int


class Listener:
    """Hears of every node while everything is recorded, and makes the leaves of captured arrays."""

    def __init__(self, dead: set[Node], whole: bool) -> None:
        self._dead = dead
        #: Whether all tracked leaves are differentiated, or the chosen arguments alone.
        self._whole = whole
        self.values: dict[Node, Any] = {}
        self.stack = Calls()
        self.calls: dict[Node, Call] = {}
        self.attempt: tuple[Any, tuple[Any, ...]] = (None, ())
        self.looks: dict[Look, None] = {}
        #: Tracked leaves that the function did not get as arguments.
        self.tracked: list[Node] = []
        self._began = next_seq()
        self._captured: dict[int, tuple[Any, Any, Node]] = {}

    def trying(self, op: Any, operands: tuple[Any, ...]) -> None:
        """Remembers the operation that is about to run: if it fails, this was it."""
        self.attempt = (op, operands)
        for operand in operands:
            if type(operand) is Tensor and operand._node is not None and operand._node.name is None:
                self._named(operand, operand._node)

    def _named(self, operand: Tensor, node: Node) -> None:
        """Gives what a call returned the name of the variable to which its caller assigned it."""
        frame = user_frame(4)
        if node.code is not frame.f_code and not node.is_leaf and node.label is None:
            node.name = next((n for n, v in frame.f_locals.items() if v is operand and n.isidentifier()), None)

    def looked(self, node: Node, truth: bool) -> None:
        """Remembers that a value left the graph, and where."""
        if len(self.looks) < MOST_LOOKS:
            frame = user_frame(4)
            self.looks[Look(node, truth, frame.f_code, frame.f_lasti)] = None

    def recorded(self, node: Node, value: Any) -> None:
        """Remembers a node with the value that was really computed."""
        self.values[node] = value
        self.attempt = (None, ())
        call = self.stack.here(2)
        if call is not None:
            self.calls[node] = call

    def opened(self, name: str) -> None:
        """A scope was opened."""
        self.stack.opened(name)

    def closed(self) -> None:
        """The innermost scope was closed."""
        self.stack.closed()

    def knows(self, node: Node, value: Any) -> bool:
        """Whether a tracked operand belongs to what is told: a leaf always does, older history does not."""
        if node not in self.values:
            if any(type(i) is Node and i not in self.values for i in node.inputs):
                return False
            # A tracked tensor that is no argument, or the variable of a transform inside the function.
            self.values[node] = value
            if node.is_leaf and node.seq < self._began:
                self.tracked.append(node)
                if not self._whole:
                    self._dead.add(node)
        return True

    def captured(self, operand: Any, value: Any) -> Node:
        """The leaf of an array that is no argument: one leaf for one array, as long as nobody writes into it."""
        known = self._captured.get(id(operand))
        if known is not None and known[0] is operand and _same_bits(known[1], value):
            return known[2]
        held = value if type(operand) is Tensor else np.array(value)
        name = operand._name if type(operand) is Tensor else None
        node = leaf(held, None, name or _variable_of(operand))
        self._captured[id(operand)] = (operand, held, node)
        self.values[node] = held
        return node


def _same_bits(held: Any, value: Any) -> bool:
    return held is value or (held.shape == value.shape and held.tobytes() == value.tobytes())


def _variable_of(operand: Any) -> str | None:
    """The user's variable that holds this very object: a local, a captured one, or a global that the code names."""
    frame = user_frame(2)
    for name, value in frame.f_locals.items():
        if value is operand and name.isidentifier():
            return name
    for name in frame.f_code.co_names:
        if frame.f_globals.get(name) is operand:
            return name
    return None
