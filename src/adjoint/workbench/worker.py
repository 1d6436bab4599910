"""The worker process: it reads one request a line, computes, and writes one answer a line.

It holds nothing that is secret, and is killed and started again at any time. Its memory is limited by the
system. Its time is limited by whoever started it, and, should that process be gone, by an alarm of its own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from adjoint.errors import AdjointError
from adjoint.workbench.answers import Bench, parsed
from adjoint.workbench.protocol import BEGUN, Limits, failed, line
from adjoint.workbench.subjects import Subject, subject_of

#: Loads the file that was named on the command line: from what the first line says to a subject, its name, and
#: who is asked whether something else stands in the file by now.
Load = Callable[[dict[str, Any]], tuple[Subject, str, Callable[[], bool]]]

#: The alarm of a worker waits so much longer than the process that started it.
_GRACE = 5


def main(load: Load) -> None:
    """Serves requests until the pipe is closed."""
    requests, answers = _pipes()
    first = parsed(requests.readline() or b"{}")
    limits = Limits(**first.get("limits", {}))
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends its workers
        bench = Bench(limits, *load(first["file"])) if first.get("file") else Bench(limits)
        _warm(bench)
        restrict(limits)
    except AdjointError as error:
        _write(answers, 0, failed(error))
        return
    _write(answers, 0, line(status="ready"))
    mine = os.getpid()
    for request in map(parsed, iter(requests.readline, b"")):
        alarm(limits.seconds + _GRACE)
        _tell(answers, BEGUN % request["number"])
        answer = bench.answer(str(request["name"]), request["body"])
        if os.getpid() != mine:
            os._exit(0)  # a copy that the function made of this process: nobody asked it
        alarm(0)
        _write(answers, request["number"], answer.encode("utf-8"))


def stamp(file: str | None) -> list[int] | None:
    """What tells a file from a later one of its name: the time of its last change, and its length."""
    with contextlib.suppress(OSError, ValueError):
        found = None if file is None else os.stat(file)
        return None if found is None else [found.st_mtime_ns, found.st_size]
    return None


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """The two pipes, moved out of the reach of code that prints or reads: prints go to standard error."""
    requests, answers = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: _let_go(requests, answers))
    return os.fdopen(requests, "rb"), os.fdopen(answers, "wb")


def _let_go(*pipes: int) -> None:
    """Takes the pipes from a copy of this process, which would keep them open when this one has ended."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for pipe in pipes:
        os.dup2(nothing, pipe, inheritable=False)
    os.close(nothing)


def _write(answers: BinaryIO, number: int, text: bytes) -> None:
    """Writes an answer with the number of its request, on a line of its own: a function may have written there too."""
    _tell(answers, b"%d %s\n" % (number, text))


def _tell(answers: BinaryIO, text: bytes) -> None:
    answers.write(b"\n" + text)
    answers.flush()


def _warm(bench: Bench) -> None:
    """Loads what the first request would wait for."""
    bench.answer("story", {"source": {"expression": "w*x + b"}})
    bench.answer("examples", {})
    subject_of({"expression": "x"}, {}, None)


def restrict(limits: Limits) -> None:
    """Takes from this process the right to more memory than the limit, beyond what it has now; and to core files."""
    try:
        import resource
    except ImportError:  # not on Windows: there only the counting on Specs and the time limit hold
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    allowed = taken() + limits.memory
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard != resource.RLIM_INFINITY:
        allowed = min(allowed, hard)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
    except (ValueError, OSError):  # macOS knows the limit and refuses to set it
        print("the workbench cannot limit its memory on this system.", file=sys.stderr)


def taken() -> int:
    """The bytes of address space of this process; libraries reserve much that they never touch."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 2 << 30


def alarm(seconds: float) -> None:
    """Ends this process after so many seconds, whatever it does then; 0 takes the alarm back."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
