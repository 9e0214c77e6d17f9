"""Messages that came and wait for the one who reads them."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

__all__ = ["Inbox"]

T = TypeVar("T")

_ACKNOWLEDGE_AT: Final = 32 * 1024
_MESSAGE_SIZE: Final = 64
"""What a message takes beside its bytes: on the wire it may be five bytes."""


class Inbox(Generic[T]):
    """An async iterator over what `put` brings; the peer may send on as it is read.

    Args:
        acknowledge: Told how many bytes more the peer may send.

    Attributes:
        open: Where it is set, what `put` brings is sealed, and this makes a message of it as it is read:
            what is small on the wire is not kept large.
    """

    __slots__ = ("_acknowledge", "_ended", "_error", "_messages", "_unread", "_waiter", "open")

    def __init__(self, acknowledge: Callable[[int], None]) -> None:
        self._acknowledge = acknowledge
        self._messages: deque[Any] = deque()
        self.open: Callable[[Any], Awaitable[T]] | None = None
        self._unread = 0
        self._ended = False
        self._error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self._ended

    @property
    def awaited(self) -> bool:
        """Whether a reader waits for the next message."""
        return self._waiter is not None

    @property
    def held(self) -> int:
        """Bytes of memory that is taken by what waits, more or less."""
        return self._unread + _MESSAGE_SIZE * len(self._messages)

    def put(self, messages: Iterable[Any], size: int) -> None:
        """Add what `size` bytes of the wire have completed, nothing perhaps."""
        self._unread += size
        self._messages.extend(messages)
        if self._messages:
            self._wake()
        else:
            self._read_all()

    def close(self, error: BaseException | None = None) -> None:
        """End it; what waits is still read, then the error is raised, if any."""
        if self._ended:
            return
        self._ended = True
        self._error = error
        self._acknowledge = _forget
        self._wake()

    def discard(self, error: BaseException | None = None) -> None:
        """End it, and drop what waits."""
        self._messages.clear()
        self.open = None
        if not self._ended or error is not None:
            self._ended = True
            self._error = error
        self._acknowledge = _forget
        self._wake()

    def __aiter__(self) -> Inbox[T]:
        return self

    async def __anext__(self) -> T:
        while not self._messages:
            if self._ended:
                self.open = None
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            if self._waiter is not None:
                raise RuntimeError("another task reads this stream already")
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        message: T = self._messages.popleft()
        if not self._messages:
            self._read_all()
        return message if self.open is None else await self.open(message)

    def _read_all(self) -> None:
        if self._unread >= _ACKNOWLEDGE_AT:
            self._acknowledge(self._unread)
            self._unread = 0

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _forget(size: int) -> None:
    """Acknowledge nothing: the stream does it when it is released."""
