"""Operations that move entries and change none: shapes, axes, copies, joints. Linear, every one."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.errors import ShapeError
from adjoint.graph.spec import Spec
from adjoint.primitives import batching
from adjoint.primitives.families import linear, zeros
from adjoint.primitives.specs import broadcast, reduced_shape

_ndarray = np.ndarray


def _moves(name: str) -> str:
    return f"{name} moves: each gradient returns to the place its value came from."


def _scalar(out: Any) -> Any:
    """Arrays without axes leave as NumPy scalars, as they do from NumPy's own arithmetic."""
    return out if out.shape else out[()]


def _reshape(x: Any, shape: tuple[int, ...]) -> Any:
    out = np.asarray(x).reshape(shape)
    return out if shape else out[()]


def _reshape_spec(x: Any, shape: tuple[int, ...]) -> Spec:
    x = Spec.of(x)
    made = Spec(shape, x.dtype)
    if made.size != x.size or min(shape, default=0) < 0:
        raise ShapeError(
            f"reshape cannot put the {x.size} entries of {x!r} into the shape {shape}.",
            help="the sizes of the new shape must multiply to that number; one of them may be -1.",
        )
    return made


reshape = linear(
    "reshape",
    _reshape,
    lambda xp, g, x_spec: xp.reshape(g, shape=x_spec.shape),
    spec=_reshape_spec,
    params=("shape",),
    view=True,
    dtypes="fc",
    symbol="▭",
    formula="reshape({x}, {shape})",
    verb="moves",
    words=_moves("Reshape"),
    python=lambda o, n: f"np.reshape({o[0]}, {n.params['shape']!r})",
    batch=batching.reshape,
)


def _transpose(x: Any, axes: tuple[int, ...]) -> Any:
    x = np.asarray(x)
    return _scalar(x.transpose(_full(axes, x.ndim)))


