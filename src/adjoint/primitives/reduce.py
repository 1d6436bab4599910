"""Reductions: many elements fold into one, along axes given as a sorted tuple of negative numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.errors import ShapeError
from adjoint.graph.spec import Spec
from adjoint.primitives import helpers
from adjoint.primitives.families import blocked, reduce
from adjoint.primitives.logarithms import logaddexp_code
from adjoint.primitives.record import Primitive
from adjoint.primitives.specs import reduced_shape


def _numpy_text(name: str) -> Callable[..., str]:
    """Flat source of a reduction, without the parameters that say nothing."""

    def text(operands: Any, node: Any) -> str:
        axis, keepdims = node.params["axis"], node.params["keepdims"]
        every = len(axis) == len(node.input_spec(0).shape)
        along = "" if every else f", axis={axis[0] if len(axis) == 1 else axis}"
        return f"np.{name}({operands[0]}{along}{', keepdims=True' if keepdims else ''})"

    return text


def _helper_text(name: str) -> Callable[..., str]:
    return lambda operands, node: f"{name}({operands[0]}, {node.params['axis']}, {node.params['keepdims']})"


sum_ = reduce(
    "sum",
    lambda x, axis, keepdims: np.add.reduce(x, axis=axis, keepdims=keepdims),
    1,
    gate="spreads",
    dtypes="fc",
    symbol="Σ",
    formula="sum({x}, {axis})",
    slopes=("1",),
    python=_numpy_text("sum"),
    emit=(0.0, lambda k, acc, x: k.add(acc, x)),
)


def _others(xp: Any, x: Any, axis: tuple[int, ...], x_spec: Spec) -> Any:
    """The product of all other elements along the axes, without division: right at zeros, to any order.

    At each step every element knows the product of its block of 1, 2, 4, ... and multiplies what it
    has collected by the product of the block beside it.
    """
    ndim = len(x_spec.shape)
    order = tuple(i for i in range(-ndim, 0) if i not in axis) + axis
    moved = tuple(x_spec.shape[i] for i in order)
    outer, n = moved[: ndim - len(axis)], math.prod(moved[ndim - len(axis) :])
    size = 1 << max(n - 1, 0).bit_length()
    flat = xp.reshape(xp.transpose(x, axes=order), shape=(*outer, n))
    block = xp.pad(flat, widths=((0, size - n),), constant=1) if size > n else flat
    others: Any = None
    width = 1
    while width < size:
        pairs = xp.reshape(block, shape=(*outer, size // (2 * width), 2, width))
        beside = xp.reshape(xp.flip(pairs, axis=(-2,)), shape=(*outer, size))
        others = beside if others is None else others * beside
        block = block * beside
        width *= 2
    if others is None:
        return xp.broadcast_to(x_spec.dtype.type(1), shape=x_spec.shape)
    flat = xp.getitem(others, index=(..., slice(0, n))) if size > n else others
    back = tuple(order.index(i) - ndim for i in range(-ndim, 0))
    return xp.transpose(xp.reshape(flat, shape=moved), axes=back)


prod = reduce(
    "prod",
    lambda x, axis, keepdims: np.multiply.reduce(x, axis=axis, keepdims=keepdims),
    _others,
    dtypes="fc",
    symbol="Π",
    formula="prod({x}, {axis})",
    slopes=("{out} / {x}",),
    words="Prod weights: every entry receives upstream times the product of all the others.",
    python=_numpy_text("prod"),
    emit=(1.0, lambda k, acc, x: k.mul(acc, x)),
)


def _share(xp: Any, x: Any, out: Any, axis: tuple[int, ...], x_spec: Spec) -> Any:
    # Ties share equally; where the value is NaN, the NaNs are what it came from.
    one = x_spec.dtype.type
    hit = xp.where(xp.logical_or(x == out, x != x), one(1), one(0))
    return hit / xp.sum(hit, axis=axis, keepdims=True)


def _not_empty(name: str) -> Callable[..., Spec]:
    def spec(x: Any, axis: tuple[int, ...], keepdims: bool) -> Spec:
        x = Spec.of(x)
        if any(x.shape[i] == 0 for i in axis):
            raise ShapeError(
                f"{name} of no elements does not exist, got {x!r} along {axis}.", help="check x.size first."
            )
        return Spec(reduced_shape(x.shape, axis, keepdims), x.dtype)

    return spec


def _ties(best: Callable[..., Any]) -> Callable[..., Any]:
    """Whether the best element occurs more than once."""

    def at_kink(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
        if not np.size(x):
            return np.zeros(0, bool)
        return np.sum(np.equal(x, best(x, axis=axis, keepdims=True)), axis=axis) > 1

    return at_kink


max_ = reduce(
    "max",
    lambda x, axis, keepdims: np.maximum.reduce(x, axis=axis, keepdims=keepdims),
    _share,
    routes=True,
    gate="router",
    spec=_not_empty("max"),
    symbol="max",
    formula="max({x}, {axis})",
    slopes=("{x} == {out}",),
    words="Max routes: the largest entry receives everything, equal ones share, the others receive 0.",
    python=_numpy_text("max"),
    emit=(-math.inf, lambda k, acc, x: k.select(k.or_(k.gt(x, acc), k.isnan(x)), x, acc)),
    kinks="where the largest entries tie; they share equally",
    at_kink=_ties(np.max),
)

min_ = reduce(
    "min",
    lambda x, axis, keepdims: np.minimum.reduce(x, axis=axis, keepdims=keepdims),
    _share,
    routes=True,
    gate="router",
    spec=_not_empty("min"),
    symbol="min",
    formula="min({x}, {axis})",
    slopes=("{x} == {out}",),
    words="Min routes: the smallest entry receives everything, equal ones share, the others receive 0.",
    python=_numpy_text("min"),
    emit=(math.inf, lambda k, acc, x: k.select(k.or_(k.lt(x, acc), k.isnan(x)), x, acc)),
    kinks="where the smallest entries tie; they share equally",
    at_kink=_ties(np.min),
)


def _softmax(xp: Any, x: Any, out: Any) -> Any:
    # A row of -inf has the value -inf; its entries receive 0 rather than exp(-inf + inf). (An entry of +inf
    # does receive the NaN of inf - inf: sparing it would cost every softmax three more passes.)
    return xp.exp(x - xp.where(out == -math.inf, 0.0, out))


logsumexp = reduce(
    "logsumexp",
    helpers.logsumexp,
    _softmax,
    symbol="lse",
    formula="logsumexp({x}, {axis})",
    slopes=("exp({x} - {out})",),
    words="Logsumexp weights: every entry receives its softmax share of the upstream gradient.",
    python=_helper_text("logsumexp"),
    helpers=("logsumexp",),
    emit=(-math.inf, logaddexp_code),
    source="P. Blanchard, D. J. Higham, N. J. Higham, Accurately computing the log-sum-exp and softmax functions, "
    "IMA J. Numer. Anal. 41 (2021) 2311-2330, doi:10.1093/imanum/draa038",
)


def _unit(xp: Any, x: Any, out: Any) -> Any:
    # At 0 every unit vector is as good: the shortest subgradient is 0.
    return xp.where(out == 0, 0.0, x / xp.where(out == 0, 1.0, out))


norm = reduce(
    "norm",
    helpers.norm,
    _unit,
    dtypes="fc",
    symbol="‖x‖",
    formula="norm({x}, {axis})",
    slopes=("{x} / {out}",),
    words="Norm weights: the upstream gradient goes back along {x}, scaled to length one.",
    python=_helper_text("norm"),
    helpers=("norm",),
    emit=(0.0, lambda k, acc, x: k.hypot(acc, x)),  # no square is formed, so nothing overflows
    kinks="at 0, where the gradient is taken as 0",
    at_kink=lambda x, axis, keepdims: np.all(np.equal(x, 0), axis=axis, keepdims=keepdims),
)


def _place(pick: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's argmax or argmin over several axes at once: a place in their entries, counted in C order."""

    def value(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
        if len(axis) == 1:
            return pick(x, axis=axis[0], keepdims=keepdims)
        x = np.asarray(x)
        rest = tuple(i for i in range(-x.ndim, 0) if i not in axis)
        rows = np.transpose(x, rest + axis).reshape(*(x.shape[i] for i in rest), -1)
        return np.reshape(pick(rows, axis=-1), reduced_shape(x.shape, axis, keepdims))[()]

    return value


def _place_record(name: str, pick: Callable[..., Any]) -> Primitive:
    def spec(x: Any, axis: tuple[int, ...], keepdims: bool) -> Spec:
        return Spec(_not_empty(name)(x, axis, keepdims).shape, np.intp)

    def text(operands: Any, node: Any) -> str:
        axis, shape = node.params["axis"], node.input_spec(0).shape
        if len(axis) == 1 or (len(axis) == len(shape) and axis):
            along = f"axis={axis[0] if len(axis) == 1 else None}"
            return f"np.{name}({operands[0]}, {along}, keepdims={node.params['keepdims']})"
        rest = tuple(i for i in range(-len(shape), 0) if i not in axis)
        rows = f"np.transpose({operands[0]}, {rest + axis}).reshape({(*(shape[i] for i in rest), -1)})"
        return f"np.{name}({rows}, axis=-1).reshape({reduced_shape(shape, axis, node.params['keepdims'])})"

    return blocked(
        name,
        _place(pick),
        "a place is a whole number, flat almost everywhere",
        spec=spec,
        params=("axis", "keepdims"),
        symbol=name,
        formula=name + "({x}, {axis})",
        python=text,
        kinks="a jump where the places tie",
        at_kink=_ties(np.max if name == "argmax" else np.min),
    )


argmax = _place_record("argmax", np.argmax)
argmin = _place_record("argmin", np.argmin)
