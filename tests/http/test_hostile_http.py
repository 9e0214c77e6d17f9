"""Clients of HTTP that mean harm: smuggling, floods, slowness, garbage; raw sockets against the server."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import re
from typing import Any

import pytest

from .fakes import until
from .raw_http import ask, connected, ends, head, post, read_answer, serving

GET = "GET /v1/unary HTTP/1.1\r\n"
CHUNKED = "transfer-encoding: chunked"
BODY_ENDS = b"0\r\n\r\n"

MALFORMED = {
    "length and chunks": head("content-length: 3", CHUNKED) + BODY_ENDS,
    "chunks and length": head(CHUNKED, "content-length: 3") + BODY_ENDS,
    "two lengths": head("content-length: 3", "content-length: 4") + b"abcd",
    "one length twice": head("content-length: 3", "content-length: 3") + b"abc",
    "a list of lengths": head("content-length: 3, 3") + b"abc",
    "a signed length": head("content-length: +3") + b"abc",
    "a hexadecimal length": head("content-length: 0x3") + b"abc",
    "a length beyond 64 bits": head("content-length: 99999999999999999999") + b"abc",
    "an empty length": head("content-length:") + b"abc",
    "a folded header": head("a: b\r\n c") + b"",
    "a folded first header": b"GET / HTTP/1.1\r\n host: x\r\n\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nhost: x\n\n",
    "a bare line feed in the headers": b"GET / HTTP/1.1\r\nhost: x\na: b\r\n\r\n",
    "a bare carriage return": b"GET / HTTP/1.1\r\nhost: x\ra: b\r\n\r\n",
    "NUL in a value": head("a: b\0c"),
    "a space before the colon": head("a : b"),
    "no name": head(": b"),
    "a parenthesis in a name": head("a(b: c"),
    "xchunked": head("transfer-encoding: xchunked") + BODY_ENDS,
    "identity": head("transfer-encoding: identity") + BODY_ENDS,
    "chunked twice": head("transfer-encoding: chunked, chunked") + BODY_ENDS,
    "chunked not last": head("transfer-encoding: chunked, identity") + BODY_ENDS,
    "gzip below chunks": head("transfer-encoding: gzip, chunked") + BODY_ENDS,
    "two transfer-encodings": head(CHUNKED, "transfer-encoding: identity") + BODY_ENDS,
    "chunks in HTTP/1.0": head(CHUNKED).replace(b"HTTP/1.1", b"HTTP/1.0") + BODY_ENDS,
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": head("host: y"),
    "a list of hosts": b"GET / HTTP/1.1\r\nhost: a, b\r\n\r\n",
    "a host with a path": b"GET / HTTP/1.1\r\nhost: a/b\r\n\r\n",
    "two content-types": head("content-type: text/plain", "content-length: 0"),
    "two keys": head("authorization: Bearer a", "authorization: Bearer b"),
    "a chunk beyond 64 bits": head(CHUNKED) + b"fffffffffffffffff\r\nabc",
    "a negative chunk": head(CHUNKED) + b"-1\r\nabc",
    "chunks with bare line feeds": head(CHUNKED) + b"3\nabc\n0\n\n",
    "a bare line feed in an extension": head(CHUNKED) + b"3;a\nbc\r\nabc\r\n0\r\n\r\n",
    "a space after a chunk's size": head(CHUNKED) + b"3 \r\nabc\r\n0\r\n\r\n",
    "a chunk longer than said": head(CHUNKED) + b"3\r\nabcd\r\n0\r\n\r\n",
    "a target beyond ASCII": b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n",
    "a space in the target": b"GET /a b HTTP/1.1\r\nhost: x\r\n\r\n",
    "a target without a path": b"GET x HTTP/1.1\r\nhost: x\r\n\r\n",
    "a method in small letters": b"get / HTTP/1.1\r\nhost: x\r\n\r\n",
    "an unknown method": b"BREW / HTTP/1.1\r\nhost: x\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "an unknown version": b"GET / HTTP/3.0\r\nhost: x\r\n\r\n",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
async def test_what_is_ambiguous_or_malformed_is_400_and_the_end(data: bytes) -> None:
    async with serving() as served:
        answer = await ask(served.port, data + post(b"smuggled"))
        assert answer.status == 400 and answer.message
        assert served.servicer.requests == []
        assert served.web.stats.refused == {"malformed": 1}


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET / HTTP/2.0\r\nhost: x\r\n\r\n", 505),
        (b"GET /\r\n\r\n", 505),
        (b"CONNECT x:1 HTTP/1.1\r\nhost: x:1\r\n\r\n", 405),
        (head("expect: more", "content-length: 0"), 417),
    ],
    ids=["HTTP/2", "HTTP/2.0", "HTTP/0.9", "CONNECT", "expect"],
)
async def test_what_is_not_spoken_is_said(data: bytes, status: int) -> None:
    async with serving() as served:
        answer = await ask(served.port, data)
        assert answer.status == status
        if status == 505:
            assert "HTTP/1.1" in answer.message


async def test_trailers_are_no_headers() -> None:
    """They come after the request was judged, and could add a key or change the content-type."""
    trailers = b"0\r\nauthorization: Bearer stolen\r\nx-trace: 1\r\n\r\n"
    async with serving() as served, connected(served.port) as (reader, writer):
        writer.write(head(CHUNKED) + b"2\r\nhi\r\n" + trailers)
        assert (await read_answer(reader)).status == 200
        writer.write(head(CHUNKED) + b"2;ext=1\r\nho\r\n" + trailers)
        assert (await read_answer(reader)).status == 200
        requests = served.servicer.requests
    assert [request.json_body for request in requests] == [b"hi", b"ho"]
    assert all("x-trace" not in request.trace_headers for request in requests)


@pytest.mark.parametrize(
    "flood",
    [
        b"3;" + b"a" * 300_000,
        b"3\r\nabc\r\n0\r\n" + b"a: b\r\n" * 50_000,
        b"3\r\nabc\r\n0\r\na: " + b"b" * 300_000,
        b"1\r\na\r\n" * 60_000,
        b"0" * 300_000,
    ],
    ids=["an extension", "trailers", "a trailer", "tiny chunks", "zeros before a size"],
)
async def test_a_flood_around_a_body_is_refused(flood: bytes) -> None:
    async with serving() as served, connected(served.port) as (reader, writer):
        writer.write(head(CHUNKED))
        for start in range(0, len(flood), 8192):
            writer.write(flood[start : start + 8192])
            await asyncio.sleep(0)
        assert (await read_answer(reader)).status in (400, 431)
        assert await ends(reader) == b""
        assert served.servicer.requests == []


async def test_an_absolute_target_is_its_path() -> None:
    async with serving() as served, connected(served.port) as (reader, writer):
        writer.write(post(b"x", path="http://elsewhere:1/v1/unary"))
        assert (await read_answer(reader)).body == b'{"ok":true}'


async def test_http_1_0_ends_after_one_answer() -> None:
    async with serving() as served:
        data = post(b"x", "connection: keep-alive").replace(b"HTTP/1.1", b"HTTP/1.0")
        assert (await ask(served.port, data)).status == 200
        events = post(b"events", path="/v1/stream").replace(b"HTTP/1.1", b"HTTP/1.0")
        async with connected(served.port) as (reader, writer):
            writer.write(events)
            whole = await ends(reader)
    top, _, body = whole.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in top
    assert body.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("framing", ["length", "chunks"])
async def test_an_upgrade_to_http2_is_ignored_and_its_body_read(framing: str) -> None:
    """Java's client asks for it with every first request; what follows is not another request."""
    inner = post(b"smuggled")
    upgrade = ("connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQAoAAA")
    if framing == "length":
        data = head(*upgrade, f"content-length: {len(inner)}") + inner
    else:
        data = head(*upgrade, CHUNKED) + b"%x\r\n%b\r\n0\r\n\r\n" % (len(inner), inner)
    async with serving() as served, connected(served.port) as (reader, writer):
        writer.write(data[:-20])
        await asyncio.sleep(0.02)
        writer.write(data[-20:] + post(b"next"))
        for _ in range(2):
            assert (await read_answer(reader)).status == 200
        get = (GET + "host: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n").encode()
        writer.write(get + post(b"last"))
        assert (await read_answer(reader)).status == 405
        assert (await read_answer(reader)).status == 200
        bodies = [request.json_body for request in served.servicer.requests]
    assert bodies == [inner, b"next", b"last"]


