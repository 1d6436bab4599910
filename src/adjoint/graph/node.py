"""Node: one operation (or one leaf) of a graph."""

from __future__ import annotations

from types import CodeType
from typing import Any

import numpy as np

from adjoint.graph.spec import Spec
from adjoint.site import Site, assigned_name, site_of


class _Freed:
    """What stands in ``saved`` once a backward pass has freed a node's values."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "FREED"


FREED = _Freed()


class Node:
    """One operation of a graph: its record, its inputs, and what its derivative needs.

    ``inputs`` holds nodes, small untracked values, and Specs in the place of large untracked values
    that no rule needs. ``saved`` holds the values that the rules need, in the order of the record's
    layout; it is the only slot that ever changes (to FREED). A node with several outputs has
    ``dtype`` None and a tuple of Specs in ``shape``, which reads as ``specs``.
    """

    __slots__ = (
        "code",
        "dtype",
        "inputs",
        "lasti",
        "name",
        "op",
        "origin",
        "params",
        "saved",
        "scope",
        "seq",
        "shape",
    )

    op: Any
    inputs: tuple[Any, ...]
    params: dict[str, Any] | None
    shape: Any
    dtype: Any
    saved: Any
    code: CodeType | None
    lasti: int | None
    seq: int
    name: str | None
    scope: str | None
    origin: tuple[Node, int, str] | None

    @property
    def specs(self) -> tuple[Spec, ...]:
        """The specs of all outputs, also when there is only one."""
        if self.dtype is None:
            return tuple(self.shape)
        return (Spec.known(self.shape, self.dtype),)

    @property
    def spec(self) -> Spec:
        """The spec of the only output."""
        return Spec.known(self.shape, self.dtype)

    @property
    def is_leaf(self) -> bool:
        """Whether this node is an input of the computation rather than an operation."""
        return bool(self.op.family == "leaf")

    @property
    def parents(self) -> list[Node]:
        """The inputs that are nodes, in order, repeated where a value is used twice."""
        return [i for i in self.inputs if type(i) is Node]

    @property
    def site(self) -> Site | None:
        """The user's file, line and columns, or None for nodes made without user code."""
        return site_of(self.code, self.lasti)

    @property
    def label(self) -> str | None:
        """The user's name for this value: its own, or the variable that it was assigned to."""
        return self.name or assigned_name(self.code, self.lasti)

    def input_spec(self, index: int) -> Spec:
        """The spec of one input, also when it is a constant."""
        given = self.inputs[index]
        return Spec.known(given.shape, given.dtype) if type(given) is Node else Spec.of(given)

    def describe(self) -> str | None:
        """Where this node was made, for an error message."""
        site = self.site
        return None if site is None else site.describe()

    def __repr__(self) -> str:
        specs = ", ".join(map(repr, self.specs))
        return f"<{self.op.name}{'' if self.label is None else ' ' + self.label} {specs} #{self.seq}>"


def held_bytes(value: Any) -> int:
    """The bytes of a saved value: an array, a NumPy scalar, a Python number, or a tuple of them."""
    if isinstance(value, tuple):
        return sum(map(held_bytes, value))
    if isinstance(value, np.ndarray | np.generic):
        return int(value.nbytes)
    return 8 if isinstance(value, int | float) else 16 if isinstance(value, complex) else 0
