"""``ad.tensor``: the one way in, from numbers, lists and arrays. It copies."""

from __future__ import annotations

from typing import Any

import numpy as np

# The first four install their methods on Tensor.
from adjoint import conversion, inplace, operators, protocols  # noqa: F401
from adjoint.apply import leaf, make
from adjoint.errors import DtypeError, OperandError, TracedError, TrackedError
from adjoint.graph.spec import Spec, dtype_name
from adjoint.modes import tracing
from adjoint.site import here
from adjoint.tensor import Tensor


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """A new tensor with a copy of the data: a number, a (nested) list of numbers, an array or an untracked tensor.

    With ``requires_grad=True`` it is a leaf whose gradient ``backward`` leaves in ``.grad``; only float
    and complex tensors can be. Without ``dtype`` Python floats become float64, arrays keep theirs.

    >>> import adjoint as ad
    >>> ad.tensor([1.0, 2.0])
    tensor([1., 2.])
    >>> ad.tensor(2.0, requires_grad=True, name="w").requires_grad
    True

    Raises OperandError for what is no number (objects, strings, ragged lists, lists of tensors),
    DtypeError where the dtype cannot hold the data or have a gradient.
    """
    checked_name(name)
    trace = tracing()
    if trace is not None and (known := trace.captured_tensor(data, dtype)) is not None:
        return known
    value = own_array(data)
    if dtype is not None:
        value = _cast(value, dtype)
    if requires_grad and value.dtype.kind not in "fc":
        raise DtypeError(
            f"a tensor of {dtype_name(value.dtype)} has no gradient: only float and complex tensors do.",
            where=here(),
            help="write ad.tensor(..., dtype=float, requires_grad=True).",
        )
    made = make(value if value.ndim else value[()], None)
    made._name = name
    if requires_grad:
        made._node = leaf(made._value, made, name)
    return made


def checked_name(name: Any) -> None:
    """Raises OperandError for a name that is neither text nor None."""
    if name is not None and not isinstance(name, str):
        raise OperandError(f"a tensor's name is text, got {type(name).__name__}.", where=here(), help='write name="w".')


def own_array(data: Any) -> np.ndarray[Any, Any]:
    """A fresh native array of numbers with these values, owned by nobody else; raises OperandError."""
    if type(data) is Tensor:
        return _of_tensor(data)
    if isinstance(data, np.ma.MaskedArray):
        raise OperandError(
            "a masked array has no value where it is masked.", where=here(), help="use data.filled(...) and where."
        )
    if isinstance(data, list | tuple) and _holds_tensor(data):
        raise OperandError(
            f"a {type(data).__name__} of tensors is not copied into a tensor: their graph would be lost.",
            where=here(),
            help="join them with np.stack (or adjoint.numpy.stack), which records.",
        )
    try:
        array = np.array(data, order="C", subok=False)
    except (TypeError, ValueError) as error:
        raise OperandError(
            f"{_described(data)} does not make an array: {error}",
            where=here(),
            help="rows need equal lengths.",
        ) from error
    if array.dtype.kind not in "fciub":
        raise OperandError(
            f"{_described(data)} is no number, and holds none.", where=here(), help="pass numbers, lists or arrays."
        )
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _of_tensor(given: Tensor) -> np.ndarray[Any, Any]:
    if type(given._value) is Spec:
        raise TracedError("a traced tensor has no values to copy.", where=here(), help="use it directly, or x.copy().")
    if given.requires_grad:
        raise TrackedError(
            "ad.tensor would copy a tracked tensor's values and lose its graph.",
            where=here(),
            help="use x.copy() to stay in the graph, x.detach() to leave it.",
        )
    return np.array(given._value, order="C")


def _holds_tensor(values: Any, depth: int = 0) -> bool:
    """Whether a tensor stands anywhere in nested lists; deeper than an array can be it does not matter."""
    kinds = set(map(type, values))
    if Tensor in kinds:
        return True
    if depth > 64 or not any(issubclass(kind, list | tuple) for kind in kinds):
        return False
    return any(_holds_tensor(v, depth + 1) for v in values if isinstance(v, list | tuple))


def _described(data: Any) -> str:
    if isinstance(data, list | tuple):
        return f"this {type(data).__name__} of {len(data)} elements"
    if isinstance(data, np.ndarray):
        return f"an array of {data.dtype}"
    return f"an object of {type(data).__name__}"


def _cast(value: np.ndarray[Any, Any], dtype: Any) -> np.ndarray[Any, Any]:
    help = "write float, np.float32, complex, ..."
    try:
        wanted = np.dtype(dtype)
    except (TypeError, ValueError) as error:
        raise DtypeError(f"{dtype!r} is no dtype.", where=here(), help=help) from error
    if wanted.kind not in "fciub":
        raise DtypeError(f"tensors hold numbers, not {wanted}.", where=here(), help=help)
    if value.dtype.kind == "c" and wanted.kind != "c":
        raise DtypeError(
            f"casting {dtype_name(value.dtype)} to {dtype_name(wanted)} would drop the imaginary part.",
            where=here(),
            help="pass data.real, or abs(data).",
        )
    return value.astype(wanted.newbyteorder("="), copy=False)
