"""NumPy's elementwise functions: the doors of the records themselves, so that a call costs no second one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.apply import RECORD, apply
from adjoint.doors import install_doors
from adjoint.errors import ArgumentError, UnsupportedError
from adjoint.functions.common import dtype_of, operand, refuse
from adjoint.primitives import (
    compare,
    contract,
    cumulate,
    determinant,
    elementwise,
    index,
    inverse,
    linalg,
    logarithms,
    movement,
    order,
    reduce,
    rounding,
    smooth,
)
from adjoint.primitives import select as choosing
from adjoint.primitives.record import REGISTRY
from adjoint.site import here

#: Importing these has registered every record; now each gets its door.
MODULES = (
    compare, contract, cumulate, determinant, elementwise, index, inverse, linalg, logarithms, movement, order, reduce,
    rounding, choosing, smooth,
)  # fmt: skip
install_doors()

_TAKES_ONE = """

Takes a number, an array or a tensor of any shape; the result has that shape, and NumPy's dtype.
Raises OperandError for what is no number, DtypeError for a dtype that it does not take.
"""
_TAKES_TWO = """

Takes numbers, arrays and tensors whose shapes broadcast; the result has NumPy's shape and dtype.
Raises OperandError for what is no number, DtypeError for a dtype that it does not take, ShapeError for
shapes that do not fit.
"""


def door_of(name: str, call: str = "", result: str = "", says: str = "") -> Callable[..., Any]:
    """The door of a record, with words for ``help``: what it computes, takes and raises, and an example."""
    door: Callable[..., Any] = getattr(RECORD, name)
    op = REGISTRY[name]
    formula = op.formula.replace("{x}", "x").replace("{y}", "y")
    door.__doc__ = (
        (says or f"Computes {formula}, element by element.{'' if op.differentiable else f' No gradient: {op.reason}.'}")
        + (_TAKES_ONE if op.arity == 1 else _TAKES_TWO)
        + (f"\n>>> {call}\n{result}\n" if call else "")
    )
    return door


add = door_of("add", "add([1.0, 2.0], 0.5)", "tensor([1.5, 2.5])")
subtract = door_of("subtract", "subtract([1.0, 2.0], 0.5)", "tensor([0.5, 1.5])")
multiply = door_of("multiply", "multiply([1.0, 2.0], 0.5)", "tensor([0.5, 1. ])")
divide = door_of("divide", "divide([1.0, 2.0], 4.0)", "tensor([0.25, 0.5 ])")
negative = door_of("negative", "negative([1.0, -2.0])", "tensor([-1., 2.])")
power = door_of("power", "power([1.0, 3.0], 2.0)", "tensor([1., 9.])")
square = door_of("square", "square([1.0, -3.0])", "tensor([1., 9.])")
half_square = door_of("half_square", "half_square([1.0, -3.0])", "tensor([0.5, 4.5])")
sqrt = door_of("sqrt", "sqrt([4.0, 9.0])", "tensor([2., 3.])")
reciprocal = door_of("reciprocal", "reciprocal([2.0, -4.0])", "tensor([ 0.5 , -0.25])")

exp = door_of("exp", "exp([0.0, 1.0])", "tensor([1. , 2.71828183])")
expm1 = door_of("expm1", "expm1([0.0, 1e-12])", "tensor([0.e+00, 1.e-12])")
log = door_of("log", "log([1.0, 2.0])", "tensor([0. , 0.69314718])")
log1p = door_of("log1p", "log1p([0.0, 1e-12])", "tensor([0.e+00, 1.e-12])")
sin = door_of("sin", "sin([0.0, 0.5])", "tensor([0. , 0.47942554])")
cos = door_of("cos", "cos([0.0, 0.5])", "tensor([1. , 0.87758256])")
tan = door_of("tan", "tan([0.0, 0.5])", "tensor([0. , 0.54630249])")
arctan2 = door_of("arctan2", "arctan2(1.0, 1.0)", "tensor(0.78539816)")
sinh = door_of("sinh", "sinh([0.0, 0.5])", "tensor([0. , 0.52109531])")
cosh = door_of("cosh", "cosh([0.0, 0.5])", "tensor([1. , 1.12762597])")
tanh = door_of("tanh", "tanh([0.0, 0.5])", "tensor([0. , 0.46211716])")
arctan = door_of("arctan", "arctan([0.0, 0.5])", "tensor([0. , 0.46364761])")
arcsin = door_of("arcsin", "arcsin([0.0, 0.5])", "tensor([0. , 0.52359878])")
arccos = door_of("arccos", "arccos([0.0, 0.5])", "tensor([1.57079633, 1.04719755])")
arcsinh = door_of("arcsinh", "arcsinh([0.0, 0.5])", "tensor([0. , 0.48121183])")
arccosh = door_of("arccosh", "arccosh([1.0, 2.0])", "tensor([0. , 1.3169579])")
arctanh = door_of("arctanh", "arctanh([0.0, 0.5])", "tensor([0. , 0.54930614])")
log2 = door_of("log2", "log2([1.0, 8.0])", "tensor([0., 3.])")
log10 = door_of("log10", "log10([1.0, 1000.0])", "tensor([0., 3.])")
exp2 = door_of("exp2", "exp2([0.0, 3.0])", "tensor([1., 8.])")
logaddexp = door_of("logaddexp", "logaddexp(1000.0, 1000.0)", "tensor(1000.69314718)")
xlogy = door_of(
    "xlogy", "xlogy([0.0, 2.0], [0.0, 1.0])", "tensor([0., 0.])", "Computes x * log(y), and 0 where x is 0."
)
cbrt = door_of("cbrt", "cbrt([8.0, -27.0])", "tensor([ 2., -3.])")
hypot = door_of("hypot", "hypot(3.0, 4.0)", "tensor(5.)")

floor = door_of("floor", "floor([1.5, -1.5])", "tensor([ 1., -2.])")
ceil = door_of("ceil", "ceil([1.5, -1.5])", "tensor([ 2., -1.])")
trunc = door_of("trunc", "trunc([1.5, -1.5])", "tensor([ 1., -1.])")
remainder = door_of("remainder", "remainder([5.5, -5.5], 2.0)", "tensor([1.5, 0.5])")
floor_divide = door_of("floor_divide", "floor_divide([5.5, -5.5], 2.0)", "tensor([ 2., -3.])")
maximum = door_of("maximum", "maximum([1.0, 3.0], 2.0)", "tensor([2., 3.])")
minimum = door_of("minimum", "minimum([1.0, 3.0], 2.0)", "tensor([1., 2.])")

equal = door_of("equal", "equal([1.0, 2.0], 2.0)", "tensor([False, True])")
not_equal = door_of("not_equal", "not_equal([1.0, 2.0], 2.0)", "tensor([ True, False])")
less = door_of("less", "less([1.0, 2.0], 2.0)", "tensor([ True, False])")
less_equal = door_of("less_equal", "less_equal([1.0, 2.0], 2.0)", "tensor([ True, True])")
greater = door_of("greater", "greater([1.0, 2.0], 2.0)", "tensor([False, False])")
greater_equal = door_of("greater_equal", "greater_equal([1.0, 2.0], 2.0)", "tensor([False, True])")

logical_and = door_of("logical_and", "logical_and([True, False], True)", "tensor([ True, False])")
logical_or = door_of("logical_or", "logical_or([True, False], True)", "tensor([ True, True])")
logical_xor = door_of("logical_xor", "logical_xor([True, False], True)", "tensor([False, True])")
logical_not = door_of("logical_not", "logical_not([True, False])", "tensor([False, True])")
bitwise_and = door_of("bitwise_and", "bitwise_and([True, False], True)", "tensor([ True, False])")
bitwise_or = door_of("bitwise_or", "bitwise_or([True, False], True)", "tensor([ True, True])")
bitwise_xor = door_of("bitwise_xor", "bitwise_xor([True, False], True)", "tensor([False, True])")
invert = door_of("invert", "invert([True, False])", "tensor([False, True])")
isnan = door_of("isnan", 'isnan([1.0, float("nan")])', "tensor([False, True])")
isfinite = door_of("isfinite", 'isfinite([1.0, float("inf")])', "tensor([ True, False])")
isinf = door_of("isinf", 'isinf([1.0, float("inf")])', "tensor([False, True])")

sigmoid = door_of("sigmoid", "sigmoid([0.0, 800.0])", "tensor([0.5, 1. ])")
softplus = door_of("softplus", "softplus([0.0, 800.0])", "tensor([6.93147181e-01, 8.00000000e+02])")
erf = door_of("erf", "erf([0.0, 0.5])", "tensor([0. , 0.52049988])")
relu = door_of("relu", "relu([-1.0, 2.0])", "tensor([0., 2.])")
conj = door_of("conj", "conj(1 + 2j)", "tensor(1.-2.j)")
real = door_of("real", "real(1 + 2j)", "tensor(1.)")
imag = door_of("imag", "imag(1 + 2j)", "tensor(2.)")

absolute = door_of("abs", "absolute([-1.0, 2.0])", "tensor([1., 2.])")
_where = door_of("where")
_clip = door_of("clip")
_sign = door_of("sign")
_direction = door_of("direction")
positive = door_of("alias", "positive([-1.0, 2.0])", "tensor([-1., 2.])")
true_divide = divide
mod = remainder
conjugate = conj


def sign(x: Any, /) -> Any:
    """The sign of real numbers, which is flat, and the direction ``z / abs(z)`` of complex ones, which turns.

    >>> sign(-2.0), sign(3 + 4j)
    (tensor(-1.), tensor(0.6+0.8j))
    """
    x = operand(x, "sign")
    return _direction(x) if dtype_of(x).kind == "c" else _sign(x)


def where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    """Entries of ``x`` where the condition holds, of ``y`` elsewhere; the gradient goes to the one taken.

    >>> where([True, False], [1.0, 2.0], 0.0)
    tensor([1., 0.])
    """
    if x is None or y is None:
        raise UnsupportedError(
            "where needs a condition and two choices: the number of places that hold depends on values.",
            where=here(),
            help="call nonzero on condition.numpy() for the places.",
        )
    return _where(condition, x, y)


def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None, **unsupported: Any) -> Any:
    """Entries brought between two bounds; slope 1 within the closed interval and 0 outside.

    >>> clip([-1.0, 0.5, 3.0], 0.0, 1.0)
    tensor([0. , 0.5, 1. ])
    """
    refuse("clip", unsupported)
    low, high = a_min if min is None else min, a_max if max is None else max
    if low is None and high is None:
        return positive(a)
    a = operand(a, "clip")
    if dtype_of(a).kind in "fc":
        return _clip(a, -np.inf if low is None else low, np.inf if high is None else high)
    if low is not None and high is not None:
        return _clip(a, low, high)
    return maximum(a, low) if high is None else minimum(a, high)


def copy(a: Any, **unsupported: Any) -> Any:
    """The same entries as a tensor of their own, to which gradients pass unchanged.

    >>> copy([1.0, 2.0])
    tensor([1., 2.])
    """
    refuse("copy", {k: v for k, v in unsupported.items() if v not in ("K", "C", False)})
    return positive(a)


def round(a: Any, decimals: int = 0, **unsupported: Any) -> Any:
    """Entries rounded to a number of decimals; no gradient passes, the steps are flat.

    >>> round([0.25, 1.75], 1)
    tensor([0.2, 1.8])
    """
    refuse("round", unsupported)
    return apply(REGISTRY["round"], (a,), {"decimals": int(decimals)} if decimals else None)


def astype(x: Any, dtype: Any, /, *, copy: bool = True, **unsupported: Any) -> Any:
    """The entries in another dtype; gradients pass between floating and complex ones.

    >>> astype([1.0, 2.0], "float32")
    tensor([1., 2.], dtype=float32)
    """
    refuse("astype", unsupported)
    try:
        kind = np.dtype(dtype)
    except TypeError as error:
        raise ArgumentError(
            f"astype: {dtype!r} is no dtype.", where=here(), help="write float, np.float32, complex, int, ..."
        ) from error
    return apply(REGISTRY["astype"], (x,), {"dtype": kind})
