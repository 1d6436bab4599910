"""Users' own operations: a forward and a backward written by hand, checked at every use.

``Function`` is the class form, with a context that carries values from one pass to the other.
Each subclass is an opaque primitive to the engine: its node stands in the graph like any other.
"""

from __future__ import annotations

import copy
from contextlib import nullcontext
from typing import Any

import numpy as np

from adjoint.apply import RECORD, apply, make, normalize, record
from adjoint.differentiate.closed import closed, no_hidden_tensors, raw
from adjoint.differentiate.context import Call, Context, source_of, traced_source
from adjoint.differentiate.inlined import Rule, inlined
from adjoint.differentiate.once import ONCE
from adjoint.differentiate.saved import freed, item
from adjoint.errors import RuleError
from adjoint.graph.node import FREED, Node
from adjoint.graph.spec import Spec
from adjoint.modes import no_grad, tracing
from adjoint.primitives.record import Primitive
from adjoint.primitives.structure import CUT
from adjoint.site import here
from adjoint.tensor import Tensor


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
        trace = tracing()
        operands = operands if trace is None else [trace.enter(o) for o in operands]
        needs = tuple(type(a) is Tensor and a._node is not None for a in args)
        ctx = Context(needs)
        call = Call([None if i in places else a for i, a in enumerate(args)], places, ctx)
        if any(type(o) is Tensor and type(o._value) is Spec for o in operands):
            return _inline(cls, call, operands)
        inputs = [make(o._value if type(o) is Tensor else _held(o), None) for o in operands]
        outs, several = _forward(cls, ctx, call.filled(inputs))
        call.fresh = outs
        single, tupled = _primitives(cls)
        result = apply(tupled if several else single, tuple(operands), {"call": call})
        first = result[0] if several else result
        node = first._node
        if node is not None:
            owner = node.inputs[0] if several else node
            owner.saved = tuple(source_of(v, inputs, outs) for v in ctx._kept)
        ctx._kept = ()
        return result


def _inline(cls: type[Function], call: Call, operands: list[Any]) -> Any:
    """While tracing: forward's own operations stand in the graph; backward waits for the graph to be differentiated."""
    ctx, name = call.ctx, f"{cls.__name__}.forward"
    inputs = [apply(CUT, (o,), {"by": cls.__name__}) if type(o) is Tensor else make(_held(o), None) for o in operands]
    found = closed(name, cls.forward, ctx, *call.filled(inputs))
    outs = [o if type(o) is Tensor else make(raw(name, o), None) for o in (found if type(found) is tuple else (found,))]
    hidden = {n: v for n, v in vars(ctx).items() if type(v) is Tensor}
    kept = [traced_source(v, inputs, outs) for v in (*ctx._kept, *hidden.values())]
    once = bool(hidden) or any(k.kind == "other" and type(k.value) is Tensor for k in kept)
    # What is kept becomes an input of the operation: a replay of the graph at other values keeps other values.
    extra = [k.value for k in kept if k.kind == "other" and type(k.value) is Tensor]

    def context(xs: Any, node: Node, records: bool) -> Context:
        made = copy.copy(ctx)
        rest = iter(xs[len(inputs) + len(outs) :])
        values: list[Any] = []
        for k in kept:
            if k.kind == "input":
                values.append(_tensor(xs[k.index]))
            elif k.kind == "output":
                value = _tensor(xs[len(inputs) + k.index])._value
                values.append(make(value, item(node, k.index, value) if records else None))
            else:
                values.append(_tensor(next(rest)) if type(k.value) is Tensor else k.value)
        made._kept = tuple(values[: len(ctx._kept)])
        for attribute, value in zip(hidden, values[len(ctx._kept) :], strict=True):
            setattr(made, attribute, value)
        return made

    def pull(xp: Any, g: Any, xs: Any, node: Node) -> tuple[Any, ...]:
        records = xp is RECORD
        cotangents = [_tensor(np.zeros(s.shape, s.dtype) if d is None else d) for d, s in zip(g, node.specs)]
        with nullcontext() if records else no_grad():
            back = cls.backward(context(xs, node, records), *cotangents)
        return _checked(cls, call, node, back, records, once)

    def push(xp: Any, ts: Any, xs: Any, node: Node) -> tuple[Any, ...]:
        records = xp is RECORD
        tangents = [_tensor(np.zeros(np.shape(x)) if t is None else t) for t, x in zip(ts, xs)]
        return _pushed(cls, call, node, context(xs, node, records), tangents, records, once)

    rule = Rule(cls.__name__, len(inputs), len(outs), pull, push if hasattr(cls, "jvp") else None)
    results = inlined(rule, operands, outs, extra)
    return results if type(found) is tuple else results[0]


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
        return _checked(cls, node.params["call"], node, found, records, once)  # type: ignore[index]

    def push(xp: Any, ts: Any, saved: Any, node: Node) -> Any:
        records = any(type(t) is Tensor for t in ts)
        ctx, once = _context(node, records)
        call: Call = node.params["call"]  # type: ignore[index]
        tangents = [
            _tensor(t if t is not None else np.zeros(s.shape, s.dtype))
            for t, s in zip(ts, (node.input_spec(i) for i in range(len(ts))), strict=True)
        ]
        results = _pushed(cls, call, node, ctx, tangents, records, once)
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
            kept.append(make(source.value, item(node, source.index, source.value)))
        else:
            once = once or source.kind == "other"
            kept.append(source.value)
    ctx._kept = tuple(kept)
    return ctx, once


def _pushed(
    cls: Any, call: Call, node: Node, ctx: Context, tangents: list[Tensor], records: bool, once: bool
) -> tuple[Any, ...]:
    """The tangents of the outputs, each proved to fit its output."""
    found = cls.jvp(ctx, *call.filled(tangents))
    outs = found if isinstance(found, tuple) else (found,)
    if len(outs) != len(node.specs):
        what = f"{cls.__name__}.jvp returned {len(outs)} tangents for {len(node.specs)} outputs."
        raise RuleError(what, where=node.describe(), help="return one tangent an output.")
    return tuple(_fitted(cls, "jvp", node, o, s, i, records, once) for i, (o, s) in enumerate(zip(outs, node.specs)))


def _checked(cls: type[Function], call: Call, node: Node, found: Any, records: bool, once: bool) -> tuple[Any, ...]:
    """The gradients by the operands, each proved to fit its input."""
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
