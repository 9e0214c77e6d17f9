"""A connection is closed when its client has read what was said on it, and not before."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING

import pytest
import trustme
import uvloop
from hyperframe.frame import Frame, GoAwayFrame, HeadersFrame, PingFrame, SettingsFrame
from tokenwire.grpc import protocol
from tokenwire.limits import Limits

from .flood import call, window
from .frame_client import PREFACE
from .wire_service import running, until

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tokenwire.grpc.server import Server

SIZE = 800_000
"""Bytes of an answer that the client's system takes before the client reads."""


class SlowReader:
    """A client that takes nothing from its system until it is told to, and gives windows meanwhile.

    Attributes:
        frames: What it has read.
        closed: It has read to the end.
    """

    def __init__(self, port: int) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.frames: list[Frame] = []
        self.closed = False
        self._unread = b""

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.socket, data)

    async def ask(self) -> None:
        """Call for a large answer."""
        settings = SettingsFrame(0, settings={4: 8 << 20}).serialize()
        request = call(1, "Unary", b"size:%d" % SIZE)
        await self.send(PREFACE + settings + window(0, 8 << 20) + request)

    async def read(self, *, answering: bool = True) -> None:
        """Read until the server closes; pings are answered, or not."""
        while data := await asyncio.get_running_loop().sock_recv(self.socket, 1 << 16):
            self._unread += data
            while len(self._unread) >= 9:
                frame, size = Frame.parse_frame_header(memoryview(self._unread[:9]))
                if len(self._unread) < 9 + size:
                    break
                frame.parse_body(memoryview(self._unread[9 : 9 + size]))
                self._unread = self._unread[9 + size :]
                self.frames.append(frame)
                if isinstance(frame, PingFrame) and "ACK" not in frame.flags and answering:
                    await self.send(PingFrame(0, frame.opaque_data, flags=["ACK"]).serialize())
        self.closed = True

    @property
    def answered(self) -> bool:
        """Whether the answer came to its end."""
        last = [frame for frame in self.frames if isinstance(frame, HeadersFrame)][-1]
        return "END_STREAM" in last.flags


async def sent(server: Server) -> None:
    """Wait until the answer has left the server."""
    await until(lambda: server.stats.bytes_sent > SIZE)
    await until(lambda: not any(connection.calls for connection in server._connections))


async def drained() -> None:
    async with running() as (_, server, _):
        client = SlowReader(server.port)
        await client.ask()
        await sent(server)
        draining = asyncio.create_task(server.drain(20))
        await asyncio.sleep(0.3)
        await client.send(window(0, 1000))  # A closed socket would answer it with a reset.
        await asyncio.sleep(0.1)
        assert not draining.done()
        await client.read()
        assert client.answered
        assert await draining
        client.socket.close()


async def grown_old() -> None:
    async with running(limits=Limits(max_connection_age=0.2)) as (_, server, _):
        client = SlowReader(server.port)
        await client.ask()
        await sent(server)
        await asyncio.sleep(0.5)
        await client.send(window(0, 1000))
        await asyncio.sleep(0.1)
        await client.read()
        assert client.answered
        assert any(isinstance(frame, GoAwayFrame) for frame in client.frames)
        client.socket.close()


async def never_read() -> None:
    async with running() as (_, server, _):
        client = SlowReader(server.port)
        await client.ask()
        await sent(server)
        async with asyncio.timeout(5):
            assert await server.drain(10)
        await until(lambda: not server._connections)
        client.socket.close()


async def never_read_over_tls(authority: trustme.CA) -> None:
    """asyncio and uvloop wait 30 s for the end of TLS: the drain does not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    client.set_alpn_protocols(["h2"])
    async with running(ssl=context) as (_, server, _):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", server.port, ssl=client, server_hostname="localhost"
        )
        writer.write(PREFACE + SettingsFrame(0).serialize() + call(1, "Unary", b"hello"))
        await until(lambda: server.stats.calls == 1)
        await until(lambda: not any(connection.calls for connection in server._connections))
        writer.transport.pause_reading()
        async with asyncio.timeout(5):
            assert await server.drain(10)
        writer.transport.abort()
        assert not reader.at_eof()


async def told_and_leaving() -> None:
    """A client that leaves itself, after it was told to and before it could hear that."""
    async with running() as (_, server, _):
        client = SlowReader(server.port)
        await client.ask()
        await sent(server)
        draining = asyncio.create_task(server.drain(20))
        await asyncio.sleep(0.01)
        await client.send(GoAwayFrame(0).serialize())
        await asyncio.sleep(0.1)
        await client.send(window(0, 1000))
        await asyncio.sleep(0.1)
        await client.read()
        assert client.answered
        assert await draining
        client.socket.close()


async def idle() -> None:
    """Who has read all, which shows in its answer to the first ping, is asked no second time."""
    async with running() as (_, server, _):
        client = SlowReader(server.port)
        await client.ask()
        await sent(server)
        reading = asyncio.create_task(client.read())
        async with asyncio.timeout(20):
            assert await server.drain(10)
            await reading
        pings = [frame.opaque_data for frame in client.frames if isinstance(frame, PingFrame)]
        assert pings == [protocol._LEAVING_PING]
        client.socket.close()


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
@pytest.mark.parametrize("what", [drained, grown_old, idle, told_and_leaving])
def test_what_was_said_is_read_before_the_end(
    run: Callable[[Coroutine[None, None, None]], None],
    what: Callable[[], Coroutine[None, None, None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protocol, "_LEAVING_SECONDS", 1.0 if what is told_and_leaving else 0.05)
    run(what())


def test_who_never_reads_holds_up_a_drain_for_some_seconds_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "_LEAVING_SECONDS", 0.1)
    monkeypatch.setattr(protocol, "_LAST_SECONDS", 0.3)
    asyncio.run(never_read())
    for run in (asyncio.run, uvloop.run):
        run(never_read_over_tls(trustme.CA()))