async def test_pipelined_requests_are_answered_in_order_and_no_more_than_a_few_wait() -> None:
    async with serving() as served:
        async with connected(served.port) as (reader, writer):
            writer.write(b"".join(post(b"%d" % number) for number in range(6)))
            for _ in range(6):
                assert (await read_answer(reader)).status == 200
        assert [request.json_body for request in served.servicer.requests] == [b"%d" % n for n in range(6)]
        served.servicer.requests.clear()
        async with connected(served.port) as (reader, writer):
            writer.write(b"".join(post(b"%d" % number) for number in range(1000)))
            answers = await ends(reader)
        assert answers.count(b"HTTP/1.1 200 ") == len(served.servicer.requests) == 9
        assert answers.rindex(b"connection: close") > answers.rindex(b"HTTP/1.1 200 ")


async def test_garbage_behind_a_request_waits_for_its_answer() -> None:
    async with serving() as served, connected(served.port) as (reader, writer):
        writer.write(post(b"x") + b"\0\0\0\0")
        assert (await read_answer(reader)).body == b'{"ok":true}'
        assert (await read_answer(reader)).status == 400
        assert await ends(reader) == b""


async def test_a_pipelining_client_that_leaves_is_noticed() -> None:
    async with serving() as served:
        async with connected(served.port) as (_, writer):
            writer.write(post(b"wait") + post(b"x") + post(b"y"))
            await until(served.servicer.started.is_set)
        await until(served.servicer.left.is_set)
        assert len(served.servicer.requests) == 1


