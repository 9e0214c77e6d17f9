"""Turns of TLS handshakes, so that many at once do not hold up those who have shaken hands."""

from __future__ import annotations

import asyncio
import logging
import select
from collections import deque
from contextlib import suppress
from typing import Final, NamedTuple, Protocol

__all__ = ["HandshakeTurns"]

log = logging.getLogger("tokenwire.tls")

_MOST_PER_TURN: Final = 2
"""Handshakes that go on in one turn of the loop; each signs, a millisecond with an RSA key of 2048 bits."""
_EPOLL: Final = getattr(select, "epoll", None)
"""Where the system has none, all go on at once."""


class _Handshake(Protocol):
    """A handshake."""

    def read_on(self) -> None:
        """Take what the client has sent."""

    def read_no_more(self) -> None:
        """Leave in the socket what comes."""

    def abort(self) -> None:
        """End now."""


class _Shaking(NamedTuple):
    """A handshake and who shakes hands."""

    handshake: _Handshake
    client: bytes


class HandshakeTurns:
    """Lets a few handshakes per turn of the loop read what their clients have sent, by turns of the clients.

    A loop reads all sockets that have something, and what a handshake does with it is the dearest that a
    client can ask for with a few bytes. So sockets of handshakes are not watched by the loop but by an epoll
    of its own, which the loop watches. Who begins many delays its own.
    """

    def __init__(self) -> None:
        self._epoll: select.epoll | None = None
        self._shaking: dict[int, _Shaking] = {}
        self._ready: dict[bytes, deque[int]] = {}
        self._working = False

    def enter(self, number: int, client: bytes, handshake: _Handshake) -> None:
        """Give a handshake turns, until it leaves.

        Args:
            number: The descriptor of its socket.
            client: Stands for who shakes hands.
            handshake: It.
        """
        if _EPOLL is None:
            return
        if self._epoll is None:
            epoll = _EPOLL()
            asyncio.get_running_loop().add_reader(epoll.fileno(), self._look)
            self._epoll = epoll
        self._shaking[number] = _Shaking(handshake, client)
        handshake.read_no_more()
        self._watch(number)

    def leave(self, number: int, handshake: _Handshake) -> None:
        """It has ended; the number may be another's by now."""
        if not self._is(number, handshake) or self._epoll is None:
            return
        del self._shaking[number]
        with suppress(OSError):  # The socket is closed.
            self._epoll.unregister(number)
        if not self._shaking:
            asyncio.get_running_loop().remove_reader(self._epoll.fileno())
            self._epoll.close()
            self._epoll = None

    def _is(self, number: int, handshake: _Handshake) -> bool:
        shaking = self._shaking.get(number)
        return shaking is not None and shaking.handshake is handshake

    def _watch(self, number: int) -> None:
        assert self._epoll is not None
        events = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLONESHOT
        with suppress(OSError):  # The socket is closed: the handshake is about to leave.
            try:
                self._epoll.register(number, events)
            except FileExistsError:
                self._epoll.modify(number, events)

    def _look(self) -> None:
        """Note who has something; each is told once until it is watched again."""
        assert self._epoll is not None
        for number, _ in self._epoll.poll(0):
            if number in self._shaking:
                self._ready.setdefault(self._shaking[number].client, deque()).append(number)
        if not self._working:
            self._work()

    def _work(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(_MOST_PER_TURN):
            if not self._ready:
                break
            number = self._next()
            if number in self._shaking:
                handshake = self._shaking[number].handshake
                try:
                    handshake.read_on()
                except Exception:  # The others have their turns all the same.
                    log.exception("a TLS handshake is ended: it cannot be read")
                    handshake.abort()
                # Read is in the next turn, after what is called then.
                loop.call_soon(loop.call_soon, self._rest, number, handshake)
        self._working = bool(self._ready)
        if self._working:
            loop.call_soon(self._work)

    def _next(self) -> int:
        client = next(iter(self._ready))
        numbers = self._ready.pop(client)
        number = numbers.popleft()
        if numbers:
            self._ready[client] = numbers  # Behind the others.
        return number

    def _rest(self, number: int, handshake: _Handshake) -> None:
        if self._is(number, handshake):
            handshake.read_no_more()
            self._watch(number)
