"""NumPy's running sums and products."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.apply import apply
from adjoint.functions import elementwise as e
from adjoint.functions.common import dtype_of, operand, refuse, shape_of
from adjoint.functions.movement import ravel
from adjoint.primitives.record import REGISTRY
from adjoint.primitives.specs import normal_axis


def _running(name: str, a: Any, axis: Any, dtype: Any) -> Any:
    a = operand(a, name)
    if dtype is not None and dtype_of(a) != np.dtype(dtype):
        a = e.astype(a, dtype)
    if axis is None:
        a, axis = ravel(a), -1
    return apply(REGISTRY[name], (a,), {"axis": normal_axis(name, axis, len(shape_of(a)))})


def cumsum(a: Any, axis: int | None = None, dtype: Any = None, **unsupported: Any) -> Any:
    """The sums of the first 1, 2, 3, ... entries along an axis, or of all entries in C order.

    >>> cumsum([1.0, 2.0, 3.0])
    tensor([1., 3., 6.])
    """
    refuse("cumsum", unsupported)
    return _running("cumsum", a, axis, dtype)


def cumprod(a: Any, axis: int | None = None, dtype: Any = None, **unsupported: Any) -> Any:
    """The products of the first 1, 2, 3, ... entries; the gradient is exact also where entries are zero.

    >>> cumprod([1.0, 2.0, 3.0])
    tensor([1., 2., 6.])
    """
    refuse("cumprod", unsupported)
    return _running("cumprod", a, axis, dtype)
