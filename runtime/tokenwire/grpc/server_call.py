"""One call on the server: from its request to its trailers."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from h2.errors import ErrorCodes

from tokenwire.codes import Code
from tokenwire.errors import DecodeError, RpcError
from tokenwire.streams import PushStream, hold

from .framing import MessageReader
from .headers import CONTENT_TYPE, Headers, encode_metadata
from .inbox import Inbox
from .status import OK_TRAILERS, error_trailers
from .stream import Receiver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from tokenwire.context import Context
    from tokenwire.message import Message
    from tokenwire.method import Handler

    from .stream import WireStream

__all__ = ["LINGER_SECONDS", "RESPONSE_HEADERS", "ServerCall"]

log = logging.getLogger("tokenwire.grpc")

RESPONSE_HEADERS: Final[Headers] = [
    (":status", "200"),
    ("content-type", CONTENT_TYPE),
    ("grpc-accept-encoding", "identity"),
]

LINGER_SECONDS: Final = 1.0
"""How long a client may take to notice the trailers before its half of the stream is reset."""


class ServerCall(Receiver):
    """Reads a request, runs its handler and sends what that answers.

    It is itself the sink of a `PushStream`: a message is encoded and written by the push that
    brings it when the client can take it, and waits, merged, when not.

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
        "_drained",
        "_ended",
        "_handler",
        "_headers_sent",
        "_held",
        "_inbox",
        "_limit",
        "_push",
        "_reader",
        "_release",
        "_requests",
        "_spawn",
        "_stream",
        "_task",
        "_trailers",
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
        self._limit = limit
        self._release = release
        self._spawn = spawn
        self._reader = MessageReader(limit)
        self._requests: list[bytes] = []
        self._inbox: Inbox[Message] | None = None
        self._push: PushStream[Message] | None = None
        self._held: deque[Message] = deque()
        self._task: asyncio.Task[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._trailers: Headers | None = None
        self._headers_sent = False
        self._ended = False

    # The request

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

    def data_received(self, data: bytes, size: int) -> None:
        """Cut the request's messages out of its data."""
        try:
            bodies = self._reader.feed(data)
            if self._inbox is None:
                self._requests += bodies
                self._stream.acknowledge(size)
            else:
                self._inbox.put([self._handler.method.request.parse(body) for body in bodies], size)
        except RpcError as error:
            self.abort(error)
        except DecodeError as error:
            self.abort(_undecodable(error))

    def end_received(self) -> None:
        """The request is complete: a single one is handled now."""
        if self._ended:
            return
        if self._reader.partial:
            self.abort(RpcError(Code.INVALID_ARGUMENT, "the request ends within a message"))
        elif self._inbox is not None:
            self._inbox.close()
        elif len(self._requests) != 1:
            count = len(self._requests)
            self.abort(RpcError(Code.UNIMPLEMENTED, f"the method takes one request message, not {count}"))
        else:
            try:
                request = self._handler.method.request.parse(self._requests.pop())
            except DecodeError as error:
                self.abort(_undecodable(error))
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
                messages.subscribe(self)
            else:
                self._task = self._spawn(self._supervise(self._iterate, messages))
        except Exception as error:
            self._fail(error)

    async def _answer(self, request: Any) -> None:
        self._send(await self._handler.call(request, self._context))

    async def _iterate(self, messages: AsyncIterator[Message]) -> None:
        try:
            async for message in messages:
                self._send(message)
                if not self._stream.writable:
                    await self._drain()
        finally:
            aclose = getattr(messages, "aclose", None)
            if aclose is not None:
                await aclose()

    async def _drain(self) -> None:
        self._drained = asyncio.get_running_loop().create_future()
        self._stream.request_turn()
        try:
            await self._drained
        finally:
            self._drained = None

    async def _supervise(self, work: Callable[[Any], Coroutine[Any, Any, None]], argument: Any) -> None:
        try:
            await work(argument)
        except asyncio.CancelledError:
            self._finish(RpcError(Code.CANCELLED, "the handler was cancelled"))
            raise
        except Exception as error:
            self._fail(error)
        else:
            self._finish(None)

    # The response, as the sink of a PushStream

    def push(self, message: Message, /) -> None:
        """Send a message now, or keep it, merged with those that wait."""
        if self._ended or self._trailers is not None:
            return
        try:
            if self._held or not self._headers_sent:
                self._push_or_hold(message)
                return
            body = bytes(message)
            if len(body) > self._limit or not self._stream.send(body):
                self._push_or_hold(message)
        except Exception as error:
            self._fail(error)

    def _push_or_hold(self, message: Message) -> None:
        if self._held or not self._stream.writable:
            hold(self._held, message, self._push.merge if self._push is not None else None)
            self._stream.request_turn()
        else:
            self._send(message)

    def close(self, error: BaseException | None = None, /) -> None:
        """End the response after what waits."""
        self._push = None
        if error is None:
            self._finish(None)
        else:
            self._fail(error)

    def writable(self) -> None:
        """Go on with what waits: a message, the handler, the trailers."""
        if self._held:
            try:
                self._send(self._held.popleft())
            except Exception as error:
                self._fail(error)
                return
        if self._held:
            self._stream.request_turn()
        elif self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        elif self._trailers is not None and self._stream.idle:
            self._send_trailers(self._trailers)

    def _send(self, message: Message) -> None:
        body = bytes(message)
        if len(body) > self._limit:
            raise RpcError(
                Code.RESOURCE_EXHAUSTED,
                f"response of {len(body)} bytes is over the limit of {self._limit} bytes",
            )
        if not self._headers_sent:
            self._send_headers()
        self._stream.write(body)

    def _send_headers(self) -> None:
        metadata = self._context.initial_metadata
        headers = RESPONSE_HEADERS + encode_metadata(metadata) if metadata else RESPONSE_HEADERS
        self._headers_sent = True
        self._stream.send_headers_now(headers)

    # The end

    def _fail(self, error: BaseException) -> None:
        """End with an error of the handler, which is logged unless it was meant for the caller."""
        if isinstance(error, RpcError):
            self._finish(error)
            return
        log.error("%s failed", self._handler.method.path, exc_info=error)
        self._finish(RpcError(Code.INTERNAL, "internal error"))

    def _finish(self, error: RpcError | None) -> None:
        """Send the status after all that was answered."""
        if self._ended or self._trailers is not None:
            return
        trailers = OK_TRAILERS if error is None else error_trailers(error)
        metadata = self._context.trailing_metadata
        if metadata:
            try:
                trailers = trailers + encode_metadata(metadata)
            except (TypeError, ValueError):
                log.exception("%s set trailing metadata that cannot be sent", self._handler.method.path)
        if self._held or not self._stream.idle:
            self._trailers = trailers
        else:
            self._send_trailers(trailers)

    def abort(self, error: RpcError) -> None:
        """End now: stop the handler, drop what waits, send the status."""
        if self._ended:
            return
        self._held.clear()
        self._send_trailers(error_trailers(error))

    def _expire(self) -> None:
        self.abort(RpcError(Code.DEADLINE_EXCEEDED, "the deadline passed"))

    def _send_trailers(self, trailers: Headers) -> None:
        if not self._headers_sent and self._context.initial_metadata:
            try:
                self._send_headers()
            except (TypeError, ValueError):
                log.exception("%s set initial metadata that cannot be sent", self._handler.method.path)
                self._headers_sent = False
                trailers = error_trailers(RpcError(Code.INTERNAL, "internal error"))
        if not self._headers_sent:
            trailers = RESPONSE_HEADERS + trailers
        stream = self._stream
        stream.send_headers_now(trailers, end=True)
        if stream.remote_open:
            asyncio.get_running_loop().call_later(LINGER_SECONDS, stream.reset_now, ErrorCodes.NO_ERROR)
        self._end()

    def terminated(self, reason: str, code: int | None = None) -> None:
        """The client is gone: stop the handler."""
        if not self._ended:
            log.debug("%s ended early: %s", self._handler.method.path, reason)
            self._end()

    def refused(self, reason: str) -> None:
        """A client that refuses its own stream is gone."""
        self.terminated(reason)

    def _end(self) -> None:
        self._ended = True
        self._held.clear()
        self._requests.clear()
        if self._deadline is not None:
            self._deadline.cancel()
        self._release()
        if self._inbox is not None:
            self._inbox.discard()
        push, self._push = self._push, None
        if push is not None:
            push.cancel()
        task, self._task = self._task, None
        if task is not None and task is not _current_task():
            task.cancel()


def _undecodable(error: DecodeError) -> RpcError:
    return RpcError(Code.INVALID_ARGUMENT, f"the request cannot be decoded: {error}")


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
