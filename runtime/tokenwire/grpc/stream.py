"""One HTTP/2 stream that carries messages: flow-controlled sending, and who gets what arrives."""

from __future__ import annotations

import time
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

from grpclib.protocol import Stream
from h2.exceptions import NoAvailableStreamIDError, ProtocolError, TooManyStreamsError
from h2.stream import StreamState

from .framing import PREFIX_SIZE, frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from h2.errors import ErrorCodes

    from .connection import WireConnection, WireSession
    from .headers import Headers
    from .protocol import WireProcessor

__all__ = ["NOBODY", "Receiver", "WireStream"]

_DATA_AND_PREFIX: Final = Struct(">HBBBIBI")
"""DATA's frame header (length in 16 + 8 bits, type 0, no flags, stream) and a message's prefix."""
_SENDING: Final = frozenset({StreamState.OPEN, StreamState.HALF_CLOSED_REMOTE})


class Receiver:
    """What a stream tells the call it belongs to; the base ignores all of it."""

    __slots__ = ()

    def headers_received(self, headers: Headers) -> None:
        """The response has begun."""

    def data_received(self, data: bytes, size: int) -> None:
        """Bytes came; `size` of them are to be acknowledged once there is room for more."""

    def trailers_received(self, headers: Headers) -> None:
        """The response has ended."""

    def end_received(self) -> None:
        """The peer sends nothing more."""

    def terminated(self, reason: str, code: int | None = None) -> None:
        """The stream was reset with an HTTP/2 error code, or (None) its connection is gone."""

    def refused(self, reason: str) -> None:
        """The peer did not and will not look at this stream; the call may be tried elsewhere."""

    def writable(self) -> None:
        """What was written has left, and more may follow now."""


NOBODY: Final = Receiver()
"""The receiver of a stream that belongs to no call."""


