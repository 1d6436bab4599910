"""What one use of a user's operation carries from its forward pass to its backward."""

from __future__ import annotations

from typing import Any

from adjoint.tensor import Tensor


class Context:
    """What a Function's forward leaves for its backward.

    Values that the backward differentiates through belong in ``save_for_backward``; plain settings may
    be attributes. ``needs_input_grad`` says, for each argument of forward, whether a gradient is wanted.
    """

    def __init__(self, needs: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs
        self._kept: tuple[Any, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Keeps tensors for the backward pass; inputs and outputs stay differentiable to any order."""
        self._kept = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What save_for_backward kept, as tensors, in its order."""
        return self._kept


class Call:
    """One use of a user's operation: its arguments, its context, and where each kept value comes from."""

    __slots__ = ("arguments", "ctx", "fresh", "places")

    def __init__(self, arguments: list[Any], places: list[int], ctx: Context) -> None:
        self.arguments = arguments
        self.places = places
        self.ctx = ctx
        #: The result of the forward pass that has just run (taken once by ``value``).
        self.fresh: Any = None

    def filled(self, operands: list[Tensor]) -> list[Any]:
        """The arguments of forward with tensors in the places of operands."""
        full = list(self.arguments)
        for place, operand in zip(self.places, operands, strict=True):
            full[place] = operand
        return full

    def __repr__(self) -> str:
        return "Call"


class Source:
    """A kept value and where it comes from: ("input", i), ("output", i) or ("other", 0)."""

    __slots__ = ("index", "kind", "nbytes", "value")

    def __init__(self, value: Any, kind: str, index: int) -> None:
        self.value, self.kind, self.index = value, kind, index
        self.nbytes = getattr(getattr(value, "_value", value), "nbytes", 0)


def source_of(kept: Any, inputs: list[Tensor], outs: Any) -> Source:
    """Where a kept value comes from, told by its memory."""
    raw = kept._value if type(kept) is Tensor else kept
    for i, tensor in enumerate(inputs):
        if raw is tensor._value:
            return Source(raw, "input", i)
    for i, out in enumerate(outs if isinstance(outs, tuple) else (outs,)):
        if raw is out:
            return Source(raw, "output", i)
    return Source(kept, "other", 0)


def traced_source(kept: Any, inputs: list[Tensor], outs: list[Tensor]) -> Source:
    """Where a kept tensor comes from while tracing, told by its node: nothing else tells two specs apart."""
    for kind, some in (("input", inputs), ("output", outs)):
        for i, tensor in enumerate(some):
            if kept is tensor or (type(kept) is Tensor and kept._node is not None and kept._node is tensor._node):
                return Source(kept, kind, i)
    return Source(kept, "other", 0)
