"""Batching a graph: what was traced for one entry is computed for many, each value with a leading axis for them.

A function (or a walk) runs once on a tensor that has a shape and no values; ``traced`` says what it
did. ``batched`` then goes through the nodes and applies each operation, by the ``batch`` rule of its
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
from adjoint.errors import UnsupportedError
from adjoint.graph.graph import collect
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import switched
from adjoint.primitives.batching import spread
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
            self.out = f(*[make(s, n) for s, n in zip(specs, nodes, strict=True)])

    def depends(self, roots: Iterable[Tensor]) -> bool:
        """Whether one of the tensors is computed from an input."""
        nodes = [t._node for t in roots if t._node is not None]
        return any(n in self.inputs for n in collect(nodes, frozenset(self.inputs), self.inputs[0].seq))

    def nbytes(self, roots: Iterable[Tensor]) -> int:
        """The bytes of all values of one entry on the way to the roots."""
        nodes = [t._node for t in roots if t._node is not None]
        return sum(s.nbytes for n in collect(nodes, frozenset(self.inputs), self.inputs[0].seq) for s in n.specs)

    def batched(
        self, roots: Sequence[Tensor], values: Sequence[Tensor], size: int, more: Mapping[Node, Any] | None = None
    ) -> list[Tensor | None]:
        """The roots for a batch of ``size`` values of the inputs; None for one that does not depend on it.

        ``more`` has further values with the leading axis, by their nodes.
        """
        given = {**(more or {}), **dict(zip(self.inputs, values, strict=True))}
        nodes = [t._node for t in roots if t._node is not None]
        found = batched(nodes, given, size, self.held, self.inputs[0].seq)
        return [None if t._node is None else found.get(t._node) for t in roots]


def batched(
    roots: Iterable[Node], given: Mapping[Node, Any], size: int, held: Mapping[Node, Tensor], bound: int
) -> dict[Node, Tensor]:
    """Those of the roots that depend on the given nodes, with a leading axis, from the given values that have it.

    Nodes created before ``bound`` are not entered; ``held`` has the tensors of such and other nodes that
    have values. Raises UnsupportedError for an operation that cannot be batched. Nothing recurses.
    """
    wanted = set(roots)
    order = collect(wanted, frozenset(given), bound)
    uses: dict[Node, int] = {}
    for node in order:
        for parent in node.inputs:
            if type(parent) is Node:
                uses[parent] = uses.get(parent, 0) + 1
    known: dict[Node, Any] = dict(given)
    twins: dict[Node, Node] = {}
    with switched(origin=None):
        for node in order:
            if node in given or not any(type(p) is Node and p in known for p in node.inputs):
                continue
            start = next_seq()
            known[node] = made = _entry(node, known, size, held)
            _remember(node, made, start, twins)
            for parent in node.inputs:
                if type(parent) is Node:
                    uses[parent] -= 1
                    if not uses[parent] and parent not in wanted:
                        known.pop(parent, None)  # an array that nobody else holds is given back
    return {node: known[node] for node in wanted if node in known}


def _remember(node: Node, made: Any, start: int, twins: dict[Node, Node]) -> None:
    """The batch was made at one line of the user's code; what it computes was written at another."""
    last: Node | None = (made[0] if type(made) is tuple else made)._node
    if last is not None and last.op is ITEM and type(made) is tuple:
        last = last.inputs[0]
    if last is None:
        return
    twins[node] = last
    if last.seq > start:
        last.code, last.lasti, last.name, last.scope = node.code, node.lasti, node.name, node.scope
        if node.origin is not None:
            gate, place, role = node.origin
            last.origin = (twins.get(gate, gate), place, role)


def _entry(node: Node, known: dict[Node, Any], size: int, held: Mapping[Node, Tensor]) -> Any:
    """One operation, or one of the results of an operation that has several, for the whole batch."""
    op = node.op
    if op is ITEM:
        return known[node.inputs[0]][node.params["index"]]  # type: ignore[index]
    if op is ALIAS:
        return known[node.inputs[0]]
    flags = [type(p) is Node and p in known for p in node.inputs]
    xs = [known[p] if f else _outside(p, held) for p, f in zip(node.inputs, flags, strict=True)]
    params = node.params or {}
    if op is CUT:
        return apply(CUT, tuple(xs), params)
    if op is ONCE:
        return apply(ONCE, (xs[0] if flags[0] else spread(RECORD, xs[0], size), *xs[1:]), params)
    if op is INLINED:
        return _inlined(node, xs, flags, size)
    if op.batch is None:
        raise UnsupportedError(
            f"{op.name} has no rule for a batch.", where=node.describe(), help="call it once an entry, in a loop."
        )
    return op.batch(RECORD, size, xs, flags, **params)


def _outside(parent: Any, held: Mapping[Node, Tensor]) -> Any:
    """An operand that does not depend on the batch: a constant, a tensor with a value, or a traced one."""
    if type(parent) is not Node:
        return make(parent, None) if isinstance(parent, np.ndarray) else parent
    known = held.get(parent)
    if known is not None:
        return known
    if parent.is_leaf and type(parent.saved) is tuple and type(parent.saved[0]) is not Spec:
        return make(parent.saved[0], parent)
    return make(parent.spec, parent)


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
                found = iter(
                    spread(RECORD, t, size) if b is None else b
                    for t, b in zip(tensors, trace.batched(tensors, (*moving, *kept), size, more), strict=True)
                )
                made = [None if o is None else next(found) for o in trace.out]
            return tuple(m if m is None or records else m._value for m in made)

        return many

    push = None if rule.push is None else transformed(rule.push)
    rules = Rule(rule.name, rule.operands, rule.outs, transformed(rule.pull), push)
    made: tuple[Any, ...] = apply(INLINED, every, {"rule": rules})
    return made


def _tensor(value: Any) -> Tensor:
    return value if type(value) is Tensor else make(np.asarray(value)[()], None)
