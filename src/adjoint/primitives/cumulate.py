"""Running sums and products along one axis, given as a negative number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.graph.spec import Spec
from adjoint.primitives.batching import aligned
from adjoint.primitives.families import linear, opaque
from adjoint.primitives.movement import along
from adjoint.primitives.specs import elementwise_spec


def _spec(name: str, value: Callable[..., Any]) -> Callable[..., Spec]:
    dtype_rule = elementwise_spec(name, lambda x: value(x, axis=-1))
    return lambda x, axis: Spec(Spec.of(x).shape, dtype_rule(x).dtype)


cumsum = linear(
    "cumsum",
    lambda x, axis: np.cumsum(x, axis=axis),
    lambda xp, g, axis: xp.flip(xp.cumsum(xp.flip(g, axis=(axis,)), axis=axis), axis=(axis,)),
    spec=_spec("cumsum", np.cumsum),
    params=("axis",),
    gate="spreads",
    mask="",
    dtypes="fc",
    symbol="Σ…",
    formula="cumsum({x}, {axis})",
    slopes=("1",),
    words="Cumsum spreads: every entry receives the sum of the upstream gradients from its place on.",
    python=lambda o, n: f"np.cumsum({o[0]}, axis={n.params['axis']})",
)


def _moved(xp: Any, x: Any, by: int, axis: int, fill: int) -> Any:
    """The entries ``by`` places further on (or, if negative, back), with ``fill`` where there are none."""
    rest = ((0, 0),) * (-1 - axis)
    if by < 0:
        longer = xp.pad(x, widths=((-by, 0), *rest), constant=fill)
        return xp.getitem(longer, index=along(axis, slice(0, x.shape[axis])))
    return xp.pad(xp.getitem(x, index=along(axis, slice(by, None))), widths=((0, by), *rest), constant=fill)


def _recurrence(xp: Any, a: Any, b: Any, axis: int) -> Any:
    """The solution of s[i] = b[i] + a[i] * s[i + 1], from the end: in log2(n) steps and without division.

    At each step every entry speaks of the one 1, 2, 4, ... places further on.
    """
    step, size = 1, b.shape[axis]
    while step < size:
        b = b + a * _moved(xp, b, step, axis, 0)
        a = a * _moved(xp, a, step, axis, 1)
        step *= 2
    return b


def _cumprod_vjp(xp: Any, g: Any, x: Any, axis: int) -> Any:
    x = xp.conj(x) if x.dtype.kind == "c" else x
    before = xp.cumprod(_moved(xp, x, -1, axis, 1), axis=axis)
    return before * _recurrence(xp, _moved(xp, x, 1, axis, 1), g, axis)


def _cumprod_jvp(xp: Any, t: Any, x: Any, axis: int) -> Any:
    before = xp.cumprod(_moved(xp, x, -1, axis, 1), axis=axis)
    back = (axis,)
    return xp.flip(_recurrence(xp, xp.flip(x, axis=back), xp.flip(before * t[0], axis=back), axis), axis=back)


cumprod = opaque(
    "cumprod",
    lambda x, axis: np.cumprod(x, axis=axis),
    _cumprod_vjp,
    _cumprod_jvp,
    arity=1,
    spec=_spec("cumprod", np.cumprod),
    params=("axis",),
    dtypes="fc",
    symbol="Π…",
    formula="cumprod({x}, {axis})",
    slopes=("{out} / {x}",),
    words="Cumprod has its own rule: every entry receives, from each product that it is part of, "
    "upstream times the product of the others.",
    python=lambda o, n: f"np.cumprod({o[0]}, axis={n.params['axis']})",
    source="P. M. Kogge, H. S. Stone, A parallel algorithm for the efficient solution of a general class of "
    "recurrence equations, IEEE Trans. Comput. C-22 (1973) 786-793, doi:10.1109/TC.1973.5009159",
    batch=aligned("cumprod"),
)
