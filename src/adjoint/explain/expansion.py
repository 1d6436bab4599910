"""Where everything stands once some groups are open: the reference for every view, ported to the page line by line.

Each group has a grid of its own and stands in one cell of its parent's grid. Opening it swaps that cell
for the block of its grid: later columns and rows move on, as when columns are inserted in a sheet, and
nothing changes its order. Other items of the same column stay in the first of its new columns, and wires
run straight through the added ones on their own row. So there is nothing to lay out in a view, and no
two items can meet.

Items are named ``n3`` (a node) and ``g1`` (a closed group). The columns of a wire's way are consecutive:
``(x, y)`` says that from column ``x`` on it runs on row ``y``; the last pair is the cell of its target.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

#: The grid of what stands in no group.
TOP = -1


class Wire(NamedTuple):
    """What runs from one visible item to another: the edges of the document that it stands for, and its way."""

    src: str
    dst: str
    edges: list[int]
    way: list[tuple[int, int]]


class Expansion(NamedTuple):
    """Absolute cells: of visible nodes and closed groups, of open groups as (x, y, columns, rows), and the wires."""

    size: tuple[int, int]
    cells: dict[str, tuple[int, int]]
    frames: dict[int, tuple[int, int, int, int]]
    wires: list[Wire]


class _Grid:
    """A visible grid: its corner, and where each of its columns and rows begins, counted from there."""

    def __init__(self, columns: int, rows: int) -> None:
        self.wide, self.high = [1] * columns, [1] * rows
        self.x, self.y = 0, 0

    def settle(self) -> tuple[int, int]:
        """Adds up the widths and heights; returns the size of the whole."""
        self.columns, self.rows = list(accumulate(self.wide, initial=0)), list(accumulate(self.high, initial=0))
        return self.columns[-1], self.rows[-1]

    def at(self, cell: Sequence[int]) -> tuple[int, int]:
        """The absolute cell of one of its own."""
        return self.x + self.columns[cell[0]], self.y + self.rows[cell[1]]


def expand(document: Mapping[str, Any], opened: Collection[int]) -> Expansion:
    """Return where everything that can be seen stands when these groups are open.

    A group inside a closed one is not seen, open or not. Wires between the same two items are one wire
    where either is a closed group.
    """
    nodes, groups = document["nodes"], document["groups"]
    # The outermost closed group that hides what stands in a grid; TOP where nothing does.
    hidden = {TOP: TOP}
    for group in groups:  # parents come before their children
        outer = hidden[group.get("parent", TOP)]
        hidden[group["id"]] = outer if outer != TOP else TOP if group["id"] in opened else group["id"]
    seen = [g for g in groups if hidden[g["id"]] == TOP]
    grids = {g["id"]: _Grid(*g["size"]) for g in seen}
    grids[TOP] = _Grid(*_size_of_top(nodes, groups))
    for group in reversed(seen):
        columns, rows = grids[group["id"]].settle()
        around, (layer, track) = grids[group.get("parent", TOP)], group["at"]
        around.wide[layer] = max(around.wide[layer], columns)
        around.high[track] = max(around.high[track], rows)
    size = grids[TOP].settle()
    frames: dict[int, tuple[int, int, int, int]] = {}
    for group in seen:
        grid = grids[group["id"]]
        grid.x, grid.y = grids[group.get("parent", TOP)].at(group["at"])
        frames[group["id"]] = (grid.x, grid.y, grid.columns[-1], grid.rows[-1])
    cells: dict[str, tuple[int, int]] = {}
    for group in groups:
        if hidden[group["id"]] == group["id"]:
            cells[f"g{group['id']}"] = grids[group.get("parent", TOP)].at(group["at"])
    for node in nodes:
        if hidden[node.get("group", TOP)] == TOP:
            cells[f"n{node['id']}"] = grids[node.get("group", TOP)].at(node["at"])
    return Expansion(size, cells, frames, _wires(document, hidden, grids))


def _size_of_top(nodes: Sequence[Mapping[str, Any]], groups: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Columns and rows of the outermost grid, rows that only wires pass included."""
    columns, rows = 1, 1
    for item in (*(n for n in nodes if "group" not in n), *(g for g in groups if "parent" not in g)):
        columns = max(columns, item["at"][0] + 1)
        rows = max(rows, item["at"][1] + 1)
        for value in (item, *item.get("outs", ())):
            rows = max(rows, *(track + 1 for track in value.get("road", (0,))))
    return columns, rows


