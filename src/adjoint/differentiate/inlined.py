"""A user's operation while a function is traced: its own operations stand in the graph, its rule beside them.

In eager mode such an operation is one node, and Python computes its value. A traced graph has to be
compiled, so what the forward pass did is part of it; the node made here only stands between those
results and whoever uses them, passes the values on, and sends gradients by the user's rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from adjoint.apply import apply
from adjoint.errors import UnsupportedError
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.primitives.record import Primitive


class Rule:
    """The rule of one use: how many operands and results, ``pull(xp, g, xs, node)`` and ``push(xp, ts, xs, node)``.

    ``xs`` are the operands, then the results that the graph computed, then what the rule keeps besides.
    """

    __slots__ = ("name", "operands", "outs", "pull", "push")

    def __init__(
        self,
        name: str,
        operands: int,
        outs: int,
        pull: Callable[..., tuple[Any, ...]],
        push: Callable[..., tuple[Any, ...]] | None,
    ) -> None:
        self.name = name
        self.operands = operands
        self.outs = outs
        self.pull = pull
        self.push = push

    def __repr__(self) -> str:
        return self.name


def _passed(*xs: Any, rule: Rule) -> tuple[Any, ...]:
    return xs[rule.operands : rule.operands + rule.outs]


def _push(xp: Any, ts: Any, s: Any, node: Node) -> tuple[Any, ...]:
    rule: Rule = node.params["rule"]  # type: ignore[index]
    if rule.push is None:
        raise UnsupportedError(
            f"{rule.name} has no forward-mode rule.",
            where=node.describe(),
            help="give its Function a static jvp(ctx, *tangents), write its rule with ad.custom_jvp, "
            "or use reverse mode (grad, vjp, hessian).",
        )
    return rule.push(xp, ts[: rule.operands], s[0], node)


#: Its inputs are operands, results and kept values; its outputs are the results, whose gradients go by the rule.
INLINED = Primitive(
    name="inlined",
    family="opaque",
    gate="own rule",
    value=_passed,
    spec=lambda *specs, rule: tuple(map(Spec.of, _passed(*specs, rule=rule))),
    arity=None,
    several=True,
    params=("rule",),
    pull_all=lambda xp, g, s, node: node.params["rule"].pull(xp, g, s[0], node),
    push=_push,
    needs=(frozenset({"xs"}),),
    dtypes="fc",
    symbol="f",
    formula="{x}",
    verb="own rule",
    words="This operation has its own rule, written by its user.",
)


def inlined(rule: Rule, operands: Sequence[Any], outs: Sequence[Any], kept: Sequence[Any] = ()) -> tuple[Any, ...]:
    """The results of a user's operation, whose gradients go by its rule to the operands."""
    return tuple(apply(INLINED, (*operands, *outs, *kept), {"rule": rule}))
