"""How long a connection may live, be silent, and take over what it does."""

from __future__ import annotations

import asyncio
from random import uniform
from typing import TYPE_CHECKING, Final, Protocol

from h2.errors import ErrorCodes

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.limits import flag_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokenwire.limits import Limits

    from .protocol import WireProtocol
    from .server_call import ServerCall

__all__ = ["Lifetime"]

_CHECKS: Final = 4
"""A limit of time is looked at so many times while it runs, so it may be overrun by a fourth."""
_LEAST_PAUSE: Final = 0.01
_JITTER: Final = 0.1
_NEVER: Final = float("inf")
_PING: Final = b"are you?"
_ENDS: Final = "a connection ends: %s"


class _Owner(Protocol):
    """The connection's calls."""

    @property
    def calls(self) -> Iterable[ServerCall]:
        """Those that run."""

    def shut_down(self, error: RpcError) -> None:
        """End the calls with an error, and the connection."""


class Lifetime:
    """Ends what takes too long: calls that stall, requests that do not come, and the connection itself.

    One timer per connection looks at all of it; nothing is done per frame.

    Args:
        limits: The times.
        owner: Who has the calls.
        protocol: The connection.
    """

    def __init__(self, limits: Limits, owner: _Owner, protocol: WireProtocol) -> None:
        self._limits = limits
        self._owner = owner
        self._protocol = protocol
        self._stats = protocol.connection.session.guard.stats
        self._loop = asyncio.get_running_loop()
        now = self._loop.time()
        self._idle_since = self._heard_at = now
        self._newest_stream = 0
        self._pinged_at: float | None = None
        age = limits.max_connection_age
        self._leaves_at = now + age * uniform(1 - _JITTER, 1 + _JITTER) if age else _NEVER
        self._gone_at = _NEVER
        self._head = 0
        self._head_since = now
        times = (
            limits.handshake_timeout,
            limits.stall_timeout,
            limits.keepalive_time,
            limits.idle_timeout,
            limits.request_timeout,
        )
        self._pause = max(min(time for time in times if time) / _CHECKS, _LEAST_PAUSE)
        self._timer: asyncio.TimerHandle | None = None
        self._check_later()

    def end(self) -> None:
        """The connection is gone."""
        if self._timer is not None:
            self._timer.cancel()

    def _check_later(self) -> None:
        at = min(self._loop.time() + self._pause, self._leaves_at, self._gone_at)
        if self._pinged_at is not None:
            at = min(at, self._pinged_at + self._limits.keepalive_timeout)
        self._timer = self._loop.call_at(at, self._check)

    def _check(self) -> None:
        now = self._loop.time()
        self._end_stalled_calls()
        self._end_slow_requests(now)
        self._watch_head(now)
        self._watch_age(now)
        self._watch_idleness(now)
        self._watch_silence(now)
        if not self._protocol.connection.is_closing():
            self._check_later()

    def _end_stalled_calls(self) -> None:
        seconds = self._limits.stall_timeout
        for stream in self._protocol.connection.stalled(seconds):
            self._stats.calls_refused["stall_timeout"] += 1
            stream.reset_now(ErrorCodes.CANCEL)
            reason = f"the client read nothing for {seconds:g} s ({flag_of('stall_timeout')})"
            stream.receiver.terminated(reason)
            self._stats.notices.tell("stall_timeout", "a call ends: %s", reason)

    def _end_slow_requests(self, now: float) -> None:
        seconds = self._limits.request_timeout
        if not seconds:
            return
        for call in [call for call in self._owner.calls if call.receives_since(now) <= now - seconds]:
            self._stats.calls_refused["request_timeout"] += 1
            text = (
                f"the request is not complete after {seconds:g} s, the limit of {flag_of('request_timeout')}"
            )
            call.abort(RpcError(Code.RESOURCE_EXHAUSTED, text))

    def _watch_head(self, now: float) -> None:
        """End a connection whose header block does not come to its end: nothing else can come meanwhile."""
        seconds, head = self._limits.handshake_timeout, self._protocol.connection.session.unfinished_head
        if not head or head != self._head:
            self._head, self._head_since = head, now
        elif now - self._head_since >= seconds:
            text = f"header fields are not complete after {seconds:g} s, {flag_of('handshake_timeout')}"
            self._protocol.send_away(text, "handshake_timeout")

    def _watch_age(self, now: float) -> None:
        limits = self._limits
        if now >= self._leaves_at:
            self._leaves_at = _NEVER
            self._stats.connections_ended["max_connection_age"] += 1
            if limits.max_connection_age_grace:
                self._gone_at = now + limits.max_connection_age_grace
            age, flag = limits.max_connection_age, flag_of("max_connection_age")
            self._part("max_connection_age", f"the connection has been open for about {age:g} s ({flag})")
        elif now >= self._gone_at:
            self._gone_at = _NEVER
            text = (
                f"the connection has reached {flag_of('max_connection_age')}, and its calls have had"
                f" {limits.max_connection_age_grace:g} s to end, {flag_of('max_connection_age_grace')}"
            )
            self._stats.notices.tell("max_connection_age_grace", _ENDS, text)
            self._owner.shut_down(RpcError(Code.UNAVAILABLE, text))

    def _part(self, limit: str, reason: str) -> None:
        """Ask the client to go, for it has reached a limit."""
        self._stats.notices.tell(limit, _ENDS, reason)
        self._protocol.processor.part(reason)

    def _watch_idleness(self, now: float) -> None:
        processor, connection = self._protocol.processor, self._protocol.connection
        seconds, newest = self._limits.idle_timeout, connection.session.highest_inbound_stream_id
        if processor.streams or newest != self._newest_stream:
            self._newest_stream = newest
            self._idle_since = now
        elif (
            seconds and now - self._idle_since >= seconds and not processor.parting and not connection.leaving
        ):
            self._stats.connections_ended["idle_timeout"] += 1
            flag = flag_of("idle_timeout")
            self._part("idle_timeout", f"the connection had no calls for {seconds:g} s ({flag})")

    def _watch_silence(self, now: float) -> None:
        limits, protocol = self._limits, self._protocol
        if protocol.heard or not limits.keepalive_time:
            protocol.heard = False
            self._heard_at, self._pinged_at = now, None
        elif self._pinged_at is not None:
            if now - self._pinged_at >= limits.keepalive_timeout:
                self._stats.connections_ended["keepalive_timeout"] += 1
                reason = (
                    f"the client said nothing for {limits.keepalive_time:g} s ({flag_of('keepalive_time')})"
                    f" and {limits.keepalive_timeout:g} s after a ping ({flag_of('keepalive_timeout')})"
                )
                self._stats.notices.tell("keepalive_timeout", _ENDS, reason)
                protocol.processor.close(reason)
                protocol.connection.abort()
        elif now - self._heard_at >= limits.keepalive_time and not protocol.connection.is_closing():
            self._pinged_at = now
            protocol.connection.ping(_PING)
