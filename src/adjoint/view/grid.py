"""From grid cells to pixels: rows, columns, ports, and the order of wires that run side by side.

Each column has, from left to right, a zone for shapes, one for shelves and fans, and a gap. Wires
change their height only in gaps, where there are no labels; through the zones they run level on
a row of their own. That is why no wire can cut a node or a label.
"""

from __future__ import annotations

from itertools import pairwise

from adjoint.view.measure import (
    BRANCH_HEIGHT,
    DOT,
    FAN_LEAD,
    FAN_PILLS,
    FAN_STEP,
    FAN_STEP_PLAIN,
    PORT_SPREAD,
    PORT_STEP,
    Size,
    spread,
)
from adjoint.view.model import Reading
from adjoint.view.routing import Framed, Routes

ROW_GAP, ROW_PITCH = 14.0, 92.0
#: What the frame of an open group adds above (with its name) and below.
TAB, PADDING = 26.0, 10.0
LANE_PITCH = 16.0
LEAD_IN = 18.0
Cell = tuple[int, int]


class Grid:
    """Pixel positions for the cells of one picture."""

    def __init__(self, reading: Reading, sizes: list[Size], routes: Routes) -> None:
        self.reading, self.sizes = reading, sizes
        # circles of the textbook view stand in one column, so there shapes end at the same place
        self.flush = any(len(size.shapes) > 1 for size in sizes)
        tracks = sorted({track for cells in (routes.cells, *routes.ways) for _, track in cells})
        row = {track: index for index, track in enumerate(tracks)}
        self.cells: list[Cell] = [(layer, row[track]) for layer, track in routes.cells]
        # The cells after the source of every edge: those that it passes, then the target.
        self.ways: list[list[Cell]] = [[(layer, row[track]) for layer, track in way] for way in routes.ways]
        self.frames = [_in_rows(frame, row) for frame in routes.frames]
        # So many branches of one value run side by side; of a story that is drawn in part more are one trunk.
        self.most = FAN_PILLS if routes.partial else len(reading.links)
        self.branches = [self._in_order(part.outputs) for part in reading.parts]
        self.offsets = self._lane_offsets()
        self.ports = self._ports()
        self.fans = [self._fan(node) for node in range(len(sizes))]
        self.y = self._rows(len(tracks))
        self._columns()

    def _in_order(self, edges: list[int]) -> list[int]:
        """Branches from top to bottom such that none crosses another of the same value."""
        links = self.reading.links
        return sorted(edges, key=lambda edge: ([row for _, row in self.ways[edge]], links[edge].slot, edge))

    def _lane_offsets(self) -> list[list[float]]:
        """For each edge its offset from the row in every cell that it passes; very many run as one trunk."""
        offsets: list[list[float]] = [[] for _ in self.ways]
        for edges in self.branches:
            passing = [edge for edge in edges if len(self.ways[edge]) > 1]
            bundled = len(edges) > self.most
            for index, edge in enumerate(passing):
                # the same all along, so that a wire does not sway when its neighbour leaves
                offset = 0.0 if bundled else (index - (len(passing) - 1) / 2) * LANE_PITCH
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
        if not 2 <= len(edges) <= self.most:
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
        self.content = list(zip(up, down))
        for row in range(count):
            up[row] += TAB * max((self._nested(frame, row, 0) for frame in self.frames), default=0)
            down[row] += PADDING * max((self._nested(frame, row, 1) for frame in self.frames), default=0)
        heights = [up[0]] if count else []
        for above, below in pairwise(range(count)):
            pitch = down[above] + up[below] + ROW_GAP
            heights.append(heights[-1] + max(pitch, ROW_PITCH if holds[above] and holds[below] else 0))
        self.bottom = heights[-1] + down[-1] if count else 0.0
        return heights

    def _nested(self, frame: Framed, row: int, end: int) -> int:
        """How many frames one within the other, from this one inwards, begin (0) or end (1) in a row."""
        if _border(frame, end) != row:
            return 0
        inner = [f for f in self.frames if f is not frame and _border(f, end) == row and _within(f, frame)]
        return 1 + max((self._nested(f, row, end) for f in inner), default=0)

    def frame_box(self, frame: Framed) -> tuple[float, float, float, float]:
        """The sides of the frame of an open group: left, top, right, bottom."""
        first, last = _border(frame, 0), _border(frame, 1)
        top = self.y[first] - self.content[first][0] - TAB * self._nested(frame, first, 0)
        bottom = self.y[last] + self.content[last][1] + PADDING * self._nested(frame, last, 1)
        left, right = self.left[frame.at[0]], self.left[frame.at[0] + frame.size[0] - 1]
        return left - 4, top, right + 4, bottom

    def _columns(self) -> None:
        """Left side, end of the shapes, and gap of every column."""
        last = [layer for layer, _ in self.cells] + [frame.at[0] + frame.size[0] - 1 for frame in self.frames]
        count = 1 + max(last, default=0)
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


def _in_rows(frame: Framed, row: dict[int, int]) -> Framed:
    """The frame with the rows that the picture has: those on which something stands."""
    inside = [index for track, index in row.items() if frame.at[1] <= track < frame.at[1] + frame.size[1]]
    return Framed(frame.name, (frame.at[0], min(inside)), (frame.size[0], max(inside) - min(inside) + 1))


def _border(frame: Framed, end: int) -> int:
    return frame.at[1] if end == 0 else frame.at[1] + frame.size[1] - 1


def _within(inner: Framed, outer: Framed) -> bool:
    return outer.at[0] < inner.at[0] and inner.at[0] + inner.size[0] < outer.at[0] + outer.size[0]
