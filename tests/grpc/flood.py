"""Frames that a hostile client sends, and what is left of it on the server."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
from tokenwire.grpc.hpack_cache import literal_block

from tests.support.sockets import hang_up

from .frame_client import PREFACE
from .raw_client import HEADERS, message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tokenwire.grpc.server import Server

GREETING = PREFACE + SettingsFrame(0).serialize()


def head(stream_id: int, path: str = "Unary", *, end: bool = False, **more: str) -> bytes:
    """HEADERS that open a call."""
    fields = HEADERS | {":path": f"/test.Wire/{path}"} | {k.replace("_", "-"): v for k, v in more.items()}
    flags = ["END_HEADERS", "END_STREAM"] if end else ["END_HEADERS"]
    return HeadersFrame(stream_id, literal_block(list(fields.items())), flags=flags).serialize()


def call(stream_id: int, path: str, body: bytes = b"") -> bytes:
    """A whole request."""
    return head(stream_id, path) + DataFrame(stream_id, message(body), flags=["END_STREAM"]).serialize()


def reset(stream_id: int) -> bytes:
    return RstStreamFrame(stream_id, error_code=8).serialize()


def window(stream_id: int, increment: int) -> bytes:
    data = bytearray(WindowUpdateFrame(stream_id, window_increment=1).serialize())
    data[-4:] = increment.to_bytes(4, "big")
    return bytes(data)


def each(count: int, frames: Callable[[int], bytes]) -> bytes:
    """The frames of so many streams, one after the other."""
    return b"".join(frames(1 + 2 * number) for number in range(count))


def packed_fields(i: int) -> bytes:
    """A field whose value is 20,000 octets in Huffman's code, and not the same as that before."""
    value = Encoder().encode([("x", f"{i:06}" + "a" * 30_000, True)], huffman=True)
    block = literal_block(list(HEADERS.items())) + value
    first, second = block[:16_000], block[16_000:]
    return (
        HeadersFrame(i, first).serialize() + ContinuationFrame(i, second, flags=["END_HEADERS"]).serialize()
    )


def continuations() -> bytes:
    first = HeadersFrame(1, b"").serialize()
    return first + ContinuationFrame(1, b"").serialize() * 20_000


