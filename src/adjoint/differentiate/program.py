"""The gradient of a graph as a graph: the reverse walk, recording."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from adjoint.apply import make, record
from adjoint.differentiate.reverse import reverse, seed_of
from adjoint.errors import ArgumentError, DtypeError, GraphError, ShapeError
from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.graph.text import node_names
from adjoint.primitives.structure import ALIAS
from adjoint.site import here
from adjoint.tensor import Tensor


def gradient_graph(graph: Graph, wrt: Iterable[str] | None = None) -> Graph:
    """The graph that computes the gradient of a scalar output by the named inputs (all floating ones).

    It shares the forward nodes; its outputs have the inputs' names as keys. Raises ShapeError for an
    output that is no scalar, ArgumentError for a name that is no input.
    """
    if len(graph.outputs) != 1:
        raise GraphError(
            f"grad needs a graph with one output, this one has {len(graph.outputs)}.",
            where=here(),
            help="define it for one of them; a gradient has an output for each input, and g.grad(wrt=[name]) only one.",
        )
    root = graph.outputs[0]
    if root.shape != ():
        raise ShapeError(
            f"grad needs a scalar output, this graph computes {root.spec!r}.",
            where=root.describe() or here(),
            help="reduce it (sum, mean) first.",
        )
    if root.dtype.kind != "f":
        raise DtypeError(
            f"grad needs a real output, this graph computes {root.spec!r}.",
            where=root.describe() or here(),
            help="take its real part, its imaginary part or abs.",
        )
    names = node_names(graph.nodes)
    inputs = {names[n]: n for n in graph.inputs}
    chosen = [k for k, n in inputs.items() if n.dtype.kind in "fc"] if wrt is None else list(wrt)
    unknown = [k for k in chosen if k not in inputs]
    if unknown:
        raise ArgumentError(
            f"the graph has no input {', '.join(map(repr, unknown))}.",
            where=here(),
            help=f"its inputs are {', '.join(inputs)}.",
        )
    nodes = [inputs[k] for k in chosen]
    for key, node in zip(chosen, nodes, strict=True):
        if node.dtype.kind not in "fc":
            raise DtypeError(
                f"input {key} is {node.spec!r}, which has no derivative.", where=here(), help="give it a float spec."
            )
    bound = min((n.seq for n in graph.nodes), default=0)
    walk = reverse([(root, make(seed_of(Spec((), root.dtype)), None))], nodes, bound=bound, records=True)
    outputs = [_node(walk.found.get(n), n) for n in nodes]
    made = Graph.from_outputs(*outputs, inputs=graph.inputs) if outputs else Graph(graph.inputs, (), graph.inputs)
    rebuild = None
    if graph.rebuild is not None:
        again = graph.rebuild

        def rebuild(specs: Mapping[str, Spec]) -> Graph:
            return gradient_graph(again(specs), wrt)

    return Graph(made.inputs, made.outputs, made.nodes, keys=chosen, rebuild=rebuild)


def _node(found: Tensor | None, variable: Node) -> Node:
    """The node of a gradient; a constant one (a linear graph's, or zero) gets a node of its own."""
    if found is not None and found._node is not None and found._node is not variable:
        return found._node
    if found is None:
        value = np.zeros(variable.shape, variable.dtype)[()]
    elif found._node is variable:
        return record(ALIAS, (variable,), None, variable.shape, variable.dtype, None)
    else:
        value = found._value
    return record(ALIAS, (value,), None, value.shape, value.dtype, None)
