"""One interface to our client and to grpcio's, for the test cases."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.grpc.compression import Packed
from tokenwire.grpc.framing import MessageReader

from .service import SERVICE, snake

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import pytest
    from tokenwire.client import Client


@dataclass(frozen=True)
class Options:
    """What a call may ask for besides its requests."""

    service: str = SERVICE
    timeout: float = 20
    metadata: dict[str, str | bytes] | None = None
    compress: bool = False


class Stub:
    """Calls by name. A call is an async iterator with `cancel`, `initial` and `trailing`.

    Attributes:
        m: The message classes.
        flags: Whether each response came compressed, where the client can tell.
    """

    m: Any
    flags: list[bool] | None = None

    def call(self, name: str, requests: Any, **options: Any) -> Any:
        """A call with the `Options` of these names."""
        return self.begin(name, requests, Options(**options))

    def begin(self, name: str, requests: Any, options: Options) -> Any:
        raise NotImplementedError

    async def one(self, name: str, requests: Any, **options: Any) -> Any:
        """The one response of a call."""
        (response,) = [response async for response in self.call(name, requests, **options)]
        return response

    async def all(self, name: str, requests: Any, **options: Any) -> list[Any]:
        """All responses of a call."""
        return [response async for response in self.call(name, requests, **options)]


@contextlib.contextmanager
def fails(code: Code, message: str | None = None) -> Iterator[None]:
    """The block ends with an error of a call."""
    try:
        yield
    except RpcError as error:
        got = error.code, error.message
    except grpc.aio.AioRpcError as error:
        got = Code(error.code().value[0]), error.details() or ""
    except asyncio.CancelledError:
        task = asyncio.current_task()
        assert task is not None and not task.cancelling(), "the test was cancelled"
        got = Code.CANCELLED, ""
    else:
        raise AssertionError("the call succeeded")
    assert got[0] is code
    if message is not None:
        assert got[1] == message


class OurStub(Stub):
    """Over our client: its generic calls, of which the generated ones are made."""

    def __init__(self, generated: Any, client: Client, flags: list[bool]) -> None:
        self.m = generated
        self.client = client
        self.flags = flags

    def begin(self, name: str, requests: Any, options: Options) -> Any:
        constant = snake(name).upper()
        if options.service != SERVICE:
            constant = f"{snake(options.service.rpartition('.')[2]).upper()}_{constant}"
        method = getattr(self.m, constant)
        client = self.client.with_options(compression="gzip" if options.compress else None)
        begin = client._bidi if method.client_streaming else client._stream
        return OurCall(begin(method, requests, options.timeout, options.metadata))


class OurCall:
    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.cancel = stream.cancel

    def __aiter__(self) -> Any:
        return self.stream

    async def initial(self) -> dict[str, Any]:
        await self.stream.wait_for_headers()
        return dict(self.stream.initial_metadata)

    async def trailing(self) -> dict[str, Any]:
        return dict(self.stream.trailing_metadata)


class GrpcioStub(Stub):
    """Over grpcio's client, with google.protobuf's messages."""

    KINDS = {  # noqa: RUF012
        "EmptyCall": ("unary_unary", "Empty"),
        "UnimplementedCall": ("unary_unary", "Empty"),
        "UnaryCall": ("unary_unary", "SimpleResponse"),
        "CacheableUnaryCall": ("unary_unary", "SimpleResponse"),
        "StreamingOutputCall": ("unary_stream", "StreamingOutputCallResponse"),
        "StreamingInputCall": ("stream_unary", "StreamingInputCallResponse"),
        "FullDuplexCall": ("stream_stream", "StreamingOutputCallResponse"),
    }

    def __init__(self, messages: Any, channel: grpc.aio.Channel) -> None:
        self.m = messages
        self.channel = channel

    def begin(self, name: str, requests: Any, options: Options) -> Any:
        kind, response = self.KINDS[name]
        make = getattr(self.channel, kind)(
            f"/{options.service}/{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=getattr(self.m, response).FromString,
        )
        compression = grpc.Compression.Gzip if options.compress else None
        metadata = list((options.metadata or {}).items())
        return GrpcioCall(make(requests, timeout=options.timeout, metadata=metadata, compression=compression))


class GrpcioCall:
    def __init__(self, call: Any) -> None:
        self.made = call
        self.cancel = call.cancel

    async def __aiter__(self) -> AsyncIterator[Any]:
        if hasattr(self.made, "__aiter__"):
            async for response in self.made:
                yield response
        else:
            yield await self.made

    async def initial(self) -> dict[str, Any]:
        return dict(await self.made.initial_metadata())

    async def trailing(self) -> dict[str, Any]:
        return dict(await self.made.trailing_metadata())


def watch_responses(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Note whether responses to our client come compressed."""
    flags: list[bool] = []
    feed = MessageReader.feed

    def noting(reader: MessageReader, data: bytes) -> list[bytes]:
        bodies = feed(reader, data)
        if "client" in reader._limit_name:
            flags.extend(type(body) is Packed for body in bodies)
        return bodies

    monkeypatch.setattr(MessageReader, "feed", noting)
    return flags
