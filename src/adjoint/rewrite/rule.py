"""Rule: one identity that a pass may use, with the condition under which it holds; and what rules ask of values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.primitives.record import REGISTRY, Primitive
from adjoint.primitives.structure import ITEM
from adjoint.rewrite.values import token

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


class Table(NamedTuple):
    """The rules of a pass by operation; those of every operation look at constants and at broadcasts only."""

    by_op: Mapping[Primitive, tuple[Rule, ...]]
    general: tuple[Rule, ...]


def table(rules: Iterable[Rule], strict: bool) -> Table:
    """The rules by the operations that they look at; only those that keep every bit where ``strict``."""
    found: dict[Primitive, list[Rule]] = {}
    general = []
    for one in rules:
        if strict and not one.strict:
            continue
        if not one.on:
            general.append(one)
        for name in one.on:
            found.setdefault(ITEM if name == ITEM.name else REGISTRY[name], []).append(one)
    return Table({op: tuple(some) for op, some in found.items()}, tuple(general))


def uses(graph: Graph) -> dict[Node, int]:
    """How often each node is an operand or an output."""
    counts: dict[Node, int] = dict.fromkeys(graph.outputs, 1)
    for node in graph.nodes:
        for i in node.inputs:
            if type(i) is Node:
                counts[i] = counts.get(i, 0) + 1
    return counts


def uses_by(name: str, place: int) -> Callable[[Graph], dict[Node, int]]:
    """A question: how often each node is the operand at one place of an operation."""

    def question(graph: Graph) -> dict[Node, int]:
        counts: dict[Node, int] = {}
        for node in graph.nodes:
            if node.op.name == name and type(node.inputs[place]) is Node:
                counts[node.inputs[place]] = counts.get(node.inputs[place], 0) + 1
        return counts

    return question
