"""Where an operation was written: the user's file, line and sub-expression.

A node keeps only ``(code, lasti)``, two references that cost nothing to take; everything
readable is worked out here, when somebody asks.
"""

from __future__ import annotations

import dis
import functools
import linecache
import os
import sys
import unicodedata
import warnings
from collections.abc import Callable
from types import CodeType, FrameType
from typing import NamedTuple

import numpy as np

PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep

#: Code that calls back into the engine for its caller: NumPy's functions and the standard library's (np.polyval,
#: functools, copy). What is installed inside these folders is a user's.
CARRIERS = (
    os.path.dirname(os.path.abspath(np.__file__)) + os.sep,
    os.path.dirname(os.path.abspath(os.__file__)) + os.sep,
)
_INSTALLED = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)

#: Files of the package whose code counts as a user's, because it is shown as an example: they add themselves.
EXAMPLES: set[str] = set()


class Site(NamedTuple):
    """A place in a source file: lines count from 1, columns from 0 in UTF-8 bytes."""

    file: str
    line: int
    end_line: int
    column: int | None
    end_column: int | None
    function: str

    @property
    def text(self) -> str:
        """The whole source line without its newline, or "" where the file cannot be read."""
        return linecache.getline(self.file, self.line).rstrip("\n")

    @property
    def expression(self) -> str:
        """The sub-expression on its first line, or the stripped line where columns are unknown."""
        raw = self.text.encode("utf-8")
        if self.column is None or self.end_column is None or not raw:
            return self.text.strip()
        end = self.end_column if self.end_line == self.line else len(raw)
        return raw[self.column : end].decode("utf-8", "replace").rstrip()

    def describe(self, verb: str = "made at") -> str:
        """Two lines, ``made at FILE:LINE   SOURCE`` and carets under the sub-expression."""
        head = f"{verb} {_plain(os.path.basename(self.file))}:{self.line}"
        line = self.text
        if not line.strip():
            return head
        shown = f"{head}   {_plain(line.strip())}"
        if self.column is None or self.end_column is None:
            return shown
        before = line.encode("utf-8")[: self.column].decode("utf-8", "replace").lstrip()
        margin = _cells(_plain(f"{head}   {before}"))
        return shown + "\n" + " " * margin + "^" * max(1, _cells(_plain(self.expression)))


def _plain(text: str) -> str:
    """The text with a space for each character that would move the cursor or cannot be seen."""
    return "".join(c if c.isprintable() or unicodedata.combining(c) else " " for c in text)


def _cells(text: str) -> int:
    """The number of terminal cells that a line takes, so that carets stand under wide characters too."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def site_of(code: CodeType | None, lasti: int | None) -> Site | None:
    """The place of an instruction, or None when the node has none.

    >>> def f(): return 1 + len("ab")
    >>> site_of(f.__code__, 0).function
    'f'
    """
    if code is None or lasti is None or lasti < 0:
        return None
    known = _positions(code)
    if lasti // 2 >= len(known):
        return None
    line, end_line, column, end_column = known[lasti // 2]
    if line is None:
        return None
    return Site(code.co_filename, line, end_line or line, column, end_column, code.co_qualname)


_Position = tuple[int | None, int | None, int | None, int | None]

#: So many code objects keep their positions unpacked.
KNOWN = 256
#: By identity, because a code object's hash takes its whole bytecode; each stands beside its positions,
#: so that no other can take its place in memory.
_known: dict[int, tuple[CodeType, tuple[_Position, ...]]] = {}


def _positions(code: CodeType) -> tuple[_Position, ...]:
    """The place of every instruction, unpacked once: a function of thousands of operations is asked for each."""
    found = _known.get(id(code))
    if found is None:
        found = code, tuple(code.co_positions())
        if len(_known) >= KNOWN:
            _known.clear()
        _known[id(code)] = found
    return found[1]


class _Ours(dict[str, bool]):
    """What is known of source files: worked out once a file, because every operation asks."""

    def __missing__(self, file: str) -> bool:
        ours = file.startswith(PACKAGE) and file not in EXAMPLES
        self[file] = found = ours or any(_inside(file, folder) for folder in CARRIERS)
        return found


def _inside(file: str, folder: str) -> bool:
    return file.startswith(folder) and not any(part in file[len(folder) - 1 :] for part in _INSTALLED)


#: Whether a source file is adjoint's own (and no example), NumPy's or the standard library's.
is_ours: Callable[[str], bool] = _Ours().__getitem__


def user_frame(depth: int = 1) -> FrameType:
    """The nearest frame that is a user's (or the outermost one)."""
    frame = sys._getframe(depth)
    while is_ours(frame.f_code.co_filename) and frame.f_back is not None:
        frame = frame.f_back
    return frame


def here() -> str | None:
    """The user's current line, described for an error message."""
    frame = user_frame(2)
    site = site_of(frame.f_code, frame.f_lasti)
    return None if site is None else site.describe("at")


def warn(message: str, category: type[Warning]) -> None:
    """Warns at the user's current line, however deep in the engine the reason was found."""
    frame = user_frame(2)
    known = frame.f_globals
    registry = known.setdefault("__warningregistry__", {})
    name = known.get("__name__", "<unknown>")
    warnings.warn_explicit(message, category, frame.f_code.co_filename, frame.f_lineno, name, registry)


_STORES = frozenset({"STORE_FAST", "STORE_NAME", "STORE_GLOBAL", "STORE_DEREF"})
_PAIRED_STORES = frozenset({"STORE_FAST_LOAD_FAST", "STORE_FAST_STORE_FAST"})  # Python 3.13 fuses two in one
_PASSED_OVER = frozenset({"CACHE", "NOP", "EXTENDED_ARG", "COPY"})  # COPY: a = b = ..., (a := ...)


def assigned_name(code: CodeType | None, lasti: int | None) -> str | None:
    """The variable to which the instruction at ``lasti`` stores its result, if it is the very next one.

    Reads bytecode only (no source is parsed): a result that is used inside a larger expression,
    unpacked or returned has no name; of a chain ``a = b = x * y`` the first name counts.

    >>> def f(x): y = len(x); return y
    >>> {assigned_name(f.__code__, i) for i in range(0, 40, 2)} - {None}
    {'y'}
    """
    if code is None or lasti is None or lasti < 0:
        return None
    return _assigned_names(code).get(lasti)


@functools.lru_cache(maxsize=256)
def _assigned_names(code: CodeType) -> dict[int, str]:
    """Every instruction whose result is stored at once, with the variable's name.

    Its caches count as the instruction: that is where ``lasti`` stands in a call that Python has specialised.
    """
    names: dict[int, str] = {}
    waiting = range(0)
    for instruction, span in instructions(code):
        if instruction.opname in _PASSED_OVER:
            continue
        if instruction.opname in _STORES:
            names.update(dict.fromkeys(waiting, str(instruction.argval)))
        elif instruction.opname in _PAIRED_STORES:
            names.update(dict.fromkeys(waiting, str(instruction.argval[0])))
        waiting = span
    return names


def instructions(code: CodeType) -> list[tuple[dis.Instruction, range]]:
    """The instructions of a code object, each with the offsets that belong to it (its own and its caches')."""
    found = list(dis.get_instructions(code))
    ends = [*(i.offset for i in found[1:]), len(code.co_code)]
    return [(i, range(i.offset, end, 2)) for i, end in zip(found, ends, strict=True)]
