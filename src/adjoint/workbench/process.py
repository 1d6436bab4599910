"""One worker process as the server sees it: started, asked, and killed when it takes too long."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adjoint.errors import AdjointError
from adjoint.site import PACKAGE
from adjoint.workbench.protocol import BEGUN, Limits

#: Seconds that a worker has to start: it loads the engine, and the user's file, which may load a lot.
STARTING = 60.0
#: Seconds that are waited for the end of a process that has been killed.
ENDING = 5.0
#: Each worker computes on one thread: there are two of them, and they share the machine with a browser.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class WorkerError(AdjointError):
    """A worker that could not be started."""


class Ended(Exception):
    """A worker that ended before it answered.

    ``status`` is what the system says of it, or None where it was ended here; ``begun`` whether it had begun.
    """

    def __init__(self, status: int | None, begun: bool) -> None:
        super().__init__(f"the worker ended with {status}")
        self.status = status
        self.begun = begun


class Worker:
    """A worker process. One request at a time: who asks must have it alone."""

    def __init__(self, command: Sequence[str], first: dict[str, Any], limits: Limits) -> None:
        self._command = list(command)
        self._first = {**first, "limits": vars(limits)}
        self._limits = limits
        self._process: asyncio.subprocess.Process | None = None
        #: How many requests it was asked.
        self._asked = 0

    @property
    def alive(self) -> bool:
        """Whether there is a process that has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The process's number."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Starts the process; raises WorkerError with what it said where it cannot work."""
        try:
            await self._spawn()
            line = await asyncio.wait_for(self._exchange(self._first, 0), STARTING)
        except TimeoutError:  # before OSError, of which it is a kind
            await self.kill()
            raise WorkerError(
                f"the worker was not ready after {STARTING:.0f} seconds.",
                help="a file that is named on the command line should define its function and return.",
            ) from None
        except OSError as error:
            raise WorkerError(f"the worker cannot be started: {error.strerror or error}.") from error
        except Ended as error:
            raise WorkerError("the worker ended before it was ready.", help="what it said stands above.") from error
        found = json.loads(line)
        if found["status"] != "ready":
            await self.kill()
            told = found["error"]
            raise WorkerError(told["what"], where=told.get("where"), help=told.get("help"))

    async def _spawn(self) -> None:
        """Makes the process; who stops waiting for it meanwhile leaves none behind."""
        spawning = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=_environment(),
                limit=self._limits.answer * 4 + 65536,
                start_new_session=True,  # Ctrl-C in the terminal reaches the server, which ends its workers
            )
        )
        try:
            self._process = await asyncio.shield(spawning)
        except asyncio.CancelledError:
            self._process = await spawning
            await self.kill()
            raise

    async def ask(self, name: str, body: dict[str, Any]) -> bytes:
        """The answer to a request; raises Ended where the process ends first."""
        self._asked += 1
        return await self._exchange({"number": self._asked, "name": name, "body": body}, self._asked)

    async def _exchange(self, request: dict[str, Any], number: int) -> bytes:
        """Sends a line and reads the answer, which begins with the number; other lines are left out."""
        begin, begun = b"%d " % number, False
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise Ended(None, begun)
        try:
            process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            await process.stdin.drain()
            line = await process.stdout.readline()
            while line.endswith(b"\n") and not line.startswith(begin):
                begun = begun or line == BEGUN % number
                line = await process.stdout.readline()
        except (ConnectionError, ValueError) as error:  # a line beyond the limit raises ValueError
            status = process.returncode
            await self.kill()
            raise Ended(status, begun) from error
        if not line.endswith(b"\n"):
            status = await process.wait()
            await self.kill()  # what it has started may still be there
            raise Ended(status, begun)
        return line[len(begin) : -1]

    async def kill(self) -> None:
        """Ends the process at once, with all that it has started, and waits until it has ended."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)  # it leads a group of its own
            else:
                process.kill()
        # One that left the group may hold the pipes, and the end of a process is told with the end of its pipes.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), ENDING)


def command(module: str) -> list[str]:
    """How a module is run as a worker: the folder that the user stands in is no place to import from."""
    return [sys.executable, "-P", "-m", module]


def _environment() -> dict[str, str]:
    """The environment of a worker: one thread each, and the engine to be found where this one was."""
    found = os.environ | dict.fromkeys(THREADS, "1")
    home = str(Path(PACKAGE).parent)
    if not home.endswith("-packages"):
        found["PYTHONPATH"] = os.pathsep.join(filter(None, (home, found.get("PYTHONPATH", ""))))
    return found
