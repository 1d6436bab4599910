"""A specialisation: the program of one kind of call, and how values reach it and results leave it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from adjoint.apply import apply, make
from adjoint.compile import derive
from adjoint.compile.backend import Built, Options, build
from adjoint.compile.foreign import ForeignProgram
from adjoint.compile.python_backend import owned
from adjoint.compile.tape.gradient import expanded
from adjoint.compile.trace import leaked
from adjoint.compile.traced import Traced
from adjoint.errors import OperandError
from adjoint.graph.graph import Graph
from adjoint.graph.spec import Spec
from adjoint.modes import recording, switched
from adjoint.site import here
from adjoint.tensor import Tensor, is_tracked


class Specialisation:
    """One program for one kind of call."""

    def __init__(self, traced: Traced, options: Options) -> None:
        self.traced = traced
        self.options = options
        self.built: Built = build(traced.graph, traced.signature, options)
        self.program = self.built.program
        #: The native entry, which leaves calls of other kinds to the executable.
        self.entry: Callable[..., Any] | None = None
        #: When it was last used: the oldest goes first where there are too many.
        self.used = 0
        self.calls = 0
        self._count = len(traced.kinds)
        self._results = len(traced.results)
        self._hand = [_hander(kind) for kind in traced.results]
        self._donated = {j: o.donated for j, o in enumerate(traced.signature.outputs) if o.donated is not None}
        self._tracks = any(traced.tracked)
        self._operation: Any = None
        self._pullbacks: dict[tuple[int, ...], Callable[[list[Any]], list[Any]]] = {}

    @cached_property
    def graph(self) -> Graph:
        """The traced graph, all its gradients written out."""
        return expanded(self.traced.graph)

    def fits(self) -> bool:
        """Whether what was captured still has the shapes and dtypes that the program was made for."""
        for held, given in zip(self.traced.captured, self.traced.signature.inputs[self._count :], strict=True):
            value = held._value if type(held) is Tensor else held
            if value.shape != given.shape or value.dtype.name != given.dtype:
                return False
            if (
                type(held) is Tensor
                and held._node is not None
                and recording()
                and is_tracked(held)
                and not self._tracks
            ):
                return False
        for mask, values in self.traced.pinned:
            if not np.array_equal(mask._value if type(mask) is Tensor else mask, values):
                return False
        return True

    def call(self, leaves: list[Any]) -> tuple[bool, Any]:
        """Whether the guards hold, and the results: in the kinds of eager mode and the structure of the function."""
        traced = self.traced
        self.calls += 1
        if self.options.namespace is not None:
            return True, self._foreign(leaves)
        if self._tracks and recording():
            return True, traced.rebuild(self._recorded(leaves))
        values = [_array(v) for v in (*leaves, *traced.captured)]
        if self._donated:
            self._check_donated(leaves)
        found = self._run(values)
        if traced.guards:
            for guard, value in zip(traced.guards, found[self._results :], strict=True):
                if not guard.holds(value.item()):
                    return False, found[self._results :]
        return True, traced.rebuild([hand(one) for hand, one in zip(self._hand, self._given_back(found, leaves))])

    def _run(self, values: list[Any]) -> list[Any]:
        """The program's outputs; where it fails, the replay of the graph says so in the user's terms."""
        try:
            return self.program.run(values)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            with switched(recording=False):
                found = derive.replay(self.graph, [make(v[()], None) for v in values])
            return owned([one._value if type(one) is Tensor else one for one in found], values)

    def _given_back(self, found: Sequence[Any], leaves: list[Any]) -> list[Any]:
        """The results, those that fit into donated arrays in these."""
        results = list(found[: self._results])
        for j, place in self._donated.items():
            target = leaves[place]
            if results[j] is not target:
                np.copyto(target, results[j])
                results[j] = target
        return results

    def _check_donated(self, leaves: list[Any]) -> None:
        names = self.traced.signature.inputs
        for place in self._donated.values():
            array = leaves[place]
            name = names[place].name
            what = None
            if not array.flags.writeable:
                what = "is read-only"
            elif not array.flags.c_contiguous or not array.dtype.isnative:
                what = "is not a contiguous array in native byte order"
            elif any(
                i != place and isinstance(v, np.ndarray) and np.may_share_memory(v, array) for i, v in enumerate(leaves)
            ):
                what = "shares memory with another argument"
            elif any(np.may_share_memory(_array(v), array) for v in self.traced.captured):
                what = "is also captured by the function"
            if what is not None:
                raise OperandError(
                    f"the donated argument {name} {what}, so it cannot be overwritten.",
                    where=here(),
                    help="pass an array of its own (x.copy()), or leave it out of donate.",
                )

    def _recorded(self, leaves: list[Any]) -> list[Any]:
        """The results as tensors on one node of the eager graph, those that no gradient reaches without it."""
        traced = self.traced
        if self._operation is None:
            self._operation = derive.operation(traced.signature.name, self.graph, self._run, self._pullback)
        operands = [np.asarray(v) if isinstance(v, int | float | complex) else v for v in (*leaves, *traced.captured)]
        found = apply(self._operation, tuple(operands))
        results = []
        for tensor, kind, tracked, hand in zip(found, traced.results, traced.tracked, self._hand):
            if kind == "tensor" and tracked:
                results.append(tensor)
            else:
                results.append(hand(np.asarray(tensor._value)))
        return results

    def _pullback(self, wanted: tuple[int, ...]) -> Callable[[list[Any]], list[Any]]:
        known = self._pullbacks.get(wanted)
        if known is None:
            graph, signature = derive.pullback_graph(self.graph, self.traced.signature, wanted)
            known = self._pullbacks[wanted] = build(graph, signature, self.options).program.run
        return known

    def _foreign(self, leaves: list[Any]) -> Any:
        """The results as arrays of the library that ``namespace`` belongs to."""
        assert isinstance(self.program, ForeignProgram)
        captured = [v._value if type(v) is Tensor else v for v in self.traced.captured]
        return self.traced.rebuild(self.program.on_arrays([*leaves, *captured]))


def _array(value: Any) -> Any:
    """A value as the program takes it: an aligned C-contiguous array in native byte order."""
    if type(value) is Tensor:
        if type(value._value) is Spec:
            raise leaked(value)
        value = value._value
    array = np.asarray(value)
    flags = array.flags
    if flags.c_contiguous and flags.aligned and array.dtype.isnative:
        return array
    return np.array(array, array.dtype.newbyteorder("="), order="C")


def _hander(kind: str) -> Callable[[Any], Any]:
    """What makes of an output array the result that the caller receives."""
    if kind == "array":
        return lambda a: a
    if kind == "scalar":
        return lambda a: a[()]
    if kind == "tensor":
        return lambda a: make(a if a.shape else a[()], None)
    return lambda a: a.item()
