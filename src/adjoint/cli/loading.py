"""A user's own function: its file, run only because it was named on the command line."""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import inspect
import linecache
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

from adjoint.errors import AdjointError, ArgumentError, InputFileError
from adjoint.site import is_ours, site_of


class UserError(AdjointError):
    """An exception that the user's own code raised, told in their terms."""

    def __init__(self, error: BaseException, *, where: str | None, help: str | None = None) -> None:
        words = str(error).strip() or "no message"
        super().__init__(f"{type(error).__name__}: {words}", where=where, help=help)


def names_a_file(target: str) -> bool:
    """Whether the first argument is FILE:FUNCTION, rather than an expression: no expression holds a colon.

    >>> names_a_file("model.py:loss"), names_a_file("(a*b + c)*f"), names_a_file("model.py")
    (True, False, True)
    """
    return ":" in target or target.endswith(".py")


def load_function(target: str, source: bytes | None = None) -> Callable[..., Any]:
    """The function of FILE:FUNCTION; raises InputFileError, ArgumentError, or UserError for what its file raises.

    ``source`` is what stood in the file when it was read: it is run, whatever stands there now, or nothing.
    """
    name, _, function = target.rpartition(":")
    if not name and ":" in target:
        raise ArgumentError(
            "no file is named before the colon.",
            where=_quoted(target),
            help="write FILE:FUNCTION, such as model.py:loss.",
        )
    if not name or not function:
        file = function or name
        raise ArgumentError(
            f"{_quoted(file)} names a file but no function.",
            where=_quoted(target),
            help=f"write FILE:FUNCTION, such as {file or 'model.py'}:loss.",
        )
    path = Path(name)
    if source is not None:
        return _function_of(_module(path, source), function, target, path)
    if not path.exists():
        near = difflib.get_close_matches(path.name, _python_files(path.parent), 1)
        raise InputFileError(
            f"there is no file {_quoted(name)}.",
            where=_quoted(target),
            help=f"did you mean {near[0]}?" if near else "write FILE:FUNCTION, such as model.py:loss.",
        )
    if not path.is_file() or path.suffix != ".py":
        raise InputFileError(
            f"{_quoted(name)} is not a Python file.", where=_quoted(target), help="name a file that ends in .py."
        )
    return _function_of(_module(path, None), function, target, path)


def own_inputs(function: Callable[..., Any]) -> dict[str, Any]:
    """The values by parameter that the file of a function gives: what its function ``inputs`` returns, or its EXAMPLES.

    ``EXAMPLES`` has the arguments of functions by function. Nothing where the file has neither. Raises UserError for
    what ``inputs`` raises, ArgumentError for a result that is no dict by name.
    """
    known = getattr(function, "__globals__", {})
    examples, given = known.get("EXAMPLES"), known.get("inputs")
    if isinstance(examples, dict) and isinstance(examples.get(function), tuple):
        with contextlib.suppress(TypeError):
            return dict(inspect.signature(function).bind(*examples[function]).arguments)
    if not inspect.isfunction(given) or given is function or inspect.signature(given).parameters:
        return {}
    with contextlib.redirect_stdout(sys.stderr), telling():
        found = given()
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise ArgumentError(
            f"inputs() returned {_article(type(found).__name__)}, and not values by the names of parameters.",
            help='return a dict: {"w": 2.0, "x": array}.',
        )
    return found


