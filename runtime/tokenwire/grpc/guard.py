"""What a peer may ask for nothing: a budget for frames that are cheap to send and dear to take."""

from __future__ import annotations

from time import monotonic
from typing import Final, Protocol

from h2.errors import ErrorCodes

from .stats import ServerStats

__all__ = ["TOO_MANY_PINGS", "Guard"]

TOO_MANY_PINGS: Final = "too_many_pings"
"""What gRPC's clients look for, to the letter, so that they ping less often on their next connection."""

_PER_SECOND: Final = 1000.0
_FIRST: Final = 6000.0
_BURST_PER_STREAM: Final = 12.0
_ANSWERED: Final = 10.0
_BYTES_PER_POINT: Final = 512
_TURN: Final = 100.0
"""Points that one turn may cost: then other connections have theirs."""

_HASTY: Final = 300.0
"""Calls that may be reset in the breath that asked for them; each that is answered allows for one more."""
_HASTY_PER_SECOND: Final = 50.0

_RESET: Final = 10
_LATE_RESET: Final = 2
_FAULT: Final = 40
_NO_CALL: Final = 10
_FRAGMENT: Final = 1
_EMPTY: Final = 3
_FRAMES: Final = {
    0x0: (2, "DATA frames that are padded or out of place"),
    0x1: (5, "HEADERS frames"),
    0x2: (3, "PRIORITY frames"),
    0x3: (_RESET, "RST_STREAM frames"),
    0x4: (60, "SETTINGS frames"),
    0x6: (2, "PING frames"),
    0x7: (3, "GOAWAY frames"),
    0x8: (1, "WINDOW_UPDATE frames"),
    0x9: (2, "CONTINUATION frames"),
}
"""Points of a frame by its type; those in ordinary form (see `WireSession`) are not counted here."""
_UNKNOWN: Final = (3, "frames of unknown types")
_BYTES_PER_POINT_OF_FRAME: Final = 512
"""What a frame of another type than DATA holds is worth as much."""
_DATA: Final = 0x0
_RST_STREAM: Final = 0x3
_WINDOW_UPDATE: Final = 0x8

_NO_FAULT: Final = frozenset({ErrorCodes.NO_ERROR, ErrorCodes.CANCEL})
_MUCH: Final = 1024
"""DATA of so many bytes costs its sender as much as us."""
_SMALL: Final = 256
_MANY_FIELDS: Final = 128
_MUCH_HUFFMAN: Final = 4096
"""Octets in Huffman's code that a header block may have: large cookies and tokens are of that size."""
_HUFFMAN_PER_POINT: Final = 80

_BYTES_PER_UPDATE: Final = 5
_MOST_UPDATES: Final = 256 << 10

_STRIKES: Final = 2
_BUSY_INTERVAL: Final = 1.0
_EARLY: Final = 0.9


class _Session(Protocol):
    """What it looks at of a connection."""

    paused: bool
    highest_inbound_stream_id: int

    @property
    def sent(self) -> int:
        """Bytes of DATA that were sent."""


class _NoSession:
    """That of a connection that is gone."""

    paused = False
    highest_inbound_stream_id = 0
    sent = 0


