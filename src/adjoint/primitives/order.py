"""Sorting: the order is constant almost everywhere, so gradients move along it."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.graph.spec import Spec
from adjoint.primitives.families import blocked, linear
from adjoint.primitives.places import HOLE

argsort = blocked(
    "argsort",
    lambda x, axis: np.argsort(x, axis=axis, kind="stable"),
    "an order is made of whole numbers and constant almost everywhere",
    spec=lambda x, axis: Spec(x.shape, np.intp),
    params=("axis",),
    dtypes="fc",
    symbol="↕",
    formula="argsort({x})",
    verb="blocks",
    words="Argsort blocks: the order is constant almost everywhere. Nothing flows back.",
    python=lambda o, n: f"np.argsort({o[0]}, axis={n.params['axis']!r}, kind='stable')",
)


def take_along(xp: Any, x: Any, order: Any, axis: int) -> Any:
    """The entries of ``x`` at the places ``order`` along one (negative) axis; other axes stay in step."""
    n = len(x.shape)
    at: list[Any] = [np.arange(m).reshape(-1, *[1] * (n - 1 - i)) for i, m in enumerate(x.shape)]
    at[axis] = order
    return xp.getitem(x, *at, index=(HOLE,) * n)


def _unsort(xp: Any, g: Any, x: Any, axis: int) -> Any:
    # The inverse of a permutation is the order that sorts it.
    return take_along(xp, g, xp.argsort(xp.argsort(x, axis=axis), axis=axis), axis)


sort = linear(
    "sort",
    lambda x, axis: np.sort(x, axis=axis, kind="stable"),
    _unsort,
    spec=lambda x, axis: Spec.of(x),
    params=("axis",),
    push=lambda xp, ts, s, n: take_along(xp, ts[0], xp.argsort(s[0], axis=n.params["axis"]), n.params["axis"]),
    mask="",
    dtypes="fc",
    symbol="↕",
    formula="sort({x}, {axis})",
    verb="moves",
    words="Sort moves: each gradient returns to the place its value came from.",
    python=lambda o, n: f"np.sort({o[0]}, axis={n.params['axis']!r}, kind='stable')",
    kinks="where entries are equal, their order (and so their gradients) is that of the input",
    at_kink=lambda x, axis: np.any(np.diff(np.sort(x, axis=axis), axis=axis) == 0, axis=axis),
)
