"""The statements of a recorded graph: one an operation, in the order in which they ran."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from adjoint.errors import ArgumentError
from adjoint.graph.graph import constant_key
from adjoint.graph.node import FREED, Node
from adjoint.graph.spec import Spec
from adjoint.primitives.structure import ALIAS, ITEM
from adjoint.source import literals
from adjoint.source.naming import labels
from adjoint.source.statements import Constant, Operand, Slot, Statement


class Writer:
    """Turns nodes into statements, and remembers which value each node became."""

    def __init__(self, inputs: Sequence[Node], names: Mapping[Node, str]) -> None:
        self.names = names
        self.statements: list[Statement] = []
        self.parameters: list[Slot] = []
        self.captured: dict[Slot, np.ndarray[Any, Any]] = {}
        #: The statement that makes a value, where an operation does.
        self.made_by: dict[Slot, Statement] = {}
        self._values: dict[Node, Operand] = {}
        self._parts: dict[Node, list[Slot]] = {}
        self._constants: dict[str, Slot] = {}
        for i, node in enumerate(inputs):
            slot = Slot(node.spec, names.get(node) or node.name or f"x{i + 1}")
            self.parameters.append(slot)
            self._values[node] = slot

    def forward(self, nodes: Iterable[Node], roots: Collection[Node]) -> None:
        """The statements of forward nodes, in topological order."""
        nodes = [n for n in nodes if n not in self._values]
        wishes = labels(nodes)
        for node in nodes:
            if not node.is_leaf:
                wish = self.names.get(node) or wishes[node] or ("out" if node in roots else None)
                self.write(node, Statement([], "forward", node=node, about=node), wish)

    def write(
        self,
        node: Node,
        statement: Statement,
        wish: str | None = None,
        instead: Mapping[Node, Operand] | None = None,
    ) -> None:
        """The statement of one node, unless it is only another name for what is there already.

        ``instead`` names operands in the words of the place: at a gate its cotangent is ``g_c``,
        also where it is the same value as ``g_e``.
        """
        if node in self._values:
            return
        if node.op is ITEM:
            self._values[node] = part = self._parts[node.inputs[0]][(node.params or {})["index"]]
            part.wish = part.wish or wish
            return
        statement.operands = [self._operand(node, i, instead or {}) for i in range(len(node.inputs))]
        if node.op is ALIAS:
            self._values[node] = statement.operands[0]
            return
        if node.dtype is None:
            statement.targets = self._parts[node] = [Slot(spec) for spec in node.shape]
        else:
            self._values[node] = slot = Slot(node.spec, wish)
            statement.targets = [slot]
        self.made_by.update(dict.fromkeys(statement.targets, statement))
        self.statements.append(statement)

    def bind(self, node: Node, value: Operand) -> None:
        """Says what a node became where its statement was written elsewhere."""
        self._values[node] = value

    def _operand(self, node: Node, i: int, instead: Mapping[Node, Operand]) -> Operand:
        """The i-th operand of a node: a value of the program or a constant."""
        given = node.inputs[i]
        if type(given) is Node:
            return instead.get(given) or self.value(given)
        if type(given) is Spec:
            given = _kept(node, i)
        return self.constant(given, None)

    def value(self, node: Node) -> Operand:
        """What a node became."""
        found = self._values.get(node)
        if found is None:
            if not node.is_leaf or not node.saved or type(node.saved[0]) is Spec:
                raise ArgumentError(
                    f"the value of {node!r} is not known here.",
                    where=node.describe(),
                    help="pass it to the function as an argument.",
                )
            self._values[node] = found = self.constant(node.saved[0], self.names.get(node) or node.name)
        return found

    def became(self, node: Node) -> Operand | None:
        """What a node became, or None where it was not written."""
        return self._values.get(node)

    def constant(self, value: Any, wish: str | None) -> Operand:
        """A constant operand: numbers stand where they are used, arrays get a line, large ones a parameter."""
        if not isinstance(value, np.ndarray):
            if not isinstance(value, np.generic) or literals.writable(value):
                return Constant(value)
            value = np.asarray(value)
        key = constant_key(value) + str(value.strides if value.size > 1 else "")
        found = self._constants.get(key)
        if found is None:
            self._constants[key] = found = Slot(Spec.of(value), wish)
            if literals.array(value) is None:
                found.wish = wish or "captured"
                self.parameters.append(found)
                self.captured[found] = value.copy("K")
            else:
                self.statements.append(Statement([found], "constant", value=value))
        return found


def _kept(node: Node, i: int) -> Any:
    """An untracked operand that a lean history kept only because a rule needs it."""
    saved = node.saved
    if saved is not None and saved is not FREED:
        values: Collection[Any] | None = saved[0] if node.op.arity is None else saved[:-1]
        found = list(values)[i] if values is not None else None
        if isinstance(found, np.ndarray | np.generic):
            return found
    raise ArgumentError(
        f"input {i} of {node.op.name} is {node.inputs[i]!r}, whose values the history did not keep.",
        where=node.describe(),
        help="use ad.source(f)(*args), which runs the function again and keeps everything.",
    )
