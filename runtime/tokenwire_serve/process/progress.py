"""Shows on stderr that something slow is under way."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["progress"]

_FRAMES: Final = "|/-\\"
_PERIOD: Final = 0.2


@asynccontextmanager
async def progress(what: str) -> AsyncIterator[None]:
    """Tell of `what` while the block runs: moving on a terminal, two lines elsewhere."""
    started = time.monotonic()
    terminal = sys.stderr.isatty()
    if not terminal:
        _write(f"{what} ...\n")
    spinner = asyncio.create_task(_spin(what, started)) if terminal else None
    try:
        yield
    except BaseException:
        _stop(spinner)
        raise
    _stop(spinner)
    _write(f"{what}: done in {time.monotonic() - started:.1f} s\n")


async def _spin(what: str, started: float) -> None:
    count = 0
    while True:
        _write(f"\r{_FRAMES[count % len(_FRAMES)]} {what} ({time.monotonic() - started:.0f} s)")
        count += 1
        await asyncio.sleep(_PERIOD)


def _stop(spinner: asyncio.Task[None] | None) -> None:
    if spinner is not None:
        spinner.cancel()
        _write("\r\x1b[K")


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
