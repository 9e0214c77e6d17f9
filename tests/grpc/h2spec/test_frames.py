"""RFC 9113, sections 6 and 7: each type of frame, and codes of errors."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING

import pytest
from h2.errors import ErrorCodes
from hyperframe.frame import DataFrame, GoAwayFrame, PingFrame, RstStreamFrame, SettingsFrame
from tokenwire.grpc import protocol
from tokenwire.limits import Limits

from tests.grpc.raw_client import message
from tests.grpc.wire_service import Raw, WireServicer, until

from .peer import (
    ACCEPTED,
    ACK,
    ANSWERED,
    BLOCK,
    CONTINUATION,
    DATA,
    END,
    END_HEADERS,
    END_STREAM,
    FLOW_CONTROL,
    FRAME_SIZE,
    GOAWAY,
    HAS_PRIORITY,
    HEADERS_FRAME,
    MALFORMED,
    PADDED,
    PING,
    PRIORITY,
    PROTOCOL,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WHOLE,
    WINDOW_UPDATE,
    Case,
    Peer,
    Reset,
    conforms,
    data,
    head,
    peer,
    play,
    pong,
    raw,
    reset,
    setting,
    table,
    was_reset,
    window,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tokenwire.context import Context

BODY = message(b"a")
LARGEST = (1 << 31) - 1
TABLE_SIZE, PUSH, STREAMS, WINDOW, FRAME, LIST = range(1, 7)


@table(
    ("stream 0", [raw(DATA, 0, 0, b"a")], PROTOCOL),
    ("padding", [head(), raw(DATA, PADDED | END_STREAM, 1, b"\x05" + BODY + bytes(5))], ANSWERED),
    ("padding of 0", [head(), raw(DATA, PADDED | END_STREAM, 1, b"\0" + BODY)], ANSWERED),
    (
        "padding that is not zeros",
        [head(), raw(DATA, PADDED | END_STREAM, 1, b"\2" + BODY + b"ab")],
        ANSWERED,
    ),
    ("nothing but padding", [head(), raw(DATA, PADDED, 1, b"\x09" + bytes(9)), END], ANSWERED),
    ("padding as long as the payload", [head(), raw(DATA, PADDED, 1, b"\x0a" + bytes(9))], PROTOCOL),
    ("padding longer than the payload", [head(), raw(DATA, PADDED, 1, b"\xff" + bytes(9))], PROTOCOL),
    ("padding without its length", [head(), raw(DATA, PADDED, 1)], FRAME_SIZE),
    ("empty DATA", [head(), raw(DATA, 0, 1), END], ANSWERED),
    ("empty DATA that ends", [head(), data(), raw(DATA, END_STREAM, 1)], ANSWERED),
)
async def test_6_1_data(case: Case) -> None:
    await conforms(case)


async def test_6_1_padding_counts_in_the_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "STREAM_WINDOW", 100_000)
    async with peer(limits=Limits(min_ping_interval=0)) as client:
        client.send(head())
        for _ in range(40):
            client.send(raw(DATA, PADDED, 1, b"\xff" + bytes(255)) * 18)
            await pong(client)
        client.send(END)
        await ANSWERED.check(client)


@table(
    ("stream 0", [raw(HEADERS_FRAME, END_HEADERS, 0, BLOCK)], PROTOCOL),
    ("padding", [raw(HEADERS_FRAME, END_HEADERS | PADDED, 1, b"\3" + BLOCK + bytes(3)), END], ANSWERED),
    (
        "padding and priority",
        [
            raw(HEADERS_FRAME, END_HEADERS | PADDED | HAS_PRIORITY, 1, b"\3" + bytes(5) + BLOCK + bytes(3)),
            END,
        ],
        ANSWERED,
    ),
    ("padding longer than the payload", [raw(HEADERS_FRAME, WHOLE | PADDED, 1, b"\xff" + BLOCK)], PROTOCOL),
    (
        "padding that takes of the priority",
        [raw(HEADERS_FRAME, WHOLE | PADDED | HAS_PRIORITY, 1, b"\3" + bytes(7))],
        PROTOCOL,
    ),
    ("padding without its length", [raw(HEADERS_FRAME, WHOLE | PADDED, 1)], FRAME_SIZE),
    ("priority that is cut", [raw(HEADERS_FRAME, WHOLE | HAS_PRIORITY, 1, bytes(4))], FRAME_SIZE),
    ("no fields", [raw(HEADERS_FRAME, WHOLE, 1)], MALFORMED),
)
async def test_6_2_headers(case: Case) -> None:
    await conforms(case)


WRONG_SIZE = Reset(ErrorCodes.FRAME_SIZE_ERROR)


@table(
    ("stream 0", [raw(PRIORITY, 0, 0, bytes(5))], PROTOCOL),
    ("4 bytes", [head(), raw(PRIORITY, 0, 1, bytes(4))], WRONG_SIZE),
    ("6 bytes", [head(), raw(PRIORITY, 0, 1, bytes(6))], WRONG_SIZE),
    ("4 bytes on an idle stream, which cannot be reset", [raw(PRIORITY, 0, 1, bytes(4))], FRAME_SIZE),
    ("5 bytes in the middle of a call", [head(), raw(PRIORITY, 0, 1, bytes(5)), END], ANSWERED),
)
async def test_6_3_priority(case: Case) -> None:
    await conforms(case)


@table(
    ("stream 0", [raw(RST_STREAM, 0, 0, bytes(4))], PROTOCOL),
    ("an idle stream", [raw(RST_STREAM, 0, 1, bytes(4))], PROTOCOL),
    ("3 bytes", [head(), raw(RST_STREAM, 0, 1, bytes(3))], FRAME_SIZE),
    ("5 bytes", [head(), raw(RST_STREAM, 0, 1, bytes(5))], FRAME_SIZE),
    ("an unknown code", [head(), reset(1, 0xFFFFFFFF)], ACCEPTED),
)
async def test_6_4_rst_stream(case: Case) -> None:
    await conforms(case)


@table(
    ("stream 1", [head(), raw(SETTINGS, 0, 1)], PROTOCOL),
    ("ACK of stream 1", [head(), raw(SETTINGS, ACK, 1)], PROTOCOL),
    ("ACK with a payload", [raw(SETTINGS, ACK, 0, bytes(6))], FRAME_SIZE),
    ("5 bytes", [raw(SETTINGS, 0, 0, bytes(5))], FRAME_SIZE),
    ("7 bytes", [raw(SETTINGS, 0, 0, bytes(7))], FRAME_SIZE),
    ("ACK that nobody waits for", [raw(SETTINGS, ACK, 0) * 3], ACCEPTED),
    ("unknown settings", [setting((0, 1), (7, 1), (8, 2), (9, 3), (0xFFFF, 0xFFFFFFFF))], ACCEPTED),
)
async def test_6_5_settings(case: Case) -> None:
    await conforms(case)


@table(
    ("ENABLE_PUSH 0", [setting((PUSH, 0))], ACCEPTED),
    ("ENABLE_PUSH 1", [setting((PUSH, 1))], ACCEPTED),
    ("ENABLE_PUSH 2", [setting((PUSH, 2))], PROTOCOL),
    ("INITIAL_WINDOW_SIZE 2^31-1", [setting((WINDOW, LARGEST))], ACCEPTED),
    ("INITIAL_WINDOW_SIZE 2^31", [setting((WINDOW, 1 << 31))], FLOW_CONTROL),
    ("INITIAL_WINDOW_SIZE 2^32-1", [setting((WINDOW, 0xFFFFFFFF))], FLOW_CONTROL),
    ("MAX_FRAME_SIZE 2^14-1", [setting((FRAME, 16383))], PROTOCOL),
    ("MAX_FRAME_SIZE 2^14", [setting((FRAME, 16384))], ACCEPTED),
    ("MAX_FRAME_SIZE 2^24-1", [setting((FRAME, (1 << 24) - 1))], ACCEPTED),
    ("MAX_FRAME_SIZE 2^24", [setting((FRAME, 1 << 24))], PROTOCOL),
    ("HEADER_TABLE_SIZE 2^32-1", [setting((TABLE_SIZE, 0xFFFFFFFF))], ACCEPTED),
    ("HEADER_TABLE_SIZE 0", [setting((TABLE_SIZE, 0))], ACCEPTED),
    ("MAX_CONCURRENT_STREAMS 0", [setting((STREAMS, 0))], ACCEPTED),
    ("MAX_HEADER_LIST_SIZE 0", [setting((LIST, 0))], ACCEPTED),
    ("a wrong value before a right one", [setting((PUSH, 2), (PUSH, 0))], PROTOCOL),
    ("a wrong value after unknown ones", [setting((99, 1), (FRAME, 1))], PROTOCOL),
)
async def test_6_5_2_values(case: Case) -> None:
    await conforms(case)


async def test_6_5_3_every_settings_frame_is_acknowledged_in_order() -> None:
    async with peer() as client:
        client.send(setting((WINDOW, 1)), setting((99, 1)), setting())
        await pong(client)
        acks = [frame for frame in client.of(SettingsFrame) if "ACK" in frame.flags]
        assert len(acks) == 4
        assert isinstance(client.frames[-1], PingFrame)


async def test_6_5_3_of_several_values_the_last_counts() -> None:
    async with peer() as client:
        client.send(setting((WINDOW, 100), (WINDOW, 1)), head(), END)
        await client.until(lambda: client.of(DataFrame, 1))
        await pong(client)
        assert received(client) == 1


@table(
    ("a promise", [head(), raw(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\2" + BLOCK)], PROTOCOL),
    ("a promise that is cut", [head(), raw(PUSH_PROMISE, END_HEADERS, 1, b"\0")], PROTOCOL),
    ("a promise on stream 0", [raw(PUSH_PROMISE, END_HEADERS, 0, b"\0\0\0\2" + BLOCK)], PROTOCOL),
)
async def test_6_6_push_promise(case: Case) -> None:
    await conforms(case)


@table(
    ("stream 1", [head(), raw(PING, 0, 1, bytes(8))], PROTOCOL),
    ("7 bytes", [raw(PING, 0, 0, bytes(7))], FRAME_SIZE),
    ("9 bytes", [raw(PING, 0, 0, bytes(9))], FRAME_SIZE),
    ("ACK of 7 bytes", [raw(PING, ACK, 0, bytes(7))], FRAME_SIZE),
    ("ACK that nobody waits for", [raw(PING, ACK, 0, bytes(8))], ACCEPTED),
)
async def test_6_7_ping(case: Case) -> None:
    await conforms(case)


async def test_6_7_ping_is_answered_with_its_bytes_and_an_ack_is_not() -> None:
    async with peer() as client:
        client.send(raw(PING, ACK, 0, b"ignored!"), raw(PING, 0, 0, b"\0\1\2\3\4\5\6\xff"))
        await client.until(lambda: client.of(PingFrame))
        await client.call()
        (frame,) = client.of(PingFrame)
        assert "ACK" in frame.flags
        assert frame.opaque_data == b"\0\1\2\3\4\5\6\xff"


@table(
    ("stream 1", [head(), raw(GOAWAY, 0, 1, bytes(8))], PROTOCOL),
    ("7 bytes", [raw(GOAWAY, 0, 0, bytes(7))], FRAME_SIZE),
)
async def test_6_8_goaway(case: Case) -> None:
    await conforms(case)


@pytest.mark.parametrize("code", [0, 2, 0xFFFFFFFF])
async def test_6_8_calls_go_on_after_goaway_of_the_client(code: int) -> None:
    async with peer() as client:
        client.send(head(), raw(GOAWAY, 0, 0, struct.pack(">II", 0, code) + b"bye"), END)
        fields = await client.ended(1)
        assert fields["grpc-status"] == "0"
        await client.until(lambda: client.closed)
        assert not client.of(RstStreamFrame)


@table(
    ("0 on the connection", [window(0, 0)], PROTOCOL),
    ("0 on a stream", [head(), window(1, 0)], MALFORMED),
    ("0 with the reserved bit", [head(), window(1, 1 << 31)], MALFORMED),
    ("3 bytes on the connection", [raw(WINDOW_UPDATE, 0, 0, bytes(3))], FRAME_SIZE),
    ("3 bytes on a stream", [head(), raw(WINDOW_UPDATE, 0, 1, bytes(3))], FRAME_SIZE),
    ("5 bytes", [raw(WINDOW_UPDATE, 0, 0, bytes(5))], FRAME_SIZE),
    ("an idle stream", [window(1, 1)], PROTOCOL),
    ("0 on an idle stream", [window(1, 0)], PROTOCOL),
    ("the connection's to the limit", [window(0, LARGEST - 65535)], ACCEPTED),
    ("the connection's over the limit", [window(0, LARGEST - 65534)], FLOW_CONTROL),
    ("the connection's over the limit in two", [window(0, LARGEST - 65535), window(0, 1)], FLOW_CONTROL),
    ("a stream's to the limit", [head(), window(1, LARGEST - 65535), END], ANSWERED),
    ("a stream's over the limit", [head(), window(1, LARGEST - 65534)], Reset(ErrorCodes.FLOW_CONTROL_ERROR)),
    (
        "a setting that opens a stream's over the limit",
        [head(), window(1, 1), setting((WINDOW, LARGEST))],
        FLOW_CONTROL,
    ),
    ("a setting that opens it to the limit", [head(), setting((WINDOW, LARGEST)), END], ANSWERED),
)
async def test_6_9_window_update(case: Case) -> None:
    await conforms(case)


class Deaf(WireServicer):
    """Reads nothing of what it is sent."""

    async def client(self, requests: AsyncIterator[Raw], context: Context) -> Raw:
        await asyncio.Event().wait()
        raise AssertionError


@pytest.mark.parametrize("where", ["stream", "connection"])
@pytest.mark.parametrize("padded", [False, True])
async def test_6_9_1_more_than_the_window(where: str, padded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    size = protocol._DEFAULT_WINDOW + 1
    if where == "stream":
        size = 1000
        monkeypatch.setattr(protocol, "STREAM_WINDOW", size)
    else:
        monkeypatch.setattr(protocol, "CONNECTION_WINDOW", size)
    async with peer(servicer=Deaf()) as client:
        client.send(head())
        while size:
            now = min(size, 16000)
            client.send(data(1, b"x" * (now - 5)))
            size -= now
        await pong(client)
        assert not client.of(GoAwayFrame)
        client.send(raw(DATA, PADDED, 1, b"\0") if padded else raw(DATA, 0, 1, b"x"))
        await FLOW_CONTROL.check(client)


def received(client: Peer) -> int:
    """Bytes that came on stream 1."""
    return sum(len(frame.data) for frame in client.of(DataFrame, 1))


async def test_6_9_1_a_window_is_kept_to_the_byte() -> None:
    async with peer() as client:
        client.send(setting((WINDOW, 0)), head(1, "Unary"), data(1, b"size:95", END_STREAM))
        for size in (1, 2, 40, 57):
            before = received(client)
            client.send(window(1, size))
            await client.until(lambda now=before + size: received(client) == now)
            await pong(client)
            assert received(client) == before + size
        assert (await client.ended(1))["grpc-status"] == "0"


async def test_6_9_2_a_change_of_the_initial_window_moves_the_windows_of_open_streams() -> None:
    async with peer() as client:
        client.send(setting((WINDOW, 10)), head(1, "Unary"), data(1, b"size:95", END_STREAM))
        await client.until(lambda: received(client) == 10)
        client.send(setting((WINDOW, 4)))
        await pong(client)
        client.send(window(1, 5))  # The window was -6.
        await pong(client)
        assert received(client) == 10
        client.send(window(1, 3))
        await client.until(lambda: received(client) == 12)
        client.send(setting((WINDOW, 6)))
        await client.until(lambda: received(client) == 14)
        client.send(setting((WINDOW, 1000)))
        assert (await client.ended(1))["grpc-status"] == "0"
        assert received(client) == 100


async def test_6_9_2_the_connections_window_is_not_moved() -> None:
    async with peer() as client:
        client.send(setting((WINDOW, LARGEST)), head(1, "Unary"), data(1, b"size:100000", END_STREAM))
        await client.until(lambda: received(client) == 65535)
        await pong(client)
        assert received(client) == 65535
        client.send(window(0, 100_000))
        assert (await client.ended(1))["grpc-status"] == "0"


@table(
    ("without HEADERS", [raw(CONTINUATION, END_HEADERS, 1, BLOCK)], PROTOCOL),
    ("after END_HEADERS", [head(), raw(CONTINUATION, END_HEADERS, 1)], PROTOCOL),
    ("after DATA", [head(), data(), raw(CONTINUATION, END_HEADERS, 1, BLOCK)], PROTOCOL),
    ("stream 0", [raw(CONTINUATION, END_HEADERS, 0, BLOCK)], PROTOCOL),
    (
        "after a whole block",
        [
            raw(HEADERS_FRAME, 0, 1, BLOCK),
            raw(CONTINUATION, END_HEADERS, 1),
            raw(CONTINUATION, END_HEADERS, 1),
        ],
        PROTOCOL,
    ),
    (
        "a frame in between",
        [raw(HEADERS_FRAME, 0, 1, BLOCK), data(), raw(CONTINUATION, END_HEADERS, 1)],
        PROTOCOL,
    ),
)
async def test_6_10_continuation(case: Case) -> None:
    await conforms(case)


@pytest.mark.parametrize("code", [*range(14), 0xFF, 0xFFFFFFFF])
async def test_7_a_reset_with_any_code_ends_the_call_once(code: int) -> None:
    async with peer() as client:
        client.send(head())
        await client.servicer.started.wait()
        client.send(reset(1, code))
        await client.servicer.ended.wait()
        await client.call()
        assert client.servicer.cancelled == 1
        assert not client.of(RstStreamFrame)


async def test_5_1_2_streams_that_the_server_has_reset_do_not_count() -> None:
    """A client that makes the server reset its streams gets no more calls run than one that does not."""
    async with peer() as client:
        for stream_id in range(1, 41, 2):
            client.send(head(stream_id), window(stream_id, 0))
        await was_reset(client)
        await pong(client)
        assert len(client.of(RstStreamFrame)) == 20
        (connection,) = client.server._connections
        await until(lambda: not connection.busy and not connection.tasks)
        await play(client, [head(41, "Push"), data(41, b"", END_STREAM)])
        await until(lambda: bool(client.servicer.pushes))
        client.servicer.pushes[0].push(Raw(b"more"))
        client.servicer.pushes[0].close()
        assert (await client.ended(41))["grpc-status"] == "0"
