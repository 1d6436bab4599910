"""The grid of every group: its ports, its members, the roads of its wires, and the mark of its structure.

A value that a group takes from outside enters by a port in column 0; one that is used outside leaves by a
port in the last column. A wire from one group into another is cut at the ports into pieces, each inside
of one grid, and each grid is laid out by itself. Grids of the same shape are laid out once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from adjoint.explain.grouping import LARGE, Box, Groups
from adjoint.explain.items import Item
from adjoint.explain.layering import HIGH, Bond
from adjoint.explain.layout import Arrangement, arrange
from adjoint.graph.text import constant_text

#: What stands in a grid: "in" and "out" are ports (with the node whose value passes), "n" a node, "g" a group.
Member = tuple[str, int]
#: No more than so many items are seen at first: what a window of 1440 x 900 shows with room to read it.
OVERVIEW = 24
#: So many modules, and nothing beside them, are the layers of a network.
LAYERS = 3
#: What of an operation's parameters tells two structures apart.
_PLAIN = (type(None), bool, int, float, complex, str, tuple, slice)


@dataclass(eq=False, slots=True)
class Grid:
    """One grid: who stands in it, which wires run from whom to whom, and, once laid out, where."""

    members: list[Member] = field(default_factory=list)
    #: From whom, to whom, into which slot, and the node whose value it is.
    wires: dict[tuple[Member, Member, int, int], None] = field(default_factory=dict)
    cells: dict[Member, tuple[int, int]] = field(default_factory=dict)
    #: The roads of values, by whom they come from in this grid and the node whose value it is.
    roads: dict[tuple[Member, int], list[int]] = field(default_factory=dict)
    size: tuple[int, int] = (1, 1)
    mark: str = ""

    def ports(self, side: str) -> list[int]:
        """The nodes whose values enter ("in") or leave ("out")."""
        return [node for kind, node in self.members if kind == side]


class Grids:
    """The grids of all groups and of what stands in none."""

    def __init__(self, groups: Groups) -> None:
        self.groups, self.board = groups, groups.board
        self.of: dict[Box, Grid] = {box: Grid() for box in (groups.top, *groups.boxes)}
        self._run_wires()
        known: dict[Any, Arrangement] = {}
        self._marks: dict[Any, str] = {}
        for box in (*reversed(groups.boxes), groups.top):
            self._lay_out(box, known)

    def _run_wires(self) -> None:
        """Cuts every edge at the groups that it enters and leaves."""
        of, top = self.groups.of, self.groups.top
        chains = {box: list(box.around()) for box in self.of}
        passing: dict[Box, dict[Member, None]] = {box: {} for box in self.of}
        for edge in self.board.edges:
            src, dst = of[edge.src], of[edge.dst]
            start: Member = ("n", edge.src)
            end: Member = ("n", edge.dst)
            if src is dst:
                self.of[src].wires[start, end, edge.slot, edge.src] = None
                continue
            inside = set(chains[dst])
            box = src
            while box not in inside:
                port = ("out", edge.src)
                passing[box][port] = None
                self.of[box].wires[start, port, 0, edge.src] = None
                start = ("g", box.id)
                box = box.outer or top
            entered = chains[dst][: chains[dst].index(box)]
            for inner in reversed(entered):
                self.of[box].wires[start, ("g", inner.id), 0, edge.src] = None
                start = ("in", edge.src)
                passing[inner][start] = None
                box = inner
            self.of[box].wires[start, end, edge.slot, edge.src] = None
        root = self.board.root
        if root is not None:
            start = ("n", root.id)
            for box in chains[of[root.id]][:-1]:
                # The result leaves every group around it, so that a closed one shows it.
                port = ("out", root.id)
                passing[box][port] = None
                self.of[box].wires[start, port, 0, root.id] = None
                start = ("g", box.id)
        for box, grid in self.of.items():
            ports = list(passing[box])
            grid.members = [p for p in ports if p[0] == "in"]
            grid.members += [("n", i) for i in box.items] + [("g", b.id) for b in box.inner]
            grid.members += sorted(p for p in ports if p[0] == "out")

    def _lay_out(self, box: Box, known: dict[Any, Arrangement]) -> None:
        grid = self.of[box]
        number = {member: k for k, member in enumerate(grid.members)}
        items = self.board.items
        kinds = tuple(
            kind if kind in ("in", "out") else "op" if kind == "g" else items[i].kind for kind, i in grid.members
        )
        # A group sends several values: the first that is used has lane 0.
        lane: dict[tuple[Member, int], int] = {}
        sent: dict[Member, int] = {}
        for start, _, _, value in grid.wires:
            if (start, value) not in lane:
                lane[start, value] = sent.get(start, 0)
                sent[start] = lane[start, value] + 1
        wires = tuple(
            (number[a], number[b], slot if b[0] != "g" else self._height(b, "in", value))
            for a, b, slot, value in grid.wires
        )
        bonds = tuple(
            Bond(lane[a, value], self._height(a, "out", value), self._height(b, "in", value))
            for a, b, _, value in grid.wires
        )
        shape = (kinds, wires, bonds, box is self.groups.top)
        found = known.get(shape)
        if found is None:
            found = known[shape] = arrange(kinds, wires, bonds, inside=box is not self.groups.top)
        grid.cells = dict(zip(grid.members, found.cells, strict=True))
        for (start, value), k in lane.items():
            road = _shortened(found.lanes.get((number[start], k), []), grid.cells[start][1])
            if road:
                grid.roads[start, value] = road
        columns = 1 + max((layer for layer, _ in found.cells), default=0)
        tracks = [track for _, track in found.cells] + [t for road in found.lanes.values() for t in road]
        grid.size = (columns, 1 + max(tracks, default=0))
        names = tuple(self._name(member) for member in grid.members)
        grid.mark = self._marks.get((names, wires), "")
        if not grid.mark:
            grid.mark = hashlib.blake2s(repr((names, wires)).encode(), digest_size=6).hexdigest()
            self._marks[names, wires] = grid.mark

    def _height(self, member: Member, side: str, value: int) -> int:
        """How high in a group the port of a value stands: the wires around are to cross as little as those inside."""
        if member[0] != "g":
            return HIGH // 2
        inner = self.of[self.groups.boxes[member[1]]]
        return (2 * inner.cells[side, value][1] + 1) * HIGH // (2 * inner.size[1])

    def _name(self, member: Member) -> str:
        """What a member is, whoever it is: its operation and parameters, or the structure of its group."""
        kind, i = member
        if kind == "g":
            return "g" + self.of[self.groups.boxes[i]].mark
        return _said(self.board.items[i]) if kind == "n" else kind


def _said(item: Item) -> str:
    if item.op is None:
        return item.kind
    plain = [f"{k}={constant_text(v)}" for k, v in sorted(item.params.items()) if type(v) in _PLAIN]
    return f"{item.op.name}({', '.join(plain)})"


def written_groups(grids: Grids) -> list[dict[str, Any]]:
    """The groups as the story's document has them."""
    found = []
    opened = opened_at_first(grids.groups)
    for box in grids.groups.boxes:
        grid = grids.of[box]
        outer = grids.of[box.outer or grids.groups.top]
        one: dict[str, Any] = {"id": box.id, "name": box.name, "kind": box.kind}
        if box.outer is not None and box.outer is not grids.groups.top:
            one["parent"] = box.outer.id
        one["at"] = list(outer.cells["g", box.id])
        one |= {"size": list(grid.size), "open": box.id in opened, "mark": grid.mark, "count": box.count}
        one["ins"] = [_port(grid.cells["in", v], v, grid.roads.get((("in", v), v))) for v in grid.ports("in")]
        # A value leaves by its port, and goes on in the parent's grid.
        one["outs"] = [_port(grid.cells["out", v], v, outer.roads.get((("g", box.id), v))) for v in grid.ports("out")]
        found.append(one)
    return found


