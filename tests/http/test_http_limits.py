"""The limits of the HTTP listener: each with an error that names its flag, and others unaffected."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import json
import socket
import ssl
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.http.packing import wants_gzip
from tokenwire.turns import Turns
from tokenwire_serve.process import http_listener
from tokenwire_serve.process.http_connection import HttpConnection

from tests.security.certificates import Authority

from .fakes import Chunk, until
from .raw_http import Served, ask, connected, ends, head, post, read_answer, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CHUNKED = "transfer-encoding: chunked"


async def works(served: Served) -> None:
    """Another client is answered."""
    async with connected(served.port) as (reader, writer):
        writer.write(post(b"other"))
        assert (await read_answer(reader)).body == b'{"ok":true}'


# Sizes.


async def test_a_head_that_is_too_large_is_431() -> None:
    async with serving(max_header_size=2000) as served:
        for data in (
            head("a: " + "b" * 2000),
            head(*(f"a{number}: {'b' * 80}" for number in range(30))),
            f"GET /{'x' * 2000} HTTP/1.1\r\nhost: x\r\n\r\n".encode(),
            b"GET /" + b"x" * 100_000,
            b"GET / HTTP/1.1\r\na: " + b"x" * 100_000,
        ):
            answer = await ask(served.port, data)
            assert answer.status == 431
            assert "2000 bytes (--max-header-size)" in answer.message
            assert answer.kind == "invalid_request_error"
        assert (await ask(served.port, head(*["a: b"] * 300))).status == 431
        async with connected(served.port) as (reader, writer):
            for size in (1700, 10, 1700):
                writer.write(post(b"x" * 5000, "a: " + "b" * size))
                assert (await read_answer(reader)).status == 200
        assert served.web.stats.refused == {"headers": 6}


async def test_a_head_that_comes_slowly_is_counted_too() -> None:
    async with serving(max_header_size=2000) as served, connected(served.port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\n")
        for _ in range(30):
            writer.write(b"a: " + b"b" * 100 + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0.001)
        assert (await read_answer(reader)).status == 431


async def test_a_body_that_is_too_large_is_413_before_it_is_read() -> None:
    async with serving(max_message_size=1000) as served:
        answer = await ask(served.port, head("content-length: 1001"))
        assert (answer.status, answer.kind) == (413, "invalid_request_error")
        assert answer.message == "the body is larger than 1000 bytes (--grpc-max-message-size)"
        grown = head(CHUNKED) + b"1f4\r\n%b\r\n" % (b"x" * 500) * 3
        assert (await ask(served.port, grown)).status == 413
        async with connected(served.port) as (reader, writer):
            writer.write(post(b"x" * 1000))
            assert (await read_answer(reader)).status == 200


async def test_a_client_that_sends_on_can_read_why_it_was_refused() -> None:
    """The server closes only when the client has had time: a socket closed over unread bytes is reset."""
    async with serving(max_message_size=1000) as served, connected(served.port) as (reader, writer):
        writer.write(head("content-length: 3000000"))
        for _ in range(30):
            writer.write(b"x" * 100_000)
            await writer.drain()
        assert (await read_answer(reader)).status == 413


async def test_an_answer_that_is_too_large_asks_for_less() -> None:
    async with serving(max_message_size=20) as served, connected(served.port) as (reader, writer):
        served.servicer.answer = b"[%b]" % (b"1," * 20 + b"1")
        writer.write(post(b"answer"))
        answer = await read_answer(reader)
        assert answer.status == 400
        assert "larger than 20 bytes (--grpc-max-message-size)" in answer.message
        await works(served)


async def test_bodies_of_all_connections_share_a_budget() -> None:
    async with serving(max_request_memory=100_000) as served:
        async with connected(served.port) as (_, first):
            first.write(head("content-length: 90000") + b"x" * 80_000)
            await until(lambda: served.web.stats.bytes_in > 80_000)
            answer = await ask(served.port, head("content-length: 30000") + b"x" * 25_000)
            assert answer.status == 429
            assert "100000 bytes they may have (--max-request-memory)" in answer.message
            assert answer.headers["retry-after"] == "1"
            await works(served)
        await until(lambda: served.web.stats.connections == 0)
        async with connected(served.port) as (reader, writer):
            writer.write(post(b"x" * 90_000))
            assert (await read_answer(reader)).status == 200


# Compression.


async def test_gzip_is_unpacked_within_the_limit() -> None:
    async with serving(max_message_size=100_000) as served:
        async with connected(served.port) as (reader, writer):
            plain = json.dumps(list(range(3000))).encode()
            members = gzip.compress(plain[:100]) + gzip.compress(plain[100:])
            for data in (gzip.compress(plain), members):
                writer.write(post(data, "content-encoding: gzip"))
                assert (await read_answer(reader)).status == 200
            assert [request.json_body for request in served.servicer.requests] == [plain, plain]
        for bomb in (gzip.compress(b"x" * 100_001), gzip.compress(b"x" * 99_000) * 2):
            answer = await ask(served.port, post(bomb, "content-encoding: gzip"))
            assert answer.status == 413 and "--grpc-max-message-size" in answer.message
        for broken in (b"no gzip", gzip.compress(plain)[:-5], gzip.compress(plain) + b"tail", b""):
            answer = await ask(served.port, post(broken, "content-encoding: gzip"))
            assert answer.status == 400 and "gzip" in answer.message
        flood = gzip.compress(b"") * 5000
        assert (await ask(served.port, post(flood, "content-encoding: gzip"))).status == 400


async def test_a_compressed_bomb_takes_the_memory_of_the_limit_at_most() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(200)), packer.flush()])
    async with serving(max_message_size=1 << 20) as served:
        answer = await ask(served.port, post(bomb, "content-encoding: gzip"))
        assert answer.status == 413
        await works(served)


async def test_other_encodings_are_415() -> None:
    async with serving() as served:
        for coding in ("br", "deflate", "gzip, gzip"):
            answer = await ask(served.port, head("content-length: 9", f"content-encoding: {coding}"))
            assert answer.status == 415 and "use gzip" in answer.message
            assert answer.headers["accept-encoding"] == "gzip"
        async with connected(served.port) as (reader, writer):
            writer.write(post(b"x", "content-encoding: identity"))
            assert (await read_answer(reader)).status == 200


@pytest.mark.parametrize("size", [2000, 500_000])
async def test_large_answers_are_packed_for_who_wants_that(size: int) -> None:
    async with serving() as served, connected(served.port) as (reader, writer):
        served.servicer.answer = json.dumps("x" * size).encode()
        writer.write(post(b"answer", "accept-encoding: gzip, deflate"))
        answer = await read_answer(reader)
        assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "accept-encoding")
        assert len(answer.body) < size / 10
        assert gzip.decompress(answer.body) == served.servicer.answer
        writer.write(post(b"answer"))
        answer = await read_answer(reader)
        assert "content-encoding" not in answer.headers
        assert answer.headers["vary"] == "accept-encoding"
        assert answer.body == served.servicer.answer
        writer.write(post(b"small", "accept-encoding: gzip"))
        assert "content-encoding" not in (await read_answer(reader)).headers
        writer.write(post(b"events", "accept-encoding: gzip", path="/v1/stream"))
        async with asyncio.timeout(10):
            assert b"content-encoding" not in await reader.readuntil(b"data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("br, x-gzip", True),
        ("*", True),
        ("*;q=0", False),
        ("gzip;q=0.2, identity", False),
        ("gzip;q=x", False),
        ("deflate", False),
    ],
)
def test_weights(accepted: str, wanted: bool) -> None:
    assert wants_gzip(accepted) is wanted


# Times.


async def test_the_first_head_has_its_time() -> None:
    async with serving(handshake_timeout=0.3) as served:
        async with connected(served.port) as (reader, _):
            assert await ends(reader) == b""
        answer = await ask(served.port, b"GET / HTTP/1.1\r\nhost: x\r\n")
        assert answer.status == 408
        assert answer.message.endswith("did not come within 0.3 s (--handshake-timeout)")


async def test_slow_heads_end_though_bytes_keep_coming() -> None:
    async with serving(handshake_timeout=0.4) as served, connected(served.port) as (reader, writer):
        writer.write(post(b"x"))
        assert (await read_answer(reader)).status == 200

        async def drip() -> None:
            for byte in itertools.cycle(head("a: b")[:-2] + b"c: d\r\n"):
                writer.write(bytes([byte]))
                await asyncio.sleep(0.01)

        task = asyncio.create_task(drip())
        assert (await read_answer(reader)).status == 408
        task.cancel()
        assert served.web.stats.refused == {"handshake_timeout": 1}


async def test_a_slow_body_ends() -> None:
    async with serving(request_timeout=0.4) as served:
        async with connected(served.port) as (reader, writer):
            writer.write(head("content-length: 1000"))

            async def drip() -> None:
                while True:
                    writer.write(b"x")
                    await asyncio.sleep(0.02)

            task = asyncio.create_task(drip())
            answer = await read_answer(reader)
            task.cancel()
        assert answer.status == 408
        assert answer.message == "the request did not come within 0.4 s (--request-timeout)"
        assert served.servicer.requests == []
        await works(served)


async def test_idle_connections_end_and_busy_ones_do_not() -> None:
    async with (
        serving(idle_timeout=0.3, request_timeout=0.3, handshake_timeout=0.3) as served,
        connected(served.port) as (reader, writer),
        connected(served.port) as (_, busy),
    ):
        busy.write(post(b"wait"))
        for _ in range(4):
            writer.write(post(b"x"))
            assert (await read_answer(reader)).status == 200
            await asyncio.sleep(0.1)
        assert await ends(reader) == b""
        await asyncio.sleep(0.5)
        assert not served.servicer.left.is_set()
        assert served.web.stats.connections == 1


@contextlib.asynccontextmanager
async def deaf(port: int) -> AsyncIterator[socket.socket]:
    """A client with a small buffer that reads only when told to."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
        yield client


