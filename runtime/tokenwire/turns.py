"""Turns of connections that have sent much at once."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from time import perf_counter
from typing import Final, Protocol

__all__ = ["Turns"]

log = logging.getLogger("tokenwire.turns")

_TURN_SECONDS: Final = 0.001


class _Worker(Protocol):
    """A connection with a backlog."""

    def work_off(self) -> bool:
        """Do a piece of the work; whether there is more."""

    def hold_off(self) -> None:
        """Take nothing more until the work is done."""

    def abort(self) -> None:
        """End the connection now: its work failed."""


class Turns:
    """Lets connections work off what came, a millisecond per turn of the loop for all together.

    However many peers flood, a connection that has little to say waits no longer for its turn. A piece
    that took longer is made up for by turns in which nothing is worked off: others may need many turns
    for what they do.

    Attributes:
        scheduled: Whether connections wait for their turns.
    """

    def __init__(self) -> None:
        self._waiting: deque[_Worker] = deque()
        self._over = 0.0
        self.scheduled = False

    def add(self, worker: _Worker) -> None:
        """Give a connection turns until its work is done."""
        self._waiting.append(worker)
        if not self.scheduled:
            self.scheduled = True
            asyncio.get_running_loop().call_soon(self._run)

    def _run(self) -> None:
        waiting = self._waiting
        over = self._over - _TURN_SECONDS
        begin = perf_counter()
        while waiting and over < 0:
            worker = waiting.popleft()
            try:
                if worker.work_off():
                    waiting.append(worker)
            except Exception:  # The others have their turns all the same.
                log.exception("a connection is ended: its work failed")
                worker.abort()
            over += (now := perf_counter()) - begin
            begin = now
        self._over = max(over, 0.0)
        self.scheduled = bool(waiting)
        if waiting:
            for worker in waiting:
                worker.hold_off()
            asyncio.get_running_loop().call_soon(self._run)
