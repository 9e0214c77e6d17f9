"""Sends a push stream as server-sent events, several in one write while they come in a row."""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from tokenwire.streams import PushStream, hold

if TYPE_CHECKING:
    from starlette.types import Send

    from .values import EventStream

__all__ = ["EventWriter"]

_LONGEST_ROW: Final = 0.005
"""Seconds for which events are gathered at most; a write to a socket costs more than all the rest."""


class EventWriter:
    """The sink of a push stream, and the loop that sends what was pushed.

    An event leaves as soon as a turn of the event loop has brought no other, which on a loop with
    nothing else to do is at once. While `send` waits for the client, messages are joined by the
    stream's own merge, so memory stays bounded.
    """

    def __init__(self, events: EventStream[Any], send: Send) -> None:
        assert isinstance(events.source, PushStream)
        self._source = events.source
        self._events = events
        self._send = send
        self._held: deque[Any] = deque()
        self._sending = False
        self._closed = False
        self._error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Send everything; cancelling it leaves the stream.

        Raises:
            Exception: What `send` raised.
        """
        body, more = self._events.head, True
        try:
            self._source.subscribe(self)
            while more:
                if body:
                    await self._write(body, more=True)
                await self._gather()
                body, more = self._take()
            await self._write(body, more=False)
        finally:
            self._source.cancel()

    def push(self, message: Any, /) -> None:
        """Have a message sent; it may be joined with others while the client is behind."""
        try:
            hold(self._held, message, self._source.merge if self._sending else None)
        except Exception as error:
            self.close(error)
        else:
            self._wake()

    def close(self, error: BaseException | None = None, /) -> None:
        """Have the end sent, after what is held."""
        self._closed = True
        self._error = error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _write(self, body: bytes, *, more: bool) -> None:
        self._sending = True
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
        self._sending = False

    async def _gather(self) -> None:
        """Wait for a message, and on while each turn of the loop brings another."""
        if not self._held and not self._closed:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        end = monotonic() + _LONGEST_ROW
        count = 0
        while count < len(self._held) and not self._closed and monotonic() < end:
            count = len(self._held)
            await asyncio.sleep(0)

    def _take(self) -> tuple[bytes, bool]:
        """What was gathered, as events, and whether more may follow."""
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
            pieces.append(self._events.failure(error))
        return b"".join([*pieces, self._events.tail]), False
