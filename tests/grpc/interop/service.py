"""grpc.testing.TestService for our server and for grpcio's: the behaviour once, and what is different."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import grpc
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.grpc.compression import Packed
from tokenwire.grpc.server import Server
from tokenwire.grpc.server_call import ServerCall
from tokenwire.method import Handler

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

SERVICE = "grpc.testing.TestService"
INITIAL = "x-grpc-test-echo-initial"
TRAILING = "x-grpc-test-echo-trailing-bin"


class TestService:
    """The behaviour that the descriptions of the test cases ask of a server.

    Attributes:
        m: The message classes.
        ended: The handler of a stream of requests has ended, in whatever way.
    """

    __test__ = False

    def __init__(self, messages: Any) -> None:
        self.m = messages
        self.ended = asyncio.Event()

    # What differs between the servers

    async def echo_metadata(self, context: Any) -> None:
        raise NotImplementedError

    async def fail(self, context: Any, status: Any) -> None:
        raise NotImplementedError

    async def compress(self, context: Any, wanted: bool) -> None:
        raise NotImplementedError

    async def expect(self, context: Any, index: int, expected: bool) -> None:
        """Fail unless the message with that index was compressed as the client says."""

    # What does not

    def payload(self, size: int) -> Any:
        return self.m.Payload(body=bytes(size))

    async def empty_call(self, request: Any, context: Any) -> Any:
        await self.echo_metadata(context)
        return self.m.Empty()

    async def unary_call(self, request: Any, context: Any) -> Any:
        await self.echo_metadata(context)
        if has(request, "expect_compressed"):
            await self.expect(context, 0, request.expect_compressed.value)
        if has(request, "response_status"):
            await self.fail(context, request.response_status)
        if has(request, "response_compressed"):
            await self.compress(context, request.response_compressed.value)
        return self.m.SimpleResponse(payload=self.payload(request.response_size))

    async def cacheable_unary_call(self, request: Any, context: Any) -> Any:
        return await self.unary_call(request, context)

    async def streaming_output_call(self, request: Any, context: Any) -> AsyncIterator[Any]:
        if has(request, "response_status"):
            await self.fail(context, request.response_status)
        for parameters in request.response_parameters:
            await asyncio.sleep(parameters.interval_us / 1e6)
            if has(parameters, "compressed"):
                await self.compress(context, parameters.compressed.value)
            yield self.m.StreamingOutputCallResponse(payload=self.payload(parameters.size))

    async def streaming_input_call(self, requests: AsyncIterator[Any], context: Any) -> Any:
        index = size = 0
        try:
            async for request in requests:
                if has(request, "expect_compressed"):
                    await self.expect(context, index, request.expect_compressed.value)
                size += len(request.payload.body)
                index += 1
        finally:
            self.ended.set()
        return self.m.StreamingInputCallResponse(aggregated_payload_size=size)

    async def full_duplex_call(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        await self.echo_metadata(context)
        try:
            async for request in requests:
                async for response in self.streaming_output_call(request, context):
                    yield response
        finally:
            self.ended.set()


def has(message: Any, field: str) -> bool:
    """Whether a message field is there, in our classes and in google.protobuf's."""
    if hasattr(message, "HasField"):
        return bool(message.HasField(field))
    return getattr(message, field) is not None


class OurService(TestService):
    """Behind our server; `flags` has for each call whether its messages came compressed."""

    def __init__(self, generated: Any, flags: dict[Any, list[bool]]) -> None:
        super().__init__(generated)
        self.flags = flags

    def __handlers__(self) -> list[Handler]:
        methods = [m for m in self.m.TEST_SERVICE.methods if m is not self.m.UNIMPLEMENTED_CALL]
        return [Handler(m, getattr(self, snake(m.path.rpartition("/")[2]))) for m in methods]

    async def echo_metadata(self, context: Any) -> None:
        if INITIAL in context.metadata:
            context.initial_metadata[INITIAL] = context.metadata[INITIAL]
        if TRAILING in context.metadata:
            context.trailing_metadata[TRAILING] = context.metadata[TRAILING]

    async def fail(self, context: Any, status: Any) -> None:
        raise RpcError(Code(status.code), status.message)

    async def compress(self, context: Any, wanted: bool) -> None:
        context.compress = wanted

    async def expect(self, context: Any, index: int, expected: bool) -> None:
        if self.flags[context][index] is not expected:
            raise RpcError(Code.INVALID_ARGUMENT, f"message {index} is not as compressed as it should be")


