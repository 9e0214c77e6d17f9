"""Real sockets: clients that leave at any moment, that read slowly, and curl."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from tokenwire.http.asgi import build_app
from tokenwire_serve.process.listeners import listen
from tokenwire_serve.process.web import WebServer

from .fakes import ADAPTERS, Chunk, FakeServicer, until
from .raw_http import connected as raw_connection
from .raw_http import post, read_answer, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest_asyncio.fixture
async def servicer() -> FakeServicer:
    return FakeServicer()


@pytest_asyncio.fixture
async def port(servicer: FakeServicer) -> AsyncIterator[int]:
    sock = listen("127.0.0.1", 0, "--port")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    server = WebServer(build_app(servicer, adapters=ADAPTERS), sock)
    await server.start()
    yield sock.getsockname()[1]
    await server.close()


def request(path: str, body: bytes) -> bytes:
    lines = (
        f"POST {path} HTTP/1.1",
        "host: x",
        "content-type: application/json",
        f"content-length: {len(body)}",
    )
    return "\r\n".join([*lines, "", ""]).encode() + body


def accepted(client: tuple[str, int]) -> socket.socket:
    """This process's end of a connection of `client`, which is in this process too."""
    for path in Path("/proc/self/fd").iterdir():
        if path.is_socket():
            with socket.socket(fileno=os.dup(int(path.name))) as found, suppress(OSError):
                if found.getpeername() == client:
                    return found.dup()
    raise AssertionError(f"no socket is connected to {client}")


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def within(awaitable: Any) -> Any:
    async with asyncio.timeout(10):
        return await awaitable


@pytest.mark.parametrize(("path", "body"), [("/v1/unary", b"wait"), ("/v1/stream", b"never")])
async def test_leaving_before_the_first_byte_cancels(
    port: int, servicer: FakeServicer, path: str, body: bytes
) -> None:
    async with connected(port) as (_, writer):
        writer.write(request(path, body))
        await within(servicer.started.wait())
        assert not servicer.left.is_set()
    await within(servicer.left.wait())


@pytest.mark.parametrize("body", [b"one-then-wait", b"iterate-forever"])
async def test_leaving_a_stream_cancels_it(port: int, servicer: FakeServicer, body: bytes) -> None:
    async with connected(port) as (reader, writer):
        writer.write(request("/v1/stream", body))
        await within(reader.readuntil(b'data: {"n":0}\n\n'))
        assert not servicer.left.is_set()
    await within(servicer.left.wait())


async def test_leaving_in_the_middle_of_the_body_calls_nothing(port: int, servicer: FakeServicer) -> None:
    async with connected(port) as (_, writer):
        writer.write(request("/v1/unary", b"0123456789")[:-5])
        await writer.drain()
    async with connected(port) as (reader, writer):
        writer.write(request("/v1/unary", b"x"))
        await within(reader.readuntil(b'{"ok":true}'))
    assert [sent.json_body for sent in servicer.requests] == [b"x"]


async def test_events_leave_as_they_come(port: int, servicer: FakeServicer) -> None:
    async with connected(port) as (reader, writer):
        writer.write(request("/v1/stream", b"one-then-wait"))
        await within(reader.readuntil(b'data: {"n":0}\n\n'))
        servicer.streams[0].push(Chunk(b"second"))
        await within(reader.readuntil(b"data: second\n\n"))
        servicer.streams[0].close()
        await within(reader.readuntil(b"data: [DONE]\n\n\r\n0\r\n\r\n"))


async def test_events_in_quick_succession_leave_together(port: int, servicer: FakeServicer) -> None:
    async with connected(port) as (reader, writer):
        writer.write(request("/v1/stream", b"one-then-wait"))
        await within(reader.readuntil(b'data: {"n":0}\n\n'))
        for number in range(3):
            servicer.streams[0].push(Chunk(b"%d" % number))
        await within(reader.readuntil(b"data: 1\n\ndata: 2\n\n"))
        for text in (b"next", b"last"):
            servicer.streams[0].push(Chunk(text))
        servicer.streams[0].close()
        await within(reader.readuntil(b"data: last\n\ndata: [DONE]\n\n"))


