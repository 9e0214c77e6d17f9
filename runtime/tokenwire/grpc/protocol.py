"""The asyncio protocol of a connection, and how events of h2 reach the calls."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final, cast

from grpclib.protocol import AbstractHandler, EventsProcessor, H2Protocol
from h2.config import H2Configuration
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from tokenwire.limits import flag_of
from tokenwire.notices import LATE
from tokenwire.turns import Turns

from .connection import WireConnection
from .guard import TOO_MANY_PINGS, Guard
from .session import WireSession
from .stream import NOBODY, WireStream
from .transport import CoalescingTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from grpclib.config import Configuration
    from h2.events import (
        ConnectionTerminated,
        DataReceived,
        Event,
        PingAckReceived,
        PingReceived,
        RemoteSettingsChanged,
        ResponseReceived,
        StreamEnded,
        StreamReset,
        TrailersReceived,
        WindowUpdated,
    )

    from .hpack_cache import RequestHead

__all__ = ["WireHandler", "WireProcessor", "WireProtocol"]

log = logging.getLogger("tokenwire.grpc")

STREAM_WINDOW: Final = 1 << 20
"""Bytes that a peer may have under way on one stream."""
CONNECTION_WINDOW: Final = 64 << 20
"""Bytes that a peer may have under way on all streams of a connection."""

MOST_UNREAD: Final = 32 << 20
"""Bytes that may wait for a peer; data never comes near it, answers to a flood of PINGs do."""

_DEFAULT_WINDOW: Final = 65535
_SLICE: Final = 8192
_MOST_AHEAD: Final = 128 << 10
"""Bytes that may wait for their turns; more are left in the socket."""
_LITTLE: Final = 1024
"""What is taken at once, past those that wait for their turns."""
_LEAVING_PING: Final = b"goodbye!"
_LEAVING_SECONDS: Final = 1.0
"""How long a client may take to answer the ping that comes with the first GOAWAY."""
_LAST_PING: Final = b"all read"
_LAST_SECONDS: Final = 5.0
"""How long a client may take to read what was sent, after its last stream."""
_NO_LIMIT: Final = (1 << 31) - 1
_MANY_STREAMS: Final = "calls are refused: their connections have %s already (%s)"


class WireHandler(AbstractHandler):
    """The owner of a connection, as it sees it.

    Attributes:
        max_streams: Streams that the peer may have open at once.
        max_header_size: Most bytes of a header list that the peer may send.
        handshake_timeout: Seconds until the peer has spoken HTTP/2.
        turns: Where the connection has its turns; None is a place of its own.
    """

    max_streams: int = 100
    max_header_size: int = 1 << 16
    handshake_timeout: float = 20.0
    turns: Turns | None = None

    def guard(self) -> Guard:
        """What a new connection counts with; that of a client lets everything pass."""
        return Guard()

    def opened(self, protocol: WireProtocol) -> None:
        """The connection is up."""

    def admits(self) -> bool:
        """Whether another connection may be opened."""
        return True

    def left(self) -> None:
        """The connection takes no new streams."""

    def lost(self) -> None:
        """The connection is gone, and its streams were told."""

    def start(self, stream: WireStream, head: RequestHead) -> None:
        """A client has opened a stream."""

    def accept(self, stream: Any, headers: Any, release_stream: Any) -> None:
        """Unused: `start` takes its place."""

    def cancel(self, stream: Any) -> None:
        """Unused: a stream tells its receiver itself."""


class WireProcessor(EventsProcessor):
    """Tells each event to the receiver of its stream; events it does not know are passed over."""

    handler: WireHandler
    connection: WireConnection
    streams: dict[int, WireStream]  # type: ignore[assignment]  # grpclib's alias is invariant
    greeted = False
    """Whether the peer has spoken HTTP/2."""
    answered = False
    """Whether a response has begun: what is at the other end is a gRPC server that takes our calls."""
    _farewell: asyncio.TimerHandle | None = None
    _last: asyncio.TimerHandle | None = None
    _ends = _ends_told = _ends_read = 0
    """Streams that have ended: all, those before the first ping, and those that the peer is known to have
    read to their ends."""
    _reason = ""
    """Why the peer was told to leave, for people to read."""

    def process(self, event: Event) -> None:
        """Handle one event of h2."""
        self.greeted = True
        handle = self.processors.get(event.__class__)
        if handle is not None:
            handle(event)  # type: ignore[operator]  # grpclib's table joins all signatures into one

    def enter(self, stream: WireStream) -> None:
        """Let a stream have its events, until `release`."""
        self.streams[stream.id] = stream

    def release(self, stream: WireStream) -> None:
        """End what `enter` began."""
        if self.streams.pop(stream.id, None) is None:
            return
        self._ends += 1
        connection = self.connection
        stream.receiver = NOBODY
        connection.leave_queue(stream)
        if stream.unacknowledged:
            stream.acknowledge(stream.unacknowledged)
        connection.session.forget(stream.id)
        connection.stream_close_waiter.set()
        if connection.leaving and not self.streams:
            self._finish()

    @property
    def parting(self) -> bool:
        """Whether the peer was told to leave and may not have heard it, or not have read all, yet."""
        if self._last is not None:
            return True
        return self._farewell is not None and not self.connection.leaving

    def part(self, reason: str = "") -> None:
        """Tell the peer to leave; streams that it opens before it hears that are served (RFC 9113, 6.8).

        Args:
            reason: Why, for people to read.
        """
        connection = self.connection
        if self._farewell is not None or connection.leaving or connection.is_closing():
            return
        self._farewell = asyncio.get_running_loop().call_later(_LEAVING_SECONDS, self.leave)
        self._ends_told = self._ends
        self._reason = reason
        connection.announce_end(reason)
        connection.ping(_LEAVING_PING)

    def leave(self) -> None:
        """Take no new streams; the connection ends with its last."""
        if self._farewell is not None:
            self._farewell.cancel()
        self.connection.go_away(reason=self._reason)
        if not self.streams:
            self._finish()
        self.handler.left()

    def _finish(self) -> None:
        """Close a connection that has no streams left, once the peer has read what they said.

        A socket that is closed answers what still comes, a WINDOW_UPDATE for instance, with a reset, and then
        the peer's system throws away what the peer has not read (RFC 9112, 9.6, says it of HTTP/1.1). That it
        has read all shows in its answer to a last ping.
        """
        connection = self.connection
        if connection.client_side or self._ends_read == self._ends or connection.is_closing():
            connection.close()
        elif self._last is None:
            self._last = asyncio.get_running_loop().call_later(_LAST_SECONDS, self._end, connection.abort)
            connection.ping(_LAST_PING)

    def _end(self, close: Callable[[], None]) -> None:
        """The peer has read all, or does not read."""
        if self._last is not None:
            self._last.cancel()
            self._last = None
        close()
        self.handler.left()

    def close(self, reason: str = "Connection closed") -> None:
        """Close the connection and tell every stream."""
        if not self.processors:
            return
        self.processors = {}
        for timer in (self._farewell, self._last):
            if timer is not None:
                timer.cancel()
        self._last = None
        self.connection.close()
        self.handler.close()
        for stream in list(self.streams.values()):
            stream.receiver.terminated(reason)
        self.connection.write_ready.set()
        self.connection.stream_close_waiter.set()

    def request(self, stream_id: int, head: RequestHead, ended: bool, /) -> None:
        """Accept a new call, or refuse it without harm to the others."""
        if self.connection.leaving or len(self.streams) >= self.handler.max_streams:
            reason = "leaving" if self.connection.leaving else "max_streams"
            stats = self.connection.session.guard.stats
            stats.calls_refused[reason] += 1
            if reason == "max_streams":
                stats.notices.tell(reason, _MANY_STREAMS, self.handler.max_streams, flag_of(reason))
            self.connection.refuse(stream_id, ErrorCodes.REFUSED_STREAM)
            return
        stream = WireStream(self.connection, stream_id)
        self.streams[stream_id] = stream
        self.handler.start(stream, head)
        if ended:
            stream.receiver.end_received()

    def data(self, stream_id: int, data: bytes, size: int, ended: bool, /) -> None:
        """Pass data on; what nobody waits for is acknowledged, so that the connection goes on."""
        stream = self.streams.get(stream_id)
        if stream is None:
            self.connection.ack(stream_id, size)
            return
        stream.unacknowledged += size
        stream.receiver.data_received(data, size)
        if ended:
            stream.receiver.end_received()

    def window(self, stream_id: int, /) -> None:
        """Let go on what waited for the window."""
        if not stream_id:
            self.connection.serve_queue()
        elif (stream := self.streams.get(stream_id)) is not None:
            self.connection.serve_stream(stream)

    def process_response_received(self, event: ResponseReceived) -> None:
        """Pass the response's headers on."""
        self.answered = True
        stream = self.streams.get(event.stream_id)
        if stream is not None:
            stream.receiver.headers_received(cast("Any", event.headers))

    def process_trailers_received(self, event: TrailersReceived) -> None:
        """Pass trailers on."""
        stream = self.streams.get(event.stream_id)
        if stream is not None:
            stream.receiver.trailers_received(cast("Any", event.headers))

    def process_data_received(self, event: DataReceived) -> None:
        """See `data`."""
        self.data(event.stream_id, event.data or b"", event.flow_controlled_length or 0, False)

    def process_stream_ended(self, event: StreamEnded) -> None:
        """Tell that the peer has sent all."""
        stream = self.streams.get(event.stream_id)
        if stream is not None:
            stream.receiver.end_received()

    def process_stream_reset(self, event: StreamReset) -> None:
        """Tell that the stream is gone: the peer has reset it, or has broken a rule."""
        stream = self.streams.get(event.stream_id)
        if stream is None:
            return
        session = self.connection.session
        if event.remote_reset and stream.id > session.breath:
            session.guard.hasty_reset()
        if not event.remote_reset:
            stream.receiver.terminated("the peer broke a rule of HTTP/2", int(event.error_code or 0))
        elif event.error_code == ErrorCodes.REFUSED_STREAM:
            stream.receiver.refused("the server refused the stream")
        else:
            stream.receiver.terminated("the peer reset the stream", int(event.error_code or 0))

    def process_window_updated(self, event: WindowUpdated) -> None:
        """See `window`."""
        self.window(event.stream_id or 0)

    def process_remote_settings_changed(self, event: RemoteSettingsChanged) -> None:
        """A larger initial window opens every stream's."""
        if SettingCodes.INITIAL_WINDOW_SIZE in event.changed_settings:
            self.connection.serve_queue()
        self.connection.stream_close_waiter.set()

    def process_ping_received(self, event: PingReceived) -> None:
        """h2 has answered it; a peer that pings too often is sent away."""
        self.connection.session.guard.ping(busy=bool(self.streams))

    def process_ping_ack_received(self, event: PingAckReceived) -> None:
        """The peer has heard of the end that was announced."""
        super().process_ping_ack_received(event)
        if event.ping_data == _LAST_PING and self._last is not None:
            self._end(self.connection.close)
        elif event.ping_data == _LEAVING_PING and self._farewell is not None and not self.connection.leaving:
            self._ends_read = self._ends_told
            self.leave()

    def process_connection_terminated(self, event: ConnectionTerminated) -> None:
        """The peer leaves: streams it has seen go on, others were never looked at."""
        self.connection.leaving = True
        self.connection.stream_close_waiter.set()
        last = event.last_stream_id or 0
        for stream in [s for s in self.streams.values() if s.id > last and s.id % 2 == 1]:
            if self.connection.client_side:
                stream.receiver.refused("the server is going away")
        if not self.streams:
            self._finish()


