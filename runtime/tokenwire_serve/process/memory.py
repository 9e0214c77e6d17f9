"""Gives memory back to the system that the C library keeps after much of it was in use."""

from __future__ import annotations

import asyncio
import ctypes
import os
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

__all__ = ["Allocator", "Trimmer", "glibc", "set_up_heap"]

_SECONDS: Final = 2.0
_WORTHWHILE: Final = 8 << 20
"""Bytes to give back at least; less is not worth the pages' return."""
_ALL: Final = "GLIBC_TUNABLES"
_SET_UP: Final = {
    "MALLOC_ARENA_MAX": (-8, 1),
    "MALLOC_MMAP_THRESHOLD_": (-3, 1 << 20),
    "MALLOC_TRIM_THRESHOLD_": (-1, 32 << 20),
}
"""What glibc is told (parameters of `mallopt`), by the variable with which a user may have said otherwise."""
_STATM: Final = Path("/proc/self/statm")


class Allocator(Protocol):
    """What hands out memory."""

    def free_bytes(self) -> int:
        """Bytes that it keeps and nobody uses, given back or not."""

    def surplus_bytes(self) -> int:
        """Resident bytes of the process beyond those that it has handed out."""

    def trim(self) -> None:
        """Give back what nobody uses."""


class _MallInfo(ctypes.Structure):
    """`struct mallinfo2` of glibc."""

    hblkhd: int
    uordblks: int
    fordblks: int

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
        self._page = os.sysconf("SC_PAGE_SIZE")
        self.surplus_bytes()

    def free_bytes(self) -> int:
        return self._now().fordblks

    def surplus_bytes(self) -> int:
        info, resident = self._now(), int(_STATM.read_text().split()[1]) * self._page
        return resident - info.uordblks - info.hblkhd

    def trim(self) -> None:
        self._trim(0)

    def _now(self) -> _MallInfo:
        info: _MallInfo = self._info()
        return info


def glibc() -> Allocator | None:
    """The allocator of this process; None where it is another than glibc's (2.33 or newer)."""
    try:
        return _Glibc(ctypes.CDLL(None))
    except (AttributeError, OSError, TypeError):
        return None


def set_up_heap() -> None:
    """Have memory taken so that it can be given back, unless the user has told glibc otherwise.

    Threads that begin from now on take it from one heap: glibc gives them heaps of their own, and trimming
    does not give back the free end of those, up to 64 MiB for each thread that has ever done something
    large. Threads that run Python do not compete for it. Blocks of a MiB and more are mapped, each by
    itself: they go back at once, and grow without being copied. glibc would stop mapping blocks of a size
    that was freed before, and bodies that grow side by side would be copied again and again. The heap's free
    end is left to the `Trimmer`, unless it is large: giving it back with each call would cost.
    """
    if _ALL in os.environ:
        return
    for variable, (parameter, value) in _SET_UP.items():
        if variable not in os.environ:
            with suppress(AttributeError, OSError, TypeError):
                ctypes.CDLL(None).mallopt(parameter, value)


class Trimmer:
    """Looks every two seconds whether much memory is kept for nobody, and has it given back in a thread.

    A flood, or a large body, leaves holes that glibc fills again but keeps: tens of megabytes by which the
    process would seem to have grown. Its own figures do not tell a hole that was given back from one that
    was filled and emptied since, so the process's resident memory is looked at.

    Args:
        allocator: What to look at; None does nothing.
    """

    def __init__(self, allocator: Allocator | None) -> None:
        self._allocator = allocator
        self._least = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look from now on."""
        if self._allocator is not None:
            self._least = self._allocator.surplus_bytes()
            self._task = asyncio.get_running_loop().create_task(self._look(self._allocator))

    def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _look(self, allocator: Allocator) -> None:
        while True:
            await asyncio.sleep(_SECONDS)
            surplus = allocator.surplus_bytes()
            if surplus - self._least >= _WORTHWHILE and allocator.free_bytes() >= _WORTHWHILE:
                await asyncio.to_thread(allocator.trim)
                # What is left belongs to others, Python's small objects for instance.
                self._least = surplus = allocator.surplus_bytes()
            self._least = min(self._least, surplus)
