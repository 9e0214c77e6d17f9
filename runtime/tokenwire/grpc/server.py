"""The gRPC server."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol

from grpclib.config import Configuration

from tokenwire.acceptor import Acceptor, bind
from tokenwire.auth import OPEN
from tokenwire.budget import MemoryBudget
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.handshake_turns import HandshakeTurns
from tokenwire.limits import DEFAULT_LIMITS
from tokenwire.method import AuthScope, Handler
from tokenwire.turns import Turns

from .call_memory import PUBLIC_PART
from .dispatch import ServerConnection
from .protocol import WireProtocol
from .room import Lobby, Room, TlsHandshake
from .stats import ServerStats

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Iterable, Sequence

    from tokenwire.auth import Access
    from tokenwire.health import HealthRegistry
    from tokenwire.limits import Limits
    from tokenwire.record import CallObserver

    from .compression import ReplyCompression

__all__ = ["Server", "Servicer"]

log = logging.getLogger("tokenwire.grpc")

_LAST_CALL: Final = 0.25
"""Seconds that connections whose clients have said nothing yet are kept when the server drains."""
_LAST_WORD_SECONDS: Final = 1.0
"""How long clients have to read why their calls were ended."""

_CONFIGURATION: Final = Configuration(_keepalive_time=None).__for_server__()
"""Pings are sent as the limits say, see `Lifetime`."""

_CANCEL_SECONDS: Final = 5.0
"""How long cancelled handlers may take to clean up."""


class Servicer(Protocol):
    """What a generated service base is to the server."""

    def __handlers__(self) -> Sequence[Handler]:
        """Its methods with the functions that answer them."""


class Server:
    """Serves servicers over gRPC; used on one event loop.

    Args:
        servicers: Instances of generated service bases.
        health: Answers grpc.health.v1 when given.
        reflection: Answer grpc.reflection.v1 and v1alpha for all services.
        limits: Sizes, counts and times that its clients have to keep to.
        access: Who may call what; everything is open to everybody if not given. Health and reflection are
            always public.
        compression: Which replies of 1 KiB or more are compressed with gzip, where their client takes
            that: with "asked" those to calls whose request came with gzip, with "gzip" all, with
            "none" none. Streamed messages are compressed only by handlers that ask for it, see
            `Context.compress`; compressed requests are read in any case.
        budget: Where the memory of requests comes from, for servers that share it; else it
            has `limits.max_request_memory` bytes of its own.
        observer: Told of every call.

    Attributes:
        stats: What it has counted since it was made.
    Raises:
        ValueError: Two servicers answer the same method.
    """

    def __init__(
        self,
        servicers: Iterable[Servicer],
        *,
        health: HealthRegistry | None = None,
        reflection: bool = True,
        limits: Limits = DEFAULT_LIMITS,
        access: Access = OPEN,
        compression: ReplyCompression = "asked",
        budget: MemoryBudget | None = None,
        observer: CallObserver | None = None,
    ) -> None:
        self._handlers: dict[str, Handler] = {}
        self._observer = observer
        self._limits = limits
        self._compression = compression
        self._access = access
        self._budget = budget or MemoryBudget(limits.max_request_memory)
        self._strangers = MemoryBudget(self._budget.limit // PUBLIC_PART)
        self._turns = Turns()
        self._handshakes = HandshakeTurns()
        self._connections: set[ServerConnection] = set()
        self.stats = ServerStats(self._connections)
        self._room = Room(limits, self.stats)
        self._listeners: list[Acceptor] = []
        self._idle = asyncio.Event()
        self._draining = False
        servicers = list(servicers)
        own = _own_servicers(servicers, health, reflection)
        handlers = [handler for servicer in servicers for handler in servicer.__handlers__()]
        for handler in [*handlers, *(_public(handler) for item in own for handler in item.__handlers__())]:
            if handler.method.path in self._handlers:
                raise ValueError(f"two servicers answer {handler.method.path}")
            self._handlers[handler.method.path] = handler

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The sockets that it listens on."""
        return tuple(sock for listener in self._listeners for sock in listener.sockets)

    @property
    def port(self) -> int:
        """The TCP port that it listens on.

        Raises:
            RuntimeError: It does not listen on one.
        """
        for sock in self.sockets:
            address = sock.getsockname()
            if isinstance(address, tuple):
                return int(address[1])
        raise RuntimeError("the server does not listen on a port")

    async def start(
        self,
        host: str | None = None,
        port: int | None = None,
        *,
        sock: socket.socket | None = None,
        ssl: ssl.SSLContext | None = None,
    ) -> None:
        """Listen on an address (port 0 takes a free one) or on a bound socket.

        Raises:
            OSError: The address cannot be used.
        """
        if ssl is not None:
            ssl.set_alpn_protocols(["h2"])
        protocol = self._lobby if ssl is None else partial(self._handshake, ssl)
        sockets = [sock] if sock is not None else await bind(host, port)
        listener = Acceptor(sockets, protocol, self.stats.connections_ended)
        self._listeners.append(listener)
        listener.start()

    def _lobby(self) -> asyncio.Protocol:
        return Lobby(self._room, self.stats, self._limits.handshake_timeout, self.protocol)

    def _handshake(self, context: ssl.SSLContext) -> asyncio.Protocol:
        timeout = self._limits.handshake_timeout
        return TlsHandshake(self._room, self.stats, context, timeout, self._handshakes, self.protocol)

    def protocol(self, since: float | None = None) -> asyncio.Protocol:
        """The protocol of a new connection, for a transport of one's own.

        Args:
            since: When its client could first speak, by the loop's clock; None is when it is connected.
        """
        connection = ServerConnection(
            self._handlers,
            self._connections,
            self._limits,
            self._access,
            budget=self._budget,
            strangers=self._strangers,
            stats=self.stats,
            turns=self._turns,
            room=self._room,
            compression=self._compression,
            observer=self._observer,
        )
        connection.when_idle = self._idle.set
        if self._draining:
            connection.go_away()
        return WireProtocol(connection, _CONFIGURATION, client_side=False, since=since)

    async def drain(self, timeout: float | None = None) -> bool:
        """Stop listening, refuse new calls and wait until the running ones have ended.

        Returns:
            False when some still run after `timeout` seconds; `close` ends those.
        """
        self._draining = True
        for listener in self._listeners:
            listener.close()
        for connection in list(self._connections):
            connection.go_away(at_once=timeout == 0)
        begin = monotonic()
        if self._room.newcomers and timeout != 0:
            await asyncio.sleep(_LAST_CALL if timeout is None else min(_LAST_CALL, timeout))
        return await self._idle_within(None if timeout is None else timeout - (monotonic() - begin))

    async def _idle_within(self, timeout: float | None) -> bool:
        """Wait until no connection is busy; whether it came to that in time."""
        try:
            async with asyncio.timeout(timeout):
                while any(connection.busy for connection in self._connections):
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Stop: running calls end with UNAVAILABLE, connections are closed."""
        await self.drain(0)
        for listener in self._listeners:
            await listener.settled()
        self._listeners.clear()
        for newcomer in list(self._room.newcomers):
            newcomer.abort()
        tasks = [task for connection in self._connections for task in connection.tasks]
        error = RpcError(Code.UNAVAILABLE, "the server is shutting down")
        ended = [connection.end_calls(error) for connection in self._connections]
        if any(ended):
            await self._idle_within(_LAST_WORD_SECONDS)
        for connection in list(self._connections):
            connection.shut_down(error)
        if tasks:
            _, stuck = await asyncio.wait(tasks, timeout=_CANCEL_SECONDS)
            for task in stuck:
                log.error("a handler does not end though it was cancelled: %r", task)


def _own_servicers(
    servicers: list[Servicer], health: HealthRegistry | None, reflection: bool
) -> list[Servicer]:
    """What a server has beside the application's servicers."""
    extra: list[Servicer] = []
    if health is not None:
        from tokenwire.health import HealthServicer

        extra.append(HealthServicer(health))
    if reflection:
        from tokenwire.reflection import reflection_servicers

        extra += reflection_servicers([*servicers, *extra])
    return extra


def _public(handler: Handler) -> Handler:
    """The handler for whoever calls: the protos of others carry no scopes."""
    return Handler(replace(handler.method, auth=AuthScope.PUBLIC), handler.call)
