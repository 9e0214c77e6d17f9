"""A service of raw messages with all four kinds of methods, for tests of the transport."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from tokenwire.codes import Code
from tokenwire.errors import DecodeError, RpcError
from tokenwire.grpc.server import Server
from tokenwire.method import Handler, Method
from tokenwire.streams import PushStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tokenwire.context import Context


class Raw:
    """A message whose encoding is its bytes; those that begin with 0xFF are refused."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = data

    def __bytes__(self) -> bytes:
        return self.data

    @classmethod
    def parse(cls, data: bytes) -> Raw:
        if data[:1] == b"\xff":
            raise DecodeError("starts with ff")
        return cls(data)


def method(name: str, **kinds: Any) -> Method[Any, Any]:
    return Method(path=f"/test.Wire/{name}", request=Raw, response=Raw, **kinds)


UNARY = method("Unary")
SERVER = method("Server", server_streaming=True)
PUSH = method("Push", server_streaming=True)
CLIENT = method("Client", client_streaming=True)
BIDI = method("Bidi", client_streaming=True, server_streaming=True)


class WireServicer:
    """Does what the request says; remembers what happened."""

    def __init__(self) -> None:
        self.contexts: list[Context] = []
        self.cancelled = 0
        self.started = asyncio.Event()
        self.ended = asyncio.Event()
        self.pushes: list[PushStream[Raw]] = []
        self.on_push: Callable[[PushStream[Raw], Raw], None] | None = None
        self.merge: Callable[[Raw, Raw], Raw | None] = lambda a, b: Raw(a.data + b.data)
        self.sent = 0

    def __handlers__(self) -> tuple[Handler, ...]:
        return (
            Handler(UNARY, self.unary),
            Handler(SERVER, self.server),
            Handler(PUSH, self.push),
            Handler(CLIENT, self.client),
            Handler(BIDI, self.bidi),
        )

    async def unary(self, request: Raw, context: Context) -> Raw:
        self.contexts.append(context)
        self.started.set()
        command, _, rest = request.data.partition(b":")
        if command == b"sleep":
            await self._sleep()
        if command == b"fail":
            raise RpcError(Code.NOT_FOUND, rest.decode())
        if command == b"crash":
            raise LookupError("secret")
        if command == b"size":
            return Raw(b"x" * int(rest))
        if command == b"meta":
            context.initial_metadata["x-first"] = "1"
            context.initial_metadata["x-raw-bin"] = b"\x00\xfe"
            context.trailing_metadata["x-last"] = "2"
            context.trailing_metadata["y-raw-bin"] = b"\x01\xff"
        return Raw(request.data)

    async def _sleep(self) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.ended.set()

    async def server(self, request: Raw, context: Context) -> AsyncIterator[Raw]:
        self.contexts.append(context)
        count, _, size = request.data.partition(b"x")
        try:
            for index in range(int(count or b"0")):
                self.sent += 1
                yield Raw(b"%d" % index if not size else b"%06d" % index + b"x" * (int(size) - 6))
            if request.data == b"":
                self.started.set()
                yield Raw(b"first")
                await self._sleep()
        finally:
            self.ended.set()

    def push(self, request: Raw, context: Context) -> PushStream[Raw]:
        self.contexts.append(context)

        def cancelled() -> None:
            self.cancelled += 1
            self.ended.set()

        stream: PushStream[Raw] = PushStream(merge=self.merge, on_cancel=cancelled)
        self.pushes.append(stream)
        self.started.set()
        if self.on_push is not None:
            self.on_push(stream, request)
        return stream

    async def client(self, requests: AsyncIterator[Raw], context: Context) -> Raw:
        self.started.set()
        try:
            return Raw(b"+".join([request.data async for request in requests]))
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.ended.set()

    async def bidi(self, requests: AsyncIterator[Raw], context: Context) -> AsyncIterator[Raw]:
        async for request in requests:
            yield Raw(b"echo " + request.data)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds, for 10 seconds at most."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError("it never came to hold")


@contextlib.asynccontextmanager
async def running(
    servicer: Any = None, *, ssl: Any = None, **options: Any
) -> AsyncIterator[tuple[Any, Server, str]]:
    """A server on a socket: the servicer, the server and its target."""
    servicer = servicer or WireServicer()
    server = Server([servicer], reflection=False, **options)
    await server.start("127.0.0.1", 0, ssl=ssl)
    try:
        yield servicer, server, f"127.0.0.1:{server.port}"
    finally:
        await server.close()
