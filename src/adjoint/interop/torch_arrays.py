"""How PyTorch's tensors are made and brought together by NumPy's rules; used by interop/torch.py."""

from __future__ import annotations

import builtins
import importlib
from collections.abc import Callable
from typing import Any

torch: Any = importlib.import_module("torch")

Array = Any  # a torch tensor


class Dtype:
    """A dtype of torch that is also called as NumPy's are: ``np.float32(0.5)`` makes a scalar tensor."""

    def __init__(self, name: str) -> None:
        self.torch = getattr(torch, name)

    def __call__(self, value: Any) -> Array:
        """The number as a scalar tensor."""
        return torch.as_tensor(value, dtype=self.torch)


def dtype_of(given: Any) -> Any:
    """The dtype of torch for any way of naming one (None: as it comes)."""
    if isinstance(given, Dtype):
        return given.torch
    if given in (float, None):
        return torch.float64 if given is float else None
    if isinstance(given, torch.dtype):
        return given
    return getattr(torch, "bool" if given in (builtins.bool, "bool") else str(given))


def asarray(value: Any, dtype: Any = None) -> Array:
    """A tensor of a number, list, NumPy array or tensor; Python's floats are float64, as NumPy's."""
    if isinstance(value, torch.Tensor):
        return value if dtype is None else value.to(dtype_of(dtype))
    wanted = dtype_of(dtype)
    if wanted is None and not hasattr(value, "dtype"):
        flat = value
        while isinstance(flat, list | tuple) and len(flat):
            flat = flat[0]
        wanted = torch.float64 if isinstance(flat, float) else torch.complex128 if isinstance(flat, complex) else None
    if hasattr(value, "dtype") and builtins.any(s < 0 for s in getattr(value, "strides", ())):
        value = value.copy()
    return torch.as_tensor(value, dtype=wanted)


def pair(function: Callable[..., Array]) -> Callable[..., Array]:
    """A function of two tensors that also takes numbers, in the dtype of the other as NumPy does."""

    def call(x: Any, y: Any) -> Array:
        if not isinstance(x, torch.Tensor):
            x, y = weak(x, y), asarray(y)
        elif not isinstance(y, torch.Tensor):
            y = weak(y, x)
        return function(*promoted(x, y))

    return call


def weak(number: Any, other: Any) -> Array:
    """A number in the dtype that it takes beside a tensor."""
    if hasattr(number, "dtype") or not isinstance(other, torch.Tensor):
        return asarray(number)
    kind = torch.result_type(other, number)
    return torch.as_tensor(number, dtype=kind)


def promoted(*tensors: Array) -> list[Array]:
    """Tensors in one dtype: torch lets scalars give way, NumPy does not."""
    kind = tensors[0].dtype
    for one in tensors[1:]:
        kind = torch.promote_types(kind, one.dtype)
    return [t.to(kind) for t in tensors]