def _full(axes: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    # Leading axes that are not named are a batch, and stay.
    return axes if len(axes) == ndim else (*range(ndim - len(axes)), *axes)


def _transpose_spec(x: Any, axes: tuple[int, ...]) -> Spec:
    x = Spec.of(x)
    k = x.ndim - len(axes)
    return Spec((*x.shape[:k], *(x.shape[a] for a in axes)), x.dtype)


def inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    """The permutation, in negative axes, that undoes one.

    >>> inverse((-1, -3, -2))
    (-2, -1, -3)
    """
    n = len(axes)
    return tuple(axes.index(i - n) - n for i in range(n))


transpose = linear(
    "transpose",
    _transpose,
    lambda xp, g, axes: xp.transpose(g, axes=inverse(axes)),
    spec=_transpose_spec,
    params=("axes",),
    view=True,
    dtypes="fc",
    symbol="ᵀ",
    formula="transpose({x}, {axes})",
    verb="moves",
    words=_moves("Transpose"),
    python=lambda o, n: f"np.transpose({o[0]}, {_full(n.params['axes'], n.input_spec(0).ndim)})",
)


def _expand_dims_spec(x: Any, axis: tuple[int, ...]) -> Spec:
    x = Spec.of(x)
    sizes = iter(x.shape)
    n = x.ndim + len(axis)
    return Spec(tuple(1 if i - n in axis else next(sizes) for i in range(n)), x.dtype)


expand_dims = linear(
    "expand_dims",
    lambda x, axis: np.expand_dims(x, tuple(axis)),  # NumPy 2.0 takes no subclass of tuple
    lambda xp, g, axis: xp.squeeze(g, axis=axis),
    spec=_expand_dims_spec,
    params=("axis",),
    view=True,
    dtypes="fc",
    symbol="▭",
    formula="expand_dims({x}, {axis})",
    verb="moves",
    words=_moves("Expand-dims"),
    python=lambda o, n: f"np.expand_dims({o[0]}, {n.params['axis']!r})",
)


def _squeeze_spec(x: Any, axis: tuple[int, ...]) -> Spec:
    x = Spec.of(x)
    for a in axis:
        if x.shape[a] != 1:
            raise ShapeError(
                f"squeeze drops axes of size 1 only; axis {a} of {x!r} has size {x.shape[a]}.",
                help="index it (x[..., 0]), or leave the axis out.",
            )
    return Spec(reduced_shape(x.shape, axis, False), x.dtype)


squeeze = linear(
    "squeeze",
    lambda x, axis: _scalar(np.squeeze(x, axis)),
    lambda xp, g, axis: xp.expand_dims(g, axis=axis),
    spec=_squeeze_spec,
    params=("axis",),
    view=True,
    dtypes="fc",
    symbol="▭",
    formula="squeeze({x}, {axis})",
    verb="moves",
    words=_moves("Squeeze"),
    python=lambda o, n: f"np.squeeze({o[0]}, {n.params['axis']!r})",
)


def _broadcast_to(x: Any, shape: tuple[int, ...]) -> Any:
    # Every backward pass spreads gradients with this; making the view by hand is ten times as fast as
    # np.broadcast_to. Python numbers and arrays in another memory order take the long way.
    if not isinstance(x, _ndarray | np.generic):
        x = np.asarray(x)
    old = x.shape
    if old == shape:
        return x
    if not old:
        return _ndarray(shape, x.dtype, x, 0, (0,) * len(shape))
    extra = len(shape) - len(old)
    if extra < 0 or not x.flags.c_contiguous:
        return np.broadcast_to(x, shape)
    strides = [0] * extra
    for n, m, step in zip(old, shape[extra:], x.strides, strict=True):
        if n != m and n != 1:
            return np.broadcast_to(x, shape)
        strides.append(step if n == m else 0)
    out = _ndarray(shape, x.dtype, x, 0, strides)
    out.setflags(write=False)
    return out


def _broadcast_to_spec(x: Any, shape: tuple[int, ...]) -> Spec:
    x = Spec.of(x)
    if broadcast("broadcast_to", (x.shape, shape), (x, list(shape))) != shape:
        raise ShapeError(
            f"broadcast_to cannot bring {x!r} to the smaller shape {shape}.",
            help="sum over the axes that are too long, or index them.",
        )
    return Spec(shape, x.dtype)


def _collect(xp: Any, g: Any, x_spec: Spec) -> Any:
    extra = len(g.shape) - x_spec.ndim
    wide = (1,) * extra + x_spec.shape
    axis = tuple(i - len(wide) for i, n in enumerate(wide) if i < extra or (n == 1 and g.shape[i] != 1))
    out = xp.sum(g, axis=axis, keepdims=not extra) if axis else g
    return xp.reshape(out, shape=x_spec.shape) if out.shape != x_spec.shape else out


broadcast_to = linear(
    "broadcast_to",
    _broadcast_to,
    _collect,
    spec=_broadcast_to_spec,
    params=("shape",),
    gate="collects",
    view=True,
    dtypes="fc",
    symbol="⇶",
    formula="broadcast_to({x}, {shape})",
    verb="collects",
    words="Broadcast collects: the copies' gradients are added back to the shape of the input.",
    python=lambda o, n: f"np.broadcast_to({o[0]}, {n.params['shape']!r})",
    batch=batching.broadcast_to,
)

flip = linear(
    "flip",
    lambda x, axis: _scalar(np.flip(x, axis)),
    lambda xp, g, axis: xp.flip(g, axis=axis),
    spec=lambda x, axis: Spec.of(x),
    params=("axis",),
    view=True,
    dtypes="fc",
    symbol="⇄",
    formula="flip({x}, {axis})",
    verb="moves",
    words=_moves("Flip"),
    python=lambda o, n: f"np.flip({o[0]}, {n.params['axis']!r})",
)


def _pad(x: Any, widths: tuple[tuple[int, int], ...], constant: Any) -> Any:
    x = np.asarray(x)
    return np.pad(x, ((0, 0),) * (x.ndim - len(widths)) + widths, constant_values=constant) if widths else _scalar(x)


def _pad_spec(x: Any, widths: tuple[tuple[int, int], ...], constant: Any) -> Spec:
    x = Spec.of(x)
    k = x.ndim - len(widths)
    return Spec((*x.shape[:k], *(a + n + b for n, (a, b) in zip(x.shape[k:], widths, strict=True))), x.dtype)


def _crop(xp: Any, g: Any, widths: tuple[tuple[int, int], ...], x_spec: Spec) -> Any:
    sizes = x_spec.shape[x_spec.ndim - len(widths) :]
    return xp.getitem(g, index=(..., *(slice(a, a + n) for n, (a, _) in zip(sizes, widths, strict=True))))


def _pad_text(x: str, ndim: int, widths: tuple[tuple[int, int], ...], constant: Any) -> str:
    every = ((0, 0),) * (ndim - len(widths)) + widths
    return f"np.pad({x}, {every}, constant_values={constant!r})"


pad = linear(
    "pad",
    _pad,
    _crop,
    spec=_pad_spec,
    params=("widths", "constant"),
    push=lambda xp, ts, s, n: xp.pad(ts[0], widths=n.params["widths"], constant=0.0),
    mask="fills",
    dtypes="fc",
    symbol="⊞",
    formula="pad({x}, {widths})",
    verb="moves",
    words=_moves("Pad"),
    python=lambda o, n: _pad_text(o[0], n.input_spec(0).ndim, **n.params),
)


def _concatenate_spec(*xs: Any, axis: int) -> Spec:
    specs = [Spec.of(x) for x in xs]
    first = specs[0]
    if first.ndim == 0:
        raise ShapeError("concatenate needs arrays of one dimension or more.", help="join numbers with stack.")
    for s in specs:
        if s.ndim != first.ndim or reduced_shape(s.shape, (axis,), False) != reduced_shape(first.shape, (axis,), False):
            shown = ", ".join(map(repr, specs))
            raise ShapeError(
                f"concatenate needs equal sizes on every axis but {axis}, got {shown}.",
                help="pad or slice one of them, or join along another axis.",
            )
    size = sum(s.shape[axis] for s in specs)
    shape = tuple(size if i - first.ndim == axis else n for i, n in enumerate(first.shape))
    return Spec(shape, np.result_type(*[s.dtype for s in specs]))


def along(axis: int, part: slice) -> tuple[Any, ...]:
    """The index that takes a slice of one (negative) axis and all of the others."""
    return (..., part, *(slice(None),) * (-1 - axis))


def _piece(xp: Any, g: Any, i: int, axis: int, xs_spec: tuple[Spec, ...]) -> Any:
    start = sum(s.shape[axis] for s in xs_spec[:i])
    return xp.getitem(g, index=along(axis, slice(start, start + xs_spec[i].shape[axis])))


concatenate = linear(
    "concatenate",
    lambda *xs, axis: np.concatenate(xs, axis),
    _piece,
    spec=_concatenate_spec,
    arity=None,
    params=("axis",),
    dtypes="fc",
    symbol="⧺",
    formula="concatenate({xs})",
    verb="moves",
    words=_moves("Concatenate"),
    python=lambda o, n: f"np.concatenate(({', '.join(o)},), {n.params['axis']!r})",
    batch=batching.joined("concatenate"),
)


def _split_spec(x: Any, axis: int, sections: tuple[int, ...]) -> tuple[Spec, ...]:
    x = Spec.of(x)
    n = x.shape[axis]
    lengths = [len(range(*slice(a, b).indices(n))) for a, b in zip((0, *sections), (*sections, n), strict=True)]
    return tuple(Spec(tuple(m if i - x.ndim == axis else k for i, k in enumerate(x.shape)), x.dtype) for m in lengths)


def _join(xp: Any, g: Any, axis: int, sections: tuple[int, ...], i: int, outs_spec: tuple[Spec, ...]) -> Any:
    # Pieces of which nothing was used hand back None; i is 0, the only input.
    parts = [zeros(xp, s) if one is None else one for one, s in zip(g, outs_spec, strict=True)]
    return xp.concatenate(*parts, axis=axis)


split = linear(
    "split",
    lambda x, axis, sections: tuple(np.array_split(x, sections, axis)),
    _join,
    spec=_split_spec,
    params=("axis", "sections"),
    several=True,
    view=True,
    dtypes="fc",
    symbol="⑃",
    formula="split({x}, {sections})",
    verb="moves",
    words=_moves("Split"),
    python=lambda o, n: f"np.split({o[0]}, {list(n.params['sections'])!r}, {n.params['axis']!r})",
)

astype = linear(
    "astype",
    lambda x, dtype: np.asarray(x).astype(dtype)[()],
    lambda xp, g, x_spec: xp.astype(g, dtype=np.result_type(g.dtype, x_spec.dtype)),
    spec=lambda x, dtype: Spec(Spec.of(x).shape, dtype),
    params=("dtype",),
    dtypes="fc",
    symbol="⇒",
    formula="{x} as {dtype}",
    verb="moves",
    words=_moves("Astype"),
    python=lambda o, n: f"np.asarray({o[0]}).astype('{n.params['dtype']}')",
)
