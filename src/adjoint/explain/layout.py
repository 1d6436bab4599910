"""Where every node stands: grid cells ``[layer, track]``, from left to right.

A view only multiplies the cells by its own sizes. A road that passes a layer keeps a track of
its own there, so that no wire has to run through a node. Nothing here recurses, and the result
depends on nothing but the arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from operator import ge
from typing import NamedTuple

from adjoint.explain.crossing import MIDDLE, order_layers
from adjoint.explain.layering import Adjacency, Bond, Roads, assign_layers

ROAD_BUDGET = 60_000


class Arrangement(NamedTuple):
    """The cell of every node, and for each value with a long road its track in each layer passed.

    ``lanes`` has the roads of nodes that send several values, by node and number of the value.
    """

    cells: list[tuple[int, int]]
    roads: dict[int, list[int]]
    lanes: dict[tuple[int, int], list[int]]


def place(kinds: Sequence[str], edges: Sequence[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """Return the cell ``(layer, track)`` of every node of a graph with edges ``(src, dst, slot)``.

    >>> place(["leaf", "leaf", "op", "op"], [(0, 2, 0), (1, 2, 1), (2, 3, 0), (1, 3, 1)])
    [(0, 0), (0, 1), (1, 0), (2, 0)]
    """
    return arrange(kinds, edges).cells


def arrange(
    kinds: Sequence[str],
    edges: Sequence[tuple[int, int, int]],
    bonds: Sequence[Bond] | None = None,
    *,
    inside: bool = False,
) -> Arrangement:
    """Place the nodes as :func:`place` does, and say which tracks the long roads use.

    ``inside`` of a group the first and the last layer hold nothing but its ports (kinds "in" and "out").
    ``bonds`` says which of its source's values an edge carries, and at which ports, where groups are joined.
    """
    graph = Adjacency(kinds, edges, bonds)
    roads = Roads(graph, assign_layers(graph, inside), ROAD_BUDGET)
    layers = order_layers(roads)
    track = _assign_tracks(roads, layers, [kind == "op" for kind in kinds])
    used = {old: new for new, old in enumerate(sorted(set(track)))}
    cells = [(roads.layer[node], used[track[node]]) for node in range(roads.nodes)]
    passing = {value: [used[track[item]] for item in items] for value, items in sorted(roads.road.items())}
    return Arrangement(cells, {source: road for (source, lane), road in passing.items() if lane == 0}, passing)


def _assign_tracks(roads: Roads, layers: list[list[int]], is_op: list[bool]) -> list[int]:
    """Turn orders into tracks so that chains of operations, then roads, run straight."""
    track = [0] * len(roads.layer)
    for layer in layers:
        for index, item in enumerate(layer):
            track[item] = index
    rank = [2 if op else 0 for op in is_op] + [1] * (len(track) - roads.nodes)
    sides = _Side.of(roads, roads.after, rank), _Side.of(roads, roads.before, rank)
    # the last sweep goes forward: an operation stands beside its inputs rather than near its consumer
    for sweep in range(5 if len(track) < MIDDLE else 3):
        forward = sweep % 2 == 0
        guide, many = sides[forward]
        for level in range(len(layers)) if forward else reversed(range(len(layers))):
            layer = layers[level]
            for crowded in many.get(level, ()):
                near = sorted([track[other] for other in crowded.near])
                # its own track, which is given anew at once, holds what it wishes
                track[crowded.item] = near[(len(near) - 1) // 2]
            wished = [track[guide[item]] for item in layer]
            if any(map(ge, wished, islice(wished, 1, None))):
                _settle(wished, [rank[item] for item in layer])
            for item, at in zip(layer, wished):
                track[item] = at
    return track


class _Crowded(NamedTuple):
    """An item with more than two foremost neighbours, which would like to stand in their middle."""

    item: int
    near: list[int]


class _Side(NamedTuple):
    """Beside which neighbour every item would like to stand (itself: where it is), and who has many, by layer."""

    guide: list[int]
    many: dict[int, list[_Crowded]]

    @classmethod
    def of(cls, roads: Roads, neighbours: list[list[int]], rank: list[int]) -> _Side:
        """Who guides the items is their foremost neighbour, or of two the first."""
        guide = [near[0] if near else item for item, near in enumerate(neighbours)]
        many: dict[int, list[_Crowded]] = {}
        for item, near in enumerate(neighbours):
            if len(near) > 1:
                highest = max([rank[other] for other in near])
                foremost = [other for other in near if rank[other] == highest]
                if len(foremost) <= 2:
                    guide[item] = foremost[0]
                else:
                    guide[item] = item
                    many.setdefault(roads.layer[item], []).append(_Crowded(item, foremost))
        return cls(guide, many)


def _settle(wished: list[int], ranks: list[int]) -> None:
    """Give the foremost items their wish and the others the nearest track that keeps the order.

    Less the tracks that the items above it need at least, an item's track is to be no smaller than theirs.
    """
    spare = [at - index for index, at in enumerate(wished)]
    least, most = min(spare), max(spare)
    for rank in sorted(set(ranks), reverse=True):
        below, limits = most, []
        for its, at in zip(reversed(ranks), reversed(spare)):
            if its > rank:
                below = at
            limits.append(below)
        above = least
        for index, limit in enumerate(reversed(limits)):
            if ranks[index] > rank:
                above = spare[index]
            elif ranks[index] == rank:
                above = spare[index] = max(min(spare[index], limit), above)
    wished[:] = [at + index for index, at in enumerate(spare)]
