"""Attacks by clients that ask for much and take little."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from . import frames as h2
from .catalog import attack
from .driver import Burst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .driver import Driver

_STREAMS: Final = range(1, 200, 2)
_TOKENS: Final = 20_000
_WIDE: Final = (1 << 31) - 1


def _asks(values: dict[int, int]) -> Burst:
    """A hundred generations, on a connection that begins with these settings."""
    head, body = h2.request("TextGenerate"), h2.generation(_TOKENS)
    return Burst(
        h2.greeting(values) + b"".join(h2.call(stream, head, body) for stream in _STREAMS), len(_STREAMS)
    )


@attack("grpc", pace="slow")
def zero_window_readers(driver: Driver) -> None:
    """Asks for 100 generations and opens no window."""

    def script() -> Iterator[Burst | float]:
        yield _asks({4: 0})

    driver.play(script)


@attack("grpc", pace="slow")
def tiny_window(driver: Driver) -> None:
    """Asks for 100 generations and opens their windows by a byte at a time."""
    grants = Burst(b"".join(h2.window(stream, 1) for stream in _STREAMS), len(_STREAMS))

    def script() -> Iterator[Burst | float]:
        yield _asks({4: 0})
        for _ in itertools.repeat(None):
            yield 0.01
            yield grants

    driver.play(script)


@attack("grpc", pace="slow")
def never_reading(driver: Driver) -> None:
    """Asks for 100 generations, opens every window as far as it goes, and reads nothing of the socket."""

    def script() -> Iterator[Burst | float]:
        asks = _asks({4: _WIDE})
        yield Burst(asks.data + h2.window(0, _WIDE - 65535), asks.units)

    driver.play(script, read=False, receive_buffer=4096)


@attack("grpc", pace="slow")
def big_answers_unread(driver: Driver) -> None:
    """Asks for large answers on 10 connections, and reads nothing of the sockets."""
    head = h2.request("GetServerInfo")
    body = b"".join(h2.call(stream, head, b"") for stream in range(1, 2000, 2))

    def script() -> Iterator[Burst | float]:
        yield Burst(h2.greeting({4: _WIDE}) + h2.window(0, _WIDE - 65535) + body, 1000)

    driver.play(script, 10, read=False, receive_buffer=4096)
