"""Histories and graphs as recordings: what is freed or only defined is run again, node by node, from the leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from adjoint.apply import apply, leaf, make
from adjoint.explain.items import kept_operand
from adjoint.explain.listener import Listener
from adjoint.explain.recording import Recording
from adjoint.functions.program import bound_inputs
from adjoint.graph.graph import Graph, collect
from adjoint.graph.node import FREED, Node
from adjoint.graph.spec import Spec
from adjoint.modes import MODE, Mode
from adjoint.primitives.structure import ITEM
from adjoint.tensor import Tensor


def record_history(tensor: Tensor, title: str | None) -> Recording:
    """The recording behind a tensor: as it was kept, or run again where a backward pass has freed it."""
    root = tensor._node
    if root is None:
        return Recording(title=title or tensor._name or "", constant=tensor._value)
    nodes = collect([root])
    if any(n.saved is FREED for n in nodes):
        return _again(nodes, root, {}, title if title is not None else tensor._name or root.label or "")
    found = Recording(nodes=nodes, root=root, title=title if title is not None else root.label or "")
    found.parameters = [n for n in nodes if n.is_leaf and n.dtype.kind in "fc"]
    found.data = [n for n in nodes if n.is_leaf and n.dtype.kind not in "fc"]
    found.dead = set(found.data)
    found.whole = set(found.data)
    _spread(nodes, found)
    return found


def _spread(nodes: list[Node], found: Recording) -> None:
    """No gradient passes through what is computed from nothing that is differentiated."""
    for node in nodes:
        if not node.is_leaf and (not node.op.differentiable or not any(p not in found.dead for p in node.parents)):
            found.dead.add(node)


def record_graph(graph: Graph, values: Mapping[str, Any], title: str | None) -> Recording:
    """The recording of a graph at values of its inputs, by name; raises ArgumentError for missing and unknown names."""
    graph, given = bound_inputs(graph, values)
    root = graph.outputs[0]
    kept = {node: value._value for node, value in given.items()}
    return _again(list(graph.nodes), root, kept, title if title is not None else root.label or "")


def _again(nodes: list[Node], root: Node, values: Mapping[Node, Any], title: str) -> Recording:
    """Runs a graph again with everything recorded, each new node with the name and the place of its old one."""
    found = Recording(title=title)
    listener = Listener(found.dead, True)
    tensors: dict[Node, Any] = {}
    mode = Mode().but(everything=True, dead=found.dead, listener=listener)
    token = MODE.set(mode)
    try:
        with np.errstate(all="ignore"):
            for node in nodes:
                if node.is_leaf or node in values:
                    tensors[node] = _variable(node, values, found, listener)
                elif node.op is ITEM:
                    tensors[node] = _like(tensors[node.inputs[0]][(node.params or {})["index"]], node)
                else:
                    tensors[node] = _step(node, tensors)
                if tensors[node] is None:
                    del tensors[node]
    finally:
        MODE.reset(token)
    found.values = listener.values
    found.nodes = sorted(listener.values, key=lambda n: n.seq)
    if root in tensors:
        found.root = tensors[root]._node
    else:
        lost = [n for n in nodes if n not in tensors]
        shown = ", ".join(n.label or n.op.name for n in lost[:6])
        found.notes.append(
            f"The history was freed by a backward pass, and {shown} could not be computed again: "
            "explain before backward and before the next update, or keep the graph with backward(retain_graph=True)."
        )
    return found


def _variable(node: Node, values: Mapping[Node, Any], found: Recording, listener: Listener) -> Tensor | None:
    """A leaf again, or None where its values were overwritten."""
    value = values.get(node)
    if value is None:
        if node.saved is FREED:
            return None
        value = node.saved[0]
    fresh = leaf(value, None, node.label)
    differentiated = fresh.dtype.kind in "fc"
    (found.parameters if differentiated else found.data).append(fresh)
    if not differentiated or values:
        found.whole.add(fresh)
    if not differentiated:
        found.dead.add(fresh)
    listener.values[fresh] = value
    return make(value, fresh)


def _step(node: Node, tensors: Mapping[Node, Any]) -> Any:
    """One operation again, or None where an operand was not kept or its rule needs the user's own call."""
    if node.op.lift is not None:
        return None
    operands: list[Any] = []
    for i, given in enumerate(node.inputs):
        if type(given) is Node:
            given = tensors.get(given)
        elif type(given) is Spec:
            given = kept_operand(node, i)
        if given is None:
            return None
        operands.append(given)
    return _like(apply(node.op, tuple(operands), node.params), node)


def _like(result: Any, old: Node) -> Any:
    """The result with the old node's name, place and scope."""
    for one in result if isinstance(result, tuple) else (result,):
        made = one._node
        if made is not None:
            made.name, made.code, made.lasti, made.scope = old.name, old.code, old.lasti, old.scope
    return result
