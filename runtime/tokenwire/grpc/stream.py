"""One HTTP/2 stream that carries messages: flow-controlled sending, and who gets what arrives."""

from __future__ import annotations

import time
from struct import Struct
from typing import TYPE_CHECKING, Final

from grpclib.protocol import Stream
from h2.connection import ConnectionState
from h2.exceptions import NoAvailableStreamIDError, TooManyStreamsError
from h2.stream import H2Stream, StreamState

from .frame_rules import InboundStream
from .framing import PREFIX_SIZE, frame
from .session import SENDING

if TYPE_CHECKING:
    from h2.errors import ErrorCodes

    from .connection import WireConnection
    from .headers import Headers
    from .protocol import WireProcessor

__all__ = ["NOBODY", "Receiver", "WireStream"]

_DATA_AND_PREFIX: Final = Struct(">IBIBI")
"""DATA's frame header (length and type 0, no flags, stream) and a message's prefix (flag 0, length)."""
_HEADERS: Final = Struct(">HBBBI")
"""HEADERS' frame header: length in 16 + 8 bits, type 1, flags, stream."""
_CONTINUATION: Final = 0x9
_PROGRESS: Final = 1024
"""A reader has read something when it has read as much, or the rest of a message."""
_WHOLE: Final = 0x4
_WHOLE_AND_LAST: Final = 0x5
"""Flags of HEADERS: END_HEADERS, and END_STREAM beside it."""


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

    __slots__ = (
        "_rest",
        "_rest_ends",
        "_state",
        "_waiting",
        "connection",
        "id",
        "receiver",
        "unacknowledged",
        "waiting_since",
    )
    connection: WireConnection
    id: int

    def __init__(self, connection: WireConnection, stream_id: int | None = None) -> None:
        # Not the base's constructor: its buffers and events are for whoever waits, and nobody does here.
        self.connection = connection
        self.receiver: Receiver = NOBODY
        self.unacknowledged = 0
        self.waiting_since = 0.0
        self._rest: memoryview | None = None
        self._rest_ends = False
        self._waiting = 0
        if stream_id is not None:
            self._take_id(stream_id)

    def _take_id(self, stream_id: int) -> None:
        self.id = stream_id
        self._state: H2Stream = self.connection.session.streams[stream_id]
        self.connection.streams_started += 1

    async def open(self, headers: Headers, processor: WireProcessor) -> bool:
        """Send a request's headers once the peer takes another stream.

        Returns:
            Whether it is open now, and registered; False when the connection takes no new streams.
        """
        connection, session = self.connection, self.connection.session
        while True:
            await connection.write_ready.wait()
            if connection.leaving or connection.is_closing():
                return False
            try:
                stream_id = session.get_next_available_stream_id()
                session.send_headers(stream_id, headers)
            except NoAvailableStreamIDError:
                connection.leaving = True
                return False
            except TooManyStreamsError:
                connection.stream_close_waiter.clear()
                await connection.stream_close_waiter.wait()
                continue
            self._take_id(stream_id)
            processor.enter(self)
            connection.flush()
            return True

    @property
    def closable(self) -> bool:
        """Whether it has not ended both ways, and its connection neither."""
        connection = self.connection
        return not (
            self._state.state_machine.state is StreamState.CLOSED
            or connection.session.halted
            or connection.is_closing()
            or connection.session.state_machine.state is ConnectionState.CLOSED
        )

    @property
    def writable(self) -> bool:
        """Whether a message would begin to leave at once."""
        return self._rest is None and not self.connection.blocked and self._window() > 0

    @property
    def idle(self) -> bool:
        """Whether all that was written has left."""
        return self._rest is None

    @property
    def sent(self) -> int:
        """Bytes of DATA that were sent on a stream that the peer has opened."""
        state = self._state
        return state.granted - state.outbound_flow_control_window if isinstance(state, InboundStream) else 0

    @property
    def answered(self) -> bool:
        """Whether headers and trailers were sent: more than an error."""
        return bool(self._state.state_machine.trailers_sent)

    @property
    def remote_open(self) -> bool:
        """Whether the peer may still send."""
        return self._state.state_machine.state in (StreamState.OPEN, StreamState.HALF_CLOSED_LOCAL)

    def _window(self) -> int:
        state = self._state
        if state.state_machine.state not in SENDING:
            return 0
        window: int = state.outbound_flow_control_window
        return min(window, self.connection.session.outbound_flow_control_window)

    def send(self, body: bytes) -> bool:
        """Send a message in one frame, now; False when that cannot be, and nothing was sent.

        This is the way of every token: a header and the message go past h2, whose windows are kept
        in step. It may be used only after headers were sent and while the stream has not ended: its state
        is not looked at, for that of many streams is more than the processor's nearest cache holds.
        """
        length = len(body)
        size = length + PREFIX_SIZE
        state, connection = self._state, self.connection
        session = connection.session
        if (
            size > state.outbound_flow_control_window
            or size > session.outbound_flow_control_window
            or size > session.max_outbound_frame_size
            or self._rest is not None
            or connection.blocked
        ):
            return False
        if session._data_to_send:
            connection.flush()
        state.outbound_flow_control_window -= size
        session.outbound_flow_control_window -= size
        connection.put(_DATA_AND_PREFIX.pack(size << 8, 0, self.id, 0, length) + body)
        return True

    def send_whole(self, head: bytes, body: bytes, tail: bytes, flag: int = 0) -> bool:
        """Send a whole response, header block, message and trailers, at once; False as in `send`.

        The flag is 1 where the message is compressed.
        """
        size = len(body) + PREFIX_SIZE
        state, connection = self._state, self.connection
        session = connection.session
        most = session.max_outbound_frame_size
        if (
            self._rest is not None
            or size > state.outbound_flow_control_window
            or size > session.outbound_flow_control_window
            or max(size, len(head), len(tail)) > most
            or state.state_machine.state not in SENDING
            or session.encoder.table_size_changes
            or connection.blocked
        ):
            return False
        if session._data_to_send:
            connection.flush()
        session.outbound_flow_control_window -= size
        state.outbound_flow_control_window -= size
        state.state_machine.headers_sent = state.state_machine.trailers_sent = True
        session.end_local(state)
        number = self.id
        data = _DATA_AND_PREFIX.pack(size << 8, 0, number, flag, size - PREFIX_SIZE)
        first = _HEADERS.pack(len(head) >> 8, len(head) & 0xFF, 1, _WHOLE, number)
        last = _HEADERS.pack(len(tail) >> 8, len(tail) & 0xFF, 1, _WHOLE_AND_LAST, number)
        connection.put(b"".join((first, head, data, body, last, tail)))
        return True

    def write(self, body: bytes, *, end: bool = False, flag: int = 0) -> None:
        """Send a message, the last one with `end`; only when `idle`. A closed stream drops it.

        The flag is 1 where the message is compressed.
        """
        sending = self._state.state_machine.state in SENDING
        if (sending and not end and not flag and self.send(body)) or not self.closable:
            return
        self._rest = memoryview(frame(body, flag))
        self._waiting = len(self._rest)
        self._rest_ends = end
        self.request_turn()
        while not self.connection.blocked and self._send_frame():
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
        rest, session = self._rest, self.connection.session
        size = min(self._window(), session.max_outbound_frame_size)
        if rest is None or size <= 0:
            return False
        last = size >= len(rest)
        if last or self._waiting - len(rest) + size >= _PROGRESS:
            self.waiting_since = time.monotonic()
            self._waiting = len(rest) - size
        session.send_data(self.id, rest[:size], end_stream=last and self._rest_ends)
        self.connection.flush()
        self._rest = None if last else rest[size:]
        return True

    def send_block(self, block: bytes, *, end: bool = False) -> None:
        """Send headers or trailers, as a block of `literal_block`.

        What is left of a message under way is dropped with `end`.
        """
        session, machine = self.connection.session, self._state.state_machine
        if machine.state not in SENDING or not self.closable:
            return
        if end:
            self._rest = None
        if session.encoder.table_size_changes:
            block = session.table_sizes() + block
        if machine.headers_sent:
            machine.trailers_sent = True
        machine.headers_sent = True
        if end:
            session.end_local(self._state)
        if session._data_to_send:
            self.connection.flush()
        most = session.max_outbound_frame_size
        flags, kind = (1 if end else 0), 1
        pieces: list[bytes] = []
        while len(block) > most:
            pieces += _HEADERS.pack(most >> 8, most & 0xFF, kind, flags, self.id), block[:most]
            block, flags, kind = block[most:], 0, _CONTINUATION
        pieces += _HEADERS.pack(len(block) >> 8, len(block) & 0xFF, kind, flags | _WHOLE, self.id), block
        self.connection.put(b"".join(pieces))

    def end_now(self) -> None:
        """Say that nothing more will be sent."""
        if self.closable and self._state.state_machine.state in SENDING:
            self.connection.session.end_stream(self.id)
            self.connection.flush()

    def reset_now(self, code: ErrorCodes) -> None:
        """End the stream both ways; nothing happens when it has ended."""
        self._rest = None
        if self.closable:
            self.connection.session.reset_stream(self.id, error_code=code)
            self.connection.flush()

    def acknowledge(self, size: int) -> None:
        """Let the peer send as many bytes more."""
        self.unacknowledged -= size
        if not self.connection.is_closing():
            self.connection.session.consumed(self._state, size)
            self.connection.flush()

    def __ended__(self) -> None:
        self.receiver.end_received()

    def __terminated__(self, reason: str) -> None:
        self.receiver.terminated(reason)
