"""Attacks on the listeners themselves, whatever they speak."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from . import frames as h2
from .catalog import attack
from .driver import Burst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .driver import Driver

_SEED: Final = 20_251_127
_CLIENT_HELLO: Final = bytes.fromhex("16030100a5010000a10303") + bytes(range(150))


@attack("grpc", "http", pace="slow")
def half_open(driver: Driver) -> None:
    """Opens 500 connections and says nothing."""

    def script() -> Iterator[Burst | float]:
        yield 3600.0

    driver.play(script, 500)


@attack("grpc", "http", pace="slow")
def every_connection(driver: Driver) -> None:
    """Opens 1,200 connections, more than a server may keep open by default, and says nothing."""

    def script() -> Iterator[Burst | float]:
        yield 3600.0

    driver.play(script, 1200)


@attack("grpc", "http", pace="flood")
def connection_flood(driver: Driver) -> None:
    """Opens connections and ends them at once, 20 at a time."""

    def script() -> Iterator[Burst | float]:
        yield Burst(h2.GREETING[:16])

    driver.play(script, 20, hang_up=True)


@attack("grpc", "http", pace="flood")
def random_bytes(driver: Driver) -> None:
    """Sends random bytes: from the start, after the greeting, and within frames."""
    source = random.Random(_SEED)
    starts = [
        b"",
        h2.GREETING,
        h2.GREETING + h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.request("TextGenerate")),
    ]
    starts += [b"GET / HTTP/1.1\r\n", b"POST /generate HTTP/1.1\r\nhost: x\r\ncontent-length: 999999\r\n\r\n"]
    starts += [_CLIENT_HELLO]
    noise = [source.randbytes(4096) for _ in range(200)]
    noise += [
        h2.frame(
            source.randrange(12),
            source.randrange(256),
            source.randrange(4),
            source.randbytes(source.randrange(60)),
        )
        for _ in range(200)
    ]

    def script() -> Iterator[Burst | float]:
        yield Burst(source.choice(starts))
        for _ in range(20):
            yield Burst(source.choice(noise))

    driver.play(script, 10, hang_up=True)


@attack("grpc", pace="flood")
def http1_to_grpc(driver: Driver) -> None:
    """Speaks HTTP/1.1 to the gRPC port."""

    def script() -> Iterator[Burst | float]:
        yield Burst(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n" * 100, 100)

    driver.play(script, 10, hang_up=True)