def _wires(document: Mapping[str, Any], hidden: Mapping[int, int], grids: Mapping[int, _Grid]) -> list[Wire]:
    """The wires that can be seen, in the order of the first edge of each."""
    nodes, groups = document["nodes"], document["groups"]
    wires: list[Wire] = []
    known: dict[tuple[str, str], Wire] = {}
    for edge in document["edges"]:
        ends = []
        for node in (edge["src"], edge["dst"]):
            inner = nodes[node].get("group", TOP)
            ends.append(f"n{node}" if hidden[inner] == TOP else f"g{hidden[inner]}")
        src, dst = ends
        merged = src[0] == "g" or dst[0] == "g"
        if src == dst:
            continue
        if merged and (src, dst) in known:
            known[src, dst].edges.append(edge["id"])
            continue
        wire = Wire(src, dst, [edge["id"]], _way(nodes, groups, grids, edge["src"], src, dst))
        known[src, dst] = wire
        wires.append(wire)
    return wires


def _item(nodes: Any, groups: Any, name: str) -> tuple[Mapping[str, Any], int]:
    """A visible item and the grid that it stands in."""
    index = int(name[1:])
    if name[0] == "n":
        return nodes[index], nodes[index].get("group", TOP)
    return groups[index], groups[index].get("parent", TOP)


def _around(groups: Any, grid: int) -> list[int]:
    """A grid and all around it, the innermost first."""
    found = [grid]
    while grid != TOP:
        grid = groups[grid].get("parent", TOP)
        found.append(grid)
    return found


def _way(nodes: Any, groups: Any, grids: Mapping[int, _Grid], value: int, src: str, dst: str) -> list[tuple[int, int]]:
    """The way of one wire: out of the open groups around its source, then into those around its target."""
    start, first = _item(nodes, groups, src)
    end, last = _item(nodes, groups, dst)
    out, into = _around(groups, first), _around(groups, last)
    while len(out) > 1 and len(into) > 1 and out[-2] == into[-2]:
        out.pop()
        into.pop()
    way = [grids[first].at(start["at"])]
    (layer, track), road = start["at"], _road_of(start, value)
    for grid in out[:-1]:
        port = _port(groups[grid]["outs"], value)
        _pass(way, grids[grid], layer, track, road, port["at"][0])
        _turn(way, grids[grid].at(port["at"]))
        (layer, track), road = groups[grid]["at"], port.get("road")
    for grid, inner in zip(into[:0:-1], into[-2::-1], strict=True):
        port = _port(groups[inner]["ins"], value)
        _pass(way, grids[grid], layer, track, road, groups[inner]["at"][0])
        _turn(way, grids[inner].at(port["at"]))
        (layer, track), road = port["at"], port.get("road")
    target = grids[last].at(end["at"])
    _pass(way, grids[last], layer, track, road, end["at"][0])
    _turn(way, target)
    if way[-1] != target:
        way.append(target)
    return way


def _port(ports: Sequence[Mapping[str, Any]], value: int) -> Mapping[str, Any]:
    return next(port for port in ports if port["src"] == value)


def _road_of(item: Mapping[str, Any], value: int) -> Sequence[int] | None:
    """The tracks that a value passes after a node, or after the closed group that it comes from."""
    return (_port(item["outs"], value) if "outs" in item else item).get("road")


def _pass(
    way: list[tuple[int, int]], grid: _Grid, layer: int, track: int, road: Sequence[int] | None, end: int
) -> None:
    """Goes through the layers of a grid that lie between a layer and the layer ``end``, on the tracks of a road."""
    for step in range(end - layer - 1):
        # A road that ends goes on straight; what has none stays on its own track.
        track = road[min(step, len(road) - 1)] if road else track
        _turn(way, grid.at((layer + 1 + step, track)))


def _turn(way: list[tuple[int, int]], cell: tuple[int, int]) -> None:
    """Adds a cell to a way where it changes the row."""
    if way[-1][1] != cell[1]:
        way.append(cell)
