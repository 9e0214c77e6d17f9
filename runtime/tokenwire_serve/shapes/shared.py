"""Work that is done once for all who ask for it meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["Shared"]


class Shared:
    """Runs one at a time; whoever asks while it runs waits for the same end.

    However many ask, and ask again, there is never more work than one of them would make. It goes on
    when those who wait for it leave.

    Args:
        work: Makes what is run.
    """

    def __init__(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._work = work
        self._task: asyncio.Task[None] | None = None

    async def __call__(self) -> None:
        """Wait until it has ended; raises what it raises."""
        if self._task is None:
            self._task = asyncio.create_task(self._work())
            self._task.add_done_callback(self._ended)
        await asyncio.shield(self._task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled():
            task.exception()  # seen, also where nobody waits any more
