"""One call on the server: its request, its handler, its deadline."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from tokenwire.codes import Code
from tokenwire.errors import DecodeError, RpcError
from tokenwire.streams import PushStream

from .framing import MessageReader
from .inbox import Inbox
from .loops import current_task
from .response import Response
from .stream import Receiver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from tokenwire.context import Context
    from tokenwire.message import Message
    from tokenwire.method import Handler

    from .stream import WireStream

__all__ = ["ServerCall"]

log = logging.getLogger("tokenwire.grpc")


class ServerCall(Receiver):
    """Reads a request, runs its handler and has the answer sent.

    A handler that returns a `PushStream` runs without a task; any other has one of its own.

    Args:
        stream: The call's HTTP/2 stream.
        handler: What answers it.
        context: What the handler gets to know.
        limit: Largest message in bytes, of the request and of the response.
        release: Ends the call's registration with its connection.
        spawn: Starts a task and keeps it until it has ended.
    """

    __slots__ = (
        "_context",
        "_deadline",
        "_handler",
        "_inbox",
        "_push",
        "_reader",
        "_release",
        "_requests",
        "_response",
        "_spawn",
        "_stream",
        "_task",
    )

    def __init__(
        self,
        stream: WireStream,
        handler: Handler,
        context: Context,
        *,
        limit: int,
        release: Callable[[], None],
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        self._stream = stream
        self._handler = handler
        self._context = context
        self._release = release
        self._spawn = spawn
        self._response = Response(stream, context, limit=limit, when_ended=self._end)
        self._reader = MessageReader(limit)
        self._requests: list[bytes] = []
        self._inbox: Inbox[Message] | None = None
        self._push: PushStream[Message] | None = None
        self._task: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin; the handler of a streaming request runs from now on."""
        remaining = self._context.time_remaining()
        if remaining == 0:
            self._expire()
            return
        if remaining is not None:
            self._deadline = asyncio.get_running_loop().call_later(remaining, self._expire)
        if self._handler.method.client_streaming:
            self._inbox = Inbox(self._stream.acknowledge)
            self._run_handler(self._inbox)

    # The request

    def data_received(self, data: bytes, size: int) -> None:
        """Cut the request's messages out of its data."""
        try:
            bodies = self._reader.feed(data)
            if self._inbox is None:
                self._stream.acknowledge(size)
                self._requests += bodies
                if len(self._requests) > 1:
                    self.abort(_not_one("more"))
            else:
                self._inbox.put([self._handler.method.request.parse(body) for body in bodies], size)
        except RpcError as error:
            self.abort(error)
        except DecodeError as error:
            self.abort(_undecodable(error))
        except Exception as error:
            self._response.fail(error)

    def end_received(self) -> None:
        """The request is complete: a single one is handled now."""
        if self._reader.partial:
            self.abort(RpcError(Code.INVALID_ARGUMENT, "the request ends within a message"))
        elif self._inbox is not None:
            self._inbox.close()
        elif not self._requests:
            self.abort(_not_one("none"))
        else:
            try:
                request = self._handler.method.request.parse(self._requests.pop())
            except DecodeError as error:
                self.abort(_undecodable(error))
            except Exception as error:
                self._response.fail(error)
            else:
                self._run_handler(request)

    # The handler

    def _run_handler(self, request: Any) -> None:
        if not self._handler.method.server_streaming:
            self._task = self._spawn(self._supervise(self._answer, request))
            return
        try:
            messages = self._handler.call(request, self._context)
            if isinstance(messages, PushStream):
                self._push = messages
                self._response.merge = messages.merge
                messages.subscribe(self._response)
            else:
                self._task = self._spawn(self._supervise(self._iterate, messages))
        except Exception as error:
            self._response.fail(error)

    async def _answer(self, request: Any) -> None:
        self._response.send(await self._handler.call(request, self._context))

    async def _iterate(self, messages: AsyncIterator[Message]) -> None:
        try:
            async for message in messages:
                self._response.send(message)
                await self._response.drain()
        finally:
            aclose = getattr(messages, "aclose", None)
            if aclose is not None:
                await aclose()

    async def _supervise(self, work: Callable[[Any], Coroutine[Any, Any, None]], argument: Any) -> None:
        try:
            await work(argument)
        except asyncio.CancelledError:
            self._response.finish(RpcError(Code.CANCELLED, "the handler was cancelled"))
            raise
        except Exception as error:
            self._response.fail(error)
        else:
            self._response.finish(None)

    def writable(self) -> None:
        """Go on with the response."""
        self._response.writable()

    # The end

    def abort(self, error: RpcError) -> None:
        """End now: stop the handler, drop what waits, send the status."""
        self._response.abort(error)

    def _expire(self) -> None:
        self.abort(RpcError(Code.DEADLINE_EXCEEDED, "the deadline passed"))

    def terminated(self, reason: str, code: int | None = None) -> None:
        """The client is gone: stop the handler."""
        log.debug("%s ended early: %s", self._handler.method.path, reason)
        self._response.drop()

    def refused(self, reason: str) -> None:
        """A client that refuses its own stream is gone."""
        self.terminated(reason)

    def _end(self) -> None:
        """Let go of everything; what still runs is stopped."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._release()
        del self._release
        self._requests.clear()
        if self._inbox is not None:
            self._inbox.discard()
        if self._push is not None:
            try:
                self._push.cancel()
            except Exception:
                log.exception("%s failed to stop", self._handler.method.path)
        task, self._task = self._task, None
        if task is not None and task is not current_task():
            task.cancel()


def _not_one(count: str) -> RpcError:
    return RpcError(Code.UNIMPLEMENTED, f"the method takes one request message, not {count}")


def _undecodable(error: DecodeError) -> RpcError:
    return RpcError(Code.INVALID_ARGUMENT, f"the request cannot be decoded: {error}")
