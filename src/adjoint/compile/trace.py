"""Trace: a function run once on tensors that have shapes and no values; what it did becomes a graph.

The rest of the engine asks the trace that is being made (``Mode.tracing``) at four places: ``apply``
before an operation runs (captured tensors and arrays become inputs) and after it; the transforms where
they make variables and hand out results; conversions where Python wants a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from adjoint.apply import apply, leaf, make, next_seq, normalize, record
from adjoint.compile.capture import Captured, Reach
from adjoint.compile.guard import Guards
from adjoint.compile.kinds import ARRAY, NUMBER, TENSOR, Kinds
from adjoint.differentiate.containers import primal
from adjoint.errors import InPlaceError, TracedError
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import MODE, Mode, recording
from adjoint.primitives.movement import astype, broadcast_to
from adjoint.primitives.record import Primitive
from adjoint.primitives.structure import ALIAS, CUT
from adjoint.site import here
from adjoint.tensor import Tensor, is_tracked, no_value

#: Python's own arithmetic: of Python numbers it makes Python numbers, whose dtype gives way to an array's.
_WEAK = frozenset({"add", "subtract", "multiply", "divide", "power", "negative", "absolute", "square", "floor_divide"})
_PLAIN = {"f": 0.0, "i": 0, "c": 0j}


class Trace:
    """One trace: its inputs, what it captured, and what is known of every value besides its spec."""

    def __init__(self, roots: Iterable[Any], guards: Guards | None = None, name: str = "the function") -> None:
        #: What is traced, for messages.
        self.name = name
        self.first = next_seq()
        self.outer: Trace | None = getattr(MODE.get(), "tracing", None)
        self.kinds = Kinds()
        self.guards = guards
        self._later: Callable[..., list[Tensor] | None] | None = None
        #: Nodes whose value is a Python number when eager: their dtype gives way.
        self.weak: set[Node] = set()
        #: Captured tensors and arrays with the nodes that stand for them, in the order of their first use.
        self.captures: list[tuple[Captured, Node]] = []
        self.reach = Reach(roots)
        #: Captured masks with their values: where those change, the function is traced again.
        self.pinned: list[tuple[Any, Any]] = []
        self._lifted: dict[int, tuple[Any, Tensor | None]] = {}

    @property
    def later(self) -> Callable[..., list[Tensor] | None] | None:
        """Who may answer for a gradient in the place of a walk: nobody where the result could be differentiated on."""
        return None if self.kinds.tracks else self._later

    @later.setter
    def later(self, answer: Callable[..., list[Tensor] | None] | None) -> None:
        self._later = answer

    @property
    def guarding(self) -> bool:
        """Whether Python branches on traced values are followed, and guarded."""
        return self.guards is not None

    def mode(self) -> Mode:
        """The mode in which the function runs."""
        around = MODE.get() or Mode()
        return around.but(
            recording=True, everything=False, listener=None, origin=None, dead=set(), cut=None, tracing=self
        )

    def argument(self, spec: Spec, kind: int, name: str | None, weak: bool = False, tracked: bool = False) -> Tensor:
        """A new input of the graph, as the function receives it."""
        node = leaf(spec, None, name)
        self.kinds.input(node, kind, tracked)
        if weak:
            self.weak.add(node)
        tensor = make(spec, node)
        tensor._name = name
        return tensor

    # What captured objects become.

    def enter(self, value: Any) -> Any:
        """A value as it may stand in the traced graph: captured tensors and arrays are replaced by inputs."""
        if type(value) is Tensor:
            node = value._node
            if node is not None and node.seq > self.first:
                return value
        elif not isinstance(value, np.ndarray):
            return value
        known = self._lifted.get(id(value))
        if known is None:
            known = self._lifted[id(value)] = (value, self._lift(value))
        return value if known[1] is None else known[1]

    def _lift(self, value: Any) -> Tensor | None:
        """The input that stands for a captured tensor or array, or None where the function itself made it."""
        found = self.reach.find(value)
        if type(value) is Tensor:
            if type(value._value) is Spec:
                if self.outer is None:
                    raise leaked(value)
            elif value._node is None and found is None:
                return None
            name = value._name or (found[0] if found else None)
            return self._input(value, Spec.of(value._value), TENSOR, name, tracked=is_tracked_outside(value))
        if found is None or value.dtype.kind not in "fciub":
            return None
        held = found[1]
        if type(held) is Tensor:
            return self._input(held, Spec.of(held._value), TENSOR, held._name, tracked=is_tracked_outside(held))
        return self._input(held, Spec(held.shape, np.dtype(held.dtype.type)), ARRAY, found[0])

    def _input(self, held: Any, spec: Spec, kind: int, name: str | None, tracked: bool = False) -> Tensor:
        tensor = self.argument(spec, kind, None, tracked=tracked)
        if tensor._node is not None:
            tensor._node.name = tensor._name = name or None
            self.captures.append((Captured(name or "captured", held, False), tensor._node))
        return tensor

    def captured_tensor(self, data: Any, dtype: Any) -> Tensor | None:
        """For ``ad.tensor(data)``: the input that stands for a captured array, or None where there is nothing such."""
        if not isinstance(data, np.ndarray):
            return None
        entered = self.enter(data)
        if type(entered) is not Tensor:
            return None
        kind = entered.dtype if dtype is None else np.dtype(dtype)
        return entered if kind == entered.dtype else apply(astype, (entered,), {"dtype": kind})

    # What ``apply`` asks.

    def operands(self, op: Primitive, operands: Sequence[Any], params: dict[str, Any] | None) -> tuple[Any, ...]:
        """The operands of an operation: captured ones lifted, Python numbers in the dtype that they give way to."""
        entered = tuple(self.enter(x) if type(x) is Tensor or isinstance(x, np.ndarray) else x for x in operands)
        if op is broadcast_to and (type(entered[0]) is not Tensor or type(entered[0]._value) is not Spec):
            return (self._symbol(entered[0]),)  # not an array of equal numbers, but the operation that would make it
        if self.weak and op is not astype and len(entered) > 1:
            return self._given_way(op, entered, params)
        return entered

    def _given_way(self, op: Primitive, operands: tuple[Any, ...], params: dict[str, Any] | None) -> tuple[Any, ...]:
        soft = [type(x) is Tensor and x._node in self.weak for x in operands]
        if not any(soft) or all(s or type(x) in (float, int, complex) for s, x in zip(soft, operands)):
            return operands
        if op.family not in {"elementwise", "router", "blocked"} and op.name not in {"where", "set_at"}:
            return operands
        firm = [_kind_of(x) for s, x in zip(soft, operands) if not s]
        given = list(operands)
        for i, x in enumerate(operands):
            if soft[i]:
                wanted = np.result_type(*[k for k in firm if k.kind != "b"] or firm, _PLAIN[x.dtype.kind])
                if wanted != x.dtype:
                    given[i] = apply(astype, (x,), {"dtype": wanted})
        return tuple(given)

    def _symbol(self, constant: Any) -> Tensor:
        """A constant as a traced tensor."""
        value = constant._value if type(constant) is Tensor else np.asarray(constant)[()]
        return make(Spec.of(value), record(ALIAS, (value,), None, value.shape, value.dtype, None))

    def received(self, value: Any) -> Any:
        """A number or array as a compiled function inside this trace receives it: as a tensor."""
        entered = self.enter(value)
        if type(entered) is Tensor:
            return entered
        made = self._symbol(normalize(value, "a compiled function"))
        number = type(value) in (float, int, complex)
        if made._node is not None:
            self.kinds.input(made._node, NUMBER if number else ARRAY, False)
            if number:
                self.weak.add(made._node)
        return made

    def result(self, op: Primitive, operands: tuple[Any, ...], made: Any) -> Any:
        """What an operation hands on: Python's arithmetic stays soft, and under ``no_grad`` the way back is cut."""
        if self.weak and op.name in _WEAK and made._node is not None and self._all_weak(operands):
            self.weak.add(made._node)
        if recording() or op is CUT:
            return made
        if op.several:
            return tuple(apply(CUT, (one,), {"by": "no_grad"}) if one._node is not None else one for one in made)
        return apply(CUT, (made,), {"by": "no_grad"}) if op.differentiable else made

    def _all_weak(self, operands: tuple[Any, ...]) -> bool:
        return all(x._node in self.weak if type(x) is Tensor else type(x) in (int, float, complex) for x in operands)

    def unmasked(self, key: Any) -> Any:
        """An index with the places that a captured mask picks, in its stead: how many they are, its values decide."""
        parts: list[Any] = []
        for one in key if type(key) is tuple else (key,):
            mask = one._value if type(one) is Tensor else one
            if not isinstance(mask, np.ndarray) or mask.dtype.kind != "b" or not mask.ndim:
                parts.append(one)
                continue
            found = self.reach.find(one)
            if found is not None:
                self.pinned.append((found[1], mask.copy()))
            parts.extend(np.nonzero(mask))
        return tuple(parts) if len(parts) != 1 or type(key) is tuple else parts[0]

    # What the transforms ask.

    def variable(self, value: Any, name: str) -> Tensor:
        """A differentiated value as the transform's own variable, on a node of its own."""
        value = self.firm(self.enter(value), number=True)
        inner = primal(value, name)
        node = value._node if type(value) is Tensor and value._node is not None else inner
        alias = record(ALIAS, (node,), None, inner.shape, inner.dtype, None)
        self.kinds.variable(alias)
        made = make(Spec.of(inner), alias)
        if type(value) is Tensor and value._name:
            made._name = alias.name = value._name
        return made

    def firm(self, value: Any, number: bool = False) -> Any:
        """A Python number as the float64 that transforms make of it (of whole ones only where ``number``)."""
        if type(value) is not Tensor or value._node not in self.weak:
            return value
        kind = value.dtype.kind
        if kind == "i" and not number:
            return value
        wanted = np.dtype(np.complex128 if kind == "c" else np.float64)
        if value.dtype != wanted:
            return apply(astype, (value,), {"dtype": wanted})
        alias = record(ALIAS, (value._node,), None, value.shape, value.dtype, None)
        return make(value._value, alias)

    def passive(self, value: Tensor) -> Any:
        """An argument that a transform does not differentiate by."""
        return self.firm(self.enter(value))

    def like(self, value: Any, given: Sequence[Any]) -> Tensor:
        """A result of a transform, marked with the kind in which eager mode would hand it out."""
        value = self.enter(value if type(value) is Tensor else make(value, None))
        source = value._node if value._node is not None else value._value
        given = [self.enter(g) for g in given]
        kind = max((self.kinds.of(g) for g in given), default=NUMBER)
        op = ALIAS if recording() else CUT
        params = {"kind": kind} if op is ALIAS else {"by": "no_grad"}
        mark = record(op, (source,), params, value.shape, value.dtype, None)
        self.kinds.mark(mark, kind, value._node if op is ALIAS else None, given)
        return make(Spec.of(value._value), mark)

    def seed(self, given: Any, spec: Spec) -> Any:
        """A cotangent or tangent that a transform was handed."""
        given = self.enter(given)
        if type(given) is not Tensor or given._node is None or given.dtype == spec.dtype:
            return given
        fits = spec.dtype.kind == "c" or (spec.dtype.kind == "f" and given.dtype.kind != "c")
        return apply(astype, (given,), {"dtype": spec.dtype}) if fits else given

    def tracked(self, tensor: Tensor) -> bool:
        """Whether a gradient is wanted through a tensor: by a transform inside the trace, or by whoever calls."""
        node = tensor._node
        if node is None:
            return False
        return is_tracked_outside(tensor) if node.seq < self.first else self.kinds.tracked(node)

    # What Python's conversions and writes ask.

    def concrete(self, tensor: Tensor, wanted: str, truth: bool) -> Any:
        """The value that a Python branch asks for, in a trace that guards its branches."""
        if truth and tensor.size != 1:
            return np.empty(tensor.shape, tensor.dtype)  # whose truth is ambiguous, whatever its values are
        if self.guards is None or tensor._node is None or tensor.size != 1:
            raise no_value(tensor, wanted)
        return self.guards.value(tensor._node, truth, self.captures)

    def writing(self, tensor: Tensor, form: str) -> None:
        """Raises InPlaceError where a function that is traced writes to a tensor that it captured."""
        node = tensor._node
        if (node is not None and node.seq < self.first) or (node is None and self.reach.find(tensor) is not None):
            raise InPlaceError(
                f"{form} would change a tensor that the compiled function captured; it runs once, to be traced.",
                where=here(),
                help="return the new values and write them outside, or pass the tensor as an argument.",
            )


def _kind_of(value: Any) -> Any:
    if type(value) in (float, int, complex, bool):
        return np.asarray(value).dtype
    return value.dtype if hasattr(value, "dtype") else np.asarray(value).dtype


def is_tracked_outside(tensor: Tensor) -> bool:
    """Whether a tensor from before the trace is tracked there."""
    mode = MODE.get()
    if mode is None or mode.tracing is None:
        return is_tracked(tensor)
    token = MODE.set(mode.but(tracing=mode.tracing.outer))
    try:
        return is_tracked(tensor)
    finally:
        MODE.reset(token)


def leaked(tensor: Tensor) -> TracedError:
    """The error for a traced tensor that outlived its trace."""
    return TracedError(
        f"this tensor was traced while another function was compiled, and has no values: {tensor._value!r}.",
        where=tensor._node.describe() if tensor._node is not None else here(),
        help="a compiled function must return what it computes; what it stores elsewhere is left from its trace.",
    )
