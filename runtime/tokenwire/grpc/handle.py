"""A gRPC server in a thread of its own, beside a host process's own server."""

from __future__ import annotations

import asyncio
import logging
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from tokenwire.application import find_application
from tokenwire.auth import OPEN
from tokenwire.health import HealthRegistry
from tokenwire.limits import DEFAULT_LIMITS

from .loops import running_loop
from .server import Server

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from tokenwire.auth import Access
    from tokenwire.limits import Limits

    from .server import Servicer

__all__ = ["GrpcServerHandle", "start_server"]

log = logging.getLogger("tokenwire.grpc")

_DRAIN_SECONDS: Final = 30.0


class GrpcServerHandle:
    """A server that runs in a background thread until `shutdown`; it answers grpc.health.v1 too.

    Health follows the servicer's `watch_health(tell)` where it has one, and its `async drain()` is
    awaited before running calls are: that of a servicer with streams that never end by themselves.

    Args:
        host: Address to listen on.
        port: TCP port; 0 takes a free one.
        make_servicer: Called on the thread's event loop.
        home: The loop that calls depend on, if any; a `shutdown` that blocks it does not wait for them.
        drain_timeout: Seconds that running calls may take to end at shutdown.
        limits: What clients have to keep to.
        access: Who may call what; everything is open to everybody if not given.
        tls: A context with a certificate; None is no TLS.

    Raises:
        OSError: The address cannot be used.
        Exception: What `make_servicer` raised.
    """

    def __init__(
        self,
        host: str,
        port: int,
        make_servicer: Callable[[], Servicer],
        *,
        home: asyncio.AbstractEventLoop | None = None,
        drain_timeout: float = _DRAIN_SECONDS,
        limits: Limits = DEFAULT_LIMITS,
        access: Access = OPEN,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._home = home
        self._drain_timeout = drain_timeout
        self._limits = limits
        self._access = access
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._port = port
        self._thread = threading.Thread(
            target=self._run, args=(host, port, make_servicer), name="tokenwire-grpc", daemon=True
        )
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    @property
    def port(self) -> int:
        """The TCP port that it listens on."""
        return self._port

    def is_alive(self) -> bool:
        """Whether it serves, or still drains."""
        return self._thread.is_alive()

    def shutdown(self) -> None:
        """Take no new calls, let the running ones end, and wait for the thread; from any thread.

        Calls that run longer than the drain timeout end with UNAVAILABLE. Calling it again waits
        for the same end. On the engine's own loop, which it blocks, calls have no time to end.
        """
        if self._home is not None and running_loop() is self._home:
            self._drain_timeout = 0
        try:
            self._loop.call_soon_threadsafe(self._stop.set)
        except RuntimeError:
            log.debug("the server has stopped already")
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self, host: str, port: int, make_servicer: Callable[[], Servicer]) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._serve(host, port, make_servicer))
        except BaseException as error:
            if self._ready.is_set():
                log.exception("the gRPC server's thread failed")
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self, host: str, port: int, make_servicer: Callable[[], Servicer]) -> None:
        servicer = make_servicer()
        health = HealthRegistry(
            sorted({handler.method.path.split("/")[1] for handler in servicer.__handlers__()})
        )
        getattr(servicer, "watch_health", _always)(health.set_all)
        server = Server([servicer], health=health, limits=self._limits, access=self._access)
        try:
            await server.start(host, port, ssl=self._tls)
            self._port = server.port
            self._ready.set()
            await self._stop.wait()
            health.close()
            await getattr(servicer, "drain", _nothing)()
            await server.drain(self._drain_timeout)
        finally:
            await server.close()


def _always(tell: Callable[[bool], None]) -> None:
    """Health of a servicer that says nothing of its own."""
    tell(True)


async def _nothing() -> None:
    """Drain of a servicer that has no streams without end."""


def start_server(
    host: str,
    port: int,
    runtime_handle: Any,
    *,
    loop: asyncio.AbstractEventLoop | None = None,
    service: str = "",
    drain_timeout: float = _DRAIN_SECONDS,
    limits: Limits = DEFAULT_LIMITS,
    access: Access = OPEN,
    tls: ssl.SSLContext | None = None,
) -> GrpcServerHandle:
    """Serve an engine over gRPC in a background thread; returns once it listens.

    Args:
        host: Address to listen on.
        port: TCP port; 0 takes a free one, which the handle tells.
        runtime_handle: The engine: what the installed application calls so.
        loop: The loop that the engine lives on; the running one when not given.
        service: Full name of the service, where several applications are installed.
        drain_timeout: Seconds that running calls may take to end at shutdown.
        limits: What clients have to keep to.
        access: Who may call what; everything is open to everybody if not given.
        tls: A context with a certificate; None is no TLS.

    Raises:
        LookupError: No application for the service is installed.
        OSError: The address cannot be used.
        RuntimeError: No loop was given and none runs.
    """
    home = loop or running_loop()
    if home is None:
        raise RuntimeError(
            "no event loop runs in this thread: give the engine's, start_server(..., loop=...)"
        )
    application = import_module(find_application(service).module)
    return GrpcServerHandle(
        host,
        port,
        lambda: application.create_servicer(runtime_handle, loop=home),
        home=home,
        drain_timeout=drain_timeout,
        limits=limits,
        access=access,
        tls=tls,
    )
