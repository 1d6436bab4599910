"""Names and comments made safe: what users wrote becomes identifiers and one printable line, nothing more."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable

#: Words that a printed program must not rebind: Python's own, and the names that its text relies on.
RESERVED = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "np", "numpy"})

_LONGEST = 40
_BROKEN = re.compile(r"[^A-Za-z0-9_]+")


def identifier(text: str, otherwise: str = "v") -> str:
    """An identifier of ASCII letters, digits and underscores that resembles the text, and is no reserved word.

    >>> identifier("weight"), identifier("λ"), identifier("x₁'"), identifier("params['w'][0]")
    ('weight', 'lambda_', 'x1', 'params_w_0')
    >>> identifier("1st"), identifier("np"), identifier("☃")
    ('v1st', 'np_', 'v')
    """
    plain = "".join(_ascii(c) for c in unicodedata.normalize("NFKD", text[:400]))
    name = "_".join(filter(None, _BROKEN.split(plain)))[:_LONGEST]
    if not name.strip("_"):
        name = otherwise
    if name[0].isdigit():
        name = "v" + name
    return name + "_" if name in RESERVED else name


def _ascii(c: str) -> str:
    if c.isascii():
        return c
    if unicodedata.combining(c):
        return ""
    words = unicodedata.name(c, "").split()
    if words[:1] == ["GREEK"] and "LETTER" in words:
        letter = words[-1].lower().replace("lamda", "lambda")  # as everybody but Unicode spells it
        return letter if "SMALL" in words else letter.capitalize()
    return " "


class Names:
    """Hands out identifiers, each once.

    >>> names = Names(["x"])
    >>> names.new("x"), names.new("x"), names.new("y"), names.counted("t")
    ('x_2', 'x_3', 'y', 't1')
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._counts: dict[str, int] = {}

    def new(self, wish: str) -> str:
        """The wish itself where it is free and safe, else with a number."""
        stem = name = identifier(wish)
        count = self._counts.get(stem, 1)
        while name in self._taken:
            count += 1
            name = f"{stem}_{count}"
        self._counts[stem] = count
        self._taken.add(name)
        return name

    def counted(self, stem: str) -> str:
        """The next free of stem1, stem2, ..."""
        count = self._counts.get(stem + "#", 0) + 1
        while f"{stem}{count}" in self._taken:
            count += 1
        self._counts[stem + "#"] = count
        self._taken.add(f"{stem}{count}")
        return f"{stem}{count}"


def one_line(text: str, width: int = 60) -> str:
    """The text on one line of printable characters, cut with an ellipsis where it is too long.

    Control characters, line separators and marks that turn the direction of writing become spaces.

    >>> one_line("a = b" + chr(10) + "import os" + chr(0x202E))
    'a = b import os'
    """
    start = text[: 4 * width]
    if not start.isprintable():
        start = "".join(c if c.isprintable() else " " for c in start)
    shown = " ".join(start.split())
    return shown if len(shown) <= width and len(text) <= 4 * width else shown[: width - 1] + "…"
