"""Wires as chains of cubics: lines, bends, parallel lanes, samples."""

from __future__ import annotations

import math
from collections.abc import Iterator

Point = tuple[float, float]
Cubic = tuple[Point, Point, Point, Point]
Path = list[Cubic]


def line(x0: float, x1: float, y: float) -> Cubic:
    """A level line from left to right (or from right to left)."""
    third = (x1 - x0) / 3
    return ((x0, y), (x0 + third, y), (x1 - third, y), (x1, y))


def bend(x0: float, y0: float, x1: float, y1: float) -> Cubic:
    """An S-shaped curve that leaves and arrives level."""
    half = (x1 - x0) * 0.5
    return ((x0, y0), (x0 + half, y0), (x1 - half, y1), (x1, y1))


class Pen:
    """Draws a wire from left to right, merging level pieces.

    >>> pen = Pen(0, 10); pen.level(20); pen.level(50); pen.to(90, 10); len(pen.path)
    1
    """

    def __init__(self, x: float, y: float) -> None:
        self.x, self.y, self.path = x, y, list[Cubic]()
        self._straight = False

    def level(self, x: float) -> None:
        """Go on level as far as ``x``."""
        if x <= self.x:
            return
        start = self.x
        if self._straight:
            start = self.path.pop()[0][0]
        self.path.append(line(start, x, self.y))
        self.x, self._straight = x, True

    def to(self, x: float, y: float) -> None:
        """Bend to a point, or go on level when it has the same height."""
        if abs(y - self.y) < 0.01:
            self.level(x)
            return
        self.path.append(bend(self.x, self.y, x, y))
        self.x, self.y, self._straight = x, y, False


def at(cubic: Cubic, t: float) -> Point:
    """The point of a cubic at parameter ``t``."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = cubic
    s = 1 - t
    a, b, c, d = s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t
    return (a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3)


def direction(cubic: Cubic, t: float) -> Point:
    """The derivative of a cubic at parameter ``t``."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = cubic
    s = 1 - t
    a, b, c = 3 * s * s, 6 * s * t, 3 * t * t
    return (a * (x1 - x0) + b * (x2 - x1) + c * (x3 - x2), a * (y1 - y0) + b * (y2 - y1) + c * (y3 - y2))


def sample(path: Path, step: float = 4.0) -> Iterator[Point]:
    """Points along a path, about ``step`` pixels apart."""
    for cubic in path:
        count = max(2, math.ceil(math.dist(cubic[0], cubic[3]) / step))
        for index in range(count + 1):
            yield at(cubic, index / count)


def parallel(path: Path, distance: float) -> Path:
    """The lane ``distance`` pixels to the right of the way (below it, when going right)."""
    lane: Path = []
    for cubic in path:
        pieces = 1 if cubic[0][1] == cubic[3][1] else 4
        for index in range(pieces):
            lane.append(_shifted(cubic, index / pieces, (index + 1) / pieces, distance))
    return lane


def _shifted(cubic: Cubic, t0: float, t1: float, distance: float) -> Cubic:
    """One short piece of the parallel curve, by matching end points and end directions."""
    (ax, ay), (bx, by) = at(cubic, t0), at(cubic, t1)
    (ux, uy), (vx, vy) = direction(cubic, t0), direction(cubic, t1)
    lu, lv = math.hypot(ux, uy) or 1.0, math.hypot(vx, vy) or 1.0
    sx, sy = ax - uy / lu * distance, ay + ux / lu * distance
    ex, ey = bx - vy / lv * distance, by + vx / lv * distance
    chord, shifted = math.hypot(bx - ax, by - ay) or 1.0, math.hypot(ex - sx, ey - sy)
    grow = shifted / chord * (t1 - t0) / 3
    return ((sx, sy), (sx + ux * grow, sy + uy * grow), (ex - vx * grow, ey - vy * grow), (ex, ey))


def trim(path: Path, start: float, end: float) -> Path:
    """Cut level lines at both ends shorter, which is where the arrowheads stand."""
    trimmed = list(path)
    if trimmed and start:
        (x0, y0), _, _, (x1, y1) = trimmed[0]
        if y0 == y1:
            trimmed[0] = line(min(x0 + start, x1), x1, y0)
    if trimmed and end:
        (x0, y0), _, _, (x1, y1) = trimmed[-1]
        if y0 == y1:
            trimmed[-1] = line(x0, max(x1 - end, x0), y0)
    return trimmed


def path_data(path: Path) -> str:
    """The ``d`` attribute of a path, with lines where nothing bends."""
    if not path:
        return ""
    out = [f"M{short(path[0][0][0])} {short(path[0][0][1])}"]
    for (_, y0), (x1, y1), (x2, y2), (x3, y3) in path:
        if y0 == y1 == y2 == y3:
            out.append(f"H{short(x3)}")
        else:
            out.append(f"C{short(x1)} {short(y1)} {short(x2)} {short(y2)} {short(x3)} {short(y3)}")
    return "".join(out)


def short(number: float) -> str:
    """A coordinate with one decimal, or none: finer than any screen shows.

    >>> short(12.50), short(-0.01)
    ('12.5', '0')
    """
    text = f"{number:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
