"""PyTorch as a NumPy-like module: ``ad.compile(f, namespace=adjoint.interop.torch)`` runs on torch tensors.

Only the functions that flat source uses are here. What PyTorch has under the same name and meaning is
handed through; the rest is said in its terms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from adjoint.interop.torch_arrays import Array, Dtype, asarray, dtype_of, pair, promoted, torch, weak

Axis = int | Sequence[int] | None

inf, nan = math.inf, math.nan


bool_, int8, int16, int32, int64 = map(Dtype, ("bool", "int8", "int16", "int32", "int64"))
uint8, float16, float32, float64 = map(Dtype, ("uint8", "float16", "float32", "float64"))
complex64, complex128 = map(Dtype, ("complex64", "complex128"))


def array(value: Any, dtype: Any = None) -> Array:
    """As asarray, but always a copy."""
    return asarray(value, dtype).clone()


def astype(x: Any, dtype: Any) -> Array:
    """The elements in another dtype."""
    return asarray(x).to(dtype_of(dtype))


def zeros(shape: Any, dtype: Any = float) -> Array:
    """A tensor of zeros."""
    return torch.zeros(shape, dtype=dtype_of(dtype))


def ones(shape: Any, dtype: Any = float) -> Array:
    """A tensor of ones."""
    return torch.ones(shape, dtype=dtype_of(dtype))


def full(shape: Any, value: Any, dtype: Any = None) -> Array:
    """A tensor of equal numbers."""
    return asarray(value, dtype).expand(shape).clone()


def arange(*bounds: int) -> Array:
    """Whole numbers in order."""
    return torch.arange(*bounds)


def ones_like(x: Array) -> Array:
    """Ones in the shape and dtype of a tensor."""
    return torch.ones_like(x)


def _single(function: Callable[..., Array]) -> Callable[..., Array]:
    return lambda x: function(asarray(x))


exp, expm1, log, log1p, sin, cos, tan, sinh, cosh, tanh = map(
    _single,
    (
        torch.exp, torch.expm1, torch.log, torch.log1p, torch.sin, torch.cos, torch.tan, torch.sinh, torch.cosh,
        torch.tanh,
    ),
)  # fmt: skip
sqrt, square, reciprocal, floor, ceil, trunc, isnan, isfinite, isinf, invert = map(
    _single,
    (
        torch.sqrt, torch.square, torch.reciprocal, torch.floor, torch.ceil, torch.trunc, torch.isnan, torch.isfinite,
        torch.isinf, torch.bitwise_not,
    ),
)  # fmt: skip
abs, real, logical_not, arcsin, arccos, arctan, log2, log10, exp2, arcsinh, arccosh, arctanh = map(
    _single,
    (
        torch.abs, torch.real, torch.logical_not, torch.asin, torch.acos, torch.atan, torch.log2, torch.log10,
        torch.exp2, torch.asinh, torch.acosh, torch.atanh,
    ),
)  # fmt: skip
maximum, minimum, power, arctan2, hypot, copysign, equal, logical_and, logical_or, logical_xor = map(
    pair,
    (
        torch.maximum, torch.minimum, torch.pow, torch.atan2, torch.hypot, torch.copysign, torch.eq, torch.logical_and,
        torch.logical_or, torch.logical_xor,
    ),
)  # fmt: skip
bitwise_and, bitwise_or, bitwise_xor, logaddexp = map(
    pair, (torch.bitwise_and, torch.bitwise_or, torch.bitwise_xor, torch.logaddexp)
)


def conj(x: Any) -> Array:
    """The complex conjugate."""
    return torch.conj_physical(asarray(x))


def imag(x: Any) -> Array:
    """The imaginary part, 0 of a real tensor."""
    x = asarray(x)
    return torch.imag(x) if x.is_complex() else torch.zeros_like(x)


def sign(x: Any) -> Array:
    """The sign, NaN of NaN; of complex numbers the direction."""
    x = asarray(x)
    return torch.sgn(x) if x.is_complex() else torch.where(torch.isnan(x), x, torch.sign(x))


def cbrt(x: Any) -> Array:
    """The real cube root."""
    x = asarray(x)
    return torch.sign(x) * torch.abs(x) ** (1.0 / 3.0)


def clip(x: Any, low: Any, high: Any) -> Array:
    """The elements brought between two bounds."""
    return minimum(maximum(x, low), high)


def round(x: Any, decimals: int = 0) -> Array:
    """The elements rounded to a number of decimals, halves to even."""
    return torch.round(asarray(x), decimals=decimals)


def where(condition: Any, x: Any, y: Any) -> Array:
    """Takes x where the condition holds, y elsewhere."""
    if not isinstance(x, torch.Tensor):
        x, y = weak(x, y), asarray(y)
    elif not isinstance(y, torch.Tensor):
        y = weak(y, x)
    return torch.where(asarray(condition), *promoted(x, y))


def _axes(x: Array, axis: Axis) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(x.ndim))
    return (axis,) if isinstance(axis, int) else tuple(axis)


def sum(x: Any, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Array:
    """The sum along axes."""
    x = asarray(x, dtype)
    axes = _axes(x, axis)
    return torch.sum(x, dim=axes, keepdim=keepdims) if axes else x.clone()


def _folded(x: Array, axis: Axis, keepdims: bool, step: Callable[..., Any]) -> Array:
    for one in sorted((a % x.ndim for a in _axes(x, axis)), reverse=True):
        x = step(x, dim=one, keepdim=keepdims)
    return x


def prod(x: Any, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Array:
    """The product along axes."""
    return _folded(asarray(x, dtype), axis, keepdims, torch.prod)


def max(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Array:
    """The largest element along axes."""
    found = _folded(asarray(x), axis, keepdims, torch.amax)
    return found if initial is None else maximum(found, initial)


def min(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Array:
    """The smallest element along axes."""
    found = _folded(asarray(x), axis, keepdims, torch.amin)
    return found if initial is None else minimum(found, initial)


def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """Whether all elements are true."""
    return _folded(asarray(x).to(torch.bool), axis, keepdims, torch.all)


def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """Whether any element is true."""
    return _folded(asarray(x).to(torch.bool), axis, keepdims, torch.any)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Array:
    """The place of the largest element."""
    return torch.argmax(asarray(x), dim=axis, keepdim=keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Array:
    """The place of the smallest element."""
    return torch.argmin(asarray(x), dim=axis, keepdim=keepdims)


def cumsum(x: Any, axis: int) -> Array:
    """The running sum along an axis."""
    return torch.cumsum(asarray(x), axis)


def cumprod(x: Any, axis: int) -> Array:
    """The running product along an axis."""
    return torch.cumprod(asarray(x), axis)


def argsort(x: Any, axis: int = -1, stable: bool = True) -> Array:
    """The order of the elements along an axis."""
    return torch.argsort(asarray(x), dim=axis, stable=stable)


def sort(x: Any, axis: int = -1, stable: bool = True) -> Array:
    """The elements in order along an axis."""
    return torch.sort(asarray(x), dim=axis, stable=stable).values


def reshape(x: Any, shape: Any) -> Array:
    """The same elements in another shape."""
    return torch.reshape(asarray(x), (shape,) if isinstance(shape, int) else tuple(shape))


def transpose(x: Any, axes: Any = None) -> Array:
    """The axes in another order."""
    x = asarray(x)
    return x.permute(tuple(reversed(range(x.ndim))) if axes is None else tuple(axes))


def expand_dims(x: Any, axis: Axis) -> Array:
    """New axes of size 1."""
    x = asarray(x)
    axes = _axes(x, axis)
    wide = x.ndim + len(axes)
    for one in sorted(a % wide for a in axes):
        x = x.unsqueeze(one)
    return x


def squeeze(x: Any, axis: Axis = None) -> Array:
    """Axes of size 1 dropped."""
    x = asarray(x)
    return torch.squeeze(x) if axis is None else torch.squeeze(x, _axes(x, axis))


def broadcast_to(x: Any, shape: Any) -> Array:
    """The elements repeated along new or longer axes."""
    return torch.broadcast_to(asarray(x), tuple(shape))


def flip(x: Any, axis: Axis) -> Array:
    """The elements in reverse order along axes."""
    x = asarray(x)
    return torch.flip(x, _axes(x, axis))


def pad(x: Any, widths: Any, constant_values: Any = 0) -> Array:
    """Constant borders around the elements."""
    flat = [n for before, after in reversed(list(widths)) for n in (before, after)]
    return torch.nn.functional.pad(asarray(x), flat, value=constant_values)


def concatenate(parts: Sequence[Any], axis: int = 0) -> Array:
    """Tensors one after the other along an axis."""
    return torch.cat(promoted(*map(asarray, parts)), dim=axis)


def split(x: Any, sections: Any, axis: int = 0) -> tuple[Array, ...]:
    """A tensor in parts that begin at the given places."""
    return torch.tensor_split(asarray(x), sections, dim=axis)


def einsum(subscripts: str, *operands: Any, optimize: bool = True) -> Array:
    """A sum of products, named by letters."""
    return torch.einsum(subscripts, *promoted(*map(asarray, operands)))


def _add_at(x: Array, key: Any, v: Any) -> None:
    """Adds at places that may repeat."""
    place = torch.arange(x.numel()).reshape(x.shape)[key]
    values = torch.broadcast_to(asarray(v).to(x.dtype), place.shape)
    x.view(-1).index_add_(0, place.reshape(-1), values.reshape(-1))


class _Key:
    def __getitem__(self, key: Any) -> Any:
        return key


add, s_ = SimpleNamespace(at=_add_at), _Key()
linalg = SimpleNamespace(
    det=torch.linalg.det,
    inv=torch.linalg.inv,
    svd=torch.linalg.svd,
    solve=lambda a, b: torch.linalg.solve(*promoted(asarray(a), asarray(b))),
    slogdet=lambda a: tuple(torch.linalg.slogdet(a)),
)