def _port(cell: tuple[int, int], value: int, road: list[int] | None) -> dict[str, Any]:
    return {"src": value, "at": list(cell)} | ({"road": road} if road else {})


def _shortened(road: list[int], track: int) -> list[int]:
    """A road without its straight end: what has no more tracks goes on as it went."""
    while road and road[-1] == (road[-2] if len(road) > 1 else track):
        road = road[:-1]
    return road


def opened_at_first(groups: Groups) -> set[int]:
    """The groups that a reader finds open: level by level, as long as one look takes in what is seen.

    A computation that is nothing but modules is told by its modules first.
    """
    opened: set[int] = set()
    if len(groups.board.items) > LARGE or _is_layered(groups):
        return opened
    level = list(groups.top.inner)
    seen = len(groups.top.items) + len(level)
    while level:
        seen += sum(len(box.items) + len(box.inner) - 1 for box in level)
        if seen > OVERVIEW:
            break
        opened |= {box.id for box in level}
        level = [inner for box in level for inner in box.inner]
    return opened


def _is_layered(groups: Groups) -> bool:
    """Whether all operations stand in modules, three of them or more."""
    loose = any(groups.board.items[i].kind == "op" for i in groups.top.items)
    return not loose and len(groups.top.inner) >= LAYERS and all(box.kind == "module" for box in groups.top.inner)
