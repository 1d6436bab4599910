"""Parts of a graph that can each be closed to one box: no circle runs through the boxes.

What one call does is consecutive, so its operations always make one part. What only shares a name (the
same scope opened twice) may depend on what stands between: such a set is cut where it must be.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from heapq import heapify, heappop, heappush

Parts = list[list[int]]


def convex_parts(
    operations: Sequence[int], label: Mapping[int, Hashable | None], before: Mapping[int, Sequence[int]]
) -> Parts:
    """Gather operations (in the order of their creation) by their labels; those without one stay alone.

    ``before`` gives the inputs of each operation. The parts come in an order in which each only needs
    earlier ones.

    >>> convex_parts([0, 1, 2], {0: "a", 1: None, 2: "a"}, {0: [], 1: [], 2: [0]})
    [[0, 2], [1]]
    >>> convex_parts([0, 1, 2], {0: "a", 1: None, 2: "a"}, {0: [], 1: [0], 2: [1]})
    [[0], [1], [2]]
    """
    index: dict[Hashable, int] = {}
    parts: Parts = []
    for i in operations:
        name = label[i]
        if name is None:
            parts.append([i])
        elif name in index:
            parts[index[name]].append(i)
        else:
            index[name] = len(parts)
            parts.append([i])
    ordered, left = _sorted(parts, before)
    if left:
        parts = [part for k, part in enumerate(parts) if k not in left] + _runs([parts[k] for k in sorted(left)])
        parts.sort(key=lambda part: part[0])
        ordered, left = _sorted(parts, before)
        assert not left
    return ordered


def _sorted(parts: Parts, before: Mapping[int, Sequence[int]]) -> tuple[Parts, set[int]]:
    """The parts in an order in which each only needs earlier ones, or else the parts that lie on circles."""
    of = {i: k for k, part in enumerate(parts) for i in part}
    needs: list[set[int]] = [set() for _ in parts]
    for i, own in of.items():
        for source in before[i]:
            other = of.get(source, own)
            if other != own:
                needs[own].add(other)
    if all(not needed or max(needed) < k for k, needed in enumerate(needs)):
        return parts, set()
    order = _ordered(needs)
    if len(order) == len(parts):
        return [parts[k] for k in order], set()
    # What only follows the circles is on none of them: it falls off from the other end.
    stuck = set(range(len(parts))) - set(order)
    users: list[set[int]] = [set() for _ in parts]
    for k in stuck:
        for other in needs[k] & stuck:
            users[other].add(k)
    return [], stuck - (set(_ordered(users)) & stuck)


def _ordered(needs: Sequence[set[int]]) -> list[int]:
    """Indices such that each comes after what it needs, the smallest first; those on circles are missing."""
    users: list[list[int]] = [[] for _ in needs]
    for k, needed in enumerate(needs):
        for other in needed:
            users[other].append(k)
    missing = [len(needed) for needed in needs]
    ready = [k for k, count in enumerate(missing) if not count]
    heapify(ready)
    order = []
    while ready:
        k = heappop(ready)
        order.append(k)
        for user in users[k]:
            missing[user] -= 1
            if not missing[user]:
                heappush(ready, user)
    return order


def _runs(parts: Parts) -> Parts:
    """The same operations, each part cut wherever one of another part was created in between."""
    of = {i: k for k, part in enumerate(parts) for i in part}
    runs: Parts = []
    last = -1
    for i in sorted(of):
        if of[i] == last:
            runs[-1].append(i)
        else:
            runs.append([i])
        last = of[i]
    return runs