@pytest.mark.parametrize("body", [b"one-then-wait", b"answer"])
async def test_a_reader_that_takes_nothing_is_cut_off(body: bytes) -> None:
    stream = body != b"answer"
    async with serving(stall_timeout=0.4, send_buffer=8192) as served, deaf(served.port) as client:
        loop = asyncio.get_running_loop()
        served.servicer.answer = b"1" * 5_000_000
        await loop.sock_sendall(client, post(body, path="/v1/stream" if stream else "/v1/unary"))
        await until(served.servicer.started.is_set)
        if stream:
            await until(lambda: bool(served.servicer.streams))
            for _ in range(100):
                served.servicer.streams[0].push(Chunk(b"x" * 20_000))
                await asyncio.sleep(0.001)
            await until(served.servicer.left.is_set)
        await until(lambda: served.web.stats.connections == 0)
        assert served.web.stats.refused == {"stalled": 1}
        await works(served)


async def test_a_reader_that_is_slow_is_not_cut_off() -> None:
    async with serving(stall_timeout=0.4, send_buffer=8192) as served, deaf(served.port) as client:
        loop = asyncio.get_running_loop()
        served.servicer.answer = b"1" * 600_000
        await loop.sock_sendall(client, post(b"answer"))
        received = 0
        async with asyncio.timeout(30):
            while received < 600_000:
                received += len(await loop.sock_recv(client, 8192))
                await asyncio.sleep(0.02)
        assert served.web.stats.refused == {}


