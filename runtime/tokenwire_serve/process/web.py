"""uvicorn as a part of a larger program: no signals, no lifespan, a drain of its own."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import uvicorn
from tokenwire.http.asgi import mark_send

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from starlette.types import ASGIApp

__all__ = ["WebServer"]

_KEEP_ALIVE: Final = 65
"""Seconds that an idle connection stays open; longer than the 60 of common load balancers."""


class WebServer:
    """Serves an ASGI application on a socket that listens already."""

    def __init__(self, app: ASGIApp, sock: socket.socket) -> None:
        config = uvicorn.Config(
            mark_send(app),
            lifespan="off",
            ws="none",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
        )
        self._server = _Server(config)
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

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepting.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the supervisor: uvicorn would raise them again at its end."""
        yield
