"""Places in an array: index templates and what fills them, adding at places, and the shape of what is picked."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from adjoint.errors import AdjointError, AxisError, ShapeError, TracedError
from adjoint.graph.spec import Spec
from adjoint.site import here


class _Hole:
    """The mark of an index array in a template."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "HOLE"

    def __reduce__(self) -> str:
        return "HOLE"


HOLE = _Hole()
_FULL = slice(None)
_NOTHING: Any = np.dtype([])  # takes no memory: indexing such an array works out the shape alone


def split_index(index: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """What stands between the brackets, as a template and the arrays that fill its holes.

    >>> split_index((0, ..., slice(1, None), [2, 1]))
    ((0, Ellipsis, slice(1, None, None), HOLE), (array([2, 1]),))
    """
    template: list[Any] = []
    arrays: list[Any] = []
    for item in index if type(index) is tuple else (index,):
        if type(item) is int or item is None or item is Ellipsis:
            template.append(item)
        elif type(item) is slice:
            template.append(slice(_whole(item.start), _whole(item.stop), _whole(item.step)))
        elif isinstance(item, np.ndarray | np.integer) and not item.ndim and item.dtype.kind in "iu":
            template.append(int(item))
        else:
            if isinstance(item, list | tuple):
                item = np.asarray(item) if len(item) else np.zeros(0, int)
            elif isinstance(item, bool):
                item = np.asarray(item)
            template.append(HOLE)
            arrays.append(item)
    return tuple(template), tuple(arrays)


def _whole(bound: Any) -> int | None:
    try:
        return None if bound is None else operator.index(bound)
    except TypeError as error:
        raise AxisError(
            f"a slice is made of whole numbers, got {bound!r}.",
            where=here(),
            help="write x[1:3]; int(...) makes a whole number.",
        ) from error


def fill(index: tuple[Any, ...], arrays: tuple[Any, ...]) -> tuple[Any, ...]:
    """The template with the arrays in its holes."""
    if not arrays:
        return index
    given = iter(arrays)
    return tuple(next(given) if item is HOLE else item for item in index)


def basic(**params: Any) -> bool:
    """Whether NumPy answers this template with a view: it has no holes."""
    return not any(item is HOLE for item in params["index"])


def refused(name: str, x: Any, error: Exception) -> AdjointError:
    """NumPy's objection to an index, as our error."""
    kind = AxisError if isinstance(error, IndexError) else ShapeError
    spec = Spec.of(x)
    help = f"its axes have the sizes {list(spec.shape)}" if spec.shape else "it has no axes: write x[...] or x[()]"
    wanted = "whole numbers, slices, ..., None and arrays of whole numbers or truth values are indices"
    return kind(f"{name}: {str(error).strip(' .')}, in {spec!r}.", help=f"{help}; {wanted}.")


def add_at(acc: Any, g: Any, index: tuple[Any, ...], arrays: tuple[Any, ...]) -> None:
    """``acc[index] += g`` in place, every repeat of an entry counted.

    >>> acc = np.zeros(3)
    >>> add_at(acc, 1.0, (HOLE,), (np.array([0, 2, 0]),)); acc
    array([2., 0., 1.])
    """
    # A mask alone names no entry twice.
    if not arrays or (len(arrays) == 1 and arrays[0].dtype.kind == "b"):
        acc[fill(index, arrays)] += g
        return
    key = fill(index, arrays)
    if _flattens(acc, key):
        _add_flat(acc, g, key)
    else:
        np.add.at(acc, key, g)


def _flattens(acc: Any, key: tuple[Any, ...]) -> bool:
    """Whether arrays and numbers index the first axes, but not all, and nothing else is asked."""
    return (
        len(key) < acc.ndim
        and bool(acc.flags.c_contiguous)
        and all(type(k) is int or (isinstance(k, np.ndarray | np.generic) and k.dtype.kind in "iu") for k in key)
    )


def _add_flat(acc: Any, g: Any, key: tuple[Any, ...]) -> None:
    # NumPy adds at places of a flat array up to ten times as fast as at places of rows.
    place: Any = 0
    for axis, (k, n) in enumerate(zip(key, acc.shape, strict=False)):
        k = np.asarray(k, np.intp)
        if k.size and (k.min() < -n or k.max() >= n):
            raise IndexError(
                f"index {k.min() if k.min() < -n else k.max()} is out of bounds for axis {axis} with size {n}"
            )
        place = place * n + np.where(k < 0, k + n, k)
    rest = acc.shape[len(key) :]
    width = int(np.prod(rest))
    place = place.reshape(*place.shape, *[1] * len(rest)) * width + np.arange(width).reshape(rest)
    values = g if np.shape(g) == place.shape else np.broadcast_to(g, place.shape)
    np.add.at(acc.reshape(-1), place.reshape(-1), values.reshape(-1))


def region(name: str, x: Any, arrays: tuple[Any, ...], index: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape of ``x[index]`` from specs alone; raises AxisError, and TracedError for a mask without values."""
    for array in arrays:
        if array.dtype.kind == "b":
            raise TracedError(
                f"{name}: the number of entries that a mask picks depends on its values.",
                help="use where(mask, x, 0.0), which keeps the shape, or eager mode.",
            )
        if array.dtype.kind not in "iu":
            raise AxisError(
                f"{name}: arrays used as indices must be of integer (or boolean) type, got {array!r}.",
                help="write i.astype(int).",
            )
    ghosts = tuple(np.broadcast_to(np.zeros((), int), a.shape) for a in arrays)
    try:
        return np.broadcast_to(np.empty((), _NOTHING), x.shape)[fill(index, ghosts)].shape
    except IndexError as error:
        raise refused(name, x, error) from error


def brackets(operands: list[str], node: Any, first: int) -> str:
    """The text between the brackets, with operand names in the holes."""
    names = iter(operands[first:])
    parts = [next(names) if item is HOLE else _item_text(item) for item in node.params["index"]]
    return ", ".join(parts) if parts else "()"


def _item_text(item: Any) -> str:
    if type(item) is not slice:
        return "..." if item is Ellipsis else "None" if item is None else repr(item)
    ends = [("" if end is None else repr(end)) for end in (item.start, item.stop)]
    return ":".join(ends) + ("" if item.step is None else f":{item.step!r}")


def key_text(operands: list[str], node: Any, first: int) -> str:
    """The index as an argument of a function: ``np.s_[...]``."""
    return f"np.s_[{brackets(operands, node, first)}]"
