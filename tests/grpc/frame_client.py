"""An HTTP/2 client of bare frames, driven by a seed: the same frames, however often it is played."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hpack import Decoder, Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
from tokenwire.grpc.hpack_cache import literal_block

from tests.support.sockets import hang_up

from .raw_client import HEADERS, message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
TABLE_SIZE, WINDOW, FRAME_SIZE = 1, 4, 5


@dataclass
class Call:
    """What a client does on one stream, and what came back."""

    stream_id: int
    path: str
    requests: list[bytes]
    expected: bytes
    reset_at: int | None = None
    """Reset before so many frames of the request were sent; None for a call that is left to end."""
    reset_after: int | None = None
    """Reset when so many bytes of the response have come; -1 for when it has ended."""
    fields: list[dict[str, str]] = field(default_factory=list)
    data: bytes = b""
    ended: bool = False
    resets: list[int] = field(default_factory=list)
    gone: bool = False

    @property
    def over(self) -> bool:
        return self.ended or self.gone or bool(self.resets)


def calls_of(random: Random, window: int) -> list[Call]:
    """Some calls, small where the window is."""
    largest = 300 if window < 100 else 40_000
    calls = []
    for number in range(random.randint(1, 6)):
        kind = random.choice(["Unary", "Echo", "Server", "Bidi"])
        size, count = random.randint(0, largest), random.randint(0, 20)
        if kind == "Unary":
            requests, answers = [b"size:%d" % size], [b"x" * size]
        elif kind == "Echo":
            text = random.randbytes(random.randint(0, 3000)).replace(b":", b";").replace(b"\xff", b"f")
            kind, requests, answers = "Unary", [text], [text]
        elif kind == "Server":
            each = max(6, largest // 20)
            requests = [b"%dx%d" % (count, each)]
            answers = [b"%06d" % index + b"x" * (each - 6) for index in range(count)]
        else:
            requests = [b"%d" % index * random.randint(0, 50) for index in range(random.randint(1, 8))]
            answers = [b"echo " + request for request in requests]
        call = Call(
            1 + 2 * number, f"/test.Wire/{kind}", requests, b"".join(message(answer) for answer in answers)
        )
        match random.randint(0, 5):
            case 0:
                call.reset_at = random.randint(1, 6)
            case 1 if call.expected:
                call.reset_after = random.choice([random.randint(1, len(call.expected)), -1])
        calls.append(call)
    return calls


class FrameClient:
    """Plays a seed's calls.

    Args:
        random: Where all choices come from.
        calls: What is called, in the order of their streams.
        window: The initial window of its streams.
        strict: Refuse blocks that overstep the announced table (RFC 7541, 4.2), as hpack's encoder,
            and so stock grpclib, does when the table is resized twice between two blocks.
    """

    def __init__(self, random: Random, calls: Sequence[Call], window: int, *, strict: bool) -> None:
        self.random = random
        self.calls = {call.stream_id: call for call in calls}
        self.window = window
        self.encoder, self.decoder = Encoder(), Decoder()
        self.strict = strict
        if not strict:
            self.decoder.max_allowed_table_size = 1 << 16
        self.largest_frame = 16384
        self.table_sizes: list[int] = []
        self.goaway: int | None = None
        self.pongs = 0
        self.acknowledged = 0
        self.received = bytearray()
        self.changed = asyncio.Event()
        self.unsent = bytearray()
        self.sent = False

    # What is sent

    def settings(self) -> bytes:
        """What a connection begins with."""
        values = {WINDOW: self.window}
        if self.random.random() < 0.5:
            self.largest_frame = values[FRAME_SIZE] = self.random.choice([16384, 16385, 50_000, 2**24 - 1])
        if self.random.random() < 0.5:
            values[TABLE_SIZE] = self.random.choice([0, 100, 4096, 10_000])
        self.table_sizes.append(values.get(TABLE_SIZE, -1))
        return PREFACE + SettingsFrame(0, settings=values).serialize()

    def change(self) -> bytes:
        """SETTINGS in mid-flight."""
        values = {}
        if self.random.random() < 0.7:
            values[WINDOW] = (
                self.random.randint(1, 100_000) if self.window >= 100 else self.random.randint(1, 99)
            )
        if not values or self.random.random() < 0.5:
            values[TABLE_SIZE] = self.random.choice([0, 64, 4096, 4096])
        self.table_sizes.append(values.get(TABLE_SIZE, -1))
        return SettingsFrame(0, settings=values).serialize()

    def block(self, call: Call) -> bytes:
        """The request's headers: some of its fields enter the table, some do not."""
        if self.random.random() < 0.2:
            self.encoder.header_table_size = self.random.choice([0, 60, 200, 4096])
        pairs = list((HEADERS | {":path": call.path}).items())
        if self.random.random() < 0.3:
            pairs.append(("x-trace", f"{self.random.getrandbits(64):x}" * self.random.randint(1, 9)))
        if self.random.random() < 0.3:
            pairs.append(("x-raw-bin", "AA"))
        pieces = []
        for name, value in pairs:
            match self.random.randint(0, 3):
                case 0:
                    pieces.append(self.encoder.encode([]) + literal_block([(name, value)]))
                case 1:
                    pieces.append(self.encoder.encode([(name, value, True)]))
                case _:
                    pieces.append(self.encoder.encode([(name, value)], huffman=self.random.random() < 0.5))
        return b"".join(pieces)

    def frames(self, call: Call) -> list[bytes]:
        """All frames of a request but the headers'; the block depends on those before it."""
        body = b"".join(message(request) for request in call.requests)
        pieces = []
        while body:
            size = self.random.choice([self.random.randint(1, len(body)), len(body)])
            pieces.append(body[:size])
            body = body[size:]
        if self.random.random() < 0.3:
            pieces.append(b"")
        frames = []
        for index, piece in enumerate(pieces):
            data = DataFrame(call.stream_id, piece)
            if index == len(pieces) - 1:
                data.flags.add("END_STREAM")
            if self.random.random() < 0.2:
                data.flags.add("PADDED")
                data.pad_length = self.random.randint(0, 50)
            frames.append(data.serialize())
        return frames

    def open(self, call: Call) -> bytes:
        block = self.block(call)
        if self.random.random() < 0.7 or len(block) < 3:
            return HeadersFrame(call.stream_id, block, flags=["END_HEADERS"]).serialize()
        first, second = sorted(self.random.sample(range(1, len(block)), 2))
        frames: list[Frame] = [
            HeadersFrame(call.stream_id, block[:first]),
            ContinuationFrame(call.stream_id, block[first:second]),
            ContinuationFrame(call.stream_id, block[second:], flags=["END_HEADERS"]),
        ]
        return b"".join(frame.serialize() for frame in frames)

    def plan(self) -> list[bytes]:
        """All frames in the order in which they are sent: calls interleaved, headers in their order."""
        waiting = list(self.calls.values())
        open_calls: list[tuple[Call, list[bytes]]] = []
        plan: list[bytes] = []
        changes = self.random.randint(0, 2)
        while waiting or open_calls:
            if changes and self.random.random() < 0.1:
                changes -= 1
                plan.append(self.change())
            if waiting and (not open_calls or self.random.random() < 0.4):
                call = waiting.pop(0)
                plan.append(self.open(call))
                if self.window == 0:
                    plan.append(_grant(call.stream_id, self.random.randint(1, 9)))
                frames = self.frames(call)
                if call.reset_at is not None:
                    frames[call.reset_at - 1 :] = [RstStreamFrame(call.stream_id, error_code=8).serialize()]
                open_calls.append((call, frames))
                continue
            index = self.random.randrange(len(open_calls))
            call, frames = open_calls[index]
            plan.append(frames.pop(0))
            if not frames:
                del open_calls[index]
        return plan

    async def play(self, target: str) -> None:
        """Send everything, read everything; ends when each call is over and the server has said so."""
        host, _, port = target.rpartition(":")
        reader, self.writer = await asyncio.open_connection(host, int(port))
        task = asyncio.create_task(self._read(reader))
        task.add_done_callback(lambda _: self.changed.set())
        self.reading = task
        try:
            for call in self.calls.values():
                call.gone = call.reset_at is not None
            self._send(self.settings())
            for frame in self.plan():
                self._send(frame)
                if self.random.random() < 0.7:
                    self._write_some()
                    await asyncio.sleep(0)
            self.sent = True
            while self.unsent:
                self._write_some()
                await asyncio.sleep(0)
            await self._until(lambda: all(call.over for call in self.calls.values()))
            self._send(PingFrame(0, b"12345678").serialize())
            await self._until(lambda: self.pongs)
        finally:
            await hang_up(self.writer, task)

    def _send(self, frame: bytes) -> None:
        self.unsent += frame
        if self.sent:
            self._write_some(len(self.unsent))

    def _write_some(self, size: int = 0) -> None:
        size = size or self.random.choice([1, 5, 9, 30, 1000, len(self.unsent)])
        self.writer.write(bytes(self.unsent[:size]))
        del self.unsent[:size]

    async def _until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(15):
            while not condition():
                if self.reading.done():
                    await self.reading
                assert self.goaway in (None, 0), f"GOAWAY {self.goaway}"
                self.changed.clear()
                await self.changed.wait()

    # What comes back

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65536):
            self.received += data
            while len(self.received) >= 9:
                frame, size = Frame.parse_frame_header(memoryview(bytes(self.received[:9])))
                if len(self.received) < 9 + size:
                    break
                frame.parse_body(memoryview(bytes(self.received[9 : 9 + size])))
                del self.received[: 9 + size]
                self._take(frame, size)
            self.changed.set()
        self.goaway = -1
        self.changed.set()

    def _take(self, frame: Frame, size: int) -> None:
        assert size <= self.largest_frame
        if isinstance(frame, GoAwayFrame):
            self.goaway = frame.error_code
        elif isinstance(frame, PingFrame):
            self.pongs += 1
        elif isinstance(frame, SettingsFrame):
            if "ACK" in frame.flags and self.acknowledged < len(self.table_sizes):
                table = self.table_sizes[self.acknowledged]
                self.acknowledged += 1
                if table >= 0 and self.strict:
                    self.decoder.max_allowed_table_size = table
            elif "ACK" not in frame.flags:
                self._send(SettingsFrame(0, flags=["ACK"]).serialize())
        elif (call := self.calls.get(frame.stream_id)) is not None:
            self._take_of(call, frame)

    def _take_of(self, call: Call, frame: Frame) -> None:
        if isinstance(frame, HeadersFrame):
            assert "END_HEADERS" in frame.flags
            fields = {str(n): str(v) for n, v in self.decoder.decode(frame.data)}
            fields.pop("grpc-accept-encoding", None)
            call.fields.append(fields)
        elif isinstance(frame, DataFrame):
            assert not call.ended
            assert "END_STREAM" not in frame.flags
            call.data += frame.data
            self._grant(call, frame.flow_controlled_length)
        elif isinstance(frame, RstStreamFrame):
            call.resets.append(frame.error_code)
        if "END_STREAM" in frame.flags:
            call.ended = True
        after = call.reset_after
        if after is not None and not call.gone and (len(call.data) >= after > 0 or call.ended):
            call.gone = True
            self._send(RstStreamFrame(call.stream_id, error_code=8).serialize())

    def _grant(self, call: Call, size: int) -> None:
        """Give back what came, in portions."""
        if size:
            self._send(_grant(0, size))
        while size:
            portion = self.random.choice([self.random.randint(1, size), size])
            if not call.gone:
                self._send(_grant(call.stream_id, portion))
            size -= portion


def _grant(stream_id: int, size: int) -> bytes:
    return WindowUpdateFrame(stream_id, window_increment=size).serialize()
