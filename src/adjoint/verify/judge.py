"""The judgement: what a difference between analytic and numeric means, by what the graph shows of the way.

The numbers alone cannot tell a wrong rule from a value that left the graph, nor a right zero from
the zero of a step function; the recorded graph can.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.graph.node import Node
from adjoint.numbers import apart, format_number
from adjoint.primitives.structure import CUT
from adjoint.verify.columns import natural
from adjoint.verify.compare import Cell, Comparison, slack_of
from adjoint.verify.kinks import Kink, kinks_of
from adjoint.verify.report import InputReport, Report
from adjoint.verify.structure import Structure, place_of
from adjoint.verify.subject import real


def judge(report: Report, result: Comparison, structure: Structure, name: str) -> None:
    """Completes the verdict of every input, and says in words what it means."""
    at_kinks = kinks_of(structure)
    for number, one in enumerate(report.inputs):
        leaf = structure.leaves[number]
        cuts = structure.cuts(leaf)
        if one.verdict == "wrong":
            _wrong(one, report, structure, leaf, cuts, at_kinks)
        elif not structure.leads(leaf):
            one.verdict, one.words = "unused", f"{name} does not use it: no path leads from it to the result."
        elif not structure.has_way(leaf) and one.verdict in {"ok", "unsure", "jump"}:
            _flat(one, result, number, cuts)
        elif one.verdict == "kink":
            left, right = apart(one.left, one.right)
            one.words = (
                f"kink: the left slope is {left}, the right slope {right}; "
                f"the convention gives {format_number(one.analytic)}{_near(at_kinks)}."
            )
        elif one.verdict == "nan" and not one.words:
            one.words = f"{one.mode} mode gives NaN{_at(one)}, because outputs that are not finite have no slope."
        elif one.verdict == "jump":
            one.words = f"the function jumps{_at(one)}: a slope exists on one side at most{_near(at_kinks)}."
        elif one.verdict == "edge":
            one.words = _edge(one)
        elif one.verdict == "unsure":
            one.words = (
                f"the differences do not converge (numeric {format_number(one.numeric)} ± "
                f"{format_number(one.bound)}), so nothing is proven; check at float64, or at a smoother point."
            )
        elif one.verdict == "ok":
            steps = [n for n, _ in cuts if _is_step(n) and n.dtype is not None and n.dtype.kind in "fc"]
            if steps:
                listed = ", ".join(dict.fromkeys(place_of(n).short for n in steps[:3]))
                one.words = f"part of the way ends at {listed}, where the slope is 0."


def _is_step(node: Node) -> bool:
    return node.op.family == "blocked"


def _at(one: InputReport) -> str:
    return f" at {one.name}{one.entry}" if one.entry else " here"


def _near(at_kinks: list[Kink]) -> str:
    return f" ({at_kinks[0].short})" if at_kinks else ""


def _edge(one: InputReport) -> str:
    left, right = format_number(one.left), format_number(one.right)
    if np.isnan(one.left) and np.isnan(one.right):
        return f"the function is not defined on either side{_at(one)}; analytic {format_number(one.analytic)}."
    if np.isnan(one.left) or np.isnan(one.right):
        side, other = ("right", right) if np.isnan(one.left) else ("left", left)
        tells = "grows without bound" if not np.isfinite(one.analytic) else f"is {other}"
        return f"edge of the domain: the {side} slope {tells}; analytic {format_number(one.analytic)}."
    return f"the slope grows without bound{_at(one)}; analytic {format_number(one.analytic)}."


def _wrong(
    one: InputReport,
    report: Report,
    structure: Structure,
    leaf: Node,
    cuts: list[tuple[Node, int]],
    at_kinks: list[Kink],
) -> None:
    analytic, numeric = apart(one.analytic, one.numeric)
    told = (
        f"{one.mode} mode gives {analytic}{' at ' + one.name + one.entry if one.entry else ''}, "
        f"differences {numeric} ± {format_number(one.bound)}"
    )
    one.words = told + "."
    on_purpose = [n for n, _ in cuts if n.op is CUT]
    if report.culprits:
        return
    if not structure.leads(leaf):
        one.verdict = "left"
        one.words = (
            f"{told}: no path leads from it to the result, yet the result depends on it. "
            "Its value left the graph, by item(), numpy(), tolist() or a number kept from an earlier call."
        )
    elif on_purpose:
        one.verdict = "cut"
        one.words = f"{told}: the way is cut on purpose at {place_of(on_purpose[0]).short}."
    elif at_kinks and np.isnan(one.analytic):
        one.verdict = "nan"
        one.words = f"{told}: {at_kinks[0].short} stands at a kink, and its slope there makes NaN further on."
    elif at_kinks:
        one.verdict = "kink"
        one.words = f"{told}: {at_kinks[0].short} stands at a kink, where a convention decides."
    elif not structure.has_way(leaf) and cuts:
        one.verdict = "flat"
        one.words = f"{told}: no gradient passes {place_of(cuts[0][0]).short}, and the function jumps nearby."
    elif not np.isnan(one.numeric):
        one.words = (
            f"{told}. Every operation's own rule is right, so part of the way left the graph: "
            "look for item(), numpy(), tolist(), or state that changes between calls."
        )


def _flat(one: InputReport, result: Comparison, number: int, cuts: list[tuple[Node, int]]) -> None:
    on_purpose = [n for n, _ in cuts if n.op is CUT]
    if on_purpose and len(on_purpose) == len(cuts):
        one.verdict = "ok"
        one.words = f"zero on purpose: the way is cut at {place_of(on_purpose[0]).short}."
        return
    one.verdict = "flat"
    steps = [n for n, _ in cuts if n.op is not CUT]
    listed = ", ".join(dict.fromkeys(place_of(n).short for n in steps[:3]))
    distance = _jump(result, number)
    jumps = f"the function jumps within ±{format_number(distance)} of it" if distance else "no jump was found nearby"
    one.words = (
        f"flat almost everywhere: no gradient passes {listed}; {jumps}. "
        "The zero is right and tells nothing; leave this argument out by argnums if it is meant."
    )


def _jump(result: Comparison, number: int) -> float | None:
    """The smallest tried distance of an input at which a flat function has changed."""
    subject, sampler = result.subject, result.sampler
    start = real(subject.values[number]).astype(float)
    sizes = np.maximum(natural(subject.values[number]), 1.0)
    signs = np.where(np.arange(start.size) % 2, -1.0, 1.0)
    for distance in (2.0**-20, 1e-3, 0.01, 0.03, 0.1, 0.3, 0.5, 1.0, 3.0, 10.0, 100.0):
        for pattern in (np.ones(start.size), signs):
            for sign in (1.0, -1.0):
                moved, _ = subject.at(number, start + sign * distance * sizes * pattern, sampler.wide)
                if not np.array_equal(moved, sampler.middle, equal_nan=True):
                    return distance * float(np.max(sizes, initial=1.0))
    return None


def worst_coordinate(result: Comparison, cell: Cell) -> tuple[int, Cell]:
    """The entry of a large input for which a failed direction is most wrong: halves of it, checked in turn."""
    subject = result.subject
    number = cell.number
    slack = slack_of(subject)
    row = None
    if cell.mode == "reverse":
        weights = cell.weights if cell.weights is not None else np.eye(subject.count)[cell.out]
        row = subject.pull(weights)[number]
    live = np.flatnonzero(cell.column.direction)
    best = cell
    while live.size > 1:
        middle = live.size // 2
        tried = [_part(result, cell, part, row, slack) for part in (live[:middle], live[middle:])]
        pick = int(_size(tried[1]) > _size(tried[0]))
        live, best = (live[:middle], live[middle:])[pick], tried[pick]
    coordinate = int(live[0])
    direction = np.zeros(subject.sizes[number])
    direction[coordinate] = 1.0
    unit = _moved(result, cell, direction, coordinate, row, slack)
    return coordinate, unit if _size(unit) > 0 else best


def _size(cell: Cell) -> float:
    return np.inf if np.isnan(cell.error) else cell.error


def _part(result: Comparison, cell: Cell, part: Any, row: Any, slack: float) -> Cell:
    direction = np.zeros_like(cell.column.direction)
    direction[part] = cell.column.direction[part]
    return _moved(result, cell, direction, None, row, slack)


def _moved(result: Comparison, cell: Cell, direction: Any, coordinate: int | None, row: Any, slack: float) -> Cell:
    """The same comparison along another direction of the same input."""
    subject, sampler = result.subject, result.sampler
    column = sampler.column(cell.number, direction, coordinate, [], slack)
    if row is None:
        vector = subject.push(cell.number, direction)
        analytic = float(vector[cell.out])
    else:
        chosen = direction != 0
        analytic = float(np.dot(row[chosen], direction[chosen]))
    if cell.weights is None:
        numeric, bound = float(column.slope[cell.out]), float(column.bound[cell.out])
    else:
        live = cell.weights != 0
        numeric = float(np.dot(cell.weights[live], column.slope[live]))
        bound = float(np.dot(np.abs(cell.weights[live]), column.bound[live]))
    return Cell("wrong", cell.mode, cell.number, column, cell.out, cell.weights, analytic, numeric, bound)
