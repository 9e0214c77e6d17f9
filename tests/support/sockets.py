"""How a client of the tests leaves."""

from __future__ import annotations

import asyncio
import contextlib

__all__ = ["hang_up"]


async def hang_up(writer: asyncio.StreamWriter, reading: asyncio.Task[None]) -> None:
    """End the task that reads from a connection, and close that; the other side may have gone before."""
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