class WireProtocol(H2Protocol):
    """grpclib's protocol over a coalescing transport, fed in slices.

    A flood of frames from one peer is worked off for a few milliseconds per turn of the loop, and
    reading from it stops meanwhile, so that other connections have their turns.

    Args:
        handler: The connection's owner.
        config: grpclib's settings.
        client_side: Whether it is a client's.
        since: When the peer could first speak, by the loop's clock; None is when the connection is made.
    """

    handler: WireHandler
    connection: WireConnection
    processor: WireProcessor

    def __init__(
        self,
        handler: WireHandler,
        config: Configuration,
        *,
        client_side: bool,
        since: float | None = None,
    ) -> None:
        h2_config = H2Configuration(
            client_side=client_side,
            header_encoding="latin-1",
            validate_inbound_headers=False,
            validate_outbound_headers=False,
            normalize_inbound_headers=False,
            normalize_outbound_headers=False,
        )
        super().__init__(handler, config, h2_config)
        self._guard = handler.guard()
        self._turns = handler.turns or Turns()
        self._backlog = bytearray()
        self._queued = False
        self._held_off = False
        self._since = since
        self._greeting: asyncio.TimerHandle | None = None
        self.heard = True
        """Whether the peer has sent something since this was set to False."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open the HTTP/2 connection."""
        if not self.handler.admits():
            cast("asyncio.Transport", transport).close()
            return
        loop = asyncio.get_running_loop()
        self._transport = CoalescingTransport(cast("asyncio.Transport", transport), self, self._guard.stats)
        session = WireSession(self.h2_config, self._guard)
        session.local_settings = self._settings(self.handler.max_streams)
        session.decoder.max_header_list_size = self.handler.max_header_size
        session.initiate_connection()
        # What is advertised is enforced by the processor: h2 would close the connection.
        session.local_settings = self._settings(_NO_LIMIT)
        session.increment_flow_control_window(CONNECTION_WINDOW - _DEFAULT_WINDOW)
        self.connection = WireConnection(session, self._transport, config=self.config)
        self.processor = WireProcessor(self.handler, self.connection)
        self.connection.flush()
        self.connection.initialize()
        since = loop.time() if self._since is None else self._since
        self._greeting = loop.call_at(since + self.handler.handshake_timeout, self._check_greeting)
        self.handler.opened(self)

    def _settings(self, max_streams: int) -> Settings:
        client = self.h2_config.client_side
        values = {
            SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
            SettingCodes.MAX_HEADER_LIST_SIZE: self.handler.max_header_size,
            SettingCodes.ENABLE_PUSH: 0,
        }
        if not client:
            values[SettingCodes.MAX_CONCURRENT_STREAMS] = max_streams
        return Settings(client=client, initial_values=values)

    def _check_greeting(self) -> None:
        if self.processor.greeted:
            return
        self._guard.stats.connections_ended["handshake_timeout"] += 1
        self._guard.stats.notices.tell("handshake_timeout", LATE, flag_of("handshake_timeout"))
        self.processor.close("no HTTP/2 preface")

    def data_received(self, data: bytes) -> None:
        """Take what came; much of it in turns."""
        if not hasattr(self, "processor"):
            return
        self.heard = True
        self._guard.stats.bytes_received += len(data)
        if self._queued:
            self._backlog += data
            if len(self._backlog) > _MOST_AHEAD:
                self.hold_off()
            return
        session = self.connection.session
        session.breath = session.highest_inbound_stream_id
        if self._turns.scheduled and (len(data) > _LITTLE or self._guard.wary):
            self._backlog += data
            self._wait_for_turn()
            return
        if len(data) > _SLICE:
            self._backlog += data[_SLICE:]
            data = data[:_SLICE]
        self._feed(data)
        if (self._backlog or session.paused) and not self.connection.is_closing():
            self._wait_for_turn()

    def _wait_for_turn(self) -> None:
        self._queued = True
        self._guard.waits()
        self._turns.add(self)

    def work_off(self) -> bool:
        """Take a piece of what came; whether there is more."""
        if self._held_off and self._transport.hung_up():
            log.debug("a peer hung up while its frames waited")
            self.connection.abort()
        session, backlog = self.connection.session, self._backlog
        size = 0 if session.paused else _SLICE
        data = bytes(backlog[:size])
        del backlog[:size]
        self._guard.waited()
        self._feed(data)
        if self.connection.is_closing():
            backlog.clear()
            self._queued = False
            return False
        if backlog or session.paused:
            return True
        self._queued = False
        if self._held_off:
            self._held_off = False
            self._transport.resume_reading()
        return False

    def hold_off(self) -> None:
        """Receive nothing more until what came is worked off."""
        if not self._held_off and not self.connection.is_closing():
            self._held_off = True
            self._transport.pause_reading()

    def abort(self) -> None:
        """End the connection now."""
        self.connection.abort()

    def _feed(self, data: bytes) -> None:
        connection = self.connection
        if connection.is_closing():
            return
        session = connection.session
        session.paused = False
        self._guard.spent = 0.0
        try:
            session.receive(data, self.processor)
        except ProtocolError as error:
            log.debug("closing a connection: %s", error)
            self._guard.stats.connections_ended["protocol_error"] += 1
            connection.flush()
            self.processor.close(f"HTTP/2 protocol error: {error}")
            return
        except Exception:
            log.exception("a connection is closed for an error of the server's own")
            self._guard.stats.connections_ended["error"] += 1
            self.processor.close("internal error")
            return
        if self._guard.reason:
            self.send_away(self._guard.reason, "flood")
            return
        connection.flush()
        if self._transport.get_write_buffer_size() > MOST_UNREAD:
            log.debug("cutting off a peer that sends and does not read")
            self._guard.stats.connections_ended["unread"] += 1
            connection.abort()

    def send_away(self, reason: str, counted_as: str) -> None:
        """End a connection that costs more than it brings; nothing more of it is read."""
        stats = self._guard.stats
        flag = f" ({flag_of('min_ping_interval')})" if reason == TOO_MANY_PINGS else ""
        stats.notices.tell(reason, "sending a peer away: %s%s", reason, flag)
        stats.connections_ended[counted_as] += 1
        self.connection.session.clear_outbound_data_buffer()
        self.connection.go_away(ErrorCodes.ENHANCE_YOUR_CALM, reason)
        self.processor.close(reason)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell every stream."""
        if self._greeting is not None:
            self._greeting.cancel()
            self._greeting = None
        if not hasattr(self, "processor"):
            return
        self._backlog.clear()
        self.connection.lost()
        self.processor.close("the connection was lost" if exc is None else f"the connection was lost: {exc}")
        self.handler.lost()
        self._transport.leave()
        self._guard.leave()
