"""Streams that a producer pushes into, with memory bounded by merging."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PushStream", "Sink"]

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class Sink(Protocol[T_contra]):
    """Where a producer puts the messages of one stream; loop thread only, never blocks."""

    def push(self, message: T_contra, /) -> None:
        """Take the next message."""

    def close(self, error: BaseException | None = None, /) -> None:
        """End the stream, with an error or without; further calls are ignored."""


class PushStream(Generic[T]):
    """A stream with one producer and one consumer on the same event loop.

    The producer calls `push` and `close`. The consumer either iterates (`async for`) or, to spare
    a task switch per message, calls `subscribe` with a sink that is pushed to directly. A
    consumer that is done early calls `cancel`, which tells the producer through `on_cancel`.

    Args:
        merge: Joins the newest waiting message and the next one into one, or returns None where
            they cannot be joined (another choice of the same stream, say). Called only while the
            consumer is behind; None never joins.
        on_cancel: Called once if the consumer leaves before the stream is closed.
        decode: Makes a message of its bytes, for a producer that uses `push_bytes`. `merge` is given
            such messages as it is given others: as bytes.

    Attributes:
        push: Hands over the next message; dropped when the stream is closed. It is the subscriber's
            own method once there is one, so it costs no extra call.
        push_bytes: The same with the bytes of the message: a transport sends them as they are,
            whoever else reads gets the message.
    """

    __slots__ = (
        "_closed",
        "_decode",
        "_error",
        "_merge",
        "_on_cancel",
        "_pending",
        "_sink",
        "_waiter",
        "push",
        "push_bytes",
    )

    def __init__(
        self,
        *,
        merge: Callable[[T, T], T | None] | None = None,
        on_cancel: Callable[[], None] | None = None,
        decode: Callable[[bytes], T] | None = None,
    ) -> None:
        self._merge = merge
        self._on_cancel = on_cancel
        self._decode = decode
        self._pending: deque[Any] | None = None
        self._closed = False
        self._error: BaseException | None = None
        self._sink: Sink[T] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.push: Callable[[T], None] = self._keep
        self.push_bytes: Callable[[bytes], None] = self._keep_bytes

    @property
    def closed(self) -> bool:
        """Whether the producer has closed it or the consumer has cancelled it."""
        return self._closed

    @property
    def merge(self) -> Callable[[T, T], T | None] | None:
        """The merge function, for a consumer that holds messages back itself."""
        return self._merge

    def _keep(self, message: T, /) -> None:
        if self._closed or self._sink is not None:  # `push` was fetched before that
            self.push(message)
        else:
            self._hold(message)

    def _keep_bytes(self, body: bytes, /) -> None:
        if self._closed or self._sink is not None:
            self.push_bytes(body)
        else:
            self._hold(body)

    def _hold(self, item: T | bytes) -> None:
        if self._pending is None:
            self._pending = deque()
        hold(self._pending, item, self._merge)
        self._wake()

    def _message(self, item: Any) -> T:
        if self._decode is not None and isinstance(item, bytes):
            return self._decode(item)
        message: T = item
        return message

    def close(self, error: BaseException | None = None, /) -> None:
        """End the stream; what was pushed before is still delivered."""
        if self._closed:
            return
        self._closed = True
        self._error = error
        sink = self._sink
        self._let_go()
        if sink is not None:
            sink.close(error)
        self._wake()

    def cancel(self) -> None:
        """Leave the stream as its consumer: drops what waits and tells the producer, once."""
        if self._closed:
            return
        self._closed = True
        self._pending = None
        on_cancel = self._on_cancel
        self._let_go()
        self._wake()
        if on_cancel is not None:
            on_cancel()

    def subscribe(self, sink: Sink[T]) -> None:
        """Push everything, what already waits first, to `sink` instead of iterating.

        Messages that are bytes go to its `push_bytes` if it has one, as messages to `push` if not.

        Raises:
            RuntimeError: The stream has a subscriber already.
        """
        if self._sink is not None:
            raise RuntimeError("the stream has a subscriber already")
        push_bytes = getattr(sink, "push_bytes", None) or self._decoding(sink)
        if not self._closed:
            self._sink = sink
            self.push, self.push_bytes = sink.push, push_bytes
        while self._pending:
            item = self._pending.popleft()
            if self._decode is not None and isinstance(item, bytes):
                push_bytes(item)
            else:
                sink.push(item)
        if self._closed:
            error, self._error = self._error, None  # Its traceback may lead back here.
            sink.close(error)

    def _decoding(self, sink: Sink[T]) -> Callable[[bytes], None]:
        """The `push_bytes` of a sink that takes messages only."""
        decode = self._message

        def push_bytes(body: bytes, /) -> None:
            sink.push(decode(body))

        return push_bytes

    def __aiter__(self) -> PushStream[T]:
        return self

    async def __anext__(self) -> T:
        while not self._pending:
            if self._closed:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._message(self._pending.popleft())

    async def aclose(self) -> None:
        """Leave the stream as its consumer; the async generator's name for `cancel`."""
        self.cancel()

    def _let_go(self) -> None:
        """Drop what leads back here: a stream that has ended is not left to the garbage collector."""
        self._sink = self._merge = self._on_cancel = None
        self.push = self.push_bytes = _drop

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _drop(message: object, /) -> None:
    """Take a message that comes after the end."""


def hold(pending: deque[Any], message: Any, merge: Callable[[Any, Any], Any] | None) -> None:
    """Append a message to those that wait, joined with one that waits already if `merge` can.

    Looks back over the waiting messages, newest first, so that the choices of one stream each
    keep at most one waiting message and their own order. The joined message takes the place of the
    new one, so that what says "this was the last of all" stays last.
    """
    if merge is not None:
        for place in range(len(pending) - 1, -1, -1):
            joined = merge(pending[place], message)
            if joined is not None:
                del pending[place]
                message = joined
                break
    pending.append(message)
