"""Our client with a grpcio server."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import grpc.aio
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from tokenwire.client import Client
from tokenwire.codes import Code
from tokenwire.details import BadRequest, RetryInfo
from tokenwire.errors import RpcError
from tokenwire.wkt import Any as AnyMessage

from .wire_service import BIDI, CLIENT, SERVER, UNARY, Raw

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class GrpcioServicer(grpc.GenericRpcHandler):
    """The four kinds of methods over raw bytes."""

    def __init__(self) -> None:
        self.metadata: dict[str, Any] = {}
        self.cancelled = asyncio.Event()
        self.started = asyncio.Event()

    def service(self, details: Any) -> Any:
        return {
            UNARY.path: grpc.unary_unary_rpc_method_handler(self.unary),
            SERVER.path: grpc.unary_stream_rpc_method_handler(self.server),
            CLIENT.path: grpc.stream_unary_rpc_method_handler(self.client),
            BIDI.path: grpc.stream_stream_rpc_method_handler(self.bidi),
        }.get(details.method)

    async def unary(self, request: bytes, context: Any) -> bytes:
        self.metadata = dict(context.invocation_metadata())
        self.started.set()
        if request == b"sleep":
            await self._sleep()
        if request == b"fail":
            await context.abort(grpc.StatusCode.NOT_FOUND, "nicht gefunden: ä 100%\n")
        if request == b"details":
            raise_details(context)
        if request == b"meta":
            await context.send_initial_metadata((("x-first", "1"), ("x-raw-bin", b"\x00\xfe")))
            context.set_trailing_metadata((("x-last", "2"), ("y-raw-bin", b"\x01\xff")))
        return request

    async def _sleep(self) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def server(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        if request == b"meta":
            await context.send_initial_metadata((("x-first", "1"),))
            context.set_trailing_metadata((("x-last", "2"),))
        if request == b"forever":
            yield b"first"
            await self._sleep()
        if request.isdigit():
            for index in range(int(request)):
                yield b"%d" % index * 1000

    async def client(self, requests: AsyncIterator[bytes], context: Any) -> bytes:
        return b"+".join([request async for request in requests])

    async def bidi(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        async for request in requests:
            yield b"echo " + request


def raise_details(context: Any) -> None:
    violation = error_details_pb2.BadRequest.FieldViolation(field="top_p", description="too large")
    known, duration, unknown = any_pb2.Any(), any_pb2.Any(), any_pb2.Any(type_url="a/b.C", value=b"xyz")
    known.Pack(error_details_pb2.BadRequest(field_violations=[violation]))
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromMilliseconds(1500)
    duration.Pack(retry)
    status = status_pb2.Status(code=3, message="bad", details=[known, duration, unknown])
    context.set_code(grpc.StatusCode.INVALID_ARGUMENT)
    context.set_details("bad")
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[tuple[GrpcioServicer, str]]:
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.aio.server(options=options)
    servicer = GrpcioServicer()
    server.add_generic_rpc_handlers((servicer,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield servicer, f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


async def test_all_four_kinds() -> None:
    async with serving() as (_, target), Client(target) as client:
        assert (await client._unary(UNARY, Raw(b"hello"))).data == b"hello"
        stream = client._stream(SERVER, Raw(b"200"))
        assert [message.data async for message in stream] == [b"%d" % i * 1000 for i in range(200)]
        parts = [Raw(b"a"), Raw(b""), Raw(b"c")]
        assert (await client._client_stream(CLIENT, parts)).data == b"a++c"
        echoed = client._bidi(BIDI, parts)
        assert [message.data async for message in echoed] == [b"echo a", b"echo ", b"echo c"]


async def test_bidi_goes_back_and_forth() -> None:
    async with serving() as (_, target), Client(target) as client:
        questions: asyncio.Queue[Raw | None] = asyncio.Queue()

        async def ask() -> AsyncIterator[Raw]:
            while (question := await questions.get()) is not None:
                yield question

        stream = client._bidi(BIDI, ask())
        for text in (b"one", b"two"):
            questions.put_nowait(Raw(text))
            assert (await anext(stream)).data == b"echo " + text
        questions.put_nowait(None)
        with pytest.raises(StopAsyncIteration):
            await anext(stream)


@pytest.mark.parametrize("size", [16379, 65536, 1 << 20, 5_000_000])
async def test_large_messages_both_ways(size: int) -> None:
    async with serving() as (_, target), Client(target) as client:
        body = bytes(range(128)) * (size // 128)
        assert (await client._unary(UNARY, Raw(body))).data == body
        assert len((await client._client_stream(CLIENT, [Raw(body)] * 3)).data) == 3 * len(body) + 2


async def test_metadata() -> None:
    async with (
        serving() as (servicer, target),
        Client(target, metadata={"x-all": "1", "x-two": "a"}) as client,
    ):
        other = client.with_options(metadata={"x-two": "b"})
        await other._unary(UNARY, Raw(b"hello"), metadata={"x-raw-bin": b"\x00\xff"})
        sent = servicer.metadata
        assert (sent["x-all"], sent["x-two"], sent["x-raw-bin"]) == ("1", "b", b"\x00\xff")
        assert sent["user-agent"].startswith("tokenwire/")
        stream = client._stream(SERVER, Raw(b"meta"))
        await stream.wait_for_headers()
        assert stream.initial_metadata["x-first"] == "1"
        assert [message async for message in stream] == []
        assert stream.trailing_metadata["x-last"] == "2"


async def test_errors_and_details() -> None:
    async with serving() as (_, target), Client(target) as client:
        with pytest.raises(RpcError) as caught:
            await client._unary(UNARY, Raw(b"fail"))
        assert (caught.value.code, caught.value.message) == (Code.NOT_FOUND, "nicht gefunden: ä 100%\n")
        with pytest.raises(RpcError) as caught:
            await client._unary(UNARY, Raw(b"details"))
        bad, retry, unknown = caught.value.details
        assert isinstance(bad, BadRequest)
        assert bad.field_violations[0].field == "top_p"
        assert isinstance(retry, RetryInfo)
        assert retry.retry_delay is not None
        assert retry.retry_delay.total_seconds() == 1.5
        assert isinstance(unknown, AnyMessage)
        assert (unknown.type_url, unknown.value) == ("a/b.C", b"xyz")


async def test_deadline() -> None:
    async with serving() as (servicer, target), Client(target) as client:
        with pytest.raises(RpcError) as caught:
            await client._unary(UNARY, Raw(b"sleep"), timeout=0.1)
        assert caught.value.code is Code.DEADLINE_EXCEEDED
        await servicer.cancelled.wait()
        with pytest.raises(RpcError) as caught:
            await client.with_options(timeout=0)._unary(UNARY, Raw(b"hello"))
        assert caught.value.code is Code.DEADLINE_EXCEEDED


async def test_leaving_the_loop_cancels_on_the_server() -> None:
    async with serving() as (servicer, target), Client(target) as client:
        async for message in client._stream(SERVER, Raw(b"forever")):
            assert message.data == b"first"
            break
        await asyncio.wait_for(servicer.cancelled.wait(), 10)


async def test_cancelling_the_task_cancels_on_the_server() -> None:
    async with serving() as (servicer, target), Client(target) as client:
        task = asyncio.create_task(client._unary(UNARY, Raw(b"sleep")))
        await servicer.started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(servicer.cancelled.wait(), 10)


async def test_unknown_method_and_message_limit() -> None:
    async with serving() as (_, target), Client(target, max_message_size=1000) as client:
        with pytest.raises(RpcError) as caught:
            await client._unary(type(UNARY)("/test.Wire/None", Raw, Raw), Raw())  # type: ignore[type-var]
        assert caught.value.code is Code.UNIMPLEMENTED
        with pytest.raises(RpcError) as caught:
            await client._unary(UNARY, Raw(b"x" * 1001))
        assert caught.value.code is Code.RESOURCE_EXHAUSTED
        with pytest.raises(RpcError) as caught:
            await client._unary(UNARY, Raw(b"\xff"))
        assert caught.value.code is Code.INTERNAL
        assert (await client._unary(UNARY, Raw(b"after"))).data == b"after"


async def test_a_stopping_server_lets_calls_end_and_the_client_goes_elsewhere() -> None:
    async with serving() as (_, target), Client(target) as client:
        await client._unary(UNARY, Raw(b"hello"))
        stream = client._bidi(BIDI, _slow())
        assert (await anext(stream)).data == b"echo 0"
        assert [message.data async for message in stream] == [b"echo 1", b"echo 2"]


async def _slow() -> AsyncIterator[Raw]:
    for index in range(3):
        yield Raw(b"%d" % index)
        await asyncio.sleep(0.01)
