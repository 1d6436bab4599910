"""The machinery of rewriting: a sweep walks a graph once, in order, and builds the graph that stands for it.

The new graph is built from the inputs up, and every node is shared: a node is made only where no node
of the new graph computes the same. What a rule puts in the place of a node is made of nodes that
already stand in the new graph, so that nothing ever depends on itself, and nothing recurses with the
graph. A sweep visits each node once; it ends by leaving out what no output needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.apply import next_seq
from adjoint.errors import GraphError
from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.primitives.record import REGISTRY, Primitive
from adjoint.primitives.structure import ALIAS, LEAF
from adjoint.rewrite.log import CSE, Step
from adjoint.rewrite.rule import Rule, Table, uses
from adjoint.rewrite.values import constant, spec_of, uniform
from adjoint.rewrite.values import key as key_of

#: How often rules may fire at one visit of a node, and how deep they may call for one another.
_FIRES, _DEPTH = 32, 6

BROADCAST = REGISTRY["broadcast_to"]
_VIEWS = (BROADCAST, REGISTRY["reshape"])


class _Counter:
    """Counts visits of nodes over all sweeps, for the law on cost."""

    __slots__ = ("total",)

    def __init__(self) -> None:
        self.total = 0


visited = _Counter()


class Rewriter:
    """The state of one optimisation: the graph as it stands, the log, and the sweep under way.

    Rules see it as their first argument and use ``make``, ``uniform``, ``number``, ``uses`` and ``strict``.
    """

    def __init__(self, graph: Graph, strict: bool = False, limit: int | None = None) -> None:
        self.graph = graph
        self.strict = strict
        self.log: list[Step] = []
        self._left = -1 if limit is None else limit
        self._given = frozenset(graph.inputs)
        self._keys: dict[Node, Any] = {}
        self._known: dict[int, tuple[Any, Any]] = {}
        self._params: dict[int, tuple[Any, Any]] = {}
        self._pinned = {o for o in graph.outputs if o.op is ALIAS and self._alone(o.inputs[0])}
        self._facts: dict[Any, Any] = {}
        self._start(Table({}, ()))

    def _start(self, table: Table) -> None:
        self._rules = table
        self._table: dict[Any, Node] = {}
        self._settled: dict[Node, Any] = {}
        self._out: list[Node] = []
        self._depth = 0
        self._fuel = _FIRES
        self._at: Any = None

    # -- one pass ----------------------------------------------------------------------------

    def sweep(self, table: Table) -> bool:
        """Applies a pass's rules at every node, in order; tells whether anything changed."""
        graph = self.graph
        nodes = graph.nodes
        before = len(self.log)
        self._start(table)
        self._facts = {}
        done: dict[Node, Any] = {}
        given, settled, out, keyed, seen = self._given, self._settled, self._out, self._keys, self._table
        visited.total += len(nodes)
        for node in nodes:
            op = node.op
            if op is LEAF or node in given:
                out.append(node)
                continue
            changed = False
            for i in node.inputs:
                if type(i) is Node and i in done:
                    changed = True
                    break
            self._at = node
            self._fuel = _FIRES
            if changed:
                inputs = tuple([done.get(i, i) if type(i) is Node else i for i in node.inputs])
                current, fresh = self._shared(op, inputs, node.params, node.shape, node.dtype, node.name)
            else:
                key = keyed.get(node)
                if key is None:
                    keyed[node] = key = key_of(op, node.inputs, node.params, self._params)
                hit = seen.get(key)
                if fresh := hit is None or not self._left:
                    seen[key] = current = node
                    out.append(node)
                else:
                    current = hit
            if not fresh and self._spend(CSE, node, current):
                result = settled.get(current, current)
            else:
                result = self._settle(current)
            if result is not node:
                done[node] = result
        outputs = [self._output(done.get(o, o), o) for o in graph.outputs]
        live = self._live(outputs)
        if len(self.log) != before or len(live) != len(nodes):
            self.graph = Graph(graph.inputs, outputs, live, graph.keys)
        return len(self.log) != before

    def _settle(self, node: Node) -> Any:
        """What stands for a node once no rule of the pass fires at it any more."""
        known = self._settled.get(node)
        if known is not None:
            return known
        self._depth += 1
        current: Any = node
        passed = [node]
        while True:
            found, by = self._fired(current)
            if by is None:
                break
            found = self._settled.get(found, found) if type(found) is Node else found
            if getattr(found, "shape", ()) != current.shape or self._dtype(found) != current.dtype:
                raise GraphError(
                    f"the rewrite {by.name!r} turned {current!r} into {found!r}, which has another shape or dtype.",
                    where=current.describe(),
                    help="leave the rule's pass out, and report this.",
                )
            if not self._spend(by, current, found):
                break
            if type(found) is Node and found.name is None and found.seq > current.seq:
                found.name = current.name
            current = found
            if type(found) is not Node or found in passed:
                break
            passed.append(found)
        for one in passed:
            self._settled[one] = current
        self._depth -= 1
        return current

    def _fired(self, node: Node) -> tuple[Any, Rule | None]:
        if not self._left or not self._fuel:
            return None, None
        rules = self._rules.by_op.get(node.op, ())
        for i in node.inputs:
            if type(i) is not Node or i.op is BROADCAST:
                rules = self._rules.general + rules
                break
        # Products of complex numbers are made of several: what is exact for real numbers need not be for them.
        bare = self.strict and node.op.family == "elementwise" and node.dtype is not None and node.dtype.kind == "c"
        for one in rules:
            if bare and one.on:
                continue
            found = one.apply(self, node)
            if found is not None and found is not node:
                self._fuel = max(self._fuel - 1, 0)
                return found, one
        return None, None

    def _spend(self, by: Rule, before: Node, after: Any) -> bool:
        """Notes a step in the log, unless as many as were allowed have been taken."""
        if not self._left:
            return False
        self._left -= 1
        self.log.append(Step(by, before, after))
        return True

    def _live(self, outputs: list[Node]) -> list[Node]:
        """The nodes that outputs need, and all inputs, in order."""
        live: set[Node] = {*outputs, *self._given}
        for node in reversed(self._out):
            if node in live and node not in self._given:
                live.update([i for i in node.inputs if type(i) is Node])
        return [n for n in self._out if n in live]

    def _output(self, value: Any, before: Node) -> Node:
        """An output has a node of its own, also where it is an input or a constant."""
        if not self._alone(value):
            node: Node = value
            if node.name is None and before.name is not None and node is not before:
                node.name = before.name
            return node
        self._at = before
        made, _ = self._shared(ALIAS, (value,), None, before.shape, before.dtype, before.name)
        self._pinned.add(made)
        return made

    def _alone(self, value: Any) -> bool:
        return type(value) is not Node or value.op is LEAF or value in self._given

    # -- nodes -------------------------------------------------------------------------------

    def _shared(
        self, op: Primitive, inputs: tuple[Any, ...], params: Any, shape: Any, dtype: Any, name: str | None = None
    ) -> tuple[Node, bool]:
        """The node of the new graph that computes this, and whether it was made just now."""
        key = key_of(op, inputs, params, self._params)
        hit = self._table.get(key)
        if hit is not None and self._left:
            return hit, False
        at = self._at
        node = Node()
        node.op = op
        node.inputs = inputs
        node.params = params or None
        node.shape = shape
        node.dtype = dtype
        node.saved = None
        node.code = at.code
        node.lasti = at.lasti
        node.seq = next_seq()
        node.name = name
        node.scope = at.scope
        node.origin = at.origin
        self._keys[node] = key
        self._table[key] = node
        self._out.append(node)
        return node, True

    def make(self, name: str, *inputs: Any, **params: Any) -> Any:
        """The value of an operation on nodes and constants, in the new graph: a node, or a constant.

        Its shape and dtype are the record's; it lies at the line of the node that is being replaced.
        """
        op = REGISTRY[name]
        spec = spec_of(op, inputs, params)
        if not any(type(i) is Node for i in inputs):
            value = constant(op, inputs, params, spec)
            if value is not None:
                return value
        node, fresh = self._shared(op, inputs, params, spec.shape, spec.dtype)
        if self._depth < _DEPTH and (fresh or node in self._settled):
            return self._settle(node)
        return self._settled.get(node, node)

    # -- what rules ask ----------------------------------------------------------------------

    def about(self, question: Callable[[Graph], Any]) -> Any:
        """The answer to a question about the graph at the start of the pass, worked out once."""
        if question not in self._facts:
            self._facts[question] = question(self.graph)
        return self._facts[question]

    def uses(self, node: Node) -> int:
        """How many operands of the graph at the start of the pass are this node; outputs count as one use."""
        found: int = self.about(uses).get(node, 1)
        return found

    def pinned(self, node: Node) -> bool:
        """Whether a node only stands for an input or a constant that is an output."""
        return node in self._pinned

    def number(self, value: Any, node: Node) -> Any:
        """A number as a constant of a node's dtype."""
        return node.dtype.type(value)

    def uniform(self, value: Any) -> Any:
        """The one number that all entries of an operand are, to the bit, as a Python number; else None."""
        return None if type(value) is Node and value.op not in _VIEWS else uniform(value, self._known)

    def _dtype(self, value: Any) -> Any:
        return value.dtype if hasattr(value, "dtype") else np.asarray(value).dtype
