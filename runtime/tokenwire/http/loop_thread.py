"""An event loop in a thread of its own, for callers that block."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from concurrent.futures import Future

__all__ = ["LoopThread"]

T = TypeVar("T")


class LoopThread:
    """Runs coroutines for threads that wait for them; it ends with the process at the latest."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._waited_for: set[Future[Any]] = set()
        self._thread = threading.Thread(target=self._run, name="tokenwire-loop", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`; interrupting the wait cancels it.

        Raises:
            concurrent.futures.CancelledError: The thread was closed meanwhile.
            RuntimeError: It was closed before.
        """
        try:
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:
            work.close()
            raise
        self._waited_for.add(future)
        try:
            return future.result()
        finally:
            self._waited_for.discard(future)
            future.cancel()

    def close(self) -> None:
        """Cancel what still runs, end the loop and wait for the thread."""
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()
        for future in list(self._waited_for):
            future.cancel()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._until_closed())

    async def _until_closed(self) -> None:
        await self._closing.wait()
