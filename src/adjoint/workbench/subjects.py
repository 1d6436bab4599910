"""What a request is about: a function and the values of its inputs, from a text, an example, or the user's file.

Nothing here trusts what it is given: names are looked up in lists, texts go through the little language's own
parser, and numbers become arrays only of kinds and sizes that were asked about before.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint.errors import ArgumentError, ExpressionError
from adjoint.explain.statistics import nested, written
from adjoint.expression import Expression, parse
from adjoint.expression.callable import to_function
from adjoint.expression.place import shown
from adjoint.graph.spec import Spec
from adjoint.workbench.gallery import example

#: What inputs of a new expression are worth until somebody sets them, one after the other.
FIRST_VALUES = (2.0, 3.0, 0.5, 1.0, 4.0, 1.5)
#: Arrays of up to so many entries are sent whole, and can be edited.
EDITABLE = 4096
#: Sliders go from minus to plus this, or to ten times a larger value.
REACH = 10.0
#: The deepest nesting of a list of numbers.
MAX_AXES = 8

_WORDS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


@dataclass(frozen=True, eq=False)
class Subject:
    """A function and the values of one call, by name in the order of the signature."""

    function: Callable[..., Any]
    title: str
    values: dict[str, Any]
    #: How many of the values are passed by position; the others go by name.
    positional: int
    #: What tells this function from others, for what is remembered of it.
    key: Hashable

    @property
    def args(self) -> tuple[Any, ...]:
        """The positional arguments of the call."""
        return tuple(self.values.values())[: self.positional]

    @property
    def keywords(self) -> dict[str, Any]:
        """The arguments that go by name."""
        return dict(list(self.values.items())[self.positional :])

    def arguments(self, values: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of a call with other values, by name."""
        changed = {name: values.get(name, value) for name, value in self.values.items()}
        return tuple(changed.values())[: self.positional], dict(list(changed.items())[self.positional :])

    def described(self) -> list[dict[str, Any]]:
        """Every input as a page shows it: name, kind, value, type and shape, the reach of its slider."""
        return described(self.values)


def subject_of(source: object, inputs: object, file: Subject | None) -> Subject:
    """The subject of a request; raises ArgumentError or ExpressionError for whatever is wrong with it."""
    given = _mapping(inputs, "inputs")
    kinds = _mapping(source, "source")
    if len(kinds) != 1:
        raise ArgumentError(
            "a request is about one thing: an expression, an example, or the file of the command line.",
            help='send {"source": {"expression": "a*b"}}.',
        )
    kind, what = next(iter(kinds.items()))
    if kind == "expression":
        return _of_expression(what, given)
    if kind == "example":
        found = example(what)
        begin = Subject(found.function, found.name, found.values, len(found.values), ("example", found.id))
    elif kind == "file" and file is not None:
        begin = file
    elif kind == "file":
        raise ArgumentError(
            "no file was named when the workbench was started.",
            help="start it again with one: adjoint workbench FILE.py:FUNCTION. A page cannot open files.",
        )
    else:
        raise ArgumentError(
            f"a source is an expression, an example or the file, not {shown(kind)}.",
            help='send {"source": {"expression": "a*b"}}.',
        )
    unknown = [name for name in given if name not in begin.values]
    if unknown:
        raise ArgumentError(
            f"{begin.title} has no input {shown(unknown[0])}.",
            help=f"its inputs are {', '.join(map(shown, begin.values)) or 'none'}.",
        )
    values = {name: _value(name, given[name], old) if name in given else old for name, old in begin.values.items()}
    return Subject(begin.function, begin.title, values, begin.positional, begin.key)


@lru_cache(maxsize=256)
def _parsed(text: str, given: frozenset[str]) -> tuple[Expression, Callable[..., Any]]:
    expression = parse(text, given=given)
    return expression, to_function(expression)


def _of_expression(text: object, given: Mapping[str, Any]) -> Subject:
    if not isinstance(text, str):
        raise ExpressionError("an expression is text.", help='write it in quotes, such as "(a*b + c)*f".')
    # A name that has a value hides a constant of the language (e, pi): so it does on the command line.
    expression, function = _parsed(text, frozenset(name for name in given if name in ("e", "pi")))
    values: dict[str, Any] = {}
    for place, name in enumerate(expression.names):
        # Values of names that are gone are left out: the text is being typed.
        first = FIRST_VALUES[place % len(FIRST_VALUES)]
        values[name] = _value(name, given[name], first) if name in given else first
    return Subject(function, " ".join(expression.text.split()), values, len(values), ("expression", text))


def differentiated(value: Any) -> bool:
    """Whether gradients are taken by a value: real numbers that are no whole ones, and arrays of them."""
    return isinstance(value, float | np.floating) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")


