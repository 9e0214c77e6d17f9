"""Work whose size a peer chose, done in threads while the event loop turns.

Two threads do all of it, one piece after the other: one what is large, one what is very large, so that
whoever sends much cannot have many threads, and waits behind others of the kind only. Of those that wait
the one is next that would be done first had each a thread of its own: small ones pass huge ones, and none
waits for ever. What has begun is not interrupted, and a third thread would only make all slower, the loop
too; the most that one piece can take is what `--grpc-max-message-size` lets a message have.

A thread that is busy with Python lets others run at Python's switch interval, which is shorter while there
is such work: an event loop wants its turn for every callback. A third thread does what is not Python, at a
lower priority.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from contextlib import suppress
from functools import partial
from itertools import count
from queue import PriorityQueue
from threading import Lock, Thread, get_native_id
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LARGE", "free_in_steps", "in_background", "in_thread", "kept_size"]

T = TypeVar("T")

log = logging.getLogger("tokenwire.heavy")

LARGE: Final = 64 << 10
"""Bytes that are read where they are; of the worst kind they take some 10 ms."""

_VERY_LARGE: Final = 1 << 20
_BYTES_PER_SECOND: Final = 8 << 20
"""How fast a thread is, about, where a message is of the worst kind."""
_SWITCH_SECONDS: Final = 0.0005
_NICE: Final = 10
"""How much the thread of other work gives way, on Linux, where threads have priorities of their own."""
_STEP: Final = 32 << 10
"""Items that are freed without letting others run."""
_ITEM: Final = {int: 40, float: 32, bool: 8, str: 64, bytes: 48}
_OTHER_ITEM: Final = 400
"""Bytes that an item of a list takes, about: of a number, a short text, a message."""


async def in_thread(size: int, work: Callable[..., T], *arguments: Any) -> T:
    """The result of some work, done in a thread when its turn has come.

    Whoever is cancelled waits no longer: work that has not begun is not done, and the result of what has
    is dropped.

    Args:
        size: Bytes that it is about.
        work: What is called.
        arguments: What it is given.
    """
    lane = _very_large if size > _VERY_LARGE else _large
    return await lane.result_of(work, arguments, size)


async def in_background(work: Callable[..., T], *arguments: Any) -> T:
    """The same for work that lets Python run meanwhile, packing for instance."""
    return await _background.result_of(work, arguments)


def kept_size(message: object) -> int:
    """About how many bytes a message takes that was decoded."""
    return sum(_size_of(value) for value in vars(message).values()) if hasattr(message, "__dict__") else 0


def _size_of(value: Any) -> int:
    if isinstance(value, str | bytes | bytearray):
        return sys.getsizeof(value)
    if isinstance(value, list | tuple):
        return len(value) * _ITEM.get(type(value[0]), _OTHER_ITEM) if value else 0
    if isinstance(value, dict):
        return len(value) * _OTHER_ITEM
    return kept_size(value)


def free_in_steps(message: object) -> None:
    """Let go of a message that may have lists of millions.

    To free a list takes as long as it has items, and nothing else runs meanwhile. What nobody else holds is
    freed in a thread, in steps. It is meant to be called when the caller holds the message no more, from
    `call_soon` for instance.
    """
    lists = [value for value in _lists_of(message) if len(value) > _STEP]
    del message
    if lists:
        _very_large.add(partial(_free, lists))


def _lists_of(message: object) -> list[list[Any]]:
    found: list[list[Any]] = []
    for value in vars(message).values() if hasattr(message, "__dict__") else ():
        if isinstance(value, list):
            found.append(value)
        elif hasattr(value, "__dict__"):
            found += _lists_of(value)
    return found


def _free(lists: list[list[Any]]) -> None:
    while lists:
        values = lists.pop()
        if sys.getrefcount(values) > 2:  # Somebody else has it, who may read it now.
            continue
        while values:
            del values[-_STEP:]


class _Piece(Generic[T]):
    """Work that waits for its turn, and its result.

    Attributes:
        result: What whoever wants the result waits for.
    """

    __slots__ = ("_arguments", "_error", "_loop", "_value", "_work", "result")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Callable[..., T],
        arguments: tuple[Any, ...],
    ) -> None:
        self._loop = loop
        self._work: Callable[..., T] | None = work
        self._arguments = arguments
        self._value: T | None = None
        self._error: BaseException | None = None
        self.result: asyncio.Future[T] = loop.create_future()

    def run(self) -> None:
        """Do it, in the thread, and tell the loop."""
        work, self._work = self._work, None
        arguments, self._arguments = self._arguments, ()
        if self.result.done() or work is None:
            return
        try:
            self._value = work(*arguments)
        except Exception as error:
            self._error = error
        with suppress(RuntimeError):  # The loop is closed: nobody waits.
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        value, self._value = self._value, None
        error, self._error = self._error, None
        result = self.result
        del self.result  # The traceback of an error leads to this object.
        if result.done():
            free_in_steps(value)
        elif error is not None:
            result.set_exception(error)
        else:
            result.set_result(cast("T", value))


class _Lane:
    """A thread that does pieces of work one by one; it does not hold up the end of the process."""

    def __init__(self, name: str, nice: int = 0) -> None:
        self._nice = nice
        self._waiting: PriorityQueue[tuple[float, int, Callable[[], None]]] = PriorityQueue()
        self._numbers = count()
        self._name = name
        self._lock = Lock()
        self._started = False

    def add(self, work: Callable[[], None], size: int = 0) -> None:
        """Have a piece of work done, which is about so many bytes."""
        self._waiting.put((monotonic() + size / _BYTES_PER_SECOND, next(self._numbers), work))
        with self._lock:
            if not self._started:
                Thread(target=self._serve, name=self._name, daemon=True).start()
                self._started = True

    async def result_of(self, work: Callable[..., T], arguments: tuple[Any, ...], size: int = 0) -> T:
        """The result of some work, which is about so many bytes."""
        piece: _Piece[T] = _Piece(asyncio.get_running_loop(), work, arguments)
        self.add(piece.run, size)
        result = piece.result
        del piece, work, arguments
        try:
            return await result
        finally:
            del result  # Its exception leads back to here.

    def _serve(self) -> None:
        if self._nice and sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, get_native_id(), self._nice)
        while True:
            *_, work = self._waiting.get()
            try:
                with _switching:
                    work()
            except Exception:
                log.exception("work in the thread %s failed", self._name)
            del work


class _Switching:
    """Within it, Python's switch interval is short; afterwards it is what it was."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._busy = 0
        self._usual = 0.0

    def __enter__(self) -> None:
        with self._lock:
            self._busy += 1
            if self._busy == 1:
                self._usual = sys.getswitchinterval()
                sys.setswitchinterval(min(self._usual, _SWITCH_SECONDS))

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._busy -= 1
            if not self._busy:
                sys.setswitchinterval(self._usual)


_switching: Final = _Switching()
_large: Final = _Lane("tokenwire-large")
_very_large: Final = _Lane("tokenwire-very-large")
_background: Final = _Lane("tokenwire-background", _NICE)
