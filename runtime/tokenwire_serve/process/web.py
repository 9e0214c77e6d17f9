"""The HTTP server: a socket that listens already, an ASGI application, and a drain."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tokenwire.acceptor import Acceptor
from tokenwire.http.asgi import mark_send
from tokenwire.limits import DEFAULT_LIMITS

from .http_listener import Listener, WebStats, prepare

if TYPE_CHECKING:
    import socket
    from ssl import SSLContext

    from starlette.types import ASGIApp
    from tokenwire.limits import Limits
    from tokenwire.record import CallObserver

__all__ = ["WebServer"]


class WebServer:
    """Serves an ASGI application on a socket that listens already.

    Args:
        app: What answers.
        sock: The socket.
        limits: What clients have to keep to.
        tls: TLS of its connections; None is none.
        observer: Told of requests that are refused before the application sees them.

    Attributes:
        stats: What has happened so far.
    """

    def __init__(
        self,
        app: ASGIApp,
        sock: socket.socket,
        *,
        limits: Limits = DEFAULT_LIMITS,
        tls: SSLContext | None = None,
        observer: CallObserver | None = None,
    ) -> None:
        self.stats = WebStats()
        self._app = mark_send(app)
        self._sock = sock
        self._limits = limits
        self._tls = tls
        self._observer = observer
        self._listener: Listener | None = None
        self._acceptor: Acceptor | None = None

    async def start(self) -> None:
        """Accept requests from now on."""
        loop = asyncio.get_running_loop()
        prepare(self._sock, self._limits)
        self._listener = Listener(
            self._app, self._limits, loop, self.stats, tls=self._tls, observer=self._observer
        )
        self._acceptor = Acceptor([self._sock], self._listener.accept, self.stats.refused)
        self._acceptor.start()

    async def drain(self, timeout: float | None = None) -> bool:
        """Accept nothing new and wait until the running requests have been answered.

        Returns:
            False when some still run after `timeout` seconds; `close` ends those.
        """
        if self._listener is None or self._acceptor is None:
            self._sock.close()
            return True
        await self._acceptor.finish()
        self._listener.drain()
        try:
            async with asyncio.timeout(timeout):
                await self._listener.ended()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Stop: connections are cut, which cancels what still runs for them."""
        if self._listener is None or self._acceptor is None:
            return
        self._acceptor.close()
        await self._acceptor.settled()
        self._listener.abort()
        await self._listener.ended()
