"""Saved values as the rules receive them when the walk records, and the error when they are gone."""

from __future__ import annotations

from typing import Any

from adjoint.apply import make, record
from adjoint.errors import FreedError
from adjoint.graph.node import FREED, Node
from adjoint.primitives.structure import ITEM
from adjoint.tensor import Tensor


def recorded_saved(node: Node) -> Any:
    """The saved values of a node as tensors that hang on the forward graph, so that rules record."""
    saved = node.saved
    if saved is FREED:
        raise freed(node)
    op = node.op
    inputs = node.inputs
    if op.lift is not None:
        return op.lift(node)
    if saved is None:
        # Nothing kept: the node was traced (rules get shapes) or its rules need nothing.
        values: list[Any] = [make(i.spec, i) if type(i) is Node and i.dtype is not None else i for i in inputs]
        out: Any = make(node.spec, node) if node.dtype is not None else _outputs(node, node.shape)
        return (tuple(values), out) if op.arity is None else (*values, out)

    def lift(value: Any, parent: Any) -> Any:
        return make(value, parent) if value is not None and type(parent) is Node else value

    out = saved[-1]
    if out is not None:
        out = _outputs(node, out) if node.dtype is None else make(out, node)
    if op.arity is None:
        xs = saved[0]
        return (None if xs is None else tuple(map(lift, xs, inputs)), out)
    return (*map(lift, saved[:-1], inputs), out)


def _outputs(node: Node, values: Any) -> tuple[Tensor, ...]:
    return tuple(make(v, item(node, i, v)) for i, v in enumerate(values))


def item(node: Node, index: int, value: Any) -> Node | None:
    """A node for one output of an operation that has several (None for outputs without derivative)."""
    if value.dtype.kind not in "fc":
        return None
    return record(ITEM, (node,), {"index": index}, value.shape, value.dtype, None)


def freed(node: Node) -> FreedError:
    """The error for a node whose saved values a backward pass has let go."""
    return FreedError(
        f"the values that {node.op.name} saved for its derivative were freed by an earlier backward pass.",
        where=node.describe(),
        help="call backward(retain_graph=True) the first time, or compute the result again.",
    )
