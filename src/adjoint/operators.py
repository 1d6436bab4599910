"""The operators of Tensor: ``+ - * / // % ** @``, comparisons, bits, ``abs``, ``round`` and ``x[index]``.

Each is the door of a record, installed on the class as it is: an operator costs no second call.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from adjoint.apply import apply, make, record
from adjoint.doors import binary, unary
from adjoint.errors import OperandError
from adjoint.graph.spec import Spec
from adjoint.modes import MODE
from adjoint.primitives import compare, contract, elementwise, rounding, select
from adjoint.primitives.index import getitem
from adjoint.primitives.places import split_index
from adjoint.primitives.record import Primitive
from adjoint.primitives.structure import ALIAS
from adjoint.tensor import Tensor

_square = unary(elementwise.square)
_sqrt = unary(elementwise.sqrt)
_reciprocal = unary(elementwise.reciprocal)
_power = binary(elementwise.power)
_same = unary(ALIAS)


def power(x: Any, y: Any, /) -> Any:
    """``x ** y``, by the shorter way for the exponents for which NumPy's arrays take it too."""
    kind = type(y)
    if (kind is int or kind is float) and x._value.dtype.kind in "fc":
        if y == 2:
            return _square(x)
        if y == 0.5:
            return _sqrt(x)
        if y == -1:
            return _reciprocal(x)
    return _power(x, y)


def _equality(op: Primitive) -> Callable[[Any, Any], Any]:
    """A comparison that leaves strangers to Python: ``t == "text"`` is False and no error."""
    door = binary(op)

    def compare(x: Any, y: Any, /) -> Any:
        try:
            return door(x, y)
        except OperandError:
            return NotImplemented

    return compare


def _divmod(x: Any, y: Any, /) -> Any:
    return x // y, x % y


def _rdivmod(x: Any, y: Any, /) -> Any:
    return y // x, y % x


def index(x: Any, key: Any, /) -> Any:
    """``x[key]``, in every form that NumPy knows."""
    mode = MODE.get()
    if mode is not None and mode.tracing is not None:
        key = mode.tracing.unmasked(key)
    template, arrays = split_index(plain_index(key))
    out = None if arrays or mode is not None else _picked(x, template)
    if out is None:
        out = apply(getitem, (x, *arrays), {"index": template})
    if out._view:
        if not out._value.shape and Ellipsis not in template:
            out._view = False  # whole numbers for every axis pick a number, which is no view in NumPy either
        else:
            frame = sys._getframe(1)
            out._view = (frame.f_code, frame.f_lasti)
    return out


def _picked(x: Tensor, template: tuple[Any, ...]) -> Tensor | None:
    """The outcome of ``apply`` for slices and numbers, in half its time; None where it is not the common case."""
    value, node = x._value, x._node
    if type(value) is Spec:
        return None
    try:
        out = value[template]
    except (IndexError, ValueError):
        return None
    if not out.shape:
        out = out[()]
    if node is not None:
        node = record(getitem, (node,), {"index": template}, out.shape, out.dtype, None)
    return make(out, node, True)


def copy(x: Any) -> Any:
    """A tensor with the same values that may be written to, and is still in the graph.

    >>> import adjoint as ad
    >>> row = ad.tensor([[1.0, 2.0], [3.0, 4.0]])[0].copy()
    >>> row[0] = 9.0; row
    tensor([9., 2.])
    """
    # Nothing is copied yet: a write copies, because two tensors then hold the memory.
    return _same(x)


def plain_index(key: Any) -> Any:
    """The index with whole numbers where untracked integer tensors stand for them."""
    if type(key) is Tensor:
        return _whole(key)
    if type(key) is tuple and Tensor in map(type, key):
        return tuple(_whole(k) if type(k) is Tensor else k for k in key)
    return key


def _whole(t: Tensor) -> Any:
    value = t._value
    mode = MODE.get()
    if value.shape or type(value) is Spec or value.dtype.kind not in "iu":
        return t
    if mode is not None and (mode.everything or mode.tracing is not None):
        return t
    return int(value)


INSTALLED: dict[str, Callable[..., Any]] = {
    "__neg__": unary(elementwise.negative),
    "__pos__": _same,
    "__abs__": unary(select.absolute),
    "__add__": binary(elementwise.add),
    "__radd__": binary(elementwise.add, flip=True),
    "__sub__": binary(elementwise.subtract),
    "__rsub__": binary(elementwise.subtract, flip=True),
    "__mul__": binary(elementwise.multiply),
    "__rmul__": binary(elementwise.multiply, flip=True),
    "__truediv__": binary(elementwise.divide),
    "__rtruediv__": binary(elementwise.divide, flip=True),
    "__floordiv__": binary(rounding.floor_divide),
    "__rfloordiv__": binary(rounding.floor_divide, flip=True),
    "__mod__": binary(rounding.remainder),
    "__rmod__": binary(rounding.remainder, flip=True),
    "__divmod__": _divmod,
    "__rdivmod__": _rdivmod,
    "__pow__": power,
    "__rpow__": binary(elementwise.power, flip=True),
    "__matmul__": binary(contract.matmul),
    "__rmatmul__": binary(contract.matmul, flip=True),
    "__lt__": binary(compare.less),
    "__le__": binary(compare.less_equal),
    "__gt__": binary(compare.greater),
    "__ge__": binary(compare.greater_equal),
    "__eq__": _equality(compare.equal),
    "__ne__": _equality(compare.not_equal),
    "__hash__": object.__hash__,
    "__invert__": unary(compare.invert),
    "__and__": binary(compare.bitwise_and),
    "__rand__": binary(compare.bitwise_and, flip=True),
    "__or__": binary(compare.bitwise_or),
    "__ror__": binary(compare.bitwise_or, flip=True),
    "__xor__": binary(compare.bitwise_xor),
    "__rxor__": binary(compare.bitwise_xor, flip=True),
    "__getitem__": index,
    "__copy__": copy,
    "copy": copy,
}

for _name, _method in INSTALLED.items():
    setattr(Tensor, _name, _method)
