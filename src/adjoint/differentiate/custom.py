"""Users' own operations: a forward and a backward written by hand, checked at every use.

``Function`` is the class form, with a context that carries values from one pass to the other.
Each subclass is an opaque primitive to the engine: its node stands in the graph like any other.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from adjoint.apply import apply, make, normalize, record
from adjoint.differentiate.closed import closed, no_hidden_tensors, raw
from adjoint.differentiate.saved import freed
from adjoint.errors import RuleError
from adjoint.graph.node import FREED, Node
from adjoint.graph.spec import Spec
from adjoint.modes import no_grad
from adjoint.primitives.record import Primitive
from adjoint.site import here
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


def _once_pull(xp: Any, g: Any, s: Any, n: Node) -> Any:
    raise RuleError(
        f"{n.params['by']} is differentiable only once: its backward used values that are neither inputs "  # type: ignore[index]
        "nor outputs of its forward.",
        where=n.describe(),
        help="save inputs and outputs with ctx.save_for_backward and compute the rest from them in backward.",
    )


#: Marks a gradient whose own derivative is unknown; differentiating it raises.
ONCE = Primitive(
    name="once",
    family="opaque",
    gate="own rule",
    value=lambda x, *sources, by: x,
    spec=lambda x, *sources, by: Spec.of(x),
    arity=None,
    params=("by",),
    pull_all=_once_pull,
    push=lambda xp, ts, s, n: _once_pull(xp, None, s, n),
    needs=(frozenset(),),
    dtypes="fc",
    symbol="1×",
    formula="{x}",
    words="The gradient of a user's operation that is differentiable once.",
    python="{x}",
)


class Function:
    """A user's operation: subclass it with static ``forward(ctx, ...)`` and ``backward(ctx, ...)``, use ``apply``.

    ``forward`` receives untracked tensors and returns one tensor or a tuple. ``backward`` receives one
    cotangent tensor an output (zeros where nothing arrived) and returns one gradient, or None, for
    each argument of forward. An optional static ``jvp(ctx, *tangents)`` gives forward mode. Raises
    RuleError, with the operation and the user's line, for gradients of wrong number, shape or dtype.

    >>> class Multiply(Function):
    ...     @staticmethod
    ...     def forward(ctx, x, y):
    ...         ctx.save_for_backward(x, y)
    ...         return x * y
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         x, y = ctx.saved_tensors
    ...         return g * y, g * x
    >>> import adjoint as ad
    >>> ad.grad(lambda x: Multiply.apply(x, 3.0))(2.0)
    3.0
    """

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        """The value of the operation."""
        raise _unwritten("forward(ctx, ...)")

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """The gradients by the arguments of forward."""
        raise _unwritten("backward(ctx, ...)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """The result of forward, recorded as one operation of the graph."""
        operands: list[Any] = []
        places: list[int] = []
        for place, argument in enumerate(args):
            if type(argument) is Tensor or isinstance(argument, float | complex | np.ndarray | np.floating):
                places.append(place)
                operands.append(argument)
            else:
                no_hidden_tensors(cls.__name__, place, argument)
        needs = tuple(type(a) is Tensor and a._node is not None for a in args)
        ctx = Context(needs)
        call = Call([None if i in places else a for i, a in enumerate(args)], places, ctx)
        inputs = [make(o._value if type(o) is Tensor else _held(o), None) for o in operands]
        outs, several = _forward(cls, ctx, call.filled(inputs))
        call.fresh = outs
        single, tupled = _primitives(cls)
        result = apply(tupled if several else single, tuple(operands), {"call": call})
        first = result[0] if several else result
        node = first._node
        if node is not None:
            owner = node.inputs[0] if several else node
            owner.saved = tuple(_source(v, inputs, outs) for v in ctx._kept)
        ctx._kept = ()
        return result


def _held(value: Any) -> Any:
    """An operand's value, safe from later changes by the caller."""
    array = np.array(normalize(value))
    return array if array.shape else array[()]


def _forward(cls: type[Function], ctx: Context, arguments: list[Any]) -> tuple[Any, bool]:
    name = f"{cls.__name__}.forward"
    outs = closed(name, cls.forward, ctx, *arguments)
    several = isinstance(outs, tuple)
    return tuple(raw(name, o) for o in outs) if several else raw(name, outs), several


