"""What a rewrite changed: the nodes that it made and those that it took away, between two graphs side by side."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from adjoint.graph.graph import Graph, constant_key
from adjoint.graph.node import Node


def structures(graph: Graph, known: dict[Hashable, int]) -> dict[Node, int]:
    """What every node computes, as a number that is equal in two graphs for equal computations of equal inputs.

    ``known`` holds the numbers that earlier graphs gave; numbers keep the keys of deep graphs short.
    """
    found: dict[Node, int] = {}
    for position, node in enumerate(graph.inputs):
        found[node] = known.setdefault(("input", position), len(known))
    for node in graph.nodes:
        if node in found:
            continue
        operands = tuple(found[i] for i in node.inputs if type(i) is Node)
        held = constant_key(node.saved[0]) if node.is_leaf and type(node.saved) is tuple else ""
        found[node] = known.setdefault((node.op.name, operands, _settings(node), held), len(known))
    return found


def changes(before: Graph, old: dict[Node, int], after: Graph, new: dict[Node, int]) -> dict[str, list[int]]:
    """The nodes that a rewrite made, by their place in the picture after it, and those that it took away.

    A gate that only reads another value than before is neither: both graphs are followed from their outputs
    down, side by side, for as long as they have the same gates.
    """
    olds, news = set(old.values()), set(new.values())
    kept: set[Node] = set()
    pairs = list(zip(before.outputs, after.outputs, strict=True))
    seen: set[tuple[Node, Node]] = set()
    while pairs:
        pair = one, other = pairs.pop()
        if pair in seen or old[one] == new[other] or not _alike(one, other):
            continue
        seen.add(pair)
        kept.update(pair)
        pairs += [(a, b) for a, b in zip(one.inputs, other.inputs) if type(a) is Node and type(b) is Node]
    return {
        "made": [i for i, n in enumerate(_drawn(after)) if n is not None and new[n] not in olds and n not in kept],
        "gone": [i for i, n in enumerate(_drawn(before)) if n is not None and old[n] not in news and n not in kept],
    }


def _alike(one: Node, other: Node) -> bool:
    """Whether two nodes are the same gate with the same settings, whatever they read."""
    return one.op is other.op and _settings(one) == _settings(other)


def _settings(node: Node) -> Hashable:
    """The parameters of a gate, and which of its operands are constants, and what they are."""
    operands = tuple(None if type(i) is Node else constant_key(i) for i in node.inputs)
    params = tuple((k, constant_key(v)) for k, v in sorted((node.params or {}).items()) if k != "written")
    return operands, params


def _drawn(graph: Graph) -> list[Any]:
    """The nodes as a picture numbers them: inputs, then every other, with its constants before it."""
    given = set(graph.inputs)
    found: list[Any] = sorted(given, key=lambda n: n.seq)
    for node in graph.nodes:
        if node in given:
            continue
        found += [None for i in node.inputs if type(i) is not Node] if not node.is_leaf else []
        found.append(node)
    return found
