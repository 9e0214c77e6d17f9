"""grpcio as the client of our server."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
import pytest
from tokenwire.limits import Limits

from .wire_service import Raw, WireServicer, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tokenwire.streams import PushStream

OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


@contextlib.asynccontextmanager
async def connected(**options: Any) -> AsyncIterator[tuple[WireServicer, Any, grpc.aio.Channel]]:
    async with (
        running(**options) as (servicer, server, target),
        grpc.aio.insecure_channel(target, options=OPTIONS) as channel,
    ):
        yield servicer, server, channel


async def test_unary() -> None:
    async with connected() as (_, _, channel):
        assert await channel.unary_unary("/test.Wire/Unary")(b"hello") == b"hello"
        assert await channel.unary_unary("/test.Wire/Unary")(b"") == b""


@pytest.mark.parametrize("size", [16379, 16380, 65530, 65536, 1 << 20, 5_000_000])
async def test_large_messages_both_ways(size: int) -> None:
    async with connected() as (_, _, channel):
        body = bytes(range(128)) * (size // 128) + b"\1" * (size % 128)
        assert await channel.unary_unary("/test.Wire/Unary")(body) == body


async def test_server_streaming() -> None:
    async with connected() as (_, _, channel):
        call = channel.unary_stream("/test.Wire/Server")(b"100")
        assert [message async for message in call] == [b"%d" % index for index in range(100)]
        large = channel.unary_stream("/test.Wire/Server")(b"20x300000")
        assert [len(message) async for message in large] == [300000] * 20


async def test_push_streaming() -> None:
    def produce(stream: PushStream[Raw], request: Raw) -> None:
        for index in range(100):
            stream.push(Raw(b"%d," % index))
        stream.close()

    async with connected() as (servicer, _, channel):
        servicer.on_push = produce
        call = channel.unary_stream("/test.Wire/Push")(b"")
        assert b"".join([message async for message in call]) == b"".join(b"%d," % i for i in range(100))


async def test_client_streaming_and_bidi() -> None:
    async with connected() as (_, _, channel):
        client = channel.stream_unary("/test.Wire/Client")
        assert await client(iter([b"a", b"b", b"c"])) == b"a+b+c"
        assert await client(iter([])) == b""
        assert len(await client(iter([b"x" * 1_000_000] * 8))) == 8_000_007
        call = channel.stream_stream("/test.Wire/Bidi")()
        for text in (b"1", b"2"):
            await call.write(text)
            assert await call.read() == b"echo " + text
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
        assert await call.code() == grpc.StatusCode.OK


async def test_metadata_both_ways() -> None:
    async with connected() as (servicer, _, channel):
        sent = (("x-text", "some text"), ("x-data-bin", b"\x00\xff"), ("x-two", "1"), ("x-two", "2"))
        call = channel.unary_unary("/test.Wire/Unary")(b"meta:", metadata=sent)
        await call
        context = servicer.contexts[0]
        assert context.metadata["x-text"] == "some text"
        assert context.metadata["x-data-bin"] == b"\x00\xff"
        assert context.metadata["x-two"] == "2"
        assert context.metadata["user-agent"].startswith("grpc-python-asyncio")
        assert not {"te", "content-type", ":path"} & context.metadata.keys()
        assert context.peer.startswith("127.0.0.1:")
        initial = dict(await call.initial_metadata())
        assert initial["x-first"] == "1"
        assert initial["x-raw-bin"] == b"\x00\xfe"
        trailing = dict(await call.trailing_metadata())
        assert trailing["x-last"] == "2"
        assert trailing["y-raw-bin"] == b"\x01\xff"


@pytest.mark.parametrize(
    ("request_", "code", "text"),
    [
        (b"fail:nicht gefunden: \xc3\xa4 100%\n", grpc.StatusCode.NOT_FOUND, "nicht gefunden: ä 100%\n"),
        (b"crash", grpc.StatusCode.INTERNAL, "internal error"),
        (b"\xff", grpc.StatusCode.INVALID_ARGUMENT, "the request cannot be decoded: starts with ff"),
    ],
)
async def test_errors(request_: bytes, code: grpc.StatusCode, text: str) -> None:
    async with connected() as (_, _, channel):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/test.Wire/Unary")(request_)
        assert (caught.value.code(), caught.value.details()) == (code, text)


async def test_unknown_method_and_message_limit() -> None:
    async with connected(limits=Limits(max_message_size=1000)) as (_, _, channel):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/test.Wire/None")(b"")
        assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
        for request in (b"x" * 1001, b"x" * 5_000_000, b"size:1001"):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await channel.unary_unary("/test.Wire/Unary")(request)
            assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await channel.unary_unary("/test.Wire/Unary")(b"after") == b"after"


async def test_deadline_cancels_the_handler() -> None:
    async with connected() as (servicer, _, channel):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/test.Wire/Unary")(b"sleep", timeout=0.2)
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        await servicer.ended.wait()
        assert servicer.cancelled == 1
        assert 0 <= servicer.contexts[0].time_remaining() <= 0.2


async def test_deadline_ends_a_push_stream() -> None:
    async with connected() as (servicer, _, channel):
        servicer.on_push = lambda stream, _: stream.push(Raw(b"first"))
        call = channel.unary_stream("/test.Wire/Push")(b"", timeout=0.2)
        assert await call.read() == b"first"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        await servicer.ended.wait()
        assert servicer.cancelled == 1


@pytest.mark.parametrize("path", ["Unary", "Server", "Push", "Client"])
async def test_cancel_reaches_the_handler(path: str) -> None:
    async with connected() as (servicer, _, channel):
        kind = {"Unary": "unary_unary", "Client": "stream_unary"}.get(path, "unary_stream")
        never = asyncio.Event()

        async def requests() -> AsyncIterator[bytes]:
            yield b"one"
            await never.wait()

        argument: Any = requests() if path == "Client" else b"sleep" if path == "Unary" else b""
        call = getattr(channel, kind)(f"/test.Wire/{path}")(argument)
        touching = asyncio.ensure_future(_touch(call))
        await servicer.started.wait()
        call.cancel()
        await servicer.ended.wait()
        touching.cancel()
        assert servicer.cancelled == 1
        assert await channel.unary_unary("/test.Wire/Unary")(b"after") == b"after"


async def _touch(call: Any) -> None:
    with contextlib.suppress(asyncio.CancelledError, grpc.aio.AioRpcError):
        await call.wait_for_connection()


async def test_drain_lets_running_calls_end() -> None:
    async with connected() as (servicer, server, channel):
        servicer.on_push = lambda stream, _: stream.push(Raw(b"first"))
        call = channel.unary_stream("/test.Wire/Push")(b"")
        assert await call.read() == b"first"
        drained = asyncio.create_task(server.drain(10))
        await asyncio.sleep(0.05)
        assert not drained.done()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/test.Wire/Unary")(b"late", timeout=5)
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        servicer.pushes[0].push(Raw(b"second"))
        assert await call.read() == b"second"
        servicer.pushes[0].close()
        assert await call.read() is grpc.aio.EOF
        assert await call.code() == grpc.StatusCode.OK
        assert await drained


async def test_close_ends_running_calls_with_unavailable() -> None:
    async with connected() as (servicer, server, channel):
        call = channel.unary_unary("/test.Wire/Unary")(b"sleep")
        waiting = asyncio.ensure_future(call.code())
        await servicer.started.wait()
        assert not await server.drain(0.05)
        await server.close()
        assert await waiting == grpc.StatusCode.UNAVAILABLE
        assert servicer.cancelled == 1


async def test_many_calls_at_once() -> None:
    async with connected(limits=Limits(max_streams=50)) as (_, _, channel):
        unary = channel.unary_unary("/test.Wire/Unary")
        answers = await asyncio.gather(*(unary(b"%d" % index) for index in range(300)))
        assert answers == [b"%d" % index for index in range(300)]
