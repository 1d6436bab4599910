"""Which cells the long wires pass: the layout's reserved tracks, or the nearest free ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adjoint.explain.layout import Arrangement, arrange
from adjoint.view.model import Link, Part


def arrange_story(story: Mapping[str, Any], parts: Sequence[Part], links: Sequence[Link]) -> Arrangement:
    """Take the story's own cells where they make a picture; else place the nodes anew.

    Cells inside groups count from the group's corner and cells that are shared or run backwards
    cannot be drawn, so those stories are laid out again, flat.
    """
    computed = arrange([part.kind for part in parts], [(link.src, link.dst, link.slot) for link in links])
    cells = [tuple(node.get("at") or ()) for node in story["nodes"]]
    given = [(cell[0], cell[1]) for cell in cells if len(cell) == 2]
    drawable = (
        len(given) == len(parts)
        and not story.get("groups")
        and len(set(given)) == len(given)
        and all(given[link.src][0] < given[link.dst][0] for link in links)
    )
    if not drawable or given == computed.cells:
        return computed
    return Arrangement(given, free_roads(given, links), {})


def free_roads(cells: Sequence[tuple[int, int]], links: Sequence[Link]) -> dict[int, list[int]]:
    """Find for every long wire a free track in each layer that it passes, as straight as can be."""
    taken = set(cells)
    reach: dict[int, int] = {}
    for link in links:
        reach[link.src] = max(reach.get(link.src, 0), cells[link.dst][0])
    roads: dict[int, list[int]] = {}
    for source in sorted(reach, key=lambda node: (cells[node], node)):
        layer, track = cells[source]
        for passed in range(layer + 1, reach[source]):
            track = _nearest_free(taken, passed, track)
            taken.add((passed, track))
            roads.setdefault(source, []).append(track)
    return roads


def _nearest_free(taken: set[tuple[int, int]], layer: int, track: int) -> int:
    distance = 0
    while True:
        for candidate in (track + distance, track - distance):
            if candidate >= 0 and (layer, candidate) not in taken:
                return candidate
        distance += 1
