"""The HTTP server: a socket that listens already, an ASGI application, and a drain."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

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

_BACKLOG = 2048


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
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Accept requests from now on."""
        loop = asyncio.get_running_loop()
        prepare(self._sock, self._limits)
        self._listener = Listener(
            self._app, self._limits, loop, self.stats, tls=self._tls, observer=self._observer
        )
        self._server = await loop.create_server(self._listener.accept, sock=self._sock, backlog=_BACKLOG)

    async def drain(self, timeout: float | None = None) -> bool:
        """Accept nothing new and wait until the running requests have been answered.

        Returns:
            False when some still run after `timeout` seconds; `close` ends those.
        """
        if self._listener is None or self._server is None:
            self._sock.close()
            return True
        await self._stop_listening(self._listener)
        self._listener.drain()
        try:
            async with asyncio.timeout(timeout):
                await self._listener.ended()
        except TimeoutError:
            return False
        return True

    async def _stop_listening(self, listener: Listener) -> None:
        """Close the socket, but take the connections that the kernel has taken: it would reset them."""
        assert self._server is not None
        loop, pending = asyncio.get_running_loop(), []
        if self._server.is_serving():
            with suppress(OSError):
                while True:
                    sock, _ = self._sock.accept()
                    pending.append(loop.connect_accepted_socket(listener.accept, sock))
        self._server.close()
        await asyncio.gather(*pending, return_exceptions=True)

    async def close(self) -> None:
        """Stop: connections are cut, which cancels what still runs for them."""
        if self._listener is None or self._server is None:
            return
        self._server.close()
        self._listener.abort()
        await self._listener.ended()
