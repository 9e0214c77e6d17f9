"""Room for new connections where all that a server may have are taken."""

from __future__ import annotations

from time import monotonic
from typing import Final, Protocol

__all__ = ["Room", "Roomer"]

_MAY_BE_SILENT: Final = 0.1
"""Seconds in which a new connection is expected to send something."""
_MAY_MAKE_NO_CALL: Final = 2.0
"""Seconds in which one is expected to make a call, when others want its place."""


class Roomer(Protocol):
    """A connection that takes a place."""

    @property
    def greeted(self) -> bool:
        """Whether the client has spoken HTTP/2."""

    @property
    def called(self) -> bool:
        """Whether it has ever made a call."""

    def give_way(self) -> None:
        """Close; another has its place."""


class Room:
    """Knows which connections are of use to nobody so far, the oldest first.

    A client with a call has sent it by the time that a flood of silent ones has gone once around.
    """

    def __init__(self) -> None:
        self._unused: dict[Roomer, float] = {}

    def enter(self, connection: Roomer) -> None:
        """A connection is up, or begins to shake hands."""
        self._unused[connection] = monotonic()

    def leave(self, connection: Roomer) -> None:
        """It has ended."""
        self._unused.pop(connection, None)

    def make(self) -> bool:
        """Close the oldest that says nothing, or the oldest without a call; whether there was one."""
        chosen, now = None, monotonic()
        for connection, since in list(self._unused.items()):
            if connection.called:
                del self._unused[connection]
            elif not connection.greeted and now - since >= _MAY_BE_SILENT:
                chosen = connection
                break
            elif chosen is None and now - since >= _MAY_MAKE_NO_CALL:
                chosen = connection
        if chosen is None:
            return False
        self.leave(chosen)
        chosen.give_way()
        return True
