"""The seven families: each constructor takes the least and derives both modes from the gate's pattern.

====================  =========================================  ==================================
family                you write                                  derived
====================  =========================================  ==================================
``elementwise``       one local derivative an input              g * conj(d);  sum of t * d
``router``            one weight an input, in {0, 1, -1, 1/k}    select(w != 0, g * w, 0), never 0 * inf
``reduce``            the derivative of the output by an element g and out broadcast along the axes
``linear``            the transpose                              the operation itself on the tangent
``bilinear``          ``left``, ``right``                        one product a tangent
``opaque``            ``vjp`` and ``jvp``                        nothing
``blocked``           the reason                                 structural zero
====================  =========================================  ==================================

A local derivative is a function of ``xp`` and of what its parameters name, a number, or the name of
the value that it simply is (multiply's are ``("y", "x")``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from adjoint.errors import RecordError
from adjoint.graph.spec import Spec
from adjoint.primitives.batching import aligned
from adjoint.primitives.derivations import (
    Local,
    local_rule,
    needs_of,
    route,
    scale,
    scale_conj,
    step,
    sum_of_products,
    sum_of_routes,
)
from adjoint.primitives.record import Primitive, Rule, bind, kept, register, rule_names
from adjoint.primitives.specs import elementwise_spec, kept_shape, reduced_shape


def elementwise(name: str, value: Callable[..., Any], d: Sequence[Local], **fields: Any) -> Primitive:
    """A record whose output element depends on the input elements at the same place.

    ``d`` holds the local derivative by each input; the gate is a scaler unless ``gate`` says more
    (distributor, swapper). Complex functions here are holomorphic: VJP = g * conj(d).
    """
    arity, params = len(d), tuple(fields.get("params", ()))
    locals_ = tuple(local_rule(name, one, arity, params) for one in d)
    pulls = tuple(scale(one, call, arity) for one, call in zip(d, locals_, strict=True))
    fields.setdefault("gate", "scaler")
    fields.setdefault("mask", "elementwise")
    fields.setdefault("spec", elementwise_spec(name, value))
    fields.setdefault("batch", aligned(name))
    return register(
        Primitive(
            name=name,
            family="elementwise",
            value=value,
            arity=arity,
            pulls=pulls,
            pulls_conj=tuple(scale_conj(one, call) for one, call in zip(d, locals_, strict=True)),
            push=sum_of_products(locals_),
            needs=tuple(needs_of(one, arity) for one in d),
            locals=locals_,
            **fields,
        )
    )


def router(name: str, value: Callable[..., Any], w: Sequence[Local], **fields: Any) -> Primitive:
    """A record that passes the gradient to some places and not to others: weights in {0, 1, -1, 1/k}.

    A boolean weight means 1 and 0. Where the weight is 0 the cotangent is a structural zero,
    whatever arrives from upstream (inf * 0 would be NaN).
    """
    arity, params = len(w), tuple(fields.get("params", ()))
    locals_ = tuple(local_rule(name, one, arity, params) for one in w)
    pulls = tuple(None if call is None else route(call) for call in locals_)
    fields.setdefault("gate", "router")
    fields.setdefault("spec", elementwise_spec(name, value))
    fields.setdefault("mask", "router")
    fields.setdefault("batch", aligned(name))
    return register(
        Primitive(
            name=name,
            family="router",
            value=value,
            arity=arity,
            pulls=pulls,
            pulls_conj=pulls,
            push=sum_of_routes(locals_),
            needs=tuple(needs_of(one, arity) for one in w),
            locals=locals_,
            **fields,
        )
    )


def reduce(name: str, value: Callable[..., Any], d: Local, *, routes: bool = False, **fields: Any) -> Primitive:
    """A record that folds axes away; ``d`` is the derivative of the output by each element.

    ``d`` sees ``out`` with the reduced axes kept as ones. ``routes`` says that its values are
    router weights (max, min), so that zeros are structural. Parameters: ``axis`` (a tuple of
    negative numbers) and ``keepdims``.
    """
    params = ("axis", "keepdims", *fields.pop("params", ()))
    inner = local_rule(name, d, 1, params)
    if inner is None:
        raise RecordError(f"{name}: a reduction needs a derivative.")

    def expanded(xp: Any, array: Any, node: Any) -> Any:
        wanted = kept_shape(node.input_spec(0).shape, node.params["axis"])
        return array if node.shape == wanted else xp.reshape(array, shape=wanted)

    def local(xp: Any, s: Any, n: Any) -> Any:
        out = None if s is None or s[1] is None else expanded(xp, s[1], n)
        return inner(xp, (None if s is None else s[0], out), n)

    def pull(xp: Any, g: Any, s: Any, n: Any, conj: bool = False) -> Any:
        wide = expanded(xp, g, n)
        if isinstance(d, int | float):
            scaled = wide if d == 1 else wide * d
            shape = n.input_spec(0).shape
            return scaled if shape == kept_shape(shape, n.params["axis"]) else xp.broadcast_to(scaled, shape=shape)
        factor = local(xp, s, n)
        if routes:
            return xp.where(factor != 0, wide * factor, 0.0)
        return wide * (xp.conj(factor) if conj else factor)

    def push(xp: Any, ts: Any, s: Any, n: Any) -> Any:
        (t,) = ts
        factor = local(xp, s, n)
        product = step(xp, t, factor, n, 0)
        if routes:
            product = xp.where(factor != 0, product, 0.0)
        return xp.sum(product, axis=n.params["axis"], keepdims=n.params["keepdims"])

    def spec(x: Any, axis: tuple[int, ...], keepdims: bool, **params: Any) -> Spec:
        shape = reduced_shape(x.shape, axis, keepdims)
        return Spec(shape, dtype_rule(x).dtype)

    dtype_rule = elementwise_spec(name, lambda x: value(x, axis=(-1,), keepdims=False))
    fields.setdefault("gate", "weights")
    fields.setdefault("spec", spec)
    if routes:
        fields.setdefault("mask", "router")
    fields.setdefault("batch", aligned(name))
    return register(
        Primitive(
            name=name,
            family="reduce",
            value=value,
            arity=1,
            params=params,
            pulls=(pull,),
            pulls_conj=(lambda xp, g, s, n: pull(xp, g, s, n, True),),
            push=push,
            needs=(needs_of(d, 1),),
            locals=(local,),
            **fields,
        )
    )


def linear(name: str, value: Callable[..., Any], transpose: Callable[..., Any], **fields: Any) -> Primitive:
    """A record that is linear in its first input (or in all, when ``arity`` is None).

    ``transpose(xp, g, ...)`` is the adjoint; for any number of inputs it also takes ``i``, the input
    whose cotangent is wanted. Further inputs of a fixed arity (indices) have no derivative.
    """
    params = tuple(fields.get("params", ()))
    arity = fields.pop("arity", 1)
    fields.setdefault("gate", "moves")
    fields.setdefault("mask", "moves")
    if arity == 1:
        fields.setdefault("batch", aligned(name))
    names = rule_names(transpose)
    call = bind(name, transpose, arity, params, ("i",))
    needs = frozenset(kept(names, arity))

    def push(xp: Any, ts: Any, s: Any, n: Any) -> Any:
        function = getattr(xp, name)
        if arity == 1:
            return function(ts[0], **(n.params or {}))
        filled = [zeros(xp, n.input_spec(i)) if t is None else t for i, t in enumerate(ts)]
        return function(*filled, **(n.params or {}))

    if "i" in names:

        def pull_all(xp: Any, g: Any, s: Any, n: Any) -> Any:
            tracked = type(n)
            return tuple(call(xp, g, s, n, i) if type(inp) is tracked else None for i, inp in enumerate(n.inputs))

        derived: dict[str, Any] = {"pull_all": pull_all, "needs": (needs,)}
    else:
        pull: Rule = lambda xp, g, s, n: call(xp, g, s, n)
        derived = {"pulls": (pull,), "pulls_conj": (pull,), "needs": (needs,)}
    derived["push"] = fields.pop("push", push)
    return register(Primitive(name=name, family="linear", value=value, arity=arity, **derived, **fields))


def bilinear(
    name: str, value: Callable[..., Any], left: Callable[..., Any], right: Callable[..., Any], **fields: Any
) -> Primitive:
    """A record that is linear in each of two inputs; ``left`` gives the first's cotangent, ``right`` the second's."""
    params = tuple(fields.get("params", ()))
    rules = (bind(name, left, 2, params), bind(name, right, 2, params))

    def conjugated(rule: Rule) -> Rule:
        def pull(xp: Any, g: Any, s: Any, n: Any) -> Any:
            return rule(xp, g, tuple(None if v is None else xp.conj(v) for v in s), n)

        return pull

    def push(xp: Any, ts: Any, s: Any, n: Any) -> Any:
        function, params = getattr(xp, name), n.params or {}
        first = None if ts[0] is None else function(ts[0], s[1], **params)
        second = None if ts[1] is None else function(s[0], ts[1], **params)
        return first if second is None else second if first is None else first + second

    fields.setdefault("gate", "contracts")
    return register(
        Primitive(
            name=name,
            family="bilinear",
            value=value,
            arity=2,
            pulls=rules,
            pulls_conj=(conjugated(rules[0]), conjugated(rules[1])),
            push=push,
            needs=(kept(rule_names(left), 2), kept(rule_names(right), 2)),
            **fields,
        )
    )


def opaque(
    name: str,
    value: Callable[..., Any],
    vjp: Callable[..., Any],
    jvp: Callable[..., Any] | None,
    *,
    arity: int | None,
    register_it: bool = True,
    **fields: Any,
) -> Primitive:
    """A record whose rules are written out.

    ``vjp(xp, g, ...)`` gives all input cotangents, ``jvp(xp, t, ...)`` the tangent of the output.
    With several outputs ``g`` and the result of ``jvp`` are tuples, None standing for zero; ``t`` is
    always a tuple with one entry an input.
    """
    params = tuple(fields.get("params", ()))
    call = bind(name, vjp, arity, params)
    needs = kept(rule_names(vjp), arity)
    push: Rule | None = None
    if jvp is not None:
        needs |= kept(rule_names(jvp), arity)
        forward = bind(name, jvp, arity, params, ("t",))
        push = lambda xp, ts, s, n: forward(xp, None, s, n, ts)

    def pull_all(xp: Any, g: Any, s: Any, n: Any) -> Any:
        found = call(xp, g, s, n)
        return found if isinstance(found, tuple) else (found,)

    fields.setdefault("gate", "own rule")
    count = 1 if arity is None else arity
    made = Primitive(
        name=name,
        family="opaque",
        value=value,
        arity=arity,
        pull_all=pull_all,
        push=push,
        needs=(needs,) * count,
        **fields,
    )
    return register(made) if register_it else made


def blocked(name: str, value: Callable[..., Any], reason: str, **fields: Any) -> Primitive:
    """A record through which no gradient passes; ``reason`` says why, in words."""
    fields.setdefault("gate", "blocks")
    fields.setdefault("spec", elementwise_spec(name, value))
    fields.setdefault("arity", 1)
    fields.setdefault("batch", aligned(name))
    return register(Primitive(name=name, family="blocked", value=value, reason=reason, **fields))


def zeros(xp: Any, spec: Spec) -> Any:
    """The structural zero written out, where one is needed beside its neighbours."""
    return xp.broadcast_to(spec.dtype.type(0), shape=spec.shape)
