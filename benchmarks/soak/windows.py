"""Whiles of a run in which something happens to a server, and what calls may make of it."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .ends import end_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .ends import End

__all__ = ["Window", "Windows"]


@dataclass(eq=False)
class Window:
    """From the moment of an event until the server has got over it.

    Attributes:
        name: Of the event.
        excused: How calls may end that are open meanwhile; who is turned away so calls again.
        opened: When it began, by the monotonic clock.
        closed: When it was over; infinite before that.
        calls: Calls that were open meanwhile.
        turned_away: Those of them that ended in an excused way, once or more often.
        answered: How many of these were answered when they were made again.
    """

    name: str
    excused: frozenset[End]
    opened: float = field(default_factory=time.monotonic)
    closed: float = math.inf
    calls: int = 0
    turned_away: int = 0
    answered: int = 0

    def holds(self, start: float, end: float) -> bool:
        """Whether a call from `start` to `end` was open meanwhile."""
        return start < self.closed and end >= self.opened

    def as_json(self, start: float) -> dict[str, Any]:
        """It as a row; the run began at `start`."""
        return {
            "moment": self.name,
            "second": round(self.opened - start, 2),
            "lasted_s": round(self.closed - self.opened, 2),
            "calls": self.calls,
            "turned_away": self.turned_away,
            "answered": self.answered,
        }


class Windows(list[Window]):
    """Those of one server."""

    @contextmanager
    def open(self, name: str, *excused: End) -> Iterator[Window]:
        """Open one for the time of the block."""
        window = Window(name, frozenset(excused))
        self.append(window)
        try:
            yield window
        finally:
            window.closed = time.monotonic()

    def excuse(self, error: Exception, start: float) -> Window | None:
        """The window that explains why a call that began at `start` ends so now."""
        end, now = end_of(error), time.monotonic()
        return next((w for w in self if end in w.excused and w.holds(start, now)), None)
