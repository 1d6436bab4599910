"""Values for the free names: ``a=2 b=-1e3`` read into numbers and fitted to an expression."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from adjoint.errors import ExpressionError
from adjoint.expression.place import mistake, nearest, shown, underline
from adjoint.expression.tokens import MAX_LENGTH, NAME, NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from adjoint.expression.program import Expression

T = TypeVar("T")

_NAME = re.compile(NAME)
_VALUE = re.compile(rf"[-+]?(?:{NUMBER}|[nN][aA][nN]|[iI][nN][fF])")
_SHOWN = 5


def parse_values(items: Iterable[str]) -> dict[str, float]:
    """Return the numbers that items such as ``a=2`` give to names; ``nan``, ``inf`` and ``-inf`` are numbers too.

    >>> parse_values(["a=2", "b = -1e3", "c=inf"])
    {'a': 2.0, 'b': -1000.0, 'c': inf}
    """
    values: dict[str, float] = {}
    for item in items:
        if len(item) > MAX_LENGTH:
            raise mistake(
                item,
                MAX_LENGTH,
                MAX_LENGTH + 1,
                f"a value is too long: {len(item)} characters, where {MAX_LENGTH} are allowed.",
                "give a value as NAME=NUMBER, such as a=2.",
            )
        name, start = _split(item)
        if name in values:
            raise mistake(
                item, 0, start - 1, f"{shown(name)} is given a value twice.", f"give {shown(name)} one value."
            )
        values[name] = _number(item, name, start)
    return values


def _split(item: str) -> tuple[str, int]:
    """Return the name that an item begins with and the place after its ``=``."""
    head, equals, _ = item.partition("=")
    name = head.strip(" \t\r\n")
    if not equals:
        help = f"write {name}=NUMBER, such as {name}=2." if _NAME.fullmatch(name) and len(name) <= 40 else None
        raise mistake(
            item,
            0,
            max(len(item), 1),
            "a value has no =.",
            help or "give a value as NAME=NUMBER, such as a=2.",
        )
    if not name:
        raise mistake(item, len(head), len(head) + 1, "a value has no name.", "write NAME=NUMBER, such as a=2.")
    if not _NAME.fullmatch(name):
        start = head.index(name)
        raise mistake(
            item,
            start,
            start + len(name),
            f"{shown(name)} is not a name.",
            "a name is made of the letters a to z and A to Z, digits and _, and begins with no digit.",
        )
    return name, len(head) + 1


def _number(item: str, name: str, start: int) -> float:
    """Return the number that stands in an item from ``start`` on."""
    word = item[start:].strip(" \t\r\n")
    if _VALUE.fullmatch(word):
        return float(word)
    if not word:
        raise mistake(item, start - 1, start, f"{shown(name)} has no value.", f"write {shown(name)}=2.")
    place = item.index(word, start)
    help = "write a number such as 2, -0.5, 1e-3, nan or inf."
    if word[0] == "=":
        help = "write one = between name and number."
    raise mistake(item, place, place + len(word), f"the value of {shown(name)} is not a number.", help)


def bind(expression: Expression, values: Mapping[str, T]) -> dict[str, T]:
    """Return the values in the order of the expression's names, or say which are missing and which are extra.

    >>> from adjoint.expression import parse
    >>> bind(parse("y - x"), {"x": 1.0, "y": 2.0})
    {'y': 2.0, 'x': 1.0}
    >>> bind(parse("alpha*x"), {"alhpa": 1.0, "x": 2.0})
    Traceback (most recent call last):
    adjoint.errors.ExpressionError: alpha has no value; alhpa is not in the expression.
      alpha*x
      ^^^^^
      help: did you mean alpha instead of alhpa?
    """
    names = set(expression.names)
    missing = [name for name in expression.names if name not in values]
    extra = [name for name in values if name not in names]
    if not missing and not extra:
        return {name: values[name] for name in expression.names}

    complaints, helps = [], []
    assigned = [name for name in extra if name in expression.assigned]
    unknown = [name for name in extra if name not in expression.assigned]
    if missing:
        complaints.append(f"{_list(missing)} {'has' if len(missing) == 1 else 'have'} no value")
    if unknown:
        complaints.append(f"{_list(unknown)} {'is' if len(unknown) == 1 else 'are'} not in the expression")
    if assigned:
        complaints.append(f"{_list(assigned)} {'is' if len(assigned) == 1 else 'are'} computed by the expression")

    meant = {name: nearest(name, missing or names) for name in unknown[:_SHOWN]}
    helps += [f"did you mean {other} instead of {shown(name)}?" for name, other in meant.items() if other]
    absent = [name for name in missing if name not in meant.values()]
    if absent:
        helps.append("give " + " ".join(f"{shown(name)}=NUMBER" for name in absent[:_SHOWN]) + ".")
    surplus = [name for name in extra if not meant.get(name)]
    if surplus:
        helps.append(f"remove the value of {_list(surplus)}.")
    where = _where(expression, missing, assigned)
    raise ExpressionError("; ".join(complaints) + ".", where=where, help=" ".join(helps))


def _where(expression: Expression, missing: Sequence[str], assigned: Sequence[str]) -> str:
    """Return the text underlined at the first missing name, else at the first assigned one, else whole."""
    spans = dict(zip(expression.names, expression.places, strict=False))
    spans.update((s.name, (s.start, s.start + len(s.name))) for s in expression.statements if s.name is not None)
    for name in (*missing[:1], *assigned[:1]):
        if name in spans:
            return underline(expression.text, *spans[name])
    last = expression.statements[-1]
    return underline(expression.text, last.start, last.end).rpartition("\n")[0]


def _list(names: Sequence[str]) -> str:
    """Return names as words, at most five of them."""
    words = [shown(name) for name in names[:_SHOWN]]
    if len(names) > _SHOWN:
        words.append(f"{len(names) - _SHOWN} more")
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
