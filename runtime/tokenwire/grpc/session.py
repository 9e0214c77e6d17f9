"""h2's state machine, with a way past it for the frames that make up nearly all traffic."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from h2.connection import ConnectionState, H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated
from h2.stream import H2Stream, StreamClosedBy, StreamState
from hyperframe.frame import RstStreamFrame

from .frame_rules import RECEIVING, InboundStream, RuledConnection
from .frames import LARGEST_WINDOW, WINDOW_FRAME, FrameReceiver
from .guard import Guard

if TYPE_CHECKING:
    from h2.config import H2Configuration
    from h2.events import Event
    from hyperframe.frame import Frame, GoAwayFrame

__all__ = ["SENDING", "FrameReceiver", "WireSession"]

SENDING: Final = frozenset({StreamState.OPEN, StreamState.HALF_CLOSED_REMOTE})
"""States in which this side may still send."""

_SERVER_OPEN: Final = ConnectionState.SERVER_OPEN
_CLIENT_OPEN: Final = ConnectionState.CLIENT_OPEN

_HEADER: Final = Struct(">HBBBI")
"""A frame's header: its length in 16 + 8 bits, its type, its flags, its stream."""
_HEADER_SIZE: Final = 9
_HTTP1: Final = b"HTTP/1."
_DATA: Final = 0x0
_HEADERS: Final = 0x1
_RST_STREAM: Final = 0x3
_SETTINGS: Final = 0x4
_WINDOW_UPDATE: Final = 0x8
_END_STREAM: Final = 0x1
_END_HEADERS: Final = 0x4
_LARGEST_ID: Final = (1 << 31) - 1


