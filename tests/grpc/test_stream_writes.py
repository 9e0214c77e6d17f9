"""How a stream writes past h2: whole responses, header blocks of any size, tables that were resized."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from grpclib.config import Configuration
from h2.settings import SettingCodes
from hpack import Decoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
from tokenwire.grpc.connection import WireConnection
from tokenwire.grpc.hpack_cache import literal_block
from tokenwire.grpc.session import WireSession
from tokenwire.grpc.stream import WireStream

from .frame_client import PREFACE
from .raw_client import HEADERS
from .test_session import CONFIG, Sent, Told, prepared

if TYPE_CHECKING:
    from collections.abc import Iterable

HEAD, TAIL = literal_block([(":status", "200")]), literal_block([("grpc-status", "0")])


class Served:
    """A session with two requests, and what it writes."""

    def __init__(self) -> None:
        self.session = WireSession(CONFIG)
        prepared(self.session)
        self.told = Told()
        block = literal_block(list(HEADERS.items()))
        frames: Iterable[Frame] = [
            SettingsFrame(0),
            HeadersFrame(1, block, flags=["END_HEADERS", "END_STREAM"]),
            HeadersFrame(3, block, flags=["END_HEADERS", "END_STREAM"]),
        ]
        self.session.receive(PREFACE, self.told)
        self.feed(*frames)
        self.session.data_to_send()
        self.transport = Sent()
        self.connection = WireConnection(self.session, cast("Any", self.transport), config=Configuration())
        self.first, self.second = WireStream(self.connection, 1), WireStream(self.connection, 3)

    def feed(self, *frames: Frame) -> None:
        self.session.receive(b"".join(frame.serialize() for frame in frames), self.told)

    def settings(self, **values: int) -> None:
        self.feed(SettingsFrame(0, settings={SettingCodes[n.upper()]: v for n, v in values.items()}))
        self.connection.flush()
        self.transport.data.clear()

    def written(self) -> list[Any]:
        """Frames since the last call."""
        data, frames = bytes(self.transport.data), []
        self.transport.data.clear()
        while data:
            frame, size = Frame.parse_frame_header(memoryview(data[:9]))
            frame.parse_body(memoryview(data[9 : 9 + size]))
            data = data[9 + size :]
            frames.append(frame)
        return frames


@pytest.fixture
async def served() -> Served:
    return Served()


def kinds(frames: list[Any]) -> list[tuple[str, list[str]]]:
    return [(type(frame).__name__, sorted(frame.flags)) for frame in frames]


WHOLE = [
    ("HeadersFrame", ["END_HEADERS"]),
    ("DataFrame", []),
    ("HeadersFrame", ["END_HEADERS", "END_STREAM"]),
]


async def test_a_whole_response(served: Served) -> None:
    assert served.first.send_whole(HEAD, b"body", TAIL)
    frames = served.written()
    assert kinds(frames) == WHOLE
    assert frames[1].data == b"\0\0\0\0\4body"
    assert not served.first.closable
    assert served.session.outbound_flow_control_window == 65535 - 9
    assert not served.first.send_whole(HEAD, b"again", TAIL)
    served.first.write(b"late")
    served.first.send_block(TAIL, end=True)
    assert served.written() == []


async def test_a_whole_response_leaves_after_what_h2_has_ready(served: Served) -> None:
    served.session.ping(b"12345678")
    served.first.send_whole(HEAD, b"", TAIL)
    assert kinds(served.written())[1:] == WHOLE


@pytest.mark.parametrize("size", [65_531, 1 << 20])
async def test_a_whole_response_that_does_not_fit_the_window_is_not_begun(served: Served, size: int) -> None:
    served.settings(max_frame_size=(1 << 24) - 1)
    assert not served.first.send_whole(HEAD, b"x" * size, TAIL)
    assert served.written() == []
    assert served.first.send_whole(HEAD, b"x" * 65_530, TAIL)


async def test_neither_is_one_that_does_not_fit_a_frame(served: Served) -> None:
    assert not served.first.send_whole(HEAD, b"x" * 16_380, TAIL)
    assert not served.first.send_whole(HEAD, b"", literal_block([("x", "y" * 16_384)]))
    assert served.first.send_whole(HEAD, b"x" * 16_379, TAIL)


async def test_nor_one_while_the_transport_is_full(served: Served) -> None:
    served.connection.blocked = True
    assert not served.first.send_whole(HEAD, b"", TAIL)
    assert not served.first.send(b"")


async def test_nor_one_on_a_stream_that_was_reset(served: Served) -> None:
    served.feed(RstStreamFrame(1, error_code=8))
    assert not served.first.send_whole(HEAD, b"", TAIL)
    served.first.send_block(HEAD)
    assert served.written() == []


@pytest.mark.parametrize(
    ("sizes", "announced"),
    [([0], [0]), ([0, 4096], [0, 4096]), ([64, 0, 100], [0, 100]), ([0, 0], [0]), ([8192, 64], [64])],
)
async def test_the_next_block_says_that_the_table_was_resized(
    served: Served, sizes: list[int], announced: list[int]
) -> None:
    for size in sizes:
        served.settings(header_table_size=size)
    assert not served.first.send_whole(HEAD, b"", TAIL)
    served.first.send_block(HEAD)
    (frame,) = served.written()
    decoder = Decoder()
    decoder.max_allowed_table_size = sizes[-1]
    assert decoder.decode(frame.data) == [(":status", "200")]
    assert decoder.header_table_size == announced[-1]
    assert len(frame.data) - len(HEAD) == sum(
        1 if size < 31 else 2 if size < 159 else 3 for size in announced
    )
    served.first.send_block(TAIL, end=True)
    assert served.written()[0].data == TAIL
    assert served.second.send_whole(HEAD, b"", TAIL)


async def test_a_flood_of_resizes_makes_no_long_block(served: Served) -> None:
    for number in range(2000):
        served.feed(SettingsFrame(0, settings={SettingCodes.HEADER_TABLE_SIZE: number % 2}))
    served.connection.flush()
    served.transport.data.clear()
    served.first.send_block(HEAD)
    assert len(served.written()[0].data) <= len(HEAD) + 4


@pytest.mark.parametrize("end", [True, False])
@pytest.mark.parametrize("size", [16_384, 16_385, 50_000])
async def test_a_block_over_the_frame_size_is_continued(served: Served, size: int, end: bool) -> None:
    fields = [("x", "y" * (size - 7 if size > 40_000 else size - 6))]
    block = literal_block(fields)
    assert len(block) == size
    served.first.send_block(block, end=end)
    frames = served.written()
    assert isinstance(frames[0], HeadersFrame)
    assert all(isinstance(frame, ContinuationFrame) for frame in frames[1:])
    assert len(frames) == -(-size // 16_384)
    assert ["END_HEADERS" in frame.flags for frame in frames] == [False] * (len(frames) - 1) + [True]
    assert ("END_STREAM" in frames[0].flags) == end
    assert {frame.stream_id for frame in frames} == {1}
    assert Decoder(1 << 20).decode(b"".join(frame.data for frame in frames)) == fields


async def test_a_message_after_a_whole_response_of_another_stream(served: Served) -> None:
    served.first.send_whole(HEAD, b"x" * 1000, TAIL)
    served.second.send_block(HEAD)
    served.written()
    served.second.write(b"y" * 70_000)
    data = [frame for frame in served.written() if isinstance(frame, DataFrame)]
    assert sum(len(frame.data) for frame in data) == 65_535 - 1005
    served.feed(WindowUpdateFrame(0, window_increment=70_000), WindowUpdateFrame(3, window_increment=70_000))
    served.connection.serve_queue()
    data += [frame for frame in served.written() if isinstance(frame, DataFrame)]
    assert b"".join(frame.data for frame in data) == b"\0\0\1\x11\x70" + b"y" * 70_000
