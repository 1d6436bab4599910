"""From a request to its answer: which part of the workbench is asked, and what is said where it cannot answer.

This runs in the worker process. Whatever goes wrong becomes an answer in three parts.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from adjoint.errors import AdjointError, SizeError
from adjoint.explain.document import to_json
from adjoint.explain.recording import failure_of
from adjoint.numbers import format_bytes
from adjoint.site import PACKAGE, is_ours
from adjoint.workbench.compare import compare_answer
from adjoint.workbench.export import export_answer
from adjoint.workbench.gallery import gallery
from adjoint.workbench.protocol import VERSION, Limits, error_of, out_of_memory
from adjoint.workbench.race import race_answer
from adjoint.workbench.stories import story_answer
from adjoint.workbench.subjects import Subject, described, subject_of
from adjoint.workbench.views import views_answer

_ABOUT: dict[str, Callable[[Subject, dict[str, Any], Limits], dict[str, Any]]] = {
    "story": story_answer,
    "views": views_answer,
    "race": race_answer,
    "export": export_answer,
}


class Bench:
    """The state of one worker: its limits and the user's file, if one was named."""

    def __init__(
        self, limits: Limits, file: Subject | None = None, name: str = "", stale: Callable[[], bool] | None = None
    ) -> None:
        self.limits = limits
        self.file = file
        self.name = name
        #: Whether something else stands in the file than what was read of it.
        self._stale = stale

    def answer(self, name: str, body: dict[str, Any]) -> str:
        """The answer to a request as one line of JSON; never raises what the request is to blame for."""
        start = time.perf_counter()
        try:
            found = {"status": "ok", **self._answer(name, body)}
        except AdjointError as error:
            found = {"status": "error", "error": error_of(error)}
        except MemoryError:
            found = {"status": "error", "error": error_of(out_of_memory(self.limits))}
        except RecursionError:
            found = {"status": "error", "error": error_of(_too_deep())}
        except Exception as error:  # noqa: BLE001  an answer is owed for whatever happens
            found = {"status": "error", "error": error_of(_raised(error))}
        found["version"] = VERSION
        found.setdefault("ms", round(1e3 * (time.perf_counter() - start), 2))
        try:
            text = to_json(found)
        except (ValueError, TypeError, RecursionError) as error:
            traceback.print_exc(file=sys.stderr)
            return to_json({"status": "error", "error": error_of(_unexpected(error)), "version": VERSION})
        if len(text) > self.limits.answer:
            return to_json({"status": "error", "error": error_of(_too_long(len(text))), "version": VERSION})
        return text

    def _answer(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        if name == "examples":
            return self._examples()
        if name == "compare":
            return compare_answer(body, self.file, self.limits)
        found = _ABOUT[name](subject_of(body.get("source"), body.get("inputs"), self.file), body, self.limits)
        if name == "story" and "file" in body["source"] and self._stale is not None and self._stale():
            found["remark"] = (
                f"{self.name.rpartition(':')[0]} has changed since the workbench started; restart it to see the change."
            )
        return found

    def _examples(self) -> dict[str, Any]:
        """What the menu offers, and the file of the command line."""
        found: dict[str, Any] = {"examples": [], "limits": {"seconds": self.limits.seconds}}
        for one in gallery().values():
            told: dict[str, Any] = {"id": one.id, "name": one.name, "title": one.title, "group": one.group}
            if one.expression:
                told["expression"] = one.expression
            told["file"] = f"{one.id.partition('.')[0]}.py"
            told["inputs"] = described(one.values)
            found["examples"].append(told)
        if self.file is not None:
            found["file"] = {"name": self.name, "title": self.file.title, "inputs": self.file.described()}
        return found


def _too_deep() -> AdjointError:
    return AdjointError("the computation is nested too deeply.", help="use a loop, or fewer steps.")


def _too_long(length: int) -> SizeError:
    return SizeError(
        f"the answer would be {format_bytes(length)} long, too much for a page.",
        help="use smaller inputs or fewer steps here; ad.explain(f)(...).save('story.html') writes the whole of it.",
    )


def _raised(error: Exception) -> AdjointError:
    """An exception of the function that was asked about, told as the story of its run tells it; or one of ours."""
    failure = failure_of(error)
    if failure.where is None or not _by_user(error):
        traceback.print_exc(file=sys.stderr)
        return _unexpected(error)
    return AdjointError(failure.what, where=failure.where, help="mend the function, or try other inputs.")


def _by_user(error: Exception) -> bool:
    """Whether an exception came from a user's code, or from what that code called which is not the engine."""
    theirs = False
    for frame, _ in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        if file.startswith("<frozen "):
            continue
        if file.startswith(PACKAGE) or not is_ours(file):  # NumPy's and Python's own count as whoever called them
            theirs = not is_ours(file)
    return theirs


def _unexpected(error: BaseException) -> AdjointError:
    words = " ".join(str(error).split())[:200]
    return AdjointError(
        f"the workbench could not answer ({type(error).__name__}: {words}).",
        help="its traceback stands in the terminal; please report it.",
    )


def parsed(line: bytes) -> dict[str, Any]:
    """One line of a pipe as an object."""
    found = json.loads(line)
    assert isinstance(found, dict)
    return found
