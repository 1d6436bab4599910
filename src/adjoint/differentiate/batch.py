"""Batching a graph: what was traced for one entry is computed for many, each value with a leading axis for them.

A function (or a walk) runs once on a tensor that has a shape and no values; ``Traced`` says what it
did. ``Batch`` then goes through the nodes and applies each operation, by the ``batch`` rule of its
record, to operands that have the leading axis. Whatever does not depend on the batch is left as it is.
The operations enter the graph by ``apply``: so the batch may consist of arrays, of tracked tensors or
of traced ones, and has derivatives of every order in both modes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from adjoint.apply import RECORD, apply, leaf, make, next_seq
from adjoint.differentiate.inlined import INLINED, Rule
from adjoint.differentiate.once import ONCE
from adjoint.differentiate.saved import item
from adjoint.errors import UnsupportedError, reveal
from adjoint.graph.graph import collect
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import switched, tracing
from adjoint.primitives.batching import spread
from adjoint.primitives.contract import matmul
from adjoint.primitives.structure import ALIAS, CUT, ITEM
from adjoint.tensor import Tensor

#: Tensors with values that were met while tracing, by their nodes.
Held = dict[Node, Tensor]


class Traced:
    """What ran on specs: its inputs, what it returned, and the tensors with values that it used."""

    __slots__ = ("held", "inputs", "out")

    def __init__(self, f: Callable[..., Any], specs: Sequence[Spec], names: Sequence[str | None] = ()) -> None:
        self.held: Held = {}
        with switched(recording=True, everything=False, listener=None, origin=None, cut=None, held=self.held):
            nodes = [leaf(s, None, name) for s, name in zip(specs, names or [None] * len(specs), strict=True)]
            self.inputs = tuple(nodes)
            try:
                self.out = f(*[make(s, n) for s, n in zip(specs, nodes, strict=True)])
            except ValueError as error:
                reveal(error)
                raise

    def nbytes(self, roots: Iterable[Tensor]) -> int:
        """The bytes of all values of one entry on the way to the roots."""
        nodes = [t._node for t in roots if t._node is not None]
        return sum(s.nbytes for n in collect(nodes, frozenset(self.inputs), self.inputs[0].seq) for s in n.specs)

    def batched(
        self,
        roots: Sequence[Tensor],
        values: Sequence[Tensor],
        size: int,
        more: Mapping[Node, Any] | None = None,
        unit: slice | None = None,
    ) -> list[Tensor]:
        """The roots for a batch of ``size`` values of the inputs; one that does not depend on it is repeated.

        ``more`` has further values with the leading axis, by their nodes. ``unit`` says that the only value
        holds those rows of the identity matrix.
        """
        given = {**(more or {}), **dict(zip(self.inputs, values, strict=True))}
        nodes = [t._node for t in roots if t._node is not None]
        batch = Batch(given, size, self.held, self.inputs[0].seq, unit)
        found = batch.run(nodes)
        return [found[t._node] if t._node in found else spread(RECORD, batch.settled(t), size) for t in roots]

    def settled(self, root: Tensor) -> Tensor:
        """A tensor that is not computed from the inputs, with its value."""
        return Batch({}, 0, self.held, self.inputs[0].seq).settled(root)

    def differs(self, root: Tensor) -> bool:
        """Whether a tensor is computed from an input."""
        if root._node is None:
            return False
        return not set(self.inputs).isdisjoint(collect([root._node], frozenset(self.inputs), self.inputs[0].seq))


class Batch:
    """One pass over a traced graph, with the values that have the leading axis by their nodes.

    Nodes created before ``bound`` are not entered; ``held`` has the tensors of such and other nodes that
    have values.
    """

    __slots__ = ("bound", "held", "known", "shared", "size", "twins", "unit")

    def __init__(
        self, given: Mapping[Node, Any], size: int, held: Mapping[Node, Tensor], bound: int, unit: slice | None = None
    ) -> None:
        self.known: dict[Node, Any] = dict(given)
        self.size = size
        self.held = held
        self.bound = bound
        #: The value that consists of rows of the identity matrix, and which.
        self.unit = None if unit is None else (next(iter(given.values())), unit)
        #: What was traced and turned out to be the same for all entries.
        self.shared: dict[Node, Any] = {}
        self.twins: dict[Node, Node] = {}

    def run(self, roots: Iterable[Node]) -> dict[Node, Tensor]:
        """Those of the roots that depend on the batch. Raises UnsupportedError for an operation without a rule."""
        known, wanted = self.known, set(roots)
        given = frozenset(known)
        order = collect(wanted, given, self.bound)
        uses: dict[Node, int] = {}
        for node in order:
            for parent in node.parents:
                uses[parent] = uses.get(parent, 0) + 1
        with switched(origin=None):
            for node in order:
                if node in given or not any(p in known for p in node.parents):
                    continue
                start = next_seq()
                known[node] = made = self._entry(node)
                self._remember(node, made, start)
                for parent in node.parents:
                    uses[parent] -= 1
                    if not uses[parent] and parent not in wanted:
                        known.pop(parent, None)  # an array that nobody else holds is given back
        return {node: known[node] for node in wanted if node in known}

    def _entry(self, node: Node) -> Any:
        """One operation, or one of the results of an operation that has several, for the whole batch."""
        op, known = node.op, self.known
        if op is ITEM:
            return known[node.inputs[0]][node.params["index"]]  # type: ignore[index]
        if op is ALIAS:
            return known[node.inputs[0]]
        flags = [type(p) is Node and p in known for p in node.inputs]
        xs = [known[p] if f else self._outside(p) for p, f in zip(node.inputs, flags, strict=True)]
        params = node.params or {}
        if op is CUT:
            return apply(CUT, tuple(xs), params)
        if op is ONCE:
            return apply(ONCE, (xs[0] if flags[0] else spread(RECORD, xs[0], self.size), *xs[1:]), params)
        if op is INLINED:
            return _inlined(node, xs, flags, self.size)
        if op is matmul and self.unit is not None and (made := self._picked(xs)) is not None:
            return made
        if op.batch is None:
            help = "call it once an entry, in a loop."
            raise UnsupportedError(f"{op.name} has no rule for a batch.", where=node.describe(), help=help)
        return op.batch(RECORD, self.size, xs, flags, **params)

    def _picked(self, xs: Sequence[Any]) -> Any:
        """The product of a matrix with unit vectors: its rows or columns themselves."""
        assert self.unit is not None
        xp: Any = RECORD
        vectors, rows = self.unit
        if vectors is xs[1] and vectors is not xs[0]:
            matrix, axis = xs[0], -1
        elif vectors is xs[0] and vectors is not xs[1]:
            matrix, axis = xs[1], -2
        else:
            return None
        n = len(matrix.shape)
        if n > 1:
            first = axis + n
            matrix = xp.transpose(matrix, axes=tuple(i - n for i in (first, *range(first), *range(first + 1, n))))
        return matrix if rows == slice(0, matrix.shape[0]) else xp.getitem(matrix, index=(rows,))

    def _outside(self, parent: Any) -> Any:
        """An operand that does not depend on the batch: a constant, a tensor with a value, or a traced one."""
        if type(parent) is not Node:
            return make(parent, None) if isinstance(parent, np.ndarray) else parent
        held = self.held.get(parent)
        if held is not None:
            # What was tracked for a derivative taken inside the trace alone is a constant out here.
            return held if self._leads_out(parent) else make(held._value, None)
        if parent.is_leaf and type(parent.saved) is tuple and type(parent.saved[0]) is not Spec:
            return make(parent.saved[0], parent)
        if parent.seq < self.bound or tracing() is not None:
            return make(parent.spec, parent)
        return self._settled(parent)

    def _leads_out(self, node: Node) -> bool:
        """Whether a tensor with a value was computed from one that is older than the trace."""
        bound = self.bound
        return node.seq < bound or any(p.seq < bound for n in collect([node], frozenset(), bound) for p in n.parents)

    def settled(self, root: Tensor) -> Tensor:
        """A tensor that is the same for all entries, with its value if it can have one."""
        known: Tensor = root if root._node is None or type(root._value) is not Spec else self._outside(root._node)
        return known

    def _settled(self, root: Node) -> Any:
        """What was traced inside, of constants and of older tensors only: computed once, as it is."""
        shared = self.shared
        for node in () if root in shared else collect([root], frozenset((*shared, *self.held)), self.bound):
            if node in shared or node in self.held or node.is_leaf:
                continue
            if node.op is ITEM:
                parent = node.inputs[0]
                shared[node] = shared[parent][node.params["index"]] if parent in shared else make(node.spec, node)  # type: ignore[index]
                continue
            xs = tuple(shared[p] if type(p) is Node and p in shared else self._outside(p) for p in node.inputs)
            shared[node] = apply(node.op, xs, node.params)
        return shared[root]

    def _remember(self, node: Node, made: Any, start: int) -> None:
        """The batch was made at one line of the user's code; what it computes was written at another."""
        last: Node | None = (made[0] if type(made) is tuple else made)._node
        if last is not None and last.op is ITEM and type(made) is tuple:
            last = last.inputs[0]
        if last is None:
            return
        self.twins[node] = last
        if last.seq > start:
            last.code, last.lasti, last.name, last.scope = node.code, node.lasti, node.name, node.scope
            if node.origin is not None:
                gate, place, role = node.origin
                last.origin = (self.twins.get(gate, gate), place, role)


