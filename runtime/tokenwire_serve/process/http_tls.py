"""The TLS handshake of a connection, counted and timed like the rest of it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from tokenwire import handshake
from tokenwire.limits import flag_of
from tokenwire.notices import LATE

from .http_connection import HttpConnection

if TYPE_CHECKING:
    from ssl import SSLContext

    from .http_listener import Listener

__all__ = ["Handshake"]

_LOG: Final = logging.getLogger("tokenwire.serve.http")


class Handshake(handshake.Handshake):
    """Shakes hands, and lets an `HttpConnection` go on from there.

    Attributes:
        idle_since: None: it is not idle.
    """

    def __init__(self, listener: Listener, context: SSLContext) -> None:
        super().__init__(context, listener.limits.handshake_timeout, listener.handshakes)
        self.idle_since: float | None = None
        self._listener = listener
        self._since = listener.loop.time()

    def begun(self) -> bool:
        """The listener looks after it; whether it may go on was decided before."""
        self._listener.opened(self)
        return True

    def failed(self, error: Exception) -> None:
        """The client does not speak TLS, or not with us."""
        _LOG.debug("a TLS handshake failed: %s", error)
        if isinstance(error, ConnectionAbortedError):
            self._listener.notices.tell("handshake_timeout", LATE, flag_of("handshake_timeout"))
        self._listener.stats.refused["tls"] += 1

    def ended(self, *, lost: bool) -> None:
        """The listener need not look after it any more."""
        self._listener.closed(self, lost=lost)

    def successor(self) -> HttpConnection:
        """The connection; its clock has been running since the handshake began."""
        return HttpConnection(self._listener, since=self._since)

    def look(self, now: float) -> None:
        """Nothing: the handshake has a clock of its own."""

    def drain(self) -> None:
        """End: there is no request yet."""
        self.abort()