class WireStream(Stream):
    """A stream of grpclib whose messages are written without waiting.

    `write` takes a message when `writable` says so. What the windows do not let through follows
    when they open; then the receiver is told, as it is after `request_turn`. Streams of one
    connection that wait take turns, one frame each.
    """

    connection: WireConnection
    _h2_connection: WireSession
    id: int

    def __init__(self, connection: Any, h2_connection: Any, transport: Any, **options: Any) -> None:
        super().__init__(connection, h2_connection, transport, **options)
        self.receiver: Receiver = NOBODY
        self.unacknowledged = 0
        self.waiting_since = 0.0
        self._rest: memoryview | None = None
        self._rest_ends = False

    def init_stream(self, stream_id: int, connection: Any) -> None:
        """Take an id; messages are cut by the receiver, so there is no buffer here."""
        self.id = stream_id
        connection.streams_started += 1

    async def open(self, headers: Headers, processor: WireProcessor) -> Callable[[], None] | None:
        """Send a request's headers once the peer takes another stream.

        Returns:
            What ends the stream's registration, or None when the connection takes no new streams.
        """
        connection, h2 = self.connection, self._h2_connection
        while True:
            await connection.write_ready.wait()
            if connection.leaving or connection.is_closing():
                return None
            try:
                stream_id = h2.get_next_available_stream_id()
                h2.send_headers(stream_id, headers)
            except NoAvailableStreamIDError:
                connection.leaving = True
                return None
            except TooManyStreamsError:
                connection.stream_close_waiter.clear()
                await connection.stream_close_waiter.wait()
                continue
            self.init_stream(stream_id, connection)
            release = processor.register(self)
            connection.flush()
            return release

    @property
    def writable(self) -> bool:
        """Whether a message would begin to leave at once."""
        return self._rest is None and self.connection.write_ready.is_set() and self._window() > 0

    @property
    def idle(self) -> bool:
        """Whether all that was written has left."""
        return self._rest is None

    @property
    def remote_open(self) -> bool:
        """Whether the peer may still send."""
        stream = self._h2_connection.streams.get(self.id)
        return stream is not None and stream.state_machine.state in (
            StreamState.OPEN,
            StreamState.HALF_CLOSED_LOCAL,
        )

    def _window(self) -> int:
        h2 = self._h2_connection
        stream = h2.streams.get(self.id)
        if stream is None or stream.state_machine.state not in _SENDING:
            return 0
        return min(stream.outbound_flow_control_window, h2.outbound_flow_control_window)

    def send(self, body: bytes) -> bool:
        """Send a message in one frame, now; False when that cannot be, and nothing was sent.

        This is the way of every token: a header and the message go past h2, whose windows are kept
        in step. It may be used only after headers were sent.
        """
        size = len(body) + PREFIX_SIZE
        connection, h2 = self.connection, self._h2_connection
        stream = h2.streams.get(self.id)
        if (
            stream is None
            or self._rest is not None
            or size > stream.outbound_flow_control_window
            or size > h2.outbound_flow_control_window
            or size > h2.max_outbound_frame_size
            or stream.state_machine.state not in _SENDING
            or not connection.write_ready.is_set()
        ):
            return False
        if h2.has_output:
            connection.flush()
        stream.outbound_flow_control_window -= size
        h2.outbound_flow_control_window -= size
        self._transport.write(
            _DATA_AND_PREFIX.pack(size >> 8, size & 0xFF, 0, 0, self.id, 0, size - PREFIX_SIZE) + body
        )
        return True

    def write(self, body: bytes, *, end: bool = False) -> None:
        """Send a message, the last one with `end`; only when `idle`. A closed stream drops it."""
        if (not end and self.send(body)) or not self.closable:
            return
        self._rest = memoryview(frame(body))
        self._rest_ends = end
        self.request_turn()
        while self.connection.write_ready.is_set() and self._send_frame():
            pass
        if self._rest is None:
            self.connection.leave_queue(self)

    def request_turn(self) -> None:
        """Have the receiver told when something can be written."""
        self.connection.queue(self)

    def take_turn(self) -> bool:
        """Send one frame of what waits, or let the receiver write; whether more can follow now."""
        if self._rest is not None:
            if not self._send_frame():
                return False
            if self._rest is not None:
                return True
        elif self._window() <= 0:
            return False
        self.connection.leave_queue(self)
        self.receiver.writable()
        return self.connection.is_queued(self)

    def _send_frame(self) -> bool:
        """Send a frame of the message that is under way; whether one was sent."""
        rest = self._rest
        size = min(self._window(), self._h2_connection.max_outbound_frame_size)
        if rest is None or size <= 0:
            return False
        self.waiting_since = time.monotonic()
        last = size >= len(rest)
        self._h2_connection.send_data(self.id, rest[:size], end_stream=last and self._rest_ends)
        self.connection.flush()
        self._rest = None if last else rest[size:]
        return True

    def send_headers_now(self, headers: Headers, *, end: bool = False) -> None:
        """Send headers or trailers; what is left of a message under way is dropped with `end`."""
        if not self.closable:
            return
        if end:
            self._rest = None
        try:
            self._h2_connection.send_headers(self.id, headers, end_stream=end)
        except ProtocolError:
            if self.closable:
                raise
            return
        self.connection.flush()

    def end_now(self) -> None:
        """Say that nothing more will be sent."""
        if self.closable and self._h2_connection.streams[self.id].state_machine.state in _SENDING:
            self._h2_connection.end_stream(self.id)
            self.connection.flush()

    def reset_now(self, code: ErrorCodes) -> None:
        """End the stream both ways; nothing happens when it has ended."""
        self._rest = None
        if self.closable:
            self._h2_connection.reset_stream(self.id, error_code=code)
            self.connection.flush()

    def acknowledge(self, size: int) -> None:
        """Let the peer send as many bytes more."""
        self.unacknowledged -= size
        if not self.connection.is_closing():
            self.connection.ack(self.id, size)

    def __ended__(self) -> None:
        self.receiver.end_received()

    def __terminated__(self, reason: str) -> None:
        self.receiver.terminated(reason)
