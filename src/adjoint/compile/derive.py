"""Derivatives of a compiled function: one node in an eager graph, whose pullback is compiled as well.

First order in reverse mode is a program of its own, built when it is first asked for. A walk that
records, and forward mode, replay the traced graph operation by operation, so every order works.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adjoint.apply import RECORD, apply, leaf, make, record
from adjoint.compile.signature import Input, Output, Signature, Tree
from adjoint.compile.trace import Trace
from adjoint.differentiate.cotangent import plain
from adjoint.differentiate.forward import forward
from adjoint.differentiate.reverse import reverse
from adjoint.functions.program import interpret
from adjoint.graph.graph import Graph, collect
from adjoint.graph.node import Node
from adjoint.modes import MODE, switched
from adjoint.primitives.record import Primitive
from adjoint.primitives.structure import ALIAS
from adjoint.tensor import Tensor


def operation(
    name: str, graph: Graph, run: Callable[[list[Any]], list[Any]], pullback: Callable[..., Any]
) -> Primitive:
    """A compiled function as one operation with several outputs, for eager graphs.

    ``run`` computes the outputs from the inputs' values; ``pullback(wanted)`` is the program that turns
    inputs and cotangents into the cotangents of the wanted inputs.
    """
    specs = tuple(n.spec for n in graph.outputs)

    def pull_all(xp: Any, g: Any, saved: Any, node: Node) -> tuple[Any, ...]:
        xs = saved[0]
        wanted = tuple(i for i, parent in enumerate(node.inputs) if type(parent) is Node)
        found: list[Any] = [None] * len(xs)
        if xp is RECORD:
            for i, one in zip(wanted, pulled(graph, xs, g, wanted), strict=True):
                found[i] = one
            return tuple(found)
        seeds = [np.zeros(s.shape, s.dtype) if one is None else one for one, s in zip(g, specs) if s.dtype.kind in "fc"]
        values = [_array(v) for v in (*xs, *seeds)]
        for i, one in zip(wanted, pullback(wanted)(values), strict=True):
            found[i] = one[()] if one.shape == () else one
        return tuple(found)

    def push(xp: Any, ts: Any, saved: Any, node: Node) -> tuple[Any, ...]:
        return pushed(graph, saved[0], ts, xp is RECORD)

    return Primitive(
        name=name,
        family="opaque",
        gate="own rule",
        value=lambda *xs: tuple(o[()] if o.shape == () else o for o in run([_array(x) for x in xs])),
        spec=lambda *xs: specs,
        arity=None,
        several=True,
        pull_all=pull_all,
        push=push,
        needs=(frozenset({"xs"}),),
        dtypes="fc",
        symbol=name,
        formula=name,
        verb="own rule",
        words=f"{name} is compiled: its gradient is computed by a program of its own.",
    )


def _array(value: Any) -> Any:
    return np.asarray(value._value if type(value) is Tensor else value, order="C")


def replay(graph: Graph, values: Sequence[Any]) -> list[Any]:
    """The outputs of a graph at these inputs, computed and recorded operation by operation."""
    found = interpret(graph, dict(zip(graph.inputs, values, strict=True)), apply)
    return [found[o] for o in graph.outputs]


def pulled(graph: Graph, xs: Sequence[Any], g: Sequence[Any], wanted: Sequence[int]) -> list[Any]:
    """The cotangents of the wanted inputs as tensors, recorded, so that they can be differentiated again."""
    with switched(recording=True):
        values, nodes = _variables(xs, wanted)
        outs = replay(graph, values)
    seeds = [
        (out._node, one if type(one) is Tensor else make(one, None))
        for out, one in zip(outs, g, strict=True)
        if one is not None and type(out) is Tensor and out._node is not None and out.dtype.kind in "fc"
    ]
    walk = reverse(seeds, nodes, bound=nodes[0].seq, records=True)
    return [plain(walk.found[n]) if n in walk.found else None for n in nodes]


def pushed(graph: Graph, xs: Sequence[Any], ts: Sequence[Any], records: bool) -> tuple[Any, ...]:
    """The tangents of the outputs (None: zero) for those of the inputs."""
    moving = [i for i, t in enumerate(ts) if t is not None]
    with switched(recording=True):
        values, nodes = _variables(xs, moving)
        outs = replay(graph, values)
    along = {n: ts[i] for n, i in zip(nodes, moving, strict=True)}
    if records:
        along = {n: t if type(t) is Tensor else make(t, None) for n, t in along.items()}
    roots = [o._node for o in outs if type(o) is Tensor and o._node is not None]
    found = forward(roots, along, nodes[0].seq, records=records).found
    return tuple(None if type(o) is not Tensor or o._node is None else found.get(o._node) for o in outs)


def _variables(xs: Sequence[Any], wanted: Sequence[int]) -> tuple[list[Any], list[Node]]:
    """The inputs with the wanted ones as variables on nodes of their own."""
    values, nodes = list(xs), []
    for i in wanted:
        tensor = xs[i] if type(xs[i]) is Tensor else make(xs[i], None)
        value = tensor._value
        if tensor._node is None:
            node = leaf(value)
        else:
            node = record(ALIAS, (tensor._node,), None, value.shape, value.dtype, None)
        nodes.append(node)
        values[i] = make(value, node)
    return values, nodes


def pullback_graph(graph: Graph, signature: Signature, wanted: Sequence[int]) -> tuple[Graph, Signature]:
    """The graph from the inputs and the cotangents of the floating outputs to the cotangents of the wanted inputs."""
    trace = Trace(())
    seeds = [o for o in graph.outputs if o.dtype.kind in "fc"]
    token = MODE.set(trace.mode())
    try:
        tensors = [make(n.spec, leaf(n.spec, None, n.name)) for n in graph.inputs]
        given = [make(o.spec, leaf(o.spec, None, "g")) for o in seeds]
        values, nodes = _variables(tensors, wanted)
        outs = replay(graph, values)
        cotangents = iter(given)
        pairs = [(o._node, next(cotangents)) for o in outs if o.dtype.kind in "fc"]
        pairs = [(n, g) for n, g in pairs if n is not None]
        walk = reverse(pairs, nodes, bound=nodes[0].seq, records=True)
        roots = []
        for node in nodes:
            found = plain(walk.found[node]) if node in walk.found else np.zeros(node.shape, node.dtype)[()]
            if type(found) is not Tensor or found._node is None:
                value = found._value if type(found) is Tensor else found
                roots.append(record(ALIAS, (value,), None, node.shape, node.dtype, None))
            else:
                roots.append(found._node)
    finally:
        MODE.reset(token)
    inputs = [t._node for t in (*tensors, *given) if t._node is not None]
    order = sorted({*collect(roots, frozenset(inputs)), *inputs}, key=lambda n: n.seq)
    made = Signature(
        f"{signature.name}_pullback",
        (),
        (*signature.inputs, *(Input("array", o.dtype.name, tuple(o.shape), "g") for o in seeds)),
        tuple(Output("array", n.dtype.name, tuple(n.shape), i) for i, n in enumerate(roots)),
        Tree("tuple", children=tuple(Tree("leaf", i) for i in range(len(roots)))),
    )
    return Graph(inputs, roots, order), made
