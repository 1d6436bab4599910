"""ad.kinks: whether a gradient was taken exactly at a kink, at which operation, for how many elements."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adjoint.differentiate.variables import function_name
from adjoint.graph.display import Shown
from adjoint.graph.node import Node
from adjoint.graph.text import clean
from adjoint.verify.arguments import Arguments
from adjoint.verify.structure import Place, Structure, place_of


@dataclass(frozen=True)
class Kink:
    """One operation that stood exactly on its kink: where, for how many of its elements, and the convention."""

    node: Node
    place: Place
    count: int
    total: int
    convention: str

    @property
    def short(self) -> str:
        """The operation and its line."""
        return self.place.short

    def __str__(self) -> str:
        return f"{self.place.short}: {self.count} of {self.total} elements {self.convention}"


@dataclass
class KinkReport(Shown):
    """The operations of one evaluation that stood exactly on a kink or a step; false when there are none."""

    name: str
    kinks: list[Kink] = field(default_factory=list)

    @property
    def count(self) -> int:
        """The number of elements at a kink, over all operations."""
        return sum(k.count for k in self.kinks)

    def __bool__(self) -> bool:
        return bool(self.kinks)

    def __len__(self) -> int:
        return len(self.kinks)

    def __iter__(self) -> Any:
        return iter(self.kinks)

    def __str__(self) -> str:
        if not self.kinks:
            return f"{clean(self.name)} stands on no kink here."
        lines = [f"{clean(self.name)} stands on a kink in {self.count} element{'' if self.count == 1 else 's'}:"]
        return "\n".join([*lines, *[f"  {k}" for k in self.kinks]])

    __repr__ = __str__


def kinks(f: Callable[..., Any], argnums: int | tuple[int, ...] | None = None) -> Callable[..., KinkReport]:
    """A function that lists the operations of ``f`` that are evaluated exactly at a kink or a step.

    There the gradient is a convention: relu and abs at 0, equal operands of maximum, clip at its
    bounds, sqrt at 0. Only operations that depend on the arguments (``argnums``; None: all floats) count.

    >>> import adjoint as ad
    >>> report = ad.kinks(lambda x: abs(x) + x)(0.0)
    >>> [(k.place.name, k.count, k.total) for k in report]
    [('abs', 1, 1)]
    """

    @functools.wraps(f, assigned=("__module__", "__name__", "__qualname__"), updated=())
    def listed(*args: Any, **kwargs: Any) -> KinkReport:
        return KinkReport(function_name(f), kinks_of(Structure(Arguments(f, args, kwargs, argnums))))

    return listed


def kinks_of(structure: Structure) -> list[Kink]:
    """The operations of a recorded function that stand on a kink, in the order of the computation."""
    inner: set[Node] = set(structure.leaves)
    found = []
    for node in structure.nodes:
        parents = [p for p in node.inputs if type(p) is Node]
        if not any(p in inner for p in parents):
            continue
        inner.add(node)
        at_kink = node.op.at_kink
        if at_kink is None or not any(p in inner and p.dtype is not None and p.dtype.kind in "fc" for p in parents):
            continue
        values = [structure.values[p] if type(p) is Node else p for p in node.inputs]
        with np.errstate(all="ignore"):
            hit = np.asarray(at_kink(*values, **(node.params or {})))
        count = int(np.count_nonzero(hit))
        if count:
            found.append(Kink(node, place_of(node), count, hit.size, clean(node.op.kinks)))
    return found
