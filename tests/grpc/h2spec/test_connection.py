"""RFC 9113, sections 3 to 5: preface, frames, header blocks, states of streams."""

from __future__ import annotations

import pytest
from h2.errors import ErrorCodes
from hyperframe.frame import GoAwayFrame, PingFrame, RstStreamFrame, SettingsFrame
from tokenwire.grpc.hpack_cache import literal_block
from tokenwire.limits import Limits

from tests.grpc.frame_client import PREFACE
from tests.grpc.wire_service import until

from .peer import (
    ACCEPTED,
    ACK,
    ANSWERED,
    BLOCK,
    CALM,
    COMPRESSION,
    CONTINUATION,
    DATA,
    END,
    END_HEADERS,
    END_STREAM,
    FRAME_SIZE,
    GOAWAY,
    HAS_PRIORITY,
    HEADERS_FRAME,
    MALFORMED,
    PADDED,
    PING,
    PRIORITY,
    PROTOCOL,
    SETTINGS,
    STREAM_CLOSED,
    WHOLE,
    WINDOW_UPDATE,
    Case,
    Closed,
    Reset,
    answered,
    block,
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

START, REST = BLOCK[:9], BLOCK[9:]
OPEN = raw(HEADERS_FRAME, 0, 1, START)
"""HEADERS whose block goes on."""
PRIORITY_OF_1 = raw(PRIORITY, 0, 1, b"\0\0\0\3\x10")


@pytest.mark.parametrize(
    ("greeting", "expected"),
    [
        (b"INVALID CONNECTION PREFACE\r\n\r\n", Closed()),
        (PREFACE[:-1] + b"?" + raw(SETTINGS, 0, 0), Closed()),
        (b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", Closed()),
        (PREFACE + raw(SETTINGS, ACK, 0), PROTOCOL),
        (PREFACE + raw(PING, 0, 0, b"12345678"), PROTOCOL),
        (PREFACE + head(1), PROTOCOL),
        (PREFACE + raw(DATA, 0, 1, b"a"), PROTOCOL),
        (PREFACE + window(0, 1), PROTOCOL),
        (PREFACE + PRIORITY_OF_1, PROTOCOL),
        (PREFACE + reset(), PROTOCOL),
        (PREFACE + raw(GOAWAY, 0, 0, bytes(8)), PROTOCOL),
        (PREFACE + raw(0x77, 0, 0, b"what"), PROTOCOL),
        (PREFACE + raw(0xA, 0, 0, b"what"), PROTOCOL),
        (PREFACE + setting((0x4, 100_000)), ACCEPTED),
    ],
)
async def test_3_4_preface(greeting: bytes, expected: Closed) -> None:
    async with peer(greeting=greeting) as client:
        await expected.check(client)


async def test_3_4_preface_in_bytes() -> None:
    async with peer(greeting=b"") as client:
        for byte in PREFACE + raw(SETTINGS, 0, 0):
            client.send(bytes((byte,)))
            await client.writer.drain()
        await ACCEPTED.check(client)
        first = client.frames[0]
        assert isinstance(first, SettingsFrame)
        assert not first.flags


@table(
    ("unknown type", [raw(0x77, 0xFF, 0, b"what")], ACCEPTED),
    ("unknown type on an idle stream", [raw(0x77, 0, 5, b"what")], ACCEPTED),
    ("unknown type on an open stream", [head(), raw(0xFF, 0x1, 1, b"what"), END], ANSWERED),
    ("ALTSVC that is none", [raw(0xA, 0, 0, b"\xff")], ACCEPTED),
    ("ORIGIN", [raw(0xC, 0, 0, b"\xff")], ACCEPTED),
    ("PRIORITY_UPDATE", [raw(0x10, 0, 0, bytes(4))], ACCEPTED),
    ("PING with unknown flags", [raw(PING, 0xFE, 0, b"12345678")], ACCEPTED),
    ("SETTINGS with unknown flags", [raw(SETTINGS, 0xFE, 0)], ACCEPTED),
    ("WINDOW_UPDATE with unknown flags", [raw(WINDOW_UPDATE, 0xFF, 0, b"\0\0\0\1")], ACCEPTED),
    ("DATA with unknown flags", [head(), data(1, b"a", END_STREAM | 0xF6)], ANSWERED),
    ("HEADERS with unknown flags", [head(flags=END_HEADERS | 0xD2), END], ANSWERED),
    ("reserved bit of PING", [raw(PING, 0, 1 << 31, b"12345678")], ACCEPTED),
    ("reserved bit of HEADERS and DATA", [head(1 | 1 << 31), data(1 | 1 << 31, b"a", END_STREAM)], ANSWERED),
    ("reserved bit of RST_STREAM", [head(), reset(1 | 1 << 31)], ACCEPTED),
    ("reserved bit of WINDOW_UPDATE", [head(), window(1 | 1 << 31, 1 | 1 << 31), END], ANSWERED),
    ("reserved bit of PRIORITY", [raw(PRIORITY, 0, 1 | 1 << 31, bytes(5))], ACCEPTED),
)
async def test_4_1_frame_format(case: Case) -> None:
    await conforms(case)


@table(
    ("DATA of 16384 bytes", [head(), data(1, b"x" * 16379, END_STREAM)], ANSWERED),
    ("DATA of 16385 bytes", [head(), raw(DATA, 0, 1, bytes(16385))], FRAME_SIZE),
    ("HEADERS of 16385 bytes", [raw(HEADERS_FRAME, WHOLE, 1, bytes(16385))], FRAME_SIZE),
    ("PING of 16385 bytes", [raw(PING, 0, 0, bytes(16385))], FRAME_SIZE),
    ("unknown type of 16385 bytes", [raw(0x77, 0, 0, bytes(16385))], FRAME_SIZE),
    ("a length that never comes", [raw(DATA, 0, 1, b"")[3:].rjust(9, b"\xff")], FRAME_SIZE),
)
async def test_4_2_frame_size(case: Case) -> None:
    await conforms(case)


@table(
    ("HEADERS that are no HPACK", [raw(HEADERS_FRAME, WHOLE, 1, b"\xff\xff\xff\xff\xff")], COMPRESSION),
    ("HEADERS cut within a field", [raw(HEADERS_FRAME, WHOLE, 1, BLOCK[:-1])], COMPRESSION),
    ("trailers that are no HPACK", [head(), raw(HEADERS_FRAME, WHOLE, 1, b"\x80")], COMPRESSION),
    (
        "no HPACK on a half-closed stream",
        [head(flags=WHOLE), raw(HEADERS_FRAME, WHOLE, 1, b"\x80")],
        COMPRESSION,
    ),
    ("a block in two", [OPEN, raw(CONTINUATION, END_HEADERS, 1, REST), END], ANSWERED),
    (
        "a block in many",
        [raw(HEADERS_FRAME, 0, 1)]
        + [raw(CONTINUATION, 0, 1, BLOCK[i : i + 10]) for i in range(0, len(BLOCK), 10)]
        + [raw(CONTINUATION, END_HEADERS, 1), END],
        ANSWERED,
    ),
    (
        "END_STREAM comes with HEADERS",
        [raw(HEADERS_FRAME, END_STREAM, 1, START), raw(CONTINUATION, END_HEADERS, 1, REST)],
        ANSWERED,
    ),
    (
        "END_STREAM on CONTINUATION is no flag",
        [OPEN, raw(CONTINUATION, WHOLE, 1, REST), END],
        ANSWERED,
    ),
    (
        "padding and priority of the first frame",
        [
            raw(HEADERS_FRAME, PADDED | HAS_PRIORITY, 1, b"\2" + bytes(5) + START + b"\0\0"),
            raw(CONTINUATION, END_HEADERS, 1, REST),
            END,
        ],
        ANSWERED,
    ),
    ("DATA within a block", [OPEN, raw(DATA, 0, 1, b"a")], PROTOCOL),
    ("HEADERS within a block", [OPEN, head(1)], PROTOCOL),
    ("HEADERS of another stream within a block", [OPEN, head(3)], PROTOCOL),
    ("PRIORITY within a block", [OPEN, PRIORITY_OF_1], PROTOCOL),
    ("RST_STREAM within a block", [OPEN, reset()], PROTOCOL),
    ("SETTINGS within a block", [OPEN, raw(SETTINGS, 0, 0)], PROTOCOL),
    ("PING within a block", [OPEN, raw(PING, 0, 0, b"12345678")], PROTOCOL),
    ("GOAWAY within a block", [OPEN, raw(GOAWAY, 0, 0, bytes(8))], PROTOCOL),
    ("WINDOW_UPDATE within a block", [OPEN, window(0, 1)], PROTOCOL),
    ("unknown type within a block", [OPEN, raw(0x77, 0, 1, b"what")], PROTOCOL),
    ("CONTINUATION of another stream", [OPEN, raw(CONTINUATION, END_HEADERS, 3, REST)], PROTOCOL),
    ("a block of too many frames", [OPEN, raw(CONTINUATION, 0, 1) * 100], CALM),
    ("a block that is too long", [OPEN, raw(CONTINUATION, 0, 1, bytes(16384)) * 4], CALM),
)
async def test_4_3_header_blocks(case: Case) -> None:
    await conforms(case)


async def test_4_3_a_block_unfinished_at_the_end_leaves_nothing() -> None:
    async with peer() as client:
        await pong(client)
        client.send(OPEN)
        client.writer.write_eof()
        await client.until(lambda: client.closed)
        await until(lambda: not client.server._connections)
        assert not client.servicer.started.is_set()


@table(
    ("DATA", [raw(DATA, END_STREAM, 1, b"a")], PROTOCOL),
    ("RST_STREAM", [reset()], PROTOCOL),
    ("WINDOW_UPDATE", [window(1, 1)], PROTOCOL),
    ("CONTINUATION", [raw(CONTINUATION, END_HEADERS, 1, BLOCK)], PROTOCOL),
    ("DATA on a higher stream than any", [head(3), raw(DATA, 0, 5, b"a")], PROTOCOL),
    ("RST_STREAM on a server's stream", [head(3), reset(2)], PROTOCOL),
    ("WINDOW_UPDATE on a server's stream", [head(3), window(2, 1)], PROTOCOL),
    ("DATA on a server's stream", [head(3), raw(DATA, 0, 2, b"a")], PROTOCOL),
    ("PRIORITY", [PRIORITY_OF_1], ACCEPTED),
)
async def test_5_1_idle(case: Case) -> None:
    await conforms(case)


PUSHING = [head(1, "Push"), END]
"""A call that goes on after its request."""


@table(
    ("DATA", [*PUSHING, raw(DATA, END_STREAM, 1, b"a")], Reset(ErrorCodes.STREAM_CLOSED)),
    ("empty DATA", [*PUSHING, raw(DATA, 0, 1)], Reset(ErrorCodes.STREAM_CLOSED)),
    ("HEADERS", [*PUSHING, head()], Reset(ErrorCodes.STREAM_CLOSED)),
    ("trailers", [*PUSHING, raw(HEADERS_FRAME, WHOLE, 1)], Reset(ErrorCodes.STREAM_CLOSED)),
    ("CONTINUATION", [*PUSHING, raw(CONTINUATION, END_HEADERS, 1, BLOCK)], PROTOCOL),
    ("WINDOW_UPDATE", [*PUSHING, window(1, 1)], ACCEPTED),
    ("PRIORITY", [*PUSHING, PRIORITY_OF_1], ACCEPTED),
    ("RST_STREAM", [*PUSHING, reset()], ACCEPTED),
)
async def test_5_1_half_closed_by_the_client(case: Case) -> None:
    await conforms(case)


CALLED = [head(), END, answered]
"""A call that is over."""


@table(
    ("DATA", [*CALLED, raw(DATA, 0, 1, b"a")], STREAM_CLOSED),
    ("HEADERS", [*CALLED, head(1)], STREAM_CLOSED),
    ("trailers", [*CALLED, raw(HEADERS_FRAME, WHOLE, 1)], STREAM_CLOSED),
    ("CONTINUATION", [*CALLED, raw(CONTINUATION, END_HEADERS, 1, BLOCK)], PROTOCOL),
    ("WINDOW_UPDATE", [*CALLED, window(1, 1)], ACCEPTED),
    ("WINDOW_UPDATE of 0", [*CALLED, window(1, 0)], ACCEPTED),
    ("RST_STREAM", [*CALLED, reset()], ACCEPTED),
    ("PRIORITY", [*CALLED, PRIORITY_OF_1], ACCEPTED),
)
async def test_5_1_closed_by_the_ends(case: Case) -> None:
    await conforms(case)


@table(
    ("DATA", [head(), reset(), raw(DATA, 0, 1, b"a")], STREAM_CLOSED),
    ("HEADERS", [head(), reset(), head()], STREAM_CLOSED),
    ("trailers", [head(), reset(), raw(HEADERS_FRAME, WHOLE, 1)], STREAM_CLOSED),
    ("CONTINUATION", [head(), reset(), raw(CONTINUATION, END_HEADERS, 1, BLOCK)], PROTOCOL),
    ("WINDOW_UPDATE", [head(), reset(), window(1, 1)], ACCEPTED),
    ("RST_STREAM", [head(), reset(), reset()], ACCEPTED),
    ("PRIORITY", [head(), reset(), PRIORITY_OF_1], ACCEPTED),
)
async def test_5_1_closed_by_a_reset(case: Case) -> None:
    await conforms(case)


REFUSED = [head(te="gzip"), was_reset]
"""A request that was reset by the server."""


@pytest.mark.parametrize(
    "late",
    [
        raw(DATA, 0, 1, b"a" * 1000),
        raw(DATA, END_STREAM, 1, b"a"),
        raw(HEADERS_FRAME, WHOLE, 1, literal_block([("a", "b")])),
        head(1),
        window(1, 1),
        window(1, 0),
        reset(),
        PRIORITY_OF_1,
        raw(PRIORITY, 0, 1, b""),
    ],
    ids=["DATA", "END", "trailers", "HEADERS", "WINDOW", "WINDOW 0", "RST", "PRIORITY", "short PRIORITY"],
)
async def test_5_1_what_was_under_way_when_the_server_reset_a_stream_is_ignored(late: bytes) -> None:
    async with peer() as client:
        await play(client, [*REFUSED, late])
        await client.call()
        assert len(client.of(RstStreamFrame)) == 1
        assert not client.of(GoAwayFrame)


async def test_5_1_ignored_headers_change_the_table_all_the_same() -> None:
    async with peer() as client:
        entry = b"\x40" + literal_block([("x-late", "1")])[1:]
        await play(client, [*REFUSED, raw(HEADERS_FRAME, WHOLE, 1, entry)])
        client.send(raw(HEADERS_FRAME, END_HEADERS, 3, block("Unary") + b"\xbe"), data(3, b"a", END_STREAM))
        await client.ended(3)
        assert client.servicer.contexts[0].metadata["x-late"] == "1"


async def test_5_1_ignored_data_is_given_back_to_the_window() -> None:
    async with peer() as client:
        await play(client, REFUSED)
        for _ in range(80):
            client.send(raw(DATA, 0, 1, bytes(16384)) * 64)
            await client.writer.drain()
        await MALFORMED.check(client)


@table(
    ("stream 0", [head(0)], PROTOCOL),
    ("an even stream", [head(2)], PROTOCOL),
    ("a lower stream than before", [head(5), head(3)], PROTOCOL),
    ("streams left out", [head(1), head(9), data(9, b"a", END_STREAM), END], ANSWERED),
    ("the highest stream is higher than any", [head((1 << 31) - 1), head(1)], PROTOCOL),
)
async def test_5_1_1_stream_identifiers(case: Case) -> None:
    await conforms(case)


@table(
    ("one call too many", [head(1), head(3), head(5)], Reset(ErrorCodes.REFUSED_STREAM, 5)),
    ("calls that are over do not count", [head(3, flags=WHOLE), head(5), reset(5)], ACCEPTED),
)
async def test_5_1_2_concurrent_streams(case: Case) -> None:
    _, steps, expected = case
    async with peer(limits=Limits(max_streams=2)) as client:
        await play(client, [*steps, pong])
        if expected is not ACCEPTED:
            await play(client, [reset(1), reset(3)])
        await expected.check(client)


@table(
    (
        "HEADERS with priority",
        [raw(HEADERS_FRAME, END_HEADERS | HAS_PRIORITY, 1, b"\x80\0\0\5\x10" + BLOCK), END],
        ANSWERED,
    ),
    (
        "HEADERS that depend on themselves",
        [raw(HEADERS_FRAME, END_HEADERS | HAS_PRIORITY, 1, b"\0\0\0\1\x10" + BLOCK), END],
        ANSWERED,
    ),
    ("PRIORITY that depends on itself", [head(), raw(PRIORITY, 0, 1, b"\0\0\0\1\x10"), END], ANSWERED),
)
async def test_5_3_priorities_are_ignored(case: Case) -> None:
    """RFC 9113 has given them up, and with them the rule that a stream cannot depend on itself."""
    await conforms(case)


async def test_5_4_1_goaway_names_the_last_stream_and_calls_are_cancelled_once() -> None:
    async with peer() as client:
        client.send(head(1), head(7))
        await client.servicer.started.wait()
        await pong(client)
        client.send(raw(PING, 0, 0, b"short"))
        await FRAME_SIZE.check(client)
        assert client.of(GoAwayFrame)[0].last_stream_id == 7
        await until(lambda: not client.server._connections)
        await until(lambda: client.servicer.cancelled == 2)


async def test_5_4_1_nothing_is_answered_after_goaway() -> None:
    async with peer() as client:
        client.send(raw(PING, 0, 0, b"short"), raw(PING, 0, 0, b"12345678"), head(1), END)
        await FRAME_SIZE.check(client)
        assert not client.of(PingFrame)
        assert not client.servicer.started.is_set()


FAULTS = {
    "DATA longer than announced": ({"content_length": "3"}, raw(DATA, 0, 1, b"four")),
    "DATA shorter than announced": ({"content_length": "3"}, raw(DATA, END_STREAM, 1, b"12")),
    "HEADERS that do not end it": ({}, raw(HEADERS_FRAME, END_HEADERS, 1, literal_block([("a", "b")]))),
    "trailers with a pseudo-header": ({}, raw(HEADERS_FRAME, WHOLE, 1, literal_block([(":path", "/")]))),
    "WINDOW_UPDATE of 0": ({}, window(1, 0)),
    "WINDOW_UPDATE over the limit": ({}, window(1, (1 << 31) - 1)),
    "PRIORITY of 4 bytes": ({}, raw(PRIORITY, 0, 1, bytes(4))),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_5_4_2_a_stream_error_ends_its_call_once_and_leaves_nothing(name: str) -> None:
    fields, fault = FAULTS[name]
    async with peer() as client:
        client.send(head(1, **fields))
        await client.servicer.started.wait()
        client.send(fault)
        await was_reset(client)
        await client.servicer.ended.wait()
        await client.call()
        assert client.servicer.cancelled == 1
        (connection,) = client.server._connections
        assert not connection.busy
        await until(lambda: not connection._protocol.connection.session.streams)
        assert connection._protocol.processor.streams == {}
        assert len(client.of(RstStreamFrame)) == 1
