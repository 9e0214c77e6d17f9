"""Attacks on TLS, before anything is said over it."""

from __future__ import annotations

import contextlib
import ssl
import time
from typing import TYPE_CHECKING, Final

from .catalog import attack
from .driver import Burst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .driver import Driver

_MANY: Final = 900
_EVERY_S: Final = 0.5
"""All begin in the same moment, so often."""


def _hello() -> bytes:
    """What a client says first."""
    client = ssl.create_default_context()
    client.check_hostname = False
    client.set_alpn_protocols(["h2", "http/1.1"])
    received, said = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        client.wrap_bio(received, said, server_hostname="localhost").do_handshake()
    return said.read()


@attack("grpc", "http", pace="flood", tls=True)
def tls_handshakes(driver: Driver) -> None:
    """Opens 900 connections, begins a handshake on all of them in the same moment, ends them, and again."""
    hello = _hello()

    def script() -> Iterator[Burst | float]:
        yield _EVERY_S - time.monotonic() % _EVERY_S
        yield Burst(hello)
        yield _EVERY_S * 0.8

    driver.play(script, _MANY, hang_up=True)


@attack("grpc", "http", pace="slow", tls=True)
def tls_half_open(driver: Driver) -> None:
    """Opens 500 connections and says half of what begins a handshake."""
    hello = _hello()

    def script() -> Iterator[Burst | float]:
        yield Burst(hello[: len(hello) // 2])
        yield 3600.0

    driver.play(script, 500)


@attack("grpc", "http", pace="flood", tls=True)
def tls_garbage(driver: Driver) -> None:
    """Begins handshakes and goes on with what is none, 20 at a time."""
    hello = _hello()

    def script() -> Iterator[Burst | float]:
        yield Burst(hello)
        yield Burst(b"\x14\x03\x03\x00\x01\x01" + b"\x17\x03\x03\x40\x00" + bytes(1 << 14))

    driver.play(script, 20, hang_up=True)
