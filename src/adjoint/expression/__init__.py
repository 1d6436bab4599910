"""The little language of the command line: its own tokenizer and parser, and nothing of Python's.

An expression is one or more statements, separated by ``;`` or a newline; the last is the output::

    c = w*x; d = c + b; 0.5*d**2

It holds float64 numbers, names, ``+ - * / // % **``, parentheses and calls of a fixed list of
functions (`FUNCTIONS`), with Python's precedence; comparisons stand as the first argument of
``where``. ``pi`` and ``e`` are constants, unless the name is given a value or assigned::

    values = parse_values(["a=2", "b=3"])
    expression = parse("a*b + 1", given=values)
    bind(expression, values)

Every mistake raises `adjoint.errors.ExpressionError` with a caret under the place.
"""

from adjoint.expression.language import CONSTANTS, FUNCTIONS
from adjoint.expression.parse import MAX_DEPTH, parse
from adjoint.expression.place import underline
from adjoint.expression.printing import to_text
from adjoint.expression.program import Constant, Expression, Input, Operand, Result, Statement, Step
from adjoint.expression.tokens import MAX_LENGTH
from adjoint.expression.values import bind, parse_values

__all__ = [
    "CONSTANTS",
    "FUNCTIONS",
    "MAX_DEPTH",
    "MAX_LENGTH",
    "Constant",
    "Expression",
    "Input",
    "Operand",
    "Result",
    "Statement",
    "Step",
    "bind",
    "parse",
    "parse_values",
    "to_text",
    "underline",
]
