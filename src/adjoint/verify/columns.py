"""Numeric columns of the Jacobian: along which directions they are taken, and what each shows.

A column is settled as soon as a tight difference agrees with what reverse or forward mode says; a
rule that is wrong cannot agree by chance within such a bound. Whatever does not settle is looked
at with smaller steps and then from each side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.verify.differences import STARTS, Line, Side, central, one_sided
from adjoint.verify.subject import Subject, real


@dataclass
class Column:
    """The derivative of all outputs along one direction of one input."""

    number: int
    #: The direction, in real coordinates of the input, and its only coordinate (None: it moves them all).
    direction: Any
    coordinate: int | None
    slope: Any
    bound: Any
    #: Right slope minus left slope where they differ, else 0.
    bend: Any
    #: Where the bound is small enough to prove something.
    tight: Any
    right: Side | None = None
    left: Side | None = None


def directions(subject: Subject, entries: int, random: np.random.Generator) -> list[list[tuple[Any, int | None]]]:
    """For every input its directions: every coordinate while there are few, else random signs of natural size.

    At most ``entries`` directions in all, and at least one an input.
    """
    total = sum(subject.sizes)
    if total <= entries:
        return [[(_unit(size, i), i) for i in range(size)] for size in subject.sizes]
    each = max(1, min(8, entries // len(subject.sizes)))
    found: list[list[tuple[Any, int | None]]] = []
    for value, size in zip(subject.values, subject.sizes, strict=True):
        if size <= each:
            found.append([(_unit(size, i), i) for i in range(size)])
            continue
        weights = natural(value)
        found.append([(weights * random.choice([-1.0, 1.0], size), None) for _ in range(each)])
    return found


def natural(value: Any) -> Any:
    """A step of natural size for every real coordinate: a power of two, so that a moved point is exact.

    Proportional to the entry, so that a positive number stays positive; a hundredth of the typical
    size for entries smaller than that.
    """
    flat = np.abs(real(value).astype(float))
    typical = _typical(flat)
    sizes = np.maximum(np.where(np.isfinite(flat), flat, 0.0), 0.01 * typical)
    return 2.0 ** np.floor(np.log2(sizes)) if flat.size else flat


def _typical(flat: Any) -> float:
    finite = flat[np.isfinite(flat)]
    with np.errstate(all="ignore"):
        size = float(np.sqrt(np.mean(finite**2))) if finite.size else 0.0
    return size if 0 < size < np.inf else 1.0


def _unit(size: int, i: int) -> Any:
    unit = np.zeros(size)
    unit[i] = 1.0
    return unit


class Sampler:
    """Takes the numeric columns of one subject, in double precision where the function allows it."""

    def __init__(self, subject: Subject, wide: bool) -> None:
        self.subject = subject
        self.wide = wide
        self.middle, self.eps = subject.center(wide)
        self.calls = 1

    def line(self, number: int, direction: Any) -> Line:
        """The outputs along a direction of one input, as a function of the step."""
        start = real(self.subject.values[number]).astype(float)

        def moved(t: float) -> Any:
            self.calls += 1
            return self.subject.at(number, start + t * direction, self.wide)[0]

        return moved

    def scales(self, number: int, coordinate: int | None) -> list[float]:
        """The scales to measure steps by: that of the moved entry, and that of the whole input where it is larger."""
        if coordinate is None:
            return [1.0]  # the direction has its size already
        flat = np.abs(real(self.subject.values[number]).astype(float))
        typical = _typical(flat)
        own = flat[coordinate] if np.isfinite(flat[coordinate]) and flat[coordinate] > 0 else typical
        scales = [2.0 ** np.floor(np.log2(own))]
        if max(typical, 1.0) > 16 * own:
            scales.append(2.0 ** np.floor(np.log2(max(typical, 1.0))))
        return scales

    def column(self, number: int, direction: Any, coordinate: int | None, expected: list[Any], slack: float) -> Column:
        """The derivative along one direction; ``expected`` is what the analytic modes say, where they say it.

        ``slack`` is the relative error that the analytic values may have by their own precision.
        """
        line = self.line(number, direction)
        count = self.middle.size
        column = Column(
            number,
            direction,
            coordinate,
            np.full(count, np.nan),
            np.full(count, np.inf),
            np.zeros(count),
            np.zeros(count, bool),
        )
        done = ~np.isfinite(self.middle)
        scales = self.scales(number, coordinate)
        steps = [(2.0**s * scales[0], scales[0]) for s in STARTS] + [(2.0 ** STARTS[0] * s, s) for s in scales[1:]]
        with np.errstate(all="ignore"):
            for step, scale in steps:
                found = central(line, self.middle, step, scale, self.eps)
                tight = found.tight(self.eps)
                kinked = found.kinked
                agrees = np.zeros(count, bool)
                for one in expected:
                    agrees |= within(one, found.slope, found.bound, slack, found.unit)
                settled = tight & ~kinked & (agrees if expected else True)
                smooth = tight & ~kinked & (column.bend != 0)
                better = ~done & (settled | smooth | (found.bound < column.bound))
                column.slope = np.where(better, found.slope, column.slope)
                column.bound = np.where(better, found.bound, column.bound)
                column.bend = np.where(better, np.where(kinked, found.bend, 0.0), column.bend)
                column.tight = np.where(better, tight, column.tight)
                done |= settled
                if done.all():
                    return column
            column.right = one_sided(line, self.middle, scales[0], self.eps, 1)
            column.left = one_sided(line, self.middle, scales[0], self.eps, -1)
        return column


def within(analytic: Any, numeric: Any, bound: Any, slack: float, unit: Any = 0.0) -> Any:
    """Whether an analytic value agrees with a numeric one up to the bound and the rounding of its own."""
    with np.errstate(all="ignore"):
        size = np.maximum(np.abs(analytic), np.abs(numeric))
        # Sums of large terms that cancel are rounded by the size of the terms: a trace of the unit.
        return np.abs(analytic - numeric) <= 2 * bound + slack * size + 1e-4 * slack * unit
