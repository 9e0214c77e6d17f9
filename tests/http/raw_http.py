"""A web server on a free port, and clients of bare bytes."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tokenwire.http.asgi import build_endpoint
from tokenwire.limits import Limits
from tokenwire_serve.process.web import WebServer

from .fakes import ADAPTERS, FakeServicer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from ssl import SSLContext


@dataclass
class Served:
    """A server that runs."""

    port: int
    servicer: FakeServicer
    web: WebServer


@dataclass
class Answer:
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> str:
        """The sentence of an error, whose shape is checked."""
        error = json.loads(self.body)["error"]
        assert self.headers["content-type"] == "application/json"
        assert set(error) == {"message", "type", "param", "code"} and error["code"] == self.status
        text: str = error["message"]
        return text

    @property
    def kind(self) -> str:
        """The type of an error."""
        kind: str = json.loads(self.body)["error"]["type"]
        return kind


@asynccontextmanager
async def serving(
    tls: SSLContext | None = None, send_buffer: int = 0, **limits: Any
) -> AsyncIterator[Served]:
    """A server of fakes with the given limits."""
    servicer = FakeServicer()
    given = Limits(**limits)
    with socket.create_server(("127.0.0.1", 0)) as sock:
        if send_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        web = WebServer(
            build_endpoint(servicer, adapters=ADAPTERS, limits=given), sock, limits=given, tls=tls
        )
        await web.start()
        try:
            yield Served(sock.getsockname()[1], servicer, web)
        finally:
            async with asyncio.timeout(10):
                await web.close()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection that is cut at the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def post(body: bytes, *headers: str, path: str = "/v1/unary") -> bytes:
    """A request with a body of known length."""
    return head(*headers, f"content-length: {len(body)}", path=path) + body


def head(*headers: str, path: str = "/v1/unary") -> bytes:
    """The head of a request whose framing the headers say."""
    lines = (f"POST {path} HTTP/1.1", "host: x", "content-type: application/json", *headers)
    return "\r\n".join([*lines, "", ""]).encode()


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """The next answer, whose length is known."""
    async with asyncio.timeout(20):
        top = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in top[1:] if line)
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Answer(int(top[0].split()[1]), headers, body)


async def ends(reader: asyncio.StreamReader) -> bytes:
    """What still comes until the server has closed, a reset being an end too."""
    rest = b""
    async with asyncio.timeout(20):
        try:
            while piece := await reader.read(65536):
                rest += piece
        except ConnectionError:
            pass
    return rest


async def ask(port: int, data: bytes) -> Answer:
    """The only answer to some bytes, after which the server closes."""
    async with connected(port) as (reader, writer):
        writer.write(data)
        answer = await read_answer(reader)
        assert await ends(reader) == b""
    assert answer.headers["connection"] == "close"
    return answer
