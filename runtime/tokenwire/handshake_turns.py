"""Turns of TLS handshakes, so that many at once do not hold up those who have shaken hands."""

from __future__ import annotations

import asyncio
import select
from contextlib import suppress
from typing import Final, Protocol

__all__ = ["HandshakeTurns"]

_MOST_PER_TURN: Final = 2
"""Handshakes that go on in one turn of the loop; each signs, a millisecond with an RSA key of 2048 bits."""
_EPOLL: Final = getattr(select, "epoll", None)
"""Where the system has none, all go on at once."""


class _Shaking(Protocol):
    """A handshake."""

    def read_on(self) -> None:
        """Take what the client has sent."""

    def read_no_more(self) -> None:
        """Leave in the socket what comes."""


class HandshakeTurns:
    """Lets a few handshakes per turn of the loop read what their clients have sent.

    A loop reads all sockets that have something, and what a handshake does with it is the dearest that a
    client can ask for with a few bytes. So sockets of handshakes are not watched by the loop but by an epoll
    of its own, which the loop watches; it is asked for a few of those that have something.
    """

    def __init__(self) -> None:
        self._epoll: select.epoll | None = None
        self._shaking: dict[int, _Shaking] = {}

    def enter(self, number: int, handshake: _Shaking) -> None:
        """Give a handshake turns, until it leaves.

        Args:
            number: The descriptor of its socket.
            handshake: It.
        """
        if _EPOLL is None:
            return
        if self._epoll is None:
            self._epoll = _EPOLL()
            asyncio.get_running_loop().add_reader(self._epoll.fileno(), self._serve)
        self._shaking[number] = handshake
        handshake.read_no_more()
        self._watch(number)

    def leave(self, number: int, handshake: _Shaking) -> None:
        """It has ended; the number may be another's by now."""
        if self._shaking.get(number) is not handshake or self._epoll is None:
            return
        del self._shaking[number]
        with suppress(OSError):  # The socket is closed.
            self._epoll.unregister(number)
        if not self._shaking:
            asyncio.get_running_loop().remove_reader(self._epoll.fileno())
            self._epoll.close()
            self._epoll = None

    def _watch(self, number: int) -> None:
        assert self._epoll is not None
        events = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLONESHOT
        with suppress(OSError):  # The socket is closed: the handshake is about to leave.
            try:
                self._epoll.register(number, events)
            except FileExistsError:
                self._epoll.modify(number, events)

    def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        assert self._epoll is not None
        for number, _ in self._epoll.poll(0, _MOST_PER_TURN):
            handshake = self._shaking.get(number)
            if handshake is not None:
                handshake.read_on()
                # Read is in the next turn, after what is called then.
                loop.call_soon(loop.call_soon, self._rest, number, handshake)

    def _rest(self, number: int, handshake: _Shaking) -> None:
        if self._shaking.get(number) is handshake:
            handshake.read_no_more()
            self._watch(number)
