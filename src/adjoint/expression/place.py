"""Where in a text: the line, a caret under the exact place, and nothing unprintable.

Everything shown is printable ASCII. What is not is written as its escape, so that a control
character never reaches a terminal, a look-alike letter cannot hide, and carets stay aligned.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from adjoint.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH = 80
"""The widest line that an error shows."""


def escape(character: str) -> str:
    """Return one character as printable ASCII, tabs and carriage returns as a space.

    >>> escape("a"), escape(chr(0)), escape(chr(0x3b1))
    ('a', '\\\\x00', '\\\\u03b1')
    """
    if " " <= character <= "~":
        return character
    return " " if character in "\t\r" else character.encode("unicode_escape").decode("ascii")


def shown(fragment: str, limit: int = 40) -> str:
    """Return a piece of a user's text, escaped and cut to a length that fits in a sentence.

    >>> shown("alpha"), shown("a" * 100, limit=8)
    ('alpha', 'aaaaa...')
    """
    text = "".join(map(escape, fragment[: limit + 1]))
    return text if len(text) <= limit else text[: limit - 3] + "..."


def underline(text: str, start: int, end: int) -> str:
    r"""Return the line of ``text`` that holds ``start`` and, below it, carets from ``start`` to ``end``.

    >>> print(underline("(a*b + c)*f", 1, 4))
    (a*b + c)*f
     ^^^
    >>> print(underline("c = a*b\nc @ c", 10, 11))
    line 2: c @ c
              ^
    """
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    prefix = f"line {text.count(chr(10), 0, line_start) + 1}: " if "\n" in text.strip() else ""

    low, high = max(line_start, start - WIDTH), min(line_end, max(end, start) + WIDTH, start + 3 * WIDTH)
    pieces = [escape(character) for character in text[low:high]]
    line = "".join(pieces)
    left = sum(map(len, pieces[: start - low]))
    right = max(left + 1, sum(map(len, pieces[: max(min(end, high) - low, 0)])))

    room = WIDTH - len(prefix)
    if max(len(line), right) > room:
        middle = (left + min(right, left + room - 6)) // 2
        begin = max(0, min(middle - room // 2, max(len(line), right) - room))
        line, total = line[begin : begin + room], len(line)
        left, right = left - begin, min(right - begin, room)
        if begin > 0:
            line = "..." + line[3:]
        if begin + room < total:
            line, right = line[:-3] + "...", max(left + 1, min(right, room - 3))
    return f"{prefix}{line}\n{' ' * (len(prefix) + left)}{'^' * (right - left)}"


def mistake(text: str, start: int, end: int, what: str, help: str) -> ExpressionError:
    """Return the error for a mistake at ``text[start:end]``, ready to be raised.

    >>> print(mistake("2x", 0, 2, "an operator is missing.", "write 2*x, not 2x."))
    an operator is missing.
      2x
      ^^
      help: write 2*x, not 2x.
    """
    error = ExpressionError(what, where=underline(text, start, end), help=help)
    error.span = start, end
    return error


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that ``name`` was most likely meant to be, or None.

    >>> nearest("sigmod", ["sin", "sigmoid"]), nearest("zzz", ["sin"])
    ('sigmoid', None)
    """
    if len(name) > 40:
        return None
    pool = sorted(candidates)
    lowered = {candidate.lower(): candidate for candidate in reversed(pool)}
    if name.lower() in lowered:
        return lowered[name.lower()]
    found = get_close_matches(name, pool, n=1, cutoff=0.6)
    return found[0] if found else None
