"""NumPy's functions that join arrays, take them apart, and repeat their entries."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.apply import apply
from adjoint.errors import ArgumentError, OperandError, ShapeError
from adjoint.functions import elementwise as e
from adjoint.functions.common import operand, refuse, shape_of
from adjoint.functions.movement import atleast_1d, atleast_2d, expand_dims, ravel, reshape, shape_param
from adjoint.functions.picking import take
from adjoint.primitives import movement as records
from adjoint.primitives.specs import normal_axis
from adjoint.site import here
from adjoint.tensor import Tensor


def _several(name: str, arrays: Any) -> list[Any]:
    if type(arrays) is not Tensor and not isinstance(arrays, list | tuple | np.ndarray):
        raise OperandError(
            f"{name} needs a list of arrays, got {type(arrays).__name__}.",
            where=here(),
            help=f"write np.{name}([a, b]).",
        )
    found = [operand(a, name) for a in arrays]
    if not found:
        raise ArgumentError(f"{name} needs at least one array.", where=here(), help="the list is empty.")
    return found


def concatenate(arrays: Any, /, axis: int | None = 0, *, dtype: Any = None, **unsupported: Any) -> Any:
    """Arrays joined along one of their axes (None: all entries of all of them, along one).

    >>> concatenate([[1.0, 2.0], [3.0]])
    tensor([1., 2., 3.])
    """
    refuse("concatenate", unsupported)
    found = _several("concatenate", arrays)
    if axis is None:
        found, axis = [ravel(a) for a in found], 0
    if dtype is not None:
        found = [e.astype(a, dtype) for a in found]
    n = len(shape_of(found[0]))
    along = normal_axis("concatenate", axis, n) if n else -1
    return apply(records.concatenate, tuple(found), {"axis": along})


def stack(arrays: Any, axis: int = 0, **unsupported: Any) -> Any:
    """Arrays of one shape joined along a new axis.

    >>> stack([1.0, 2.0])
    tensor([1., 2.])
    """
    refuse("stack", unsupported)
    found = _several("stack", arrays)
    shapes = {shape_of(a) for a in found}
    if len(shapes) > 1:
        shown = ", ".join(str(list(shape_of(a))) for a in found)
        raise ShapeError(
            f"stack needs arrays of one shape, got {shown}.",
            where=here(),
            help="concatenate joins along an axis that is there already; broadcast_to brings one shape to another.",
        )
    along = normal_axis("stack", axis, len(shapes.pop()) + 1)
    return apply(records.concatenate, tuple(expand_dims(a, along) for a in found), {"axis": along})


def vstack(tup: Any, **unsupported: Any) -> Any:
    """Arrays stacked as rows.

    >>> vstack([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    refuse("vstack", unsupported)
    return concatenate([atleast_2d(a) for a in _several("vstack", tup)])


def hstack(tup: Any, **unsupported: Any) -> Any:
    """Arrays joined side by side.

    >>> hstack([[1.0, 2.0], [3.0]])
    tensor([1., 2., 3.])
    """
    refuse("hstack", unsupported)
    found = [atleast_1d(a) for a in _several("hstack", tup)]
    return concatenate(found, 0 if len(shape_of(found[0])) == 1 else 1)


def column_stack(tup: Any) -> Any:
    """Vectors (and matrices) joined as columns.

    >>> column_stack([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    found = [a if len(shape_of(a)) > 1 else reshape(a, (-1, 1)) for a in _several("column_stack", tup)]
    return concatenate(found, 1)


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """The array in equal parts (a number), or parted before the given places.

    >>> split([1.0, 2.0, 3.0], [1])
    [tensor([1.]), tensor([2., 3.])]
    """
    a = operand(ary, "split")
    size = shape_of(a)[normal_axis("split", axis, len(shape_of(a)))]
    if hasattr(indices_or_sections, "__index__") and (n := indices_or_sections.__index__()) and size % n:
        raise ArgumentError(
            f"split cannot part {size} entries into {n} equal parts.",
            where=here(),
            help="array_split allows unequal ones.",
        )
    return array_split(a, indices_or_sections, axis)


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """The array in parts of nearly equal size, or parted before the given places.

    >>> [p.shape for p in array_split([1.0, 2.0, 3.0], 2)]
    [(2,), (1,)]
    """
    a = operand(ary, "split")
    along = normal_axis("split", axis, len(shape_of(a)))
    size = shape_of(a)[along]
    if hasattr(indices_or_sections, "__index__"):
        n = indices_or_sections.__index__()
        if n < 1:
            raise ArgumentError(
                f"split needs at least one part, got {n}.", where=here(), help="the number of parts is 1 or more."
            )
        small, more = divmod(size, n)
        places = tuple(i * small + (i if i < more else more) for i in range(1, n))
    else:
        places = tuple(slice(int(i), None).indices(size)[0] for i in indices_or_sections)
        if list(places) != sorted(places):
            raise ArgumentError(
                f"split needs places in rising order, got {indices_or_sections!r}.", where=here(), help="sort them."
            )
    return list(apply(records.split, (a,), {"axis": along, "sections": places}))


def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """The array parted along its first axis.

    >>> len(vsplit([[1.0], [2.0]], 2))
    2
    """
    return split(ary, indices_or_sections, 0)


def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """The array parted along its second axis (the first of a vector).

    >>> len(hsplit([[1.0, 2.0]], 2))
    2
    """
    a = operand(ary, "hsplit")
    return split(a, indices_or_sections, 0 if len(shape_of(a)) == 1 else 1)


def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each entry repeated, side by side.

    >>> repeat([1.0, 2.0], 2)
    tensor([1., 1., 2., 2.])
    """
    a = operand(a, "repeat")
    if axis is None:
        a, axis = ravel(a), 0
    size = shape_of(a)[normal_axis("repeat", axis, len(shape_of(a)))]
    try:
        places = np.repeat(np.arange(size), np.asarray(repeats))
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"repeat: {error}.", where=here()) from error
    return take(a, places, axis)


def tile(A: Any, reps: Any) -> Any:
    """The whole array repeated along each axis.

    >>> tile([1.0, 2.0], 2)
    tensor([1., 2., 1., 2.])
    """
    a = operand(A, "tile")
    counts = shape_param("tile", reps)
    shape = shape_of(a)
    n = max(len(counts), len(shape))
    counts, shape = (1,) * (n - len(counts)) + counts, (1,) * (n - len(shape)) + shape
    wide = tuple(k for pair in zip(counts, shape, strict=True) for k in pair)
    apart = reshape(a, tuple(k for size in shape for k in (1, size)))
    copies = apply(records.broadcast_to, (apart,), {"shape": wide})
    return reshape(copies, tuple(c * s for c, s in zip(counts, shape, strict=True)))


def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """The entries moved along an axis; those that fall off the end come in at the front.

    >>> roll([1.0, 2.0, 3.0], 1)
    tensor([3., 1., 2.])
    """
    a = operand(a, "roll")
    if axis is None:
        return reshape(roll(ravel(a), int(np.sum(shift)), 0), shape_of(a))
    out = a
    for step, one in np.broadcast(np.asarray(shift), np.asarray(axis)):
        size = shape_of(a)[normal_axis("roll", one, len(shape_of(a)))]
        if size:
            out = concatenate(split(out, [size - int(step) % size], int(one))[::-1], int(one))
    return out if type(out) is Tensor else e.positive(out)
