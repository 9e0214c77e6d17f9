"""Compressed messages, both ways (grpc/doc/compression.md), and those who misuse them."""

from __future__ import annotations

import asyncio
import gc
import gzip
import os
import threading
import tracemalloc
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from h2.errors import ErrorCodes
from hyperframe.frame import DataFrame
from tokenwire import gunzip
from tokenwire.client import Client
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.grpc import client_call, compression, response
from tokenwire.grpc.compression import (
    Packed,
    accepts_gzip,
    pack,
    pack_now,
    unpack,
)
from tokenwire.gunzip import AT_ONCE, expand
from tokenwire.limits import Limits
from tokenwire.method import Handler, starts_at_once
from tokenwire.streams import PushStream

from .raw_client import RawClient, RawStream, message, raw_client
from .raw_server import HEAD, OK, RawAnswer, raw_server
from .wire_service import BIDI, CLIENT, PUSH, SERVER, UNARY, Raw, WireServicer, method, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tokenwire.context import Context

MIB = 1 << 20
FRAME = 1 << 14
BOMB = gzip.compress(bytes(64 * MIB), 9)
EMPTY_MEMBER = gzip.compress(b"")
ACCEPTS = "identity, deflate, gzip"
GZIP_HEAD = [*HEAD, ("grpc-encoding", "gzip")]


# One message


async def test_large_messages_go_through_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []

    def noting(*arguments: Any) -> bytes:
        threads.append(threading.current_thread().name)
        return expand(*arguments)

    monkeypatch.setattr(gunzip, "expand", noting)
    here = threading.current_thread().name
    small, large = bytes(AT_ONCE), bytes(AT_ONCE + 1)
    assert await unpack(gzip.compress(small), MIB, "x") == small
    assert threads == [here]
    assert await unpack(gzip.compress(large), MIB, "x") == large
    assert threads[1] == here
    assert threads[2] != here
    noise = os.urandom(2 * AT_ONCE)
    assert await unpack(gzip.compress(noise), MIB, "x") == noise
    assert len(threads) == 4
    assert threads[3] != here


@pytest.mark.parametrize("size", [AT_ONCE, AT_ONCE + 1])
async def test_packing(size: int) -> None:
    packed = await pack(bytes(size))
    assert isinstance(packed, Packed)
    assert gzip.decompress(packed) == bytes(size)
    noise = os.urandom(size)
    assert await pack(noise) is noise


def test_what_a_client_accepts() -> None:
    assert accepts_gzip([("a", "b"), ("grpc-accept-encoding", "identity,gzip")])
    assert accepts_gzip([("grpc-accept-encoding", "identity"), ("grpc-accept-encoding", "deflate , gzip ")])
    assert not accepts_gzip([("accept-encoding", "gzip"), ("grpc-accept-encoding", "gzipped,deflate")])


# Requests


async def sent(client: RawClient, data: bytes, **headers: Any) -> RawStream:
    stream_id = client.open(None, end=False, **headers)
    for start in range(0, len(data), FRAME):
        client.h2.send_data(stream_id, data[start : start + FRAME], end_stream=start + FRAME >= len(data))
    client.flush()
    return await client.finished(stream_id)


async def test_requests_with_gzip() -> None:
    async with running() as (_, _, target), raw_client(target) as client:
        stream = await sent(client, message(gzip.compress(b"hello"), 1), grpc_encoding="gzip")
        assert (stream.status, stream.data) == ("0", message(b"hello"))
        assert "grpc-encoding" not in stream.headers
        stream = await sent(client, message(b"plain"), grpc_encoding="gzip")
        assert (stream.status, stream.data) == ("0", message(b"plain"))


@pytest.mark.parametrize("encoding", [None, "identity"])
@pytest.mark.parametrize("path", ["Unary", "Bidi"])
async def test_compressed_without_saying_how(encoding: str | None, path: str) -> None:
    async with running() as (_, _, target), raw_client(target) as client:
        packed = message(gzip.compress(b"hello"), 1)
        headers = {":path": f"/test.Wire/{path}", "grpc_encoding": encoding}
        stream = await sent(client, packed, **headers)
        assert (stream.status, stream.data) == ("13", b"")
        assert "grpc-encoding" in stream.headers["grpc-message"]


