"""Gradients that stay unwritten: while a scalar program is traced, its gradient is one node, and no walk.

To record the walk back through a million nodes costs more than all else, and the tape does not need it: it
goes backwards natively. So where the outermost transform of a traced function wants a gradient, ``deferred``
answers with a node of the record GRADIENT. Whoever is not the tape writes it out with ``expanded``: the same
walk, later, and perhaps on a graph that was simplified before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adjoint.apply import make, next_seq, record
from adjoint.compile.tape.flatten import GRADIENT
from adjoint.compile.trace import Trace
from adjoint.differentiate.cotangent import plain
from adjoint.differentiate.reverse import reverse, seed_of
from adjoint.graph.graph import Graph, collect
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import switched
from adjoint.primitives.structure import ALIAS, ITEM
from adjoint.tensor import Tensor


def deferred(root: Node | None, variables: Sequence[Node]) -> list[Tensor] | None:
    """The gradient of a traced scalar by some nodes as items of one GRADIENT node; None for what is no real scalar.

    The node's operands are the scalar and the variables.
    """
    if root is None or root.shape != () or root.dtype.kind != "f" or len(variables) == 0:
        return None
    specs = tuple(v.spec for v in variables)
    node = record(GRADIENT, (root, *variables), None, specs, None, None)
    return [make(s, record(ITEM, (node,), {"index": i}, s.shape, s.dtype, None)) for i, s in enumerate(specs)]


def later(f: Callable[..., Any]) -> Callable[..., list[Tensor] | None] | None:
    """What a trace of ``f`` asks before a transform walks back: None unless ``f`` is a transform itself.

    The walk of the outermost transform only is left unwritten: nothing comes after it that would differentiate it.
    """
    last = getattr(f, "__adjoint__", None)
    if last is None:
        return None
    return lambda transform, root, variables: deferred(root, variables) if transform is last else None


def expanded(graph: Graph) -> Graph:
    """The graph with every GRADIENT node written out as the walk that it stands for; itself if there is none."""
    changed: dict[Node, Any] = {}
    for node in graph.nodes:
        if node.op is GRADIENT:
            changed[node] = _walked(node)
        elif any(type(i) is Node and i in changed for i in node.inputs):
            if node.op is ITEM:
                changed[node] = changed[node.inputs[0]][node.params["index"]]  # type: ignore[index]
            else:
                changed[node] = _again(node, changed)
    if not changed:
        return graph
    outputs = [changed.get(o, o) for o in graph.outputs]
    nodes = {*collect(outputs, frozenset(graph.inputs)), *graph.inputs}
    return Graph(graph.inputs, outputs, sorted(nodes, key=lambda n: n.seq), keys=graph.keys)


def _walked(node: Node) -> list[Node]:
    """The gradients that a node stands for, recorded."""
    root, *variables = node.inputs
    seed = make(seed_of(Spec((), root.dtype)), None)
    trace = Trace(())
    trace.first = -1  # the graph is older than this trace, and belongs to it
    with switched(recording=True, everything=False, origin=None, tracing=trace):
        walk = reverse([(root, seed)], variables, bound=min(v.seq for v in variables), records=True)
        found = []
        for variable in variables:
            one = plain(walk.found[variable]) if variable in walk.found else np.zeros(variable.shape, variable.dtype)
            if type(one) is Tensor and one._node is not None:
                found.append(one._node)
            else:
                value = (one._value if type(one) is Tensor else one)[()]
                found.append(record(ALIAS, (value,), None, variable.shape, variable.dtype, None))
    return found


def _again(node: Node, changed: dict[Node, Any]) -> Node:
    """A node once more, on other operands."""
    made = object.__new__(Node)
    for slot in Node.__slots__:
        setattr(made, slot, getattr(node, slot))
    made.inputs = tuple(changed.get(i, i) if type(i) is Node else i for i in node.inputs)
    made.seq = next_seq()
    return made
