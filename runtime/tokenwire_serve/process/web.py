"""uvicorn as a part of a larger program: no signals, no lifespan, a drain of its own."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from tokenwire.http.asgi import mark_send
from tokenwire.limits import DEFAULT_LIMITS

from .http_connection import HttpConnection

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Iterator

    from starlette.types import ASGIApp

__all__ = ["WebServer"]

_KEEP_ALIVE: Final = 65
"""Seconds that an idle connection stays open; longer than the 60 of common load balancers."""


class WebServer:
    """Serves an ASGI application on a socket that listens already.

    Args:
        app: What answers.
        sock: The socket.
        tls: TLS of its connections; None is none.
        handshake_timeout: Seconds that a client gets for the handshake of TLS.
    """

    def __init__(
        self,
        app: ASGIApp,
        sock: socket.socket,
        *,
        tls: ssl.SSLContext | None = None,
        handshake_timeout: float = DEFAULT_LIMITS.handshake_timeout,
    ) -> None:
        config = uvicorn.Config(
            mark_send(app),
            http=HttpConnection,
            lifespan="off",
            ws="none",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
        )
        self._server = _Server(config, tls, handshake_timeout)
        self._sock = sock
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Accept requests from now on."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._sock]))
        await self._server.accepting.wait()

    async def drain(self, timeout: float | None = None) -> bool:
        """Accept nothing new and wait until the running requests have been answered.

        Returns:
            False when some still run after `timeout` seconds; `close` ends those.
        """
        if self._task is None:
            self._sock.close()
            return True
        self._server.should_exit = True
        done, _ = await asyncio.wait({self._task}, timeout=timeout)
        return bool(done)

    async def close(self) -> None:
        """Stop: connections are cut, which cancels what still runs for them."""
        if self._task is None or self._task.done():
            return
        self._server.should_exit = True
        self._server.force_exit = True
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()
        await asyncio.wait({self._task})


class _Server(uvicorn.Server):
    """uvicorn's server without its hands on the process."""

    def __init__(self, config: uvicorn.Config, tls: ssl.SSLContext | None, handshake_timeout: float) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()
        self._tls: dict[str, Any] = {}
        if tls is not None:
            self._tls = {"ssl": tls, "ssl_handshake_timeout": handshake_timeout}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, as uvicorn does, with a context that it did not make."""
        loop = asyncio.get_running_loop()
        self.servers = [
            await loop.create_server(self._protocol, sock=sock, backlog=self.config.backlog, **self._tls)
            for sock in sockets or ()
        ]
        self.started = True
        self.accepting.set()

    def _protocol(self) -> asyncio.Protocol:
        protocol: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the supervisor: uvicorn would raise them again at its end."""
        yield
