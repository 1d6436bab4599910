"""Numeric derivatives with an error bound, by extrapolating central differences.

Differences at steps h, h/2, h/4, ... are extrapolated to h = 0 in Neville's scheme, and of all the
entries of the tableau the one with the smallest estimated error is taken: C. J. F. Ridders,
Accurate computation of F'(x) and F'(x) F''(x), Advances in Engineering Software 4 (1982) 75-76,
doi:10.1016/S0141-1195(82)80057-0. The bound is that estimate plus the rounding error of the values
themselves, carried through the tableau.

The same samples show a kink: (f(x+h) - 2 f(x) + f(x-h)) / h tends to the right slope minus the left one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

#: line(t): the outputs at the point moved by t along a direction.
Line = Callable[[float], Any]

#: First steps, as powers of two of the scale of the input: a later one where an earlier one does not settle.
STARTS = (-4, -12, -20)
#: Halvings of the step in one tableau.
LEVELS = 5
#: The rounding error of one value, in units of its last place: a handful of operations' worth.
ROUNDING = 4.0


@dataclass
class Estimate:
    """Derivatives of all outputs along one direction: slope, its error bound, and the bend (right minus left slope)."""

    slope: Any
    bound: Any
    bend: Any
    bend_bound: Any
    #: The size of the values divided by the scale of the input: what a slope of ordinary size would be.
    unit: Any

    @property
    def kinked(self) -> Any:
        """Where the left and the right slope differ beyond doubt."""
        size = np.abs(self.bend)
        return (size > 8 * self.bend_bound) & (size > 1e-5 * (np.abs(self.slope) + size))

    def tight(self, eps: Any) -> Any:
        """Where the bound is small enough to prove something."""
        return self.bound <= tightness(eps) * np.abs(self.slope) + np.minimum(1e-2, 1e7 * eps) * self.unit


def tightness(eps: Any) -> Any:
    """The relative bound that a numeric slope of this precision can be expected to reach."""
    return 100 * np.sqrt(eps)


def central(line: Line, middle: Any, step: float, scale: float, eps: Any) -> Estimate:
    """The derivative at 0 of ``line`` from central differences with first step ``step``."""
    slopes, bends, noises = [], [], []
    size = np.abs(middle)
    for k in range(LEVELS):
        h = step * 0.5**k
        plus, minus = line(h), line(-h)
        largest = np.maximum(np.abs(plus), np.abs(minus))
        size = np.maximum(size, np.where(np.isfinite(largest), largest, 0.0))
        slopes.append((plus - minus) / (2 * h))
        bends.append(((plus - middle) - (middle - minus)) / h)
        noises.append(ROUNDING * eps * np.maximum(largest, np.abs(middle)) / h)
    slope, bound = extrapolated(slopes, noises, (2, 4, 6, 8))
    bend, bend_bound = extrapolated(bends, [4 * n for n in noises], (1, 3, 5, 7))
    # The moved point itself is rounded: its step is off by half a unit of its last place.
    bound = bound + np.abs(slope) * eps * scale / step * 2**LEVELS
    return Estimate(slope, bound, bend, bend_bound, size / scale)


def extrapolated(values: Sequence[Any], noises: Sequence[Any], powers: Sequence[int]) -> tuple[Any, Any]:
    """The limit of a sequence at halved steps whose error is a series in these powers, and its error bound.

    >>> steps = [2.0**-k for k in range(1, 6)]
    >>> value, bound = extrapolated([np.sin(h) / h for h in steps], [1e-16] * 5, (2, 4, 6, 8))
    >>> abs(float(value) - 1.0) < float(bound) < 1e-8
    True
    """
    row = [np.asarray(v, float) for v in values]
    noise = [np.asarray(n, float) for n in noises]
    best = row[-1]
    bound = np.full(np.shape(best), np.inf)
    for power in powers[: len(row) - 1]:
        factor = 2.0**power
        following, louder = [], []
        for i in range(len(row) - 1):
            value = row[i + 1] + (row[i + 1] - row[i]) / (factor - 1)
            rounding = (factor * noise[i + 1] + noise[i]) / (factor - 1)
            error = np.maximum(np.abs(value - row[i]), np.abs(value - row[i + 1])) + rounding
            better = error < bound
            best = np.where(better, value, best)
            bound = np.where(better, error, bound)
            following.append(value)
            louder.append(rounding)
        row, noise = following, louder
    return best, np.where(np.isfinite(best), bound, np.inf)


@dataclass
class Side:
    """What a function does on one side of a point: its slope there with a bound, or why it has none."""

    slope: Any
    bound: Any
    #: The value jumps at the point; the slope grows without bound; the function is not defined there.
    jumps: Any
    vertical: Any
    undefined: Any


def one_sided(line: Line, middle: Any, scale: float, eps: Any, sign: int) -> Side:
    """The slope of ``line`` to the right (sign 1) or the left (-1) of 0, and how it fails where there is none."""
    shape = np.shape(middle)
    slope, bound = np.full(shape, np.nan), np.full(shape, np.inf)
    gaps: list[Any] = []
    quotients: list[Any] = []
    noise = np.zeros(shape)
    for start in STARTS:
        raw, noises = [], []
        for k in range(LEVELS):
            h = sign * scale * 2.0 ** (start - k)
            value = line(h)
            gaps.append(np.abs(value - middle))
            raw.append((value - middle) / h)
            noise = ROUNDING * eps * np.maximum(np.abs(value), np.abs(middle))
            noises.append(2 * noise / abs(h))
        quotients.extend(raw)
        found, error = extrapolated(raw, noises, (1, 2, 3, 4))
        # A slope that tends to its limit like a root of the step is not there yet: what it still moves is doubt.
        moves = np.abs(raw[-1] - raw[-3])
        error = np.where(error > 1e-6 * np.abs(found), np.maximum(error, moves), error)
        better = error < bound
        slope, bound = np.where(better, found, slope), np.where(better, error, bound)
    last, before = gaps[-1], gaps[-LEVELS]
    undefined = ~np.isfinite(last)
    jumps = (last > 0.9 * before) & (last > 100 * noise) & ~undefined
    steep, less = np.abs(quotients[-1]), np.abs(quotients[-LEVELS])
    vertical = (steep > 1.5 * less) & (last > 100 * noise) & ~jumps & ~undefined
    return Side(slope, bound, jumps, vertical, undefined)
