"""One call on the server: its request, its handler, its deadline."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from typing import TYPE_CHECKING, Any, Final, Protocol

from tokenwire.budget import Share
from tokenwire.codes import Code
from tokenwire.coroutines import rest
from tokenwire.errors import DecodeError, RpcError
from tokenwire.heavy import LARGE, free_in_steps
from tokenwire.method import AuthScope
from tokenwire.streams import PushStream
from tokenwire.timeouts import PASSED

from .compression import Packed
from .framing import LIMIT_FLAG, MessageReader, whole_message
from .inbox import Inbox
from .loops import current_task
from .opening import no_memory, open_message, undecodable
from .response import Response
from .stream import Receiver

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import AsyncIterator, Callable, Coroutine

    from tokenwire.budget import MemoryBudget
    from tokenwire.context import Context
    from tokenwire.message import Message
    from tokenwire.method import Handler

    from .compression import Encoding
    from .stream import WireStream

__all__ = ["ServerCall"]

log = logging.getLogger("tokenwire.grpc")

_SMALL: Final = 4096
"""A request of up to so many bytes is acknowledged when its call ends; windows are far larger."""


class CallHome(Protocol):
    """What keeps calls: their connection."""

    def spawn(
        self, work: Coroutine[Any, Any, None], /, context: contextvars.Context | None = None
    ) -> asyncio.Task[None]:
        """Start a task and keep it until it has ended."""

    def release(self, call: ServerCall, stream: WireStream, /) -> None:
        """A call has ended."""


class ServerCall(Receiver):
    """Reads a request, runs its handler and has the answer sent.

    A handler that returns a `PushStream` runs without a task; any other has one of its own.

    Args:
        stream: The call's HTTP/2 stream.
        handler: What answers it.
        context: What the handler gets to know.
        limit: Largest message of the response in bytes.
        most: Largest message of the request in bytes.
        home: The connection that keeps it until it has ended.
        budget: Where the memory of a request that comes in pieces is taken from.
        encoding: Which of its messages may be compressed.
    """

    __slots__ = (
        "_budget",
        "_context",
        "_deadline",
        "_encoding",
        "_handler",
        "_home",
        "_inbox",
        "_incomplete_since",
        "_large",
        "_lessened",
        "_most",
        "_push",
        "_reader",
        "_requests",
        "_response",
        "_share",
        "_stream",
        "_taken",
        "_task",
    )

    def __init__(
        self,
        stream: WireStream,
        handler: Handler,
        context: Context,
        *,
        limit: int,
        most: int,
        home: CallHome,
        budget: MemoryBudget,
        encoding: Encoding,
    ) -> None:
        self._stream = stream
        self._handler = handler
        self._context = context
        self._most = most
        self._lessened = most < limit
        self._home = home
        self._budget = budget
        self._taken = 0
        self._incomplete_since: float | None = None
        self._encoding = encoding
        self._response = Response(stream, context, limit=limit, owner=self, encoding=encoding)
        self._reader: MessageReader | None = None
        self._requests: list[bytes] = []
        self._share: Share | None = None
        """Memory of a large request, which it has until the call ends."""
        self._large: Message | None = None
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
            self._inbox = Inbox(self._acknowledge_read)
            self._inbox.open = self._open
            self._run_handler(self._inbox)

    # The request

    def data_received(self, data: bytes, size: int) -> None:
        """Cut the request's messages out of its data."""
        if (record := self._context.record) is not None:
            record.received_bytes += size
        try:
            bodies = self._cut(data)
            if self._inbox is not None:
                self._take_messages(self._inbox, bodies, size)
                return
            if size > _SMALL or not bodies:
                self._stream.acknowledge(size)
            if not bodies:
                self._stream.connection.session.guard.fragment(size)
            self._requests += bodies
            if size > _SMALL or self._taken or self._reader is not None:
                self._account()
            if len(self._requests) > 1:
                self.abort(_not_one("more"))
        except RpcError as error:
            if error.code is Code.RESOURCE_EXHAUSTED:
                self._refused["max_message_size"] += 1
            self.abort(error)
        except DecodeError as error:
            self.abort(undecodable(error))
        except Exception as error:
            self._response.fail(error)

    def _take_messages(self, inbox: Inbox[Message], bodies: list[bytes], size: int) -> None:
        if bodies:
            self._incomplete_since = None
        else:
            self._stream.connection.session.guard.fragment(size)
        inbox.put(bodies, size)
        self._account()

    def _acknowledge_read(self, size: int) -> None:
        """Messages were read by the handler."""
        self._stream.acknowledge(size)
        self._give_back()

    def _account(self) -> None:
        """Have as much of the budget as has come and is not handed over, or end; a little is free."""
        held = sum(map(len, self._requests))
        if self._reader is not None:
            held += self._reader.held
        if self._inbox is not None:
            held += self._inbox.held
        wanted = held if held > _SMALL else 0
        if wanted < self._taken:
            self._give_back()
        if self._budget.take(wanted - self._taken):
            self._taken = wanted
        else:
            self._refused["max_request_memory"] += 1
            self.abort(no_memory(self._budget.limit))

    @property
    def _limit_name(self) -> str:
        return "of calls that need no key" if self._lessened else LIMIT_FLAG

    @property
    def _refused(self) -> Counter[str]:
        return self._stream.connection.session.guard.stats.calls_refused

    def _give_back(self) -> None:
        self._budget.give_back(self._taken)
        self._taken = 0

    def receives_since(self, now: float) -> float:
        """Since when the client has been sending its request, or one message of many, as far as was asked.

        Where no key is needed, a client that sends many is waited for between them as well.

        Returns:
            Infinity when all has come.
        """
        if self._inbox is None:
            waits = self._stream.remote_open
        else:
            waits = (self._reader is not None and self._reader.partial) or (
                self._handler.method.auth is AuthScope.PUBLIC and self._inbox.awaited
            )
        if not waits:
            self._incomplete_since = None
            return float("inf")
        if self._incomplete_since is None:
            self._incomplete_since = now
        return self._incomplete_since

    def _cut(self, data: bytes) -> list[bytes]:
        if self._reader is None:
            body = whole_message(data, self._most)
            if body is not None:
                return [body]
            self._reader = MessageReader(self._most, self._limit_name, packed=self._encoding.packed)
        return self._reader.feed(data)

    def end_received(self) -> None:
        """The request is complete: a single one is handled now."""
        if (record := self._context.record) is not None:
            record.complete()
        if self._reader is not None and self._reader.partial:
            self.abort(RpcError(Code.INVALID_ARGUMENT, "the request ends within a message"))
        elif self._inbox is not None:
            self._inbox.close()
        elif not self._requests:
            self.abort(_not_one("none"))
        elif len(body := self._requests.pop()) > LARGE or type(body) is Packed:
            self._task = self._home.spawn(self._take_large(body))
        else:
            self._take(body)

    def _take(self, body: bytes) -> None:
        """Handle the one request."""
        try:
            request = self._handler.method.request.parse(body)
            if self._taken:
                self._give_back()
        except DecodeError as error:
            self.abort(undecodable(error))
        except Exception as error:
            self._response.fail(error)
        else:
            self._run_handler(request)

    async def _take_large(self, body: bytes) -> None:
        """Handle the one request, which is large or compressed."""
        self._give_back()
        self._share = Share(self._budget)
        kind, share = self._handler.method.request, self._share
        opening = open_message(body, kind, self._most, share, limit_name=self._limit_name)
        del body
        try:
            request = await opening
        except RpcError as error:
            self._refuse(error)
        except Exception as error:
            self._response.fail(error)
        else:
            if not self._response.ended:
                self._large = request
                self._run_handler(request)

    async def _open(self, body: bytes) -> Message:
        """A message of a request stream, as it is read: until then it takes less as bytes."""
        self._share = share = Share(self._budget)
        try:
            kind = self._handler.method.request
            return await open_message(body, kind, self._most, share, limit_name=self._limit_name)
        except RpcError as error:
            self._refuse(error)
            raise
        finally:
            share.close()

    def _refuse(self, error: RpcError) -> None:
        if error.code is Code.RESOURCE_EXHAUSTED:
            self._refused["max_request_memory" if error.details else "max_message_size"] += 1
        self.abort(error)

    # The handler

    def _run_handler(self, request: Any) -> None:
        if not self._handler.method.server_streaming:
            self._run_unary(request)
            return
        context = contextvars.copy_context()
        try:
            messages = context.run(self._handler.call, request, self._context)
            if isinstance(messages, PushStream):
                self._push = messages
                self._response.merge = messages.merge
                messages.subscribe(self._response)
            else:
                self._task = self._home.spawn(self._supervise(self._iterate, messages), context)
        except Exception as error:
            self._response.fail(error)

    def _run_unary(self, request: Any) -> None:
        """Answer without a task where the handler allows it and does not wait; see `starts_at_once`."""
        if not self._handler.at_once:
            self._task = self._home.spawn(self._supervise(self._answer, request))
            return
        context = contextvars.copy_context()
        try:
            answer = self._handler.call(request, self._context)
            waits_for = context.run(answer.send, None)
        except StopIteration as end:
            self._reply(end.value)
        except asyncio.CancelledError:
            self._response.finish(RpcError(Code.CANCELLED, "the handler was cancelled"))
        except Exception as error:
            self._response.fail(error)
        else:
            self._task = self._home.spawn(self._supervise(self._go_on, (answer, waits_for)), context)

    def _reply(self, message: Message) -> None:
        try:
            unsent = self._response.reply(message)
        except Exception as error:
            self._response.fail(error)
        else:
            if unsent is not None:
                self._task = self._home.spawn(self._supervise(_wait, unsent))

    async def _answer(self, request: Any) -> None:
        unsent = self._response.reply(await self._handler.call(request, self._context))
        if unsent is not None:
            await unsent

    async def _go_on(self, begun: tuple[Coroutine[Any, Any, Message], Any]) -> None:
        unsent = self._response.reply(await rest(*begun))
        if unsent is not None:
            await unsent

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
        self.abort(RpcError(Code.DEADLINE_EXCEEDED, PASSED))

    def terminated(self, reason: str, code: int | None = None) -> None:
        """The client is gone: stop the handler."""
        log.debug("%s ended early: %s", self._handler.method.path, reason)
        if (record := self._context.record) is not None:
            record.code = Code.CANCELLED
        self._response.drop()

    def refused(self, reason: str) -> None:
        """A client that refuses its own stream is gone."""
        self.terminated(reason)

    def ended(self) -> None:
        """Let go of everything; what still runs is stopped."""
        if self._deadline is not None:
            self._deadline.cancel()
        if (record := self._context.record) is not None:
            record.sent_bytes = self._stream.sent
            record.end()
        self._home.release(self, self._stream)
        self._requests.clear()
        if self._taken:
            self._give_back()
        if self._share is not None:
            self._share.close()
        if self._large is not None:
            asyncio.get_running_loop().call_soon(free_in_steps, self._large)
            self._large = None
        if self._inbox is not None:
            self._inbox.discard()
        if self._push is not None:
            try:
                self._push.cancel()
            except Exception:
                log.exception("%s failed to stop", self._handler.method.path)
        task, self._task = self._task, None
        if task is not None and task is not current_task():
            if self._handler.at_once:  # The task's first step goes on with the handler, so it has to come.
                asyncio.get_running_loop().call_soon(task.cancel)
            else:
                task.cancel()


async def _wait(work: Coroutine[Any, Any, None]) -> None:
    await work


def _not_one(count: str) -> RpcError:
    return RpcError(Code.UNIMPLEMENTED, f"the method takes one request message, not {count}")