class Guard:
    """Counts what a peer makes this side do without anything coming of it.

    A point stands for about 10 us of this side's time, or more where an honest peer has no reason at all for
    what it does. A connection begins with 6000 of them and gets 1000 per second, 10 for each call that was
    answered and one for each 512 bytes of answers, up to 12 for each stream that it may have open. So a
    client may cancel all its calls at once and a hundred per second for ever, and one that takes what it
    asked for may do so at any rate; a peer that connects again and again only to be sent away costs some
    hundredths of a second each time. Time in which the peer's own frames wait for their turns brings it
    nothing: many connections that flood would live on that. Calls that are reset together with the
    request, before anybody could look at it, have a lower limit of their own.

    WINDOW_UPDATE costs nothing as long as there is not more than one for five bytes of data sent, and PING
    nothing beside its own rule: a ping counts as a strike when it comes sooner than the interval after the
    one before and nothing was sent or asked in between; with the third strike in a row the peer is sent away.
    While calls run the interval is a second at most, so that a long quiet generation outlives any
    keepalive. Those who measure their bandwidth with pings send them after data.

    Args:
        max_streams: Streams that the peer may have open; 0 is a peer that is trusted, without a budget.
        ping_interval: Seconds between pings; 0 is no rule.
        stats: Where resets are counted.

    Attributes:
        reason: Why the peer is to be sent away; empty while it is not.
        spent: Points that its turn has cost so far; the one who gives it its turns sets that to 0.
    """

    __slots__ = (
        "_at",
        "_burst",
        "_costs",
        "_hasty",
        "_interval",
        "_pinged",
        "_points",
        "_progress",
        "_sent",
        "_strikes",
        "_turn",
        "_updates",
        "_windowed",
        "reason",
        "session",
        "spent",
        "stats",
    )
    session: _Session

    def __init__(
        self, max_streams: int = 0, ping_interval: float = 0.0, stats: ServerStats | None = None
    ) -> None:
        self.stats = stats or ServerStats()
        self.reason = ""
        self._burst = max(_FIRST, _BURST_PER_STREAM * max_streams) if max_streams else float("inf")
        self._points = _FIRST if max_streams else self._burst
        self._hasty = _HASTY if max_streams else self._burst
        self._costs: dict[str, float] = {}
        self._turn = _TURN if max_streams else self._burst
        self._at = monotonic()
        self.spent = 0.0
        self._sent = self._windowed = 0
        self._updates = float(_MOST_UPDATES)
        self._interval = ping_interval
        self._strikes = 0
        self._pinged = float("-inf")
        self._progress = -1

    @property
    def wary(self) -> bool:
        """Whether the peer has less than half of the points that it began with."""
        return self._points < _FIRST / 2

    def charge(self, points: float, what: str) -> None:
        """Take points for something; `what` in the plural is for the peer to read."""
        if not self.spent:
            self._refill()
        self.spent += points
        self._points -= points
        self._costs[what] = self._costs.get(what, 0.0) + points
        if self._points < 0:
            self._send_away(f"too many {max(self._costs, key=self._costs.__getitem__)}")
        elif self.spent >= self._turn:
            self.session.paused = True

    def leave(self) -> None:
        """The connection is gone: let go of it, so that nobody has to look for a cycle."""
        self.session = _NoSession()

    def _send_away(self, reason: str) -> None:
        if not self.reason:
            self.reason = reason
            self.session.paused = True

    def _refill(self) -> None:
        now, sent = monotonic(), self.session.sent
        seconds = now - self._at
        gained = seconds * _PER_SECOND + (sent - self._sent) / _BYTES_PER_POINT
        self._points = min(self._burst, self._points + gained)
        self._hasty = min(max(_HASTY, self._hasty), self._hasty + seconds * _HASTY_PER_SECOND)
        self._at, self._sent = now, sent
        if self._points == self._burst:
            self._costs.clear()

    def waits(self) -> None:
        """The peer's frames begin to wait for their turns."""
        self._refill()

    def waited(self) -> None:
        """They have a turn: the time since the last one gives the peer nothing."""
        self._at = monotonic()

    def answered(self) -> None:
        """A call was answered to its end."""
        if self._points < self._burst:
            self._points += _ANSWERED
        if self._hasty < self._burst:
            self._hasty += 1

    def hasty_reset(self) -> None:
        """A call was reset in the breath that asked for it; its frame was counted before."""
        self._hasty -= 1
        if self._hasty < 0:
            self._send_away("too many calls that were reset at once")

    def frame(self, kind: int, size: int, *, late: bool = False) -> None:
        """A frame came that is not one of the ordinary; `size` is that of its payload.

        With `late` it is a RST_STREAM of a stream that the peer has reset before.
        """
        if late:
            self.charge(_LATE_RESET, "RST_STREAM frames")
            return
        if kind == _RST_STREAM:
            self.stats.resets_received += 1
        elif kind == _WINDOW_UPDATE and self._is_due():
            return
        points, what = _FRAMES.get(kind, _UNKNOWN)
        if kind != _DATA:
            points += size // _BYTES_PER_POINT_OF_FRAME
        elif size >= _MUCH:
            return
        self.charge(points, what)

    def window_update(self) -> None:
        """An ordinary WINDOW_UPDATE came."""
        if not self._is_due():
            self.charge(1, "WINDOW_UPDATE frames")

    def _is_due(self) -> bool:
        sent = self.session.sent
        credit = min(self._updates + sent - self._windowed, _MOST_UPDATES)
        self._windowed = sent
        if credit < _BYTES_PER_UPDATE:
            self._updates = credit
            return False
        self._updates = credit - _BYTES_PER_UPDATE
        return True

    def settings(self, streams: int) -> None:
        """Settings came that may touch so many streams."""
        self.charge(streams / 10, "SETTINGS frames")

    def empty(self) -> None:
        """DATA came that holds nothing and ends nothing."""
        self.charge(_EMPTY, "empty DATA frames")

    def fragment(self, size: int) -> None:
        """DATA came that completes no message."""
        if size < _SMALL:
            self.charge(_FRAGMENT, "fragments of messages")

    def fields(self, count: int) -> None:
        """A header block came with so many fields."""
        if count > _MANY_FIELDS:
            self.charge((count - _MANY_FIELDS) / 2, "header fields")

    def huffman(self, octets: int) -> None:
        """A header block had so many octets in Huffman's code."""
        if octets > _MUCH_HUFFMAN:
            self.charge((octets - _MUCH_HUFFMAN) / _HUFFMAN_PER_POINT, "header fields in Huffman's code")

    def reset_sent(self, code: int) -> None:
        """A stream was reset from here, with an error that says whether the peer made a mistake."""
        self.stats.resets_sent += 1
        points = _RESET if code in _NO_FAULT else _FAULT
        self.charge(points, "streams that had to be reset or refused")

    def no_call(self) -> None:
        """A request came that is no call."""
        self.charge(_NO_CALL, "requests that are no calls")

    def ping(self, *, busy: bool) -> None:
        """A PING came, while calls run (`busy`) or not."""
        if not self._interval:
            return
        now, progress = monotonic(), self.session.sent + self.session.highest_inbound_stream_id
        least = min(self._interval, _BUSY_INTERVAL) if busy else self._interval
        if progress != self._progress or now - self._pinged >= least * _EARLY:
            self._strikes = 0
        else:
            self._strikes += 1
            if self._strikes > _STRIKES:
                self._send_away(TOO_MANY_PINGS)
        self._pinged, self._progress = now, progress
