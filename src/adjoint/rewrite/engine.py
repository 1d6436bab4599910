"""The machinery of rewriting: a sweep walks a graph once, in order, and builds the graph that stands for it.

The new graph is built from the inputs up, and every node is shared: a node is made only where no node
of the new graph computes the same. What a rule puts in the place of a node is made of nodes that
already stand in the new graph, so that nothing ever depends on itself, and nothing recurses with the
graph. A sweep visits each node once; it ends by leaving out what no output needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from adjoint.apply import next_seq
from adjoint.errors import AdjointError, GraphError
from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.primitives.record import REGISTRY, Primitive
from adjoint.primitives.structure import ALIAS, ITEM, LEAF
from adjoint.rewrite.log import CSE, Step
from adjoint.rewrite.rule import Rule, token

#: Operations whose result does not depend on the order of their two operands, to the last bit.
COMMUTES = frozenset({"add", "multiply", "equal", "not_equal", "logical_and", "logical_or", "logical_xor"})

#: Constants are computed ahead where the result takes no more bytes than this, or than the operands.
SMALL = 512

#: How often in a row one node may be replaced, and how deep rules may call for one another.
_TURNS, _DEPTH = 16, 6

_NUMBERS = (bool, int, float, complex)

Table = Mapping[Primitive, tuple[Rule, ...]]


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
        self._counts: dict[Node, int] = {}
        self._divisors: dict[Node, int] | None = None
        self._sums: dict[Node, int] | None = None
        self._start({})

    def _start(self, table: Table) -> None:
        self._rules = table
        self._table: dict[Any, Node] = {}
        self._settled: dict[Node, Any] = {}
        self._out: list[Node] = []
        self._depth = 0
        self._at: Any = None

    # -- one pass ----------------------------------------------------------------------------

    def sweep(self, table: Table) -> bool:
        """Applies a pass's rules at every node, in order; tells whether anything changed."""
        graph = self.graph
        nodes = graph.nodes
        before = len(self.log)
        self._start(table)
        self._counts, self._divisors, self._sums = {}, None, None
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
            if changed:
                inputs = tuple([done.get(i, i) if type(i) is Node else i for i in node.inputs])
                current, fresh = self._shared(op, inputs, node.params, node.shape, node.dtype, node.name)
            else:
                key = keyed.get(node)
                if key is None:
                    keyed[node] = key = self._key(op, node.inputs, node.params)
                hit = seen.get(key)
                if fresh := hit is None or not self._left:
                    seen[key] = current = node
                    out.append(node)
                else:
                    current = hit
            if not fresh and self._spend(CSE, node, current):
                result = settled.get(current, current)
            else:
                result = self._settle(current) if op in table else current
            if result is not node:
                done[node] = result
        outputs = [self._output(done.get(o, o), o) for o in graph.outputs]
        if len(self.log) != before or outputs != list(graph.outputs):
            self.graph = Graph(graph.inputs, outputs, self._live(outputs), graph.keys)
        return len(self.log) != before

    def _settle(self, node: Node) -> Any:
        """What stands for a node once no rule of the pass fires at it any more."""
        known = self._settled.get(node)
        if known is not None:
            return known
        self._depth += 1
        current: Any = node
        passed = [node]
        for _ in range(_TURNS):
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
        if self._left:
            # Products of complex numbers are made of several: what is exact for real numbers need not be for them.
            bare = self.strict and node.op.family == "elementwise" and node.dtype is not None and node.dtype.kind == "c"
            for one in self._rules.get(node.op, ()):
                if bare and one.on:
                    continue
                found = one.apply(self, node)
                if found is not None and found is not node:
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

    def _key(self, op: Primitive, inputs: tuple[Any, ...], params: Any) -> Any:
        if REGISTRY.get(op.name) is not op and op is not ITEM:
            return (op, next_seq())  # a user's own operation may do anything: it is never shared
        parts = tuple([i if type(i) is Node else token(i) for i in inputs])
        if len(parts) == 2 and op.name in COMMUTES:
            one, two = parts
            if type(two) is Node and (type(one) is not Node or one.seq > two.seq):
                parts = (two, one)
        if not params:
            return (op, parts)
        known = self._params.get(id(params))
        if known is None:
            made = tuple([token(params[k]) for k in op.params])
            known = self._params[id(params)] = (params, made)
        return (op, parts, known[1])

    def _shared(
        self, op: Primitive, inputs: tuple[Any, ...], params: Any, shape: Any, dtype: Any, name: str | None = None
    ) -> tuple[Node, bool]:
        """The node of the new graph that computes this, and whether it was made just now."""
        key = self._key(op, inputs, params)
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
        spec = self.spec(op, inputs, params)
        if not any(type(i) is Node for i in inputs):
            value = self.constant(op, inputs, params, spec)
            if value is not None:
                return value
        node, fresh = self._shared(op, inputs, params, spec.shape, spec.dtype)
        if self._depth < _DEPTH and (fresh or node in self._settled):
            return self._settle(node)
        return self._settled.get(node, node)

    def spec(self, op: Primitive, inputs: tuple[Any, ...], params: Any) -> Spec:
        """The shape and dtype of a result."""
        given = [i if type(i) in _NUMBERS else i.spec if type(i) is Node else Spec.of(i) for i in inputs]
        return op.spec(*given, **(params or {}))

    def constant(self, op: Primitive, inputs: tuple[Any, ...], params: Any, spec: Spec) -> Any:
        """The value of an operation on constants, or None where it is too large to be kept or not defined."""
        if any(type(i) is Spec for i in inputs):
            return None
        if spec.nbytes > max(SMALL, sum(getattr(i, "nbytes", 8) for i in inputs)):
            return None
        try:
            with np.errstate(all="ignore"):
                value = op.value(*inputs, **(params or {}))
        except (AdjointError, ArithmeticError, ValueError, IndexError, TypeError, np.linalg.LinAlgError):
            return None  # it is computed where the user's program would, and fails there in the user's terms
        value = np.asarray(value)
        if value.shape != spec.shape or value.dtype != spec.dtype:
            return None
        if not value.shape:
            return value[()]
        value = np.array(value)
        value.setflags(write=False)
        return value

    # -- what rules ask ----------------------------------------------------------------------

    def uses(self, node: Node) -> int:
        """How many operands of the graph at the start of the pass are this node; outputs count as one use."""
        if not self._counts:
            counts = self._counts
            for one in self.graph.nodes:
                for i in one.inputs:
                    if type(i) is Node:
                        counts[i] = counts.get(i, 0) + 1
            for one in self.graph.outputs:
                counts[one] = counts.get(one, 0) + 1
        return self._counts.get(node, 1)

    def sums(self, node: Node) -> int:
        """How many of the uses of a node are sums of it."""
        if self._sums is None:
            counts = self._sums = {}
            for one in self.graph.nodes:
                if one.op.name == "sum" and type(one.inputs[0]) is Node:
                    counts[one.inputs[0]] = counts.get(one.inputs[0], 0) + 1
        return self._sums.get(node, 0)

    def divisions(self, divisor: Node) -> int:
        """By how many operations of the graph at the start of the pass a node is divided by."""
        if self._divisors is None:
            counts = self._divisors = {}
            for one in self.graph.nodes:
                if one.op.name == "divide" and type(one.inputs[1]) is Node:
                    counts[one.inputs[1]] = counts.get(one.inputs[1], 0) + 1
        return self._divisors.get(divisor, 0)

    def pinned(self, node: Node) -> bool:
        """Whether a node only stands for an input or a constant that is an output."""
        return node in self._pinned

    def number(self, value: Any, node: Node) -> Any:
        """A number as a constant of a node's dtype."""
        return node.dtype.type(value)

    def uniform(self, value: Any) -> Any:
        """The one number that all entries of an operand are, to the bit, as a Python number; else None."""
        while type(value) is Node:
            if value.op.name not in {"broadcast_to", "reshape"}:
                return None
            value = value.inputs[0]
        if type(value) in _NUMBERS:
            return value
        if isinstance(value, np.generic):
            return value.item() if value.dtype.kind in "fciub" else None
        if not isinstance(value, np.ndarray) or not value.size:
            return None
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = (value, _uniform(value))
        return known[1]

    def _dtype(self, value: Any) -> Any:
        return value.dtype if hasattr(value, "dtype") else np.asarray(value).dtype


def _uniform(array: Any) -> Any:
    first, last = array.flat[0], array.flat[-1]
    if first != last or array.dtype.kind not in "fciub":
        return None
    if any(array.strides) and array.size > 1:
        if not bool((array == first).all()):
            return None
        if first == 0 and array.dtype.kind in "fc":
            flat = np.ascontiguousarray(array).view(np.uint8).reshape(array.size, -1)
            if not bool((flat == flat[0]).all()):
                return None
    return first.item()


def table(rules: Iterable[Rule], strict: bool) -> Table:
    """The rules by the operations that they look at; only those that keep every bit where ``strict``."""
    found: dict[Primitive, list[Rule]] = {}
    for one in rules:
        if strict and not one.strict:
            continue
        for name in one.on or REGISTRY:
            found.setdefault(ITEM if name == ITEM.name else REGISTRY[name], []).append(one)
    return {op: tuple(some) for op, some in found.items()}
