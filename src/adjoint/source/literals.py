"""Values as syntax: numbers, NumPy scalars and small arrays that evaluate to the same bits."""

from __future__ import annotations

import ast
import math
from typing import Any

import numpy as np

#: Arrays of up to so many entries are written out; larger ones become parameters, unless they are regular.
WRITTEN_OUT = 16

_KNOWN = frozenset("?bhilqBHILQefdFD")


def name(identifier: str) -> ast.expr:
    """A variable."""
    return ast.Name(identifier, ast.Load())


def attribute(text: str) -> ast.expr:
    """A NumPy name, such as ``np.inf``."""
    return ast.Attribute(name("np"), text, ast.Load())


def call(function: str, *args: ast.expr, **named: ast.expr) -> ast.expr:
    """A call of a NumPy function."""
    return ast.Call(attribute(function), list(args), [ast.keyword(k, v) for k, v in named.items()])


def number(value: complex) -> ast.expr:
    """A Python number; negative ones as a minus sign, so that they stand safely inside an expression.

    >>> [ast.unparse(number(v)) for v in (2, -2.5, float("inf"), True, 1 - 2j)]
    ['2', '-2.5', 'np.inf', 'True', '1.0 + -2j']
    """
    if isinstance(value, bool):
        return ast.Constant(value)
    if isinstance(value, complex):
        if value.real == 0 and math.copysign(1.0, value.real) > 0 and math.isfinite(value.imag):
            return _signed(value.imag, ast.Constant(1j * abs(value.imag)))
        if math.isfinite(value.real) and math.isfinite(value.imag) and value.real != 0:
            return ast.BinOp(number(value.real), ast.Add(), _signed(value.imag, ast.Constant(1j * abs(value.imag))))
        return ast.Call(name("complex"), [number(value.real), number(value.imag)], [])
    if isinstance(value, float):
        if math.isnan(value):
            return attribute("nan")
        return _signed(value, attribute("inf") if math.isinf(value) else ast.Constant(abs(value)))
    return _signed(value, ast.Constant(abs(value)))


def _signed(value: float, magnitude: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.USub(), magnitude) if math.copysign(1.0, value if value else float(value)) < 0 else magnitude


def dtype(kind: np.dtype[Any]) -> ast.expr:
    """A dtype, as ``np.float32``."""
    return attribute("bool_" if kind.kind == "b" else kind.name)


def scalar(value: np.generic) -> ast.expr:
    """A NumPy scalar with its dtype.

    >>> ast.unparse(scalar(np.float32(0.1))), ast.unparse(scalar(np.bool_(True)))
    ('np.float32(0.1)', 'np.bool_(True)')
    """
    return ast.Call(dtype(value.dtype), [number(_short(value))], [])


def _short(value: Any) -> Any:
    """The Python number with the fewest digits that makes this NumPy scalar."""
    item = value.item()
    if value.dtype.char in "ef":
        brief = float(str(value))
        if value.dtype.type(brief) == value:
            return brief
    return item


def array(value: np.ndarray[Any, Any]) -> ast.expr | None:
    """An array as syntax, or None where it is too large, or holds what syntax cannot say to the bit.

    >>> ast.unparse(array(np.array([1.0, -2.0])))
    'np.array([1.0, -2.0])'
    >>> ast.unparse(array(np.zeros((100, 3), np.float32))), ast.unparse(array(np.arange(20).reshape(-1, 1)))
    ('np.zeros((100, 3), np.float32)', 'np.reshape(np.arange(20), (20, 1))')
    """
    if value.dtype.char not in _KNOWN or not value.flags.c_contiguous:
        return None
    shape = ast.Constant(value.shape)
    if value.size == 0:
        return call("zeros", shape, dtype(value.dtype))
    flat = value.reshape(-1)
    first = flat[0]
    if value.size <= WRITTEN_OUT:
        items = [_short(v) for v in flat]
        if np.array([_read(v) for v in items], value.dtype).tobytes() == value.tobytes():
            named = {} if _natural(value.dtype) else {"dtype": dtype(value.dtype)}
            return call("array", _nested(items, value.shape), **named)
    elif flat.tobytes() == first.tobytes() * value.size and _exact(first):
        if first.tobytes() in (value.dtype.type(0).tobytes(), value.dtype.type(1).tobytes()):
            return call("ones" if first else "zeros", shape, dtype(value.dtype))
        return call("full", shape, scalar(first))
    elif value.dtype == np.int64 and np.array_equal(flat, np.arange(first, first + value.size)):
        bounds = [number(int(n)) for n in ([first, first + value.size] if first else [value.size])]
        counted = call("arange", *bounds)
        return counted if value.ndim == 1 else call("reshape", counted, shape)
    return None


def _exact(value: np.generic) -> bool:
    return value.dtype.type(_read(_short(value))).tobytes() == value.tobytes()


def _read(item: Any) -> Any:
    """A number as its text reads: a NaN loses its sign and payload there."""
    if isinstance(item, complex):
        return complex(_read(item.real), _read(item.imag))
    return math.nan if item != item else item


def writable(value: np.generic) -> bool:
    """Whether syntax can say a NumPy scalar to the bit (not for a NaN with a payload)."""
    return value.dtype.char in _KNOWN and _exact(value)


def _natural(kind: np.dtype[Any]) -> bool:
    """Whether a list of such numbers becomes this dtype by itself."""
    return kind in (np.dtype(np.float64), np.dtype(np.complex128), np.dtype(np.bool_), np.dtype(np.int64))


def _nested(items: list[Any], shape: tuple[int, ...]) -> ast.expr:
    if not shape:
        return number(items[0])
    step = len(items) // shape[0]
    rows = [items[i * step : (i + 1) * step] for i in range(shape[0])]
    return ast.List([_nested(row, shape[1:]) for row in rows], ast.Load())