# Connections.


async def test_handshakes_of_tls_are_timed_and_counted(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.server())
    async with serving(tls=context, handshake_timeout=0.5, max_connections=2) as served:
        async with connected(served.port) as (silent, _), connected(served.port) as (garbled, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await ends(garbled)
            await ends(silent)
            await until(lambda: served.web.stats.connections == 0)
        assert served.web.stats.refused == {"tls": 2}
        for _ in range(3):
            reader, writer = await asyncio.open_connection(
                "localhost", served.port, ssl=authority.trusted(), ssl_handshake_timeout=20
            )
            writer.write(post(b"x"))
            assert (await read_answer(reader)).body == b'{"ok":true}'
            writer.close()
            await writer.wait_closed()
        await until(lambda: served.web.stats.connections == 0)


async def test_too_many_connections_are_503_and_others_go_on() -> None:
    async with serving(max_connections=3) as served:
        async with contextlib.AsyncExitStack() as stack:
            held = [await stack.enter_async_context(connected(served.port)) for _ in range(3)]
            for reader, writer in held:
                writer.write(post(b"x"))
                assert (await read_answer(reader)).status == 200
            for _ in range(100):
                answer = await ask(served.port, post(b"y"))
                assert answer.status == 503
            assert "3 (--max-connections)" in answer.message
            assert answer.headers["retry-after"] == "1"
            for reader, writer in held:
                writer.write(post(b"x"))
                assert (await read_answer(reader)).status == 200
            assert served.web.stats.refused == {"connections": 100}
            assert served.web.stats.connections == 3
        await until(lambda: served.web.stats.connections == 0)
        await works(served)


async def test_refused_connections_cost_no_more_than_a_few_sockets() -> None:
    async with serving(max_connections=1) as served, contextlib.AsyncExitStack() as stack:
        reader, writer = await stack.enter_async_context(connected(served.port))
        writer.write(post(b"x"))
        assert (await read_answer(reader)).status == 200
        refused = [await stack.enter_async_context(connected(served.port)) for _ in range(200)]
        answers = [await ends(reader) for reader, _ in refused]
        told = sum(b" 503 " in answer for answer in answers)
        assert 64 <= told < 200
        assert served.web.stats.accepted == 201


async def test_silent_connections_give_way() -> None:
    async with serving(max_connections=5) as served, contextlib.AsyncExitStack() as stack:
        heard, writer = await stack.enter_async_context(connected(served.port))
        writer.write(post(b"x"))
        assert (await read_answer(heard)).status == 200
        silent = [await stack.enter_async_context(connected(served.port)) for _ in range(40)]
        await asyncio.sleep(0.2)
        for _ in range(3):
            await works(served)
        writer.write(post(b"x"))
        assert (await read_answer(heard)).status == 200
        assert await ends(silent[0][0]) == b""
        await until(lambda: served.web.stats.connections <= 5)
        assert served.web.stats.refused["displaced"] >= 1


async def test_a_client_that_sends_on_in_vain_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokenwire_serve.process.http_connection._MOST_IGNORED", 1 << 20)
    async with serving(max_message_size=1000) as served, connected(served.port) as (reader, writer):
        writer.write(head("content-length: 100000000"))
        with pytest.raises(ConnectionError):
            while True:
                writer.write(b"x" * 100_000)
                await writer.drain()
        await until(lambda: served.web.stats.connections == 0)
        await ends(reader)


async def test_a_connection_that_is_long_idle_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokenwire_serve.process.http_listener._MAY_GIVE_WAY", 0.0)
    async with (
        serving(max_connections=2) as served,
        connected(served.port) as (idle, writer),
        connected(served.port) as (_, busy),
    ):
        writer.write(post(b"x"))
        assert (await read_answer(idle)).status == 200
        busy.write(post(b"wait"))
        await until(lambda: len(served.servicer.requests) == 2)
        async with connected(served.port) as (reader, other):
            other.write(post(b"y"))
            assert (await read_answer(reader)).status == 200
        assert await ends(idle) == b""
        assert not served.servicer.left.is_set()


# The drain.


async def test_a_drain_closes_what_is_idle_and_says_close_with_the_last_answers() -> None:
    async with serving() as served, contextlib.AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(connected(served.port)) for _ in range(3)]
        (idle, first), (busy, second), (begun, third) = connections
        first.write(post(b"x"))
        assert (await read_answer(idle)).status == 200
        second.write(post(b"one-then-wait", path="/v1/stream"))
        await until(lambda: bool(served.servicer.streams))
        third.write(post(b"late")[:-2])
        await until(lambda: served.web.stats.bytes_in > 250)
        drain = asyncio.create_task(served.web.drain(20))
        assert await ends(idle) == b""
        third.write(b"te")
        answer = await read_answer(begun)
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        third.close()
        assert not drain.done()
        served.servicer.streams[0].close()
        assert (await ends(busy)).endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
        second.close()
        assert await drain