def _unwritten(signature: str) -> RuleError:
    return RuleError(
        f"a Function needs a static {signature}.", where=here(), help="write it under @staticmethod in the subclass."
    )


class _Source:
    """A kept value and where it comes from: ("input", i), ("output", i) or ("other", 0)."""

    __slots__ = ("index", "kind", "nbytes", "value")

    def __init__(self, value: Any, kind: str, index: int) -> None:
        self.value, self.kind, self.index = value, kind, index
        self.nbytes = getattr(getattr(value, "_value", value), "nbytes", 0)


def _source(kept: Any, inputs: list[Tensor], outs: Any) -> _Source:
    raw = kept._value if type(kept) is Tensor else kept
    for i, tensor in enumerate(inputs):
        if raw is tensor._value:
            return _Source(raw, "input", i)
    for i, out in enumerate(outs if isinstance(outs, tuple) else (outs,)):
        if raw is out:
            return _Source(raw, "output", i)
    return _Source(kept, "other", 0)


def _primitives(cls: type[Function]) -> tuple[Primitive, Primitive]:
    known: tuple[Primitive, Primitive] | None = cls.__dict__.get("_adjoint_primitives")
    if known is None:
        known = (_primitive(cls, False), _primitive(cls, True))
        cls._adjoint_primitives = known  # type: ignore[attr-defined]
    return known


def _primitive(cls: type[Function], several: bool) -> Primitive:
    def value(*values: Any, call: Call) -> Any:
        if call.fresh is not None:
            outs, call.fresh = call.fresh, None
            return outs
        # A replay at other inputs (a nudge, a check) runs forward again, with a context of its own.
        ctx = Context(call.ctx.needs_input_grad)
        return _forward(cls, ctx, call.filled([make(np.asarray(v)[()], None) for v in values]))[0]

    def spec(*specs: Any, call: Call) -> Any:
        outs = call.fresh
        if outs is None:
            outs = _forward(cls, Context(()), call.filled([make(Spec.of(s), None) for s in specs]))[0]
        return tuple(Spec.of(o) for o in outs) if several else Spec.of(outs)

    def pull_all(xp: Any, g: Any, saved: Any, node: Node) -> Any:
        records = type(g) is Tensor or (isinstance(g, tuple) and any(type(one) is Tensor for one in g))
        given = g if several else (g,)
        cotangents = [
            _tensor(one if one is not None else np.zeros(s.shape, s.dtype))
            for one, s in zip(given, node.specs, strict=True)
        ]
        ctx, once = _context(node, records)
        if records:
            found = cls.backward(ctx, *cotangents)
        else:
            with no_grad():
                found = cls.backward(ctx, *cotangents)
        return _checked(cls, node, found, records, once)

    def push(xp: Any, ts: Any, saved: Any, node: Node) -> Any:
        records = any(type(t) is Tensor for t in ts)
        ctx, once = _context(node, records)
        call: Call = node.params["call"]  # type: ignore[index]
        tangents = [
            _tensor(t if t is not None else np.zeros(s.shape, s.dtype))
            for t, s in zip(ts, (node.input_spec(i) for i in range(len(ts))), strict=True)
        ]
        found = cls.jvp(ctx, *call.filled(tangents))  # type: ignore[attr-defined]
        outs = found if isinstance(found, tuple) else (found,)
        if len(outs) != len(node.specs):
            what = f"{cls.__name__}.jvp returned {len(outs)} tangents for {len(node.specs)} outputs."
            raise RuleError(what, where=node.describe(), help="return one tangent an output.")
        results = tuple(
            _fitted(cls, "jvp", node, o, s, i, records, once) for i, (o, s) in enumerate(zip(outs, node.specs))
        )
        return results if several else results[0]

    return Primitive(
        name=cls.__name__,
        family="opaque",
        gate="own rule",
        value=value,
        spec=spec,
        arity=None,
        several=several,
        params=("call",),
        pull_all=pull_all,
        push=push if hasattr(cls, "jvp") else None,
        lift=lambda node: node.saved,
        dtypes="fc",
        symbol=cls.__name__,
        formula=cls.__name__,
        words=f"{cls.__name__} has its own rule, written by its user.",
        verb="own rule",
        source=f"{cls.__module__}.{cls.__qualname__}",
    )


