"""In which order the items of a layer stand, so that few wires cross.

The layered method of Sugiyama, Tagawa and Toda (IEEE Trans. SMC 11, 1981): sweep back and
forth, order each layer by the mean position of its neighbours, keep the best order seen. Small
graphs are then polished by exchanging neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import chain, islice
from operator import gt
from typing import NamedTuple

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
    if not fewest:
        return best
    levels = range(len(layers))
    sides = _side(roads, roads.before, roads.before_high), _side(roads, roads.after, roads.after_high)
    place = _places(layers, count)
    for sweep in range(sweeps):
        if not fewest:
            break
        _sweep(layers, place, sides[sweep % 2], reversed(levels) if sweep % 2 else levels)
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


class _Side(NamedTuple):
    """The neighbours of all items on one side, made ready for sweeps.

    An item with one neighbour stands at the neighbour's place and so much below; the others are listed by layer.
    """

    only: list[int]
    lower: list[float]
    others: dict[int, list[int]]
    near: list[list[int]]
    heights: list[list[int]]
    #: Joined to nothing, on either side.
    loose: list[bool]


def _side(roads: Roads, near: list[list[int]], heights: list[list[int]]) -> _Side:
    only = [its[0] if len(its) == 1 else item for item, its in enumerate(near)]
    lower = [its[0] / HIGH if len(its) == 1 else 0.0 for its in heights]
    others: dict[int, list[int]] = {}
    for item, its in enumerate(near):
        if len(its) != 1:
            others.setdefault(roads.layer[item], []).append(item)
    loose = [not before and not after for before, after in zip(roads.before, roads.after)]
    return _Side(only, lower, others, near, heights, loose)


def _places(layers: list[list[int]], count: int) -> list[float]:
    """At which place of its layer every item stands."""
    place = [0.0] * count
    for layer in layers:
        for index, item in enumerate(layer):
            place[item] = float(index)
    return place


def _sweep(layers: list[list[int]], place: list[float], side: _Side, levels: Iterable[int]) -> None:
    """Order each layer by the mean place of its neighbours in the one before; ``place`` follows."""
    only, lower, others, near, heights, loose = side
    for level in levels:
        layer = layers[level]
        for item in others.get(level, ()):
            if near[item]:
                its = near[item]
                place[item] = (sum([place[other] for other in its]) + sum(heights[item]) / HIGH) / len(its)
            elif loose[item]:
                # what is joined to nothing stands below everything else
                place[item] = math.inf
        means = [place[only[item]] + lower[item] for item in layer]
        if any(map(gt, means, islice(means, 1, None))):
            layer[:] = [layer[index] for index in sorted(range(len(layer)), key=means.__getitem__)]
        for index, item in enumerate(layer):
            place[item] = float(index)


def count_crossings(roads: Roads, layers: list[list[int]]) -> int:
    """Count the pairs of wires that cross, in all layers at once."""
    sources, targets, leaves, enters = roads.wires
    if not len(sources):
        return 0
    # one number a place, layer after layer: so pairs of different layers are never inverted
    place = np.zeros(len(roads.layer), dtype=np.int64)
    place[np.fromiter(chain.from_iterable(layers), dtype=np.int64)] = np.arange(len(place))
    starts, ends = place[sources], place[targets]
    if leaves is not None and enters is not None:
        # The ports of one box stand one above the other: both ends count by their heights.
        starts, ends = starts * HIGH + leaves, ends * HIGH + enters
    bits = int(ends.max()).bit_length()
    # both ends in one number: numbers are sorted faster than what they are the order of
    return inversions(np.sort((starts << bits) + ends) & ((1 << bits) - 1))


def inversions(keys: NDArray[np.int64]) -> int:
    """Count the pairs i < j with keys[i] > keys[j], one stable partition for each bit.

    >>> inversions(np.array([2, 0, 1]))
    2
    """
    # what stands after nothing larger and before nothing smaller is in no such pair
    larger, smaller = np.maximum.accumulate(keys), np.minimum.accumulate(keys[::-1])[::-1]
    keys = keys[(larger > keys) | (smaller < keys)]
    if not len(keys):
        return 0
    total, index = 0, np.arange(len(keys))
    for bit in range(int(keys.max()).bit_length() - 1, -1, -1):
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
