"""NumPy's questions about shape and kind, and arrays made in the likeness of others: none has a gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint.apply import make
from adjoint.functions.common import dtype_of, operand, refuse, shape_of
from adjoint.functions.movement import shape_param
from adjoint.tensor import Tensor


def shape(a: Any) -> tuple[int, ...]:
    """The length of each axis.

    >>> shape([[1.0, 2.0]])
    (1, 2)
    """
    return shape_of(operand(a, "shape"))


def ndim(a: Any) -> int:
    """The number of axes.

    >>> ndim([[1.0, 2.0]])
    2
    """
    return len(shape(a))


def size(a: Any, axis: int | None = None) -> int:
    """The number of entries, or the length of one axis.

    >>> size([[1.0, 2.0]])
    2
    """
    found = shape(a)
    return math.prod(found) if axis is None else found[axis]


def iscomplexobj(x: Any) -> bool:
    """Whether the entries are complex by dtype.

    >>> iscomplexobj(1j)
    True
    """
    return bool(dtype_of(operand(x, "iscomplexobj")).kind == "c")


def isrealobj(x: Any) -> bool:
    """Whether the entries are real by dtype.

    >>> isrealobj(1j)
    False
    """
    return not iscomplexobj(x)


def allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all entries are equal within a tolerance; like every comparison it has no gradient.

    >>> allclose([1.0, 2.0], [1.0, 2.0 + 1e-9])
    True
    """
    return bool(np.allclose(*map(_known, (a, b, rtol, atol, equal_nan))))


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    """Whether shapes and all entries are equal; like every comparison it has no gradient.

    >>> array_equal([1.0, 2.0], [1.0])
    False
    """
    return bool(np.array_equal(*map(_known, (a1, a2, equal_nan))))


def _known(a: Any) -> Any:
    return a.value if type(a) is Tensor else a


def full_like(a: Any, fill_value: Any, dtype: Any = None, *, shape: Any = None, **unsupported: Any) -> Any:
    """One value in the shape and dtype of another array.

    >>> full_like([1.0, 2.0], 3.0)
    tensor([3., 3.])
    """
    refuse("full_like", unsupported)
    a = operand(a, "full_like")
    wanted = shape_of(a) if shape is None else shape_param("full_like", shape)
    return make(np.full(wanted, fill_value, dtype_of(a) if dtype is None else dtype)[()], None)


def zeros_like(a: Any, dtype: Any = None, *, shape: Any = None, **unsupported: Any) -> Any:
    """Zeros in the shape and dtype of another array.

    >>> zeros_like([1.0, 2.0])
    tensor([0., 0.])
    """
    return full_like(a, 0, dtype, shape=shape, **unsupported)


def ones_like(a: Any, dtype: Any = None, *, shape: Any = None, **unsupported: Any) -> Any:
    """Ones in the shape and dtype of another array.

    >>> ones_like([1.0, 2.0])
    tensor([1., 1.])
    """
    return full_like(a, 1, dtype, shape=shape, **unsupported)
