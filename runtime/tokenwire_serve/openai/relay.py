"""From a backend's answer to the chunks of a streaming OpenAI RPC."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Final

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.streams import PushStream
from tokenwire_gen.sglang.runtime.v1.sglang_pb import OpenAIStreamChunk

from .backend import OpenAIReply
from .errors import NEUTRAL, error_body, error_of_reply, with_body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Answer = OpenAIReply | PushStream[bytes] | AsyncIterator[bytes]

__all__ = ["Relay"]

_FIRST_ERROR_STATUS: Final = 400
_BEHIND_S: Final = 0.5
"""How long an iterated answer is let wait for a reader who is behind: its events are not joined, so no more
than a few may be asked for meanwhile. The engine joins what it has until then."""


class Relay:
    """The stream of one call, and the task that waits for the backend's answer.

    Leaving the stream cancels the task, or the backend's own stream once there is one.
    """

    def __init__(self) -> None:
        self.stream: PushStream[OpenAIStreamChunk] = PushStream(merge=self._merge, on_cancel=self._leave)
        self._task: asyncio.Task[None] | None = None
        self._events: PushStream[bytes] | None = None
        self._begun = False
        self._behind = False

    def start(self, call: Callable[[], Awaitable[Answer]]) -> None:
        """Wait for the answer of `call` and pass it on."""
        self._task = asyncio.ensure_future(self._run(call))

    def push(self, event: bytes) -> None:
        """Pass the JSON of one event on."""
        self._begun = True
        self.stream.push(OpenAIStreamChunk(json_chunk=event))

    def close(self, error: BaseException | None = None) -> None:
        """End the stream: with an empty last chunk, or with an error.

        An error after the first chunk comes as a chunk too; an abort does not, for the finish
        reason of the last chunk says it.
        """
        if error is None:
            self.stream.push(OpenAIStreamChunk(finished=True))
            self.stream.close()
            return
        shown = error if isinstance(error, RpcError) else NEUTRAL
        if self._begun and shown.code is not Code.CANCELLED:
            self.stream.push(OpenAIStreamChunk(json_chunk=error_body(shown)))
        self.stream.close(with_body(error) if isinstance(error, RpcError) else error)

    async def _run(self, call: Callable[[], Awaitable[Answer]]) -> None:
        try:
            answer = await call()
            if isinstance(answer, OpenAIReply):
                self._whole(answer)
            elif isinstance(answer, PushStream):
                self._events = answer
                answer.subscribe(self)
            else:
                await self._iterate(answer)
        except asyncio.CancelledError:
            self.close(RpcError(Code.CANCELLED, "the call was cancelled"))
            raise
        except Exception as error:
            self.close(error)

    async def _iterate(self, events: AsyncIterator[bytes]) -> None:
        was_behind = False  # once may only mean that the reader has not had its turn yet
        try:
            async for event in events:
                self._behind = False
                self.push(event)
                if self._behind:
                    await asyncio.sleep(_BEHIND_S if was_behind else 0)
                was_behind = self._behind
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()
        self.close()

    def _whole(self, reply: OpenAIReply) -> None:
        if reply.status >= _FIRST_ERROR_STATUS:
            self.stream.close(error_of_reply(reply))
            return
        self.stream.push(OpenAIStreamChunk(json_chunk=reply.body, finished=True))
        self.stream.close(reply.error)

    def _merge(self, old: OpenAIStreamChunk, new: OpenAIStreamChunk) -> OpenAIStreamChunk | None:
        self._behind = True
        merge = None if self._events is None else self._events.merge
        if merge is None or old.finished or new.finished:
            return None
        joined = merge(old.json_chunk, new.json_chunk)
        return None if joined is None else OpenAIStreamChunk(json_chunk=joined)

    def _leave(self) -> None:
        task, self._task = self._task, None  # What it ends with leads back here.
        if task is not None:
            task.cancel()
        if self._events is not None:
            self._events.cancel()
