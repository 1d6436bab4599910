"""What an explanation hears while a function runs: every operation, every captured array, every value looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import CodeType, FrameType
from typing import Any

import numpy as np

from adjoint.apply import leaf, next_seq
from adjoint.explain.calls import Call, Calls
from adjoint.graph.node import Node
from adjoint.site import is_ours, user_frame
from adjoint.tensor import Tensor

#: A loop may look at a value in every round; of longer ones the first rounds are kept, and the last.
MOST_LOOKS = 2_000
#: How many calls deep a value is followed up to the variable that holds it.
CALLS = 8


@dataclass(frozen=True)
class Look:
    """A value that the user's code took out of the graph: to decide something, or as a plain number."""

    node: Node
    truth: bool
    code: CodeType
    lasti: int
    #: False for what stands for all the rounds of a loop that are not kept.
    heard: bool = True


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
        self._looks: dict[Look, None] = {}
        self._later: dict[tuple[CodeType, int], list[Look]] = {}
        #: Tracked leaves that the function did not get as arguments.
        self.tracked: list[Node] = []
        #: By leaf without a name of its own: the variable that holds it.
        self.names: dict[Node, str | None] = {}
        self._began = next_seq()
        self._captured: dict[int, tuple[Any, Any, Node]] = {}

    def trying(self, op: Any, operands: tuple[Any, ...]) -> None:
        """Remembers the operation that is about to run: if it fails, this was it."""
        self.attempt = (op, operands)
        for operand in operands:
            node = operand._node if type(operand) is Tensor else None
            if node is None or node.name is not None or node in self.names:
                continue
            if node.is_leaf and node not in self.values:
                self.names[node] = _variable_of(operand, user_frame(3))
            elif not node.is_leaf and node.label is None:
                node.name = _result_of(operand, user_frame(3))

    def looked(self, node: Node, truth: bool) -> None:
        """Remembers that a value left the graph, and where."""
        frame = user_frame(3)
        look = Look(node, truth, frame.f_code, frame.f_lasti)
        if len(self._looks) < MOST_LOOKS:
            self._looks[look] = None
        else:
            self._later[frame.f_code, frame.f_lasti] = [*self._later.get((frame.f_code, frame.f_lasti), [])[:1], look]

    @property
    def looks(self) -> list[Look]:
        """All that was remembered: of a loop of many rounds the first ones, the last, and one for those between."""
        between = [replace(many[0], heard=False) for many in self._later.values() if len(many) > 1]
        return [*self._looks, *(many[-1] for many in self._later.values()), *between]

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
        node = leaf(held, None, name or _variable_of(operand, user_frame(2)))
        self._captured[id(operand)] = (operand, held, node)
        self.values[node] = held
        return node


def _same_bits(held: Any, value: Any) -> bool:
    return held is value or (held.shape == value.shape and held.tobytes() == value.tobytes())


def _variable_of(operand: Any, frame: FrameType) -> str | None:
    """The user's variable that holds this very object: a local, a captured one, a global, an attribute of a local."""
    local = frame.f_locals
    for name, value in local.items():
        if value is operand and name.isidentifier():
            return name
    for name in frame.f_code.co_names:
        if frame.f_globals.get(name) is operand:
            return name
        if any(getattr(value, "__dict__", {}).get(name) is operand for value in local.values()):
            return name
    return None


def _result_of(operand: Tensor, frame: FrameType | None) -> str | None:
    """The variable to which a caller assigned what a call returned: the outermost one that was passed on to here.

    A parameter names what it is for its function only, so it gives no name.
    """
    found = None
    for _ in range(CALLS):
        if frame is None:
            break
        if not is_ours(frame.f_code.co_filename):
            names = [name for name, value in frame.f_locals.items() if value is operand and name.isidentifier()]
            if not names:
                break
            code = frame.f_code
            parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            found = next((name for name in names if name not in parameters), found)
        frame = frame.f_back
    return found
