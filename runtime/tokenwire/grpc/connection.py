"""One HTTP/2 connection: grpclib's, with orderly GOAWAY and turns for streams that wait."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from grpclib.protocol import Connection
from h2.errors import ErrorCodes
from hyperframe.frame import GoAwayFrame, PingFrame

from .stream import WireStream

if TYPE_CHECKING:
    from grpclib.config import Configuration

    from .session import WireSession
    from .transport import CoalescingTransport

__all__ = ["WireConnection"]

_CLOSE_SECONDS: Final = 5.0
"""How long a peer may take to read the rest of a connection that is closing."""


class WireConnection(Connection):
    """A connection whose streams write at once when they can and queue for a turn when not.

    Attributes:
        leaving: One side has sent GOAWAY: no new streams, and the end once the last has ended.
        session: h2's side of it.
        blocked: The transport takes no more for now; `write_ready` says the same to those who wait.
        put: Writes bytes to the transport.
    """

    _connection: WireSession

    def __init__(
        self, connection: WireSession, transport: CoalescingTransport, *, config: Configuration
    ) -> None:
        super().__init__(connection, transport, config=config)
        self.leaving = False
        self.session = connection
        self.blocked = False
        self.put = transport.put
        self._queue: dict[int, WireStream] = {}
        self._cut_off: asyncio.TimerHandle | None = None

    def create_stream(self, *, stream_id: int | None = None, wrapper: Any = None) -> WireStream:
        """A stream of this connection; without an id until its request is sent."""
        return WireStream(self, stream_id)

    @property
    def client_side(self) -> bool:
        """Whether this end opened the connection."""
        return self._connection.config.client_side

    def flush(self) -> None:
        """Hand what h2 has ready to the transport, if that is still open."""
        if self.session._data_to_send and not self.is_closing():
            self.put(self._connection.data_to_send())

    def pause_writing(self) -> None:
        """The transport has enough for now."""
        self.blocked = True
        self.write_ready.clear()

    def resume_writing(self) -> None:
        """The transport takes more: those who wait get their turns."""
        self.blocked = False
        self.write_ready.set()
        if not self.session.halted:
            self.serve_queue()

    def queue(self, stream: WireStream) -> None:
        """Give a stream a turn when something can be written."""
        if stream.id not in self._queue:
            stream.waiting_since = time.monotonic()
            self._queue[stream.id] = stream

    def leave_queue(self, stream: WireStream) -> None:
        """Give it no turn, if it is waiting for one."""
        self._queue.pop(stream.id, None)

    def is_queued(self, stream: WireStream) -> bool:
        """Whether it waits for a turn."""
        return stream.id in self._queue

    def stalled(self, seconds: float) -> list[WireStream]:
        """The streams that could send nothing for so long."""
        before = time.monotonic() - seconds
        return [stream for stream in self._queue.values() if stream.waiting_since < before]

    def serve_queue(self) -> None:
        """Let the waiting streams write, one frame each in turn, while that is possible."""
        turns = deque(self._queue.values())
        while turns and not self.blocked and self.session.outbound_flow_control_window > 0:
            stream = turns.popleft()
            if self.is_queued(stream) and stream.take_turn():
                turns.append(stream)

    def serve_stream(self, stream: WireStream) -> None:
        """Let one waiting stream write what it can."""
        while not self.blocked and self.is_queued(stream) and stream.take_turn():
            pass

    def go_away(self, code: ErrorCodes = ErrorCodes.NO_ERROR, reason: str = "") -> None:
        """Refuse new streams and let the running ones end; h2 would refuse to go on."""
        if self.is_closing() or (self.leaving and code is ErrorCodes.NO_ERROR):
            return
        self.leaving = True
        self.flush()
        last = self._connection.highest_inbound_stream_id
        frame = GoAwayFrame(0, last_stream_id=last, error_code=code, additional_data=reason.encode())
        self._transport.write(frame.serialize())

    def announce_end(self, reason: str = "") -> None:
        """Tell that new streams will be refused soon."""
        self.flush()
        frame = GoAwayFrame(0, last_stream_id=(1 << 31) - 1, additional_data=reason.encode())
        self.put(frame.serialize())

    def ping(self, data: bytes) -> None:
        """Send a PING with eight bytes of data."""
        self.flush()
        self.put(PingFrame(0, data).serialize())

    def close(self) -> None:
        """Close after what was written; a peer that does not take it is cut off."""
        self.session.halted = True
        transport = None if self.is_closing() else self._transport
        super().close()
        if transport is not None and transport.get_write_buffer_size():
            self._cut_off = asyncio.get_running_loop().call_later(_CLOSE_SECONDS, transport.abort)

    def lost(self) -> None:
        """The transport is gone."""
        if self._cut_off is not None:
            self._cut_off.cancel()
            self._cut_off = None

    def abort(self) -> None:
        """Close at once; what was not sent is lost."""
        self.session.halted = True
        if not self.is_closing():
            self._transport.abort()

    def refuse(self, stream_id: int, code: ErrorCodes) -> None:
        """Reset a stream that nobody has accepted."""
        self._connection.reset_stream(stream_id, error_code=code)
        self.flush()
