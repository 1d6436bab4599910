"""NumPy's functions that pick entries by place: take, diagonals, triangles, sorting."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.apply import RECORD, apply
from adjoint.errors import ShapeError
from adjoint.functions import elementwise as e
from adjoint.functions import reductions
from adjoint.functions.common import operand, refuse, shape_of
from adjoint.functions.movement import moveaxis, ravel, same
from adjoint.graph.spec import Spec
from adjoint.primitives import order as sorting
from adjoint.primitives.index import getitem as getitem_record
from adjoint.primitives.index import scatter, set_at
from adjoint.primitives.movement import along
from adjoint.primitives.places import HOLE, split_index
from adjoint.primitives.specs import normal_axis
from adjoint.site import here
from adjoint.tensor import Tensor


def getitem(a: Any, index: Any) -> Any:
    """``a[index]``, in every form that NumPy knows.

    >>> getitem([[1.0, 2.0], [3.0, 4.0]], (slice(None), [1, 0])).tolist()
    [[2.0, 1.0], [4.0, 3.0]]
    """
    a = operand(a, "getitem")
    template, arrays = _split(a, index)
    return apply(getitem_record, (a, *arrays), {"index": template})


def at(a: Any, index: Any, values: Any) -> Any:
    """A copy of the array with ``values`` at ``index``: ``a[index] = values`` without the assignment.

    >>> at([1.0, 2.0, 3.0], 1, 5.0)
    tensor([1., 5., 3.])
    """
    a = operand(a, "set_at")
    template, arrays = _split(a, index)
    return apply(set_at, (a, values, *arrays), {"index": template})


def _split(a: Any, index: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The index as template and arrays; where values are unknown, known masks become places."""
    if type(a) is Tensor and type(a._value) is Spec:
        items = index if type(index) is tuple else (index,)
        made: list[Any] = []
        for item in items:
            if isinstance(item, list | np.ndarray) and np.asarray(item).dtype == bool and np.ndim(item):
                made.extend(np.nonzero(item))
            else:
                made.append(item)
        index = tuple(made)
    return split_index(index)


