"""Who computes what, when: two workers, and for every tab of a browser only its latest request.

A slider sends requests faster than they can be answered. A request that waits is dropped when a newer one
of its tab arrives, or when whoever asked has gone away; one that is being computed then is answered
"superseded" at once, and its worker is given a moment to finish before it is replaced. A worker that takes too
long, or ends by itself, is replaced too; a request that it had not begun is asked once more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from adjoint.errors import AdjointError
from adjoint.numbers import format_bytes
from adjoint.workbench.process import Ended, Worker
from adjoint.workbench.protocol import Limits, failed, line

#: Seconds that a superseded computation may still take before its worker is replaced.
PATIENCE = 0.5
#: The status of a process that the system killed.
_KILLED = -9
#: Tabs that are remembered, and requests that may wait.
LANES, WAITING = 256, 64


SUPERSEDED = line(status="superseded")


class Lane:
    """The requests of one kind from one tab: the newest number, and the request that is still open."""

    def __init__(self) -> None:
        self.newest = -1
        self.open: asyncio.Future[bytes] | None = None


class Pool:
    """The workers, and the requests that wait for them."""

    def __init__(self, make: Callable[[], Worker], limits: Limits, size: int = 2) -> None:
        self._make = make
        self._limits = limits
        self._size = size
        self._lanes: OrderedDict[tuple[str, str], Lane] = OrderedDict()
        self._free: asyncio.Queue[Worker] = asyncio.Queue()
        self._workers: set[Worker] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting = 0

    @property
    def pids(self) -> list[int]:
        """The process numbers of all workers that run."""
        return [w.pid for w in self._workers if w.alive and w.pid is not None]

    async def start(self) -> None:
        """Starts the first worker, and raises what keeps it from starting; the others start when it has."""
        first = self._make()
        self._workers.add(first)
        await first.start()
        self._free.put_nowait(first)
        for _ in range(self._size - 1):
            self._later(self._renew(None))

    async def stop(self) -> None:
        """Ends all workers."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(worker.kill() for worker in list(self._workers)))

    async def answer(self, name: str, tab: str, seq: int, body: dict[str, Any]) -> bytes:
        """The answer to a request, as JSON; an older request of the same tab and kind is superseded by it."""
        lane = self._lane(tab, name)
        if seq <= lane.newest:
            return SUPERSEDED
        lane.newest = seq
        if lane.open is not None and not lane.open.done():
            lane.open.set_result(SUPERSEDED)
        if self._waiting >= WAITING:
            return failed(AdjointError("the workbench has too much to do.", help="wait a moment, or close other tabs."))
        done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        lane.open = done
        self._waiting += 1
        self._later(self._work(name, body, done))
        try:
            return await asyncio.shield(done)
        finally:
            if not done.done():  # whoever asked has gone away: nobody else waits for this
                done.set_result(SUPERSEDED)

    def _lane(self, tab: str, name: str) -> Lane:
        key = tab, name
        lane = self._lanes.setdefault(key, Lane())
        self._lanes.move_to_end(key)
        while len(self._lanes) > LANES:
            self._lanes.popitem(last=False)
        return lane

    def _later(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, name: str, body: dict[str, Any], done: asyncio.Future[bytes]) -> None:
        """Waits for a worker and asks it; the worker is free again, or another one in its place, at the end."""
        worker = await self._turn(done)
        if worker is None:
            return
        result = None
        try:
            for last in (False, True):
                if not worker.alive:
                    await worker.kill()  # what it has started may still be there
                    self._workers.discard(worker)
                    worker = self._make()
                    self._workers.add(worker)
                    await worker.start()
                try:
                    result = await self._ask(worker, name, body, done)
                    break
                except Ended as error:
                    if error.begun or last or done.done():
                        result = failed(_died(error, self._limits))
                        break
        except AdjointError as error:
            result = failed(error)
        finally:
            if not done.done():
                done.set_result(failed(_stopped()) if result is None else result)
            if worker.alive:
                self._free.put_nowait(worker)
            else:
                self._later(self._renew(worker))

    async def _turn(self, done: asyncio.Future[bytes]) -> Worker | None:
        """A free worker when it is a request's turn, or None as soon as nobody waits for it any more."""
        getting = asyncio.ensure_future(self._free.get())
        try:
            either: set[asyncio.Future[Any]] = {getting, done}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting -= 1
            if not getting.done():
                getting.cancel()
        if not done.done():
            return getting.result()
        if getting.done():
            self._free.put_nowait(getting.result())
        return None

    async def _ask(self, worker: Worker, name: str, body: dict[str, Any], done: asyncio.Future[bytes]) -> bytes:
        """What the worker answers in time; it is killed where it does not. Raises Ended where it ends by itself."""
        asked = asyncio.ensure_future(worker.ask(name, body))
        try:
            await asyncio.wait({asked, done}, timeout=self._limits.seconds, return_when=asyncio.FIRST_COMPLETED)
            if done.done() and not asked.done():
                await asyncio.wait({asked}, timeout=PATIENCE)
            if asked.done():
                return asked.result()
            await worker.kill()
            return SUPERSEDED if done.done() else failed(_too_slow(self._limits))
        finally:
            if not asked.done():
                asked.cancel()
                await worker.kill()
            await asyncio.gather(asked, return_exceptions=True)  # that its worker ended is no news to anybody

    async def _renew(self, old: Worker | None) -> None:
        """Puts a new worker in the place of one that ended, ready for the next request."""
        if old is not None:
            self._workers.discard(old)
        worker = self._make()
        self._workers.add(worker)
        with contextlib.suppress(AdjointError):  # whoever gets it tries once more, and says why it does not start
            await worker.start()
        self._free.put_nowait(worker)


def _too_slow(limits: Limits) -> AdjointError:
    return AdjointError(
        f"the computation took longer than {limits.seconds:g} seconds, and was stopped.",
        help="use smaller inputs or fewer steps here, or explain it in a program of your own.",
    )


def _died(error: Ended, limits: Limits) -> AdjointError:
    if error.status == _KILLED:  # by whom, nobody says: systems do so where memory is gone
        return AdjointError(
            "the worker process was ended by the system while it computed, most likely for its memory.",
            help=f"the workbench gives it {format_bytes(limits.memory)}: use smaller inputs here, or explain it in a "
            "program of your own.",
        )
    what = "" if error.status is None else f" with status {error.status}"
    if error.status is not None and error.status < 0:
        what = f" by signal {-error.status}"
    return AdjointError(
        f"the worker process ended{what} while it computed.",
        help="a new one has been started; what it said stands in the terminal.",
    )


def _stopped() -> AdjointError:
    return AdjointError("the workbench was stopped.", help="start it again: adjoint workbench.")
