"""Gives memory back to the system that the C library keeps after much of it was in use."""

from __future__ import annotations

import asyncio
import ctypes
from typing import Final, Protocol

__all__ = ["Allocator", "Trimmer", "glibc"]

_SECONDS: Final = 2.0
_WORTHWHILE: Final = 8 << 20
"""Bytes that have become free since the last time; giving back less is not worth the pages' return."""


class Allocator(Protocol):
    """What hands out memory."""

    def free_bytes(self) -> int:
        """Bytes that it keeps and nobody uses, given back or not."""

    def trim(self) -> None:
        """Give them back."""


class _MallInfo(ctypes.Structure):
    """`struct mallinfo2` of glibc."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        )
    )


class _Glibc:
    def __init__(self, library: ctypes.CDLL) -> None:
        self._info = library.mallinfo2
        self._info.restype = _MallInfo
        self._trim = library.malloc_trim
        self._trim.argtypes = [ctypes.c_size_t]

    def free_bytes(self) -> int:
        return int(self._info().fordblks)

    def trim(self) -> None:
        self._trim(0)


def glibc() -> Allocator | None:
    """The allocator of this process; None where it is another than glibc's (2.33 or newer)."""
    try:
        return _Glibc(ctypes.CDLL(None))
    except (AttributeError, OSError, TypeError):
        return None


class Trimmer:
    """Looks every two seconds whether much memory has become free, and has it given back in a thread.

    A flood, or a large body, leaves holes that glibc fills again but keeps: tens of megabytes by which the
    process would seem to have grown.

    Args:
        allocator: What to look at; None does nothing.
    """

    def __init__(self, allocator: Allocator | None) -> None:
        self._allocator = allocator
        self._known = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look from now on."""
        if self._allocator is not None:
            self._known = self._allocator.free_bytes()
            self._task = asyncio.get_running_loop().create_task(self._look(self._allocator))

    def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _look(self, allocator: Allocator) -> None:
        while True:
            await asyncio.sleep(_SECONDS)
            free = allocator.free_bytes()
            if free - self._known >= _WORTHWHILE:
                await asyncio.to_thread(allocator.trim)
                self._known = free = allocator.free_bytes()
            self._known = min(self._known, free)
