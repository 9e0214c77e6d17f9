"""New connections: a few per turn of the loop, by turns of their clients."""

from __future__ import annotations

import asyncio
import errno
import select
import socket
from collections import deque
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable

__all__ = ["Acceptor", "bind", "client_of", "hung_up"]

_BACKLOG: Final = 2048
_MOST_WAITING: Final = 1024
"""Connections that wait to be set up; the oldest are closed of whoever has most of them."""
_MOST_PER_TURN: Final = 2
"""Connections that are set up in one turn of the loop; each costs some tenths of a millisecond."""
_TURN_SECONDS: Final = 0.0005
"""How long a turn may accept, and how long it may look at what was accepted."""
_NETWORK: Final = 8
"""Bytes of an IPv6 address that one client may have all addresses of."""
_MAPPED: Final = bytes(10) + b"\xff\xff"
"""What an IPv4 address begins with on a socket of IPv6."""
_SHORTAGE: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_SHORTAGE_SECONDS: Final = 0.25
"""How long connections wait when there is nothing to accept them with."""
_HUNG_UP: Final = getattr(select, "POLLRDHUP", 0)
"""Where the system does not tell, it is seen when the connection is read."""


class Acceptor:
    """Accepts connections on sockets, in place of a loop's own server.

    asyncio accepts all that wait in one go, which is seconds in a flood. libuv accepts one per turn, and sets
    up each as if its client still waited; those who hang up at once fill the system's queue faster than that,
    and whoever comes behind them waits for all of them. Here the queue is emptied first. Addresses have their
    turns, so that one with many connections delays its own, and a client that has left costs a look.

    Args:
        sockets: They are closed with the acceptor.
        protocol: Makes the protocol of a connection.
        closed: Counts connections that were closed instead: "left" where the client had gone already, "queue"
            where it had too many that waited.
    """

    def __init__(
        self,
        sockets: Iterable[socket.socket],
        protocol: Callable[[], asyncio.Protocol],
        closed: Counter[str],
    ) -> None:
        self._sockets = list(sockets)
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._again: asyncio.TimerHandle | None = None
        self._waiting: dict[bytes, deque[socket.socket]] = {}
        self._held = 0
        self._working = False
        self._adoptions: set[asyncio.Task[None]] = set()
        self._closed = closed

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The sockets, until it is closed."""
        return tuple(self._sockets)

    def start(self) -> None:
        """Accept from now on."""
        for sock in self._sockets:
            sock.setblocking(False)
            sock.listen(_BACKLOG)
        self._listen()

    def close(self) -> None:
        """Accept no more; connections that wait are lost."""
        self._rest()
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()
        while self._held:
            self._next().close()

    async def finish(self) -> None:
        """Let all in that wait, and no more: closing would reset those connections."""
        self._rest()
        for sock in self._sockets:
            with suppress(OSError):
                while True:
                    self._hold(*sock.accept())
        while self._held:
            self._set_up(self._next())
        self.close()
        await self.settled()

    async def settled(self) -> None:
        """Wait until all that was accepted has reached its protocol."""
        if self._adoptions:
            await asyncio.wait(self._adoptions)

    def _listen(self) -> None:
        self._again = None
        for sock in self._sockets:
            self._loop.add_reader(sock, self._accept, sock)

    def _rest(self) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None
        for sock in self._sockets:
            self._loop.remove_reader(sock)

    def _accept(self, sock: socket.socket) -> None:
        until = perf_counter() + _TURN_SECONDS
        try:
            while perf_counter() < until:
                self._hold(*sock.accept())
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno in _SHORTAGE:
                self._run_short(error)
        if not self._working:
            self._work()

    def _hold(self, connection: socket.socket, address: Any) -> None:
        self._waiting.setdefault(client_of(address), deque()).append(connection)
        self._held += 1
        if self._held > _MOST_WAITING:
            longest = max(self._waiting.items(), key=lambda item: len(item[1]))[0]
            self._next_of(longest).close()
            self._closed["queue"] += 1

    def _next(self) -> socket.socket:
        client = next(iter(self._waiting))
        connection = self._next_of(client)
        if client in self._waiting:
            self._waiting[client] = self._waiting.pop(client)  # Behind the others.
        return connection

    def _next_of(self, client: bytes) -> socket.socket:
        waiting = self._waiting[client]
        if len(waiting) == 1:
            del self._waiting[client]
        self._held -= 1
        return waiting.popleft()

    def _work(self) -> None:
        until = perf_counter() + _TURN_SECONDS
        taken = 0
        while self._held and taken < _MOST_PER_TURN and perf_counter() < until:
            taken += self._set_up(self._next())
        self._working = self._held > 0
        if self._working:
            self._loop.call_soon(self._work)

    def _set_up(self, connection: socket.socket) -> bool:
        """Let a connection in; whether its client is still there."""
        if hung_up(connection.fileno()):
            connection.close()
            self._closed["left"] += 1
            return False
        connection.setblocking(False)
        if connection.family != getattr(socket, "AF_UNIX", None):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        adoption = self._loop.create_task(self._adopt(connection))
        self._adoptions.add(adoption)
        adoption.add_done_callback(self._adoptions.discard)
        return True

    async def _adopt(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, connection)
        except OSError:  # It is gone by now.
            connection.close()

    def _run_short(self, error: OSError) -> None:
        self._rest()
        self._again = self._loop.call_later(_SHORTAGE_SECONDS, self._listen)
        self._loop.call_exception_handler({"message": "a connection cannot be accepted", "exception": error})


def client_of(address: Any) -> bytes:
    """What stands for a client: its address, or its network."""
    if not isinstance(address, tuple):
        return b""
    host = str(address[0])
    if ":" not in host:
        return host.encode()
    packed = socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
    return packed if packed.startswith(_MAPPED) else packed[:_NETWORK]


async def bind(host: str | None, port: int | None) -> list[socket.socket]:
    """Sockets that are bound to all addresses of a host, or to every address without one.

    Raises:
        OSError: An address cannot be used, or there is none.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host or None, port or 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, address in dict.fromkeys((family, address) for family, *_, address in found):
            with suppress(_UnknownFamilyError):
                sockets.append(_bind(family, address))
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    if not sockets:
        raise OSError(errno.EAFNOSUPPORT, f"this system has no socket for an address of {host!r}")
    return sockets


class _UnknownFamilyError(Exception):
    """The system has no sockets of a family, IPv6 for instance."""


def _bind(family: int, address: Any) -> socket.socket:
    try:
        return socket.create_server(address, family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EAFNOSUPPORT:
            raise _UnknownFamilyError from error
        raise


def hung_up(number: int) -> bool:
    """Whether the peer of a socket has closed the connection, though what it sent before was not read yet."""
    if not _HUNG_UP or number < 0:
        return False
    poll = select.poll()
    poll.register(number, _HUNG_UP)
    return bool(poll.poll(0))
