"""A connection ends when its client has what was said on it, and not before."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import uvloop
from tokenwire_serve.process import http_connection

from tests.security.certificates import Authority

from .fakes import until
from .raw_http import Served, connected, ends, post, read_answer, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path

SIZES = [400_000, 3_000_000]
"""Bytes of an answer of which the two systems hold all, and of one of which the server holds some itself."""


@asynccontextmanager
async def slow(port: int) -> AsyncIterator[socket.socket]:
    """A client that takes nothing from its system until it is told to."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 100_000)
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
        yield client


async def ask(served: Served, client: socket.socket, size: int, *headers: str) -> None:
    """Ask for a large answer, and wait until it is written."""
    served.servicer.answer = b"1" * size
    await asyncio.get_running_loop().sock_sendall(client, post(b"answer", *headers))
    await until(lambda: served.web.stats.requests == 1)
    await asyncio.sleep(0.1)


async def send_more(client: socket.socket) -> None:
    """Begin another request: a socket that is closed would answer it with a reset."""
    await asyncio.get_running_loop().sock_sendall(client, b"P")
    await asyncio.sleep(0.2)


async def read(client: socket.socket, pause: float = 0.0) -> int:
    """Read to the end; bytes of the answer's body."""
    loop = asyncio.get_running_loop()
    data = b""
    async with asyncio.timeout(30):
        while piece := await loop.sock_recv(client, 1 << 16):
            data += piece
            await asyncio.sleep(pause)
    return len(data.partition(b"\r\n\r\n")[2])


async def drained_when_idle(size: int) -> None:
    async with serving() as served, slow(served.port) as client:
        await ask(served, client, size)
        drain = asyncio.create_task(served.web.drain(20))
        await asyncio.sleep(0.5)
        await send_more(client)
        assert await read(client) == size
        client.close()
        assert await drain


async def drained_while_it_answers(size: int) -> None:
    async with serving() as served, slow(served.port) as client:
        loop = asyncio.get_running_loop()
        served.servicer.answer = b"1" * size
        await loop.sock_sendall(client, post(b"answer")[:-1])
        await until(lambda: served.web.stats.bytes_in > 0)
        drain = asyncio.create_task(served.web.drain(20))
        await asyncio.sleep(0.05)
        await loop.sock_sendall(client, b"r")
        await until(lambda: served.web.stats.requests == 1)
        await asyncio.sleep(0.1)
        await send_more(client)
        assert await read(client) == size
        client.close()
        assert await drain


def _read_all(client: ssl.SSLSocket) -> bytes:
    data = b""
    while piece := client.recv(1 << 16):
        data += piece
    return data


async def drained_over_tls(tmp_path: Path, size: int) -> None:
    authority = Authority(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.server())
    async with serving(tls=context) as served, slow(served.port) as sock:
        served.servicer.answer = b"1" * size
        sock.setblocking(True)
        sock.settimeout(20)
        client = await asyncio.to_thread(authority.trusted().wrap_socket, sock, server_hostname="localhost")
        with client:
            await asyncio.to_thread(client.sendall, post(b"answer"))
            await until(lambda: served.web.stats.requests == 1)
            drain = asyncio.create_task(served.web.drain(20))
            await asyncio.sleep(0.5)
            await asyncio.to_thread(client.sendall, b"P")
            await asyncio.sleep(0.2)
            data = await asyncio.to_thread(_read_all, client)
            assert len(data.partition(b"\r\n\r\n")[2]) == size
        assert await drain


async def closed_as_asked(size: int) -> None:
    async with serving() as served, slow(served.port) as client:
        await ask(served, client, size, "connection: close")
        await send_more(client)
        assert await read(client) == size


async def grown_idle(size: int) -> None:
    async with serving(idle_timeout=0.3) as served, slow(served.port) as client:
        await ask(served, client, size)
        await asyncio.sleep(0.6)
        await send_more(client)
        assert await read(client) == size


async def half_closed(size: int) -> None:
    """The time to read is counted anew while the client reads."""
    async with serving() as served, slow(served.port) as client:
        await ask(served, client, size)
        client.shutdown(socket.SHUT_WR)
        assert await read(client, pause=0.05) == size


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "what", [drained_when_idle, drained_while_it_answers, closed_as_asked, grown_idle, half_closed]
)
def test_what_was_said_is_read_before_the_end(
    run: Callable[[Coroutine[None, None, None]], None],
    what: Callable[[int], Coroutine[None, None, None]],
    size: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if what is half_closed:
        monkeypatch.setattr(http_connection, "_LINGER", 0.5)
    run(what(size))


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
@pytest.mark.parametrize("size", SIZES)
def test_what_was_said_over_tls_is_read_before_the_end(
    run: Callable[[Coroutine[None, None, None]], None], size: int, tmp_path: Path
) -> None:
    run(drained_over_tls(tmp_path, size))


async def test_who_reads_nothing_is_cut_off_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "_LINGER", 0.3)
    async with serving() as served, slow(served.port) as client:
        await ask(served, client, 150_000, "connection: close")
        assert served.web.stats.connections == 1
        await until(lambda: served.web.stats.connections == 0)


async def test_a_drain_closes_at_once_what_is_idle_and_read() -> None:
    async with serving() as served, connected(served.port) as (reader, writer):
        writer.write(post(b"x"))
        assert (await read_answer(reader)).status == 200
        await asyncio.sleep(0.1)
        assert await served.web.drain(20)
        assert served.web.stats.connections == 0
        assert await ends(reader) == b""
