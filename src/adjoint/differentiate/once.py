"""A gradient that is known, but whose own derivative is not: what a user's backward computed from hidden values."""

from __future__ import annotations

from typing import Any

from adjoint.errors import RuleError
from adjoint.graph.node import Node
from adjoint.graph.spec import Spec
from adjoint.primitives.record import Primitive


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
