"""Rule: one identity that a pass may use, with the condition under which it holds; and what rules ask of values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.graph.node import Node
from adjoint.primitives.record import REGISTRY, Primitive

#: ``apply(rewriter, node)`` gives the value that stands for the node from now on, or None where it does not match.
Application = Callable[[Any, Node], Any]

#: The condition of a rule that keeps every bit, on every input.
ALWAYS = "always"


@dataclass(frozen=True, eq=False)
class Rule:
    """One rewrite: a name, its identity and condition in words, the operations it looks at, and the function."""

    name: str
    identity: str
    condition: str
    apply: Application
    #: Names of the operations at whose nodes the rule is tried; none: at every node.
    on: tuple[str, ...]
    #: Keeps every bit of the result (NaNs count as equal), so that it also runs in strict mode.
    strict: bool
    #: Makes the result more accurate, or keeps it from overflowing.
    stabilises: bool = False


def rule(
    name: str, identity: str, on: str = "", when: str = ALWAYS, *, strict: bool = False, stabilises: bool = False
) -> Callable[[Application], Rule]:
    """A decorator that makes a Rule of its function; ``on`` holds names of operations with spaces between.

    Without a condition a rule is exact, so it is a strict one as well.
    """
    exact = strict or when == ALWAYS
    return lambda apply: Rule(name, identity, when, apply, tuple(on.split()), exact, stabilises)


def is_op(value: Any, *names: str) -> bool:
    """Whether a value is computed by one of these operations."""
    return type(value) is Node and value.op.name in names


def same(a: Any, b: Any) -> bool:
    """Whether two operands are the same node, or equal constants of the same kind."""
    return a is b or (type(a) is not Node and type(b) is not Node and token(a) == token(b))


def like(value: Any, node: Node) -> bool:
    """Whether an operand has the shape and dtype of a node."""
    return getattr(value, "shape", None) == node.shape and getattr(value, "dtype", None) == node.dtype


def is_float(node: Node) -> bool:
    """Whether a node is real and of floating point."""
    return node.dtype is not None and node.dtype.kind == "f"


def token(value: Any) -> Any:
    """A hashable key, equal for constants and parameters that compute the same: 0.0, -0.0, 0 and False all differ."""
    kind = type(value)
    if kind is Node or value is None or value is Ellipsis or kind is str:
        return value
    if kind is float:
        return (kind, value if value == value and value else repr(value))
    if kind is int or kind is bool:
        return (kind, value)
    if isinstance(value, tuple | list):
        return tuple(map(token, value))
    if isinstance(value, int):
        return (int, int(value))
    if kind is slice:
        return (slice, token(value.start), token(value.stop), token(value.step))
    if isinstance(value, np.generic):
        return (value.dtype.str, value.tobytes())
    if isinstance(value, np.ndarray) and value.nbytes <= 1 << 20:
        return (value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, np.dtype):
        return (np.dtype, value.str)
    if kind is complex:
        return (kind, repr(value))
    return (kind, id(value))


def _pointwise(op: Primitive) -> bool:
    if op.name in {"cut", "alias", "argsort"} or op.several or op.params:
        return False
    return op.family in {"elementwise", "router"} or (op.family == "blocked" and callable(op.emit))


def pointwise(op: Primitive) -> bool:
    """Whether an operation works element by element on operands that broadcast."""
    known = _known.get(op)
    if known is None:
        _known[op] = known = REGISTRY.get(op.name) is op and _pointwise(op)
    return known


_known: dict[Primitive, bool] = {}
