"""The functions of the native kits: inlined polynomials on vectors, each with its measured bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.compile.llvm.math import (
    circular,
    error_function,
    exponential,
    hyperbolic,
    inverse,
    logarithm,
    power,
)

#: By the name that a record's ``emit`` calls: ``function(kit, *operands)``.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(module, name)
    for module, names in (
        (exponential, "exp exp2 expm1 tanh cosh"),
        (logarithm, "log log1p log2"),
        (circular, "sin cos tan"),
        (inverse, "asin acos atan atan2"),
        (hyperbolic, "sinh asinh acosh atanh"),
        (power, "pow log10 cbrt hypot fmod"),
        (error_function, "erf"),
    )
    for name in names.split()
}
