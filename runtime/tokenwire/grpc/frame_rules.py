"""What a server makes of frames that are rare or wrong, by RFC 9113, and the streams they change."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from h2.connection import ConnectionInputs, ConnectionState, H2Connection
from h2.errors import ErrorCodes
from h2.events import StreamEnded, StreamReset
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes
from h2.stream import H2Stream, StreamClosedBy, StreamState
from hyperframe.frame import GoAwayFrame, SettingsFrame

from tokenwire.limits import flag_of

from .field_rules import trailers_fault
from .frames import LARGEST_WINDOW, WINDOW_FRAME, Flag, Kind
from .hpack_cache import BlockReader

if TYPE_CHECKING:
    from h2.config import H2Configuration
    from h2.windows import WindowManager

    from .frames import FrameReceiver
    from .guard import Guard
    from .hpack_cache import RequestHead

__all__ = ["RECEIVING", "InboundStream", "RuledConnection"]

RECEIVING: Final = frozenset({StreamState.OPEN, StreamState.HALF_CLOSED_LOCAL})
"""States in which the peer may still send."""

_LARGEST_ID: Final = (1 << 31) - 1
"""A number above it has the reserved bit set, which is taken off."""
_HEADER_SIZE: Final = 9
_PRIORITY_SIZE: Final = 5
_FLAG: Final = flag_of("max_header_size")
_SETTING: Final = Struct(">HI")
_KNOWN_SETTINGS: Final = frozenset(
    {
        SettingCodes.HEADER_TABLE_SIZE,
        SettingCodes.ENABLE_PUSH,
        SettingCodes.MAX_CONCURRENT_STREAMS,
        SettingCodes.INITIAL_WINDOW_SIZE,
        SettingCodes.MAX_FRAME_SIZE,
        SettingCodes.MAX_HEADER_LIST_SIZE,
    }
)
_EXCESS: Final = 2
"""How far a block may be over the limit and still be read, so that only its request is refused."""
_MOST_FRAGMENTS: Final = 64
"""Frames that one header block may come in."""


class _Block:
    """A header block that has begun and not ended."""

    __slots__ = ("ended", "fragments", "size", "stream_id")

    def __init__(self, stream_id: int, ended: bool, fragment: bytes) -> None:
        self.stream_id = stream_id
        self.ended = ended
        self.fragments = [fragment]
        self.size = len(fragment)


class InboundStream(H2Stream):
    """A stream that the peer has opened, and how much may be sent on it in all.

    Attributes:
        granted: What its window would be if nothing had been sent.
    """

    def __init__(self, stream_id: int, config: H2Configuration, inbound: int, outbound: int) -> None:
        super().__init__(stream_id, config, inbound, outbound)
        self.granted = outbound


class RuledConnection(H2Connection):
    """Takes a client's frames one by one, in any form, and says what is wrong with them.

    The frames of a server are for h2. A fault of the connection raises, with the GOAWAY ready; a
    fault of a stream resets it, and its receiver is told with a `StreamReset` that is not remote. Of
    h2 it uses the streams, the windows and the settings.

    Attributes:
        guard: Counts what costs more than it brings.
    """

    guard: Guard

    def __init__(self, config: H2Configuration) -> None:
        super().__init__(config)
        self._server = not config.client_side
        self._blocks = BlockReader(self.decoder)
        self._block: _Block | None = None
        self._tail = b""
        self._prune_at = 64

    def take(self, kind: int, flags: int, stream_id: int, frame: bytes, receiver: FrameReceiver) -> None:
        """Take a frame, header and all.

        Raises:
            ProtocolError: It breaks a rule that ends the connection; the GOAWAY is ready.
        """
        if not self._server:
            self._pass_on(frame, receiver)
            return
        stream_id &= _LARGEST_ID
        payload = frame[9:]
        if self._block is not None:
            self._take_continuation(kind, flags, stream_id, payload, receiver)
            return
        if self.state_machine.state is ConnectionState.IDLE and (kind != Kind.SETTINGS or flags & Flag.ACK):
            raise self.fault(ErrorCodes.PROTOCOL_ERROR, "the first frame is not SETTINGS")
        if kind <= Kind.RST_STREAM and not stream_id:
            raise self.fault(ErrorCodes.PROTOCOL_ERROR, f"a frame of type {kind} on stream 0")
        match kind:
            case Kind.DATA:
                self._take_any_data(flags, stream_id, payload, receiver)
            case Kind.HEADERS:
                self._take_headers(flags, stream_id, payload, receiver)
            case Kind.PRIORITY:
                self._take_priority(stream_id, len(payload), receiver)
            case Kind.RST_STREAM:
                self._no_idle(stream_id)
                self._pass_on(frame, receiver)
            case Kind.SETTINGS:
                self._take_settings(flags, stream_id, payload, receiver)
            case Kind.PING | Kind.GOAWAY:
                self._pass_on(frame, receiver)
            case Kind.WINDOW_UPDATE:
                self._take_any_window(stream_id, payload, receiver)
            case Kind.PUSH_PROMISE | Kind.CONTINUATION:
                raise self.fault(ErrorCodes.PROTOCOL_ERROR, f"a frame of type {kind} out of place")

    def fault(self, code: ErrorCodes, text: str) -> ProtocolError:
        """Make the GOAWAY ready; the caller raises what it gets (RFC 9113, 5.4.1)."""
        self.state_machine.process_input(ConnectionInputs.SEND_GOAWAY)
        last = self.highest_inbound_stream_id
        frame = GoAwayFrame(0, last_stream_id=last, error_code=code, additional_data=text.encode())
        self._prepare_for_sending([frame])
        error = ProtocolError(text)
        error.error_code = code
        return error

    def fail_stream(self, stream_id: int, code: ErrorCodes, receiver: FrameReceiver) -> None:
        """Reset a stream on which the peer broke a rule, and tell its receiver (RFC 9113, 5.4.2)."""
        self.reset_stream(stream_id, error_code=code)
        receiver.process(StreamReset(stream_id=stream_id, error_code=code, remote_reset=False))
        self.forget(stream_id)

    def forget(self, stream_id: int) -> None:
        """Let go of a stream that has ended both ways."""
        stream = self.streams.get(stream_id)
        if stream is not None and stream.state_machine.state is StreamState.CLOSED:
            del self.streams[stream_id]
            self._closed_streams[stream_id] = stream.state_machine.stream_closed_by

    def _pass_on(self, data: bytes, receiver: FrameReceiver) -> None:
        for event in self.receive_data(data):
            receiver.process(event)

    # Requests

    def _take_headers(self, flags: int, stream_id: int, payload: bytes, receiver: FrameReceiver) -> None:
        fixed = _PRIORITY_SIZE if flags & Flag.PRIORITY else 0
        fragment = self._unpadded(flags, payload, fixed)
        if not stream_id & 1:
            raise self.fault(ErrorCodes.PROTOCOL_ERROR, f"a client opens stream {stream_id}")
        ended = bool(flags & Flag.END_STREAM)
        if flags & Flag.END_HEADERS:
            self._take_block(stream_id, fragment, ended, receiver)
        else:
            self._block = _Block(stream_id, ended, fragment)

    def _take_continuation(
        self, kind: int, flags: int, stream_id: int, payload: bytes, receiver: FrameReceiver
    ) -> None:
        block = self._block
        assert block is not None
        if kind != Kind.CONTINUATION or stream_id != block.stream_id:
            raise self.fault(ErrorCodes.PROTOCOL_ERROR, f"a frame of type {kind} within a header block")
        block.fragments.append(payload)
        block.size += len(payload)
        if block.size > _EXCESS * self.decoder.max_header_list_size:
            raise self.fault(ErrorCodes.ENHANCE_YOUR_CALM, f"a header block far over {_FLAG}")
        if len(block.fragments) > _MOST_FRAGMENTS:
            text = f"a header block of more than {_MOST_FRAGMENTS} frames"
            raise self.fault(ErrorCodes.ENHANCE_YOUR_CALM, text)
        if flags & Flag.END_HEADERS:
            self._block = None
            self._take_block(stream_id, b"".join(block.fragments), block.ended, receiver)

    def _take_block(self, stream_id: int, block: bytes, ended: bool, receiver: FrameReceiver) -> None:
        head = self._read(block)
        if stream_id > self.highest_inbound_stream_id:
            self._begin(stream_id, head, ended, receiver)
            return
        stream = self.streams.get(stream_id)
        if stream is None or stream.state_machine.state not in RECEIVING:
            if stream is None and stream_id not in self._closed_streams:
                raise self.fault(ErrorCodes.PROTOCOL_ERROR, f"stream {stream_id} after a higher one")
            self._take_too_late(stream_id, receiver)
        elif head.oversized:
            self.guard.stats.notices.tell("trailers", "a call ends: its trailers are over %s", _FLAG)
            self.fail_stream(stream_id, ErrorCodes.PROTOCOL_ERROR, receiver)
        elif not ended or trailers_fault(head.fields) or not self._count_body(stream, 0, True):
            self.fail_stream(stream_id, ErrorCodes.PROTOCOL_ERROR, receiver)
        else:
            self._end_remote(stream)
            receiver.process(StreamEnded(stream_id=stream_id))

    def _read(self, block: bytes) -> RequestHead:
        blocks = self._blocks
        before = blocks.huffman
        try:
            head = blocks.read(block)
        except ProtocolError as error:
            raise self.fault(error.error_code, str(error)) from error
        self.guard.fields(len(head.fields))
        if blocks.huffman != before:
            self.guard.huffman(blocks.huffman - before)
        return head

    @property
    def unfinished_head(self) -> int:
        """The stream of a header block that has begun and not come to its end; 0 is none."""
        if self._block is not None:
            return self._block.stream_id
        tail = self._tail
        if len(tail) >= _HEADER_SIZE and tail[3] in (Kind.HEADERS, Kind.CONTINUATION):
            return int.from_bytes(tail[5:_HEADER_SIZE], "big") & _LARGEST_ID
        return 0

    def _begin(self, stream_id: int, head: RequestHead, ended: bool, receiver: FrameReceiver) -> None:
        """Open the stream of a request, and close it again if the request is malformed."""
        stream = self._open_inbound(stream_id, StreamState.HALF_CLOSED_REMOTE if ended else StreamState.OPEN)
        stream._expected_content_length = head.content_length
        if head.fault or (ended and head.content_length):
            self.fail_stream(stream_id, ErrorCodes.PROTOCOL_ERROR, receiver)
        else:
            receiver.request(stream_id, head, ended)

    def _open_inbound(self, stream_id: int, state: StreamState) -> H2Stream:
        """Enter the stream that a request opens, as h2 does."""
        if len(self.streams) >= self._prune_at:
            self._open_streams(1)
            self._prune_at = 2 * len(self.streams) + 64
        stream = InboundStream(
            stream_id,
            self.config,
            self.local_settings.initial_window_size,
            self.remote_settings.initial_window_size,
        )
        stream.max_outbound_frame_size = self.max_outbound_frame_size
        machine = stream.state_machine
        machine.client = False
        machine.headers_received = True
        machine.state = state
        self.streams[stream_id] = stream
        self.highest_inbound_stream_id = stream_id
        return stream

    # Data and windows

    def _take_any_data(self, flags: int, stream_id: int, payload: bytes, receiver: FrameReceiver) -> None:
        data, size = self._unpadded(flags, payload), len(payload)
        self._no_idle(stream_id)
        self._use_window(self._inbound_flow_control_window_manager, size)
        stream = self.streams.get(stream_id)
        if stream is None or stream.state_machine.state not in RECEIVING:
            self._give_back(size)
            self._take_too_late(stream_id, receiver)
            return
        self._use_window(stream._inbound_window_manager, size)
        ended = bool(flags & Flag.END_STREAM)
        if not self._count_body(stream, len(data), ended):
            self._give_back(size)
            self.fail_stream(stream_id, ErrorCodes.PROTOCOL_ERROR, receiver)
            return
        if ended:
            self._end_remote(stream)
        receiver.data(stream_id, data, size, ended)

    def _take_any_window(self, stream_id: int, payload: bytes, receiver: FrameReceiver) -> None:
        if len(payload) != 4:
            raise self.fault(ErrorCodes.FRAME_SIZE_ERROR, "WINDOW_UPDATE has four bytes")
        increment = int.from_bytes(payload, "big") & LARGEST_WINDOW
        if stream_id:
            self._no_idle(stream_id)
            target: H2Connection | H2Stream | None = self.streams.get(stream_id)
            if target is None or target.state_machine.state is StreamState.CLOSED:
                return
        else:
            target = self
        window = target.outbound_flow_control_window + increment
        if increment and window <= LARGEST_WINDOW:
            target.outbound_flow_control_window = window
            if isinstance(target, InboundStream):
                target.granted += increment
            receiver.window(stream_id)
            return
        code = ErrorCodes.FLOW_CONTROL_ERROR if increment else ErrorCodes.PROTOCOL_ERROR
        if not stream_id:
            raise self.fault(code, f"the connection's window grows by {increment}")
        self.fail_stream(stream_id, code, receiver)

    def _flow_control_change_from_settings(self, old_value: int | None, new_value: int) -> None:
        super()._flow_control_change_from_settings(old_value, new_value)
        for stream in self.streams.values():
            if isinstance(stream, InboundStream):
                stream.granted += new_value - (old_value or 0)

    def _use_window(self, manager: WindowManager, size: int) -> None:
        if size > manager.current_window_size:
            raise self.fault(ErrorCodes.FLOW_CONTROL_ERROR, f"{size} bytes of data are more than the window")
        manager.current_window_size -= size

    def _count_body(self, stream: H2Stream, size: int, ended: bool) -> bool:
        """Whether the body is as long as was announced, or can still be."""
        expected: int | None = stream._expected_content_length
        if expected is None:
            return True
        stream._actual_content_length += size
        return stream._actual_content_length in range(expected if ended else 0, expected + 1)

    def _give_back(self, size: int) -> None:
        """Let the peer send as much more on the connection."""
        increment = self._inbound_flow_control_window_manager.process_bytes(size)
        if increment:
            self._data_to_send += WINDOW_FRAME.pack(0, 4, Kind.WINDOW_UPDATE, 0, 0, increment)

    # Other frames

    def _take_priority(self, stream_id: int, size: int, receiver: FrameReceiver) -> None:
        """Ignored, a stream that depends on itself too: RFC 9113 has given priorities up (5.3.2)."""
        if size == _PRIORITY_SIZE:
            return
        if self._is_idle(stream_id):
            raise self.fault(ErrorCodes.FRAME_SIZE_ERROR, "PRIORITY has five bytes")
        stream = self.streams.get(stream_id)
        if stream is not None and stream.state_machine.state is not StreamState.CLOSED:
            self.fail_stream(stream_id, ErrorCodes.FRAME_SIZE_ERROR, receiver)

    def _take_settings(self, flags: int, stream_id: int, payload: bytes, receiver: FrameReceiver) -> None:
        """Pass on the settings that are known: h2 would keep all of them."""
        if stream_id:
            raise self.fault(ErrorCodes.PROTOCOL_ERROR, f"SETTINGS on stream {stream_id}")
        if len(payload) % _SETTING.size or (flags & Flag.ACK and payload):
            raise self.fault(ErrorCodes.FRAME_SIZE_ERROR, f"SETTINGS of {len(payload)} bytes")
        settings = [pair for pair in _SETTING.iter_unpack(payload) if pair[0] in _KNOWN_SETTINGS]
        for code, value in settings:
            try:
                self.remote_settings.validate_received_setting(code, value)
            except ProtocolError as error:
                raise self.fault(error.error_code, str(error)) from error
        known = SettingsFrame(0, settings=dict(settings), flags=["ACK"] if flags & Flag.ACK else [])
        self._pass_on(known.serialize(), receiver)
        if self.state_machine.state is ConnectionState.IDLE:
            self.state_machine.process_input(ConnectionInputs.RECV_HEADERS)
        sizes = self.encoder.table_size_changes
        if len(sizes) > 2:
            self.encoder.table_size_changes = [min(sizes), sizes[-1]]

    # What several frames have in common

    def _unpadded(self, flags: int, payload: bytes, fixed: int = 0) -> bytes:
        """What lies between the first fields (`fixed` bytes, and the padding's length) and the padding."""
        start, end = fixed, len(payload)
        if flags & Flag.PADDED:
            start += 1
        if start > end:
            raise self.fault(ErrorCodes.FRAME_SIZE_ERROR, f"a frame of {end} bytes lacks fields")
        if flags & Flag.PADDED:
            end -= payload[0]
        if start > end:
            raise self.fault(ErrorCodes.PROTOCOL_ERROR, "padding longer than its frame")
        return payload[start:end]

    def _is_idle(self, stream_id: int) -> bool:
        return stream_id > self.highest_inbound_stream_id or not stream_id & 1

    def _no_idle(self, stream_id: int) -> None:
        if self._is_idle(stream_id):
            raise self.fault(ErrorCodes.PROTOCOL_ERROR, f"stream {stream_id} has not begun")

    def _take_too_late(self, stream_id: int, receiver: FrameReceiver) -> None:
        """HEADERS or DATA came on a stream that the peer has ended, or that was reset (RFC 9113, 5.1)."""
        stream = self.streams.get(stream_id)
        if stream is not None and stream.state_machine.state is StreamState.HALF_CLOSED_REMOTE:
            self.fail_stream(stream_id, ErrorCodes.STREAM_CLOSED, receiver)
        elif self._stream_closed_by(stream_id) not in (None, StreamClosedBy.SEND_RST_STREAM):
            raise self.fault(ErrorCodes.STREAM_CLOSED, f"stream {stream_id} was ended by the peer")

    def _end_remote(self, stream: H2Stream) -> None:
        machine = stream.state_machine
        if machine.state is StreamState.OPEN:
            machine.state = StreamState.HALF_CLOSED_REMOTE
        else:
            machine.state = StreamState.CLOSED
            machine.stream_closed_by = StreamClosedBy.RECV_END_STREAM
