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


def door_of(name: str) -> Callable[..., Any]:
    """The door of a record, with a sentence for ``help``."""
    door: Callable[..., Any] = getattr(RECORD, name)
    formula = REGISTRY[name].formula.replace("{x}", "x").replace("{y}", "y")
    door.__doc__ = f"Computes {formula}, element by element." + (
        "" if REGISTRY[name].differentiable else f" No gradient passes: {REGISTRY[name].reason}."
    )
    return door


add = door_of("add")
subtract = door_of("subtract")
multiply = door_of("multiply")
divide = door_of("divide")
negative = door_of("negative")
power = door_of("power")
square = door_of("square")
half_square = door_of("half_square")
sqrt = door_of("sqrt")
reciprocal = door_of("reciprocal")

exp = door_of("exp")
expm1 = door_of("expm1")
log = door_of("log")
log1p = door_of("log1p")
sin = door_of("sin")
cos = door_of("cos")
tan = door_of("tan")
arctan2 = door_of("arctan2")
sinh = door_of("sinh")
cosh = door_of("cosh")
tanh = door_of("tanh")
arctan = door_of("arctan")
arcsin = door_of("arcsin")
arccos = door_of("arccos")
arcsinh = door_of("arcsinh")
arccosh = door_of("arccosh")
arctanh = door_of("arctanh")
log2 = door_of("log2")
log10 = door_of("log10")
exp2 = door_of("exp2")
logaddexp = door_of("logaddexp")
xlogy = door_of("xlogy")
xlogy.__doc__ = "Computes x * log(y), and 0 where x is 0, element by element."
cbrt = door_of("cbrt")
hypot = door_of("hypot")

floor = door_of("floor")
ceil = door_of("ceil")
trunc = door_of("trunc")
remainder = door_of("remainder")
floor_divide = door_of("floor_divide")
maximum = door_of("maximum")
minimum = door_of("minimum")

equal = door_of("equal")
not_equal = door_of("not_equal")
less = door_of("less")
less_equal = door_of("less_equal")
greater = door_of("greater")
greater_equal = door_of("greater_equal")

logical_and = door_of("logical_and")
logical_or = door_of("logical_or")
logical_xor = door_of("logical_xor")
logical_not = door_of("logical_not")
bitwise_and = door_of("bitwise_and")
bitwise_or = door_of("bitwise_or")
bitwise_xor = door_of("bitwise_xor")
invert = door_of("invert")
isnan = door_of("isnan")
isfinite = door_of("isfinite")
isinf = door_of("isinf")

sigmoid = door_of("sigmoid")
softplus = door_of("softplus")
erf = door_of("erf")
relu = door_of("relu")
conj = door_of("conj")
real = door_of("real")
imag = door_of("imag")

absolute = door_of("abs")
_where = door_of("where")
_clip = door_of("clip")
_sign = door_of("sign")
_direction = door_of("direction")
positive = door_of("alias")
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
        raise ArgumentError(f"astype: {dtype!r} is no dtype.", where=here()) from error
    return apply(REGISTRY["astype"], (x,), {"dtype": kind})
