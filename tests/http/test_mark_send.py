"""Events with and without something that wraps `send`: streamed the same way, and no cycles left."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from starlette.middleware.base import BaseHTTPMiddleware
from tokenwire.http import asgi
from tokenwire.http.asgi import build_app, build_endpoint, mark_send
from tokenwire.http.sse import EventWriter
from tokenwire_serve.process.web import WebServer

from .fakes import ADAPTERS, Chunk, FakeServicer, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


def endpoint(servicer: FakeServicer) -> Any:
    return build_endpoint(servicer, adapters=ADAPTERS)


def starlette(servicer: FakeServicer) -> Any:
    return build_app(servicer, adapters=ADAPTERS)


def wrapped(servicer: FakeServicer) -> Any:
    async def add(request: Any, call_next: Callable[[Any], Any]) -> Any:
        response = await call_next(request)
        response.headers["x-added"] = "1"
        return response

    app = build_app(servicer, adapters=ADAPTERS)
    app.add_middleware(BaseHTTPMiddleware, dispatch=add)
    return app


APPS = [(endpoint, True), (starlette, False), (wrapped, False)]


@contextlib.asynccontextmanager
async def served(app: Any) -> AsyncIterator[int]:
    """The port of a web server."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        server = WebServer(app, sock)
        await server.start()
        try:
            yield sock.getsockname()[1]
        finally:
            await server.close()


@contextlib.asynccontextmanager
async def served_by_uvicorn(app: Any) -> AsyncIterator[int]:
    """The port of uvicorn, whose `send` needs no task either."""
    config = uvicorn.Config(mark_send(app), lifespan="off", ws="none", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        task = asyncio.create_task(server.serve(sockets=[sock]))
        await until(lambda: server.started)
        yield port
        server.should_exit = True
        await task


async def post(port: int, path: str, body: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    return reader, writer


@pytest.mark.parametrize("serve", [served, served_by_uvicorn])
@pytest.mark.parametrize(("make", "direct"), APPS)
async def test_events_stream_one_by_one(
    make: Any, direct: bool, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    writers: list[bool] = []

    class Watched(EventWriter):
        def __init__(self, *args: Any, at_once: bool, **options: Any) -> None:
            writers.append(at_once)
            super().__init__(*args, at_once=at_once, **options)

    monkeypatch.setattr(asgi, "EventWriter", Watched)
    servicer = FakeServicer()
    async with serve(make(servicer)) as port:
        reader, writer = await post(port, "/v1/stream", b"wait")
        await until(lambda: bool(servicer.streams))
        for number in range(5):
            servicer.streams[0].push(Chunk(b'{"n":%d}' % number))
            async with asyncio.timeout(5):
                await reader.readuntil(b'data: {"n":%d}\n\n' % number)
        servicer.streams[0].push(Chunk(b"", True))
        servicer.streams[0].close()
        async with asyncio.timeout(5):
            await reader.readuntil(b"data: [DONE]\n\n")
        writer.close()
    assert writers == [direct]


@pytest.mark.parametrize(("make", "direct"), APPS)
async def test_a_client_that_leaves_is_noticed(make: Any, direct: bool) -> None:
    servicer = FakeServicer()
    async with served(make(servicer)) as port:
        reader, writer = await post(port, "/v1/stream", b"wait")
        await until(lambda: bool(servicer.streams))
        servicer.streams[0].push(Chunk(b"{}"))
        await reader.readuntil(b"data: {}\n\n")
        writer.transport.abort()
        await until(servicer.left.is_set)


@pytest.mark.parametrize(("make", "direct"), APPS)
async def test_a_client_that_does_not_read_holds_up_nobody(make: Any, direct: bool) -> None:
    servicer = FakeServicer()
    async with served(make(servicer)) as port:
        reader, writer = await post(port, "/v1/stream", b"wait")
        await until(lambda: bool(servicer.streams))
        servicer.streams[0].push(Chunk(b"{}"))
        async with asyncio.timeout(5):
            await reader.readuntil(b"data: {}\n\n")
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(50):
            servicer.streams[0].push(Chunk(b"x" * 300_000))
            await asyncio.sleep(0)
        other, second = await post(port, "/v1/stream", b"whole")
        async with asyncio.timeout(5):
            assert b'{"whole":1}' in await other.readuntil(b'{"whole":1}')
        second.close()
        writer.transport.abort()
        await until(servicer.left.is_set)


async def test_a_request_is_no_cycle() -> None:
    """`send` belongs to the exchange, which has the scope."""
    scopes: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert asgi._unwrapped(scope, send)
        scopes.append(scope)

    class Request:
        def __init__(self) -> None:
            self.scope = {"type": "http"}

        async def send(self, message: Any) -> None:
            pass

    request = Request()
    await mark_send(app)(request.scope, None, request.send)  # type: ignore[arg-type]
    assert not asgi._unwrapped(scopes.pop(), request.send)
    gc.collect()
    gc.disable()
    try:
        request = Request()
        await mark_send(app)(request.scope, None, request.send)  # type: ignore[arg-type]
        scopes.clear()
        del request
        assert gc.collect() == 0
    finally:
        gc.enable()
