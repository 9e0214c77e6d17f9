"""An HTTP/2 client that sends what the test says, right or wrong, and shows what comes back."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from typing import TYPE_CHECKING, Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

HEADERS = {
    ":method": "POST",
    ":scheme": "http",
    ":path": "/test.Wire/Unary",
    ":authority": "test",
    "te": "trailers",
    "content-type": "application/grpc",
}


def message(body: bytes, flag: int = 0) -> bytes:
    return struct.pack(">BI", flag, len(body)) + body


class RawStream:
    """What has come on one stream."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.trailers: dict[str, str] = {}
        self.data = b""
        self.frames: list[bytes] = []
        self.ended = False
        self.reset: int | None = None

    @property
    def status(self) -> str | None:
        return self.trailers.get("grpc-status", self.headers.get("grpc-status"))

    @property
    def done(self) -> bool:
        return self.ended or self.reset is not None


class RawClient:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        config = H2Configuration(
            header_encoding="utf-8",
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
            validate_inbound_headers=True,
        )
        self.h2 = H2Connection(config)
        self.streams: dict[int, RawStream] = {}
        self.goaway: ConnectionTerminated | None = None
        self.settings: dict[int, int] = {}
        self.closed = False
        self.acknowledge = True
        self.changed = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    def raw(self, data: bytes) -> None:
        self.flush()
        self.writer.write(data)

    def open(self, body: bytes | None = b"", *, end: bool = True, **headers: Any) -> int:
        """Begin a call; keyword names have _ for -, and a value of None leaves the header out."""
        fields = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
        stream_id = self.h2.get_next_available_stream_id()
        pairs = [(name, value) for name, value in fields.items() if value is not None]
        self.h2.send_headers(stream_id, pairs, end_stream=end and body is None)
        self.streams[stream_id] = RawStream()
        if body is not None:
            self.h2.send_data(stream_id, message(body), end_stream=end)
        self.flush()
        return stream_id

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def finished(self, stream_id: int) -> RawStream:
        stream = self.streams[stream_id]
        await self.until(lambda: stream.done or self.closed)
        return stream

    async def read(self) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await self.reader.read(65536):
                for event in self.h2.receive_data(data):
                    self.handle(event)
                self.flush()
                self.changed.set()
        self.closed = True
        self.changed.set()

    def handle(self, event: Any) -> None:
        if isinstance(event, ConnectionTerminated):
            self.goaway = event
        elif isinstance(event, RemoteSettingsChanged):
            self.settings |= {int(k): v.new_value for k, v in event.changed_settings.items()}
        elif (stream := self.streams.get(getattr(event, "stream_id", 0))) is not None:
            if isinstance(event, ResponseReceived):
                stream.headers = dict(event.headers)  # type: ignore[arg-type]
            elif isinstance(event, TrailersReceived):
                stream.trailers = dict(event.headers)  # type: ignore[arg-type]
            elif isinstance(event, DataReceived):
                stream.data += event.data
                stream.frames.append(event.data)
                if self.acknowledge:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamEnded):
                stream.ended = True
            elif isinstance(event, StreamReset):
                stream.reset = int(event.error_code)


@contextlib.asynccontextmanager
async def raw_client(target: str, *, window: int | None = None) -> AsyncIterator[RawClient]:
    host, _, port = target.rpartition(":")
    client = RawClient(*await asyncio.open_connection(host, int(port)))
    if window is not None:
        client.h2.local_settings.initial_window_size = window
        client.h2.local_settings.acknowledge()
    client.h2.initiate_connection()
    client.flush()
    client.task = asyncio.create_task(client.read())
    await client.until(lambda: client.settings)
    try:
        yield client
    finally:
        client.task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await client.task
        client.writer.close()
        with contextlib.suppress(ConnectionError):
            await client.writer.wait_closed()
