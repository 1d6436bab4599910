"""NumPy's functions of shape and axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint.apply import apply
from adjoint.errors import ArgumentError, AxisError, ShapeError
from adjoint.functions.common import operand, refuse, shape_of
from adjoint.primitives import movement as records
from adjoint.primitives.specs import broadcast, normal_axes, normal_axis
from adjoint.site import here
from adjoint.tensor import Tensor


def shape_param(name: str, shape: Any) -> tuple[int, ...]:
    """A shape as the user gives it (a number, a sequence of numbers) as a tuple of Python ints."""
    try:
        return (shape.__index__(),) if hasattr(shape, "__index__") else tuple(n.__index__() for n in shape)
    except (AttributeError, TypeError) as error:
        raise ArgumentError(
            f"{name}: a shape is made of whole numbers, got {shape!r}.",
            where=here(),
            help="write (2, 3); -1 stands for what is left over.",
        ) from error


def reshape(a: Any, /, shape: Any, order: str = "C", **unsupported: Any) -> Any:
    """The same entries, in C order, in another shape; one size may be -1 and is worked out.

    >>> reshape([1.0, 2.0, 3.0, 4.0], (2, -1)).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    refuse("reshape", {**unsupported, **({} if order == "C" else {"order": order})})
    a = operand(a, "reshape")
    wanted = shape_param("reshape", shape)
    size = math.prod(shape_of(a))
    if -1 in wanted:
        rest = math.prod(n for n in wanted if n != -1)
        if wanted.count(-1) > 1 or rest == 0 or size % rest:
            raise ShapeError(
                f"reshape cannot put the {size} entries of {shape_of(a)} into {wanted}.",
                where=here(),
                help="the sizes of the new shape must multiply to that number; one of them may be -1.",
            )
        wanted = tuple(size // rest if n == -1 else n for n in wanted)
    return apply(records.reshape, (a,), {"shape": wanted})


def ravel(a: Any, order: str = "C") -> Any:
    """All entries along one axis.

    >>> ravel([[1.0, 2.0], [3.0, 4.0]])
    tensor([1., 2., 3., 4.])
    """
    return reshape(a, -1 if math.prod(shape_of(a := operand(a, "ravel"))) else 0, order)


def transpose(a: Any, axes: Any = None) -> Any:
    """The axes in another order; without ``axes``, reversed.

    >>> transpose([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    a = operand(a, "transpose")
    n = len(shape_of(a))
    if axes is None:
        order = tuple(range(-1, -n - 1, -1))
    else:
        order = tuple(normal_axis("transpose", i, n) for i in axes)
        if sorted(order) != list(range(-n, 0)):
            raise AxisError(
                f"transpose needs each of the {n} axes once, got {tuple(axes)!r}.",
                where=here(),
                help="leave the axes out to turn them all around, or use swapaxes.",
            )
    return apply(records.transpose, (a,), {"axes": order})


def matrix_transpose(x: Any, /) -> Any:
    """The last two axes exchanged.

    >>> matrix_transpose([[1.0, 2.0]]).tolist()
    [[1.0], [2.0]]
    """
    return swapaxes(x, -1, -2)


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """Two axes exchanged.

    >>> swapaxes([[1.0, 2.0]], 0, 1).tolist()
    [[1.0], [2.0]]
    """
    a = operand(a, "swapaxes")
    n = len(shape_of(a))
    order = list(range(-n, 0))
    i, j = normal_axis("swapaxes", axis1, n), normal_axis("swapaxes", axis2, n)
    order[i], order[j] = j, i
    return apply(records.transpose, (a,), {"axes": tuple(order)})


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """Some axes moved to other places; the others keep their order.

    >>> moveaxis([[[1.0, 2.0]]], 2, 0).shape
    (2, 1, 1)
    """
    a = operand(a, "moveaxis")
    n = len(shape_of(a))
    come = [normal_axis("moveaxis", i, n) for i in (source if isinstance(source, tuple | list) else (source,))]
    go = [
        normal_axis("moveaxis", i, n)
        for i in (destination if isinstance(destination, tuple | list) else (destination,))
    ]
    if len(come) != len(go) or len(set(come)) != len(come) or len(set(go)) != len(go):
        raise AxisError(
            f"moveaxis needs as many places as axes, each once, got {source} and {destination}.",
            where=here(),
            help="write np.moveaxis(x, 0, -1) or two lists of equal length.",
        )
    order = [i for i in range(-n, 0) if i not in come]
    for place, i in sorted(zip(go, come, strict=True)):
        order.insert(place + n, i)
    return apply(records.transpose, (a,), {"axes": tuple(order)})


def expand_dims(a: Any, axis: Any) -> Any:
    """New axes of size 1 at the places that they have in the result.

    >>> expand_dims([1.0, 2.0], 1).tolist()
    [[1.0], [2.0]]
    """
    a = operand(a, "expand_dims")
    extra = len(axis) if isinstance(axis, tuple | list) else 1
    return apply(records.expand_dims, (a,), {"axis": normal_axes("expand_dims", axis, len(shape_of(a)) + extra)})


def squeeze(a: Any, axis: Any = None) -> Any:
    """Axes of size 1 dropped: all of them, or those named.

    >>> squeeze([[1.0, 2.0]])
    tensor([1., 2.])
    """
    a = operand(a, "squeeze")
    shape = shape_of(a)
    n = len(shape)
    drop = tuple(i - n for i in range(n) if shape[i] == 1) if axis is None else normal_axes("squeeze", axis, n)
    return apply(records.squeeze, (a,), {"axis": drop})


def broadcast_to(array: Any, shape: Any) -> Any:
    """The entries repeated along new axes and axes of size 1.

    >>> broadcast_to([1.0, 2.0], (2, 2)).tolist()
    [[1.0, 2.0], [1.0, 2.0]]
    """
    return apply(records.broadcast_to, (operand(array, "broadcast_to"),), {"shape": shape_param("broadcast_to", shape)})


def broadcast_arrays(*args: Any) -> tuple[Any, ...]:
    """All arrays in their common shape.

    >>> [x.shape for x in broadcast_arrays([1.0, 2.0], [[3.0]])]
    [(1, 2), (1, 2)]
    """
    given = [operand(a, "broadcast_arrays") for a in args]
    shape = broadcast("broadcast_arrays", [shape_of(a) for a in given], given)
    return tuple(broadcast_to(a, shape) for a in given)


def atleast_1d(*arys: Any) -> Any:
    """Each array with at least one axis (a tuple of them for several arrays).

    >>> atleast_1d(2.0)
    tensor([2.])
    """
    return _each(arys, lambda a: reshape(a, (1,)) if not shape_of(a) else same(a))


def atleast_2d(*arys: Any) -> Any:
    """Each array with at least two axes, new ones in front.

    >>> atleast_2d([1.0, 2.0])
    tensor([[1., 2.]])
    """
    return _each(arys, lambda a: reshape(a, (1, 1, *shape_of(a))[-2:]) if len(shape_of(a)) < 2 else same(a))


def _each(arrays: tuple[Any, ...], function: Any) -> Any:
    results = tuple(function(operand(a, "atleast")) for a in arrays)
    return results[0] if len(results) == 1 else results


def same(a: Any) -> Any:
    """The operand as a tensor, with no operation where it is one."""
    return a if type(a) is Tensor else reshape(a, shape_of(a))


def flip(m: Any, axis: Any = None) -> Any:
    """The entries in opposite order along all axes or those named.

    >>> flip([1.0, 2.0, 3.0])
    tensor([3., 2., 1.])
    """
    m = operand(m, "flip")
    return apply(records.flip, (m,), {"axis": normal_axes("flip", axis, len(shape_of(m)))})


def fliplr(m: Any) -> Any:
    """The entries in opposite order along the second axis.

    >>> fliplr([[1.0, 2.0]])
    tensor([[2., 1.]])
    """
    return flip(m, 1)


def flipud(m: Any) -> Any:
    """The entries in opposite order along the first axis.

    >>> flipud([1.0, 2.0])
    tensor([2., 1.])
    """
    return flip(m, 0)


def pad(array: Any, pad_width: Any, mode: str = "constant", *, constant_values: float = 0, **unsupported: Any) -> Any:
    """Constant entries put before and after each axis.

    >>> pad([1.0, 2.0], (1, 0))
    tensor([0., 1., 2.])
    """
    refuse("pad", {**unsupported, **({} if mode == "constant" else {"mode": mode})})
    a = operand(array, "pad")
    if np.ndim(constant_values):
        refuse("pad", {"constant_values": constant_values})
    try:
        widths = np.broadcast_to(np.asarray(pad_width), (len(shape_of(a)), 2))
    except ValueError as error:
        raise ShapeError(
            f"pad needs a pair of widths an axis, got {pad_width!r} for {shape_of(a)}.",
            where=here(),
            help="write np.pad(x, 1) or np.pad(x, [(before, after), ...]).",
        ) from error
    if widths.dtype.kind not in "iu" or (widths < 0).any():
        raise ArgumentError(
            f"pad widths are whole numbers of 0 or more, got {pad_width!r}.",
            where=here(),
            help="write np.pad(x, 1) or np.pad(x, [(before, after), ...]).",
        )
    pairs = tuple((int(before), int(after)) for before, after in widths)
    return apply(records.pad, (a,), {"widths": pairs, "constant": constant_values})