async def test_one_connection_serves_request_after_request(port: int) -> None:
    async with connected(port) as (reader, writer):
        for _ in range(3):
            writer.write(request("/v1/stream", b"events"))
            await within(reader.readuntil(b"0\r\n\r\n"))
            writer.write(request("/v1/unary", b"x"))
            await within(reader.readuntil(b'{"ok":true}'))


async def test_a_slow_reader_gets_everything_and_holds_little(port: int, servicer: FakeServicer) -> None:
    """Far more than the sockets' buffers is pushed before the client reads: the rest is merged."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=client, limit=4096)
    writer.write(request("/v1/stream", b"one-then-wait"))
    await within(reader.readuntil(b'data: {"n":0}\n\n'))
    (stream,) = servicer.streams
    pushed = 0
    for number in range(2_000):
        chunk = b"%06d" % number * 100
        stream.push(Chunk(chunk))
        pushed += len(chunk)
        if number % 20 == 0:
            await asyncio.sleep(0.001)
    stream.close()
    body = b""
    while not body.endswith(b"0\r\n\r\n"):
        body += await within(reader.read(65536))
    writer.close()
    events = body.count(b"data: ")
    assert 2 < events < 2_000
    assert b"data: [DONE]" in body
    assert len(body) > pushed


async def test_a_slow_reader_does_not_stall_another(port: int, servicer: FakeServicer) -> None:
    async with connected(port) as (_, slow), connected(port) as (reader, quick):
        slow.write(request("/v1/stream", b"one-then-wait"))
        await within(servicer.started.wait())
        await until(lambda: bool(servicer.streams))
        for _ in range(20):
            servicer.streams[0].push(Chunk(b"x" * 100_000))
            await asyncio.sleep(0)
        quick.write(request("/v1/stream", b"events"))
        await within(reader.readuntil(b"data: [DONE]\n\n"))
        assert not servicer.left.is_set()
    await within(servicer.left.wait())


async def test_curl_reads_events(port: int) -> None:
    process = await asyncio.create_subprocess_exec(
        "curl", "-sSN", "-H", "content-type: application/json", "-d", "events",
        f"http://127.0.0.1:{port}/v1/stream", stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await within(process.communicate())
    assert process.returncode == 0
    assert out == b'data: {"n":0}\n\ndata: {"n":1}\n\ndata: {"n":2}\n\ndata: [DONE]\n\n'


async def test_head_has_the_headers_of_get_without_the_body(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(b"HEAD /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        answer = await within(reader.read())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 404 " in head and b"content-length: " in head
    assert body == b""


@pytest.mark.parametrize(
    ("limits", "options"),
    [
        (
            {"keepalive_time": 7.0, "keepalive_timeout": 12.0, "stall_timeout": 45.0},
            {"SO_KEEPALIVE": 1, "TCP_KEEPIDLE": 7, "TCP_KEEPINTVL": 3, "TCP_KEEPCNT": 4,
             "TCP_USER_TIMEOUT": 45_000},
        ),
        (
            {"keepalive_time": 0.5, "keepalive_timeout": 2.0, "stall_timeout": 0.5},
            {"SO_KEEPALIVE": 1, "TCP_KEEPIDLE": 1, "TCP_KEEPINTVL": 1, "TCP_KEEPCNT": 4,
             "TCP_USER_TIMEOUT": 500},
        ),
        ({"keepalive_time": 0.0}, {"SO_KEEPALIVE": 0, "TCP_USER_TIMEOUT": 120_000}),
    ],
)  # fmt: skip
async def test_the_kernel_ends_connections_of_silent_and_lost_clients(
    limits: dict[str, float], options: dict[str, int]
) -> None:
    async with serving(**limits) as served, raw_connection(served.port) as (reader, writer):
        writer.write(post(b"x"))
        assert (await read_answer(reader)).status == 200
        with accepted(writer.get_extra_info("sockname")) as sock:
            found = {name: sock.getsockopt(_level(name), getattr(socket, name)) for name in options}
    assert found == options


def _level(option: str) -> int:
    return socket.SOL_SOCKET if option.startswith("SO_") else socket.IPPROTO_TCP
