"""A client of bare frames, and what may come of a fault: the frames that a server answers with."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from h2.errors import ErrorCodes
from hpack import Decoder
from hyperframe.frame import (
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
)
from tokenwire.grpc.hpack_cache import literal_block

from tests.grpc.frame_client import PREFACE
from tests.grpc.raw_client import HEADERS, message
from tests.grpc.wire_service import running
from tests.support.sockets import hang_up

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tokenwire.grpc.server import Server

    from tests.grpc.wire_service import WireServicer

F = TypeVar("F", bound=Frame)

(
    DATA,
    HEADERS_FRAME,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    PUSH_PROMISE,
    PING,
    GOAWAY,
    WINDOW_UPDATE,
    CONTINUATION,
) = range(10)
END_STREAM = ACK = 0x1
END_HEADERS, PADDED, HAS_PRIORITY = 0x4, 0x8, 0x20
WHOLE = END_HEADERS | END_STREAM

LAST_CALL = 201
"""The stream of the call that shows that a connection goes on."""


def raw(kind: int, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    """A frame, right or wrong."""
    size = len(payload)
    return struct.pack(">HBBBI", size >> 8, size & 0xFF, kind, flags, stream_id) + payload


def block(method: str = "Client", **fields: Any) -> bytes:
    """The header block of a request; names have _ for -, "_name" is ":name", None leaves a field out."""
    named = {(":" if n[0] == "_" else "") + n.lstrip("_").replace("_", "-"): v for n, v in fields.items()}
    pairs = HEADERS | {":path": f"/test.Wire/{method}"} | named
    return literal_block([(n, v) for n, v in pairs.items() if v is not None])


def head(stream_id: int = 1, method: str = "Client", flags: int = END_HEADERS, **fields: Any) -> bytes:
    """The HEADERS that open a stream, a call of `method`."""
    return raw(HEADERS_FRAME, flags, stream_id, block(method, **fields))


def data(stream_id: int = 1, body: bytes = b"a", flags: int = 0) -> bytes:
    """DATA that holds one message."""
    return raw(DATA, flags, stream_id, message(body))


def setting(*pairs: tuple[int, int]) -> bytes:
    """SETTINGS with these values, in this order."""
    return raw(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


def window(stream_id: int, increment: int) -> bytes:
    """A WINDOW_UPDATE."""
    return raw(WINDOW_UPDATE, 0, stream_id, struct.pack(">I", increment))


def reset(stream_id: int = 1, code: int = 8) -> bytes:
    """A RST_STREAM."""
    return raw(RST_STREAM, 0, stream_id, struct.pack(">I", code))


BLOCK = block()
END = data(1, flags=END_STREAM)
"""The one message of stream 1."""


class Peer:
    """A connection to a server.

    Attributes:
        servicer: What answers the calls.
        server: The server.
        frames: What has come, in order.
        fields: The last header block of each stream.
        closed: The server has closed the connection.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.servicer: WireServicer
        self.server: Server
        self.writer = writer
        self.frames: list[Frame] = []
        self.fields: dict[int, dict[str, str]] = {}
        self.closed = False
        self._decoder = Decoder()
        self._decoder.max_allowed_table_size = (1 << 32) - 1
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._read(reader))

    def send(self, *pieces: bytes) -> None:
        self.writer.write(b"".join(pieces))

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                if self._task.done():
                    self._task.result()
                    assert self.closed
                    if condition():
                        return
                    raise AssertionError(f"closed after {self.frames}")
                self._changed.clear()
                await self._changed.wait()

    def of(self, kind: type[F], stream_id: int | None = None) -> list[F]:
        """The frames of a kind that have come."""
        return [f for f in self.frames if isinstance(f, kind) and stream_id in (None, f.stream_id)]

    async def ended(self, stream_id: int) -> dict[str, str]:
        """The trailers of a stream."""
        await self.until(
            lambda: any("END_STREAM" in f.flags for f in self.frames if f.stream_id == stream_id)
        )
        return self.fields[stream_id]

    async def call(self, stream_id: int = LAST_CALL) -> None:
        """Make a call that succeeds."""
        self.send(head(stream_id, "Unary"), data(stream_id, b"after", END_STREAM))
        fields = await self.ended(stream_id)
        assert fields["grpc-status"] == "0"
        assert b"".join(f.data for f in self.of(DataFrame, stream_id)) == message(b"after")

    async def close(self) -> None:
        await hang_up(self.writer, self._task)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                start = await reader.readexactly(9)
                frame, size = Frame.parse_frame_header(memoryview(start))
                frame.parse_body(memoryview(await reader.readexactly(size)))
                self.frames.append(frame)
                if isinstance(frame, HeadersFrame):
                    self.fields[frame.stream_id] = {
                        str(n): str(v) for n, v in self._decoder.decode(frame.data)
                    }
                elif isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
                    self.send(raw(SETTINGS, ACK, 0))
                self._changed.set()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.closed = True
        finally:
            self._changed.set()


