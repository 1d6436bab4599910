"""The words of the language: operators, functions, constants, and what is refused with a hint.

Precedence and associativity are Python's. The list of functions is fixed: each stands for one
operation of the engine by the same name, except ``max`` and ``min``, which fold two or more
arguments from the left into ``maximum`` and ``minimum``.
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Operator(NamedTuple):
    """A binary operator: its operation, how tightly it binds, and whether it groups from the right."""

    operation: str
    precedence: int
    right: bool = False


class Function(NamedTuple):
    """A function that an expression may call: its operation and its number of arguments."""

    operation: str
    arguments: int
    more: bool = False

    def accepts(self, count: int) -> bool:
        """Say whether a call with ``count`` arguments is complete.

        >>> FUNCTIONS["sin"].accepts(2), FUNCTIONS["max"].accepts(3)
        (False, True)
        """
        return count == self.arguments or (self.more and count > self.arguments)


COMPARISON, SUM, PRODUCT, PREFIX, POWER, ATOM = range(1, 7)

OPERATORS = {
    "<": Operator("less", COMPARISON),
    "<=": Operator("less_equal", COMPARISON),
    ">": Operator("greater", COMPARISON),
    ">=": Operator("greater_equal", COMPARISON),
    "==": Operator("equal", COMPARISON),
    "!=": Operator("not_equal", COMPARISON),
    "+": Operator("add", SUM),
    "-": Operator("subtract", SUM),
    "*": Operator("multiply", PRODUCT),
    "/": Operator("divide", PRODUCT),
    "//": Operator("floor_divide", PRODUCT),
    "%": Operator("remainder", PRODUCT),
    "**": Operator("power", POWER, right=True),
}
SYMBOLS = {operator.operation: symbol for symbol, operator in OPERATORS.items()}
COMPARISONS = frozenset(o.operation for o in OPERATORS.values() if o.precedence == COMPARISON)

_ONE = (
    "sqrt exp expm1 log log1p sin cos tan sinh cosh tanh "
    "arcsin arccos arctan arcsinh arccosh arctanh log2 log10 exp2 cbrt sigmoid softplus erf abs sign floor round relu "
    "square half_square reciprocal negative"
)
_TWO = "arctan2 hypot logaddexp xlogy maximum minimum add subtract multiply divide floor_divide remainder power"
_THREE = "where clip"

FUNCTIONS = {
    **{name: Function(name, 1) for name in _ONE.split()},
    **{name: Function(name, 2) for name in _TWO.split()},
    **{name: Function(name, 3) for name in _THREE.split()},
    "max": Function("maximum", 2, more=True),
    "min": Function("minimum", 2, more=True),
}
"""Every function that an expression may call, by the name that the user writes."""

CONSTANTS = {"pi": math.pi, "e": math.e}
"""Names that mean a number, unless the name is given a value or is assigned."""

RESERVED = {
    "and": "nest two where calls instead: where(a, where(b, x, y), y).",
    "or": "nest two where calls instead: where(a, x, where(b, x, y)).",
    "not": "swap the last two arguments of where instead: where(a, y, x).",
    "if": "write where(condition, a, b).",
    "else": "write where(condition, a, b).",
    "True": "write a comparison, such as x > 0.",
    "False": "write a comparison, such as x > 0.",
    "None": "write a number.",
}
"""Words that cannot be names, and what to write in their place."""

OTHER_NAMES = {
    "ln": "write log(x), the natural logarithm.",
    "lg": "write log10(x).",
    "pow": "write x**y or power(x, y).",
    "atan2": "write arctan2(y, x).",
    "atan": "write arctan(x).",
    "asin": "write arcsin(x).",
    "acos": "write arccos(x).",
    "atanh": "write arctanh(x).",
    "asinh": "write arcsinh(x).",
    "acosh": "write arccosh(x).",
    "logistic": "write sigmoid(x).",
    "expit": "write sigmoid(x).",
    "fabs": "write abs(x).",
    "absolute": "write abs(x).",
    "sgn": "write sign(x).",
    "mod": "write x % y.",
    "fmod": "write x % y.",
    "inv": "write 1/x or reciprocal(x).",
    "ceil": "write -floor(-x).",
    "cot": "write 1/tan(x).",
    "sec": "write 1/cos(x).",
    "csc": "write 1/sin(x).",
}
"""Functions known elsewhere by another name, and how to write them here."""

CHARACTERS = {
    ".": "attributes cannot be reached from an expression; a number such as .5 needs digits after its point.",
    "[": "there is no indexing; every value is one number. Group with ( and ).",
    "]": "there is no indexing; every value is one number. Group with ( and ).",
    "{": "group with ( and ).",
    "}": "group with ( and ).",
    '"': "there are no strings; write numbers and names only.",
    "'": "there are no strings; write numbers and names only.",
    "`": "there are no strings; write numbers and names only.",
    "!": "there is no factorial; != compares for inequality.",
    "&": "nest two where calls instead: where(a, where(b, x, y), y).",
    "|": "nest two where calls instead: where(a, x, where(b, x, y)).",
    "~": "swap the last two arguments of where instead: where(a, y, x).",
    "?": "write where(condition, a, b).",
    ":": "there are no slices, lambdas or annotations; assign with =, such as c = a*b.",
    "@": "values are single numbers; write * to multiply.",
    "#": "there are no comments; remove this one.",
    "\\": "remove it; a statement may go on to the next line inside parentheses.",
    "\u2212": "write the minus sign of the keyboard, -.",
    "\u2013": "write the minus sign of the keyboard, -.",
    "\u2014": "write the minus sign of the keyboard, -.",
    "\u00d7": "write * to multiply.",
    "\u00b7": "write * to multiply.",
    "\u22c5": "write * to multiply.",
    "\u00f7": "write / to divide.",
    "\u00b2": "write **2.",
    "\u00b3": "write **3.",
    "\u221a": "write sqrt(x).",
    "\u2264": "write <=.",
    "\u2265": "write >=.",
    "\u2260": "write !=.",
    "\u03c0": "write pi.",
    "\u00a0": "write an ordinary space.",
}
"""Characters that people try, and what to write in their place."""
