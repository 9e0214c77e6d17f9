"""The TLS handshake of a connection, as a protocol that can be counted, timed and ended like others."""

from __future__ import annotations

import asyncio
from ssl import SSLError
from typing import TYPE_CHECKING, cast

from .acceptor import client_of
from .coroutines import rest

if TYPE_CHECKING:
    from ssl import SSLContext

    from .handshake_turns import HandshakeTurns

__all__ = ["Handshake"]


class Handshake(asyncio.Protocol):
    """Shakes hands, and lets another protocol go on from there. Subclasses are told what becomes of it.

    Args:
        context: The server's side of TLS.
        timeout: Seconds.
        turns: Where it has its turns.
    """

    def __init__(self, context: SSLContext, timeout: float, turns: HandshakeTurns) -> None:
        self._context = context
        self._timeout = timeout
        self._turns = turns
        self._number = -1
        self._early: list[bytes] = []
        self._over = False

    def begun(self) -> bool:
        """A client wants to shake hands; whether it may."""
        return True

    def failed(self, error: Exception) -> None:
        """The handshake has failed."""

    def ended(self, *, lost: bool) -> None:
        """It has ended, and the connection with it if it is `lost`; told once."""

    def successor(self) -> asyncio.Protocol:
        """What goes on."""
        raise NotImplementedError

    def abort(self) -> None:
        """End now."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to shake hands."""
        self._transport = cast("asyncio.Transport", transport)
        if not self.begun():
            self._over = True
            self._transport.close()
            return
        work = self._shake_hands()
        try:
            # Begun now, not in a later turn: uvloop reads as soon as this returns, and what the client
            # has sent by then is the handshake's.
            waits_for = work.send(None)
        except StopIteration:
            return
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(rest(work, waits_for))
        loop.call_soon(self._take_turns)  # `start_tls` has the transport read from then on.

    def connection_lost(self, error: Exception | None) -> None:
        """The client left."""
        self._finish(lost=True)

    def data_received(self, data: bytes) -> None:
        """The client was quicker than the loop, and has sent a request with the end of its handshake."""
        self._early.append(data)

    def _take_turns(self) -> None:
        if not self._over and not self._transport.is_closing():
            self._number = self._transport.get_extra_info("socket").fileno()
            client = client_of(self._transport.get_extra_info("peername"))
            self._turns.enter(self._number, client, self)

    def read_on(self) -> None:
        """It is this handshake's turn."""
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def read_no_more(self) -> None:
        """Wait for the next turn."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    async def _shake_hands(self) -> None:
        try:
            transport = await asyncio.get_running_loop().start_tls(
                self._transport,
                self,
                self._context,
                server_side=True,
                ssl_handshake_timeout=self._timeout,
            )
        except (OSError, SSLError) as error:  # TimeoutError and ConnectionError are OSErrors.
            self.failed(error)
            self._transport.abort()
            self._finish(lost=True)
            return
        if transport is None or self._over or self._transport.is_closing():
            # uvloop says nothing of a connection that was ended without an error.
            self._finish(lost=True)
            return
        self._finish(lost=False)
        connection = self.successor()
        transport.set_protocol(connection)
        connection.connection_made(transport)
        for data in self._early:
            connection.data_received(data)

    def _finish(self, *, lost: bool) -> None:
        if not self._over:
            self._over = True
            self._turns.leave(self._number, self)
            self.ended(lost=lost)
            self.read_on()
