"""Stabilising along axes: logsumexp and softmax where they were written out, shifted or not."""

from __future__ import annotations

import math
from typing import Any

from adjoint.graph.graph import Graph
from adjoint.graph.node import Node
from adjoint.rewrite.rule import Rule, is_float, is_op, like, rule
from adjoint.rewrite.rules_stable import exponent

_REAL = "x is real"
_LAST = "x is real; the last bits are free"


def bare(value: Any) -> Any:
    """A value without what only puts axes of size one around it, and without cuts."""
    while is_op(value, "reshape", "cut", "broadcast_to", "alias") and type(value.inputs[0]) is Node:
        inner = value.inputs[0]
        if [m for m in inner.shape if m != 1] != [m for m in value.shape if m != 1]:
            break
        value = inner
    return value


def summed_exponent(value: Any) -> Any:
    """x, where a value is the sum of exp(x) along axes of which none is empty; else None."""
    x = exponent(value.inputs[0]) if is_op(value, "sum") else None
    if type(x) is not Node or not is_float(value) or any(x.shape[i] == 0 for i in value.params["axis"]):
        return None
    return x


def shifted(x: Node, axis: Any) -> tuple[Node, Any] | None:
    """(y, m), where x is y - m, y has its shape, and m does not vary along the axes; else None."""
    if not is_op(x, "subtract"):
        return None
    y, m = x.inputs
    if type(y) is not Node or not like(y, x) or not fixed(m, axis):
        return None
    return y, m


def fixed(value: Any, axis: Any) -> bool:
    """Whether a value does not vary along (negative) axes of what it is broadcast to."""
    shape = getattr(value, "shape", ())
    return all(-i > len(shape) or shape[i] == 1 for i in axis)


def _largest(m: Any, y: Node) -> bool:
    found = bare(m)
    return is_op(found, "max") and found.inputs[0] is y


@rule("logsumexp", "log(sum(exp(x))) = logsumexp(x)", "log", _REAL, stabilises=True)
def logsumexp(b: Any, n: Node) -> Any:
    """exp(x) overflows from 710 on. Where x is shifted by its largest entry already, nothing is to be gained."""
    total = n.inputs[0]
    x = summed_exponent(total)
    if x is None:
        return None
    parts = shifted(x, total.params["axis"])
    if parts is not None and _largest(parts[1], parts[0]):
        return None
    return b.make("logsumexp", x, axis=total.params["axis"], keepdims=total.params["keepdims"])


@rule("logsumexp-shifted", "log(sum(exp(x - m))) + m = logsumexp(x)", "add",
      "x is real, m finite and the same along the axes", stabilises=True)  # fmt: skip
def logsumexp_shifted(b: Any, n: Node) -> Any:
    """The shifted form written out; its derivative by m, which is 0, goes with it."""
    for one, other in (n.inputs, n.inputs[::-1]):
        log = bare(one)
        if is_op(log, "log"):
            total = log.inputs[0]
            x = summed_exponent(total)
        elif is_op(log, "logsumexp"):
            total, x = log, log.inputs[0]
        else:
            continue
        parts = None if x is None else shifted(x, total.params["axis"])
        if parts is None or bare(parts[1]) is not bare(other):
            continue
        made = b.make("logsumexp", parts[0], axis=total.params["axis"], keepdims=total.params["keepdims"])
        if made.shape == n.shape:
            return made
        if _count(made.shape) == _count(n.shape):
            return b.make("reshape", made, shape=n.shape)
    return None


def _count(shape: tuple[int, ...]) -> list[int]:
    return [m for m in shape if m != 1]


@rule("log-softmax-shifted", "(x - m) - log(sum(exp(x - m))) = x - logsumexp(x)", "subtract",
      "x is real, m finite and the same along the axes", stabilises=True)  # fmt: skip
def log_softmax_shifted(b: Any, n: Node) -> Any:
    """The shift goes out of both sides."""
    x, other = n.inputs
    log = bare(other)
    if not is_op(log, "log", "logsumexp") or type(x) is not Node:
        return None
    total = log.inputs[0] if is_op(log, "log") else log
    inner = summed_exponent(total) if is_op(log, "log") else log.inputs[0]
    if inner is not x or not like(x, n):
        return None
    parts = shifted(x, total.params["axis"])
    if parts is None or not fixed(other, total.params["axis"]):
        return None
    made = b.make("logsumexp", parts[0], axis=total.params["axis"], keepdims=True)
    return b.make("subtract", parts[0], made)


def _shares(n: Any) -> tuple[Any, Any] | None:
    """(exp(x), sum(exp(x))), where a value is their quotient; else None."""
    if not is_op(n, "divide"):
        return None
    e, under = n.inputs
    total = bare(under)
    if exponent(e) is None or not is_op(total, "sum") or total.inputs[0] is not e or not like(e, n):
        return None
    return (e, total) if summed_exponent(total) is not None and fixed(under, total.params["axis"]) else None


