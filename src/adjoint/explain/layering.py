"""Which layer a node stands in: operations after their inputs, leaves just before their first use.

Layers are the longest path from the leaves, after which an operation moves right where that
makes the wires shorter. A wire costs the layers that it crosses, once for each value and not for
each use, because all uses of a value share one road.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from adjoint.errors import ArgumentError, GraphError

#: "in" and "out" are the ports of a group: they stand in its first and in its last layer.
KINDS = frozenset({"leaf", "const", "op", "in", "out"})
SWEEPS = 6
#: Ports of one box are told apart in so many steps.
HIGH = 64


class Bond(NamedTuple):
    """What an edge of groups says more than that of nodes.

    The number of the value among those that its source sends, and how high, from 0 to ``HIGH``, the port
    of that value stands in the source, and the port by which it enters the target.
    """

    lane: int = 0
    leaves: int = HIGH // 2
    enters: int = HIGH // 2


class Adjacency:
    """The inputs (in slot order) and consumers of every node, and a topological order of all.

    A closed group may send several values, and takes its own at ports from top to bottom: ``bonds`` says so
    for each edge. ``bound`` holds them beside the inputs.
    """

    def __init__(
        self, kinds: Sequence[str], edges: Sequence[tuple[int, int, int]], bonds: Sequence[Bond] | None = None
    ) -> None:
        count = len(kinds)
        self.kinds = kinds
        unknown = sorted(set(kinds) - KINDS)
        if unknown:
            raise ArgumentError(f"unknown node kind {unknown[0]!r}.", help="kinds are leaf, const, op, in and out.")
        self.inputs: list[list[int]] = [[] for _ in range(count)]
        self.consumers: list[list[int]] = [[] for _ in range(count)]
        self.bound: list[list[Bond]] = [[] for _ in range(count)]
        plain = Bond()
        #: Whether any edge says more than that of a node.
        self.bonded = bonds is not None and any(bond != plain for bond in bonds)
        marked = zip(edges, bonds if bonds is not None else [plain] * len(edges), strict=True)
        for (source, target, _slot), bond in sorted(marked, key=lambda m: (m[0][1], m[0][2], m[0][0], m[1])):
            if not (0 <= source < count and 0 <= target < count):
                raise GraphError(f"an edge from {source} to {target}, but there are only {count} nodes.")
            self.inputs[target].append(source)
            self.bound[target].append(bond)
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


def assign_layers(graph: Adjacency, inside: bool = False) -> list[int]:
    """Give each node its layer, the first layer being 0; ``inside`` of a group it is kept for the ports.

    >>> assign_layers(Adjacency(["leaf", "leaf", "op", "op"], [(0, 2, 0), (1, 2, 1), (2, 3, 0), (1, 3, 1)]))
    [0, 0, 1, 2]
    """
    first = 1 if inside else 0
    layer = [0 if kind == "in" else first for kind in graph.kinds]
    for node in graph.order:
        if graph.inputs[node]:
            layer[node] = 1 + max(layer[source] for source in graph.inputs[node])
    if inside:
        last = max([first, *(at + (kind != "out") for at, kind in zip(layer, graph.kinds, strict=True))])
        layer = [last if kind == "out" else at for at, kind in zip(layer, graph.kinds, strict=True)]
    for _ in range(SWEEPS):
        if not _pull_right(graph, layer):
            break
    for node in graph.order:
        if not graph.inputs[node] and graph.kinds[node] != "in":
            layer[node] = min((layer[target] for target in graph.consumers[node]), default=first + 1) - 1
    if inside:
        return layer
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
            growth += 0 if _follows(graph, source) else slack
            continue
        growth += max(layer[node] + slack - max(*others, layer[node]), 0)
        if _follows(graph, source):
            first = min(others)
            growth -= min(layer[node] + slack, first) - min(layer[node], first)
    return growth


def _follows(graph: Adjacency, node: int) -> bool:
    """Whether a node stands just before its first use, wherever that is: a leaf does, a port does not."""
    return not graph.inputs[node] and graph.kinds[node] != "in"


class Wires(NamedTuple):
    """From where and to where the steps of all wires run; the heights only where they differ."""

    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    leaves: NDArray[np.int64] | None
    enters: NDArray[np.int64] | None


class Roads:
    """The layered graph with every long edge cut into steps of one layer.

    Items below ``nodes`` are the nodes themselves, the rest are places where a road passes a
    layer. ``road[source, lane]`` lists the places of one value's road, left to right. Beside the
    neighbours of an item stands at which height of theirs they are joined.
    """

    def __init__(self, graph: Adjacency, layer: Sequence[int], budget: int) -> None:
        self.nodes = len(layer)
        self.layer = list(layer)
        self.before: list[list[int]] = [[] for _ in layer]
        self.after: list[list[int]] = [[] for _ in layer]
        self.before_high: list[list[int]] = [[] for _ in layer]
        self.after_high: list[list[int]] = [[] for _ in layer]
        #: Beside what comes after an item: at which height of its own they are joined.
        self.own_high: list[list[int]] = [[] for _ in layer]
        self.even = not graph.bonded
        self.road: dict[tuple[int, int], list[int]] = {}
        stops: dict[tuple[int, int], set[int]] = {}
        leaves: dict[tuple[int, int], int] = {}
        for target, sources in enumerate(graph.inputs):
            for source, bond in zip(sources, graph.bound[target]):
                if layer[target] - layer[source] > 1:
                    value = source, bond.lane
                    stops.setdefault(value, set()).add(layer[target])
                    leaves[value] = bond.leaves
        reach = {value: max(layers) for value, layers in stops.items()}
        # the shortest roads first: past the budget only the very longest go without a reservation
        for value in sorted(reach, key=lambda value: (reach[value] - layer[value[0]], value)):
            budget -= reach[value] - layer[value[0]] - 1
            if budget < 0:
                break
            self._lay(value, stops[value], leaves[value])
        for target, sources in enumerate(graph.inputs):
            for source, bond in zip(sources, graph.bound[target]):
                self._join(source, target, bond)

    def _lay(self, value: tuple[int, int], stops: set[int], leaves: int) -> None:
        source, end = value[0], max(stops)
        first, start = len(self.layer), self.layer[source] + 1
        self.road[value] = places = list(range(first, first + end - start))
        self.layer.extend(range(start, end))
        # Most places have one neighbour on each side: their lists are shared, but where the road is joined.
        alone, middle = [[place] for place in places], [HIGH // 2]
        self.before += [[source], *alone[:-1]]
        self.before_high += [[leaves], *[middle] * (len(places) - 1)]
        self.after += [*alone[1:], []]
        self.after_high += [*[middle] * (len(places) - 1), []]
        self.own_high += [*[middle] * (len(places) - 1), []]
        for stop in stops:
            place = first + stop - 1 - start
            for lists in (self.after, self.after_high, self.own_high):
                lists[place] = lists[place].copy()
        self.after[source].append(first)
        self.after_high[source].append(HIGH // 2)
        self.own_high[source].append(leaves)

    def _join(self, source: int, target: int, bond: Bond) -> None:
        gap = self.layer[target] - self.layer[source]
        left, leaves = source, bond.leaves
        if gap > 1:
            if (source, bond.lane) not in self.road:
                return
            left, leaves = self.road[source, bond.lane][gap - 2], HIGH // 2
        self.after[left].append(target)
        self.after_high[left].append(bond.enters)
        self.own_high[left].append(leaves)
        self.before[target].append(left)
        self.before_high[target].append(leaves)

    @cached_property
    def wires(self) -> Wires:
        """Every step of every wire, for counting."""
        counts = [len(after) for after in self.after]
        sources = np.repeat(np.arange(len(counts)), counts)
        targets = _flat(self.after)
        if self.even:
            return Wires(sources, targets, None, None)
        return Wires(sources, targets, _flat(self.own_high), _flat(self.after_high))


def _flat(lists: list[list[int]]) -> NDArray[np.int64]:
    return np.fromiter(chain.from_iterable(lists), dtype=np.int64)
