"""Which layer a node stands in: operations after their inputs, leaves just before their first use.

Layers are the longest path from the leaves, after which an operation moves right where that
makes the wires shorter. A wire costs the layers that it crosses, once for each value and not for
each use, because all uses of a value share one road.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from adjoint.errors import ArgumentError, GraphError

KINDS = frozenset({"leaf", "const", "op"})
SWEEPS = 6


class Adjacency:
    """The inputs (in slot order) and consumers of every node, and a topological order of all."""

    def __init__(self, kinds: Sequence[str], edges: Sequence[tuple[int, int, int]]) -> None:
        count = len(kinds)
        unknown = sorted(set(kinds) - KINDS)
        if unknown:
            raise ArgumentError(f"unknown node kind {unknown[0]!r}.", help="kinds are leaf, const and op.")
        self.inputs: list[list[int]] = [[] for _ in range(count)]
        self.consumers: list[list[int]] = [[] for _ in range(count)]
        for source, target, _slot in sorted(edges, key=lambda edge: (edge[1], edge[2], edge[0])):
            if not (0 <= source < count and 0 <= target < count):
                raise GraphError(f"an edge from {source} to {target}, but there are only {count} nodes.")
            self.inputs[target].append(source)
            self.consumers[source].append(target)
        self.order = self._topological()

    def _topological(self) -> list[int]:
        waiting = [len(inputs) for inputs in self.inputs]
        order = [node for node, missing in enumerate(waiting) if not missing]
        for node in order:
            for target in self.consumers[node]:
                waiting[target] -= 1
                if not waiting[target]:
                    order.append(target)
        if len(order) < len(waiting):
            stuck = next(node for node, missing in enumerate(waiting) if missing > 0)
            raise GraphError(f"the graph has a cycle through node {stuck}.", help="a computation never uses itself.")
        return order


def assign_layers(graph: Adjacency) -> list[int]:
    """Give each node its layer, the first layer being 0.

    >>> assign_layers(Adjacency(["leaf", "leaf", "op", "op"], [(0, 2, 0), (1, 2, 1), (2, 3, 0), (1, 3, 1)]))
    [0, 0, 1, 2]
    """
    layer = [0] * len(graph.inputs)
    for node in graph.order:
        if graph.inputs[node]:
            layer[node] = 1 + max(layer[source] for source in graph.inputs[node])
    for _ in range(SWEEPS):
        if not _pull_right(graph, layer):
            break
    for node in graph.order:
        if not graph.inputs[node]:
            layer[node] = min((layer[target] for target in graph.consumers[node]), default=1) - 1
    lowest = min(layer, default=0)
    return [at - lowest for at in layer]


def _pull_right(graph: Adjacency, layer: list[int]) -> bool:
    """Move operations towards their consumers where no wire grows in exchange; True if any moved."""
    moved = False
    for node in reversed(graph.order):
        if not graph.inputs[node] or not graph.consumers[node]:
            continue
        slack = min(layer[target] for target in graph.consumers[node]) - 1 - layer[node]
        if slack > 0 and _growth(graph, layer, node, slack) <= slack:
            layer[node] += slack
            moved = True
    return moved


def _growth(graph: Adjacency, layer: list[int], node: int, slack: int) -> int:
    """How many layers the roads into ``node`` gain when it moves right by ``slack``."""
    growth = 0
    for source in set(graph.inputs[node]):
        others = [layer[target] for target in graph.consumers[source] if target != node]
        if not others:
            # a leaf that is used nowhere else comes along for nothing
            growth += slack if graph.inputs[source] else 0
            continue
        growth += max(layer[node] + slack - max(*others, layer[node]), 0)
        if not graph.inputs[source]:
            first = min(others)
            growth -= min(layer[node] + slack, first) - min(layer[node], first)
    return growth


class Roads:
    """The layered graph with every long edge cut into steps of one layer.

    Items below ``nodes`` are the nodes themselves, the rest are places where a road passes a
    layer. ``road[source]`` lists the places of one value's road, left to right.
    """

    def __init__(self, graph: Adjacency, layer: Sequence[int], budget: int) -> None:
        self.nodes = len(layer)
        self.layer = list(layer)
        self.before: list[list[int]] = [[] for _ in layer]
        self.after: list[list[int]] = [[] for _ in layer]
        self.road: dict[int, list[int]] = {}
        reach = [max((layer[target] for target in targets), default=0) for targets in graph.consumers]
        long = [node for node, end in enumerate(reach) if end - layer[node] > 1]
        # the shortest roads first: past the budget only the very longest go without a reservation
        for source in sorted(long, key=lambda node: reach[node] - layer[node]):
            budget -= reach[source] - layer[source] - 1
            if budget < 0:
                break
            self._lay(source, reach[source])
        for target, sources in enumerate(graph.inputs):
            for source in sources:
                self._join(source, target)

    def _lay(self, source: int, end: int) -> None:
        first = len(self.layer)
        places = list(range(first, first + end - self.layer[source] - 1))
        self.layer.extend(range(self.layer[source] + 1, end))
        self.before.extend([] for _ in places)
        self.after.extend([] for _ in places)
        self.road[source] = places
        for left, right in pairwise([source, *places]):
            self.after[left].append(right)
            self.before[right].append(left)

    def _join(self, source: int, target: int) -> None:
        gap = self.layer[target] - self.layer[source]
        if gap > 1:
            if source not in self.road:
                return
            source = self.road[source][gap - 2]
        self.after[source].append(target)
        self.before[target].append(source)
