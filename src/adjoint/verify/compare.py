"""The comparison of both analytic modes with numeric columns, entry by entry of the Jacobian."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adjoint.errors import UnsupportedError
from adjoint.verify.columns import Column, Sampler, directions, within
from adjoint.verify.subject import Subject, real

#: Verdicts from harmless to grave.
ORDER = ("ok", "unused", "kink", "edge", "jump", "unsure", "flat", "cut", "left", "nan", "wrong")


@dataclass
class Cell:
    """One entry of the Jacobian (or one product with random weights) whose analytic value was compared."""

    verdict: str
    mode: str
    number: int
    column: Column
    #: The output coordinate, or None for a product with random weights (which ``weights`` then holds).
    out: int | None
    weights: Any
    analytic: float
    numeric: float
    bound: float
    #: Slopes on either side where they differ.
    left: float = np.nan
    right: float = np.nan

    @property
    def error(self) -> float:
        """The distance between the analytic and the numeric value."""
        return abs(self.analytic - self.numeric)


@dataclass
class Comparison:
    """All that was compared for one subject."""

    subject: Subject
    sampler: Sampler
    modes: list[str]
    columns: list[Column] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    #: Why a mode was left out, in words.
    refused: list[str] = field(default_factory=list)
    #: Output coordinates where the function is not finite.
    bad: Any = None
    #: The largest analytic entry of each input.
    largest: list[float] = field(default_factory=list)

    def worst(self, number: int) -> Cell | None:
        """The gravest cell of one input, and of those the one with the largest error."""
        mine = [c for c in self.cells if c.number == number]
        return max(mine, key=lambda c: (ORDER.index(c.verdict), _size(c.error)), default=None)


def _size(error: float) -> float:
    return np.inf if np.isnan(error) else error


def slack_of(subject: Subject) -> float:
    """The relative error that analytic derivatives of this precision are allowed."""
    eps = max((float(np.finfo(v.dtype).eps) for v in [*subject.values, *subject.outs]), default=1e-16)
    return 1e-7 if eps <= 2.3e-16 else 8 * float(np.sqrt(eps))


def compare(subject: Subject, entries: int, random: np.random.Generator) -> Comparison:
    """Compares reverse and forward mode with differences at one point; nothing is judged from the graph yet."""
    slack = slack_of(subject)
    sampler = Sampler(subject, True)
    result = Comparison(subject, sampler, ["reverse", "forward"])
    result.bad = ~np.isfinite(sampler.middle)
    plan = directions(subject, entries, random)
    few = subject.count <= entries
    rows: list[list[Any]] = [subject.pull(row) for row in np.eye(subject.count)] if few else []
    pushes: list[tuple[int, Any, int | None, Any]] = []
    for number, ways in enumerate(plan):
        for direction, coordinate in ways:
            pushed = None
            if "forward" in result.modes:
                try:
                    pushed = subject.push(number, direction)
                except UnsupportedError as error:
                    result.modes.remove("forward")
                    result.refused.append(f"forward mode was not checked: {error.what}")
            pushes.append((number, direction, coordinate, pushed))
    for number, direction, coordinate, pushed in pushes:
        pulled = np.array([_dot(r[number], direction) for r in rows]) if few else None
        expected = [e for e in (pulled, pushed) if e is not None]
        column = sampler.column(number, direction, coordinate, expected, slack)
        result.columns.append(column)
        for mode, analytic in (("reverse", pulled), ("forward", pushed)):
            if analytic is not None:
                result.cells.extend(_cells(mode, column, analytic, result.bad, slack))
    if not few:
        _weighed(result, min(8, entries), random, slack)
    _sizes(result, rows)
    return result


def _dot(row: Any, direction: Any) -> float:
    chosen = direction != 0  # an infinite entry elsewhere must not spoil the product
    with np.errstate(all="ignore"):
        return float(np.dot(row[chosen], direction[chosen]))


def _weighed(result: Comparison, count: int, random: np.random.Generator, slack: float) -> None:
    """Reverse mode where the outputs are many: products of random output weights with every column."""
    subject = result.subject
    for _ in range(count):
        weights = random.choice([-1.0, 1.0], subject.count)
        # Kinks and domain edges are told by forward mode, output by output.
        for column in result.columns:
            special = ~column.tight | (column.bend != 0)
            weights[special & (np.abs(weights) > 0)] = 0.0
        weights[result.bad] = 0.0
        row = subject.pull(weights)
        live = weights != 0
        for column in result.columns:
            analytic = _dot(row[column.number], column.direction)
            numeric = float(np.dot(weights[live], column.slope[live]))
            bound = float(np.dot(np.abs(weights[live]), column.bound[live]))
            size = float(np.dot(np.abs(weights[live]), np.abs(column.slope[live])))
            ok = bool(within(analytic, numeric, bound, slack, 1e3 * size))
            cell = Cell(
                "ok" if ok else "wrong", "reverse", column.number, column, None, weights, analytic, numeric, bound
            )
            result.cells.append(cell)


def _cells(mode: str, column: Column, analytic: Any, bad: Any, slack: float) -> list[Cell]:
    cells = []
    # Within one column the entries share their rounding, whatever their own size.
    finite = np.abs(analytic[np.isfinite(analytic)])
    unit = float(finite.max()) if finite.size else 0.0
    agrees = within(analytic, column.slope, column.bound, slack, unit)
    for i in range(analytic.size):
        if bad[i]:
            continue
        verdict, left, right = _verdict(column, i, float(analytic[i]), bool(agrees[i]), slack, unit)
        if verdict == "wrong" and np.isnan(analytic[i]) and bad.any():
            verdict = "nan"  # infinite slopes of the outputs that are not finite, times weights of 0
        cells.append(
            Cell(
                verdict,
                mode,
                column.number,
                column,
                i,
                None,
                float(analytic[i]),
                float(column.slope[i]),
                float(column.bound[i]),
                left,
                right,
            )
        )
    return cells


def _verdict(
    column: Column, i: int, analytic: float, agrees: bool, slack: float, unit: float
) -> tuple[str, float, float]:
    """The verdict of one entry with its left and right slope (NaN where there is nothing to tell)."""
    kinked = column.bend[i] != 0
    if agrees and column.tight[i] and not kinked:
        return "ok", np.nan, np.nan
    right, left = column.right, column.left
    if right is None or left is None:
        return ("ok" if agrees else "wrong"), np.nan, np.nan
    l, r = float(left.slope[i]), float(right.slope[i])
    known = [s for s in (left, right) if not (s.undefined[i] or s.jumps[i] or s.vertical[i])]
    fits = any(within(analytic, float(s.slope[i]), float(s.bound[i]), slack, unit) for s in known)
    if left.jumps[i] or right.jumps[i]:
        return ("jump" if fits or analytic == 0 else "wrong"), l, r
    if left.undefined[i] or right.undefined[i] or left.vertical[i] or right.vertical[i]:
        steep = (left.vertical[i] or right.vertical[i]) and not np.isfinite(analytic)
        # At the edge of a domain with a vertical slope on neither side there is no slope to compare with.
        nowhere = bool(left.undefined[i] and right.undefined[i])
        if fits or steep or nowhere:
            return "edge", l, r
        return ("wrong" if known or not np.isnan(analytic) else "edge"), l, r
    if kinked:
        room = 2 * float(left.bound[i] + right.bound[i]) + slack * max(abs(l), abs(r))
        inside = min(l, r) - room <= analytic <= max(l, r) + room
        return ("kink" if inside else "wrong"), l, r
    if column.tight[i]:
        return ("ok" if agrees else "wrong"), l, r
    if agrees:
        return ("ok" if column.bound[i] <= 0.1 * max(abs(analytic), unit) else "unsure"), l, r
    return "wrong", l, r


def _sizes(result: Comparison, rows: list[list[Any]]) -> None:
    for number in range(len(result.subject.values)):
        sizes = [abs(c.analytic) for c in result.cells if c.number == number]
        sizes += [float(np.max(np.abs(real(r[number])), initial=0.0)) for r in rows]
        result.largest.append(max((s for s in sizes if not np.isnan(s)), default=0.0))
