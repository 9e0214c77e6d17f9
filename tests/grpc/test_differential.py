"""Ordinary traffic looks on the wire as stock grpclib's server writes it."""

from __future__ import annotations

import asyncio
import contextlib
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from grpclib.const import Cardinality
from grpclib.const import Handler as StockHandler
from grpclib.encoding.base import CodecBase
from grpclib.server import Server as StockServer
from hpack import Decoder
from hyperframe.frame import DataFrame, Frame, HeadersFrame, RstStreamFrame
from tokenwire.grpc.headers import decode_metadata

from tests.support.budget import seeds

from .frame_client import FrameClient, calls_of
from .raw_client import message, raw_client
from .wire_service import Raw, WireServicer, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class RawCodec(CodecBase):
    __content_subtype__ = "proto"

    def encode(self, message: Any, message_type: Any) -> bytes:
        return bytes(message)

    def decode(self, data: bytes, message_type: Any) -> Raw:
        return Raw.parse(data)


class StockServicer:
    """The same behaviour, behind grpclib's own interface."""

    def __init__(self) -> None:
        self.ours = WireServicer()

    async def unary(self, stream: Any) -> None:
        request = await stream.recv_message()
        await stream.send_message(await self.ours.unary(request, None))  # type: ignore[arg-type]

    async def server(self, stream: Any) -> None:
        request = await stream.recv_message()
        count, _, size = request.data.partition(b"x")
        for index in range(int(count)):
            text = b"%d" % index if not size else b"%06d" % index + b"x" * (int(size) - 6)
            await stream.send_message(Raw(text))

    async def bidi(self, stream: Any) -> None:
        async for request in stream:
            await stream.send_message(Raw(b"echo " + request.data))

    def __mapping__(self) -> dict[str, StockHandler]:
        unary, server = Cardinality.UNARY_UNARY, Cardinality.UNARY_STREAM
        return {
            "/test.Wire/Unary": StockHandler(self.unary, unary, Raw, Raw),
            "/test.Wire/Server": StockHandler(self.server, server, Raw, Raw),
            "/test.Wire/Bidi": StockHandler(self.bidi, Cardinality.STREAM_STREAM, Raw, Raw),
        }


@contextlib.asynccontextmanager
async def stock() -> AsyncIterator[str]:
    server = StockServer([StockServicer()], codec=RawCodec())
    await server.start("127.0.0.1", 0)
    assert server._server is not None
    try:
        yield f"127.0.0.1:{server._server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


async def frames_of(target: str, path: str, requests: list[bytes], window: int | None) -> list[Any]:
    """What a server sends on a stream: header lists, data with its end flags, resets."""
    async with raw_client(target, window=window) as client:
        received = bytearray()
        feed = client.h2.receive_data

        def record(data: bytes) -> Any:
            received.extend(data)
            return feed(data)

        client.h2.receive_data = record  # type: ignore[method-assign, assignment]
        stream_id = client.open(requests[0], end=len(requests) == 1, **{":path": path})
        for index, request in enumerate(requests[1:], 2):
            await client.until(lambda count=index: len(client.streams[stream_id].frames) >= count - 1)
            client.h2.send_data(stream_id, message(request), end_stream=index == len(requests))
            client.flush()
        await client.finished(stream_id)
        await asyncio.sleep(0.01)
        return list(parsed(bytes(received), stream_id))


def parsed(data: bytes, stream_id: int) -> Any:
    decoder = Decoder()
    payload = b""
    while data:
        frame, size = Frame.parse_frame_header(memoryview(data[:9]))
        frame.parse_body(memoryview(data[9 : 9 + size]))
        data = data[9 + size :]
        if frame.stream_id != stream_id:
            continue
        if isinstance(frame, DataFrame):
            payload += frame.data
            assert "END_STREAM" not in frame.flags
            assert len(frame.data) <= 16384
        elif isinstance(frame, HeadersFrame):
            if payload:
                yield "data", payload
                payload = b""
            fields = dict(decoder.decode(frame.data))
            fields.pop("grpc-accept-encoding", None)
            yield "headers", fields, "END_STREAM" in frame.flags
        elif isinstance(frame, RstStreamFrame):
            yield "reset", frame.error_code


CALLS: list[tuple[str, list[bytes]]] = [
    ("/test.Wire/Unary", [b"hello"]),
    ("/test.Wire/Unary", [b""]),
    ("/test.Wire/Server", [b"0"]),
    ("/test.Wire/Server", [b"1"]),
    ("/test.Wire/Server", [b"50"]),
    ("/test.Wire/Bidi", [b"a", b"b", b"c"]),
]
LARGE: list[tuple[str, list[bytes]]] = [
    ("/test.Wire/Unary", [b"size:16379"]),
    ("/test.Wire/Unary", [b"size:60000"]),
    ("/test.Wire/Server", [b"5x20000"]),
]


@pytest.mark.parametrize(
    ("path", "requests", "window"),
    [(*call, window) for window in (None, 7, 1000) for call in CALLS]
    + [(*call, window) for window in (None, 1000) for call in LARGE],
)
async def test_frames(path: str, requests: list[bytes], window: int | None) -> None:
    async with stock() as theirs, running() as (_, _, ours):
        expected = await frames_of(theirs, path, requests, window)
        assert await frames_of(ours, path, requests, window) == expected
        assert expected[-1][1]["grpc-status"] == "0"


async def played(target: str, seed: int, *, strict: bool) -> FrameClient:
    """What a server makes of the calls of a seed."""
    random = Random(seed)
    window = random.choice([0, 1, 7, 50, 1000, 65535, 1 << 20])
    client = FrameClient(random, calls_of(random, window), window, strict=strict)
    await client.play(target)
    return client


@pytest.mark.parametrize("seed", seeds(40, 3000))
async def test_random_traffic(seed: int) -> None:
    """Split, padded, interleaved, reset, with windows, frames and tables of any size: the same answers."""
    async with stock() as theirs, running() as (_, server, ours):
        expected = await played(theirs, seed, strict=False)
        got = await played(ours, seed, strict=True)
        for call, other in zip(got.calls.values(), expected.calls.values(), strict=True):
            assert call.expected == other.expected
            if call.gone:
                # How far it came is a matter of time; what came is not.
                assert call.expected.startswith(call.data)
                assert call.fields == other.fields[: len(call.fields)] or not other.ended
                # What it goes on sending after its reset is answered with STREAM_CLOSED.
                assert set(call.resets) <= {5}
                continue
            assert call.data == other.data == call.expected
            assert call.fields == other.fields
            assert call.fields[-1]["grpc-status"] == "0"
            assert call.ended
            assert not call.resets
            # grpclib answers a message before its END_STREAM has come, and then resets the stream.
            assert other.resets in ([], [0])
        assert not any(connection.busy for connection in server._connections)


def test_metadata_skips_what_is_not_the_users() -> None:
    assert decode_metadata([(":path", "/a"), ("te", "trailers"), ("grpc-timeout", "1S"), ("a", "b")]) == {
        "a": "b"
    }
