"""How both modes follow from a local derivative or a weight: the inner steps of the elementwise families.

What is returned here runs once an input in every backward pass, so each form of a derivative gets a
closure of its own, with no Python call more than it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from adjoint.errors import RecordError
from adjoint.primitives.record import Rule, bind, kept, rule_names, saved_index

#: A derivative as a record writes it: a rule, the name of a value, a number, or None where there is none.
Local = Callable[..., Any] | str | float | int | None


def needs_of(d: Local, arity: int) -> frozenset[str]:
    """What a derivative keeps of the forward pass."""
    if callable(d):
        return kept(rule_names(d), arity)
    return frozenset({d}) if isinstance(d, str) else frozenset()


def local_rule(name: str, d: Local, arity: int, params: Sequence[str]) -> Rule | None:
    """``local(xp, saved, node)`` from a derivative as it is written in a record."""
    if d is None:
        return None
    if isinstance(d, int | float):
        return lambda xp, s, n: d
    if isinstance(d, str):
        index = saved_index(d, arity)
        if index is None:
            raise RecordError(f"{name}: {d!r} names no value of this record.")
        return lambda xp, s, n: s[index]
    call = bind(name, d, arity, params)
    names = rule_names(d)
    places = [saved_index(n, arity) for n in names]
    # The two commonest forms go without the general binder: this is the eager backward's inner step.
    if len(places) == 1 and places[0] is not None:
        i = places[0]
        return lambda xp, s, n: d(xp, s[i])
    if len(places) == 2 and places[0] is not None and places[1] is not None:
        i, j = places[0], places[1]
        return lambda xp, s, n: d(xp, s[i], s[j])
    return lambda xp, s, n: call(xp, None, s, n)


def scale(d: Local, local: Rule | None, arity: int) -> Rule | None:
    """The cotangent g * d for real outputs, with one Python call less where ``d`` allows it."""
    if d is None or local is None:
        return None
    if isinstance(d, int | float):
        if d == 1:
            return lambda xp, g, s, n: g
        return (lambda xp, g, s, n: -g) if d == -1 else (lambda xp, g, s, n: g * d)
    if isinstance(d, str):
        index = saved_index(d, arity)
        return lambda xp, g, s, n: g * s[index]
    places = [saved_index(n, arity) for n in rule_names(d)]
    if len(places) == 1 and places[0] is not None:
        i = places[0]
        return lambda xp, g, s, n: g * d(xp, s[i])
    return lambda xp, g, s, n: g * local(xp, s, n)


def scale_conj(d: Local, local: Rule | None) -> Rule | None:
    """The cotangent g * conj(d), for complex outputs."""
    if d is None or local is None:
        return None
    if isinstance(d, int | float):
        return scale(d, local, 1)
    return lambda xp, g, s, n: g * xp.conj(local(xp, s, n))


def route(weight: Rule) -> Rule:
    """The cotangent where the weight is not 0, and an exact zero elsewhere."""

    def pull(xp: Any, g: Any, s: Any, n: Any) -> Any:
        w = weight(xp, s, n)
        if w.dtype.kind == "b":
            return xp.where(w, g, 0.0)
        return xp.where(w != 0, g * w, 0.0)

    return pull


def step(xp: Any, t: Any, d: Any, n: Any, i: int) -> Any:
    """The tangent t * d; a real output moves with a complex input by the part of it that lies along d."""
    if isinstance(d, int) and d == 1:
        return t
    if n.dtype.kind != "c" and n.input_spec(i).dtype.kind == "c":
        return xp.real(t * xp.conj(d))
    return t * d


def sum_of_products(locals_: Sequence[Rule | None]) -> Rule:
    """Forward mode of a scaler: t * d, summed over the inputs that move."""

    def push(xp: Any, ts: Any, s: Any, n: Any) -> Any:
        total = None
        for i, (t, local) in enumerate(zip(ts, locals_, strict=True)):
            if t is None or local is None:
                continue
            term = step(xp, t, local(xp, s, n), n, i)
            total = term if total is None else total + term
        return total

    return push


def sum_of_routes(locals_: Sequence[Rule | None]) -> Rule:
    """Forward mode of a router: what each input sends, summed; exact zeros where the weight is 0."""

    def push(xp: Any, ts: Any, s: Any, n: Any) -> Any:
        total = None
        for i, (t, local) in enumerate(zip(ts, locals_, strict=True)):
            if t is None or local is None:
                continue
            w = local(xp, s, n)
            term = xp.where(w, t, 0.0) if w.dtype.kind == "b" else xp.where(w != 0, step(xp, t, w, n, i), 0.0)
            total = term if total is None else total + term
        return total

    return push
