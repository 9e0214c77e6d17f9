"""Lines in the log for what the protocol has no words for, not more of them than people can read."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from logging import Logger

__all__ = ["LATE", "Notices"]

LATE: Final = "a connection ends: its client took too long to shake hands or to speak (%s)"
"""Of a client that comes up against the time of the flag which it is formatted with."""

_SECONDS: Final = 60.0
"""How often one kind of thing is told."""


class Notices:
    """Tells the log what clients come up against, each kind once a minute at most; counters have the rest.

    Args:
        log: Where the lines go, at level INFO.
    """

    __slots__ = ("_log", "_told_at")

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._told_at: dict[str, float] = {}

    def tell(self, kind: str, text: str, *args: object) -> None:
        """Write a line, unless one of its kind was written a moment ago.

        Args:
            kind: One of a few: what has been told is remembered for each.
            text: What to say, with the log's placeholders.
            args: What they stand for.
        """
        now = monotonic()
        if now - self._told_at.get(kind, -_SECONDS) >= _SECONDS:
            self._told_at[kind] = now
            self._log.info(text, *args)
