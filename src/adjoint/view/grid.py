"""From grid cells to pixels: rows, columns, ports, and the order of wires that run side by side.

Each column has, from left to right, a zone for shapes, one for shelves and fans, and a gap. Wires
change their height only in gaps, where there are no labels; through the zones they run level on
a row of their own. That is why no wire can cut a node or a label.
"""

from __future__ import annotations

from itertools import pairwise

from adjoint.explain.layout import Arrangement
from adjoint.view.measure import (
    BRANCH_HEIGHT,
    DOT,
    FAN_LEAD,
    FAN_STEP,
    FAN_STEP_PLAIN,
    PORT_SPREAD,
    PORT_STEP,
    Size,
    spread,
)
from adjoint.view.model import Reading

ROW_GAP, ROW_PITCH = 14.0, 92.0
LANE_PITCH = 16.0
LEAD_IN = 18.0
Cell = tuple[int, int]


class Grid:
    """Pixel positions for the cells of one picture."""

    def __init__(self, reading: Reading, sizes: list[Size], arrangement: Arrangement) -> None:
        self.reading, self.sizes = reading, sizes
        # circles of the textbook view stand in one column, so there shapes end at the same place
        self.flush = any(len(size.shapes) > 1 for size in sizes)
        tracks = sorted({track for _, track in arrangement.cells}.union(*arrangement.roads.values()))
        row = {track: index for index, track in enumerate(tracks)}
        self.cells: list[Cell] = [(layer, row[track]) for layer, track in arrangement.cells]
        self.roads = {source: [row[track] for track in passed] for source, passed in arrangement.roads.items()}
        self.ways = [self._way(link.src, link.dst) for link in reading.links]
        self.branches = [self._in_order(part.outputs) for part in reading.parts]
        self.offsets = self._lane_offsets()
        self.ports = self._ports()
        self.fans = [self._fan(node) for node in range(len(sizes))]
        self.y = self._rows(len(tracks))
        self._columns()

    def _way(self, source: int, target: int) -> list[Cell]:
        """The cells after the source: those passed on its road, then the target."""
        first, last = self.cells[source][0], self.cells[target][0]
        road = self.roads.get(source, [])
        return [(first + 1 + step, road[step]) for step in range(last - first - 1)] + [self.cells[target]]

    def _in_order(self, edges: list[int]) -> list[int]:
        """Branches from top to bottom such that none crosses another of the same value."""
        links = self.reading.links
        return sorted(edges, key=lambda edge: ([row for _, row in self.ways[edge]], links[edge].slot, edge))

    def _lane_offsets(self) -> list[list[float]]:
        """For each edge its offset from the row in every cell that it passes."""
        offsets: list[list[float]] = [[] for _ in self.ways]
        for edges in self.branches:
            passing = [edge for edge in edges if len(self.ways[edge]) > 1]
            for index, edge in enumerate(passing):
                # the same all along, so that a wire does not sway when its neighbour leaves
                offset = (index - (len(passing) - 1) / 2) * LANE_PITCH
                offsets[edge] = [offset] * (len(self.ways[edge]) - 1)
        return offsets

    def _ports(self) -> list[float]:
        """For each edge the height at which it enters its gate; the wire of the same row goes straight in."""
        ports = [0.0] * len(self.ways)
        for node, part in enumerate(self.reading.parts):
            edges = sorted(part.inputs, key=self._arrival)
            own = self.cells[node][1]
            level = [index for index, edge in enumerate(edges) if self._arrival(edge)[0][0] == own]
            straight = level[0] if len(edges) == 2 and len(level) == 1 else None
            for edge, offset in zip(edges, spread(len(edges), straight, PORT_STEP, PORT_SPREAD), strict=True):
                ports[edge] = offset
        return ports

    def _arrival(self, edge: int) -> tuple[list[int], int, int]:
        link = self.reading.links[edge]
        rows = [self.cells[link.src][1], *(row for _, row in self.ways[edge][:-1])]
        return rows[::-1], self.branches[link.src].index(edge), link.slot

    def _fan(self, node: int) -> list[float]:
        """Heights of the branches behind a dot, relative to the row."""
        edges = self.branches[node]
        if len(edges) < 2:
            return [0.0] * len(edges)
        step = FAN_STEP if self.sizes[node].fan_pill else FAN_STEP_PLAIN
        own = self.cells[node][1]
        level = [index for index, edge in enumerate(edges) if self.ways[edge][0][1] == own]
        return spread(len(edges), level[len(level) // 2] if level else None, step, step)

    def _rows(self, count: int) -> list[float]:
        """The height of every row; rows that hold wires only are low."""
        up, down, holds = [0.0] * count, [0.0] * count, [False] * count
        for node, (_, row) in enumerate(self.cells):
            # a row of nothing but constants needs no more height than they do
            holds[row] |= self.reading.parts[node].kind != "const"
            fan = self.fans[node]
            edge = BRANCH_HEIGHT / 2 + 2
            up[row] = max(up[row], self.sizes[node].up, edge - min(fan) if len(fan) > 1 else 0)
            down[row] = max(down[row], self.sizes[node].down, edge + max(fan) if len(fan) > 1 else 0)
        for edge_index, way in enumerate(self.ways):
            for (_, row), offset in zip(way, self.offsets[edge_index], strict=False):
                up[row] = max(up[row], LANE_PITCH / 2 - offset)
                down[row] = max(down[row], LANE_PITCH / 2 + offset)
        heights = [up[0]] if count else []
        for above, below in pairwise(range(count)):
            pitch = down[above] + up[below] + ROW_GAP
            heights.append(heights[-1] + max(pitch, ROW_PITCH if holds[above] and holds[below] else 0))
        self.bottom = heights[-1] + down[-1] if count else 0.0
        return heights

    def _columns(self) -> None:
        """Left side, end of the shapes, and gap of every column."""
        count = 1 + max((layer for layer, _ in self.cells), default=0)
        self.left = [0.0] * count
        self.shapes_end = [0.0] * count
        self.gap_start = [0.0] * count
        self.gap_end = [0.0] * count
        self.dot_x: dict[int, float] = {}
        members: list[list[int]] = [[] for _ in range(count)]
        for node, (layer, _) in enumerate(self.cells):
            members[layer].append(node)
        rises = self._rises(count)
        x = 0.0
        for layer in range(count):
            self.left[layer] = x
            widest = max((self.sizes[node].width for node in members[layer]), default=0.0)
            self.shapes_end[layer] = x + widest
            ends = [x + widest]
            for node in members[layer]:
                ends.append(self._node_end(node))
            self.gap_start[layer] = max(ends)
            rise = rises[layer]
            bend = 22.0 if rise < 1 else min(max(52.0, 30 + 0.34 * rise), 230.0)
            self.gap_end[layer] = self.gap_start[layer] + bend
            x = self.gap_end[layer] + LEAD_IN
        self.right = max(self.gap_start, default=0.0)

    def shapes_right(self, node: int) -> float:
        """Where the shelf of a node begins; shapes of different width stand about one axis."""
        layer = self.cells[node][0]
        size = self.sizes[node]
        if self.flush:
            return self.shapes_end[layer]
        return (self.left[layer] + self.shapes_end[layer] + size.width) / 2

    def _node_end(self, node: int) -> float:
        """Where the shelf, and after it the root or the fan, of a node ends."""
        size = self.sizes[node]
        end = self.shapes_right(node) + size.shelf
        if size.root:
            return end + size.root.w + 6
        if len(self.branches[node]) > 1:
            self.dot_x[node] = end + DOT
            return self.fan_start(node) + (FAN_LEAD + size.fan_pill + 6 if size.fan_pill else 4)
        return end

    def fan_start(self, node: int) -> float:
        """Where the branches behind a dot have reached their own heights."""
        return self.dot_x[node] + max(30.0, 0.36 * max(abs(offset) for offset in self.fans[node]))

    def _rises(self, count: int) -> list[float]:
        """The largest change of height in every gap."""
        rises = [0.0] * count
        for node, edges in enumerate(self.branches):
            for edge, fan in zip(edges, self.fans[node], strict=True):
                layer, row = self.cells[node]
                height = self.y[row] + fan
                for step, point in enumerate(self.heights(edge)):
                    rises[layer + step] = max(rises[layer + step], abs(point - height))
                    height = point
        return rises

    def heights(self, edge: int) -> list[float]:
        """The height of an edge in every cell of its way, the last one being the port."""
        way, offsets = self.ways[edge], self.offsets[edge]
        passed = [self.y[row] + offset for (_, row), offset in zip(way[:-1], offsets, strict=True)]
        return [*passed, self.y[way[-1][1]] + self.ports[edge]]
