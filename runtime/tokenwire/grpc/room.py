"""Room for new connections where all that a server may have are taken."""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol, cast

from tokenwire.handshake import Handshake
from tokenwire.limits import flag_of
from tokenwire.notices import LATE

if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext

    from tokenwire.handshake_turns import HandshakeTurns
    from tokenwire.limits import Limits

    from .stats import ServerStats

__all__ = ["Lobby", "Newcomer", "Room", "Roomer", "TlsHandshake"]

log = logging.getLogger("tokenwire.grpc")

_TELL_SECONDS: Final = 60.0
"""How often the log says that connections are refused."""
_DISPLACED: Final = "connections make room for new ones (%s)"
_MAY_BE_SILENT: Final = 0.02
"""Seconds in which a new connection is expected to send something."""
_MAY_MAKE_NO_CALL: Final = 2.0
"""Seconds in which one is expected to make a call, when others want its place."""


class Roomer(Protocol):
    """A connection that takes a place."""

    @property
    def greeted(self) -> bool:
        """Whether the client has spoken HTTP/2."""

    @property
    def called(self) -> bool:
        """Whether it has ever made a call."""

    def give_way(self) -> None:
        """Close; another has its place."""


class Newcomer(Roomer, Protocol):
    """A connection that is not up yet."""

    def abort(self) -> None:
        """End it now."""


class Room:
    """Says whether there is room for another connection, and finds some for it.

    It knows which connections are of use to nobody so far, the oldest first. A client with a call has sent
    it by the time that a flood of silent ones has gone once around.

    Args:
        limits: How many connections there may be, newcomers included.
        stats: Where refused connections are counted, and those that are open.

    Attributes:
        newcomers: Those that are not up yet.
    """

    def __init__(self, limits: Limits, stats: ServerStats) -> None:
        self._most = limits.max_connections
        self._stats = stats
        self._told_at = float("-inf")
        self._unused: dict[Roomer, float] = {}
        self.newcomers: set[Newcomer] = set()
        stats.newcomers = self.newcomers

    def admits(self) -> bool:
        """Whether another connection may come; one that may not is counted."""
        taken = self._stats.connections_open
        if not self._most or taken < self._most or self._make():
            return True
        self._stats.connections_refused += 1
        now = monotonic()
        if now - self._told_at >= _TELL_SECONDS:
            self._told_at = now
            log.warning("connections are refused: %s of %s are open", taken, flag_of("max_connections"))
        return False

    def enter(self, connection: Roomer) -> None:
        """A connection is up, or begins to shake hands."""
        self._unused[connection] = monotonic()

    def leave(self, connection: Roomer) -> None:
        """It has ended."""
        self._unused.pop(connection, None)

    def _make(self) -> bool:
        """Close the oldest that says nothing, or the oldest without a call; whether there was one."""
        chosen, now = None, monotonic()
        used: list[Roomer] = []
        for connection, since in self._unused.items():
            if connection.called:
                used.append(connection)
            elif not connection.greeted and now - since >= _MAY_BE_SILENT:
                chosen = connection
                break
            elif chosen is None and now - since >= _MAY_MAKE_NO_CALL:
                chosen = connection
        for connection in used:
            self.leave(connection)
        if chosen is None:
            return False
        self.leave(chosen)
        self._stats.notices.tell("displaced", _DISPLACED, flag_of("max_connections"))
        chosen.give_way()
        return True


class Lobby(asyncio.Protocol):
    """A connection whose client has said nothing yet; what HTTP/2 needs is made when it speaks.

    Clients speak first (RFC 9113, 3.4), so that those who only connect, in whatever numbers, cost little.

    Args:
        room: Where it has its place.
        stats: Where its end is counted.
        timeout: Seconds until the client has to speak.
        protocol: Makes what goes on, by when the client could first speak.
    """

    greeted = called = False

    def __init__(
        self, room: Room, stats: ServerStats, timeout: float, protocol: Callable[[float], asyncio.Protocol]
    ) -> None:
        self._room = room
        self._stats = stats
        self._timeout = timeout
        self._protocol = protocol
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place, if there is one."""
        self._transport = cast("asyncio.Transport", transport)
        if not self._room.admits():
            self._transport.close()
            return
        self._room.newcomers.add(self)
        self._room.enter(self)
        self._late = asyncio.get_running_loop().call_later(self._timeout, self._end, "handshake_timeout")

    def data_received(self, data: bytes) -> None:
        """The client speaks: its connection goes on from here, and takes the place."""
        if self._late is None:
            return
        since = self._late.when() - self._timeout
        self._leave()
        connection = self._protocol(since)
        self._transport.set_protocol(connection)
        connection.connection_made(self._transport)
        connection.data_received(data)

    def connection_lost(self, error: Exception | None) -> None:
        """The client left."""
        self._leave()

    def give_way(self) -> None:
        """Close in favour of another connection."""
        self._end("displaced")

    def abort(self) -> None:
        """End now."""
        self._transport.abort()

    def _end(self, reason: str) -> None:
        self._stats.connections_ended[reason] += 1
        if reason == "handshake_timeout":
            self._stats.notices.tell(reason, LATE, flag_of(reason))
        self._leave()
        self._transport.close()

    def _leave(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
            self._room.newcomers.discard(self)
            self._room.leave(self)


class TlsHandshake(Handshake):
    """A TLS handshake, which takes a place like the connection that it becomes.

    Args:
        room: Where it has its place.
        stats: Where is counted that it had to make room.
        context: The server's side of TLS.
        timeout: Seconds.
        turns: Where it has its turns.
        protocol: Makes what goes on.
    """

    greeted = called = False

    def __init__(
        self,
        room: Room,
        stats: ServerStats,
        context: SSLContext,
        timeout: float,
        turns: HandshakeTurns,
        protocol: Callable[[], asyncio.Protocol],
    ) -> None:
        super().__init__(context, timeout, turns)
        self._room = room
        self._stats = stats
        self._protocol = protocol

    def begun(self) -> bool:
        """Take a place, if there is one."""
        if not self._room.admits():
            return False
        self._room.newcomers.add(self)
        self._room.enter(self)
        return True

    def failed(self, error: Exception) -> None:
        """The client does not speak TLS, or not with us."""
        log.debug("a TLS handshake failed: %s", error)
        if isinstance(error, ConnectionAbortedError):
            self._stats.notices.tell("handshake_timeout", LATE, flag_of("handshake_timeout"))

    def ended(self, *, lost: bool) -> None:
        """Free the place; the connection takes it again."""
        self._room.newcomers.discard(self)
        self._room.leave(self)

    def successor(self) -> asyncio.Protocol:
        """The connection."""
        return self._protocol()

    def give_way(self) -> None:
        """Close in favour of another connection."""
        self._stats.connections_ended["displaced"] += 1
        self._finish(lost=True)
        self.abort()
