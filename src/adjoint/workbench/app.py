"""The application: the page, and one address for each kind of request.

A request is a POST of a JSON object; it has no effect but its answer. Nothing that a request holds is opened
as a file, run as code, or written to a log.
"""

from __future__ import annotations

import asyncio
import json
import re
import traceback
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from adjoint.workbench.front import Page, lost_page
from adjoint.workbench.guard import Guard
from adjoint.workbench.pool import Pool
from adjoint.workbench.protocol import NAMES, VERSION, Limits, line

#: Seconds in which a request has to arrive whole.
ARRIVING = 20.0
_TAB = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Refused(Exception):
    """A request that is no request of ours: its status, what is wrong with it, what to do."""

    def __init__(self, status: int, what: str, help: str) -> None:
        super().__init__(what)
        self.status, self.what, self.help = status, what, help


def application(
    page: Callable[[], Page], pool: Pool, token: str, hosts: Iterable[str], limits: Limits, opened: Callable[[], None]
) -> Guard:
    """The application behind its guard; ``opened`` is called when the page has been asked for."""

    async def front(request: Request) -> Response:
        opened()
        made = page()
        headers = {"content-security-policy": made.policy}
        return Response(made.text, media_type="text/html; charset=utf-8", headers=headers)

    async def asked(request: Request) -> Response:
        try:
            tab, seq, body = await _request(request, limits)
        except Refused as error:
            told = {"kind": "Refused", "what": error.what, "help": error.help}
            return _json(line(status="error", error=told), error.status)
        except ClientDisconnect:
            return Response(status_code=400)  # to nobody: the browser is gone
        answer = await _while_here(request, pool.answer(request.url.path.rpartition("/")[2], tab, seq, body))
        return Response(status_code=400) if answer is None else _json(answer)

    async def other(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 500:
            traceback.print_exception(error)  # lines of ours, and nothing of the request
        told = {"kind": "Refused", **_refusal(request, status)}
        allowed = getattr(error, "headers", None)  # with 405: which methods there are
        return _json(line(status="error", error=told), status, allowed)

    routes = [Route("/", front, methods=["GET"])]
    routes += [Route(f"/api/{name}", asked, methods=["POST"]) for name in NAMES]
    inner = Starlette(routes=routes, exception_handlers={HTTPException: other, 500: other})
    inner.router.redirect_slashes = False
    lost = lost_page()
    return Guard(inner, token, hosts, lost.text, lost.policy)


def _json(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, status, headers, media_type="application/json")


def _refusal(request: Request, status: int) -> dict[str, str]:
    """What is wrong with a request that has no answer here, and what to do."""
    if status == 404:
        return {"what": "there is nothing at this address.", "help": "the addresses are listed in docs/workbench.md."}
    if status == 405:
        page = request.url.path == "/"
        return {
            "what": f"this address takes {'GET' if page else 'POST'} alone.",
            "help": "questions are sent with POST to /api/NAME, as docs/workbench.md says."
            if page
            else 'send it with POST, as JSON: {"version": 1, "tab": "a", "seq": 1, ...}.',
        }
    return {
        "what": f"the workbench could not answer ({status}).",
        "help": "the reason stands in the terminal; please report it.",
    }


async def _while_here(request: Request, answering: Coroutine[Any, Any, bytes]) -> bytes | None:
    """The answer to a request that has arrived whole, or None, and an end to the work, where the browser goes first."""
    answer, gone = asyncio.ensure_future(answering), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
        return answer.result() if answer.done() else None
    finally:
        gone.cancel()
        answer.cancel()


async def _gone(request: Request) -> None:
    """Returns when the other end of the connection is gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _request(request: Request, limits: Limits) -> tuple[str, int, dict[str, Any]]:
    """The tab, the number and the contents of a request; raises Refused for what is none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "a request is JSON.", "send it with Content-Type: application/json.")
    try:
        async with asyncio.timeout(ARRIVING):
            raw = await _body(request, limits.request)
    except TimeoutError:
        raise Refused(408, "the request did not arrive whole.", "send it again.") from None
    try:
        body = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refused(400, "the request is not JSON.", 'NaN is written "NaN".') from None
    if not isinstance(body, dict):
        raise Refused(400, "a request is an object.", 'send {"version": 1, "tab": "a", "seq": 1, ...}.')
    if body.pop("version", None) != VERSION:
        raise Refused(400, f"this server speaks version {VERSION}.", "reload the page.")
    tab, seq = body.pop("tab", None), body.pop("seq", None)
    if not isinstance(tab, str) or not _TAB.fullmatch(tab):
        raise Refused(400, "a request names its tab.", "up to 64 letters, digits, - and _.")
    if type(seq) is not int or not 0 <= seq < 2**53:
        raise Refused(400, "a request has a number.", "count them from 0; a larger one takes the place of a smaller.")
    return tab, seq, body


def _no_constant(word: str) -> Any:
    raise ValueError(word)


async def _body(request: Request, most: int) -> bytes:
    """The body, read no further than it may be long."""
    too_long = Refused(413, f"a request has at most {most:,} bytes.", "use smaller inputs.")
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and (len(length) > 12 or int(length) > most):
        raise too_long
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > most:
            raise too_long
    return bytes(parts)
