"""A servicer without generated code: plain chunks, and calls that wait until they are cancelled."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tokenwire import Code, RpcError
from tokenwire.http.routes import OpenAIAdapter
from tokenwire.method import Handler, Method
from tokenwire.streams import PushStream

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Request:
    json_body: bytes = b""
    trace_headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Chunk:
    json_chunk: bytes = b""
    finished: bool = False


@dataclass
class Response:
    json_body: bytes = b""
    status_code: int = 0


def _request(body: bytes, headers: dict[str, str]) -> Request:
    return Request(body, headers)


STREAM: Any = Method(path="/fake.Service/Stream", request=Request, response=Chunk, server_streaming=True)
UNARY: Any = Method(path="/fake.Service/Unary", request=Request, response=Response)
ADAPTERS = (
    OpenAIAdapter(
        rpc=STREAM,
        path="/v1/stream",
        request=_request,
        stream=True,
        json_field="json_chunk",
        finished_field="finished",
    ),
    OpenAIAdapter(
        rpc=UNARY,
        path="/v1/unary",
        request=_request,
        stream=False,
        json_field="json_body",
        status_field="status_code",
    ),
)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds, for 20 seconds at most."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError("it never came to hold")


class FakeServicer:
    """Answers what the body says; keeps the requests and tells when a call was left."""

    def __init__(self) -> None:
        self.answer = b""
        self.requests: list[Request] = []
        self.left = asyncio.Event()
        self.started = asyncio.Event()
        self.streams: list[PushStream[Chunk]] = []

    def __handlers__(self) -> tuple[Handler, ...]:
        return (Handler(STREAM, self.stream), Handler(UNARY, self.unary))

    def stream(self, request: Request, context: Any) -> Any:
        self.requests.append(request)
        self.started.set()
        match request.json_body:
            case b"iterate":
                return self._iterate()
            case b"iterate-forever":
                return self._iterate_forever()
            case b"raise":
                raise RpcError(Code.NOT_FOUND, "no such model")
            case b"bug":
                raise KeyError("secret-path")
        stream: PushStream[Chunk] = PushStream(merge=join, on_cancel=self.left.set)
        self.streams.append(stream)
        self._fill(stream, request.json_body)
        return stream

    def _fill(self, stream: PushStream[Chunk], body: bytes) -> None:
        match body:
            case b"whole":
                stream.push(Chunk(b'{"whole":1}', True))
                stream.close()
            case b"events":
                loop = asyncio.get_running_loop()
                for number in range(3):
                    loop.call_later(number / 100, stream.push, Chunk(b'{"n":%d}' % number))
                loop.call_later(0.03, stream.push, Chunk(b"", True))
                loop.call_later(0.03, stream.close)
            case b"refused":
                stream.close(RpcError(Code.INVALID_ARGUMENT, "temperature is wrong"))
            case b"late-error":
                stream.push(Chunk(b'{"n":0}'))
                asyncio.get_running_loop().call_later(0.01, stream.close, RpcError(Code.UNAVAILABLE, "gone"))
            case b"late-bug":
                stream.push(Chunk(b'{"n":0}'))
                asyncio.get_running_loop().call_later(0.01, stream.close, KeyError("secret-path"))
            case b"one-then-wait":
                stream.push(Chunk(b'{"n":0}'))

    async def _iterate(self) -> Any:
        for number in range(3):
            yield Chunk(b'{"n":%d}' % number)
        yield Chunk(b"", True)

    async def _iterate_forever(self) -> Any:
        try:
            while True:
                yield Chunk(b'{"n":0}')
                await asyncio.sleep(0.005)
        finally:
            self.left.set()

    async def unary(self, request: Request, context: Any) -> Response:
        self.requests.append(request)
        self.started.set()
        match request.json_body:
            case b"wait":
                try:
                    await asyncio.Event().wait()
                finally:
                    self.left.set()
            case b"answer":
                return Response(self.answer)
            case b"400":
                return Response(b'{"error":{"message":"bad"}}', 400)
            case b"bug":
                raise KeyError("secret-path")
        return Response(b'{"ok":true}')


def join(old: Chunk, new: Chunk) -> Chunk | None:
    return None if new.finished else Chunk(old.json_chunk + new.json_chunk)