@contextlib.asynccontextmanager
async def peer(*, greeting: bytes = PREFACE + raw(SETTINGS, 0, 0), **options: Any) -> AsyncIterator[Peer]:
    """A client of a server of its own."""
    async with running(**options) as (servicer, server, target):
        host, _, port = target.rpartition(":")
        client = Peer(*await asyncio.open_connection(host, int(port)))
        client.servicer, client.server = servicer, server
        client.send(greeting)
        try:
            yield client
        finally:
            await client.close()


@dataclass(frozen=True)
class Goaway:
    """A connection error: GOAWAY with a code, then the end."""

    code: ErrorCodes

    async def check(self, client: Peer) -> None:
        await client.until(lambda: client.closed)
        (frame,) = client.of(GoAwayFrame)
        assert ErrorCodes(frame.error_code) is self.code
        assert client.frames[-1] is frame


@dataclass(frozen=True)
class Reset:
    """A stream error: one RST_STREAM with a code, and the connection goes on."""

    code: ErrorCodes
    stream_id: int = 1

    async def check(self, client: Peer) -> None:
        await client.until(lambda: client.of(RstStreamFrame))
        await client.call()
        (frame,) = client.of(RstStreamFrame)
        assert (frame.stream_id, ErrorCodes(frame.error_code)) == (self.stream_id, self.code)
        assert not client.of(GoAwayFrame)


@dataclass(frozen=True)
class Accepted:
    """No error: the connection goes on, and nothing was reset."""

    async def check(self, client: Peer) -> None:
        await client.call()
        assert not client.of(RstStreamFrame)
        assert not client.of(GoAwayFrame)


@dataclass(frozen=True)
class Answered:
    """No error, and stream 1 is answered with a status."""

    status: str = "0"
    http: str = "200"

    async def check(self, client: Peer) -> None:
        fields = await client.ended(1)
        first = client.of(HeadersFrame, 1)[0]
        assert fields.get("grpc-status", "") == self.status
        assert fields.get(":status", self.http) == self.http, first
        await Accepted().check(client)


@dataclass(frozen=True)
class Closed:
    """The end of a connection that was none."""

    async def check(self, client: Peer) -> None:
        await client.until(lambda: client.closed)
        assert all(
            isinstance(frame, (SettingsFrame, GoAwayFrame)) or not frame.stream_id for frame in client.frames
        )


Expected = Goaway | Reset | Accepted | Answered | Closed

PROTOCOL = Goaway(ErrorCodes.PROTOCOL_ERROR)
FRAME_SIZE = Goaway(ErrorCodes.FRAME_SIZE_ERROR)
FLOW_CONTROL = Goaway(ErrorCodes.FLOW_CONTROL_ERROR)
COMPRESSION = Goaway(ErrorCodes.COMPRESSION_ERROR)
STREAM_CLOSED = Goaway(ErrorCodes.STREAM_CLOSED)
CALM = Goaway(ErrorCodes.ENHANCE_YOUR_CALM)
MALFORMED = Reset(ErrorCodes.PROTOCOL_ERROR)
ACCEPTED = Accepted()
ANSWERED = Answered()

Case = tuple[str, list[Any], Expected]
"""A name, what is sent (bytes) or awaited (functions of the peer) in turn, and what comes of it."""


async def conforms(case: Case, **options: Any) -> None:
    """Send what a case says after the preface and check what comes of it."""
    _, steps, expected = case
    async with peer(**options) as client:
        await play(client, steps)
        await expected.check(client)


async def play(client: Peer, steps: list[bytes | Callable[[Peer], Awaitable[object]]]) -> None:
    """Send and await in turn."""
    for step in steps:
        if isinstance(step, bytes):
            client.send(step)
        else:
            await step(client)


def table(*cases: Case) -> pytest.MarkDecorator:
    """One test per case, named by it."""
    return pytest.mark.parametrize("case", cases, ids=[case[0] for case in cases])


async def answered(client: Peer) -> None:
    """Wait until stream 1 was answered."""
    await client.ended(1)


async def was_reset(client: Peer) -> None:
    """Wait until stream 1 was reset."""
    await client.until(lambda: client.of(RstStreamFrame, 1))


async def pong(client: Peer) -> None:
    """Wait until the server has taken all that was sent."""
    before = len(client.of(PingFrame))
    client.send(raw(PING, 0, 0, b"12345678"))
    await client.until(lambda: len(client.of(PingFrame)) > before)
