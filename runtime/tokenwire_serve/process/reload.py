"""Files that are read again when they change."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

from .settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

__all__ = ["WatchedFiles", "watch"]

_LOG: Final = logging.getLogger("tokenwire.serve")

_State: TypeAlias = "tuple[tuple[int, ...] | None, ...]"


class WatchedFiles:
    """Files that belong together, and what to do when they have changed.

    Make it before they are read for the first time.

    Args:
        what: What they hold, for the log.
        files: Their paths; of a link that counts which it leads to.
        load: Reads them again and puts to use what they hold.
    """

    def __init__(self, what: str, files: Iterable[Path], load: Callable[[], Awaitable[None]]) -> None:
        self._what = what
        self._files = tuple(files)
        self._load = load
        self._loaded = self._seen = self._look()

    async def check(self) -> None:
        """Read them again if they have changed, and not since the last check: files come one by one."""
        state, seen = self._look(), self._seen
        self._seen = state
        if state == self._loaded or state != seen:
            return
        self._loaded = state
        try:
            await self._load()
        except SettingsError as error:
            _LOG.error("%s; the %s in use before stay", error, self._what)
        except Exception:
            _LOG.exception("the %s cannot be read again; those in use before stay", self._what)
        else:
            _LOG.info("read the %s again: new ones are in use", self._what)

    def _look(self) -> _State:
        return tuple([_state(path) for path in self._files])


async def watch(watched: Iterable[WatchedFiles], period: float) -> NoReturn:
    """Check files every so many seconds."""
    kept = tuple(watched)
    while True:
        await asyncio.sleep(period)
        for files in kept:
            await files.check()


def _state(path: Path) -> tuple[int, ...] | None:
    """What changes with a file; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev
