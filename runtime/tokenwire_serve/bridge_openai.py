"""An engine's own OpenAI answers, brought from the loop of the engine to the one that calls."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tokenwire.streams import PushStream

from .openai.backend import OpenAIReply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from tokenwire.context import Context
    from tokenwire.streams import Sink

    from .openai.backend import Desk, OpenAIBackend, Operation
    from .servicer.names import NamedModel

    Home = Callable[[Callable[[], object]], object]

__all__ = ["BridgedBackend"]

_BEHIND_S: Final = 0.5
"""How long an iterated answer waits for a reader who is behind, as in `Relay`."""


class BridgedBackend:
    """The same backend, usable on the loop that calls it; see `OpenAIBackend`.

    Args:
        backend: The engine's own.
        loop: The loop that it lives on; running in another thread.
        home: Runs a call on the loop that calls, from another thread.
    """

    def __init__(self, backend: OpenAIBackend, loop: asyncio.AbstractEventLoop, home: Home) -> None:
        self._backend = backend
        self._loop = loop
        self._home = home

    async def call(
        self, operation: Operation, body: bytes, headers: Mapping[str, str], context: Context, desk: Desk
    ) -> OpenAIReply | PushStream[bytes]:
        """Answer one call."""
        crossing, pace = _CrossingDesk(desk, self._loop), _Pace()
        call = self._answer(operation, body, headers, context, crossing, pace)
        answer = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call, self._loop))
        if isinstance(answer, OpenAIReply):
            return answer
        source = answer

        def leave() -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(source.cancel)

        stream: PushStream[bytes] = PushStream(merge=source.merge or pace.note, on_cancel=leave)
        sink = _CrossingSink(self._home, stream)
        self._loop.call_soon_threadsafe(source.subscribe, sink)
        return stream

    async def _answer(
        self,
        operation: Operation,
        body: bytes,
        headers: Mapping[str, str],
        context: Context,
        desk: Desk,
        pace: _Pace,
    ) -> OpenAIReply | PushStream[bytes]:
        """The answer, on the engine's loop; an iterator is iterated by a task there."""
        answer = await self._backend.call(operation, body, headers, context, desk)
        if isinstance(answer, OpenAIReply | PushStream):
            return answer
        task: asyncio.Task[None]

        def leave() -> None:
            task.cancel()

        stream: PushStream[bytes] = PushStream(on_cancel=leave)
        task = asyncio.ensure_future(_iterate(answer, stream, pace))
        return stream


class _Pace:
    """Whether the reader of an iterated answer is behind; set on its loop, read on the engine's."""

    def __init__(self) -> None:
        self.behind = False

    def note(self, old: bytes, new: bytes) -> None:
        """Two events wait, and are not joined."""
        self.behind = True


async def _iterate(events: AsyncIterator[bytes], stream: PushStream[bytes], pace: _Pace) -> None:
    try:
        async for event in events:
            stream.push(event)
            if pace.behind:
                pace.behind = False
                await asyncio.sleep(_BEHIND_S)
    except Exception as error:
        stream.close(error)
    else:
        stream.close()


class _CrossingSink:
    """Carries events to the loop that calls."""

    def __init__(self, home: Home, sink: Sink[bytes]) -> None:
        self._home = home
        self._sink = sink

    def push(self, event: bytes, /) -> None:
        self._home(lambda: self._sink.push(event))

    def close(self, error: BaseException | None = None, /) -> None:
        self._home(lambda: self._sink.close(error))


class _CrossingDesk:
    """The caller's desk, for a backend on the engine's loop."""

    def __init__(self, desk: Desk, loop: asyncio.AbstractEventLoop) -> None:
        self._desk = desk
        self._loop = loop

    def find_model(self, asked: str | None) -> NamedModel:
        return self._desk.find_model(asked)

    def claim(self, rid: str, abort: Callable[[], bool]) -> None:
        def send() -> bool:
            if self._loop.is_closed():
                return False
            self._loop.call_soon_threadsafe(abort)
            return True

        self._desk.claim(rid, send)

    def release(self, rid: str) -> None:
        self._desk.release(rid)
