"""How fast requests leave an engine, and what that means for those that wait."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from tokenwire.codes import Code
from tokenwire.details import retry_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenwire.errors import RpcError

__all__ = ["Pace"]

_MEMORY_S: Final = 30.0
"""What left longer ago counts half, and what left twice as long ago a quarter."""
_UNKNOWN_S: Final = 1.0
_LEAST_S: Final = 0.1
_MOST_S: Final = 60.0
_SHARE: Final = 10
"""A refused caller is told to come back when one in so many of those that wait has gone."""


class Pace:
    """Sequences per second that leave while others wait; when nobody waits they leave as they come.

    Args:
        clock: Tells seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None
        self._gone = 0.0
        self._rate: float | None = None

    def left(self, count: int, waiting: int) -> None:
        """Note that sequences have ended.

        Args:
            count: How many.
            waiting: How many wait for a place now.
        """
        if waiting <= 0:
            self._rate = self._measured()
            self._since = None
            return
        now = self._clock()
        if self._since is None:
            self._since, self._gone = now, 0.0
            return
        self._gone += count
        if now - self._since > 2 * _MEMORY_S:
            self._since = now - (now - self._since) / 2
            self._gone /= 2

    def _measured(self) -> float | None:
        """Sequences per second; None before any was measured."""
        if self._since is None or not self._gone:
            return self._rate
        return self._gone / max(self._clock() - self._since, 1e-3)

    def wait(self, ahead: int) -> float | None:
        """Seconds until so many sequences have left; 0 for none or less, None is unknown."""
        if ahead <= 0:
            return 0.0
        rate = self._measured()
        return None if rate is None else ahead / rate

    def full(self, sentence: str, waiting: int) -> RpcError:
        """RESOURCE_EXHAUSTED for a sequence that has no place to wait, with the time to try again."""
        places = max(1, waiting // _SHARE)
        seconds = self.wait(places)
        seconds = _UNKNOWN_S if seconds is None else min(max(seconds, _LEAST_S), _MOST_S)
        return retry_after(
            Code.RESOURCE_EXHAUSTED, f"{sentence} (--max-waiting-requests); try again later", seconds
        )
