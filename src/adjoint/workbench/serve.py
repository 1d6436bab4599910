"""Starting and ending the workbench: an address on this machine, a token, a browser, and the workers."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import secrets
import shutil
import socket
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adjoint.errors import ArgumentError, UnsupportedError
from adjoint.workbench.protocol import Limits

#: Where the workbench is, and how many ports further it looks where that one is taken.
PORT, TRIED = 8765, 20
#: Seconds without a worker after which it is said what is waited for.
QUIET = 5.0


@dataclass
class Wanted:
    """What the command line asks for."""

    #: How a worker is started.
    worker: Sequence[str]
    #: The first line that a worker reads: the user's file and its values, if one was named.
    first: dict[str, Any] = field(default_factory=dict)
    #: What the page opens with.
    start: dict[str, Any] = field(default_factory=dict)
    host: str = "127.0.0.1"
    #: None: the first that is free.
    port: int | None = None
    browser: bool = True
    limits: Limits = field(default_factory=Limits)
    #: Told the address, with the token in it.
    say: Callable[[str], None] = print


def serve(wanted: Wanted) -> None:
    """Serves the workbench until Ctrl-C; raises in three parts for what keeps it from starting."""
    needed()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(wanted))
    wanted.say("the workbench is closed.")


def needed() -> None:
    """Raises UnsupportedError where the packages of the extra ``web`` are missing."""
    try:
        import starlette
        import uvicorn
    except ImportError as error:
        raise UnsupportedError(
            f"the workbench needs the package {error.name}, which is not installed.",
            help="install it: pip install 'adjoint[web]'.",
        ) from error
    del starlette, uvicorn


async def _serve(wanted: Wanted) -> None:
    import uvicorn

    from adjoint.workbench.app import application
    from adjoint.workbench.front import workbench_page
    from adjoint.workbench.pool import Pool
    from adjoint.workbench.process import Worker

    listening = bound(wanted.host, wanted.port)
    token = secrets.token_urlsafe(32)
    pool = Pool(lambda: Worker(wanted.worker, wanted.first, wanted.limits), wanted.limits)
    opener = Opener()
    hosts = host_names(listening)
    what = str(wanted.start.get("file", "the engine")).rpartition(":")
    late = asyncio.get_running_loop().call_later(QUIET, wanted.say, f"still loading {what[0] or what[2]} ...")
    try:
        await pool.start()
        late.cancel()
        page = lambda: workbench_page(token, wanted.start)
        app = application(page, pool, token, hosts, wanted.limits, opener.close)
        address = f"http://{hosts[0]}/?token={token}"
        wanted.say(f"the workbench is at {address}")
        wanted.say("Ctrl-C ends it. Whoever has this address can use it; nobody else can.")
        if wanted.browser:
            # In a thread of its own: a browser that lives in the terminal keeps whoever opens it waiting.
            threading.Thread(target=opener.open, args=(address,), daemon=True).start()
        await uvicorn.Server(_config(app)).serve(sockets=[listening])
    finally:
        late.cancel()
        opener.close()
        listening.close()
        await _whole(pool.stop())


async def _whole(work: Coroutine[Any, Any, None]) -> None:
    """Waits for the end of a work, also where Ctrl-C, which the server hands on as it ends, would stop the waiting."""
    task = asyncio.ensure_future(work)
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(task)


def _config(app: Any) -> Any:
    """A server that writes nothing down about requests, trusts no proxy, and says nothing of itself."""
    import uvicorn

    from adjoint.workbench.connections import Connection

    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # its lines may quote what a request held
    return uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        http=Connection,
        loop="asyncio",
        h11_max_incomplete_event_size=32 << 10,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
    )


def bound(host: str, port: int | None) -> socket.socket:
    """A socket that listens at an address of this machine; raises ArgumentError where it cannot."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise ArgumentError(
            f"{host!r} is no address of a machine.", help="write --host 127.0.0.1 (this machine alone) or --host ::1."
        ) from None
    if address.is_unspecified:
        raise ArgumentError(
            f"{host} stands for every address at once, and the page must know the one that it is asked for.",
            help="name one address of this machine, such as --host 127.0.0.1.",
        )
    if port is None:
        for candidate in range(PORT, PORT + TRIED):
            with contextlib.suppress(OSError):
                return _listening(address, candidate)
    try:
        return _listening(address, port or 0)
    except OSError as error:
        what = f"port {port} of {host}" if port else host
        raise ArgumentError(
            f"{what} cannot be used: {(error.strerror or str(error)).lower()}.",
            help="leave --port out, and a free one is taken." if port else "name an address of this machine.",
        ) from error


def _listening(address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> socket.socket:
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    # With its protocol named, because asyncio sends small packets at once only on sockets that say they are TCP.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let another program take the same port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((str(address), port))
        made.listen(128)
        made.setblocking(False)
    except BaseException:
        made.close()
        raise
    return made


def host_names(listening: socket.socket) -> list[str]:
    """What a browser may call this server: its address, and localhost where that is what it means."""
    address, port = listening.getsockname()[:2]
    names = [f"[{address}]" if ":" in address else address]
    if ipaddress.ip_address(address).is_loopback:
        names.append("localhost")
    found = [f"{name}:{port}" for name in names]
    return found + (names if port == 80 else [])  # a browser leaves the usual port out


class Opener:
    """Opens the page in a browser by way of a file that only this user can read.

    A browser gets what it shall open in its arguments, and those every user of a machine can list. So it
    gets the name of the file, which sends it on; the file is gone as soon as the page has been asked for.
    """

    def __init__(self) -> None:
        self._folder: str | None = None

    def open(self, address: str) -> bool:
        """Opens the address; says whether there was a browser to do so."""
        self._folder = tempfile.mkdtemp(prefix="adjoint-")  # with all rights for its owner, and none for others
        file = Path(self._folder) / "open.html"
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(
                '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
                f'<meta http-equiv="refresh" content="0;url={address}"><title>adjoint workbench</title>'
            )
        try:
            return webbrowser.open(file.as_uri())
        except webbrowser.Error:
            return False

    def close(self) -> None:
        """Removes the file."""
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
