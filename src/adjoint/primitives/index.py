"""Indexing in every NumPy form: getitem, set_at, index_add, and scatter (what getitem's gradient is).

The parameter ``index`` is a template: a tuple of whole numbers, slices, None, Ellipsis, and a HOLE in
the place of every index array. The arrays themselves are operands, so that a graph can take them as
inputs; they have no derivative.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.errors import DtypeError, ShapeError
from adjoint.graph.spec import Spec
from adjoint.primitives import batch_index
from adjoint.primitives.families import linear
from adjoint.primitives.places import add_at, basic, brackets, fill, key_text, refused, region

#: What a dtype can hold without losing: booleans, whole numbers, reals, complex numbers.
_RANK = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}


def _getitem(x: Any, *arrays: Any, index: tuple[Any, ...]) -> Any:
    try:
        out = x[fill(index, arrays) if arrays else index]
    except (IndexError, ValueError) as error:
        raise refused("getitem", x, error) from error
    return out if out.shape else out[()]


def _set_at(x: Any, v: Any, *arrays: Any, index: tuple[Any, ...]) -> Any:
    out = np.array(x)
    if _RANK[np.asarray(v).dtype.kind] > _RANK[out.dtype.kind]:
        raise DtypeError(
            f"set_at cannot put {Spec.of(v)!r} into {Spec.of(x)!r}.", help="convert the array with astype first."
        )
    try:
        out[fill(index, arrays)] = v
    except (IndexError, ValueError) as error:
        raise refused("set_at", x, error) from error
    return out if out.shape else out[()]


def _index_add(x: Any, v: Any, *arrays: Any, index: tuple[Any, ...]) -> Any:
    out = np.array(x, np.result_type(x, v))
    try:
        add_at(out, v, index, arrays)
    except (IndexError, ValueError) as error:
        raise refused("index_add", x, error) from error
    return out if out.shape else out[()]


def _scatter(g: Any, *arrays: Any, index: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    out = np.zeros(shape, g.dtype)
    try:
        add_at(out, g, index, arrays)
    except (IndexError, ValueError) as error:
        raise refused("scatter", out, error) from error
    return out if out.shape else out[()]


def _getitem_spec(x: Any, *arrays: Any, index: tuple[Any, ...]) -> Spec:
    return Spec(region("getitem", x, arrays, index), x.dtype)


def _put_spec(name: str) -> Any:
    def spec(x: Any, v: Any, *arrays: Any, index: tuple[Any, ...]) -> Spec:
        place = region(name, x, arrays, index)
        value = Spec.of(v)
        given = value.shape
        while name == "set_at" and len(given) > len(place) and given[0] == 1:
            given = given[1:]
        try:
            # A single entry, picked by numbers alone, takes a number only.
            single = all(type(item) is int for item in index) and len(index) == len(x.shape)
            fits = np.broadcast_shapes(given, place) == place and not (single and value.shape)
        except ValueError:
            fits = False
        if not fits:
            raise ShapeError(
                f"{name}: {value!r} does not fit the {list(place)} that the index picks in {x!r}.",
                help="its sizes must be equal to those or 1, counted from the last axis.",
            )
        return Spec(x.shape, x.dtype if name == "set_at" else np.result_type(x.dtype, v if v is not value else v.dtype))

    return spec


def _as_value(xp: Any, picked: Any, shape: tuple[int, ...]) -> Any:
    """A cotangent of the picked entries with as many axes as the value put there: NumPy drops leading ones."""
    extra = len(shape) - len(picked.shape)
    return xp.reshape(picked, shape=(1,) * extra + tuple(picked.shape)) if extra > 0 else picked


def _getitem_transpose(xp: Any, g: Any, indices: Any, index: Any, x_spec: Spec) -> Any:
    return xp.scatter(g, *indices[1:], index=index, shape=x_spec.shape)


def _getitem_accumulate(xp: Any, acc: Any, g: Any, s: Any, n: Any) -> Any:
    arrays = () if not s or not s[0] else s[0][1:]
    if type(acc) is np.ndarray:
        add_at(acc, g, n.params["index"], arrays)
        return acc
    return xp.index_add(acc, g, *arrays, index=n.params["index"])


def _set_at_transpose(xp: Any, g: Any, i: int, indices: Any, index: Any, xs_spec: Any) -> Any:
    arrays = indices[2:]
    if i == 0:
        return xp.set_at(g, xs_spec[0].dtype.type(0), *arrays, index=index)
    if i > 1:
        return None
    picked = xp.getitem(g, *arrays, index=index)
    if arrays:
        # An entry that was written twice holds the last value: the earlier ones get nothing.
        order = np.arange(1, Spec(picked.shape).size + 1).reshape(picked.shape)
        last = xp.set_at(np.zeros(g.shape, int), order, *arrays, index=index)
        picked = xp.where(xp.equal(xp.getitem(last, *arrays, index=index), order), picked, 0.0)
    return _as_value(xp, picked, xs_spec[1].shape)


def _index_add_transpose(xp: Any, g: Any, i: int, indices: Any, index: Any) -> Any:
    if i > 1:
        return None
    return g if i == 0 else xp.getitem(g, *indices[2:], index=index)


def _scatter_transpose(xp: Any, g: Any, i: int, indices: Any, index: Any) -> Any:
    return xp.getitem(g, *indices[1:], index=index) if i == 0 else None


def _push(name: str, tangents: int) -> Any:
    """Forward mode: the operation on the tangents, at the places of the forward pass."""

    def push(xp: Any, ts: Any, s: Any, n: Any) -> Any:
        arrays = () if not s or not s[0] else s[0][tangents:]
        filled = [n.input_spec(i).dtype.type(0) if t is None else t for i, t in enumerate(ts[:tangents])]
        if ts[0] is None and tangents == 2:
            filled[0] = xp.broadcast_to(filled[0], shape=n.shape)
        return getattr(xp, name)(*filled, *arrays, **n.params)

    return push


getitem = linear(
    "getitem",
    _getitem,
    _getitem_transpose,
    spec=_getitem_spec,
    arity=None,
    params=("index",),
    push=_push("getitem", 1),
    accumulate=_getitem_accumulate,
    mask="places",
    view=basic,
    dtypes="fc",
    symbol="[ ]",
    formula="{x}[{index}]",
    verb="moves",
    words="Getitem moves: each gradient returns to the place its value came from.",
    python=lambda o, n: f"{o[0]}[{brackets(o, n, 1)}]",
    batch=batch_index.getitem,
)

set_at = linear(
    "set_at",
    _set_at,
    _set_at_transpose,
    spec=_put_spec("set_at"),
    arity=None,
    params=("index",),
    push=_push("set_at", 2),
    mask="writes",
    dtypes="fc",
    symbol="[ ]=",
    formula="{x} with [{index}] = {y}",
    verb="moves",
    words="Set-at moves: the gradient of each overwritten place goes to the new value, the rest to the array.",
    python=lambda o, n: f"set_at({o[0]}, {o[1]}, {key_text(o, n, 2)})",
    helpers=("set_at",),
    batch=batch_index.set_at,
)

index_add = linear(
    "index_add",
    _index_add,
    _index_add_transpose,
    spec=_put_spec("index_add"),
    arity=None,
    params=("index",),
    push=_push("index_add", 2),
    dtypes="fc",
    symbol="[ ]+=",
    formula="{x} with [{index}] += {y}",
    verb="moves",
    words="Index-add moves: the array receives the upstream gradient, each added value that of its place.",
    python=lambda o, n: f"index_add({o[0]}, {o[1]}, {key_text(o, n, 2)})",
    helpers=("index_add",),
    batch=batch_index.index_add,
)

scatter = linear(
    "scatter",
    _scatter,
    _scatter_transpose,
    spec=lambda g, *arrays, index, shape: Spec(shape, g.dtype),
    arity=None,
    params=("index", "shape"),
    mask="fills",
    push=_push("scatter", 1),
    dtypes="fc",
    symbol="[ ]ᵀ",
    formula="zeros with [{index}] += {x}",
    verb="moves",
    words="Scatter moves: each gradient is read at the place its value was added to.",
    python=lambda o, n: f"scatter({o[0]}, {key_text(o, n, 1)}, {n.params['shape']!r})",
    helpers=("scatter",),
    batch=batch_index.scatter,
)