def snake(name: str) -> str:
    """The Python name of an RPC."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def watch_flags(monkeypatch: pytest.MonkeyPatch) -> dict[Any, list[bool]]:
    """Note for each call of our server whether its messages come compressed."""
    flags: dict[Any, list[bool]] = {}
    cut = ServerCall._cut

    def noting(call: ServerCall, data: bytes) -> list[bytes]:
        bodies = cut(call, data)
        flags.setdefault(call._context, []).extend(type(body) is Packed for body in bodies)
        return bodies

    monkeypatch.setattr(ServerCall, "_cut", noting)
    return flags


@contextlib.asynccontextmanager
async def our_server(generated: Any, flags: dict[Any, list[bool]]) -> AsyncIterator[tuple[TestService, str]]:
    service = OurService(generated, flags)
    server = Server([service], reflection=False)
    await server.start("127.0.0.1", 0)
    try:
        yield service, f"127.0.0.1:{server.port}"
        assert not any(connection.busy for connection in server._connections)
    finally:
        await server.close()


class GrpcioService(TestService):
    """Behind grpcio's server, which does not tell whether a message came compressed."""

    async def echo_metadata(self, context: Any) -> None:
        sent = dict(context.invocation_metadata())
        if INITIAL in sent:
            await context.send_initial_metadata([(INITIAL, sent[INITIAL])])
        if TRAILING in sent:
            context.set_trailing_metadata([(TRAILING, sent[TRAILING])])

    async def fail(self, context: Any, status: Any) -> None:
        await context.abort(next(c for c in grpc.StatusCode if c.value[0] == status.code), status.message)

    async def compress(self, context: Any, wanted: bool) -> None:
        if wanted:
            context.set_compression(grpc.Compression.Gzip)
            await context.send_initial_metadata([])  # Else it is said too late for a unary call.
        else:
            context.disable_next_message_compression()


@contextlib.asynccontextmanager
async def grpcio_server(messages: Any) -> AsyncIterator[tuple[TestService, str]]:
    service = GrpcioService(messages)
    handlers = {
        "EmptyCall": (grpc.unary_unary_rpc_method_handler, "Empty", "Empty"),
        "UnaryCall": (grpc.unary_unary_rpc_method_handler, "SimpleRequest", "SimpleResponse"),
        "CacheableUnaryCall": (grpc.unary_unary_rpc_method_handler, "SimpleRequest", "SimpleResponse"),
        "StreamingOutputCall": (
            grpc.unary_stream_rpc_method_handler,
            "StreamingOutputCallRequest",
            "StreamingOutputCallResponse",
        ),
        "StreamingInputCall": (
            grpc.stream_unary_rpc_method_handler,
            "StreamingInputCallRequest",
            "StreamingInputCallResponse",
        ),
        "FullDuplexCall": (
            grpc.stream_stream_rpc_method_handler,
            "StreamingOutputCallRequest",
            "StreamingOutputCallResponse",
        ),
    }
    server = grpc.aio.server()
    table = {
        name: make(
            getattr(service, snake(name)),
            request_deserializer=getattr(messages, request).FromString,
            response_serializer=getattr(messages, response).SerializeToString,
        )
        for name, (make, request, response) in handlers.items()
    }
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, table)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield service, f"127.0.0.1:{port}"
    finally:
        await server.stop(0)
