"""Between the HTTP core's values and the requests and responses of httpx, or of httpx2."""

from __future__ import annotations

import asyncio
import sys
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from .values import EventStream, HttpCall, HttpReply, leave

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from .invoke import Invoker
    from .loop_thread import LoopThread

__all__ = ["Pieces", "async_response", "call_of", "library_of", "sync_response"]

EVENT_TYPE = "text/event-stream"


def library_of(request: Any) -> Any:
    """The module whose request this is, httpx or httpx2."""
    return sys.modules[type(request).__module__.partition(".")[0]]


def call_of(request: Any, body: bytes, invoker: Invoker) -> HttpCall:
    """A request of a client as the core's call."""
    return HttpCall(
        method=request.method.upper(),
        path=request.url.raw_path.partition(b"?")[0].decode("latin-1"),
        headers=dict(request.headers),
        body=body,
        invoker=invoker,
        query=parse_qsl(request.url.query.decode("latin-1"), keep_blank_values=True),
    )


class Pieces:
    """The bytes of a response as they come.

    Args:
        events: What comes.
        timeout: Seconds to wait for each piece; None is for ever.
        timed_out: Makes the error for a piece that did not come.
    """

    def __init__(
        self, events: EventStream[Any], timeout: float | None, timed_out: Callable[[], Exception]
    ) -> None:
        self._events = events
        self._timeout = timeout
        self._timed_out = timed_out
        self._pieces = self._read()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces

    async def aclose(self) -> None:
        """Leave: the call is cancelled if it still runs."""
        await leave(self._events.source)

    async def next(self) -> bytes | None:
        """The next piece, None at the end."""
        return await anext(self._pieces, None)

    async def _read(self) -> AsyncIterator[bytes]:
        events = self._events
        if events.head:
            yield events.head
        end = events.tail
        try:
            while (message := await self._message()) is not None:
                piece = events.frame(message)
                if piece:
                    yield piece
        except TimeoutError:
            await self.aclose()
            raise self._timed_out() from None
        except Exception as error:
            end = events.failure(error) + end
        yield end

    async def _message(self) -> Any:
        async with asyncio.timeout(self._timeout):
            return await anext(self._events.source, None)


def async_response(library: Any, reply: HttpReply, pieces: Pieces | None) -> Any:
    """A response for an async client."""
    if pieces is None:
        return library.Response(reply.status, headers=reply.headers, content=reply.body)
    stream = _stream_types(library)[0](pieces)
    return library.Response(
        reply.status, headers={"content-type": EVENT_TYPE, **reply.headers}, stream=stream
    )


def sync_response(library: Any, reply: HttpReply, pieces: Pieces | None, thread: LoopThread) -> Any:
    """A response for a blocking client, whose pieces come from another thread's loop."""
    if pieces is None:
        return library.Response(reply.status, headers=reply.headers, content=reply.body)
    stream = _stream_types(library)[1](pieces, thread)
    return library.Response(
        reply.status, headers={"content-type": EVENT_TYPE, **reply.headers}, stream=stream
    )


@cache
def _stream_types(library: Any) -> tuple[Any, Any]:
    """The library's kinds of stream, over `Pieces`: clients check for them by type."""

    class AsyncPieces(library.AsyncByteStream):  # type: ignore[misc]  # the base is known at run time
        def __init__(self, pieces: Pieces) -> None:
            self._pieces = pieces

        def __aiter__(self) -> AsyncIterator[bytes]:
            return aiter(self._pieces)

        async def aclose(self) -> None:
            await self._pieces.aclose()

    class SyncPieces(library.SyncByteStream):  # type: ignore[misc]  # the base is known at run time
        def __init__(self, pieces: Pieces, thread: LoopThread) -> None:
            self._pieces = pieces
            self._thread = thread

        def __iter__(self) -> Iterator[bytes]:
            while (piece := self._thread.run(self._pieces.next())) is not None:
                yield piece

        def close(self) -> None:
            self._thread.run(self._pieces.aclose())

    return AsyncPieces, SyncPieces
