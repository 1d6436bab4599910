"""Connections that bring no request are closed: whoever else is on this machine cannot keep the page out with them.

To connect needs no token. A server that counts connections would refuse its own page once others hold as many
as it takes; and one that waits for the rest of a request may wait for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

#: Connections at a time; a further one takes the place of the one that has been idle longest.
MOST = 128
#: Seconds in which a connection must bring a request.
PATIENCE = 20.0


class Connection(H11Protocol):
    """A connection to a browser: closed when it brings nothing for long, and when others need its place."""

    _look: asyncio.TimerHandle | None = None
    #: What it was answering when it was looked at last.
    _seen: Any = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Takes the connection up, and gives up another one where there are too many."""
        super().connection_made(transport)
        self._since = self.loop.time()
        # One that was given up is among them until the loop comes around to it.
        others = [
            one
            for one in self.connections
            if isinstance(one, Connection) and one is not self and not one.transport.is_closing()
        ]
        idle = [one for one in others if one.idle]
        if len(others) >= MOST and idle:
            min(idle, key=lambda one: one._since).transport.abort()
        self._look = self.loop.call_later(PATIENCE, self._check)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to be answered: who has no token is answered at once."""
        return self.cycle is None or self.cycle.response_complete

    def _check(self) -> None:
        cycle = cast(Any, self.cycle)
        if self.idle and cycle is self._seen:
            self.transport.abort()
            return
        self._seen = cycle
        self._look = self.loop.call_later(PATIENCE, self._check)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)
