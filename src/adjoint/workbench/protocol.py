"""What server and worker agree on: limits, the version, the names of requests, and how errors are written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from adjoint.errors import AdjointError, SizeError
from adjoint.numbers import format_bytes

#: The version of requests and answers.
VERSION = 1
#: What can be asked for.
NAMES = ("examples", "story", "views", "race", "compare", "export")
#: The line with which a worker says that it has begun with a request, by its number.
BEGUN = b"begun %d\n"


@dataclass(frozen=True)
class Limits:
    """How much one request may take."""

    #: Wall-clock seconds, after which the worker is killed.
    seconds: float = 10.0
    #: Bytes that the worker process may use beyond what the engine itself takes.
    memory: int = 1 << 30
    #: Bytes of all values of a computation together, counted on Specs.
    bytes: int = 128 << 20
    #: Scalar operations of one forward pass, counted on Specs.
    work: int = 1_000_000_000
    #: Operations of a graph.
    nodes: int = 120_000
    #: Characters of an answer.
    answer: int = 48 << 20
    #: Bytes of a request.
    request: int = 1 << 20


def line(**found: Any) -> bytes:
    """An answer as one line of JSON."""
    return json.dumps({**found, "version": VERSION}, allow_nan=False).encode("ascii")


def failed(error: AdjointError) -> bytes:
    """The answer that tells an error."""
    return line(status="error", error=error_of(error))


def error_of(error: AdjointError) -> dict[str, Any]:
    """An error in its three parts, as a page gets it; in an expression also from where to where."""
    found: dict[str, Any] = {"kind": type(error).__name__, "what": printable(error.what)}
    if error.where:
        found["where"] = printable(error.where)
    if error.help:
        found["help"] = printable(error.help)
    span = getattr(error, "span", None)
    if span is not None:
        found["span"] = list(span)
    return found


def printable(text: str) -> str:
    """Text of several lines without other control characters."""
    return "\n".join("".join(c if c.isprintable() else " " for c in one) for one in text.splitlines())


def out_of_memory(limits: Limits) -> SizeError:
    """The error for a computation that ran into the limit on memory."""
    return SizeError(
        f"the computation needed more memory than the workbench gives it, {format_bytes(limits.memory)}.",
        help="use smaller inputs here, or explain it in a program of your own: ad.explain(f)(...).",
    )
