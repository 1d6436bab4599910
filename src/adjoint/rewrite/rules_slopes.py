"""Slopes: derivatives of expressions that were written out, put together again.

Where a function is rewritten before its derivative is taken, there is nothing to do here. Where only the
whole graph is seen, the derivative of ``max(z, 0) + log1p(exp(-|z|))`` comes as two choices that add up
to the sigmoid, far from each other in a sum.
"""

from __future__ import annotations

from typing import Any

from adjoint.graph.node import Node
from adjoint.rewrite.rule import Rule, is_float, is_op, like, rule

#: How many terms, and how many factors, are looked at.
_TERMS, _FACTORS = 8, 8


def terms(b: Any, n: Node) -> list[tuple[int, Any]]:
    """A sum as its terms with their signs; sums that are used elsewhere too are terms."""
    found: list[tuple[int, Any]] = []
    left: list[tuple[int, Any]] = [(1, n)]
    while left:
        sign, value = left.pop()
        if is_op(value, "add", "subtract") and like(value, n) and (value is n or b.uses(value) == 1):
            second = -sign if value.op.name == "subtract" else sign
            if len(found) + len(left) < _TERMS:
                left += [(second, value.inputs[1]), (sign, value.inputs[0])]
                continue
        found.append((sign, value))
    return found


def factors(b: Any, value: Any) -> tuple[Any, list[Node]]:
    """A product as its constant and its other factors."""
    c: Any = 1.0
    found: list[Node] = []
    left = [value]
    while left:
        one = left.pop()
        number = b.uniform(one)
        if isinstance(number, int | float):
            c = c * number
        elif is_op(one, "negative"):
            c = -c
            left.append(one.inputs[0])
        elif is_op(one, "multiply") and len(found) + len(left) < _FACTORS:
            left += list(one.inputs)
        else:
            found.append(one)
    return c, found


def _below(b: Any, value: Any) -> tuple[Node, Any, list[Node]] | None:
    """(z, c, g), where a value is c * g * sigmoid(-|z|) * sign(z) for z other than 0, and 0 there."""
    asked, passed, zero = value.inputs
    if not is_op(asked, "not_equal") or b.uniform(asked.inputs[1]) != 0 or b.uniform(zero) != 0:
        return None
    z = asked.inputs[0]
    c, found = factors(b, passed)
    rest = []
    seen = set()
    for one in found:
        inner = one.inputs[0] if one.inputs else None
        name = one.op.name
        if name == "sign" and inner is z:
            seen.add("sign")
        elif name == "sigmoid" and _size(inner, z, False):
            seen.add("over")
        elif (name == "exp" and _size(inner, z, True)) or (name == "sigmoid" and _size(inner, z, True)):
            seen.update(("exp", "over") if name == "sigmoid" else ("exp",))
        else:
            rest.append(one)
    return (z, c, rest) if seen == {"sign", "over", "exp"} and len(found) - len(rest) in (2, 3) else None


def _size(value: Any, z: Node, negative: bool) -> bool:
    """Whether a value is |z| (or -|z|)."""
    if negative:
        return is_op(value, "negative") and _size(value.inputs[0], z, False)
    return is_op(value, "abs") and value.inputs[0] is z


def _above(b: Any, value: Any) -> tuple[Node, Any] | None:
    """(z, g), where a value is g for z > 0, g / 2 for z = 0, and 0 for z < 0."""
    asked, low, g = value.inputs
    if not is_op(asked, "less_equal") or b.uniform(asked.inputs[1]) != 0 or not is_op(low, "where"):
        return None
    z, (tie, half, zero) = asked.inputs[0], low.inputs
    if not is_op(tie, "equal") or tie.inputs[0] is not z or b.uniform(tie.inputs[1]) != 0 or b.uniform(zero) != 0:
        return None
    one, two = factors(b, half), factors(b, g)
    return (z, g) if 2.0 * one[0] == two[0] and _as_set(one[1]) == _as_set(two[1]) else None


def _as_set(nodes: list[Node]) -> list[int]:
    return sorted(n.seq for n in nodes)


@rule(
    "slope-of-softplus-in-parts", "where(z > 0, g, 0) - g * sigmoid(-|z|) * sign(z) = g * sigmoid(z)",
    "add subtract", "z is real; terms may be added in another order", stabilises=True,
)  # fmt: skip
def slope_of_softplus_in_parts(b: Any, n: Node) -> Any:
    """The derivative of max(z, 0) + log1p(exp(-|z|)), whose two parts are terms of one sum."""
    if not is_float(n) or not any(is_op(i, "where") for i in n.inputs):
        return None
    parts = terms(b, n)
    choices = [(k, sign, t) for k, (sign, t) in enumerate(parts) if is_op(t, "where") and like(t, n)]
    above = [(k, sign, pair) for k, sign, t in choices if (pair := _above(b, t)) is not None]
    for j, sign_below, t in choices:
        below = _below(b, t) if above else None
        for k, sign_above, (z, g) in above:
            if below is None or below[0] is not z or not like(z, n):
                continue
            c, found = factors(b, g)
            if sign_below * below[1] == -sign_above * c and _as_set(found) == _as_set(below[2]):
                slope = b.make("multiply", g, b.make("sigmoid", z))
                rest = [p for i, p in enumerate(parts) if i not in (j, k)]
                return _summed(b, [*rest, (sign_above, slope)])
    return None


def _summed(b: Any, parts: list[tuple[int, Any]]) -> Any:
    """The sum of terms with signs, in their order."""
    sign, total = parts[0]
    if sign < 0:
        total = b.make("negative", total)
    for sign, one in parts[1:]:
        total = b.make("add" if sign > 0 else "subtract", total, one)
    return total


@rule("nothing-but-zeros", "where(x != 0, x, 0) = x", "where", "the sign of a zero is of no account")
def nothing_but_zeros(b: Any, n: Node) -> Any:
    """Only zeros are replaced, and by zeros."""
    asked, x, zero = n.inputs
    if not is_op(asked, "not_equal") or asked.inputs[0] is not x or b.uniform(zero) != 0:
        return None
    return x if b.uniform(asked.inputs[1]) == 0 and like(x, n) else None


SLOPES: tuple[Rule, ...] = (nothing_but_zeros, slope_of_softplus_in_parts)
