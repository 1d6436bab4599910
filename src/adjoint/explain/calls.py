"""In which call of which function an operation was done: what groups of an explanation are made from.

While a function runs to be explained, the stack between it and each operation is read. A call is a
frame, so two calls of one function are two calls. Scopes stand among the calls, where they were opened.
Functions of the package that consist of several operations (softmax, var) count as calls too; its
other frames, comprehensions, lambdas and special methods do not: they belong to the call around them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from types import CodeType, FrameType
from typing import NamedTuple

from adjoint.site import PACKAGE, is_ours

#: Where the package keeps functions that may consist of several operations.
LIBRARY = (os.path.join(PACKAGE, "functions") + os.sep, os.path.join(PACKAGE, "nn") + os.sep)
#: Calls nested deeper belong to the call at this depth: nobody opens more boxes within boxes.
DEPTH = 12


class Call:
    """One call of a function, or one open scope: its name, its kind and the one around it."""

    __slots__ = ("depth", "kind", "name", "outer")

    def __init__(self, name: str, kind: str, outer: Call | None) -> None:
        self.name, self.kind, self.outer = name, kind, outer
        self.depth: int = 1 if outer is None else outer.depth + 1

    def chain(self) -> list[Call]:
        """All calls from the outermost to this one."""
        found: list[Call] = []
        here: Call | None = self
        while here is not None:
            found.append(here)
            here = here.outer
        return found[::-1]

    def __repr__(self) -> str:
        return "/".join(c.name for c in self.chain())


class _Scope(NamedTuple):
    """An open scope, and the frames in which its block may stand, the innermost first."""

    call: Call
    frames: list[FrameType]


class Calls:
    """The calls that are going on while a function is explained.

    Frames are held while that lasts, because a frame that is gone leaves its identity to the next one.
    """

    def __init__(self) -> None:
        self._base: FrameType | None = None
        self._known: dict[int, tuple[FrameType, Call | None]] = {}
        self._scopes: list[_Scope | None] = []

    def begin(self) -> None:
        """From here on, what is below the caller's frame is told apart."""
        self._base = sys._getframe(1)

    def end(self) -> None:
        """Lets go of all frames."""
        self._base = None
        self._known.clear()
        self._scopes.clear()

    def opened(self, name: str) -> None:
        """A scope was opened in the frame at hand."""
        if self._base is None:
            self._scopes.append(None)
            return
        frames = [frame for frame, _ in self._frames(sys._getframe(1))]
        self._scopes.append(_Scope(_nested(name, "module", self.here(2)), frames))

    def closed(self) -> None:
        """The scope that was opened last is closed."""
        if self._scopes:
            self._scopes.pop()

    def here(self, depth: int = 1) -> Call | None:
        """The innermost call around the operation at hand; None in the explained function itself."""
        if self._base is None:
            return None
        here: FrameType | None = sys._getframe(depth)
        # Mostly there is nothing but the engine between the operation and a frame that is known.
        while here is not None and not self._scopes:
            if id(here) in self._known:
                return self._known[id(here)][1]
            if _counts(here.f_code.co_filename):
                break
            here = here.f_back
        fresh: list[tuple[FrameType, str]] = []
        found: Call | None = None
        for frame, name in self._frames(sys._getframe(depth)):
            scope = self._scope_in(frame)
            if scope is not None:
                found = scope
                break
            known = self._known.get(id(frame))
            if known is not None:
                found = known[1]
                break
            fresh.append((frame, name))
        else:
            # The outermost frame is the explained function: what is done there is in no group.
            if fresh:
                frame, _ = fresh.pop()
                self._known[id(frame)] = (frame, None)
        for frame, name in reversed(fresh):
            if not name.startswith("<"):
                found = _nested(name, "function", found)
            self._known[id(frame)] = (frame, found)
        return found

    def _scope_in(self, frame: FrameType) -> Call | None:
        """The innermost open scope whose block stands in this frame.

        A scope that a context manager of the user's own opened stands in the first frame around it that is left:
        frames are asked from the innermost outwards.
        """
        return next((s.call for s in reversed(self._scopes) if s is not None and frame in s.frames), None)

    def _frames(self, frame: FrameType | None) -> Iterator[tuple[FrameType, str]]:
        """The frames that count, from the innermost outwards, with the names of their functions."""
        library: tuple[FrameType, str] | None = None
        while frame is not None and frame is not self._base:
            code = frame.f_code
            counts = _counts(code.co_filename)
            if counts == "user":
                if library is not None:
                    yield library
                    library = None
                yield frame, _name_of(code)
            elif counts and not code.co_name.startswith(("_", "<")):
                library = frame, code.co_name
            frame = frame.f_back
        if library is not None:
            yield library


@cache
def _counts(file: str) -> str:
    """Whose calls are told apart: "user" for a user's file, "library" for the package's functions, else ""."""
    return "user" if not is_ours(file) else "library" if file.startswith(LIBRARY) else ""


def _name_of(code: CodeType) -> str:
    """What a call is called: the function's name, or for what makes an object callable the name of its class."""
    name = code.co_name
    if name in ("__call__", "forward") and "." in code.co_qualname:
        return code.co_qualname.split(".")[-2]
    return f"<{name}>" if name.startswith("__") and name.endswith("__") else name


def _nested(name: str, kind: str, outer: Call | None) -> Call:
    return outer if outer is not None and outer.depth >= DEPTH else Call(name, kind, outer)
