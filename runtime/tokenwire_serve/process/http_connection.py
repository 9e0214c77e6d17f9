"""uvicorn's HTTP/1.1 connection, which notices under all circumstances that its client has left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

__all__ = ["HttpConnection"]

_MOST_HELD: Final = 64 << 10
"""Bytes of requests yet to come that are kept while one is answered; then reading stops."""
_CLOSE_S: Final = 5.0
"""How long a client may take to read the rest of a connection that is closing."""


class HttpConnection(HttpToolsProtocol):
    """A connection that goes on reading while a request is answered: the end of what comes is the client's.

    Requests sent ahead of their turn (pipelining) wait as bytes. A client that shuts down its sending side
    has left, for nobody can tell that from one that has closed the connection.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._held = bytearray()
        self._answered: RequestResponseCycle | None = None

    def data_received(self, data: bytes) -> None:
        """Take what came, once the request before it has been answered."""
        if not self._held and not self._busy:
            super().data_received(data)
            if self.pipeline:
                self.flow.resume_reading()
            return
        self._held += data
        if len(self._held) > _MOST_HELD:
            self.flow.pause_reading()

    @property
    def _busy(self) -> bool:
        """Whether a request that has come whole is being answered."""
        cycle = self._answered
        return bool(self.pipeline) or not (cycle is None or cycle.response_complete or cycle.more_body)

    def on_response_complete(self) -> None:
        """Go on with what waits."""
        super().on_response_complete()
        if self._held and not self._busy and not self.transport.is_closing():
            held, self._held = bytes(self._held), bytearray()
            self.data_received(held)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def eof_received(self) -> None:
        """The client has left; what was written for it may still be read, for a while."""
        self._end()
        self.loop.call_later(_CLOSE_S, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything."""
        self._end()
        super().connection_lost(exc)

    def _end(self) -> None:
        self._held.clear()
        self.pipeline.clear()
        cycle, self._answered = self._answered, None
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
