"""An expression as a Python function on tensors, whose operations know their place in the user's text.

Nothing is compiled: the function runs the parsed steps one after the other. So that errors, pictures
and source comments can underline the sub-expression, each operation gets a place as any operation in
a file has one: a code object (never run) whose table of positions points into the text.
"""

from __future__ import annotations

import dis
import inspect
import keyword
import linecache
from collections.abc import Callable
from types import CodeType
from typing import TYPE_CHECKING, Any

from adjoint.expression.program import Input, Operand, Result
from adjoint.functions.operations import OPERATIONS
from adjoint.tensor import Tensor

if TYPE_CHECKING:
    from adjoint.expression.program import Expression

#: Texts by the file name under which Python's line cache knows them; the oldest are forgotten.
_FILES: dict[str, str] = {}
_MOST_FILES = 200


def to_function(expression: Expression) -> Callable[..., Any]:
    """The function of the free names, in their order, that computes the expression on numbers, arrays and tensors.

    >>> import adjoint as ad
    >>> from adjoint.expression import parse
    >>> f = to_function(parse("c = w*x; 0.5*(c + b)**2"))
    >>> ad.value_and_grad(f, argnums=(0, 1, 2))(2.0, -2.0, 8.0)
    (8.0, (-8.0, 8.0, 4.0))
    """
    places = _places(expression)
    # A word of Python, such as lambda, is a name here; as a parameter it can only be positional.
    special = any(map(keyword.iskeyword, expression.names))
    kind = inspect.Parameter.POSITIONAL_ONLY if special else inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([inspect.Parameter(name, kind) for name in expression.names])

    def program(*args: Any, **kwargs: Any) -> Any:
        values = signature.bind(*args, **kwargs).arguments
        results: list[Any] = []

        def operand(item: Operand) -> Any:
            if isinstance(item, Result):
                return results[item.step]
            return values[item.name] if isinstance(item, Input) else item.value

        for index, step in enumerate(expression.steps):
            made = OPERATIONS[step.operation](*map(operand, step.operands))
            results.append(made)
            node = made.node if type(made) is Tensor else None
            if node is not None:
                node.code, node.lasti = places, 2 * index
                node.name = step.name
        return operand(expression.output)

    program.__signature__ = signature  # type: ignore[attr-defined]
    program.__name__ = program.__qualname__ = "<expression>"  # no identifier: nothing is called after it
    program.__doc__ = expression.text
    return program


def _places(expression: Expression) -> CodeType:
    """A code object with one instruction a step, whose positions are the steps' places in the text."""
    table = bytearray()
    line = 1
    for step in expression.steps:
        first, column = _position(expression.text, step.start)
        last, end_column = _position(expression.text, step.end)
        # The long form of CPython's location table (Objects/locations.md): one instruction, all four numbers.
        table.append(0x80 | 14 << 3)
        table += _signed(first - line) + _varint(last - first) + _varint(column + 1) + _varint(end_column + 1)
        line = first
    code = bytes((dis.opmap["NOP"], 0)) * max(1, len(expression.steps))
    template: CodeType = to_function.__code__
    return template.replace(
        co_code=code,
        co_linetable=bytes(table),
        co_exceptiontable=b"",
        co_filename=_file(expression.text),
        co_firstlineno=1,
        co_name="<expression>",
        co_qualname="<expression>",
        co_consts=(None,),
        co_names=(),
    )


def _position(text: str, place: int) -> tuple[int, int]:
    """The line of a place, from 1, and its column in UTF-8 bytes."""
    begin = text.rfind("\n", 0, place) + 1
    return text.count("\n", 0, place) + 1, len(text[begin:place].encode("utf-8", "replace"))


def _varint(number: int) -> bytes:
    """Six bits a byte, the lowest first; a byte with 0x40 set is not the last."""
    found = bytearray()
    while number >= 64:
        found.append(0x40 | number & 63)
        number >>= 6
    found.append(number)
    return bytes(found)


def _signed(number: int) -> bytes:
    return _varint(-number << 1 | 1 if number < 0 else number << 1)


def _file(text: str) -> str:
    """The name under which the text can be read line by line, as an interactive input's can."""
    for name, known in _FILES.items():
        if known == text:
            return name
    number = int(next(reversed(_FILES)).strip("<>").partition(" ")[2] or 1) + 1 if _FILES else 1
    name = "<expression>" if number == 1 else f"<expression {number}>"
    _FILES[name] = text
    linecache.cache[name] = (len(text), None, [line + "\n" for line in text.split("\n")], name)
    while len(_FILES) > _MOST_FILES:
        oldest = next(iter(_FILES))
        del _FILES[oldest]
        linecache.cache.pop(oldest, None)
    return name
