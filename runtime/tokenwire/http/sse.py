"""Sends a push stream as server-sent events."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire.coroutines import rest
from tokenwire.errors import RpcError
from tokenwire.streams import PushStream, hold
from tokenwire.timeouts import PASSED

from .records import note_failure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from starlette.types import Send

    from tokenwire.record import CallRecord

    from .values import EventStream

__all__ = ["EventWriter"]


_SHORTEST_GAP: Final = 0.002
"""Seconds between two writes of one stream: a write to a socket costs more than all else about an event."""


class EventWriter:
    """The sink of a push stream, and what sends its messages as events.

    An event leaves at the end of the turn of the event loop that brought it, but no sooner than 2 ms
    after the one before: what comes faster shares a write. A stream of less than 500 tokens per second
    is never delayed.

    While `send` waits for the client, messages are joined by the stream's own merge, so memory stays
    bounded. Only then does a task exist for it, provided that `send` may be called without one.

    Args:
        events: The events.
        send: ASGI's `send`.
        at_once: `send` needs no task until it waits: it is the server's own, nothing wraps it.
        record: Gets to know the bytes sent, and an error of the stream.
    """

    def __init__(
        self,
        events: EventStream[Any],
        send: Send,
        *,
        at_once: bool = False,
        record: CallRecord | None = None,
    ) -> None:
        assert isinstance(events.source, PushStream)
        self._source = events.source
        self._events = events
        self._send = send
        self._at_once = at_once
        self._record = record
        self._size = len(events.head)
        self._loop = asyncio.get_running_loop()
        self._held: deque[Any] = deque()
        self._due: asyncio.Handle | None = None
        self._next = 0.0
        self._sending: asyncio.Task[None] | None = None
        self._closed = False
        self._error: BaseException | None = None
        self._done: asyncio.Future[None] = self._loop.create_future()

    async def run(self) -> None:
        """Send everything; cancelling it leaves the stream.

        Raises:
            Exception: What `send` raised.
        """
        remaining, late = self._events.time_remaining(), None
        if remaining is not None:
            late = self._loop.call_later(remaining, self.close, RpcError(Code.DEADLINE_EXCEEDED, PASSED))
        try:
            if self._events.head:
                await self._send(_message(self._events.head, more=True))
            self._source.subscribe(self)
            await self._done
        finally:
            if self._record is not None:
                self._record.sent_bytes += self._size
            self._source.cancel()
            for left in (self._sending, self._due, late):
                if left is not None:
                    left.cancel()

    def push(self, message: Any, /) -> None:
        """Have a message sent; it may be joined with others while the client is behind."""
        if self._sending is None:
            self._held.append(message)
            if self._due is None:
                self._send_soon()
            return
        try:
            hold(self._held, message, self._source.merge)
        except Exception as error:
            self.close(error)

    def close(self, error: BaseException | None = None, /) -> None:
        """Have the end sent, after what is held; what ends it first counts."""
        if self._closed:
            return
        self._closed = True
        self._error = error
        self._send_soon()

    def _send_soon(self) -> None:
        if self._due is None and self._sending is None:
            wait = self._next - self._loop.time()
            send = self._send_held
            self._due = self._loop.call_later(wait, send) if wait > 0 else self._loop.call_soon(send)

    def _send_held(self) -> None:
        self._due = None
        self._next = self._loop.time() + _SHORTEST_GAP
        if self._done.done():
            return
        body, more = self._take()
        self._size += len(body)
        message = _message(body, more=more)
        send: Callable[[], Awaitable[None]]
        if self._at_once:
            begun: Coroutine[Any, Any, None] = self._send(message)  # type: ignore[assignment]
            try:
                waits_for = begun.send(None)
            except StopIteration:
                self._sent(more=more)
                return
            except Exception as error:
                self._done.set_exception(error)
                return
            send = partial(rest, begun, waits_for)
        else:
            send = partial(self._send, message)
        self._sending = self._loop.create_task(self._finish(send, more=more))

    async def _finish(self, send: Callable[[], Awaitable[None]], *, more: bool) -> None:
        try:
            await send()
        except Exception as error:
            if not self._done.done():
                self._done.set_exception(error)
            return
        self._sending = None
        self._sent(more=more)

    def _sent(self, *, more: bool) -> None:
        if not more and not self._done.done():
            if self._record is not None and self._record.code is None:
                self._record.code = Code.OK
            self._done.set_result(None)
        elif self._held or self._closed:
            self._send_soon()

    def _take(self) -> tuple[bytes, bool]:
        """What was pushed, as events, and whether more may follow."""
        if len(self._held) == 1 and not self._closed:
            message = self._held.popleft()
            try:
                return self._events.frame(message), True
            except Exception as problem:
                self._closed, self._error = True, problem
        held, self._held = self._held, deque()
        closed, error = self._closed, self._error
        pieces: list[bytes] = []
        try:
            pieces.extend(map(self._events.frame, held))
        except Exception as problem:
            closed, error = True, problem
        if not closed:
            return b"".join(pieces), True
        if isinstance(error, Exception):
            note_failure(error, self._record)
            pieces.append(self._events.failure(error))
        return b"".join([*pieces, self._events.tail]), False


def _message(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}
