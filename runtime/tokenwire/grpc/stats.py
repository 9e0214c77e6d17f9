"""What a server has counted since it was made."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Final, Protocol

from tokenwire.notices import Notices

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["ServerStats", "Serving"]

_LOG: Final = logging.getLogger("tokenwire.grpc")


class Serving(Protocol):
    """A connection that is up."""

    @property
    def streams(self) -> int:
        """How many streams are open."""


class ServerStats:
    """Counts of a server's connections and calls; plain numbers that only grow.

    Attributes:
        connections: Connections that came up: their clients have said something.
        connections_refused: Connections that were closed at once, see `--max-connections`.
        connections_ended: Connections that the server sent away, by reason.
        servings: The connections that are up now.
        newcomers: Those that are not up yet.
        calls: Calls that began.
        calls_refused: Requests that did not become a call, or not a whole one, by reason.
        resets_received: Streams that clients reset.
        resets_sent: Streams that the server reset.
        bytes_received: Bytes that came, of all frames.
        bytes_sent: Bytes that were handed to the sockets, of all frames.
        notices: Tells the log of what is counted, now and then.
    """

    __slots__ = (
        "bytes_received",
        "bytes_sent",
        "calls",
        "calls_refused",
        "connections",
        "connections_ended",
        "connections_refused",
        "newcomers",
        "notices",
        "resets_received",
        "resets_sent",
        "servings",
    )

    def __init__(self, servings: Collection[Serving] = ()) -> None:
        self.servings = servings
        self.newcomers: Collection[object] = ()
        self.connections = 0
        self.connections_refused = 0
        self.connections_ended: Counter[str] = Counter()
        self.calls = 0
        self.calls_refused: Counter[str] = Counter()
        self.resets_received = 0
        self.resets_sent = 0
        self.bytes_received = 0
        self.bytes_sent = 0
        self.notices = Notices(_LOG)

    @property
    def connections_open(self) -> int:
        """Connections that there are now, up or not yet."""
        return len(self.servings) + len(self.newcomers)

    @property
    def streams_open(self) -> int:
        """Streams that are open now; a call is one."""
        return sum(serving.streams for serving in self.servings)
