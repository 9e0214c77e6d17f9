"""The TLS handshake of a connection, counted and timed like the rest of it."""

from __future__ import annotations

import asyncio
import logging
from ssl import SSLError
from typing import TYPE_CHECKING, Final, cast

from tokenwire.coroutines import rest

from .http_connection import HttpConnection

if TYPE_CHECKING:
    from ssl import SSLContext

    from .http_listener import Listener

__all__ = ["Handshake"]

_LOG: Final = logging.getLogger("tokenwire.serve.http")


class Handshake(asyncio.Protocol):
    """Shakes hands, and lets an `HttpConnection` go on from there.

    Attributes:
        idle_since: None: it is not idle.
    """

    def __init__(self, listener: Listener, context: SSLContext) -> None:
        self.idle_since: float | None = None
        self._listener = listener
        self._context = context
        self._early: list[bytes] = []
        self._over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to shake hands."""
        self._transport = cast("asyncio.Transport", transport)
        self._listener.opened(self)
        work = self._shake_hands()
        try:
            # Begun now, not in a later turn: uvloop reads as soon as this returns, and what the client
            # has sent by then is the handshake's.
            waits_for = work.send(None)
        except StopIteration:
            return
        self._task = self._listener.loop.create_task(rest(work, waits_for))

    def connection_lost(self, error: Exception | None) -> None:
        """The client left."""
        self._finish(lost=True)

    def data_received(self, data: bytes) -> None:
        """The client was quicker than the loop, and has sent a request with the end of its handshake."""
        self._early.append(data)

    def look(self, now: float) -> None:
        """Nothing: the handshake has a clock of its own."""

    def drain(self) -> None:
        """End: there is no request yet."""
        self.abort()

    def abort(self) -> None:
        """End now."""
        self._transport.abort()

    async def _shake_hands(self) -> None:
        started = self._listener.loop.time()
        try:
            transport = await self._listener.loop.start_tls(
                self._transport,
                self,
                self._context,
                server_side=True,
                ssl_handshake_timeout=self._listener.limits.handshake_timeout,
            )
        except (OSError, SSLError) as error:  # TimeoutError and ConnectionError are OSErrors.
            _LOG.debug("a TLS handshake failed: %s", error)
            self._listener.stats.refused["tls"] += 1
            self._transport.abort()
            self._finish(lost=True)
            return
        if transport is None or self._over:
            self._finish(lost=True)
            return
        self._finish(lost=False)
        connection = HttpConnection(self._listener, since=started)
        transport.set_protocol(connection)
        connection.connection_made(transport)
        for data in self._early:
            connection.data_received(data)

    def _finish(self, *, lost: bool) -> None:
        if not self._over:
            self._over = True
            self._listener.closed(self, lost=lost)
