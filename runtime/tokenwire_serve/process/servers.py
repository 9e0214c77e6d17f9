"""The HTTP and the gRPC server of one servicer, started and drained together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tokenwire.auth import OPEN
from tokenwire.budget import MemoryBudget
from tokenwire.grpc.server import Server
from tokenwire.health import HealthRegistry
from tokenwire.http.asgi import build_endpoint
from tokenwire.limits import DEFAULT_LIMITS
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SGLANG_SERVICE
from tokenwire_gen.sglang.runtime.v1.sglang_http import ROUTES
from tokenwire_gen.sglang.runtime.v1.sglang_openai import ADAPTERS

from tokenwire_serve.observe.sources import grpc_rows, http_rows
from tokenwire_serve.shapes.handlers import http_handlers

from .collector import IdleCollector
from .memory import Trimmer, glibc
from .web import WebServer

if TYPE_CHECKING:
    import socket
    import ssl

    from tokenwire.auth import Access
    from tokenwire.errors import RpcError
    from tokenwire.grpc.compression import ReplyCompression
    from tokenwire.limits import Limits

    from tokenwire_serve.observe.observation import Observation
    from tokenwire_serve.servicer.service import SglangServicer

__all__ = ["Servers"]


class Servers:
    """Both servers on sockets that listen already; they answer while the engine starts, too.

    Args:
        servicer: What answers.
        http: Socket of HTTP.
        grpc: Socket of gRPC; None is HTTP only.
        limits: What clients have to keep to.
        access: Who may call what.
        http_tls: TLS of HTTP; None is none.
        grpc_tls: TLS of gRPC; None is none.
        observation: Told of every call, and shown on the HTTP port unless it has one of its own.
        metrics: Socket of the metrics, where they have one of their own: open, and without TLS.
        compression: Which gRPC replies are compressed.
    """

    def __init__(
        self,
        servicer: SglangServicer,
        http: socket.socket,
        grpc: socket.socket | None,
        *,
        limits: Limits = DEFAULT_LIMITS,
        access: Access = OPEN,
        http_tls: ssl.SSLContext | None = None,
        grpc_tls: ssl.SSLContext | None = None,
        observation: Observation | None = None,
        metrics: socket.socket | None = None,
        compression: ReplyCompression = "asked",
    ) -> None:
        observer = None if observation is None else observation.observer
        pages = {} if observation is None else observation.pages
        self._metrics: WebServer | None = None
        if metrics is not None:
            own = build_endpoint(pages=pages, limits=limits)
            self._metrics = WebServer(own, metrics, limits=limits)
        self._servicer = servicer
        self._health = HealthRegistry([SGLANG_SERVICE.name])
        budget = MemoryBudget(limits.max_request_memory)
        app = build_endpoint(
            servicer,
            routes=ROUTES,
            adapters=ADAPTERS,
            handlers=http_handlers(servicer),
            pages=pages if metrics is None else {},
            limits=limits,
            budget=budget,
            access=access,
            observer=observer,
        )
        self._http = WebServer(app, http, limits=limits, tls=http_tls, observer=observer)
        self._grpc = Server(
            [servicer],
            health=self._health,
            limits=limits,
            access=access,
            observer=observer,
            budget=budget,
            compression=compression,
        )
        self._trimmer = Trimmer(glibc())
        self._collector = IdleCollector(self._activity)
        self._grpc_socket = grpc
        self._grpc_tls = grpc_tls
        if observation is not None and observation.exposition is not None:
            observation.exposition.add(lambda: grpc_rows(self._grpc.stats))
            observation.exposition.add(lambda: http_rows(self._http.stats))

    async def start(self) -> None:
        """Accept requests from now on; health follows the engine."""
        self._servicer.watch_health(self._health.set_all)
        self._trimmer.start()
        self._collector.start()
        await self._http.start()
        if self._metrics is not None:
            await self._metrics.start()
        if self._grpc_socket is not None:
            await self._grpc.start(sock=self._grpc_socket, ssl=self._grpc_tls)

    def _activity(self) -> tuple[int, int] | None:
        """What was received so far; None while requests run."""
        if self._servicer.active_requests:
            return None
        return self._http.stats.bytes_in, self._grpc.stats.bytes_received

    def retire(self) -> None:
        """Say that the server leaves: it is not healthy any more, but takes requests until `drain`."""
        self._servicer.retire()
        self._health.set_all(False)

    async def drain(self, timeout: float | None = None) -> bool:
        """Take no new requests and wait for the running ones.

        Returns:
            False when some still run after `timeout` seconds.
        """
        self._health.close()
        await self._servicer.drain()
        return all(await asyncio.gather(self._http.drain(timeout), self._grpc.drain(timeout)))

    def fail_all(self, error: RpcError) -> None:
        """End the running requests with an error, those that can be without the engine."""
        self._servicer.fail_all(error)

    def abort_all(self) -> None:
        """Abort what neither that nor the end of the engine has ended."""
        self._servicer.abort_all()

    async def close(self) -> None:
        """Stop, whatever still runs."""
        self._trimmer.stop()
        self._collector.stop()
        self._health.close()
        await asyncio.gather(self._http.close(), self._grpc.close())
        if self._metrics is not None:
            await self._metrics.close()
