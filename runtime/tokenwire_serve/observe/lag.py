"""How late the event loop is: a timer that looks at the clock."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from . import names
from .series import Histogram

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .series import Row

__all__ = ["LoopLag"]

_LOG: Final = logging.getLogger("tokenwire.serve")
_PERIOD: Final = 0.25
_LONG: Final = 1.0
_QUIET: Final = 10.0


class LoopLag:
    """Samples the lag of the loop that starts it; one of more than a second is told in the log.

    Args:
        period: Seconds between samples.
    """

    def __init__(self, period: float = _PERIOD) -> None:
        self._period = period
        self._lags = Histogram(names.LOOP_LAG.buckets)
        self._handle: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._told = float("-inf")

    def start(self) -> None:
        """Sample from now on."""
        self._next(asyncio.get_running_loop())

    def stop(self) -> None:
        """Sample no more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def rows(self) -> Iterator[Row]:
        """The samples so far."""
        yield names.LOOP_LAG, (), self._lags.copy()

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = loop.time() + self._period
        self._handle = loop.call_at(self._due, self._sample, loop)

    def _sample(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        lag = max(0.0, now - self._due)
        self._lags.add(lag)
        if lag > _LONG and now - self._told > _QUIET:
            self._told = now
            _LOG.warning("the event loop stood still for %.1f s: something blocks it", lag)
        self._next(loop)
