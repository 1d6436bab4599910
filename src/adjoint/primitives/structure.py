"""Nodes that carry structure rather than arithmetic: leaves, aliases, cuts, and items of several outputs."""

from __future__ import annotations

from typing import Any

from adjoint.graph.spec import Spec
from adjoint.primitives.batching import aligned
from adjoint.primitives.record import Primitive, register


def _same(x: Any, **_: Any) -> Any:
    return x


def _same_spec(x: Any, **_: Any) -> Spec:
    return Spec.of(x)


LEAF = Primitive(
    name="leaf",
    family="leaf",
    gate="leaf",
    value=_same,
    spec=_same_spec,
    arity=0,
    words="an input of the computation",
    symbol="",
)

#: Marks where a transform takes a value as its own variable: identity, with the outer node as input.
ALIAS = register(
    Primitive(
        name="alias",
        family="linear",
        gate="moves",
        value=_same,
        spec=_same_spec,
        arity=1,
        pulls=(lambda xp, g, s, n: g,),
        pulls_conj=(lambda xp, g, s, n: g,),
        push=lambda xp, ts, s, n: ts[0],
        needs=(frozenset(),),
        mask="moves",
        dtypes="fc",
        symbol="=",
        formula="{x}",
        slopes=("1",),
        verb="passes",
        words="Alias passes: the value is the transform's own variable, the gradient goes on unchanged.",
        python="{x}",
        batch=aligned("alias"),
        emit=lambda k, x: x,
    )
)

#: An operation through which no gradient passes because the user said so; ``by`` names what they wrote.
CUT = register(
    Primitive(
        name="cut",
        family="blocked",
        gate="blocks",
        value=_same,
        spec=_same_spec,
        arity=1,
        params=("by",),
        dtypes="fc",
        symbol="✂",
        formula="{x}",
        verb="blocks",
        words="{by} blocks: the value goes on, the gradient stops. Nothing flows back.",
        reason="cut on purpose",
        python="{x}",
        batch=aligned("cut"),
        emit=lambda k, x: x,
    )
)

#: One output of an operation that has several; its cotangent joins the others at the parent.
ITEM = Primitive(
    name="item",
    family="linear",
    gate="moves",
    value=lambda x, index: x[index],
    spec=lambda *specs, index: specs[index],
    arity=1,
    params=("index",),
    symbol="[ ]",
    formula="{x}[{index}]",
    verb="moves",
    words="Item moves: the gradient returns to this output of the operation.",
    mask="moves",
)
