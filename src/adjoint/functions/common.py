"""What all functions share: operands before their shape is read, and keywords that have no rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.apply import normalize
from adjoint.errors import UnsupportedError
from adjoint.site import here
from adjoint.tensor import Tensor

#: What to write instead of a keyword that NumPy has and we have not.
_INSTEAD = {
    "out": "assign the result instead.",
    "where": "use where(mask, a, 0.0) first.",
    "initial": "combine the result with the initial value yourself.",
    "order": "entries are always taken in C order.",
    "dtype": "convert with astype.",
}


def operand(x: Any, name: str) -> Any:
    """The operand itself if it is a tensor, else a plain array or number; raises OperandError for anything else."""
    return x if type(x) is Tensor else normalize(x, name)


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of an operand; numbers have none."""
    shape: tuple[int, ...] = getattr(x, "shape", ())
    return shape


def dtype_of(x: Any) -> Any:
    """The dtype of an operand; a Python number's is its kind's."""
    return x.dtype if hasattr(x, "dtype") else np.dtype(type(x))


def refuse(name: str, keywords: dict[str, Any]) -> None:
    """Raises UnsupportedError for keywords that NumPy's function has and this one has not.

    >>> refuse("sum", {"out": None})
    Traceback (most recent call last):
    adjoint.errors.UnsupportedError: sum does not take out= on tensors.
      ...
    """
    for key in keywords:
        raise UnsupportedError(f"{name} does not take {key}= on tensors.", where=here(), help=_INSTEAD.get(key))