async def test_an_answer_that_did_not_say_close_is_not_the_last_one() -> None:
    """Its head was sent before the drain: the client asks again as soon as it has ended."""
    async with serving() as served, connected(served.port) as (reader, writer):
        writer.write(post(b"one-then-wait", path="/v1/stream"))
        await until(lambda: bool(served.servicer.streams))
        await reader.readuntil(b"\r\n\r\n")
        drain = asyncio.create_task(served.web.drain(20))
        await asyncio.sleep(0.4)  # Longer than idle connections stay.
        served.servicer.streams[0].close()
        await reader.readuntil(b"data: [DONE]\n\n\r\n0\r\n\r\n")
        writer.write(post(b"x"))
        answer = await read_answer(reader)
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert await drain


async def test_a_drain_does_not_wait_for_who_reads_nothing() -> None:
    async with serving(stall_timeout=0.4, send_buffer=8192) as served, deaf(served.port) as client:
        served.servicer.answer = b"1" * 5_000_000
        await asyncio.get_running_loop().sock_sendall(client, post(b"answer"))
        await until(served.servicer.started.is_set)
        await asyncio.sleep(0.05)
        async with asyncio.timeout(15):
            assert await served.web.drain()


# Turns.


class HeldTurns(Turns):
    """Turns that begin when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.added = 0

    def add(self, worker: Any) -> None:
        self.added += 1
        self._waiting.append(worker)
        self.scheduled = True

    def begin(self) -> None:
        self._run()


async def test_much_at_once_is_parsed_in_pieces_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = 0
    work_off = HttpConnection.work_off

    def counted(connection: HttpConnection) -> bool:
        nonlocal pieces
        pieces += 1
        return work_off(connection)

    monkeypatch.setattr(HttpConnection, "work_off", counted)
    bodies = [b"%d" % number * 50_000 for number in range(5)]
    async with serving() as served, connected(served.port) as (reader, writer):
        for body in bodies[:-1]:
            writer.write(post(body))
        writer.write(head(CHUNKED) + b"".join(b"1\r\n%c\r\n" % byte for byte in bodies[-1][:9000]))
        writer.write(b"0\r\n\r\n")
        for _ in bodies:
            assert (await read_answer(reader)).status == 200
        got = [request.json_body for request in served.servicer.requests]
    assert got == [*bodies[:-1], bodies[-1][:9000]]
    assert pieces >= 20


async def test_who_sends_little_passes_those_who_wait_for_their_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_listener, "Turns", HeldTurns)
    async with serving() as served, connected(served.port) as (reader, writer):
        turns = served.web._listener.turns  # type: ignore[union-attr]
        assert isinstance(turns, HeldTurns)
        writer.write(post(b"x" * 20_000))
        await until(lambda: turns.added == 1)
        await works(served)
        assert len(served.servicer.requests) == 1  # The other's body is not complete.
        drain = asyncio.create_task(served.web.drain(20))
        await asyncio.sleep(0.4)
        turns.begin()
        answer = await read_answer(reader)
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        writer.close()
        assert await drain


async def test_a_client_that_leaves_loses_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_listener, "Turns", HeldTurns)
    async with serving() as served:
        turns = served.web._listener.turns  # type: ignore[union-attr]
        assert isinstance(turns, HeldTurns)
        async with connected(served.port) as (_, writer):
            writer.write(head("content-length: 3000") + b"x" * 3000 + post(b"never" * 3000))
            await until(lambda: turns.added == 1)
        served.web._listener.abort()  # type: ignore[union-attr]
        await until(lambda: served.web.stats.connections == 0)
        turns.begin()
        assert not turns.scheduled
        assert [len(request.json_body) for request in served.servicer.requests] == [3000]


@pytest.mark.skipif(not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="the system has no such limit")
async def test_little_waits_in_the_kernel_for_who_reads_nothing() -> None:
    async with serving() as served, deaf(served.port) as client:
        served.servicer.answer = b"1" * 5_000_000
        await asyncio.get_running_loop().sock_sendall(client, post(b"answer"))
        await until(served.servicer.started.is_set)
        (connection,) = served.web._listener._connections  # type: ignore[union-attr]
        await until(lambda: connection._transport.get_write_buffer_size() > 4_000_000)  # type: ignore[union-attr]


async def test_what_was_sent_and_received_is_counted() -> None:
    async with serving() as served:
        data = post(b"x")
        async with connected(served.port) as (reader, writer):
            writer.write(data)
            await read_answer(reader)
            writer.write(data)
            await read_answer(reader)
            stats: Any = served.web.stats
            assert (stats.connections, stats.accepted, stats.requests) == (1, 1, 2)
            assert stats.bytes_in == 2 * len(data)
            assert stats.bytes_out > 2 * len(b'{"ok":true}')
        await until(lambda: stats.connections == 0)
