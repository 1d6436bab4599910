"""ad.why_zero: for every input with zeros in its gradient, the gate and the reason, in words."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adjoint.differentiate.variables import function_name
from adjoint.graph.display import Shown
from adjoint.graph.node import Node
from adjoint.graph.text import clean
from adjoint.numbers import format_number
from adjoint.primitives.structure import CUT
from adjoint.verify.arguments import Arguments
from adjoint.verify.report import wrapped
from adjoint.verify.structure import Place, Structure, place_of
from adjoint.verify.zeros import Cause, Zeros

_DIGITS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass
class ZeroReason:
    """Why the gradient of one input is zero, or that it is not.

    ``reason`` is one of "not zero", "no path", "cut", "masked", "branches cancel", "underflow",
    "local derivative 0", "upstream 0".
    """

    name: str
    reason: str
    words: str
    #: How many entries of the gradient are zero, of how many.
    zeros: int
    total: int
    #: The operations to blame, the most telling first.
    places: list[Place] = field(default_factory=list)
    #: Whether a gate further up made the zero, so that every gate below it received nothing.
    upstream: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.words}"


@dataclass
class ZeroReport(Shown):
    """The outcome of ``ad.why_zero``: one ZeroReason an input; ``report["x"]`` is that of input x."""

    name: str
    inputs: list[ZeroReason] = field(default_factory=list)

    def __getitem__(self, name: str | int) -> ZeroReason:
        """The reason of one input by name or position; raises KeyError for an unknown name."""
        if isinstance(name, int):
            return self.inputs[name]
        for one in self.inputs:
            if one.name == name:
                return one
        raise KeyError(name)

    def __iter__(self) -> Any:
        return iter(self.inputs)

    def __len__(self) -> int:
        return len(self.inputs)

    def __str__(self) -> str:
        lines = [f"gradients of {clean(self.name)}"]
        for one in self.inputs:
            lines += wrapped(str(one), "  ")
        return "\n".join(lines)

    __repr__ = __str__


def why_zero(f: Callable[..., Any], argnums: int | tuple[int, ...] | None = None) -> Callable[..., ZeroReport]:
    """A function that says, for every input of ``f``, why its gradient is zero, wholly or in part.

    It tells apart: no path to the result; the way cut at an operation (floor, a comparison, detach,
    stop_gradient, no_grad); masked by a gate that routed the value from elsewhere; a local derivative
    of 0; branches that cancel; underflow; and says whether the gate sits further up, so that
    everything below received 0. Results with many entries are summed. ``argnums``: None for all floats.

    >>> import adjoint as ad
    >>> report = ad.why_zero(lambda x, y, z: x * 0.0 + ad.stop_gradient(y))(1.0, 2.0, 3.0)
    >>> [(i.name, i.reason) for i in report]
    [('x', 'local derivative 0'), ('y', 'cut'), ('z', 'no path')]
    """

    @functools.wraps(f, assigned=("__module__", "__name__", "__qualname__"), updated=())
    def asked(*args: Any, **kwargs: Any) -> ZeroReport:
        arguments = Arguments(f, args, kwargs, argnums)
        structure = Structure(arguments)
        zeros = Zeros(structure)
        report = ZeroReport(function_name(f))
        for leaf, name, gradient in zip(structure.leaves, arguments.names, zeros.gradients, strict=True):
            report.inputs.append(_reason(zeros, leaf, name, gradient))
        return report

    return asked


def _reason(zeros: Zeros, leaf: Node, name: str, gradient: Any) -> ZeroReason:
    g = np.zeros(leaf.shape) if gradient is None else np.asarray(gradient)
    zero = np.asarray(g == 0)
    count, total = int(np.sum(zero)), int(zero.size)
    if not count:
        size = f"{format_number(g[()])}" if not g.shape else f"up to {format_number(np.max(np.abs(g), initial=0.0))}"
        said = "it has no entries" if not total else f"not zero: its gradient is {size}"
        return ZeroReason(name, "not zero", said + ".", 0, total)
    causes = zeros.causes(leaf, zero)
    first = causes[0] if causes else Cause("upstream 0", None, 0, count, True)
    how_many = "zero" if count == total else f"{count} of {total} entries zero"
    told = "; ".join(dict.fromkeys(_words(c, total) for c in (causes[:3] or [first])))
    more = f"; and {len(causes) - 3} more" if len(causes) > 3 else ""
    places = [place_of(c.gate) for c in causes if c.gate is not None]
    return ZeroReason(name, first.kind, f"{how_many}: {told}{more}.", count, total, places, first.upstream)


def _words(cause: Cause, total: int) -> str:
    gate = cause.gate
    before = "upstream 0, because " if cause.upstream and cause.kind != "upstream 0" else ""
    if gate is None:
        if cause.kind == "no path":
            return "no path leads from it to the result (item(), numpy() and tolist() take values out of the graph)"
        return "nothing arrives from above"
    where = place_of(gate).short
    if cause.kind == "no path":
        part = "no path" if cause.count == total else f"no path for {cause.count} entries"
        return f"{before}{part}: {where} does not take them"
    if cause.kind == "cut":
        return before + _cut_words(gate, cause.number, where)
    if cause.kind == "masked":
        return f"{before}masked at {where}: {_condition(gate, cause.number)}"
    if cause.kind == "branches cancel":
        terms = " and ".join(f"{_signed(v)} by {place_of(n).short}" for n, v in cause.shares[:3])
        return f"{before}branches cancel: {terms}"
    if cause.kind == "underflow":
        g, d = (_power(v) for v in cause.factors)
        smallest = _power(float(np.finfo(gate.dtype).smallest_subnormal))
        return (
            f"{before}underflow at {where}: upstream {g} times local {d} is below {smallest}, the smallest {gate.dtype}"
        )
    if cause.kind == "local derivative 0":
        return f"{before}the local derivative of {where} is 0{_slope(gate, cause.number)}"
    return f"upstream 0: nothing arrives at {where}"


def _cut_words(gate: Node, number: int, where: str) -> str:
    if gate.op is CUT:
        return f"cut on purpose at {where}"
    if gate.op.family == "blocked":
        return f"cut at {where}: {gate.op.reason or 'no gradient passes'}"
    parent = gate.inputs[number]
    if type(parent) is Node and parent.dtype is not None and parent.dtype.kind not in "fc":
        return f"cut at {where}: whole numbers and truth values carry no gradient"
    return f"cut at {where}: it has no derivative by its input {number}"


def _condition(gate: Node, number: int) -> str:
    slopes = gate.op.slopes
    text = slopes[number] if number < len(slopes) else ""
    if not text:
        return "the value was taken from elsewhere"
    condition = text.format(**_letters(gate))
    return f"{condition} does not hold" if gate.op.name not in {"abs"} else f"{condition} is 0"


def _slope(gate: Node, number: int) -> str:
    op = gate.op
    if number >= len(op.locals) or number >= len(op.slopes) or not op.slopes[number]:
        return ""
    try:
        return f" (its slope is {op.slopes[number].format(**_letters(gate))})"
    except (KeyError, IndexError):
        return ""


def _letters(gate: Node) -> dict[str, str]:
    """What the words of a record call its values: the user's names where there are some, else x, y, z."""
    names = {"out": "its result", "axis": "its axes"}
    for letter, given in zip(("x", "y", "z"), gate.inputs, strict=False):
        label = given.label if type(given) is Node else None
        names[letter] = clean(label) if label else _constant(given, letter)
    return names


def _constant(given: Any, letter: str) -> str:
    return format_number(given) if isinstance(given, int | float | complex | np.number) else letter


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + format_number(value)


def _power(value: float) -> str:
    """A tiny number as its power of ten.

    >>> _power(3e-200)
    '10⁻²⁰⁰'
    """
    if value == 0 or not math.isfinite(value):
        return format_number(value)
    return "10" + str(math.floor(math.log10(value) + 1e-9)).translate(_DIGITS)