@rule("softmax", "exp(x) / sum(exp(x)) = exp(y) / sum(exp(y)) with y = x - max(x)", "divide", _LAST, stabilises=True)
def softmax(b: Any, n: Node) -> Any:
    """The shift is no part of the derivative: it goes out of the quotient."""
    found = _shares(n)
    if found is None:
        return None
    e, total = found
    x, axis = e.inputs[0], total.params["axis"]
    if shifted(x, axis) is not None or is_op(x, "subtract"):
        return None
    m = b.make("cut", b.make("max", x, axis=axis, keepdims=True), by="softmax")
    made = b.make("exp", b.make("subtract", x, m))
    return b.make("divide", made, b.make("sum", made, axis=axis, keepdims=True))


def guarded(graph: Graph) -> set[tuple[Node, Node]]:
    """The pairs (x, s) for which a graph has exp(x - where(s == -inf, 0, s)), as the rule of logsumexp writes it."""
    found = set()
    for n in graph.nodes:
        x = n.inputs[0].inputs if n.op.name == "exp" and is_op(n.inputs[0], "subtract") else ()
        if x and is_op(x[1], "where") and type(x[0]) is Node and type(x[1].inputs[2]) is Node:
            found.add((x[0], x[1].inputs[2]))
    return found


@rule("one-softmax", "exp(x - s) = exp(x - t) * where(s == -inf, NaN, 1) with t = where(s == -inf, 0, s)", "exp")
def one_softmax(b: Any, n: Node) -> Any:
    """Where the derivative needs the right side: a product with a number a row in the place of an exponential."""
    d = n.inputs[0]
    if not is_op(d, "subtract") or not is_op(bare(d.inputs[1]), "logsumexp") or not like(d, n):
        return None
    x, s = d.inputs
    if type(x) is not Node or bare(s).inputs[0] is not x or s.shape == n.shape or (x, s) not in b.about(guarded):
        return None
    none = b.make("equal", s, -math.inf)
    made = b.make("exp", b.make("subtract", x, b.make("where", none, 0.0, s)))
    return b.make("multiply", made, b.make("where", none, b.number(math.nan, n), b.number(1, n)))


@rule("fixed-shift", "exp(x - m) / sum(exp(x - m)) does not depend on m", "divide", "m does not vary along the axes")
def fixed_shift(b: Any, n: Node) -> Any:
    """So no derivative goes by way of m, which is mostly a maximum."""
    found = _shares(n)
    parts = None if found is None else shifted(found[0].inputs[0], found[1].params["axis"])
    if found is None or parts is None or is_op(parts[1], "cut") or type(parts[1]) is not Node:
        return None
    e = b.make("exp", b.make("subtract", parts[0], b.make("cut", parts[1], by="softmax")))
    return b.make("divide", e, b.make("sum", e, axis=found[1].params["axis"], keepdims=True))


@rule("log-softmax", "log(exp(x) / sum(exp(x))) = x - log(sum(exp(x)))", "log", _REAL, stabilises=True)
def log_softmax(b: Any, n: Node) -> Any:
    """A small share vanishes, where its logarithm is a number like any other."""
    found = _shares(n.inputs[0])
    if found is None or not like(n.inputs[0], n):
        return None
    e, total = found
    under = b.make("sum", e, axis=total.params["axis"], keepdims=True)
    return b.make("subtract", e.inputs[0], b.make("log", under))


@rule("log-of-product", "log(exp(x) * y) = x + log(y), log(exp(x) / y) = x - log(y)", "log",
      "x is real, y finite and more than 0", stabilises=True)  # fmt: skip
def log_of_product(b: Any, n: Node) -> Any:
    """The exponential overflows, or vanishes, where its logarithm does not; y must be a sum of exponentials."""
    x = n.inputs[0]
    if not is_op(x, "multiply", "divide") or not is_float(n) or not like(x, n):
        return None
    for one, other in (x.inputs, x.inputs[::-1]):
        t = exponent(one)
        if t is not None and like(t, n) and summed_exponent(bare(other)) is not None:
            if x.op.name == "multiply":
                return b.make("add", t, b.make("log", other))
            return b.make("subtract", t, b.make("log", other)) if one is x.inputs[0] else None
    return None


LOGSUM: tuple[Rule, ...] = (
    log_softmax, log_of_product, logsumexp, logsumexp_shifted, log_softmax_shifted, softmax,
)  # fmt: skip

#: Before a derivative is taken: what it need not go through.
SHIFTS: tuple[Rule, ...] = (fixed_shift,)

#: Once no derivative is taken any more.
SHARES: tuple[Rule, ...] = (one_softmax,)
