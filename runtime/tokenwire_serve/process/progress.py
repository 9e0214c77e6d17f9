"""Shows on stderr that an engine starts, and how far it has come."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from tokenwire_serve.engine import ServerStatus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tokenwire_serve.engine import Engine, EngineState

__all__ = ["progress"]

_LOG: Final = logging.getLogger("tokenwire.serve")
_FRAMES: Final = "|/-\\"
_PERIOD: Final = 0.2
_CLEAR: Final = "\r\x1b[K"


@asynccontextmanager
async def progress(what: str, engine: Engine, *, logged: bool = False) -> AsyncIterator[None]:
    """Tell of `what` while the block runs, with the reasons that the engine gives for not being up yet.

    On a terminal that is a line that moves; elsewhere a line at the start, at each new reason and at
    the end; with `logged` these go to the log.
    """
    shown = _Logged(what) if logged else _Moving(what) if sys.stderr.isatty() else _Lines(what)
    unwatch = engine.watch(shown.follow)
    try:
        yield
    except BaseException:
        shown.stop()
        raise
    finally:
        unwatch()
    shown.stop()
    shown.say(f"{what}: done in {shown.seconds:.1f} s")


class _Lines:
    """Writes a line for what is new."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._reason = ""
        self._started = time.monotonic()
        self._begin()

    @property
    def seconds(self) -> float:
        """How long it has been under way."""
        return time.monotonic() - self._started

    def follow(self, state: EngineState) -> None:
        """Show the reason of a state if it is a new one of the start."""
        reason = " ".join(state.reason.split())
        if state.status is ServerStatus.STARTING and reason != self._reason:
            self._reason = reason
            self._tell()

    def stop(self) -> None:
        """Show nothing more."""

    def say(self, text: str) -> None:
        """Write a line."""
        _write(f"{text}\n")

    def _begin(self) -> None:
        self.say(f"{self._what} ...")

    def _tell(self) -> None:
        self.say(f"{self._text} ({self.seconds:.1f} s)")

    @property
    def _text(self) -> str:
        return f"{self._what}: {self._reason}" if self._reason else self._what


class _Logged(_Lines):
    """Has its lines in the log."""

    def say(self, text: str) -> None:
        _LOG.info("%s", text)


class _Moving(_Lines):
    """Keeps one line of a terminal moving."""

    def stop(self) -> None:
        self._spinner.cancel()
        _write(_CLEAR)

    def _begin(self) -> None:
        self._spinner = asyncio.create_task(self._spin())

    def _tell(self) -> None:
        """Nothing to do: the next turn shows it."""

    async def _spin(self) -> None:
        count = 0
        while True:
            line = f"{_FRAMES[count % len(_FRAMES)]} {self._text} ({self.seconds:.0f} s)"
            _write(_CLEAR + line[: shutil.get_terminal_size().columns - 1])
            count += 1
            await asyncio.sleep(_PERIOD)


def _write(text: str) -> None:
    with suppress(OSError, ValueError):  # A server starts, too, where nobody can read how far it is.
        sys.stderr.write(text)
        sys.stderr.flush()
