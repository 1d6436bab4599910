"""Where an operation was written: the user's file, line and sub-expression.

A node keeps only ``(code, lasti)``, two references that cost nothing to take; everything
readable is worked out here, when somebody asks.
"""

from __future__ import annotations

import dis
import itertools
import linecache
import os
import sys
from types import CodeType, FrameType
from typing import NamedTuple

PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


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
        return raw[self.column : end].decode("utf-8", "replace")

    def describe(self) -> str:
        """Two lines, ``made at FILE:LINE   SOURCE`` and carets under the sub-expression."""
        head = f"made at {os.path.basename(self.file)}:{self.line}"
        line = self.text
        if not line.strip():
            return head
        body = line.strip()
        shown = f"{head}   {body}"
        if self.column is None or self.end_column is None:
            return shown
        raw = line.encode("utf-8")
        start = len(raw[: self.column].decode("utf-8", "replace")) - (len(line) - len(line.lstrip()))
        end = self.end_column if self.end_line == self.line else len(raw)
        width = max(1, len(raw[self.column : end].decode("utf-8", "replace").rstrip()))
        return shown + "\n" + " " * (len(head) + 3 + max(start, 0)) + "^" * width


def site_of(code: CodeType | None, lasti: int | None) -> Site | None:
    """The place of an instruction, or None when the node has none.

    >>> def f(): return 1 + len("ab")
    >>> site_of(f.__code__, 0).function
    'f'
    """
    if code is None or lasti is None or lasti < 0:
        return None
    positions = next(itertools.islice(code.co_positions(), lasti // 2, None), None)
    if positions is None:
        return None
    line, end_line, column, end_column = positions
    if line is None:
        return None
    return Site(code.co_filename, line, end_line or line, column, end_column, code.co_qualname)


def user_frame(depth: int = 1) -> FrameType:
    """The nearest frame that is not adjoint's own (or the outermost one)."""
    frame = sys._getframe(depth)
    while frame.f_code.co_filename.startswith(PACKAGE) and frame.f_back is not None:
        frame = frame.f_back
    return frame


def here() -> str | None:
    """The user's current line, described for an error message."""
    frame = user_frame(2)
    site = site_of(frame.f_code, frame.f_lasti)
    return None if site is None else site.describe().replace("made at", "at", 1).replace("\n   ", "\n", 1)


_STORES = frozenset({"STORE_FAST", "STORE_NAME", "STORE_GLOBAL", "STORE_DEREF"})


def assigned_name(code: CodeType | None, lasti: int | None) -> str | None:
    """The variable to which the instruction at ``lasti`` stores its result, if it is the very next one.

    Reads bytecode only (no source is parsed): a result that is used inside a larger expression,
    unpacked or returned has no name.
    """
    if code is None or lasti is None or lasti < 0:
        return None
    following = False
    for instruction in dis.get_instructions(code):
        if instruction.offset == lasti:
            following = True
        elif following:
            if instruction.opname in {"CACHE", "NOP", "EXTENDED_ARG"}:
                continue
            return str(instruction.argval) if instruction.opname in _STORES else None
    return None
