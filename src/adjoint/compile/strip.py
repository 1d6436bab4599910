"""The graph as it is computed: without the nodes that only say how gradients and results are handed on."""

from __future__ import annotations

from typing import Any

from adjoint.differentiate.inlined import INLINED
from adjoint.differentiate.once import ONCE
from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.primitives.record import Primitive
from adjoint.primitives.structure import ALIAS, CUT, ITEM


def stripped(graph: Graph, *, differentiated: bool = True) -> Graph:
    """The same inputs and outputs without aliases, cuts and users' rules, and without what no output needs.

    Constants stand in the places where they are used. An output that is nothing but a constant keeps one alias,
    so that it has a node. A graph that is still to be differentiated keeps what says how gradients go.
    """
    dropped = (ALIAS, CUT, ONCE) if differentiated else (ALIAS,)
    stands: dict[Node, Any] = {n: n for n in graph.inputs}
    for node in graph.nodes:
        if node not in stands:
            stands[node] = _now(node, stands, dropped)
    outputs = [_as_node(stands[o], o) for o in graph.outputs]
    needed: set[Node] = set(graph.inputs)
    stack = list(outputs)
    while stack:
        node = stack.pop()
        if node not in needed:
            needed.add(node)
            stack.extend(node.parents)
    values = [v for v in (stands[n] for n in graph.nodes) if type(v) is Node]
    order = dict.fromkeys([*graph.inputs, *(v for v in values if v in needed), *outputs])
    return Graph(graph.inputs, outputs, order)


def _now(node: Node, stands: dict[Node, Any], dropped: tuple[Primitive, ...]) -> Any:
    """What stands for a node: another node, a constant, or a copy with other inputs."""
    if node.is_leaf:
        held = node.saved[0] if node.saved else None
        return node if held is None or type(held) is Spec else held
    inputs = tuple(stands[i] if type(i) is Node else i for i in node.inputs)
    if node.op in dropped:
        return inputs[0]
    if CUT not in dropped:
        return node if _same(inputs, node.inputs) else with_inputs(node, inputs)
    if node.op is ITEM and type(node.inputs[0]) is Node and node.inputs[0].op is INLINED:
        rule = node.inputs[0].params["rule"]  # type: ignore[index]
        source = node.inputs[0].inputs[rule.operands + node.params["index"]]  # type: ignore[index]
        return stands[source] if type(source) is Node else source
    if node.op is INLINED:
        return None
    return node if _same(inputs, node.inputs) else with_inputs(node, inputs)


def _same(some: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    return all(a is b for a, b in zip(some, others, strict=True))


def with_inputs(node: Node, inputs: tuple[Any, ...]) -> Node:
    """A copy of a node that reads other inputs."""
    made = Node()
    for slot in Node.__slots__:
        setattr(made, slot, getattr(node, slot))
    made.inputs = inputs
    return made


def _as_node(value: Any, output: Node) -> Node:
    if type(value) is Node:
        return value
    made = with_inputs(output, (value,))
    made.op, made.params, made.origin = ALIAS, None, None
    return made