def _python_files(folder: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return [entry.name for entry in folder.iterdir() if entry.suffix == ".py"]
    return []


def source_of(target: str) -> bytes | None:
    """What stands in the file of FILE:FUNCTION, or None where it cannot be read: loading it says why."""
    path = Path(target.rpartition(":")[0])
    with contextlib.suppress(OSError, ValueError):
        return path.read_bytes() if path.suffix == ".py" else None
    return None


class _Text(SourceFileLoader):
    """Runs a text as a file, without a look at what stands there now, or at what Python keeps of it."""

    def __init__(self, name: str, path: str, source: bytes) -> None:
        super().__init__(name, path)
        self._source = source

    def get_data(self, path: str) -> bytes:
        """The text, for whoever asks for the file."""
        return self._source if path == self.path else super().get_data(path)

    def get_code(self, fullname: str) -> CodeType:
        """The text, compiled; its lines are told from now on wherever lines of the file are."""
        code: CodeType = self.source_to_code(self._source, self.path)
        lines = (self.get_source(fullname) or "").splitlines(keepends=True)
        linecache.cache[self.path] = len(self._source), None, lines, self.path  # no time: the file is not looked at
        return code


def _module(path: Path, source: bytes | None) -> Any:
    """The module of a file, after it ran: with its folder first in the path, as for ``python FILE``."""
    place = path.resolve()
    loader = None if source is None else _Text(place.stem, str(place), source)
    spec = importlib.util.spec_from_file_location(place.stem, place, loader=loader)
    if spec is None or spec.loader is None:
        raise InputFileError(f"{_quoted(str(path))} cannot be loaded.", help="name a file that ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(place.parent))
    shadowed = sys.modules.get(place.stem)
    sys.modules[place.stem] = module  # dataclasses and pickles look their module up there
    try:
        mend = f"{path.name} could not be loaded: mend it, or name another file."
        with contextlib.redirect_stdout(sys.stderr), telling(mend):  # its prints are no output of ours
            spec.loader.exec_module(module)
    except AdjointError:
        if shadowed is None:
            del sys.modules[place.stem]
        else:
            sys.modules[place.stem] = shadowed
        raise
    return module


def _function_of(module: Any, name: str, target: str, path: Path) -> Callable[..., Any]:
    found = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is None:
        own = [
            key
            for key, value in vars(module).items()
            if inspect.isfunction(value) and value.__module__ == module.__name__ and not key.startswith("_")
        ]
        near = difflib.get_close_matches(name, own, 1)
        listed = f"its functions are {', '.join(own[:8])}." if own else "it defines no function."
        raise ArgumentError(
            f"{path.name} has no function {_quoted(name)}.",
            where=_quoted(target),
            help=f"did you mean {near[0]}?" if near else listed,
        )
    if not callable(found) or isinstance(found, type):
        raise ArgumentError(
            f"{_quoted(name)} in {path.name} is not a function, but {_article(type(found).__name__)}.",
            where=_quoted(target),
            help="name a function of that file.",
        )
    made: Callable[..., Any] = found
    return made


@contextlib.contextmanager
def telling(help: str | None = None) -> Iterator[None]:
    """A context in which whatever the user's code raises becomes a UserError with the user's line."""
    try:
        yield
    except (AdjointError, KeyboardInterrupt):
        raise
    except SyntaxError as error:
        raise UserError(type(error)(error.msg), where=_syntax_place(error), help=help) from error
    except (Exception, SystemExit) as error:
        raise UserError(error, where=where_raised(error.__traceback__), help=help) from error


def where_raised(trace: TracebackType | None) -> str | None:
    """The innermost line of a traceback that is neither ours nor Python's own machinery."""
    found = None
    for frame, _ in traceback.walk_tb(trace):
        file = frame.f_code.co_filename
        if not is_ours(file) and not file.startswith("<frozen "):
            found = frame
    last = trace
    while last is not None and last.tb_frame is not found:
        last = last.tb_next
    site = None if found is None or last is None else site_of(found.f_code, last.tb_lasti)
    return None if site is None else site.describe("raised at")


def _syntax_place(error: SyntaxError) -> str | None:
    """The line that Python could not read, with a caret under the place."""
    if error.filename is None:
        return None
    head = f"in {Path(error.filename).name}" + (f":{error.lineno}" if error.lineno else "")
    line = (error.text or "").rstrip("\n")
    if not line.strip():
        return head
    shown = line.strip()
    column = max(0, (error.offset or 1) - 1 - (len(line) - len(line.lstrip())))
    width = 1 if error.end_lineno != error.lineno else max(1, (error.end_offset or 0) - (error.offset or 0))
    return f"{head}   {shown}\n{' ' * (len(head) + 3 + min(column, len(shown)))}{'^' * width}"


def _quoted(text: str) -> str:
    """A user's text for a message: what cannot be printed as its escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text) or "(nothing)"


def _article(noun: str) -> str:
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"
