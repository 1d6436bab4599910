"""In which order the items of a layer stand, so that few wires cross.

The layered method of Sugiyama, Tagawa and Toda (IEEE Trans. SMC 11, 1981): sweep back and
forth, order each layer by the mean position of its neighbours, keep the best order seen. Small
graphs are then polished by exchanging neighbours.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from adjoint.explain.layering import HIGH, Roads

SMALL = 400
MIDDLE = 4_000


def order_layers(roads: Roads) -> list[list[int]]:
    """Return, for each layer, its items from top to bottom."""
    layers = _first_order(roads)
    count = len(roads.layer)
    sweeps = 24 if count < SMALL else 10 if count < MIDDLE else 4
    best, fewest = [list(layer) for layer in layers], count_crossings(roads, layers)
    for sweep in range(sweeps):
        if not fewest:
            break
        _sweep(roads, layers, forward=sweep % 2 == 0)
        crossings = count_crossings(roads, layers)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    if fewest and count < SMALL:
        _exchange(roads, best)
    return best


def _first_order(roads: Roads) -> list[list[int]]:
    """Walk from the ends back to the leaves, first input first: the order in which a formula is read."""
    layers: list[list[int]] = [[] for _ in range(max(roads.layer, default=-1) + 1)]
    seen = [False] * len(roads.layer)
    stack = [item for item, after in enumerate(roads.after) if not after]
    while stack:
        item = stack.pop()
        if seen[item]:
            continue
        seen[item] = True
        layers[roads.layer[item]].append(item)
        stack.extend(reversed(roads.before[item]))
    return layers


def _sweep(roads: Roads, layers: list[list[int]], *, forward: bool) -> None:
    neighbours, heights = (roads.before, roads.before_high) if forward else (roads.after, roads.after_high)
    place = [0.0] * len(roads.layer)
    for layer in layers if forward else reversed(layers):
        for index, item in enumerate(layer):
            place[item] = float(index)
        means = {}
        for item in layer:
            near = neighbours[item]
            if near:
                means[item] = (sum([place[other] for other in near]) + sum(heights[item]) / HIGH) / len(near)
            else:
                # what is joined to nothing stands below everything else
                means[item] = place[item] if roads.before[item] or roads.after[item] else math.inf
        layer.sort(key=means.__getitem__)
        for index, item in enumerate(layer):
            place[item] = float(index)


def count_crossings(roads: Roads, layers: list[list[int]]) -> int:
    """Count the pairs of wires that cross, in all layers at once."""
    place = np.zeros(len(roads.layer), dtype=np.int64)
    for layer in layers:
        place[layer] = np.arange(len(layer))
    sources = np.array([item for item, after in enumerate(roads.after) for _ in after], dtype=np.int64)
    targets = np.array([other for after in roads.after for other in after], dtype=np.int64)
    if not len(sources):
        return 0
    level = np.array(roads.layer, dtype=np.int64)
    widest = max(len(layer) for layer in layers)
    starts, ends = place[sources], level[targets] * widest + place[targets]
    if not roads.even:
        # The ports of one box stand one above the other: both ends count by their heights.
        starts = starts * HIGH + np.array([high for heights in roads.own_high for high in heights])
        ends = ends * HIGH + np.array([high for heights in roads.after_high for high in heights])
    order = np.lexsort((ends, starts, level[sources]))
    # targets of a later layer are larger, so pairs of different layers are never inverted
    return inversions(ends[order])


def inversions(keys: NDArray[np.int64]) -> int:
    """Count the pairs i < j with keys[i] > keys[j], one stable partition for each bit.

    >>> inversions(np.array([2, 0, 1]))
    2
    """
    total, keys, index = 0, keys.copy(), np.arange(len(keys))
    for bit in range(int(np.max(keys, initial=0)).bit_length() - 1, -1, -1):
        # keys are grouped by their higher bits; within a group every 1 before a 0 is an inversion
        group = keys >> (bit + 1)
        starts = np.flatnonzero(np.concatenate(([True], group[1:] != group[:-1])))
        first = np.repeat(starts, np.diff(np.append(starts, len(keys))))
        ones = (keys >> bit) & 1
        before = np.cumsum(ones) - ones
        before -= before[first]
        total += int(before[ones == 0].sum())
        zeros = np.add.reduceat(1 - ones, starts).repeat(np.diff(np.append(starts, len(keys))))
        moved = np.where(ones == 1, first + zeros + before, index - before)
        keys[moved] = keys.copy()
    return total


def _exchange(roads: Roads, layers: list[list[int]]) -> None:
    """Swap neighbours while that removes a crossing."""
    place = {item: index for layer in layers for index, item in enumerate(layer)}
    for _ in range(8):
        improved = False
        for layer in layers:
            for index in range(len(layer) - 1):
                upper, lower = layer[index], layer[index + 1]
                gain = 0
                for neighbours, heights in ((roads.before, roads.before_high), (roads.after, roads.after_high)):
                    for high, its in zip(neighbours[upper], heights[upper]):
                        first = place[high] * HIGH + its
                        for low, own in zip(neighbours[lower], heights[lower]):
                            second = place[low] * HIGH + own
                            gain += (first > second) - (first < second)
                if gain > 0:
                    layer[index], layer[index + 1] = lower, upper
                    place[upper], place[lower] = index + 1, index
                    improved = True
        if not improved:
            return
