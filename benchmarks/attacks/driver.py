"""Plays scripts over sockets: what each of many connections sends, and when."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import math
import re
import resource
import selectors
import socket
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .target import Target

__all__ = ["Burst", "Driver", "Tally", "as_dict"]

_ATTACKER: Final = "127.0.0.2"
"""Where attacks come from: another client has another address."""
_NO_PORT_YET: Final = 24
"""IP_BIND_ADDRESS_NO_PORT: else a port whose last connection has just ended is not taken again."""
_TURN: Final = 256 << 10
"""Bytes that one connection sends before the others have their turn."""
_READ: Final = 256 << 10
_AGAIN_S: Final = 0.01
"""Seconds from the end of a connection to the next in its place."""
_MOST_BYTES: Final = 1 << 30
_MOST_CONNECTIONS: Final = 20_000
_GOAWAY: Final = re.compile(rb"\x07\x00\x00\x00\x00\x00.{4}(.{4})", re.DOTALL)
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})")
_SMALL_READ: Final = 4096
_LONGEST_WAIT: Final = 0.02
_ASK_TOGETHER: Final = 64
_ANSWER_S: Final = 3.0
_SILENCE_S: Final = 0.3


class Burst(NamedTuple):
    """Bytes to send at once, and how many frames or requests they are."""

    data: bytes
    units: int = 1


@dataclass
class Tally:
    """What an attack has done, and what it has seen.

    Attributes:
        opened: Connections that were made.
        refused: Connections that could not be made.
        ended: Connections that the server has ended.
        sent: Bytes.
        received: Bytes.
        units: Frames or requests that were sent.
        goaways: Error codes of HTTP/2 with which connections were ended, and how often.
        statuses: Status codes of HTTP/1.1 in the answers, and how often.
        let_through: What a server must not accept and did, by name.
    """

    opened: int = 0
    refused: int = 0
    ended: int = 0
    sent: int = 0
    received: int = 0
    units: int = 0
    goaways: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    let_through: list[str] = field(default_factory=list)

    def saw(self, data: bytes) -> None:
        """Note what came."""
        self.received += len(data)
        if len(data) <= _SMALL_READ:
            self.goaways.update(str(int.from_bytes(code, "big")) for code in _GOAWAY.findall(data))
            self.statuses.update(code.decode() for code in _STATUS.findall(data))


class _Line:
    """A connection and the rest of its script."""

    def __init__(self, sock: socket.socket, script: Iterator[Burst | float]) -> None:
        self.sock = sock
        self.script = script
        self.rest: memoryview = memoryview(b"")
        self.units = 0
        self.connected = False
        self.open = True
        self.events = 0


class Driver:
    """Sends to one address for a time.

    Args:
        target: Where.
        seconds: How long, from the moment at which all that is to be sent has been made.
        prepared: Called at that moment; it may wait.
    """

    def __init__(self, target: Target, seconds: float, prepared: Callable[[], object] = lambda: None) -> None:
        self.target = target
        self.until = math.inf
        self._seconds = seconds
        self._prepared = prepared
        self.tally = Tally()
        self._selector = selectors.DefaultSelector()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._lines: set[_Line] = set()
        _allow_descriptors()

    def _begin(self) -> None:
        self._prepared()
        self.until = time.monotonic() + self._seconds

    @property
    def over(self) -> bool:
        """Whether its time is up, or it has sent all that an attack may."""
        return time.monotonic() >= self.until or self.tally.sent >= _MOST_BYTES

    def play(
        self,
        script: Callable[[], Iterator[Burst | float]],
        connections: int = 1,
        *,
        read: bool = True,
        again: bool = True,
        hang_up: bool = False,
        receive_buffer: int = 0,
    ) -> None:
        """Play a script on so many connections until the time is up.

        Args:
                script: Makes the script of a connection: bursts that are sent one after the other, and pauses
                in seconds. A connection whose script has ended stays open and says no more.
            connections: How many are open at once.
            read: Read what the server says; else it stays in the socket.
            again: Open another connection where the server has ended one.
            hang_up: End a connection with its script, and open another.
            receive_buffer: Bytes of the socket's buffer for what is not read; 0 is the system's.
        """
        self._script, self._read, self._again = script, read, again
        self._hang_up, self._receive_buffer = hang_up, receive_buffer
        self._begin()
        try:
            for _ in range(connections):
                self._open()
            while not self.over:
                self._turn()
        finally:
            for line in list(self._lines):
                self._close(line)
            self._selector.close()

    def _turn(self) -> None:
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2]()
        wait = min(self._due[0][0], self.until) - now if self._due else self.until - now
        for key, events in self._selector.select(max(0.0, min(wait, _LONGEST_WAIT))):
            line: _Line = key.data
            if events & selectors.EVENT_READ and line.open:
                self._receive(line)
            if events & selectors.EVENT_WRITE and line.open:
                self._send(line)

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), what))

    def _open(self) -> None:
        if self.over or self.tally.opened >= _MOST_CONNECTIONS:
            return
        family = socket.AF_INET6 if ":" in self.target.host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer)
        if family == socket.AF_INET and sys.platform == "linux":
            sock.setsockopt(socket.IPPROTO_IP, _NO_PORT_YET, 1)
            sock.bind((_ATTACKER, 0))
        sock.connect_ex((self.target.host, self.target.port))
        line = _Line(sock, self._script())
        self._lines.add(line)
        self._watch(line, selectors.EVENT_WRITE)

    def _watch(self, line: _Line, events: int) -> None:
        if events == line.events:
            return
        if not line.events:
            self._selector.register(line.sock, events, line)
        elif not events:
            self._selector.unregister(line.sock)
        else:
            self._selector.modify(line.sock, events, line)
        line.events = events

    def _close(self, line: _Line) -> None:
        self._watch(line, 0)
        line.open = False
        line.sock.close()
        self._lines.discard(line)

    def _lost(self, line: _Line) -> None:
        """The server has ended a connection, or did not take it."""
        if line.connected:
            self.tally.ended += 1
        else:
            self.tally.refused += 1
        self._close(line)
        if self._again:
            self._later(_AGAIN_S, self._open)

    def _receive(self, line: _Line) -> None:
        try:
            data = line.sock.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.tally.saw(data)
        else:
            self._lost(line)

    def _send(self, line: _Line) -> None:
        if not line.connected:
            if line.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._lost(line)
                return
            line.connected = True
            self.tally.opened += 1
        sent = 0
        try:
            while sent < _TURN and not self.over:
                if not line.rest and not self._next(line):
                    return
                size = line.sock.send(line.rest)
                sent += size
                self.tally.sent += size
                line.rest = line.rest[size:]
                if not line.rest:
                    self.tally.units += line.units
        except BlockingIOError:
            pass
        except OSError:
            self._collect(line)
            self._lost(line)
            return
        self._watch(line, self._wanted(writing=True))

    def _collect(self, line: _Line) -> None:
        """Look at what the server said before it ended a connection."""
        with contextlib.suppress(OSError):
            while self._read and (data := line.sock.recv(_READ)):
                self.tally.saw(data)

    def _next(self, line: _Line) -> bool:
        """Take the next step of a script; False where there is nothing to send now."""
        step = next(line.script, None)
        if isinstance(step, Burst):
            line.rest, line.units = memoryview(step.data), step.units
            return True
        if step is None and self._hang_up:
            self._close(line)
            self._later(0.0, self._open)
            return False
        self._watch(line, self._wanted(writing=False))
        if step is not None:
            self._later(step, lambda: self._resume(line))
        return False

    def _resume(self, line: _Line) -> None:
        if line.open:
            self._watch(line, self._wanted(writing=True))

    def _wanted(self, *, writing: bool) -> int:
        return (selectors.EVENT_READ if self._read else 0) | (selectors.EVENT_WRITE if writing else 0)

    def ask(self, requests: Mapping[str, bytes]) -> dict[str, bytes]:
        """Send each to a connection of its own; returns what came until it ended or fell silent."""
        self._begin()
        with ThreadPoolExecutor(_ASK_TOGETHER) as pool:
            answers = dict(zip(requests, pool.map(self._ask, requests.values()), strict=True))
        for name, answer in answers.items():
            self.tally.opened += 1
            self.tally.units += 1
            self.tally.sent += len(requests[name])
            self.tally.saw(answer)
        return answers

    def _ask(self, data: bytes) -> bytes:
        answer = bytearray()
        with (
            contextlib.suppress(OSError),
            socket.create_connection((self.target.host, self.target.port), timeout=_ANSWER_S) as sock,
        ):
            sock.sendall(data)
            while received := sock.recv(_READ):
                answer += received
                sock.settimeout(_SILENCE_S)
        return bytes(answer)


def _allow_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def as_dict(tally: Tally) -> dict[str, Any]:
    """A tally as JSON takes it."""
    return {
        **vars(tally),
        "goaways": dict(tally.goaways),
        "statuses": dict(tally.statuses),
    }