def _inlined(node: Node, xs: Sequence[Any], flags: Sequence[bool], size: int) -> tuple[Any, ...]:
    """A user's operation with its rule: the rule is traced for one entry and batched when a gradient comes."""
    rule: Rule = node.params["rule"]  # type: ignore[index]
    every = tuple(x if f else spread(RECORD, x, size) for x, f in zip(xs, flags, strict=True))

    def transformed(one: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
        def many(xp: Any, gs: Any, values: Any, twin: Node) -> tuple[Any, ...]:
            records = xp is RECORD
            moving = [_tensor(g) for g in gs if g is not None]
            kept = [_tensor(v) for v in values]

            def single(*tensors: Tensor) -> tuple[Any, ...]:
                fresh = iter(tensors)
                filled = tuple(None if g is None else next(fresh) for g in gs)
                return one(RECORD, filled, tuple(fresh), node)

            trace = Traced(single, [Spec(t.shape[1:], t.dtype) for t in (*moving, *kept)])
            tensors = [_tensor(o) for o in trace.out if o is not None]
            # A rule may name the operation itself and its operands: here they stand for all entries.
            more: dict[Node, Any] = {p: k for p, k in zip(node.inputs, kept, strict=True) if type(p) is Node}
            outs = kept[rule.operands : rule.operands + rule.outs]
            more[node] = tuple(make(o._value, item(twin, i, o._value) if records else None) for i, o in enumerate(outs))
            with switched(recording=records):
                found = iter(trace.batched(tensors, (*moving, *kept), size, more))
                made = [None if o is None else next(found) for o in trace.out]
            return tuple(m if m is None or records else m._value for m in made)

        return many

    push = None if rule.push is None else transformed(rule.push)
    rules = Rule(rule.name, rule.operands, rule.outs, transformed(rule.pull), push)
    made: tuple[Any, ...] = apply(INLINED, every, {"rule": rules})
    return made


def _tensor(value: Any) -> Tensor:
    return value if type(value) is Tensor else make(np.asarray(value)[()], None)
