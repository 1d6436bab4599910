"""What a request may cost, found out on shapes alone, before an array of it exists.

The function runs once on Specs. Every operation is counted there as it is met, and the run ends at the first
that is too much: also in a function that would fail later, or that never ends. A function that branches on
values has an unknown cost from there on: then the limits of the worker process hold, which the system keeps.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.compile.arguments import Parameters, mapped
from adjoint.compile.kinds import ARRAY, NUMBER
from adjoint.compile.trace import Trace
from adjoint.compile.traced import Traced, trace_call
from adjoint.errors import SizeError, TracedError
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import MODE
from adjoint.numbers import format_bytes
from adjoint.workbench.protocol import Limits
from adjoint.workbench.subjects import Subject

#: Runs on Specs that are remembered: while a slider moves, shapes stay.
REMEMBERED = 64

_ELSEWHERE = "use smaller inputs here, or explain it in a program of your own: ad.explain(f)(...)."


@dataclass
class Price:
    """What one forward pass of a function takes: operations, bytes of all values, scalar operations."""

    nodes: int = 0
    bytes: int = 0
    work: int = 0

    def written(self) -> dict[str, int]:
        """The price for a page."""
        return {"nodes": self.nodes, "bytes": self.bytes, "work": self.work}


class Meter(Trace):
    """A run on Specs that counts, and refuses the first operation that is too much."""

    def __init__(self, subject: Subject, limits: Limits) -> None:
        super().__init__([subject.function])
        self.price = Price()
        #: The refusal, which the function itself may have caught.
        self.refusal: SizeError | None = None
        self._title = subject.title
        self._limits = limits

    def result(self, op: Any, operands: tuple[Any, ...], made: Any) -> Any:
        """Counts an operation that was just met."""
        for one in made if isinstance(made, tuple) else (made,):
            if one._node is not None:
                self._count(one._node)
        return super().result(op, operands, made)

    def _count(self, node: Node) -> None:
        price, limits = self.price, self._limits
        price.nodes += 1
        price.bytes += sum(spec.nbytes for spec in node.specs)
        price.work += work_of(node)
        if price.bytes > limits.bytes:
            told = f"would make {format_bytes(price.bytes)} of values, and the workbench takes"
            told += f" {format_bytes(limits.bytes)}; the last was {node.op.name}, {' '.join(map(repr, node.specs))}."
        elif price.work > limits.work:
            told = f"would take {price.work:.1e} operations on numbers, and the workbench takes {limits.work:.0e}."
        elif price.nodes > limits.nodes:
            told = f"has more than {limits.nodes:,} operations, and the workbench draws no more."
        else:
            return
        self.refusal = self.refusal or SizeError(f"{self._title} {told}", where=node.describe(), help=_ELSEWHERE)
        raise self.refusal

    def run(self, subject: Subject) -> bool:
        """Whether the whole function could be counted."""
        token = MODE.set(self.mode())
        try:
            with np.errstate(all="ignore"):
                values = {name: self._entered(name, value) for name, value in subject.values.items()}
                args, keywords = subject.arguments(values)
                subject.function(*args, **keywords)
        except Exception:  # noqa: BLE001  whatever the function raises, its story tells
            return False
        finally:
            MODE.reset(token)
        return True

    def _entered(self, name: str, value: Any) -> Any:
        """An input as the function receives it: a tensor without values, or a setting as it is."""

        def enter(one: Any, path: str) -> Any:
            if _stays(one):
                return one
            spec = Spec.of(one)
            self.price.bytes += spec.nbytes
            weak = type(one) in (float, complex)
            return self.argument(spec, NUMBER if weak else ARRAY, path, weak)

        return mapped(value, enter, name)


def work_of(node: Node) -> int:
    """Scalar operations of one node: those of its entries, and for products what is summed into each of them."""
    made = sum(spec.size for spec in node.specs)
    read = [_entries(given) for given in node.inputs]
    if node.op.family == "bilinear":
        # m k of the left, k n of the right, m n of the result: the square root of the product is m k n.
        return max(made, int((float(read[0]) * float(read[1]) * float(made)) ** 0.5))
    if node.op.family == "opaque" and any(spec.ndim > 1 for spec in node.specs):
        return max(made, int(float(max(read, default=0)) ** 1.5))  # n by n: factors take n times as many
    return max(made, *read, 0)


def _entries(given: Any) -> int:
    specs = given.specs if type(given) is Node else (Spec.of(given),)
    return sum(spec.size for spec in specs)


_PRICES: OrderedDict[Hashable, Price | SizeError | None] = OrderedDict()
_TRACES: OrderedDict[Hashable, Traced | None] = OrderedDict()


def afford(subject: Subject, limits: Limits) -> Price | None:
    """The price of a request, or None where only running it can tell; raises SizeError where it is too high."""
    key = (limits, _kinds(subject))
    if key not in _PRICES:
        meter = Meter(subject, limits)
        whole = meter.run(subject)
        _remember(_PRICES, key, meter.refusal or (meter.price if whole else None))
    _PRICES.move_to_end(key)
    found = _PRICES[key]
    if isinstance(found, SizeError):
        raise SizeError(found.what, where=found.where, help=found.help)
    return found


def traced(subject: Subject) -> Traced | None:
    """The graph of a function, or None where it branches on values; raises what the function itself raises."""
    key = _kinds(subject)
    if key not in _TRACES:
        args, keywords = subject.args, subject.keywords
        fixed = [i for i, v in enumerate(args) if _stays(v)]
        named = [name for name, v in keywords.items() if _stays(v)]
        try:
            with np.errstate(all="ignore"):
                parameters = Parameters(subject.function, (*fixed, *named), ())
                made: Traced | None = trace_call(subject.function, args, keywords, parameters, False)
        except TracedError:
            made = None
        _remember(_TRACES, key, made)
    _TRACES.move_to_end(key)
    return _TRACES[key]


def _remember(known: OrderedDict[Hashable, Any], key: Hashable, value: Any) -> None:
    known[key] = value
    while len(known) > REMEMBERED:
        known.popitem(last=False)


def _kinds(subject: Subject) -> Hashable:
    """What a run on Specs depends on: the function, and the kinds of its inputs."""
    return subject.key, tuple((name, _kind(value)) for name, value in subject.values.items())


def _stays(value: Any) -> bool:
    """Whether a value is passed as it is: a whole number may be a size or an exponent."""
    return not isinstance(value, float | complex | np.ndarray | np.floating | np.complexfloating)


def _kind(value: Any) -> Hashable:
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.str, value.shape
    return (type(value), repr(value)) if _stays(value) else (type(value), "")
