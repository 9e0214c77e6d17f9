"""What runs here, where it may be that nothing does."""

from __future__ import annotations

import asyncio
from typing import Any

__all__ = ["current_task", "running_loop"]


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop that runs in this thread, if any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def current_task() -> asyncio.Task[Any] | None:
    """The task that runs in this thread, if any; a callback is none."""
    return asyncio.current_task() if running_loop() is not None else None
