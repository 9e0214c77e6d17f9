"""What all connections of one HTTP listener share: limits, counts, and the round that looks after them."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Final, Protocol

from tokenwire.codes import Code
from tokenwire.handshake_turns import HandshakeTurns
from tokenwire.limits import flag_of
from tokenwire.notices import Notices
from tokenwire.turns import Turns

from .http_connection import HttpConnection
from .http_refusal import Refusal, refused
from .http_tls import Handshake
from .http_turned_away import TurnedAway

if TYPE_CHECKING:
    from ssl import SSLContext

    from starlette.types import ASGIApp
    from tokenwire.limits import Limits
    from tokenwire.record import CallObserver

    from .http_exchange import Exchange

__all__ = ["Listener", "Watched", "WebStats", "prepare"]

_LOG: Final = logging.getLogger("tokenwire.serve.http")
_CONNECTIONS: Final = flag_of("max_connections")
_LONGEST_ROUND: Final = 1.0
_SHORTEST_ROUND: Final = 0.02
_LAST_CALL: Final = 0.25
"""Seconds that idle connections stay open when the server drains."""
_MAY_GIVE_WAY: Final = 65.0
"""Seconds of idleness after which a connection makes room for a new one; load balancers reuse for 60."""
_MAY_BE_SILENT: Final = 0.02
"""Seconds in which a new connection is expected to send something."""
_MOST_UNSENT: Final = 128 << 10
"""Bytes that the kernel holds for a client that does not read: it would take megabytes, and what is sent
later could say more by then."""
_MOST_TURNED_AWAY: Final = 64
"""Refused connections that are told why at the same time; others are just closed."""


@dataclass(slots=True)
class WebStats:
    """What has happened on an HTTP listener.

    Attributes:
        connections: Open now, those that still shake hands included.
        accepted: Connections since the start, refused ones included.
        requests: Answers that were sent to their end.
        bytes_in: Bytes received, without TLS.
        bytes_out: Bytes sent, without TLS.
        refused: Requests and connections that were refused here, by reason: connections, headers,
            displaced, left, queue, malformed, tls, handshake_timeout, request_timeout, pipelining, stalled,
            failed.
    """

    connections: int = 0
    accepted: int = 0
    requests: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class Watched(Protocol):
    """A connection to look after."""

    idle_since: float | None
    """When it became idle; None while it is not."""

    def look(self, now: float) -> None:
        """Look at the clock."""

    def drain(self) -> None:
        """End as soon as no request is left."""

    def abort(self) -> None:
        """End now."""


class Listener:
    """Makes connections, keeps them within limits, and ends them.

    A round through the connections takes place every second, or more often where a limit is shorter:
    timers of their own would cost each request more.

    Args:
        app: What answers.
        limits: What clients have to keep to.
        loop: The event loop.
        stats: Counts what happens.
        tls: TLS of its connections; None is none.
        observer: Told of requests that the application does not see.

    Attributes:
        date: The date header, up to date.
        turns: Where connections that have sent much wait for their turns.
        handshakes: Where those that shake hands wait for theirs.
        notices: Tells the log what clients cannot be told.
        draining: No connection stays open after its answer.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        loop: asyncio.AbstractEventLoop,
        stats: WebStats,
        *,
        tls: SSLContext | None = None,
        observer: CallObserver | None = None,
    ) -> None:
        self.app = app
        self.observer = observer
        self.limits = limits
        self.loop = loop
        self.stats = stats
        self.date = b""
        self.turns = Turns()
        self.handshakes = HandshakeTurns()
        self.notices = Notices(_LOG)
        self.draining = False
        self.too_large_head = _too_large_head(limits)
        self.too_large_trailers = _too_large_trailers(limits)
        self.late_head = _late(limits.handshake_timeout, "handshake_timeout", "the head of the request")
        self.late_body = _late(limits.request_timeout, "request_timeout", "the request")
        self._full = refused(
            503,
            "connections",
            f"the server has as many connections as it may have, {limits.max_connections} "
            f"({_CONNECTIONS}); try again later",
            Code.UNAVAILABLE,
            retry_after=1,
        )
        self._tls = tls
        self._turned_away = 0
        self._connections: set[Watched] = set()
        self._silent: dict[Watched, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()
        self._round = _round_of(limits)
        self._next: asyncio.Handle = loop.call_soon(self._look_after)
        self._last_call: asyncio.Handle | None = None

    def accept(self) -> asyncio.Protocol:
        """The protocol of a connection that was just accepted."""
        stats = self.stats
        stats.accepted += 1
        most = self.limits.max_connections
        if most and stats.connections >= most and not self._make_room():
            stats.refused["connections"] += 1
            self.notices.tell("connections", "connections are refused: %s are open (%s)", most, _CONNECTIONS)
            told = self._tls is None and self._turned_away < _MOST_TURNED_AWAY
            self._turned_away += told
            return TurnedAway(self._full.answer if told else b"", self._forget_turned_away)
        stats.connections += 1
        return HttpConnection(self) if self._tls is None else Handshake(self, self._tls)

    def opened(self, connection: Watched) -> None:
        """Look after a connection from now on."""
        self._connections.add(connection)
        self._silent[connection] = self.loop.time()
        if self.draining and self._last_call is None:
            connection.drain()

    def heard(self, connection: Watched) -> None:
        """The first bytes of a connection have come."""
        self._silent.pop(connection, None)

    def closed(self, connection: Watched, *, lost: bool = True) -> None:
        """A connection has ended, or goes on as another where it is not `lost`."""
        self._connections.discard(connection)
        self._silent.pop(connection, None)
        self.stats.connections -= lost
        self._notice_end()

    def start(self, exchange: Exchange) -> None:
        """Have the application answer a request."""
        task = self.loop.create_task(exchange.run(self.app))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def drain(self) -> None:
        """End each connection with its next answer, and after a moment those that have no request.

        A request that is on its way meanwhile is answered; on a closed connection it would be lost.
        """
        if not self.draining:
            self.draining = True
            self._last_call = self.loop.call_later(_LAST_CALL, self._end_idle)
            self._notice_end()

    def call_last(self, connection: HttpConnection) -> None:
        """End a connection after a moment if it has no request then; it was not told that it ends."""
        self.loop.call_later(_LAST_CALL, connection.drain)

    def _end_idle(self) -> None:
        self._last_call = None
        for connection in list(self._connections):
            connection.drain()
        self._notice_end()

    def abort(self) -> None:
        """Cut all connections."""
        self.draining = True
        for connection in list(self._connections):
            connection.abort()
        self._notice_end()

    async def ended(self) -> None:
        """Wait until no connection and no request is left after `drain` or `abort`."""
        await self._ended.wait()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._notice_end()

    def _notice_end(self) -> None:
        if self.draining and not self._connections and not self._tasks:
            self._next.cancel()
            if self._last_call is not None:
                self._last_call.cancel()
                self._last_call = None
            self._ended.set()

    def _forget_turned_away(self, told: bool) -> None:
        self._turned_away -= told

    def _make_room(self) -> bool:
        """Close the oldest connection that has not sent anything yet, or one that has long been idle.

        A client with a request has sent it by the time that a flood of silent ones has gone once around.
        """
        now = self.loop.time()
        oldest = next(iter(self._silent), None)
        if oldest is not None and now - self._silent[oldest] > _MAY_BE_SILENT:
            self._give_way(oldest)
            return True
        idle = [connection for connection in self._connections if connection.idle_since is not None]
        longest = min(idle, key=lambda connection: connection.idle_since or 0.0, default=None)
        if longest is None or now - (longest.idle_since or 0.0) < _MAY_GIVE_WAY:
            return False
        self._give_way(longest)
        return True

    def _give_way(self, connection: Watched) -> None:
        self._silent.pop(connection, None)
        self.stats.refused["displaced"] += 1
        self.notices.tell("displaced", "connections make room for new ones (%s)", _CONNECTIONS)
        connection.abort()

    def _look_after(self) -> None:
        """Renew the date, and have each connection look at its clock."""
        now = self.loop.time()
        self.date = b"date: %b\r\n" % formatdate(usegmt=True).encode()
        for connection in list(self._connections):
            connection.look(now)
        self._next = self.loop.call_later(self._round, self._look_after)


def prepare(sock: socket.socket, limits: Limits) -> None:
    """Have the kernel end connections whose peer is silent or gone; accepted sockets inherit it."""
    stall = int(limits.stall_timeout * 1000)
    options = [("TCP_USER_TIMEOUT", stall), ("TCP_NOTSENT_LOWAT", _MOST_UNSENT)]
    if limits.keepalive_time:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        options += [
            ("TCP_KEEPIDLE", max(1, int(limits.keepalive_time))),
            ("TCP_KEEPINTVL", max(1, int(limits.keepalive_timeout / 4))),
            ("TCP_KEEPCNT", 4),
        ]
    for name, value in options:
        number = getattr(socket, name, None)
        if number is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, number, value)


def _round_of(limits: Limits) -> float:
    """Seconds between rounds: a quarter of the shortest limit."""
    times = (limits.handshake_timeout, limits.request_timeout, limits.stall_timeout, limits.idle_timeout)
    shortest = min(time for time in times if time)
    return min(_LONGEST_ROUND, max(_SHORTEST_ROUND, shortest / 4))


def _too_large_head(limits: Limits) -> Refusal:
    return refused(
        431,
        "headers",
        f"the request line and the headers are larger than {limits.max_header_size} bytes "
        f"({flag_of('max_header_size')})",
        Code.RESOURCE_EXHAUSTED,
    )


def _too_large_trailers(limits: Limits) -> Refusal:
    return refused(
        400,
        "malformed",
        f"extensions of chunks, or trailers, are larger than {limits.max_header_size} bytes "
        f"({flag_of('max_header_size')})",
    )


def _late(seconds: float, limit: str, what: str) -> Refusal:
    return refused(
        408,
        limit,
        f"{what} did not come within {seconds:g} s ({flag_of(limit)})",
        Code.DEADLINE_EXCEEDED,
    )
