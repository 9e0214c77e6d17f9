"""Sends a push stream as server-sent events, without a task switch per event."""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from tokenwire.streams import PushStream, hold

if TYPE_CHECKING:
    from collections.abc import Generator

    from starlette.types import Send

    from .values import EventStream

__all__ = ["EventWriter"]

_GAP: Final = 0.005
"""Seconds between two writes of one stream; a write to a socket costs more than all the rest."""


class EventWriter:
    """The sink of a push stream that writes each message as it comes.

    ASGI's `send` is a coroutine that ends without waiting as long as the client keeps up, so it is
    stepped here and now, inside the producer's push. One that does wait is finished by a task;
    until then messages are held, joined by the stream's own merge, so memory stays bounded.

    An event leaves at once unless the one before left within the last 5 ms: what a stream faster
    than that makes meanwhile leaves in one write.
    """

    def __init__(self, events: EventStream[Any], send: Send) -> None:
        assert isinstance(events.source, PushStream)
        self._source = events.source
        self._frame = events.frame
        self._failure = events.failure
        self._head = events.head
        self._tail = events.tail
        self._send = send
        self._held: deque[Any] = deque()
        self._batch: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._next_write = 0.0
        self._waiting: asyncio.Future[None] | None = None
        self._closed = False
        self._error: BaseException | None = None
        self._ending = False
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()

    async def run(self) -> None:
        """Send everything; cancelling it leaves the stream.

        Raises:
            Exception: What `send` raised.
        """
        try:
            if self._head:
                await self._send({"type": "http.response.body", "body": self._head, "more_body": True})
            self._source.subscribe(self)
            await self._done
        finally:
            self._source.cancel()
            self._stop_timer()
            if self._waiting is not None:
                self._waiting.cancel()

    def push(self, message: Any, /) -> None:
        """Send a message, or hold it while the client is behind."""
        if self._waiting is not None:
            hold(self._held, message, self._source.merge)
            return
        try:
            body = self._frame(message)
        except Exception as error:
            self._give_up(error)
            return
        if not body:
            return
        if self._timer is not None:
            self._batch.append(body)
            return
        now = monotonic()
        if now >= self._next_write:
            self._next_write = now + _GAP
            self._write(body, more=True)
        else:
            self._batch.append(body)
            self._timer = self._loop.call_later(self._next_write - now, self._flush)

    def close(self, error: BaseException | None = None, /) -> None:
        """Send the end, after what is held."""
        self._closed = True
        self._error = error
        if self._waiting is None:
            self._finish()

    def _flush(self) -> None:
        """Write what came since the last write."""
        self._timer = None
        batch, self._batch = self._batch, []
        self._next_write = monotonic() + _GAP
        self._write(b"".join(batch), more=True)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _finish(self) -> None:
        self._stop_timer()
        if isinstance(self._error, Exception):
            self._batch.append(self._failure(self._error))
        self._ending = True
        self._write(b"".join([*self._batch, self._tail]), more=False)
        if self._waiting is None:
            self._settle(None)

    def _give_up(self, error: Exception) -> None:
        """A message cannot be framed: leave the stream and tell the client."""
        self._source.cancel()
        self.close(error)

    def _write(self, body: bytes, *, more: bool) -> None:
        steps = self._send({"type": "http.response.body", "body": body, "more_body": more}).__await__()
        try:
            waited_for = next(steps)
        except StopIteration:
            return
        except Exception as error:
            self._settle(error)
            return
        self._waiting = asyncio.ensure_future(_Rest(steps, waited_for))
        self._waiting.add_done_callback(self._written)

    def _written(self, task: asyncio.Future[None]) -> None:
        """The client has caught up."""
        self._waiting = None
        if task.cancelled():
            return
        error = task.exception()
        if error is not None or self._ending:
            self._settle(error)
            return
        self._write_held()
        if self._closed and self._waiting is None and not self._ending:
            self._finish()

    def _write_held(self) -> None:
        held, self._held = self._held, deque()
        try:
            body = b"".join(map(self._frame, held))
        except Exception as error:
            self._give_up(error)
        else:
            if body:
                self._write(body, more=True)

    def _settle(self, error: BaseException | None) -> None:
        if self._done.done():
            return
        if error is None:
            self._done.set_result(None)
        else:
            self._done.set_exception(error)


class _Rest:
    """What is left of an awaitable that was stepped once and waits for something."""

    def __init__(self, steps: Generator[Any, Any, Any], waited_for: Any) -> None:
        self._steps = steps
        self._waited_for = waited_for

    def __await__(self) -> Generator[Any, Any, None]:
        try:
            yield self._waited_for
        except BaseException:
            self._steps.close()
            raise
        yield from self._steps
