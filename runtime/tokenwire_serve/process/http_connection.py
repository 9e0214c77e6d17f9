"""A connection of HTTP/1.1: from bytes to requests, within limits, and the ways in which it ends."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import struct
import termios
from collections import deque
from enum import Enum, auto
from errno import ETIMEDOUT
from math import inf
from typing import TYPE_CHECKING, Final, cast

import httptools
from tokenwire.http.records import note_refusal
from tokenwire.limits import flag_of
from tokenwire.notices import LATE
from tokenwire.record import REQUEST_ID

from .http_exchange import HIGH_WATER, Exchange
from .http_head import HeadError, read_head
from .http_refusal import (
    FAILED,
    MOST_FIELDS,
    NO_HTTP2,
    NO_TLS,
    TOO_MANY_FIELDS,
    TOO_MUCH_FRAMING,
    Refusal,
    malformed,
)
from .http_upgrade import parser_within_body

if TYPE_CHECKING:
    from .http_listener import Listener

__all__ = ["HttpConnection"]

_MOST_WAITING: Final = 8
"""Requests that may wait behind the one that is being answered."""
_LINGER: Final = 5.0
"""Seconds in which a client may close a connection that has ended; they begin anew when it takes more."""
_LAST_HEAD: Final = 1.0
"""Seconds that a head which has begun to come may take when the server drains."""
_SLACK: Final = 64 << 10
"""Bytes of chunk sizes and the like that a body may have, beyond as many as it has bytes itself."""
_SLICE: Final = 8 << 10
"""Bytes that are parsed in a row, and between two looks at what they were: of tiny chunks a thousand."""
_LITTLE: Final = 1024
"""What is parsed at once, past those that wait for their turns."""
_MOST_IGNORED: Final = 4 << 20
"""Bytes that a client may send in vain before it is cut off."""
_STATUS: Final = slice(9, 12)
"""Where an answer has its status: "HTTP/1.1 400 ..."."""
_PREFACE: Final = b"PRI * HTTP/2"
_TLS: Final = b"\x16\x03"
_LOG: Final = logging.getLogger("tokenwire.serve.http")
_GONE: Final = "a client is gone without a word, by the times of " + ", ".join(
    map(flag_of, ("keepalive_time", "keepalive_timeout", "stall_timeout"))
)
"""The system keeps these times, and does not say which has passed; see `prepare` of the listener."""
_STALLED: Final = "a connection ends: the client read nothing for %g s (%s)"
_IDLE: Final = "a connection ends: it had no requests for %g s (%s)"


class _Phase(Enum):
    IDLE = auto()
    """Between requests."""
    HEAD = auto()
    BODY = auto()
    DEAF = auto()
    """What comes is thrown away: the connection ends after what is still to be sent."""


class _RefusedError(Exception):
    """Ends the parsing; the refusal lies in the connection."""


class HttpConnection(asyncio.Protocol):
    """One client. See `Listener` for what connections share.

    Attributes:
        blocked: The client does not take what was written: `writable` waits until it does.
        idle_since: When the last answer was sent, if nothing has come since; None otherwise.
        write: The transport's own.
    """

    def __init__(self, listener: Listener, *, since: float | None = None) -> None:
        self.loop = listener.loop
        self.stats = listener.stats
        self.blocked = False
        self.idle_since: float | None = None
        self._listener = listener
        self._limits = listener.limits
        self._most_head = listener.limits.max_header_size
        self._phase = _Phase.IDLE
        self._deadline = (since or self.loop.time()) + listener.limits.handshake_timeout
        self._heard = False
        self._closing = False
        self._untaken = 0
        self._close_when_taken = False
        self._refusal: Refusal | None = None
        self._refused_as = b""
        self._running: Exchange | None = None
        self._waiting: deque[Exchange] = deque()
        self._receiving: Exchange | None = None
        self._paused = False
        self._unread: memoryview | None = None
        self._writable = asyncio.Event()
        self._unsent = 0
        self._moved = 0.0
        self._begun = 0
        self._fed = 0
        self._ignored = 0
        self._head_size = 0
        self._wire = 0
        self._idle_wire = 0
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._parser = httptools.HttpRequestParser(self)

    @property
    def draining(self) -> bool:
        """The connection ends after this answer."""
        return self._listener.draining

    @property
    def date(self) -> bytes:
        """The date header."""
        return self._listener.date

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready to read requests."""
        transport = cast("asyncio.Transport", transport)
        self._transport = transport
        self.write = transport.write
        self._listener.opened(self)
        info = transport.get_extra_info
        self._base_scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "scheme": "http" if info("sslcontext") is None else "https",
            "server": _address(info("sockname")),
            "client": _address(info("peername")),
            "root_path": "",
        }

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the requests that their client is gone."""
        if isinstance(error, OSError) and error.errno == ETIMEDOUT:
            self._listener.notices.tell("silent", _GONE)
        self._leave()
        self._phase = _Phase.DEAF
        self.blocked = False
        self._writable.set()
        del self._parser  # It leads back here.
        self._listener.closed(self)

    def eof_received(self) -> None:
        """A client that sends no more has left; what was written may still be read, for a while."""
        self._leave()
        self._phase = _Phase.DEAF
        self._closing = True
        self._untaken = self._count_untaken()
        self._deadline = self.loop.time() + _LINGER

    def pause_writing(self) -> None:
        """The client is behind."""
        self.blocked = True
        self._writable.clear()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.blocked = False
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """Read requests, as many as come."""
        self.stats.bytes_in += len(data)
        if not self._heard:
            self._heard = True
            self._listener.heard(self)
        view = memoryview(data)
        if self._unread is not None:
            self._unread = memoryview(b"".join((self._unread, view)))
        elif len(view) > _LITTLE and self._listener.turns.scheduled:
            self._wait_for_turn(view)
        else:
            self._read(view[:_SLICE])
            if len(view) > _SLICE:
                self._wait_for_turn(view[_SLICE:])

    def _wait_for_turn(self, data: memoryview) -> None:
        """Have the rest of what came parsed in turns, and receive nothing more until then."""
        self._unread = data
        self.hold_off()
        self._listener.turns.add(self)

    def work_off(self) -> bool:
        """Parse a piece of what came; whether there is more."""
        data = self._unread
        if data is None or self._transport.is_closing():
            self._unread = None
            return False
        self._unread = data[_SLICE:] if len(data) > _SLICE else None
        self._read(data[:_SLICE])
        if self._unread is not None:
            return True
        if not self._paused:
            self._transport.resume_reading()
        if self._listener.draining:
            self.drain()
        return False

    def hold_off(self) -> None:
        """Receive nothing more until what came is parsed."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def _read(self, data: memoryview) -> None:
        if self._phase is _Phase.DEAF:
            self._ignore(len(data))
        else:
            self._feed(data)

    def _ignore(self, size: int) -> None:
        self._ignored += size
        if self._ignored > _MOST_IGNORED:
            self._transport.abort()

    # What the exchanges call.

    async def writable(self) -> None:
        """Wait until the client takes more."""
        await self._writable.wait()

    def read_on(self) -> None:
        """The application wants more of the body."""
        self._read_again()

    def answered(self, exchange: Exchange) -> None:
        """An answer was written to its end: the next request, or the end of the connection."""
        self.stats.requests += 1
        self._running = None
        if not exchange.keep_alive:
            unheard = not exchange.complete or self._phase is _Phase.DEAF
            self._leave()
            self._end(linger=unheard or self._transport.can_write_eof())
        elif self._waiting:
            self._running = self._waiting.popleft()
            self._listener.start(self._running)
        elif self._refusal is not None:
            self._write_refusal(self._refusal)
        elif self._phase is _Phase.IDLE:
            self._rest()
            if self._listener.draining:  # Its head was sent before: the client may be about to ask again.
                self._listener.call_last(self)
        elif self._listener.draining:
            self._deadline = min(self._deadline, self.loop.time() + _LAST_HEAD)

    def give_up(self, exchange: Exchange) -> None:
        """An application ended without an answer, or in the middle of it."""
        if exchange is not self._running:
            return
        exchange.leave()
        self._running = None
        if exchange.started:
            self._transport.abort()
        else:
            self.refuse(FAILED)

    # What the listener calls.

    def look(self, now: float) -> None:
        """End the connection when a time has passed: one in which to send, to read, or to be idle."""
        if self._closing:
            self._look_at_end(now)
        elif now >= self._deadline and self._unread is None:  # Else it is we who are late.
            self._deadline = inf
            self._expire()
        unsent, before = self._transport.get_write_buffer_size(), self._unsent
        self._unsent = unsent
        if not before or unsent < before or (unsent > before and not self.blocked):
            self._moved = now
        elif now - self._moved >= self._limits.stall_timeout:
            self.stats.refused["stalled"] += 1
            seconds, flag = self._limits.stall_timeout, flag_of("stall_timeout")
            self._listener.notices.tell("stalled", _STALLED, seconds, flag)
            self._transport.abort()

    def drain(self) -> None:
        """End as soon as no request is left."""
        if self._phase is _Phase.IDLE and self._running is None and self._unread is None:
            self._end(linger=False)

    def abort(self) -> None:
        """End now."""
        self._transport.abort()

    def refuse(self, refusal: Refusal) -> None:
        """Answer what is being received with a refusal, after the answers before it, and end."""
        if self._closing or self._refusal is not None:
            return
        self.stats.refused[refusal.reason] += 1
        self._phase = _Phase.DEAF
        self._deadline = inf
        broken, self._receiving = self._receiving, None
        if broken is None and (observer := self._listener.observer) is not None:
            client = _address(self._transport.get_extra_info("peername"))
            name = note_refusal(observer, client, int(refusal.answer[_STATUS]))
            self._refused_as = f"{REQUEST_ID}: {name}\r\n".encode()
        if broken is not None:
            broken.leave()
            if broken is self._running:
                self._running = None
                if broken.started:
                    self._transport.abort()
                    return
            elif broken in self._waiting:
                self._waiting.remove(broken)
        self._refusal = refusal
        self._read_again()
        if self._running is None:
            self._write_refusal(refusal)

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._phase = _Phase.HEAD
        self._begun += 1
        self._head_size = 0
        self._url = b""
        self._headers = []
        if self.idle_since is not None or self._running is not None:
            self.idle_since = None
            self._deadline = self.loop.time() + self._limits.handshake_timeout

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which is thrown away: it was not there when the request was judged."""
        headers = self._headers
        if len(headers) >= MOST_FIELDS:
            self._refuse_and_stop(TOO_MANY_FIELDS)
        if self._phase is _Phase.HEAD:
            headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The head has come: judge it, and have the request answered."""
        if self._head_size + self._fed > self._most_head:
            self._check_head_size()
        try:
            head = read_head(self._parser, self._url, self._headers)
        except HeadError as error:
            self._refuse_and_stop(error.refusal)
        if len(self._waiting) >= _MOST_WAITING:
            self._stop_pipelining()
        self._phase = _Phase.BODY
        self._wire = self._idle_wire = 0
        self._deadline = self.loop.time() + (self._limits.request_timeout or inf)
        exchange = Exchange(
            self,
            {**self._base_scope, **head.scope, "headers": self._headers},
            keep_alive=head.keep_alive,
            expects_continue=head.expects_continue,
        )
        self._head = head
        self._headers = []
        self._receiving = exchange
        if self._running is None:
            self._running = exchange
            self._listener.start(exchange)
        else:
            self._waiting.append(exchange)

    def on_body(self, piece: bytes) -> None:
        """A piece of the body."""
        exchange = self._receiving
        if exchange is None:
            return
        if exchange.put(piece) <= HIGH_WATER or self._paused:
            return
        if exchange is not self._running:
            self._stop_pipelining()
        self._paused = True
        self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """The request has come to its end."""
        exchange = self._receiving
        if exchange is None or (self._head.upgrade and self._head.has_body):
            return  # The parser takes an upgrade to have no body; see `_go_on_without_upgrade`.
        self._receiving = None
        self._phase = _Phase.IDLE
        self._deadline = inf
        exchange.finish()

    # Ends.

    def _rest(self) -> None:
        now = self.loop.time()
        self.idle_since = now
        self._deadline = now + (self._limits.idle_timeout or inf)
        self._read_again()

    def _expire(self) -> None:
        if self._phase is _Phase.BODY:
            self.refuse(self._listener.late_body)
        elif self.idle_since is None and self._heard:
            self.refuse(self._listener.late_head)
        else:
            self._tell_of_silence()
            self._end(linger=False)

    def _tell_of_silence(self) -> None:
        """The client says nothing: it was served, or was never heard."""
        tell = self._listener.notices.tell
        if self.idle_since is None:
            tell("handshake_timeout", LATE, flag_of("handshake_timeout"))
        else:
            tell("idle_timeout", _IDLE, self._limits.idle_timeout, flag_of("idle_timeout"))

    def _leave(self) -> None:
        for exchange in (self._running, self._receiving, *self._waiting):
            if exchange is not None:
                exchange.leave()
        self._running = self._receiving = None
        self._waiting.clear()

    def _write_refusal(self, refusal: Refusal) -> None:
        if self._transport.is_closing():
            return
        status, end, rest = refusal.answer.partition(b"\r\n")
        answer = b"".join((status, end, self._listener.date, self._refused_as, rest))
        self.write(answer)
        self.stats.bytes_out += len(answer)
        self._end(linger=True)

    def _end(self, *, linger: bool) -> None:
        """Close once the client's system has all that was sent; lingering, once the client has had time.

        A socket that is closed answers what still comes with a reset, and what has not left it by then is
        lost, on some systems what the client has not read as well (RFC 9112, 9.6).
        """
        self._phase = _Phase.DEAF
        self._closing = True
        self._deadline = inf
        self.idle_since = None
        self._untaken = self._count_untaken()
        if self._transport.is_closing() or not (linger or self._untaken):
            self._transport.close()
            return
        self._deadline = self.loop.time() + _LINGER
        self._read_again()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._close_when_taken = not linger

    def _look_at_end(self, now: float) -> None:
        """Close, if that was put off, when all is taken; cut off who takes no more and does not close."""
        if self._deadline == inf:
            return
        untaken = self._count_untaken()
        if untaken != self._untaken:  # Nothing is written any more: the client has taken some.
            self._untaken = untaken
            self._deadline = now + _LINGER
        if not untaken and self._close_when_taken:
            self._deadline = inf
            self._transport.close()
        elif now >= self._deadline and not self._transport.get_write_buffer_size():
            self._transport.abort()

    def _count_untaken(self) -> int:
        """Bytes that the client's system has not acknowledged, as far as ours can tell."""
        waiting = self._transport.get_write_buffer_size()
        sock = self._transport.get_extra_info("socket")
        if sock is None:
            return waiting
        try:
            (sent,) = struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)))
        except (OSError, ValueError):  # A socket of another kind, or one that is closed already.
            return waiting
        return waiting + int(sent)

    def _read_again(self) -> None:
        if self._paused:
            self._paused = False
            if self._unread is None and not self._transport.is_closing():
                self._transport.resume_reading()

    # What is parsed, and its limits.

    def _feed(self, data: memoryview) -> None:
        phase = self._phase
        size = len(data)
        self._begun = 0
        self._fed = size
        receiving = self._receiving
        before = receiving.received if receiving is not None else 0
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._go_on_without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._stop(error, data)
        if self._phase is _Phase.HEAD:
            if phase is _Phase.HEAD or self._begun == 1:
                self._head_size += size
            if self._head_size > self._most_head:
                self.refuse(self._listener.too_large_head)
        elif receiving is not None and receiving is self._receiving and phase is _Phase.BODY:
            self._check_framing(receiving, size, receiving.received > before)

    def _refuse_and_stop(self, refusal: Refusal) -> None:
        self.refuse(refusal)
        raise _RefusedError

    def _stop_pipelining(self) -> None:
        """Take no more requests; the client sends those again that were not answered."""
        self.stats.refused["pipelining"] += 1
        self._phase = _Phase.DEAF
        if self._receiving is not None:
            self._receiving.leave()
            self._waiting.remove(self._receiving)
            self._receiving = None
        last = self._waiting[-1] if self._waiting else self._running
        assert last is not None
        last.keep_alive = False
        raise _RefusedError

    def _check_head_size(self) -> None:
        size = len(self._url) + sum(len(name) + len(value) + 4 for name, value in self._headers)
        if size > self._most_head:
            self._refuse_and_stop(self._listener.too_large_head)

    def _check_framing(self, exchange: Exchange, size: int, grew: bool) -> None:
        """Bound what a chunked body is wrapped in: sizes, extensions, trailers."""
        self._wire += size
        self._idle_wire = 0 if grew else self._idle_wire + size
        if self._idle_wire > self._most_head:
            self.refuse(self._listener.too_large_trailers)
        elif self._wire > 2 * exchange.received + _SLACK:
            self.refuse(TOO_MUCH_FRAMING)

    def _stop(self, error: httptools.HttpParserError, data: memoryview) -> None:
        if self._phase is _Phase.DEAF:
            return
        if isinstance(error, httptools.HttpParserCallbackError):
            _LOG.error("a request could not be taken in", exc_info=error.__context__)
            self.refuse(FAILED)
        elif self._url == b"*" and bytes(data[: len(_PREFACE)]) == _PREFACE:
            self.refuse(NO_HTTP2)
        else:
            self.refuse(NO_TLS if bytes(data[: len(_TLS)]) == _TLS else malformed(str(error)))

    def _go_on_without_upgrade(self, rest: memoryview) -> None:
        """Upgrades are not offered, so a request for one is a request like any other."""
        head = self._head
        if self._receiving is not None:
            framing = "transfer-encoding: chunked" if head.chunked else f"content-length: {head.length}"
            self._parser = parser_within_body(self, framing)
            head.upgrade = False
        if rest and self._phase is not _Phase.DEAF:
            self._feed(rest)


def _address(address: object) -> tuple[str, int] | None:
    return (str(address[0]), int(address[1])) if isinstance(address, tuple) else None
