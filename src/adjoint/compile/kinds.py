"""In which kind a traced value would be handed out by eager mode: a Python number, an array, or a tensor.

Numbers in, numbers out; arrays in, arrays out; tensors in, tensors out: a value has the strongest kind
among the inputs that it depends on, and the result of a transform the kind that its arguments give it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.graph.node import Node
from adjoint.primitives.structure import ALIAS
from adjoint.tensor import Tensor

CONSTANT, NUMBER, ARRAY, TENSOR = -1, 0, 1, 2

#: What a gradient is wanted for: a tracked tensor outside of the trace, a variable of a transform inside of it.
_OUTSIDE, _INSIDE = 1, 2


class Kinds:
    """Kind and trackedness of the nodes of one trace, each worked out once."""

    def __init__(self) -> None:
        self._kind: dict[Node, int] = {}
        self._wanted: dict[Node, int] = {}
        #: Whether any input is tracked outside.
        self.tracks = False

    def input(self, node: Node, kind: int, tracked: bool) -> None:
        """An input of the graph."""
        self._kind[node] = kind
        self._wanted[node] = _OUTSIDE if tracked else 0
        self.tracks = self.tracks or tracked

    def variable(self, alias: Node) -> None:
        """A transform's own variable."""
        self._known(alias)
        self._wanted[alias] |= _INSIDE

    def mark(self, node: Node, kind: int, value: Node | None, given: Sequence[Any]) -> None:
        """A result of a transform: gradients go on to what lies around the transform only."""
        outside = inside = 0
        if value is not None and self.tracks:  # else there is nothing to find below it, however much that is
            self._known(value)
            outside = self._wanted[value] & _OUTSIDE
        for one in given:
            if value is not None and type(one) is Tensor and one._node is not None:
                self._known(one._node)
                inside |= self._wanted[one._node] & _INSIDE
        # A result that hangs on a tracked tensor stays a tensor, whatever the arguments are.
        self._kind[node] = TENSOR if outside else kind
        self._wanted[node] = outside | inside

    def of(self, value: Any) -> int:
        """The kind of a value: of a traced tensor by what it depends on, of any other by its type."""
        if type(value) is Tensor:
            if value._node is None:
                return TENSOR
            self._known(value._node)
            return self._kind[value._node]
        return ARRAY if isinstance(value, np.ndarray | np.generic) else NUMBER

    def tracked(self, node: Node) -> bool:
        """Whether a gradient is wanted through a node, inside or outside of the trace."""
        self._known(node)
        return self._wanted[node] != 0

    def outside(self, node: Node) -> bool:
        """Whether a node depends, differentiably, on a tracked tensor from outside of the trace."""
        self._known(node)
        return bool(self._wanted[node] & _OUTSIDE)

    def _known(self, node: Node) -> None:
        """Works out a node and everything below it that is not known yet; nothing recurses."""
        kind, wanted = self._kind, self._wanted
        if node in kind:
            return
        stack = [node]
        while stack:
            last = stack[-1]
            if last in kind:
                stack.pop()
                continue
            parents = [p for p in last.inputs if type(p) is Node]
            missing = [p for p in parents if p not in kind]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            kind[last] = max((kind[p] for p in parents), default=CONSTANT)
            passes = last.op is ALIAS or (last.op.differentiable and (last.dtype is None or last.dtype.kind in "fc"))
            found = 0
            for p in parents if passes else ():
                found |= wanted[p]
            wanted[last] = found