def _tensor(value: Any) -> Tensor:
    return value if type(value) is Tensor else make(value, None)


def _context(node: Node, records: bool) -> tuple[Context, bool]:
    """The context for a backward, and whether it holds values whose own derivative is unknown."""
    if node.saved is FREED:
        raise freed(node)
    ctx = copy.copy(node.params["call"].ctx)  # type: ignore[index]
    operands = list(node.inputs)
    kept = []
    once = any(isinstance(v, Tensor | np.ndarray) for n, v in vars(ctx).items() if n != "_kept")
    for source in node.saved or ():
        if source.kind == "input":
            parent = operands[source.index]
            kept.append(make(source.value, parent if records and type(parent) is Node else None))
        elif source.kind == "output" and node.dtype is not None:
            kept.append(make(source.value, node if records else None))
        elif source.kind == "output" and records:
            from adjoint.differentiate.saved import item

            kept.append(make(source.value, item(node, source.index, source.value)))
        else:
            once = once or source.kind == "other"
            kept.append(source.value)
    ctx._kept = tuple(kept)
    return ctx, once


def _checked(cls: type[Function], node: Node, found: Any, records: bool, once: bool) -> tuple[Any, ...]:
    """The gradients by the operands, each proved to fit its input."""
    call: Call = node.params["call"]  # type: ignore[index]
    outs = found if isinstance(found, tuple) else (found,)
    if len(outs) != len(call.arguments):
        raise RuleError(
            f"{cls.__name__}.backward returned {len(outs)} gradient{'' if len(outs) == 1 else 's'}, but forward takes "
            f"{len(call.arguments)} argument{'' if len(call.arguments) == 1 else 's'}.",
            where=node.describe(),
            help="return one gradient an argument of forward, None where there is none.",
        )
    for place, one in enumerate(outs):
        if place not in call.places and one is not None:
            raise RuleError(
                f"{cls.__name__}.backward returned a gradient for argument {place}, which is no tensor.",
                where=node.describe(),
                help="return None there.",
            )
    return tuple(
        None if outs[p] is None else _fitted(cls, "backward", node, outs[p], node.input_spec(i), p, records, once)
        for i, p in enumerate(call.places)
    )


def _fitted(cls: Any, rule: str, node: Node, one: Any, spec: Spec, place: int, records: bool, once: bool) -> Any:
    what = f"{cls.__name__}.{rule} returned"
    if type(one) is not Tensor and not isinstance(one, float | complex | np.ndarray | np.generic):
        help = f"return a tensor or array of {spec!r}" + (", or None." if rule == "backward" else ".")
        raise RuleError(f"{what} a {type(one).__name__} as number {place}.", where=node.describe(), help=help)
    tensor = one if type(one) is Tensor else make(np.asarray(normalize(one, what))[()], None)
    what = f"{what} {Spec.of(tensor._value)!r} as number {place}, but it must have the"
    if tensor.shape != spec.shape:
        raise RuleError(f"{what} shape of {spec!r}.", where=node.describe(), help="sum or reshape it to that shape.")
    kind = tensor.dtype.kind
    if kind not in "fc" or (kind == "c" and spec.dtype.kind != "c"):
        raise RuleError(f"{what} dtype of {spec!r}.", where=node.describe(), help="cast it, or take its real part.")
    if isinstance(one, Tensor | np.ndarray) and np.finfo(tensor.dtype).eps > np.finfo(spec.dtype).eps:
        raise RuleError(f"{what} precision of {spec!r}.", where=node.describe(), help="compute it in that dtype.")
    if not records:
        return tensor._value
    if not once:
        return tensor
    # It hangs on the operation's inputs too, though its rule did not say how.
    inputs = (tensor._node if tensor._node is not None else tensor._value, *node.parents)
    value = tensor._value
    return make(value, record(ONCE, inputs, {"by": cls.__name__}, value.shape, value.dtype, None))
