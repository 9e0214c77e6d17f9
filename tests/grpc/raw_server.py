"""An HTTP/2 server that answers what the test says, right or wrong."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

HEAD = [(":status", "200"), ("content-type", "application/grpc")]
OK = [("grpc-status", "0")]


class RawAnswer:
    """One request as it came, and the way to answer it.

    Attributes:
        ended: The client has sent all.
        reset: The error code with which the client has reset it.
    """

    def __init__(self, h2: H2Connection, stream_id: int, headers: dict[str, str]) -> None:
        self.h2, self.stream_id = h2, stream_id
        self.headers = headers
        self.data = b""
        self.ended = False
        self.reset: int | None = None

    def head(self, fields: Sequence[tuple[str, str]] = HEAD, *, end: bool = False) -> None:
        self.h2.send_headers(self.stream_id, list(fields), end_stream=end)

    def send(self, data: bytes, *, end: bool = False) -> None:
        self.h2.send_data(self.stream_id, data, end_stream=end)

    def end(self, fields: Sequence[tuple[str, str]] = OK) -> None:
        self.head(fields, end=True)

    def kill(self, code: int) -> None:
        self.h2.reset_stream(self.stream_id, code)


class RawServer:
    """What came, over all connections."""

    def __init__(self, answer: Callable[[RawAnswer], None]) -> None:
        self.answer = answer
        self.requests: list[RawAnswer] = []
        self.changed = asyncio.Event()
        self.target = ""
        self.connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections[asyncio.create_task(self.serve(reader, writer))] = writer

    async def close(self) -> None:
        for task, writer in self.connections.items():
            writer.close()
            await task
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        config = H2Configuration(
            client_side=False,
            header_encoding="utf-8",
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        h2 = H2Connection(config)
        h2.initiate_connection()
        h2.increment_flow_control_window(1 << 24)
        writer.write(h2.data_to_send())
        streams: dict[int, RawAnswer] = {}
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                for event in h2.receive_data(data):
                    if isinstance(event, RequestReceived):
                        stream_id = event.stream_id or 0
                        fields = {str(n): str(v) for n, v in event.headers or ()}
                        streams[stream_id] = RawAnswer(h2, stream_id, fields)
                        self.requests.append(streams[stream_id])
                    elif isinstance(event, DataReceived):
                        streams[event.stream_id or 0].data += event.data or b""
                        h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
                    elif isinstance(event, StreamEnded):
                        streams[event.stream_id or 0].ended = True
                        self.answer(streams[event.stream_id or 0])
                    elif isinstance(event, StreamReset):
                        streams[event.stream_id or 0].reset = int(event.error_code or 0)
                writer.write(h2.data_to_send())
                self.changed.set()


@contextlib.asynccontextmanager
async def raw_server(answer: Callable[[RawAnswer], None]) -> AsyncIterator[RawServer]:
    """A server that has each request answered once it is complete."""
    raw = RawServer(answer)
    server = await asyncio.start_server(raw.accept, "127.0.0.1", 0)
    raw.target = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        try:
            yield raw
        finally:
            await raw.close()
