"""A client that keeps what arrives and when, and reads it afterwards: it costs little while a server works.

Each connection has one call at a time. What came is cut into messages by `cut`.
"""

from __future__ import annotations

import asyncio
import struct
import time
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Final, cast

from hpack import Decoder, Encoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Connection", "Grpc", "Http", "Piece", "Reply", "chunks", "connect", "cut", "events", "frames"]

_LIMIT_S: Final = 120.0


@dataclass(frozen=True)
class Piece:
    """Bytes, and the time at which the last of them was there."""

    at: float
    data: bytes


@dataclass
class Reply:
    """What came back for a call.

    Attributes:
        begun: When the request was written.
        pieces: The messages' bytes, as the socket gave them.
        error: Why it failed, in words; empty if it did not.
    """

    begun: float
    pieces: list[Piece] = field(default_factory=list)
    error: str = ""


class Connection(asyncio.Protocol):
    """A connection that makes one call after the other."""

    def __init__(self, target: str) -> None:
        self.target = target
        self._transport: asyncio.Transport | None = None
        self._done: asyncio.Future[Reply] | None = None
        self._reply = Reply(0.0)

    async def call(self, path: str, headers: Sequence[tuple[str, str]], body: bytes) -> Reply:
        """Make a call and wait for its end."""
        self._done = asyncio.get_running_loop().create_future()
        request = self._request(path, headers, body)
        self._reply = Reply(time.perf_counter())
        self._write(request)
        try:
            return await asyncio.wait_for(self._done, _LIMIT_S)
        except TimeoutError:
            return Reply(self._reply.begun, error=f"no end after {_LIMIT_S:.0f} s")

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """A call that waits fails."""
        self._finish("the server closed the connection")

    def _write(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            self._finish("the server closed the connection")
        else:
            self._transport.write(data)

    def _finish(self, error: str = "") -> None:
        if self._done is not None and not self._done.done():
            self._reply.error = error
            self._done.set_result(self._reply)

    def _request(self, path: str, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
        raise NotImplementedError


class Http(Connection):
    """HTTP/1.1; the bytes of a reply are those of its chunks, framing and all (`chunks` takes it off)."""

    _END: Final = b"0\r\n\r\n"

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self._head = b""
        self._tail = b""

    def _request(self, path: str, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
        self._head = self._tail = b""
        pairs = [("host", self.target), ("content-length", str(len(body))), *headers]
        lines = "".join(f"{name}: {value}\r\n" for name, value in pairs)
        return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body

    def data_received(self, data: bytes) -> None:
        """Keep a piece of the body."""
        now = time.perf_counter()
        if not self._head.endswith(b"\r\n\r\n"):
            head, end, data = (self._head + data).partition(b"\r\n\r\n")
            self._head = head + end
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 200 "):
                status = head.partition(b"\r\n")[0].decode()
                self._finish(f"{status} {data.decode(errors='replace')[:300]}")
                return
        self._reply.pieces.append(Piece(now, data))
        self._tail = (self._tail + data)[-len(self._END) :]
        if self._tail == self._END:
            self._finish()


class Grpc(Connection):
    """gRPC over HTTP/2 without TLS, with windows so wide that no server ever waits for one."""

    _PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    _WINDOW: Final = 2**31 - 1
    _HEAD: Final = 9
    _DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
    _ACK, _END_STREAM, _END_HEADERS, _PADDED, _PRIORITY = 1, 1, 4, 8, 0x20

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self._encoder = Encoder()
        self._decoder = Decoder()
        self._stream = -1
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say what an HTTP/2 client says first."""
        super().connection_made(transport)
        settings = struct.pack("!HIHI", 2, 0, 4, self._WINDOW)
        window = struct.pack("!I", self._WINDOW - 65_535)
        self._write(
            self._PREFACE
            + self._frame(self._SETTINGS, 0, 0, settings)
            + self._frame(self._WINDOW_UPDATE, 0, 0, window)
        )

    def _request(self, path: str, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
        self._stream += 2
        pseudo = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            (":authority", self.target),
        ]
        block = self._encoder.encode([*pseudo, ("te", "trailers"), *headers])
        message = b"\0" + len(body).to_bytes(4, "big") + body
        return self._frame(self._HEADERS, self._END_HEADERS, self._stream, block) + self._frame(
            self._DATA, self._END_STREAM, self._stream, message
        )

    @staticmethod
    def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
        return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload

    def data_received(self, data: bytes) -> None:
        """Keep what DATA frames hold; answer what wants an answer."""
        now = time.perf_counter()
        data = self._pending + data if self._pending else data
        place, end = 0, len(data)
        while end - place >= self._HEAD:
            after = place + self._HEAD + int.from_bytes(data[place : place + 3], "big")
            if after > end:
                break
            payload = data[place + self._HEAD : after]
            self._take(now, data[place + 3], data[place + 4], payload)
            place = after
        self._pending = data[place:]

    def _take(self, now: float, kind: int, flags: int, payload: bytes) -> None:
        if kind == self._DATA:
            self._reply.pieces.append(Piece(now, self._without_padding(flags, payload)))
        elif kind == self._HEADERS:
            self._take_headers(flags, self._without_padding(flags, payload))
        elif kind in (self._SETTINGS, self._PING) and not flags & self._ACK:
            answer = payload if kind == self._PING else b""
            self._write(self._frame(kind, self._ACK, 0, answer))
        elif kind in (self._RESET, self._GOAWAY):
            self._finish("the server reset the stream" if kind == self._RESET else "the server said goodbye")

    def _without_padding(self, flags: int, payload: bytes) -> bytes:
        if not flags & self._PADDED:
            return payload
        return payload[1 : len(payload) - payload[0]]

    def _take_headers(self, flags: int, block: bytes) -> None:
        if not flags & self._END_HEADERS:
            self._finish("the server sent CONTINUATION frames, which this client does not read")
            return
        found = dict(self._decoder.decode(block[5:] if flags & self._PRIORITY else block, raw=True))
        if not flags & self._END_STREAM:
            return
        status, message = (found.get(name, b"?").decode() for name in (b"grpc-status", b"grpc-message"))
        self._finish("" if status == "0" else f"grpc-status {status}: {message}")


async def connect(kind: type[Connection], target: str) -> Connection:
    """A connection that is ready for calls."""
    host, _, port = target.rpartition(":")
    _, protocol = await asyncio.get_running_loop().create_connection(lambda: kind(target), host, int(port))
    return protocol


def cut(pieces: Sequence[Piece], cutter: Callable[[bytes], Iterator[tuple[int, bytes]]]) -> list[Piece]:
    """Cut the bytes of all pieces anew; a part has the time of the piece that its end was in."""
    ends = list(accumulate(len(piece.data) for piece in pieces))
    whole = b"".join(piece.data for piece in pieces)
    return [Piece(pieces[bisect_left(ends, end)].at, part) for end, part in cutter(whole)]


def chunks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The chunks of a chunked body, with the place where each ends."""
    place = 0
    while place < len(data):
        line = data.index(b"\r\n", place)
        begin = line + 2
        end = begin + int(data[place:line], 16)
        if end == begin:
            return
        yield end, data[begin:end]
        place = end + 2


def events(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The data of server-sent events, with the place where each ends."""
    place = 0
    while (end := data.find(b"\n\n", place)) >= 0:
        yield end + 2, data[place:end].removeprefix(b"data: ")
        place = end + 2


def frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The messages of a gRPC stream, with the place where each ends."""
    place = 0
    while place < len(data):
        begin = place + 5
        end = begin + int.from_bytes(data[place + 1 : begin], "big")
        yield end, data[begin:end]
        place = end