async def test_continue_is_said_after_the_checks() -> None:
    expect = "expect: 100-continue"
    async with serving(max_message_size=100) as served:
        assert (await ask(served.port, head(expect, "content-length: 101"))).status == 413
        refused = head(expect, "content-length: 5", "content-encoding: br")
        assert (await ask(served.port, refused)).status == 415
        missing = head(expect, "content-length: 5", path="/nothing")
        assert (await ask(served.port, missing)).status == 404
        async with connected(served.port) as (reader, writer):
            writer.write(head(expect, "content-length: 5"))
            async with asyncio.timeout(5):
                assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"hello")
            assert (await read_answer(reader)).status == 200
            writer.write(post(b"hello", expect))
            assert (await read_answer(reader)).status == 200


async def test_random_bytes_harm_nobody(caplog: pytest.LogCaptureFixture) -> None:
    seeded = random.Random(5)
    pieces = [post(b"x"), head(CHUNKED), b"3\r\nabc\r\n", BODY_ENDS, b"\r\n", b"HTTP/1.1", b": ", b"\0"]
    async with serving() as served:
        for _ in range(150):
            data = bytearray(b"".join(seeded.choice(pieces) for _ in range(seeded.randrange(1, 8))))
            for _ in range(seeded.randrange(4)):
                data[seeded.randrange(len(data))] = seeded.randrange(256)
            async with connected(served.port) as (reader, writer):
                writer.write(bytes(data))
                if seeded.random() < 0.5:
                    writer.write_eof()
                    await ends(reader)
        async with connected(served.port) as (reader, writer):
            writer.write(post(b"x"))
            assert (await read_answer(reader)).status == 200
        await until(lambda: served.web.stats.connections == 0)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_client_may_leave_anywhere(caplog: pytest.LogCaptureFixture) -> None:
    request = post(b"x" * 50) + post(b"events", path="/v1/stream")
    async with serving() as served:
        for size in range(0, len(request) + 1, 7):
            async with connected(served.port) as (_, writer):
                writer.write(request[:size])
                await writer.drain()
        await until(lambda: served.web.stats.connections == 0)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_connections_leave_nothing_behind() -> None:
    """No cycles either: a connection that has ended is gone without the collector."""

    async def attack(served: Any) -> None:
        for data in (
            post(b"x"),
            b"\0",
            head(CHUNKED) + b"3\r\nab",
            head("connection: upgrade", "upgrade: a"),
        ):
            async with connected(served.port) as (_, writer):
                writer.write(data)
                await writer.drain()
                await asyncio.sleep(0.01)
        await until(lambda: served.web.stats.connections == 0)

    def alive() -> int:
        names = ("HttpConnection", "Exchange", "HttpRequestParser")
        return sum(type(item).__name__ in names for item in gc.get_objects())

    async with serving() as served:
        await attack(served)
        gc.collect()
        gc.disable()
        try:
            for _ in range(5):
                await attack(served)
            await asyncio.sleep(0.05)
            assert alive() == 0
        finally:
            gc.enable()


async def test_errors_do_not_repeat_what_was_sent() -> None:
    async with serving() as served:
        answer = await ask(served.port, head("host: secret-value-of-a-header"))
        assert not re.search("secret", answer.message)
