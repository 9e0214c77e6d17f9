"""Looks for reference cycles when nobody waits for an answer."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["IdleCollector"]

_SECONDS: Final = 1.0
"""How often it looks whether it is quiet."""
_RARELY: Final = 100
"""Collections of younger objects until a full one comes in any case: ten times Python's number."""


class IdleCollector:
    """Has Python's full collections made in quiet moments.

    A full collection looks through all objects of all connections, and nothing is answered meanwhile: about
    60 ms for a thousand connections. Calls leave no cycles behind, so there is no haste; where it is never
    quiet, a collection comes all the same, ten times more seldom than Python would have it.

    Several in a process share Python's collector: the last to stop leaves it as the first found it.

    Args:
        activity: Changes with all that happens; None while anybody waits for an answer.
    """

    _started: ClassVar[set[IdleCollector]] = set()
    _usual: ClassVar[tuple[int, int, int]] = gc.get_threshold()

    def __init__(self, activity: Callable[[], object | None]) -> None:
        self._activity = activity
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Do so from now on."""
        if not self._started:
            young, middle, _ = IdleCollector._usual = gc.get_threshold()
            gc.set_threshold(young, middle, _RARELY)
        self._started.add(self)
        self._task = asyncio.get_running_loop().create_task(self._look())

    def stop(self) -> None:
        """Leave it to Python."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self._started.remove(self)
            if not self._started:
                gc.set_threshold(*self._usual)

    async def _look(self) -> None:
        before: object | None = None
        while True:
            await asyncio.sleep(_SECONDS)
            before, last = self._activity(), before
            if before is not None and before == last and gc.get_count()[2] > self._usual[2]:
                gc.collect()
