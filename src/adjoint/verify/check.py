"""ad.check: whether the derivatives of a function are right at a point."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.differentiate.variables import defined_at, function_name
from adjoint.graph.spec import Spec, dtype_name
from adjoint.numbers import apart, format_number
from adjoint.verify.arguments import Arguments, wide_dtype
from adjoint.verify.columns import Column
from adjoint.verify.compare import Cell, Comparison, compare
from adjoint.verify.culprit import culprits, entry_name
from adjoint.verify.judge import judge, worst_coordinate
from adjoint.verify.report import InputReport, Report
from adjoint.verify.structure import Structure
from adjoint.verify.subject import Subject, subject_of

_ROUNDING = 1e4


def check(
    f: Callable[..., Any], argnums: int | tuple[int, ...] | None = None, *, entries: int = 50, seed: int = 0
) -> Callable[..., Report]:
    """A function that compares the derivatives of ``f`` with differences, and reports on every input.

    Reverse and forward mode are compared with extrapolated central differences, which bring an error
    bound along; inputs of low precision are differenced in float64. Every entry is compared while
    inputs and outputs have at most ``entries`` of them; beyond that every input is checked along at
    most 8 random directions (at most ``entries`` in all), each of which moves all its entries. One
    entry or direction costs 10 calls of ``f``, up to 60 where something is wrong or not smooth.

    A kink is reported and passes. A step function (round, floor, sign) does not pass: its gradient is
    zero and tells nothing. Where a derivative is wrong, the operation whose rule is at fault is
    searched for and named. ``argnums`` chooses arguments (None: all floats).

    >>> import adjoint as ad
    >>> report = ad.check(lambda w, x: w * x)(2.0, -3.0)
    >>> report.ok, report["w"].verdict, report["w"].analytic
    (True, 'ok', -3.0)
    >>> kink = ad.check(lambda x: abs(x))(0.0)
    >>> kink["x"].verdict, round(kink["x"].left), round(kink["x"].right), kink["x"].analytic
    ('kink', -1, 1, 0.0)
    """

    @functools.wraps(f, assigned=("__module__", "__name__", "__qualname__"), updated=())
    def checked(*args: Any, **kwargs: Any) -> Report:
        arguments = Arguments(f, args, kwargs, argnums)
        subject = subject_of(arguments)
        report = Report(function_name(f), where=defined_at(f))
        if arguments.changed:
            report.notes.append(
                f"{function_name(f)} changes its argument {', '.join(dict.fromkeys(arguments.changed))} in place; "
                "every call of the check got a copy."
            )
        report.problem = _unsteady(subject)
        if report.problem:
            return report
        random = np.random.default_rng(seed)
        result = compare(subject, entries, random)
        structure = Structure(arguments)
        _fill(report, result)
        if any(i.verdict == "wrong" for i in report.inputs):
            report.culprits = culprits(structure, random)
        judge(report, result, structure, function_name(f))
        if arguments.skipped:
            report.notes.append("not varied: " + ", ".join(arguments.skipped) + ".")
        return report

    return checked


def _unsteady(subject: Subject) -> str:
    """What speaks against any comparison: two calls that differ, or an output that is nowhere finite."""
    first, eps = subject.center(False)
    second, _ = subject.center(False)
    recorded = np.concatenate([np.zeros(0), *[_flat(o) for o in subject.outs]])
    for other in (second, recorded):
        if other.shape != first.shape:
            return f"two calls gave results of different sizes ({first.size} and {other.size} numbers)."
        with np.errstate(all="ignore"):
            size = np.max(np.abs(first[np.isfinite(first)]), initial=0.0)
            differ = ~((np.abs(first - other) <= _ROUNDING * eps * size) | _same(first, other))
        if differ.any():
            at = int(np.argmax(differ))
            one, two = apart(first[at], other[at])
            return (
                f"it is not deterministic: two calls at the same inputs gave {one} and {two}. "
                "Pass a fixed seed, or leave dropout and sampling out of the check."
            )
    if first.size and not np.isfinite(first).any():
        return f"its output is {format_number(first[0])} at these inputs, so there is nothing to compare."
    return ""


def _flat(out: Any) -> Any:
    flat = np.ascontiguousarray(out).reshape(-1).astype(wide_dtype(out.dtype))
    return flat.view(flat.real.dtype)


def _same(a: Any, b: Any) -> Any:
    return (a == b) | (np.isnan(a) & np.isnan(b))


def _fill(report: Report, result: Comparison) -> None:
    """The numbers of every input, and the verdict of its worst entry."""
    subject = result.subject
    report.modes = result.modes
    report.calls = result.sampler.calls + 4
    wide = {dtype_name(wide_dtype(v.dtype)) for v in subject.values}
    report.precision = "float64" if wide <= {"f64", "c128"} else "long double"
    report.notes.extend(result.refused)
    if result.bad.any():
        report.notes.append(
            f"{int(result.bad.sum())} of {subject.count} output numbers are not finite: nothing is compared there."
        )
    for number, (name, value) in enumerate(zip(subject.names, subject.values, strict=True)):
        cells = [c for c in result.cells if c.number == number]
        columns = [c for c in result.columns if c.number == number]
        worst = result.worst(number)
        one = InputReport(name, Spec.of(value), _checked(subject.sizes[number], columns, value), "ok", 0.0, 0.0, 0.0)
        plain = [c for c in cells if c.verdict in {"ok", "wrong", "unsure"}]
        one.absolute = max((_number(c.error) for c in plain), default=0.0)
        one.relative = max((_relative(c) for c in plain), default=0.0)
        one.bound = max((c.bound for c in plain), default=0.0)
        if worst is not None:
            one.verdict = worst.verdict
            one.mode = worst.mode
            one.analytic, one.numeric, one.left, one.right = worst.analytic, worst.numeric, worst.left, worst.right
            if worst.verdict != "ok":
                one.bound = worst.bound
            coordinate = worst.column.coordinate
            if coordinate is None and worst.verdict == "wrong":
                coordinate, cell = worst_coordinate(result, worst)
                one.analytic, one.numeric, one.bound = cell.analytic, cell.numeric, cell.bound
            one.entry = "" if coordinate is None else entry_name(value, coordinate)
        elif subject.sizes[number] and result.bad.any():
            one.verdict = "nan"
            one.words = "no output is finite at these inputs."
        report.inputs.append(one)


def _number(error: float) -> float:
    return np.inf if np.isnan(error) else error


def _relative(cell: Cell) -> float:
    size = max(abs(cell.analytic), abs(cell.numeric))
    if np.isnan(cell.error) or size == 0:
        return 0.0 if size == 0 else np.inf
    return 0.0 if cell.error <= cell.bound and size <= 10 * cell.bound else cell.error / size


def _checked(size: int, columns: list[Column], value: Any) -> str:
    if columns and columns[0].coordinate is None:
        return f"{len(columns)} directions" if len(columns) > 1 else "1 direction"
    entries = size // 2 if np.asarray(value).dtype.kind == "c" else size
    return f"all {entries}" if entries else "empty"