class WireSession(RuledConnection):
    """One side of a connection.

    Three kinds of frames in their ordinary form (HEADERS that open a stream, DATA without padding,
    WINDOW_UPDATE) are read here, and h2's streams and windows are kept in step; every other frame,
    and every frame that is wrong, is for the rules of a server (`RuledConnection`) or, on a client,
    for h2. It also goes on after a GOAWAY from the peer (RFC 9113, 6.8).

    Attributes:
        halted: What still comes is of no interest: the connection is closing.
        paused: The peer's turn is over; `receive` goes on with what is left when this is False again.
        breath: The newest stream before what came at once with that which is looked at now.
    """

    MAX_CLOSED_STREAMS = 4096

    def __init__(self, config: H2Configuration, guard: Guard | None = None) -> None:
        super().__init__(config)
        self.guard = guard or Guard()
        self.guard.session = self
        self.halted = False
        self.paused = False
        self.breath = 0
        self._granted = self.outbound_flow_control_window

    @property
    def sent(self) -> int:
        """Bytes of DATA that were sent."""
        return self._granted - self.outbound_flow_control_window

    def receive(self, data: bytes, receiver: FrameReceiver) -> None:
        """Take what came and tell of it frame by frame; the beginning of a frame is kept.

        Raises:
            ProtocolError: The peer broke a rule that ends the connection; the GOAWAY is ready.
        """
        buffer = self._tail + data if self._tail else data
        self._tail = b""
        pos, size = 0, len(buffer)
        if self.incoming_buffer._preamble_len:
            pos = min(self.incoming_buffer._preamble_len, size)
            self._pass_on(buffer[:pos], receiver)
        while size - pos >= _HEADER_SIZE and not self.halted and not self.paused:
            high, low, kind, flags, stream_id = _HEADER.unpack_from(buffer, pos)
            start = pos + _HEADER_SIZE
            end = start + (high << 8 | low)
            if end - start > self.max_inbound_frame_size:
                speaks_http1 = buffer.startswith(_HTTP1, pos)
                came = "the peer speaks HTTP/1.1" if speaks_http1 else f"a frame of {end - start} bytes came"
                raise self.fault(ErrorCodes.FRAME_SIZE_ERROR, came)
            if end > size:
                break
            if kind == _DATA:
                taken = self._take_data(stream_id, buffer[start:end], flags, receiver)
            elif kind == _WINDOW_UPDATE:
                taken = self._take_window(stream_id, buffer[start:end], receiver)
            elif kind == _HEADERS:
                taken = self._take_request(stream_id, buffer[start:end], flags, receiver)
            else:
                taken = False
            if not taken:
                self._count(kind, stream_id, buffer[start:end])
                self.take(kind, flags, stream_id, buffer[pos:end], receiver)
            pos = end
        if pos < size:
            self._tail = buffer[pos:] if pos else buffer

    def _count(self, kind: int, stream_id: int, payload: bytes) -> None:
        """Tell the guard of a frame that is not in ordinary form."""
        self.guard.frame(kind, len(payload), late=self._is_late_reset(kind, stream_id))
        if kind == _WINDOW_UPDATE and not stream_id & _LARGEST_ID and len(payload) == 4:
            self._granted += int.from_bytes(payload, "big") & LARGEST_WINDOW
        elif kind == _SETTINGS:
            self.guard.settings(len(self.streams))

    def _is_late_reset(self, kind: int, stream_id: int) -> bool:
        """Whether it resets what the peer has reset: some answer each frame so that was under way then."""
        return kind == _RST_STREAM and self._ender(stream_id & _LARGEST_ID) is StreamClosedBy.RECV_RST_STREAM

    def _ender(self, stream_id: int) -> StreamClosedBy | None:
        """What has ended a stream; None for one that runs, or is not remembered."""
        stream = self.streams.get(stream_id)
        if stream is None:
            return self._closed_streams.get(stream_id)
        closed_by: StreamClosedBy | None = stream.state_machine.stream_closed_by
        return closed_by

    def _prepare_for_sending(self, frames: list[Frame]) -> None:
        for frame in frames:
            if isinstance(frame, RstStreamFrame):
                self.guard.reset_sent(frame.error_code)
        super()._prepare_for_sending(frames)

    def _take_data(self, stream_id: int, data: bytes, flags: int, receiver: FrameReceiver) -> bool:
        stream = self.streams.get(stream_id)
        if not self._server and self._drop_late(stream_id, len(data)):
            return True
        if flags > _END_STREAM or stream is None or not self._ordinary():
            return False
        if stream.state_machine.state not in RECEIVING:
            return False
        size = len(data)
        connection_window = self._inbound_flow_control_window_manager
        stream_window = stream._inbound_window_manager
        if size > connection_window.current_window_size or size > stream_window.current_window_size:
            return False
        if not size and not flags:
            self.guard.empty()
        connection_window.current_window_size -= size
        stream_window.current_window_size -= size
        if not self._count_body(stream, size, bool(flags)):
            self._give_back(size)
            self.fail_stream(stream_id, ErrorCodes.PROTOCOL_ERROR, receiver)
            return True
        if flags:
            self._end_remote(stream)
        receiver.data(stream_id, data, size, bool(flags))
        return True

    def _drop_late(self, stream_id: int, size: int) -> bool:
        """Pass over data that was under way when this side reset its stream; h2 would reset it each time."""
        window = self._inbound_flow_control_window_manager
        ender = self._ender(stream_id)
        if ender is not StreamClosedBy.SEND_RST_STREAM or size > window.current_window_size:
            return False
        window.current_window_size -= size
        self._give_back(size)
        return True

    def _take_window(self, stream_id: int, payload: bytes, receiver: FrameReceiver) -> bool:
        increment = int.from_bytes(payload, "big") & LARGEST_WINDOW
        if len(payload) != 4 or not increment or not self._ordinary():
            return False
        target: H2Connection | H2Stream | None = self.streams.get(stream_id) if stream_id else self
        if target is None or target.outbound_flow_control_window + increment > LARGEST_WINDOW:
            return False
        if isinstance(target, H2Stream) and target.state_machine.state is StreamState.CLOSED:
            return False
        self.guard.window_update()
        if target is self:
            self._granted += increment
        elif type(target) is InboundStream:
            target.granted += increment
        target.outbound_flow_control_window += increment
        receiver.window(stream_id)
        return True

    def _take_request(self, stream_id: int, block: bytes, flags: int, receiver: FrameReceiver) -> bool:
        if (
            flags not in (_END_HEADERS, _END_HEADERS | _END_STREAM)
            or not self._server
            or not self.highest_inbound_stream_id < stream_id <= _LARGEST_ID
            or not stream_id & 1
            or not self._ordinary()
        ):
            return False
        self._begin(stream_id, self._read(block), bool(flags & _END_STREAM), receiver)
        return True

    def _ordinary(self) -> bool:
        """Whether frames of any stream may come: not at the start, and not within a header block."""
        state = self.state_machine.state
        running = state is _SERVER_OPEN or state is _CLIENT_OPEN
        return running and self._block is None and not self.incoming_buffer._headers_buffer

    def end_local(self, stream: H2Stream) -> None:
        """Note that END_STREAM was sent on a stream that was open for sending."""
        machine = stream.state_machine
        if machine.state is StreamState.OPEN:
            machine.state = StreamState.HALF_CLOSED_LOCAL
        else:
            machine.state = StreamState.CLOSED
            machine.stream_closed_by = StreamClosedBy.SEND_END_STREAM

    def consumed(self, stream: H2Stream, size: int) -> None:
        """Let the peer send as much more, on the connection and on a stream that it has not ended."""
        self._give_back(size)
        if stream.state_machine.state in RECEIVING:
            increment = stream._inbound_window_manager.process_bytes(size)
            if increment:
                self._data_to_send += WINDOW_FRAME.pack(0, 4, _WINDOW_UPDATE, 0, stream.stream_id, increment)

    def table_sizes(self) -> bytes:
        """What begins the next header block after the peer has resized its table (RFC 7541, 4.2).

        hpack itself says nothing where the last change changed nothing.
        """
        encoder = self.encoder
        sizes = encoder.table_size_changes
        encoder.table_size_changes = sorted({min(sizes), sizes[-1]})
        encoder.header_table.resized = False
        return encoder._encode_table_size_change()

    def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Frame], list[Event]]:
        event = ConnectionTerminated()
        event.error_code = frame.error_code
        event.last_stream_id = frame.last_stream_id
        event.additional_data = frame.additional_data or None
        return [], [event]
