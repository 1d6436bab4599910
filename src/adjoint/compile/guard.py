"""Guards: with ``guard=True`` a Python branch on a traced value follows the values of this call.

The branch that was taken becomes part of the program, with its condition as a further output: where
a later call's condition differs, the function is traced again along the other branch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.compile.capture import Captured
from adjoint.graph.graph import collect
from adjoint.graph.node import Node
from adjoint.primitives.structure import ITEM
from adjoint.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition of the program: the node that computes it, and what came out when the function was traced."""

    node: Node
    #: Only the truth counts (a branch); else the value itself (``int(t)``, ``float(t)``).
    truth: bool
    outcome: Any

    def holds(self, value: Any) -> bool:
        """Whether a later call's value leads along the same way (NaN is equal to NaN)."""
        if self.truth:
            return bool(value) == self.outcome
        return bool(value == self.outcome) or (value != value and self.outcome != self.outcome)


class Guards:
    """The guards of one trace, and the values of the call that it follows."""

    def __init__(self, values: Mapping[Node, Any] | None = None) -> None:
        self.found: list[Guard] = []
        self._values: dict[Node, Any] = dict(values or {})
        self._asked: set[tuple[Node, bool]] = set()

    def given(self, node: Node, value: Any) -> None:
        """The value of an input in this call."""
        self._values[node] = value

    def value(self, node: Node, truth: bool, captures: Sequence[tuple[Captured, Node]]) -> Any:
        """The value of a node in this call, guarded from now on."""
        for captured, place in captures:
            if place not in self._values:
                self._values[place] = captured.value._value if type(captured.value) is Tensor else captured.value
        value = np.asarray(self._computed(node))[()]
        if (node, truth) not in self._asked:
            self._asked.add((node, truth))
            self.found.append(Guard(node, truth, bool(value.item()) if truth else value.item()))
        return value

    def _computed(self, root: Node) -> Any:
        known = self._values
        for node in collect([root], frozenset(known)):
            if node in known:
                continue
            if node.is_leaf:
                known[node] = node.saved[0]
            elif node.op is ITEM:
                known[node] = known[node.inputs[0]][node.params["index"]]  # type: ignore[index]
            else:
                operands = [known[i] if type(i) is Node else i for i in node.inputs]
                with np.errstate(all="ignore"):
                    known[node] = node.op.value(*operands, **(node.params or {}))
        return known[root]
