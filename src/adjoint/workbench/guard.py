"""Who may ask: every request passes here before anything else sees it.

The server listens on this machine only, but other users of the machine, and every page that a browser has
open, can reach it as well. So each request needs the token of this run, must name this server as its host
(a name that somebody else's DNS points here is refused), and, where a browser says from where it comes, must
come from this server's own page. Nothing is written down about a request.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from adjoint.workbench.protocol import VERSION

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: The header in which the page sends the token; only the page itself is asked for with it in its address.
HEADER = "x-adjoint-token"

#: What every answer says to the browser, whatever else it says.
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}
#: For everything that is not the page: nothing at all may be loaded or run.
POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


class Guard:
    """The application with a lock on its door."""

    def __init__(self, app: App, token: str, hosts: Iterable[str], lost: bytes, lost_policy: str) -> None:
        self._app = app
        self._token = token.encode("ascii")
        self._hosts = frozenset(hosts)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)
        #: The page for a visitor without the token, who may have reloaded: it asks the tab itself.
        self._lost, self._lost_policy = lost, lost_policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request that may not pass, and hands all others on, with the headers that every answer has."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            return
        headers = _headers(scope)
        refusal = self._refusal(scope, headers)
        send = _with_headers(send)
        if refusal is None:
            await self._app(scope, receive, send)
        elif refusal[0] == 401 and scope["path"] == "/":
            await respond(
                send, 401, self._lost, "text/html; charset=utf-8", {"content-security-policy": self._lost_policy}
            )
        else:
            await refuse(send, *refusal)

    def _refusal(self, scope: Scope, headers: Mapping[str, list[str]]) -> tuple[int, str, str] | None:
        """Why a request may not pass: status, what is wrong, what to do. Nothing depends on the token but the last."""
        page = scope["method"] in ("GET", "HEAD") and scope["path"] == "/"
        hosts = headers.get("host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return 421, "this is not the host that was asked for.", "open the address that the terminal shows."
        origins = headers.get("origin", [])
        if origins and (len(origins) != 1 or origins[0].lower() not in self._origins):
            return 403, "another page asks, and only this one may.", "open the address that the terminal shows."
        sites = headers.get("sec-fetch-site", [])
        if sites and sites not in (["same-origin"], ["none"]) and not (page and _opened(headers)):
            return 403, "another site asks, and only this one may.", "open the address that the terminal shows."
        if not self._known(scope, headers, page):
            return 401, "the token of this run is missing or wrong.", "open the address that the terminal shows."
        return None

    def _known(self, scope: Scope, headers: Mapping[str, list[str]], page: bool) -> bool:
        given = headers.get(HEADER, [])
        if page and not given:
            try:
                given = parse_qs(scope["query_string"].decode("ascii"), max_num_fields=8).get("token", [])
            except (ValueError, UnicodeError):
                return False
        # Compared in a time that says nothing about how much of it was right.
        return len(given) == 1 and hmac.compare_digest(given[0].encode("utf-8", "replace"), self._token)


def _opened(headers: Mapping[str, list[str]]) -> bool:
    """Whether a browser opens the page in a tab: then it may come from a file that only this user can read."""
    return headers.get("sec-fetch-mode") == ["navigate"] and headers.get("sec-fetch-dest") == ["document"]


def _headers(scope: Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


def _with_headers(send: Send) -> Send:
    """A ``send`` that adds to every answer what it says to the browser."""

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message.get("headers", [])}
            extra = {**HEADERS, "content-security-policy": POLICY}
            message["headers"] = [
                *message.get("headers", []),
                *((k.encode(), v.encode()) for k, v in extra.items() if k.encode() not in present),
            ]
        await send(message)

    return sending


async def refuse(send: Send, status: int, what: str, help: str) -> None:
    """Answers with an error in the form of all answers."""
    error = {"kind": "Refused", "what": what, "help": help}
    text = json.dumps({"status": "error", "error": error, "version": VERSION})
    await respond(send, status, text.encode("ascii"), "application/json", {})


async def respond(send: Send, status: int, body: bytes, kind: str, headers: Mapping[str, str]) -> None:
    """Sends a whole answer."""
    named = {"content-type": kind, "content-length": str(len(body)), **headers}
    start = {"type": "http.response.start", "status": status}
    await send({**start, "headers": [(k.encode(), v.encode()) for k, v in named.items()]})
    await send({"type": "http.response.body", "body": body})