def take(a: Any, indices: Any, axis: int | None = None, **unsupported: Any) -> Any:
    """The entries (or slices along an axis) at the given places.

    >>> take([1.0, 2.0, 3.0], [2, 0])
    tensor([3., 1.])
    """
    refuse("take", unsupported)
    a = operand(a, "take")
    if axis is None:
        a, axis = ravel(a), 0
    n = len(shape_of(a))
    places = indices if type(indices) is Tensor else np.asarray(indices)
    index = along(normal_axis("take", axis, n), slice(None))
    template = tuple(HOLE if i == 1 else item for i, item in enumerate(index))
    return apply(getitem_record, (a, places), {"index": template})


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """Entries at places that are given for each line along an axis, as argsort gives them.

    >>> take_along_axis([[1.0, 2.0], [3.0, 4.0]], [[1], [0]], axis=1).tolist()
    [[2.0], [3.0]]
    """
    a = operand(arr, "take_along_axis")
    places = indices if type(indices) is Tensor else np.asarray(indices)
    if axis is None:
        a, axis = ravel(a), 0
    if len(shape_of(a)) != len(places.shape):
        raise ShapeError(
            f"take_along_axis needs places of as many axes as the array, got {shape_of(a)} and {places.shape}.",
            where=here(),
            help="reshape the places, or use take for a list of them.",
        )
    return sorting.take_along(RECORD, a, places, normal_axis("take_along_axis", axis, len(shape_of(a))))


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonal of matrices, as the last axis.

    >>> diagonal([[1.0, 2.0], [3.0, 4.0]])
    tensor([1., 4.])
    """
    a = moveaxis(operand(a, "diagonal"), (axis1, axis2), (-2, -1))
    rows, columns = _diagonal(shape_of(a)[-2], shape_of(a)[-1], offset)
    return apply(getitem_record, (a, rows, columns), {"index": (..., HOLE, HOLE)})


def _diagonal(rows: int, columns: int, offset: int) -> tuple[Any, Any]:
    count = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    places = np.arange(count)
    return places - min(offset, 0), places + max(offset, 0)


def diag(v: Any, k: int = 0) -> Any:
    """The diagonal of a matrix, or the matrix with this diagonal.

    >>> diag([1.0, 2.0]).tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """
    v = operand(v, "diag")
    if len(shape_of(v)) == 2:
        return diagonal(v, k)
    if len(shape_of(v)) != 1:
        raise ShapeError(
            f"diag takes a vector or a matrix, got {list(shape_of(v))}.",
            where=here(),
            help="use np.diagonal for arrays of more axes.",
        )
    n = shape_of(v)[0] + abs(k)
    rows, columns = _diagonal(n, n, k)
    return apply(scatter, (v, rows, columns), {"index": (HOLE, HOLE), "shape": (n, n)})


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, **unsupported: Any) -> Any:
    """The sum of the diagonal.

    >>> trace([[1.0, 2.0], [3.0, 4.0]])
    tensor(5.)
    """
    refuse("trace", unsupported)
    return reductions.sum(diagonal(a, offset, axis1, axis2), -1)


def tril(m: Any, k: int = 0) -> Any:
    """The lower triangle of matrices, zeros above the k-th diagonal.

    >>> tril([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[1.0, 0.0], [3.0, 4.0]]
    """
    m = operand(m, "tril")
    return e.where(_below(m, k), m, 0)


def triu(m: Any, k: int = 0) -> Any:
    """The upper triangle of matrices, zeros below the k-th diagonal.

    >>> triu([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[1.0, 2.0], [0.0, 4.0]]
    """
    m = operand(m, "triu")
    return e.where(_below(m, k - 1), 0, m)


def _below(m: Any, k: int) -> Any:
    shape = shape_of(m)
    if len(shape) < 2:
        raise ShapeError(
            f"a triangle is part of a matrix, got {list(shape)}.", where=here(), help="reshape it to two axes or more."
        )
    return np.tri(shape[-2], shape[-1], k, bool)


def sort(a: Any, axis: int | None = -1, **unsupported: Any) -> Any:
    """The entries in rising order along an axis; gradients return along the permutation.

    >>> sort([3.0, 1.0, 2.0])
    tensor([1., 2., 3.])
    """
    kind = unsupported.pop("kind", None), unsupported.pop("stable", None)
    refuse("sort", unsupported)
    del kind  # the order is always stable, which is one of those that every kind allows
    a = operand(a, "sort")
    if axis is None:
        a, axis = ravel(a), 0
    return apply(sorting.sort, (a,), {"axis": normal_axis("sort", axis, len(shape_of(a)))})


def argsort(a: Any, axis: int | None = -1, **unsupported: Any) -> Any:
    """The places of the entries in rising order; they have no gradient.

    >>> argsort([3.0, 1.0, 2.0])
    tensor([1, 2, 0])
    """
    kind = unsupported.pop("kind", None), unsupported.pop("stable", None)
    refuse("argsort", unsupported)
    del kind
    a = operand(a, "argsort")
    if axis is None:
        a, axis = ravel(a), 0
    return apply(sorting.argsort, (a,), {"axis": normal_axis("argsort", axis, len(shape_of(a)))})


def diff(a: Any, n: int = 1, axis: int = -1, **unsupported: Any) -> Any:
    """The differences of neighbours along an axis, n times.

    >>> diff([1.0, 4.0, 9.0])
    tensor([3., 5.])
    """
    refuse("diff", unsupported)
    a = operand(a, "diff")
    place = normal_axis("diff", axis, len(shape_of(a)))
    out = same(a)
    for _ in range(n):
        out = e.subtract(getitem(out, along(place, slice(1, None))), getitem(out, along(place, slice(None, -1))))
    return out