FLOODS: dict[str, tuple[bytes, str]] = {
    "rapid reset": (each(5000, lambda i: call(i, "Unary", b"sleep:") + reset(i)), "too many"),
    "rapid reset of push streams": (each(5000, lambda i: call(i, "Push") + reset(i)), "too many"),
    "reset before the request": (
        each(5000, lambda i: head(i) + reset(i)),
        "too many calls that were reset at once",
    ),
    "made you reset: window of 0": (
        each(5000, lambda i: call(i, "Push") + window(i, 0)),
        "too many",
    ),
    "made you reset: window too large": (
        each(5000, lambda i: call(i, "Push") + window(i, 2**31 - 1)),
        "too many",
    ),
    "made you reset: data after the end": (
        each(5000, lambda i: call(i, "Push") + DataFrame(i, b"more").serialize()),
        "too many",
    ),
    "made you reset: headers after the end": (
        each(5000, lambda i: call(i, "Push") + head(i)),
        "too many",
    ),
    "made you reset: content-length": (
        each(5000, lambda i: head(i, "Push", content_length="3") + DataFrame(i, b"more").serialize()),
        "too many",
    ),
    "made you reset: malformed": (
        each(5000, lambda i: head(i, "Push", connection="close")),
        "too many",
    ),
    "streams over the limit": (each(5000, head), "too many"),
    "unknown methods": (each(5000, lambda i: head(i, "None", end=True)), "too many"),
    "SETTINGS": (SettingsFrame(0, settings={4: 100_000}).serialize() * 5000, "SETTINGS frames"),
    "empty SETTINGS": (SettingsFrame(0).serialize() * 5000, "SETTINGS frames"),
    "SETTINGS acks": (SettingsFrame(0, flags=["ACK"]).serialize() * 5000, "SETTINGS frames"),
    "PING": (PingFrame(0, b"12345678").serialize() * 20_000, "too_many_pings"),
    "PING acks": (PingFrame(0, b"12345678", flags=["ACK"]).serialize() * 20_000, "PING frames"),
    "PRIORITY": (PriorityFrame(1, depends_on=3).serialize() * 20_000, "PRIORITY frames"),
    "WINDOW_UPDATE": (window(0, 1) * 100_000, "too many"),
    "WINDOW_UPDATE of a stream": (head(1) + window(1, 1) * 100_000, "too many"),
    "WINDOW_UPDATE of a gone stream": (
        head(1) + reset(1) + window(1, 1) * 100_000,
        "too many",
    ),
    "empty DATA": (head(1) + DataFrame(1, b"").serialize() * 20_000, "too many"),
    "padded DATA": (
        head(1) + DataFrame(1, b"", pad_length=1, flags=["PADDED"]).serialize() * 20_000,
        "too many",
    ),
    "DATA of one byte": (
        head(1)
        + DataFrame(1, message(b"x" * 99_999)[:5]).serialize()
        + DataFrame(1, b"x").serialize() * 50_000,
        "too many",
    ),
    "unknown frames": (b"\x00\x00\x01\xfa\x00\x00\x00\x00\x00?" * 20_000, "frames of unknown types"),
    "GOAWAY": (call(1, "Push") + GoAwayFrame(0).serialize() * 20_000, "GOAWAY frames"),
    "empty CONTINUATION": (continuations(), "a header block of more than 64 frames"),
    "CONTINUATION": (
        HeadersFrame(1, b"").serialize() + ContinuationFrame(1, b"\x00" * 10_000).serialize() * 100,
        "--max-header-size",
    ),
    "Huffman's code": (each(200, packed_fields), "too many header fields in Huffman's code"),
    "HPACK bomb": (
        each(
            500,
            lambda i: HeadersFrame(
                i,
                literal_block(list(HEADERS.items()))
                + b"\x40\x01x\x7f\x81\x1e"
                + b"y" * 4000
                + b"\xbe" * 1000,
                flags=["END_HEADERS"],
            ).serialize(),
        ),
        "",
    ),
}
"""What is sent after the greeting, and a part of the reason that the server gives."""


@dataclass
class Attacker:
    """A socket that writes as much as it can and reads what comes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    goaways: list[GoAwayFrame] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    closed: bool = False

    async def write(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            for start in range(0, len(data), 65536):
                self.writer.write(data[start : start + 65536])
                await self.writer.drain()

    async def read(self) -> None:
        """Read to the end."""
        received = bytearray()
        with contextlib.suppress(ConnectionError):
            while data := await self.reader.read(65536):
                received += data
                while len(received) >= 9:
                    frame, size = Frame.parse_frame_header(memoryview(bytes(received[:9])))
                    if len(received) < 9 + size:
                        break
                    frame.parse_body(memoryview(bytes(received[9 : 9 + size])))
                    del received[: 9 + size]
                    self.frames.append(frame)
                    if isinstance(frame, GoAwayFrame):
                        self.goaways.append(frame)
        self.closed = True


@contextlib.asynccontextmanager
async def attacker(target: str, greeting: bytes = GREETING) -> AsyncIterator[Attacker]:
    """A connection that was greeted; it reads in the background."""
    host, _, port = target.rpartition(":")
    one = Attacker(*await asyncio.open_connection(host, int(port)))
    one.writer.write(greeting)
    reading = asyncio.create_task(one.read())
    try:
        yield one
    finally:
        await hang_up(one.writer, reading)


def remains(server: Server) -> dict[str, Any]:
    """What a server still has of its connections; all of it is nothing when they are gone."""
    return {
        "connections": len(server._connections),
        "open": server.stats.connections_open,
        "streams": server.stats.streams_open,
        "memory": server._budget.used,
        "turns": len(server._turns._waiting),
    }
