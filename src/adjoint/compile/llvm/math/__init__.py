"""The functions of the native kits: inlined polynomials on vectors, each with its measured bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.compile.llvm.math import circular, exponential, logarithm

#: By the name that a record's ``emit`` calls: ``function(kit, *operands)``.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": exponential.exp,
    "exp2": exponential.exp2,
    "expm1": exponential.expm1,
    "tanh": exponential.tanh,
    "cosh": exponential.cosh,
    "sin": circular.sin,
    "cos": circular.cos,
    "tan": circular.tan,
    "log": logarithm.log,
    "log1p": logarithm.log1p,
}
