"""What a server has counted since it was made."""

from __future__ import annotations

from collections import Counter

__all__ = ["ServerStats"]


class ServerStats:
    """Counts of a server's connections and calls; plain numbers that only grow, but for those that say "now".

    Attributes:
        connections_open: Connections that are up now.
        connections: Connections that came up.
        connections_refused: Connections that were closed at once, see `--max-connections`.
        connections_ended: Connections that the server sent away, by reason.
        streams_open: Streams that are open now; a call is one.
        calls: Calls that began.
        calls_refused: Requests that did not become a call, or not a whole one, by reason.
        resets_received: Streams that clients reset.
        resets_sent: Streams that the server reset.
        bytes_received: Bytes that came, of all frames.
        bytes_sent: Bytes that were handed to the sockets, of all frames.
    """

    __slots__ = (
        "bytes_received",
        "bytes_sent",
        "calls",
        "calls_refused",
        "connections",
        "connections_ended",
        "connections_open",
        "connections_refused",
        "resets_received",
        "resets_sent",
        "streams_open",
    )

    def __init__(self) -> None:
        self.connections_open = 0
        self.connections = 0
        self.connections_refused = 0
        self.connections_ended: Counter[str] = Counter()
        self.streams_open = 0
        self.calls = 0
        self.calls_refused: Counter[str] = Counter()
        self.resets_received = 0
        self.resets_sent = 0
        self.bytes_received = 0
        self.bytes_sent = 0
