"""Spec: the shape and dtype that stand where an array would stand."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

_SHORT = {"f": "f", "c": "c", "i": "i", "u": "u", "b": "bool"}


class Spec:
    """The shape and dtype of an array, without its values.

    >>> Spec((3, 4))
    f64[3,4]
    >>> Spec((), np.float32) == Spec((), "f4")
    True
    """

    __slots__ = ("dtype", "shape")

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    # NumPy must not take a Spec for an object to put into an array.
    __array_ufunc__ = None

    def __init__(self, shape: Any = (), dtype: Any = np.float64) -> None:
        object.__setattr__(self, "shape", (shape,) if isinstance(shape, int) else tuple(int(n) for n in shape))
        object.__setattr__(self, "dtype", np.dtype(dtype))

    @staticmethod
    def of(value: Any) -> Spec:
        """The spec of an array, a NumPy scalar, a Python number or a Spec."""
        if isinstance(value, Spec):
            return value
        if not hasattr(value, "dtype"):
            value = np.asarray(value)
        return Spec.known(value.shape, value.dtype)

    @staticmethod
    def known(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Spec:
        """A spec from parts that need no checking: a tuple of ints and a dtype, as arrays and nodes have them."""
        made = object.__new__(Spec)
        _put_shape(made, shape)
        _put_dtype(made, dtype)
        return made

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        count = 1
        for n in self.shape:
            count *= n
        return count

    @property
    def nbytes(self) -> int:
        """The number of bytes that such an array holds."""
        return self.size * int(self.dtype.itemsize)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Spec is frozen")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spec) and self.shape == other.shape and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __reduce__(self) -> tuple[Any, ...]:
        return (Spec, (self.shape, self.dtype))

    def __repr__(self) -> str:
        return f"{dtype_name(self.dtype)}[{','.join(map(str, self.shape))}]"


# A Spec is frozen: only its own slots' descriptors can fill it.
_put_shape = Spec.shape.__set__  # type: ignore[attr-defined,misc]
_put_dtype = Spec.dtype.__set__  # type: ignore[attr-defined,misc]


@cache
def dtype_name(dtype: Any) -> str:
    """The short name of a dtype: f64, f32, c128, i64, bool.

    >>> dtype_name(np.dtype("complex64"))
    'c64'
    """
    dtype = np.dtype(dtype)
    short = _SHORT.get(dtype.kind)
    if short is None:
        return str(dtype)
    return short if dtype.kind == "b" else f"{short}{dtype.itemsize * 8}"
