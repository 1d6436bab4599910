"""Users' derivative rules in functional form: custom_vjp and custom_jvp.

The function stays one operation of the graph, with the rule in the place of its derivative. When a
gradient is itself differentiated, the rule runs again on the tracked inputs, so every order works.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.apply import RECORD, apply, leaf, make, normalize
from adjoint.differentiate.closed import closed, raw
from adjoint.differentiate.containers import flatten
from adjoint.differentiate.cotangent import plain
from adjoint.differentiate.inlined import Rule, inlined
from adjoint.differentiate.reverse import reverse
from adjoint.errors import ArgumentError, RuleError
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.modes import no_grad, switched, tracing
from adjoint.primitives.record import Primitive
from adjoint.primitives.structure import CUT
from adjoint.site import here
from adjoint.tensor import Tensor


class _Ruled(ABC):
    """A function with a rule: what custom_vjp and custom_jvp share."""

    def __init__(self, f: Callable[..., Any]) -> None:
        functools.update_wrapper(self, f)
        self._f = f
        self._name = str(getattr(f, "__name__", type(f).__name__))

    @abstractmethod
    def _ready(self) -> None: ...

    def __call__(self, *args: Any) -> Any:
        self._ready()
        operands, structure = _operands(args)
        if (trace := tracing()) is not None:
            operands = [trace.enter(o) for o in operands]
        if any(type(o._value) is Spec for o in operands):
            return self._inline(operands, structure)
        outs, build = flatten(closed(self._name, self._f, *structure.fill([make(o._value, None) for o in operands])))
        values = [raw(self._name, o) for o in outs]
        fresh: list[Any] = [tuple(values)]
        op = self._primitive(structure, fresh)
        found = apply(op, tuple(operands), {"rule": _Quiet(structure)})
        return build(list(found))

    def _inline(self, operands: list[Tensor], structure: _Structure) -> Any:
        """While tracing: the operations of the function stand in the graph, with the rule beside them."""
        inputs = [apply(CUT, (o,), {"by": self._name}) for o in operands]
        found, build = flatten(closed(self._name, self._f, *structure.fill(inputs)))
        outs = [o if type(o) is Tensor else make(raw(self._name, o), None) for o in found]
        count, pusher = len(operands), self._pusher(structure)
        push = None if pusher is None else lambda xp, ts, xs, node: pusher(xp, ts, (xs[:count], None), node)
        rule = Rule(
            self._name,
            count,
            len(outs),
            lambda xp, g, xs, node: self._pull(xp, g, (xs[:count], None), node, structure),
            push,
        )
        return build(list(inlined(rule, operands, outs)))

    def _primitive(self, structure: _Structure, fresh: list[Any]) -> Primitive:
        def value(*values: Any, rule: Any) -> Any:
            if fresh:
                return fresh.pop()
            again = closed(self._name, self._f, *structure.fill([make(np.asarray(v)[()], None) for v in values]))
            return tuple(raw(self._name, o) for o in flatten(again)[0])

        def spec(*specs: Any, rule: Any) -> Any:
            if fresh:
                return tuple(Spec.of(v) for v in fresh.pop())
            again = closed(self._name, self._f, *structure.fill([make(Spec.of(s), None) for s in specs]))
            return tuple(Spec.of(raw(self._name, o)) for o in flatten(again)[0])

        return Primitive(
            name=self._name,
            family="opaque",
            gate="own rule",
            value=value,
            spec=spec,
            arity=None,
            several=True,
            params=("rule",),
            pull_all=lambda xp, g, s, n: self._pull(xp, g, s, n, structure),
            push=self._pusher(structure),
            needs=(frozenset({"xs"}),),
            dtypes="fc",
            symbol=self._name,
            formula=self._name,
            words=f"{self._name} has its own rule, written by its user.",
            verb="own rule",
        )

    @abstractmethod
    def _pull(self, xp: Any, g: Any, s: Any, node: Node, structure: _Structure) -> tuple[Any, ...]: ...

    @abstractmethod
    def _pusher(self, structure: _Structure) -> Callable[..., Any] | None: ...


class custom_vjp(_Ruled):
    """A function whose reverse rule is written by hand: ``f.defvjp(forward, backward)``.

    ``forward(*args)`` returns ``(out, residuals)``; ``backward(residuals, g)`` returns one gradient, or
    None, for each argument, with the argument's structure and shapes. Raises RuleError where they
    do not fit. Forward mode through it raises; hessian works (reverse over reverse).

    >>> import adjoint as ad, adjoint.numpy as anp
    >>> @ad.custom_vjp
    ... def log1pexp(x):
    ...     return anp.log1p(anp.exp(x))
    >>> log1pexp.defvjp(lambda x: (log1pexp(x), x), lambda x, g: (g / (1 + anp.exp(-x)),))
    >>> ad.grad(log1pexp)(0.0)
    0.5
    """

    _forward: Callable[..., Any] | None = None
    _backward: Callable[..., Any] | None = None

    def defvjp(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        """Gives the function its rule."""
        self._forward, self._backward = forward, backward

    def _ready(self) -> None:
        if self._backward is None:
            raise RuleError(f"{self._name} has no rule yet.", where=here(), help="call defvjp(forward, backward).")

    def _pusher(self, structure: _Structure) -> Callable[..., Any] | None:
        return None

    def _pull(self, xp: Any, g: Any, s: Any, node: Node, structure: _Structure) -> tuple[Any, ...]:
        records = xp is RECORD
        inputs = [x if type(x) is Tensor else make(np.asarray(x)[()], None) for x in s[0]]
        cotangents = [_tensor(one, spec) for one, spec in zip(g, node.specs, strict=True)]
        assert self._forward is not None
        assert self._backward is not None
        mode = switched(recording=True) if records else no_grad()
        with mode:
            pair = self._forward(*structure.fill(inputs))
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise RuleError(
                    f"the forward rule of {self._name} must return (out, residuals).",
                    where=node.describe(),
                    help="return a pair; None stands for no residuals.",
                )
            out, residuals = pair
            _, build = flatten(out)
            found = self._backward(residuals, build(cotangents))
        parts = found if isinstance(found, tuple) else (found,)
        if len(parts) != len(structure.arguments):
            raise RuleError(
                f"the backward of {self._name} returned {len(parts)} gradients "
                f"for {len(structure.arguments)} arguments.",
                where=node.describe(),
                help="return a tuple with one gradient, or None, an argument.",
            )
        return structure.gather(parts, self._name, node, records)


class custom_jvp(_Ruled):
    """A function whose derivative is written by hand as a forward rule: ``f.defjvp(rule)``.

    ``rule(primals, tangents)`` returns ``(out, tangent_out)`` and must be linear in the tangents;
    reverse mode is derived from it by transposing that linear part.

    >>> import adjoint as ad, adjoint.numpy as anp
    >>> @ad.custom_jvp
    ... def twice(x):
    ...     return 2.0 * x
    >>> twice.defjvp(lambda primals, tangents: (twice(primals[0]), 2.0 * tangents[0]))
    >>> ad.grad(twice)(1.0), ad.jvp(twice, (1.0,), (3.0,))
    (2.0, (2.0, 6.0))
    """

    _rule: Callable[..., Any] | None = None

    def defjvp(self, rule: Callable[..., Any]) -> None:
        """Gives the function its rule."""
        self._rule = rule

    def _ready(self) -> None:
        if self._rule is None:
            raise RuleError(f"{self._name} has no rule yet.", where=here(), help="call defjvp(rule).")

    def _tangent(self, primals: list[Any], tangents: list[Any], node: Node, structure: _Structure) -> list[Tensor]:
        assert self._rule is not None
        pair = self._rule(tuple(structure.fill(primals)), tuple(structure.fill(tangents)))
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise RuleError(
                f"the rule of {self._name} must return (out, tangent_out).",
                where=node.describe(),
                help="return a pair.",
            )
        outs = flatten(pair[1])[0]
        if len(outs) != len(node.specs):
            raise RuleError(
                f"the rule of {self._name} returned {len(outs)} tangents for {len(node.specs)} outputs.",
                where=node.describe(),
                help="return one tangent an output.",
            )
        for out, spec in zip(outs, node.specs, strict=True):
            if np.shape(out._value if type(out) is Tensor and type(out._value) is not Spec else out) != spec.shape:
                raise RuleError(
                    f"the rule of {self._name} returned a tangent that is no {spec!r}.",
                    where=node.describe(),
                    help="a tangent has the shape of its output.",
                )
        return [o if type(o) is Tensor else make(np.asarray(o)[()], None) for o in outs]

    def _pusher(self, structure: _Structure) -> Callable[..., Any]:
        def push(xp: Any, ts: Any, s: Any, node: Node) -> Any:
            records = xp is RECORD
            primals = [x if type(x) is Tensor else make(np.asarray(x)[()], None) for x in s[0]]
            tangents = [_tensor(t, node.input_spec(i)) for i, t in enumerate(ts)]
            with switched(recording=True) if records else no_grad():
                outs = self._tangent(primals, tangents, node, structure)
            return tuple(o if records else o._value for o in outs)

        return push

    def _pull(self, xp: Any, g: Any, s: Any, node: Node, structure: _Structure) -> tuple[Any, ...]:
        records = xp is RECORD
        primals = [x if type(x) is Tensor else make(np.asarray(x)[()], None) for x in s[0]]
        # The rule is linear in its tangents, so at any tangent its derivative is its transpose.
        specs = [node.input_spec(i) for i in range(len(s[0]))]
        tangents = []
        for spec in specs:
            zero = np.zeros(spec.shape, spec.dtype)[()]
            tangents.append(make(zero, leaf(zero)))
        nodes: list[Node] = [t._node for t in tangents if t._node is not None]
        with switched(recording=True):
            outs = self._tangent(primals, tangents, node, structure)
        seeds = [(o._node, one) for o, one in zip(outs, g, strict=True) if o._node is not None and one is not None]
        walk = reverse(seeds, nodes, bound=nodes[0].seq, records=records)
        return tuple(plain(walk.found.get(n)) for n in nodes)


class _Structure:
    """How the arguments of a call divide into operands and the rest."""

    __slots__ = ("arguments", "places")

    def __init__(
        self, arguments: list[Any], places: list[tuple[Callable[[list[Any]], Any], list[Any], list[int]]]
    ) -> None:
        self.arguments = arguments
        self.places = places

    def fill(self, operands: list[Any]) -> list[Any]:
        """The arguments with these operands in their places."""
        full = []
        start = 0
        for build, leaves, where in self.places:
            filled = list(leaves)
            for i in where:
                filled[i] = operands[start]
                start += 1
            full.append(build(filled))
        return full

    def gather(self, parts: tuple[Any, ...], name: str, node: Node, records: bool) -> tuple[Any, ...]:
        """The gradients of the operands from gradients in the structure of the arguments."""
        found: list[Any] = []
        for number, (part, (_, leaves, where)) in enumerate(zip(parts, self.places, strict=True)):
            if part is None:
                found.extend([None] * len(where))
                continue
            given = flatten(part)[0]
            if len(given) != len(leaves):
                raise RuleError(
                    f"the backward of {name} returned {len(given)} gradients for the {len(leaves)} leaves "
                    f"of argument {number}.",
                    where=node.describe(),
                    help="return gradients in the structure of the argument, or None for all of it.",
                )
            found.extend(given[i] for i in where)
        return tuple(_check(name, node, i, one, records) for i, one in enumerate(found))


def _check(name: str, node: Node, i: int, one: Any, records: bool) -> Any:
    if one is None:
        return None
    tensor = one if type(one) is Tensor else make(np.asarray(normalize(one))[()], None)
    spec = node.input_spec(i)
    kind = tensor.dtype.kind
    if tensor.shape != spec.shape or kind not in "fc" or (kind == "c" and spec.dtype.kind != "c"):
        raise RuleError(
            f"the backward of {name} returned {Spec.of(tensor._value)!r} for an input of {spec!r}.",
            where=node.describe(),
            help="sum, reshape or cast it to that.",
        )
    return tensor if records else tensor._value


def _operands(args: tuple[Any, ...]) -> tuple[list[Any], _Structure]:
    operands: list[Any] = []
    places = []
    for argument in args:
        leaves, build = flatten(argument)
        where = []
        for i, one in enumerate(leaves):
            if type(one) is Tensor or isinstance(one, float | complex | np.ndarray | np.floating):
                where.append(i)
                operands.append(one if type(one) is Tensor else make(np.array(normalize(one))[()], None))
        places.append((build, leaves, where))
    if not operands:
        raise ArgumentError(
            "a function with its own derivative rule needs a number, array or tensor.",
            where=here(),
            help="pass what it is differentiated by as an argument.",
        )
    return operands, _Structure(list(args), places)


class _Quiet:
    """Stands in a node's params for the structure of a call without filling a printed graph with it."""

    __slots__ = ("structure",)

    def __init__(self, structure: _Structure) -> None:
        self.structure = structure

    def __repr__(self) -> str:
        return "rule"


def _tensor(value: Any, spec: Spec) -> Tensor:
    if value is None:
        value = np.zeros(spec.shape, spec.dtype)[()]
    return value if type(value) is Tensor else make(value, None)