def _mapping(value: object, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ArgumentError(f"{what} must be an object.", help=f'send {{"{what}": {{...}}}}.')
    return value


def _value(name: str, given: Any, old: Any) -> Any:
    """A value from a page in the kind of the one that it takes the place of."""
    if isinstance(old, bool | np.bool_) or not isinstance(old, int | float | np.integer | np.floating | np.ndarray):
        raise ArgumentError(
            f"{shown(name)} cannot be edited here: it is {type(old).__name__}.", help="give it on the command line."
        )
    if isinstance(old, np.ndarray) and old.ndim:
        return _array(name, given, old)
    number = _number(name, given)
    if isinstance(old, int | np.integer):
        if not number.is_integer() or abs(number) > 2**53:
            raise ArgumentError(f"{shown(name)} is a whole number, got {number}.", help=f"write {shown(name)} = 3.")
        return int(number)
    return number


def _number(name: str, given: Any) -> float:
    if isinstance(given, str) and given in _WORDS:
        return _WORDS[given]
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise ArgumentError(
            f"{shown(name)} needs a number, got {_told(given)}.", help='write a number, "NaN" or "Infinity".'
        )
    try:
        return float(given)
    except OverflowError:
        raise ArgumentError(f"{shown(name)} is too large for a float64.", help='write "Infinity".') from None


def _array(name: str, given: Any, old: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """An array of the old one's kind; its shape may be another one, which the function's own rules then judge."""
    if not isinstance(given, list):
        raise ArgumentError(
            f"{shown(name)} is an array of shape {old.shape}, got {_told(given)}.", help="send nested lists of numbers."
        )
    shape: list[int] = []
    rows: list[Any] = [given]
    while rows and isinstance(rows[0], list):
        lengths = {len(row) if isinstance(row, list) else -1 for row in rows}
        if len(lengths) != 1 or len(shape) == MAX_AXES:
            raise ArgumentError(
                f"the rows of {shown(name)} do not make an array.", help="give every row the same number of entries."
            )
        shape.append(lengths.pop())
        rows = [entry for row in rows for entry in row]
    numbers = np.array([_number(name, entry) for entry in rows])
    if old.dtype.kind in "iub":
        if not np.all(np.isfinite(numbers)) or np.any(numbers != np.rint(numbers)) or np.any(np.abs(numbers) > 2**53):
            raise ArgumentError(f"{shown(name)} holds whole numbers.", help="round its entries.")
        low, high = (0, 1) if old.dtype.kind == "b" else (np.iinfo(old.dtype).min, np.iinfo(old.dtype).max)
        if numbers.size and not (low <= numbers.min() and numbers.max() <= high):
            raise ArgumentError(f"{shown(name)} holds {old.dtype}, from {low} to {high}.", help="stay within it.")
    with np.errstate(over="ignore"):
        return numbers.reshape(shape).astype(old.dtype)


def _told(given: Any) -> str:
    names = {"str": "text", "list": "a list", "dict": "an object", "bool": "true or false", "NoneType": "nothing"}
    return names.get(type(given).__name__, type(given).__name__)


def described(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every input as a page shows it: name, kind, value, type and shape, the reach of its slider."""
    return [{"name": name, **_described(value)} for name, value in values.items()]


def _described(value: Any) -> dict[str, Any]:
    if isinstance(value, np.ndarray) and value.ndim:
        if value.dtype.kind not in "fiub":
            return {"kind": "fixed", "type": repr(Spec.of(value)), "shape": list(value.shape), "editable": False}
        whole = value.size <= EDITABLE
        found: dict[str, Any] = {"kind": "array", "type": repr(Spec.of(value)), "shape": list(value.shape)}
        found |= {"editable": whole, "whole": value.dtype.kind != "f", "range": _reach(value)}
        return found | ({"value": nested(value)} if whole else {})
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number | np.ndarray):
        return {"kind": "fixed", "type": type(value).__name__, "shape": [], "editable": False}
    if np.iscomplexobj(value):
        return {"kind": "fixed", "type": repr(Spec.of(value)), "shape": [], "editable": False, "value": written(value)}
    integer = isinstance(value, int | np.integer)
    return {
        "kind": "integer" if integer else "number",
        "type": repr(Spec.of(value)),
        "shape": [],
        "editable": True,
        "whole": integer,
        "range": _reach(np.asarray(value)),
        "value": written(value),
    }


def _reach(value: np.ndarray[Any, Any]) -> list[float]:
    """From where to where a slider goes."""
    finite = np.abs(value[np.isfinite(value)].astype(np.float64))
    largest = float(finite.max()) if finite.size else 0.0
    reach = REACH if largest <= REACH else min(10.0 * largest, 1e308)
    return [-reach, reach]