@pytest.mark.parametrize("encoding", ["deflate", "snappy", "GZIP", ""])
async def test_an_encoding_that_is_not_served_is_answered_with_those_that_are(encoding: str) -> None:
    async with running() as (_, _, target), raw_client(target) as client:
        stream = await sent(client, message(b"hello"), grpc_encoding=encoding)
        assert stream.status == "12"
        assert stream.headers["grpc-accept-encoding"] == "identity,gzip"
        assert "identity,gzip" in stream.headers["grpc-message"]


BODIES = {
    "empty": (b"", "13"),
    "garbage": (b"garbage", "13"),
    "cut off": (gzip.compress(b"hello")[:-3], "13"),
    "more": (gzip.compress(b"hello") + b"more", "13"),
    "two members": (gzip.compress(b"hello") + gzip.compress(b" world"), "0"),
    "undecodable": (gzip.compress(b"\xff"), "3"),
    "at the limit": (gzip.compress(b"x" * 100_000), "0"),
    "over the limit": (gzip.compress(b"x" * 100_001), "8"),
    "many members": (EMPTY_MEMBER * 4097, "8"),
    "bomb": (BOMB, "8"),
}


@pytest.mark.parametrize(("packed", "status"), BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("path", ["Unary", "Bidi", "Client", "Server"])
async def test_compressed_requests_right_and_wrong(packed: bytes, status: str, path: str) -> None:
    limits = Limits(max_message_size=100_000)
    if path == "Server" and status == "0":
        packed = gzip.compress(b"3")
    async with running(limits=limits) as (_, server, target), raw_client(target) as client:
        stream = await sent(
            client, message(packed, 1), grpc_encoding="gzip", **{":path": f"/test.Wire/{path}"}
        )
        too_long = path == "Bidi" and packed is BODIES["at the limit"][0]  # It answers with five bytes more.
        assert stream.status == ("8" if too_long else status)
        if status == "8":
            assert "(--grpc-max-message-size)" in stream.headers["grpc-message"]
        assert (await client.finished(client.open(b"after"))).status == "0"
        assert not any(connection.busy for connection in server._connections)


async def test_a_compressed_message_over_the_limit_is_refused_at_its_prefix() -> None:
    async with running(limits=Limits(max_message_size=100)) as (_, _, target), raw_client(target) as client:
        stream_id = client.open(None, end=False, grpc_encoding="gzip")
        client.h2.send_data(stream_id, message(b"x" * 101, 1)[:5])
        client.flush()
        assert (await client.finished(stream_id)).status == "8"


async def test_others_are_answered_while_a_message_expands(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(packed: bytes, limit: int, most: int = 4096, *share: Any) -> bytes:
        if threading.current_thread() is not threading.main_thread():
            begun.set()
            assert go_on.wait(10)
        return expand(packed, limit, most, *share)

    monkeypatch.setattr(gunzip, "expand", slow)
    large = bytes(MIB)
    async with running() as (_, _, target), raw_client(target) as client, raw_client(target) as other:
        expanding = asyncio.create_task(sent(client, message(gzip.compress(large), 1), grpc_encoding="gzip"))
        await asyncio.to_thread(begun.wait, 10)
        assert (await other.finished(other.open(b"other"))).data == message(b"other")
        assert (await client.finished(client.open(b"same connection"))).status == "0"
        assert not expanding.done()
        go_on.set()
        assert (await expanding).data == message(large)


async def test_a_call_that_ends_while_its_message_expands(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(gunzip, "_FEW_MEMBERS", 0)

    def slow(packed: bytes, limit: int, most: int = 4096, *share: Any) -> bytes:
        assert not most or go_on.wait(10)
        return expand(packed, limit, most, *share)

    monkeypatch.setattr(gunzip, "expand", slow)
    packed = message(gzip.compress(b"hello"), 1)
    async with running() as (servicer, server, target), raw_client(target) as client:
        stream = await sent(client, packed, grpc_encoding="gzip", grpc_timeout="30m")
        assert stream.status == "4"
        go_on.set()
        assert (await client.finished(client.open(b"after"))).status == "0"
        assert len(servicer.contexts) == 1
        assert not any(connection.tasks for connection in server._connections)


async def test_a_request_stream_is_expanded_as_it_is_read() -> None:
    """What waits for its reader takes the room that it took on the wire."""
    read = asyncio.Event()

    class Slow(WireServicer):
        async def client(self, requests: AsyncIterator[Raw], context: Context) -> Raw:
            self.started.set()
            await read.wait()
            return Raw(b"%d" % len([None async for request in requests if len(request.data) == 8 * MIB]))

    packed = message(gzip.compress(bytes(8 * MIB)), 1)
    async with running(Slow()) as (_, server, target), raw_client(target) as client:
        tracemalloc.start()
        try:
            headers = {":path": "/test.Wire/Client", "grpc_encoding": "gzip"}
            stream_id = client.open(None, end=False, **headers)
            client.h2.send_data(stream_id, packed)
            for _ in range(20):
                client.h2.send_data(stream_id, packed)
            client.h2.end_stream(stream_id)
            client.flush()
            assert (await client.finished(client.open(b"after"))).status == "0"
            read.set()
            stream = await client.finished(stream_id)
            assert stream.data == message(b"21")
            assert tracemalloc.get_traced_memory()[1] < 40 * MIB
        finally:
            tracemalloc.stop()
        assert not any(connection.busy for connection in server._connections)


async def test_compressed_and_plain_messages_keep_their_order() -> None:
    async with running() as (_, _, target), raw_client(target) as client:
        texts = [b"%06d" % index + bytes(200_000 * (index % 2)) for index in range(6)]
        data = b"".join(
            message(gzip.compress(text), 1) if i % 3 else message(text) for i, text in enumerate(texts)
        )
        stream_id = client.open(None, end=False, grpc_encoding="gzip", **{":path": "/test.Wire/Bidi"})
        for start in range(0, len(data), FRAME):
            await client.until(lambda: client.h2.local_flow_control_window(stream_id) >= FRAME)
            client.h2.send_data(stream_id, data[start : start + FRAME], end_stream=start + FRAME >= len(data))
            client.flush()
        stream = await client.finished(stream_id)
        assert stream.data == b"".join(message(b"echo " + text) for text in texts)


# Replies


@pytest.mark.parametrize(
    ("policy", "request_encoding", "size", "packed"),
    [
        ("asked", "gzip", 1024, True),
        ("asked", "gzip", 1023, False),
        ("asked", "gzip", AT_ONCE + 1, True),
        ("asked", "identity", 5000, False),
        ("gzip", "identity", 5000, True),
        ("gzip", "gzip", 5000, True),
        ("none", "gzip", 5000, False),
    ],
)
@pytest.mark.parametrize("accepts", [ACCEPTS, "identity", None])
@pytest.mark.parametrize("path", ["Unary", "AtOnce"])
async def test_whole_replies(
    policy: str, request_encoding: str, size: int, packed: bool, accepts: str | None, path: str
) -> None:
    class Both(WireServicer):
        def __handlers__(self) -> tuple[Handler, ...]:
            return (*super().__handlers__(), Handler(method("AtOnce"), self.at_once))

        @starts_at_once
        async def at_once(self, request: Raw, context: Context) -> Raw:
            return await self.unary(request, context)

    async with running(Both(), compression=policy) as (_, server, target), raw_client(target) as client:
        headers = {"grpc_encoding": request_encoding, "grpc_accept_encoding": accepts}
        path = f"/test.Wire/{path}"
        stream = await client.finished(client.open(b"size:%d" % size, **headers, **{":path": path}))
        assert stream.headers["grpc-accept-encoding"] == "identity,gzip"
        assert stream.status == "0"
        if packed and accepts and "gzip" in accepts:
            assert stream.headers["grpc-encoding"] == "gzip"
            assert stream.data[0] == 1
            assert len(stream.data) < size / 2
            assert gzip.decompress(stream.data[5:]) == b"x" * size
        else:
            assert "grpc-encoding" not in stream.headers
            assert stream.data == message(b"x" * size)
        assert not any(connection.busy for connection in server._connections)


async def test_a_reply_that_gets_no_shorter_is_sent_as_it_is() -> None:
    noise = os.urandom(5000).replace(b"\xff", b"f").replace(b":", b";")
    async with running(compression="gzip") as (_, _, target), raw_client(target) as client:
        stream = await client.finished(client.open(noise, grpc_accept_encoding=ACCEPTS))
        assert "grpc-encoding" not in stream.headers
        assert stream.data == message(noise)


async def test_a_call_that_ends_while_its_reply_is_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(body: bytes) -> bytes:
        begun.set()
        assert go_on.wait(10)
        return pack_now(body)

    monkeypatch.setattr(compression, "pack_now", slow)
    async with running(compression="gzip") as (_, server, target), raw_client(target) as client:
        large = {"grpc_accept_encoding": ACCEPTS, "grpc_timeout": "100m"}
        stream_id = client.open(b"size:%d" % MIB, **large)
        await asyncio.to_thread(begun.wait, 10)
        assert (await client.finished(client.open(b"after"))).status == "0"
        assert (await client.finished(stream_id)).status == "4"
        go_on.set()
        assert client.streams[stream_id].data == b""
        assert not any(connection.busy for connection in server._connections)


class Choosing(WireServicer):
    """Compresses what the request says, message by message: one digit each."""

    async def unary(self, request: Raw, context: Context) -> Raw:
        context.compress = request.data == b"1"
        return Raw(bytes(5000))

    async def server(self, request: Raw, context: Context) -> AsyncIterator[Raw]:
        for digit in request.data:
            context.compress = digit == ord("1")
            yield Raw(bytes(5000))

    def push(self, request: Raw, context: Context) -> PushStream[Raw]:
        stream: PushStream[Raw] = PushStream(merge=lambda a, b: None)

        def push_all() -> None:
            for digit in request.data:
                context.compress = digit == ord("1")
                stream.push(Raw(bytes(5000)))
            stream.close()

        asyncio.get_running_loop().call_soon(push_all)
        return stream


def flags_of(data: bytes) -> str:
    """The flag of each message."""
    flags = ""
    while data:
        size = 5 + int.from_bytes(data[1:5])
        body = gzip.decompress(data[5:size]) if data[0] else data[5:size]
        assert body == bytes(5000)
        flags += str(data[0])
        data = data[size:]
    return flags


@pytest.mark.parametrize("path", ["Server", "Push"])
@pytest.mark.parametrize(
    ("asked", "accepts", "got"),
    [
        (b"101", ACCEPTS, "101"),
        (b"1111", ACCEPTS, "1111"),
        (b"011", ACCEPTS, "000"),
        (b"000", ACCEPTS, "000"),
        (b"111", None, "000"),
        (b"111", "deflate", "000"),
    ],
)
async def test_a_handler_chooses_message_by_message(
    path: str, asked: bytes, accepts: str | None, got: str
) -> None:
    async with running(Choosing()) as (_, _, target), raw_client(target) as client:
        stream = await client.finished(
            client.open(asked, grpc_accept_encoding=accepts, **{":path": f"/test.Wire/{path}"})
        )
        assert stream.status == "0"
        assert flags_of(stream.data) == got
        assert stream.headers.get("grpc-encoding") == ("gzip" if "1" in got else None)


async def test_a_handler_chooses_for_its_reply() -> None:
    async with running(Choosing()) as (_, _, target), raw_client(target) as client:
        for asked, got in ((b"1", "1"), (b"0", "0")):
            headers = {"grpc_accept_encoding": ACCEPTS, "grpc_encoding": "gzip"}
            assert flags_of((await client.finished(client.open(asked, **headers))).data) == got


async def test_streams_are_not_compressed_by_themselves() -> None:
    servicer = WireServicer()

    def push(stream: PushStream[Raw], request: Raw) -> None:
        for _ in range(3):
            stream.push(Raw(bytes(5000)))
        stream.close()

    servicer.merge = lambda a, b: None
    servicer.on_push = push
    async with running(servicer, compression="gzip") as (_, _, target), raw_client(target) as client:
        headers = {"grpc_accept_encoding": ACCEPTS, "grpc_encoding": "gzip"}
        for path, request in (("Push", b""), ("Server", b"3x5000")):
            stream = await client.finished(client.open(request, **headers, **{":path": f"/test.Wire/{path}"}))
            assert "grpc-encoding" not in stream.headers
            assert stream.status == "0"
            assert len(stream.data) == 3 * 5005


async def test_compressed_messages_wait_for_the_window_like_others() -> None:
    async with running(Choosing()) as (_, _, target), raw_client(target, window=10) as client:
        stream = await client.finished(
            client.open(b"1111", grpc_accept_encoding=ACCEPTS, **{":path": "/test.Wire/Push"})
        )
        assert flags_of(stream.data) == "1111"


# Our client


async def test_client_and_server_both_ways() -> None:
    async with running(compression="gzip") as (_, _, target), Client(target, compression="gzip") as client:
        for text in (b"", b"small", b"x" * 5000, b"y" * 3 * MIB, os.urandom(100_000).replace(b":", b";")):
            text = b"." + text
            assert (await client._unary(UNARY, Raw(text))).data == text
            assert (await client._client_stream(CLIENT, [Raw(text), Raw(text)])).data == text + b"+" + text
            assert [m.data async for m in client._bidi(BIDI, [Raw(text)] * 3)] == [b"echo " + text] * 3


async def test_what_the_client_says_and_sends() -> None:
    def answer(request: RawAnswer) -> None:
        request.head()
        request.send(message(b"fine"))
        request.end()

    body = b"x" * 1024
    async with raw_server(answer) as server, Client(server.target) as plain:
        packing = plain.with_options(compression="gzip")
        for client in (
            plain,
            packing,
            packing.with_options(compression=None),
            packing.with_options(timeout=9),
        ):
            assert (await client._unary(UNARY, Raw(body))).data == b"fine"
        await packing._unary(UNARY, Raw(body[:-1]))
        await packing._unary(UNARY, Raw(noise := os.urandom(1024)))
        assert {request.headers["grpc-accept-encoding"] for request in server.requests} == {"identity,gzip"}
        said = [request.headers.get("grpc-encoding") for request in server.requests]
        assert said == [None, "gzip", None, "gzip", "gzip", "gzip"]
        assert [request.data[0] for request in server.requests] == [0, 1, 0, 1, 0, 0]
        assert gzip.decompress(server.requests[1].data[5:]) == body
        assert server.requests[-1].data == message(noise)


def test_a_compression_that_is_none() -> None:
    with pytest.raises(ValueError, match="compression must be"):
        Client("localhost:1", compression="deflate")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="compression must be"):
        Client("localhost:1").with_options(compression="br")  # type: ignore[arg-type]


ANSWERS = {
    "bomb": (message(BOMB, 1), Code.RESOURCE_EXHAUSTED),
    "over the limit": (message(gzip.compress(bytes(100_001)), 1), Code.RESOURCE_EXHAUSTED),
    "cut off": (message(gzip.compress(b"x")[:-1], 1), Code.INTERNAL),
    "garbage": (message(b"garbage", 1), Code.INTERNAL),
    "undecodable": (message(gzip.compress(b"\xff"), 1), Code.INTERNAL),
    "plain and undecodable": (message(b"\xff"), Code.INTERNAL),
}


@pytest.mark.parametrize(("data", "code"), ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("ends", [True, False])
async def test_servers_that_answer_with_bombs_or_garbage(data: bytes, code: Code, ends: bool) -> None:
    def answer(request: RawAnswer) -> None:
        request.head(GZIP_HEAD)
        request.send(message(gzip.compress(b"first"), 1))
        for start in range(0, len(data), FRAME):
            request.send(data[start : start + FRAME])
        if ends:
            request.send(message(b"last"))
            request.end()

    async with raw_server(answer) as server, Client(server.target, max_message_size=100_000) as client:
        stream = client._stream(SERVER, Raw())
        assert (await anext(stream)).data == b"first"
        for _ in range(2):
            with pytest.raises(RpcError) as caught:
                await anext(stream)
            assert caught.value.code is code
        if code is Code.RESOURCE_EXHAUSTED:
            assert "max_message_size of the client" in caught.value.message
        if not ends:
            await server.until(lambda: server.requests[0].reset is not None)
            assert server.requests[0].reset == 8


async def test_a_server_that_compresses_in_a_way_of_its_own() -> None:
    def answer(request: RawAnswer) -> None:
        request.head([*HEAD, ("grpc-encoding", "snappy")])
        request.send(message(b"x", 1))
        request.end()

    async with raw_server(answer) as server, Client(server.target) as client:
        with pytest.raises(RpcError, match="snappy; this client takes identity,gzip") as caught:
            await client._unary(UNARY, Raw())
        assert caught.value.code is Code.INTERNAL


async def test_a_server_that_compresses_without_saying_so() -> None:
    def answer(request: RawAnswer) -> None:
        request.head()
        request.send(message(gzip.compress(b"x"), 1))
        request.end()

    async with raw_server(answer) as server, Client(server.target) as client:
        with pytest.raises(RpcError) as caught:
            await client._unary(UNARY, Raw())
        assert caught.value.code is Code.INTERNAL


async def test_responses_are_expanded_as_they_are_read() -> None:
    packed = message(gzip.compress(bytes(8 * MIB)), 1)

    def answer(request: RawAnswer) -> None:
        request.head(GZIP_HEAD)
        request.send(packed)
        for _ in range(9):
            request.send(packed)
        request.end(OK)

    async with raw_server(answer) as server, Client(server.target) as client:
        tracemalloc.start()
        try:
            sizes = [len(m.data) async for m in client._stream(SERVER, Raw())]
            assert sizes == [8 * MIB] * 10
            assert tracemalloc.get_traced_memory()[1] < 40 * MIB
        finally:
            tracemalloc.stop()


async def test_a_compressed_call_leaves_nothing_to_collect() -> None:
    async with running(compression="gzip") as (_, _, target), Client(target, compression="gzip") as client:
        text = Raw(b"x" * 5000)

        async def calls() -> None:
            await client._unary(UNARY, text)
            assert [m.data async for m in client._bidi(BIDI, [text])] == [b"echo " + text.data]

        await calls()
        gc.collect()
        gc.disable()
        try:
            await calls()
            await asyncio.sleep(0.01)
            assert gc.collect() == 0
        finally:
            gc.enable()


async def test_a_bug_while_packing_reaches_no_client(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(body: bytes) -> bytes:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(response, "pack_now", broken)
    monkeypatch.setattr(compression, "pack_now", broken)
    async with running(compression="gzip") as (_, _, target), raw_client(target) as client:
        for size in (5000, MIB):
            stream = await client.finished(client.open(b"size:%d" % size, grpc_accept_encoding=ACCEPTS))
            assert stream.status == "13"
            assert "secret" not in str(stream.headers)


# grpcio's client


async def test_grpcio_both_ways() -> None:
    async with (
        running(compression="gzip") as (_, _, target),
        grpc.aio.insecure_channel(target, compression=grpc.Compression.Gzip) as channel,
    ):
        for text in (b"x" * 5000, b"y" * MIB, b"small", b""):
            assert await channel.unary_unary("/test.Wire/Unary")(text) == text
            call = channel.stream_stream("/test.Wire/Bidi")(iter([text, text]))
            assert [answer async for answer in call] == [b"echo " + text] * 2
        deflate = channel.unary_unary("/test.Wire/Unary")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await deflate(b"x" * 1000, compression=grpc.Compression.Deflate)
        assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_push_streams_to_our_client() -> None:
    async with running(Choosing()) as (_, _, target), Client(target) as client:
        assert [len(m.data) async for m in client._stream(PUSH, Raw(b"1101"))] == [5000] * 4


async def test_a_request_that_is_refused_while_it_is_compressed_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first try ends where it is, and the second compresses the request anew."""
    ends: list[str] = []

    async def slow_the_first_time(body: bytes) -> bytes:
        if not ends:
            ends.append("begun")
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                ends.append("cancelled")
                raise
        return await pack(body)

    def answer(request: RawAnswer) -> None:
        request.head()
        request.send(message(b"yes"))
        request.end()

    monkeypatch.setattr(client_call, "pack", slow_the_first_time)
    async with raw_server(answer) as server, Client(server.target, compression="gzip") as client:
        call = asyncio.create_task(client._unary(UNARY, Raw(bytes(2000)), timeout=10))
        await server.until(lambda: bool(server.requests and ends))
        server.requests[0].kill(ErrorCodes.REFUSED_STREAM)
        (writer,) = server.connections.values()
        writer.write(server.requests[0].h2.data_to_send())
        assert (await call).data == b"yes"
    assert ends == ["begun", "cancelled"]


async def test_data_before_the_headers_of_a_response_ends_the_call() -> None:
    """They say how it is compressed: what was read without them cannot be read again."""

    def answer(request: RawAnswer) -> None:
        request.h2._data_to_send += DataFrame(request.stream_id, message(b"early")).serialize()
        request.head(GZIP_HEAD)
        request.end()

    async with raw_server(answer) as server, Client(server.target) as client:
        with pytest.raises(RpcError, match="before the headers") as caught:
            await client._unary(UNARY, Raw())
        assert caught.value.code is Code.INTERNAL


async def test_a_call_that_is_being_answered_is_not_tried_again() -> None:
    """Whatever the server says of it: half of one answer and half of another make none."""

    def answer(request: RawAnswer) -> None:
        if len(server.requests) == 1:
            request.head()
            request.send(message(b"once"))
            request.kill(ErrorCodes.REFUSED_STREAM)
        else:
            request.head(GZIP_HEAD)
            request.send(message(gzip.compress(b"again"), 1))
            request.end()

    async with raw_server(answer) as server, Client(server.target) as client:
        stream = client._stream(SERVER, Raw())
        assert (await anext(stream)).data == b"once"
        with pytest.raises(RpcError, match="refused the stream") as caught:
            await anext(stream)
        assert caught.value.code is Code.UNAVAILABLE
    assert len(server.requests) == 1
