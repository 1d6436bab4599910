"""Where every node stands: grid cells ``[layer, track]``, from left to right.

A view only multiplies the cells by its own sizes. A road that passes a layer keeps a track of
its own there, so that no wire has to run through a node. Nothing here recurses, and the result
depends on nothing but the arguments.
"""

from __future__ import annotations

from bisect import bisect, insort
from collections.abc import Sequence
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
    rank = [2 if item < roads.nodes and is_op[item] else 1 if item >= roads.nodes else 0 for item in range(len(track))]
    # the last sweep goes forward: an operation stands beside its inputs rather than near its consumer
    for sweep in range(5 if len(track) < MIDDLE else 3):
        forward = sweep % 2 == 0
        neighbours = roads.before if forward else roads.after
        for layer in layers if forward else reversed(layers):
            wished = {item: _wish(track, rank, neighbours[item], track[item]) for item in layer}
            _settle(track, layer, wished, rank)
    return track


def _wish(track: list[int], rank: list[int], near: list[int], current: int) -> int:
    """The track on which an item would like to be: that of its foremost neighbour, or the middle of many."""
    if not near:
        return current
    highest = max([rank[item] for item in near])
    tracks = [track[item] for item in near if rank[item] == highest]
    return tracks[0] if len(tracks) <= 2 else sorted(tracks)[(len(tracks) - 1) // 2]


def _settle(track: list[int], layer: list[int], wished: dict[int, int], rank: list[int]) -> None:
    """Give the foremost items their wish and the others the nearest track that keeps the order."""
    placed: list[int] = []
    for index in sorted(range(len(layer)), key=lambda index: (-rank[layer[index]], index)):
        item = layer[index]
        spot = bisect(placed, index)
        at = wished[item]
        if spot < len(placed):
            below = placed[spot]
            at = min(at, track[layer[below]] - (below - index))
        if spot:
            above = placed[spot - 1]
            at = max(at, track[layer[above]] + (index - above))
        track[item] = at
        insort(placed, index)
