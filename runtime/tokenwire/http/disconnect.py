"""Work that ends with its client."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tokenwire.codes import Code

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive

    from tokenwire.record import CallRecord

__all__ = ["cancelled_by_disconnect"]


@asynccontextmanager
async def cancelled_by_disconnect(receive: Receive, record: CallRecord | None = None) -> AsyncIterator[None]:
    """Cancel the block when the client goes away, and end it quietly then."""
    task = asyncio.current_task()
    assert task is not None
    gone = False

    async def watch() -> None:
        nonlocal gone
        while (await receive())["type"] != "http.disconnect":
            pass
        gone = True
        task.cancel()

    watcher = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if record is not None and record.code is None:
            record.code = Code.CANCELLED
        if not gone or task.uncancel() > 0:
            raise
    finally:
        watcher.cancel()
