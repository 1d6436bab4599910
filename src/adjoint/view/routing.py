"""Which cells the nodes and the long wires take: those of the story, or the nearest free ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from adjoint.explain.layout import arrange
from adjoint.view.model import Link, Part

Cell = tuple[int, int]


class Framed(NamedTuple):
    """An open group: its name, its corner and its size in cells."""

    name: str
    at: Cell
    size: Cell


class Routes(NamedTuple):
    """The cell of every node, the cells after its source that each edge passes, and the frames of open groups.

    ``partial`` is set where closed groups stand for a part of the story.
    """

    cells: list[Cell]
    ways: list[list[Cell]]
    frames: list[Framed]
    partial: bool = False


def arrange_story(story: Mapping[str, Any], parts: Sequence[Part], links: Sequence[Link]) -> Routes:
    """Take the story's own cells where they make a picture; else place the nodes anew.

    Cells inside groups count from the group's corner and cells that are shared or run backwards
    cannot be drawn, so those stories are laid out again, flat.
    """
    cells = [tuple(node.get("at") or ()) for node in story["nodes"]]
    given = [(cell[0], cell[1]) for cell in cells if len(cell) == 2]
    drawn = story.get("drawn")
    if drawn:
        frames = [Framed(f["name"], (f["at"][0], f["at"][1]), (f["size"][0], f["size"][1])) for f in drawn["frames"]]
        partial = any("detail" in node for node in story["nodes"])
        return Routes(given, [_cells_of(way) for way in drawn["ways"]], frames, partial)
    drawable = (
        len(given) == len(parts)
        and not story.get("groups")
        and len(set(given)) == len(given)
        and all(given[link.src][0] < given[link.dst][0] for link in links)
    )
    roads = _own_roads(story["nodes"], given, links) if drawable else None
    if roads is None:
        computed = arrange([part.kind for part in parts], [(link.src, link.dst, link.slot) for link in links])
        if not drawable or given == computed.cells:
            given, roads = computed.cells, computed.roads
        else:
            roads = free_roads(given, links)
    return Routes(given, [_way(given, roads, link) for link in links], [])


def _cells_of(way: Sequence[Sequence[int]]) -> list[Cell]:
    """The cells after the first of a way that is told by its turns."""
    found = []
    for (x, y), (end, _) in pairwise(way):
        found += [(column, y) for column in range(x, end)]
    return [*found[1:], (way[-1][0], way[-1][1])]


def _way(cells: Sequence[Cell], roads: Mapping[int, Sequence[int]], link: Link) -> list[Cell]:
    first, last = cells[link.src][0], cells[link.dst][0]
    road = roads.get(link.src, ())
    return [(first + 1 + step, road[step]) for step in range(last - first - 1)] + [cells[link.dst]]


def _own_roads(
    nodes: Sequence[Mapping[str, Any]], cells: Sequence[Cell], links: Sequence[Link]
) -> dict[int, list[int]] | None:
    """The roads that the story gives, or None where it gives none or they run through something."""
    taken = set(cells)
    reach: dict[int, int] = {}
    for link in links:
        reach[link.src] = max(reach.get(link.src, 0), cells[link.dst][0])
    roads: dict[int, list[int]] = {}
    for source, end in reach.items():
        layer, track = cells[source]
        road = nodes[source].get("road", ())
        for passed in range(layer + 1, end):
            track = road[min(passed - layer, len(road)) - 1] if road else track
            if (passed, track) in taken:
                return None
            taken.add((passed, track))
            roads.setdefault(source, []).append(track)
    return roads


def free_roads(cells: Sequence[Cell], links: Sequence[Link]) -> dict[int, list[int]]:
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


def _nearest_free(taken: set[Cell], layer: int, track: int) -> int:
    distance = 0
    while True:
        for candidate in (track + distance, track - distance):
            if candidate >= 0 and (layer, candidate) not in taken:
                return candidate
        distance += 1
