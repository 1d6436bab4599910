"""Costs: what operations are worth beside an addition, for choices that need no more than a rough guess."""

from __future__ import annotations

#: What an operation costs next to an addition; others cost 1.
COSTS = {"divide": 6, "sqrt": 6, "reciprocal": 6, "cbrt": 30, "floor_divide": 10, "remainder": 12, "round": 4}
DEAR = [
    "exp",
    "expm1",
    "exp2",
    "log",
    "log1p",
    "log2",
    "log10",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "arcsin",
    "arccos",
    "arctan",
    "arcsinh",
    "arccosh",
    "arctanh",
    "arctan2",
    "power",
    "logaddexp",
    "xlogy",
    "hypot",
    "sigmoid",
    "softplus",
    "erf",
]
COSTS |= dict.fromkeys(DEAR, 20)
