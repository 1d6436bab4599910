"""What a request may cost, found out on shapes alone, before an array of it exists.

The function is traced on Specs; every value of the trace is counted, because an explanation keeps all of
them. A function that cannot be traced (it branches on values) has an unknown cost: then only the limits of
the worker process hold, whose memory and time are bounded by the system.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.compile.arguments import Parameters
from adjoint.compile.traced import Traced, trace_call
from adjoint.errors import AdjointError, SizeError, TracedError
from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.numbers import format_bytes
from adjoint.workbench.protocol import Limits
from adjoint.workbench.subjects import Subject

#: Traces that are remembered: while a slider moves, shapes stay.
REMEMBERED = 64


@dataclass(frozen=True)
class Price:
    """What one forward pass of a function takes."""

    nodes: int
    bytes: int
    work: int

    def written(self) -> dict[str, int]:
        """The price for a page."""
        return {"nodes": self.nodes, "bytes": self.bytes, "work": self.work}


_TRACES: OrderedDict[Hashable, Traced | None] = OrderedDict()


def traced(subject: Subject) -> Traced | None:
    """The function on Specs, or None where it cannot be traced; raises what the function itself raises."""
    args, keywords = subject.args, subject.keywords
    key = (subject.key, tuple((name, _kind(value)) for name, value in subject.values.items()))
    if key not in _TRACES:
        names = list(subject.values)
        fixed = [i for i, v in enumerate(args) if _stays(v)]
        named = [n for n in names[subject.positional :] if _stays(subject.values[n])]
        try:
            with np.errstate(all="ignore"):
                parameters = Parameters(subject.function, (*fixed, *named), ())
                made: Traced | None = trace_call(subject.function, args, keywords, parameters, False)
        except TracedError:
            made = None
        _TRACES[key] = made
        while len(_TRACES) > REMEMBERED:
            _TRACES.popitem(last=False)
    _TRACES.move_to_end(key)
    return _TRACES[key]


def _stays(value: Any) -> bool:
    """Whether a value is passed as it is: a whole number may be a size or an exponent."""
    return not isinstance(value, float | complex | np.ndarray | np.floating | np.complexfloating)


def _kind(value: Any) -> Hashable:
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.str, value.shape
    return (type(value), repr(value)) if _stays(value) else (type(value), "")


def price_of(graph: Graph) -> Price:
    """The price of a traced graph: values made, bytes that they take, scalar operations."""
    made = [node for node in graph.nodes if not node.is_leaf]
    return Price(
        len(made), sum(spec.nbytes for node in graph.nodes for spec in node.specs), sum(_work(node) for node in made)
    )


def _work(node: Node) -> int:
    """Scalar operations of one node: those of its entries, and for products what is summed into each of them."""
    made = sum(spec.size for spec in node.specs)
    read = [_entries(given) for given in node.inputs]
    if node.op.family == "bilinear":
        # m k of the left, k n of the right, m n of the result: the square root of the product is m k n.
        return max(made, int((float(read[0]) * float(read[1]) * float(made)) ** 0.5))
    if node.op.family == "opaque" and len(node.shape) > 1:
        return max(made, int(float(max(read, default=0)) ** 1.5))  # n by n: factors take n times as many
    return max(made, *read, 0)


def _entries(given: Any) -> int:
    specs = given.specs if type(given) is Node else (Spec.of(given),)
    return sum(spec.size for spec in specs)


def afford(subject: Subject, limits: Limits) -> Price | None:
    """The price of a request, or None where only running it can tell; raises SizeError where it is too high."""
    try:
        known = traced(subject)
    except AdjointError:
        return None  # the story of the run tells it, with the steps that led there
    except Exception:  # noqa: BLE001  the function is a user's
        return None
    if known is None:
        return None
    price = price_of(known.graph)
    largest = max(known.graph.nodes, key=lambda n: sum(s.nbytes for s in n.specs))
    where = largest.describe()
    if price.bytes > limits.bytes:
        raise SizeError(
            f"{subject.title} would make {format_bytes(price.bytes)} of values, and the workbench takes "
            f"{format_bytes(limits.bytes)}; the largest is {largest.op.name}, {' '.join(map(repr, largest.specs))}.",
            where=where,
            help="use smaller inputs here, or explain it in a program of your own: ad.explain(f)(...).",
        )
    if price.work > limits.work:
        raise SizeError(
            f"{subject.title} would take {price.work:.1e} operations, and the workbench takes {limits.work:.0e}.",
            where=where,
            help="use smaller inputs here, or explain it in a program of your own: ad.explain(f)(...).",
        )
    if price.nodes > limits.nodes:
        raise SizeError(
            f"{subject.title} has {price.nodes:,} operations, and the workbench draws {limits.nodes:,}.",
            help="explain a part of it, or use fewer steps.",
        )
    return price
