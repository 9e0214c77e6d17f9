"""One call on the client: from its request to its status."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from h2.errors import ErrorCodes

from tokenwire.codes import Code
from tokenwire.errors import DecodeError, RpcError
from tokenwire.timeouts import encode_timeout

from .compression import ENCODINGS, GZIP, IDENTITY, LEAST, Packed, pack, unpack
from .framing import MessageReader
from .headers import CONTENT_TYPE, Headers, Metadata, decode_metadata
from .inbox import Inbox
from .loops import current_task
from .status import status_of_trailers
from .stream import Receiver

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from tokenwire.message import Message
    from tokenwire.method import Method

    from .channel import WireChannel
    from .protocol import WireProcessor
    from .stream import WireStream

__all__ = ["ClientCall"]

_FIELD_EXTRA: Final = 32
"""Bytes that each field counts for beside its name and value."""

T = TypeVar("T", bound="Message")

_LIMIT_NAME: Final = "max_message_size of the client"

_CODE_OF_RESET: Final[dict[int, Code]] = {
    ErrorCodes.REFUSED_STREAM: Code.UNAVAILABLE,
    ErrorCodes.CANCEL: Code.CANCELLED,
    ErrorCodes.ENHANCE_YOUR_CALM: Code.RESOURCE_EXHAUSTED,
    ErrorCodes.INADEQUATE_SECURITY: Code.PERMISSION_DENIED,
}


class _TooEarly(MessageReader):
    """Stands for the reader of a response until its headers have come."""

    def feed(self, data: bytes) -> list[bytes]:
        """Refuse it.

        Raises:
            RpcError: INTERNAL, always.
        """
        raise RpcError(Code.INTERNAL, "the server sent data before the headers of its response")


_TOO_EARLY: Final = _TooEarly(0, _LIMIT_NAME)


@functools.cache
def _user_agent() -> str:
    python = ".".join(map(str, sys.version_info[:2]))
    return f"tokenwire/{version('tokenwire')} python/{python}"


class ClientCall(Receiver, Generic[T]):
    """Sends a request and takes the response; it begins when it is made.

    Args:
        channel: Where to send it.
        method: What to call.
        requests: The one request's bytes, or the messages of a request stream.
        timeout: Seconds until it ends with DEADLINE_EXCEEDED; None is never.
        metadata: Header fields to send.
        limit: Largest response message in bytes.
        compress: Compress requests that are worth it.
        adapter: Given the initial metadata, returns what is applied to each response, if anything.
    """

    def __init__(
        self,
        channel: WireChannel,
        method: Method[Any, T],
        requests: bytes | AsyncGenerator[bytes],
        *,
        timeout: float | None,
        metadata: Headers,
        limit: int,
        compress: bool = False,
        adapter: Callable[[Metadata], Callable[[Any], Any] | None] | None = None,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.initial_metadata: Metadata = {}
        self.trailing_metadata: Metadata = {}
        self.responses: Inbox[T] = Inbox(self._acknowledge)
        self._channel = channel
        self._method = method
        self._requests = requests
        self._metadata = metadata
        self._adapter = adapter
        self._convert: Callable[[Any], Any] | None = None
        self._limit = limit
        self._compress = compress
        self._reader: MessageReader = _TOO_EARLY
        self._headers = asyncio.Event()
        self._drained: asyncio.Future[None] | None = None
        self._stream: WireStream | None = None
        self._processor: WireProcessor | None = None
        self._retries = 1
        self._error: RpcError | None = None
        self._deadline = None if timeout is None else self.loop.time() + timeout
        self._timer = None if timeout is None else self.loop.call_later(max(0.0, timeout), self._expire)
        self._sender = self.loop.create_task(self._send())

    @property
    def ended(self) -> bool:
        """Whether its status is known."""
        return self.responses.ended

    async def wait_for_headers(self) -> None:
        """Wait until the response has begun, or the call has ended."""
        await self._headers.wait()

    async def response(self) -> T:
        """The one response of a method that does not stream them.

        Raises:
            RpcError: The call failed.
        """
        found: T | None = None
        async for message in self.responses:
            if found is not None:
                error = RpcError(Code.INTERNAL, f"{self._method.path} answered with two messages")
                self._fail(error)
                raise error
            found = message
        if found is None:
            raise RpcError(Code.INTERNAL, f"{self._method.path} answered without a message")
        return found

    # The request

    async def _send(self) -> None:
        try:
            stream = await self._open()
            if isinstance(self._requests, bytes):
                await self._write(stream, self._requests, end=True)
                return
            try:
                async for body in self._requests:
                    await self._drain(stream)
                    await self._write(stream, body)
            finally:
                await self._requests.aclose()
            await self._drain(stream)
            stream.end_now()
        except Exception as error:
            self._fail(error)

    async def _write(self, stream: WireStream, body: bytes, *, end: bool = False) -> None:
        if self._compress and len(body) >= LEAST:
            body = await pack(body)
            stream.write(body, end=end, flag=type(body) is Packed)
        else:
            stream.write(body, end=end)

    async def _open(self) -> WireStream:
        while True:
            protocol = self._channel.ready or await self._channel.connect()
            stream = protocol.connection.create_stream()
            stream.receiver = self
            headers = self._request_headers()
            _check_size(headers, protocol.connection.session.remote_settings.max_header_list_size)
            if await stream.open(headers, protocol.processor):
                self._stream, self._processor = stream, protocol.processor
                return stream

    async def _drain(self, stream: WireStream) -> None:
        if stream.idle:
            return
        self._drained = self.loop.create_future()
        try:
            await self._drained
        finally:
            self._drained = None

    def writable(self) -> None:
        """Go on with the next request."""
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def _request_headers(self) -> Headers:
        headers = [
            (":method", "POST"),
            (":scheme", self._channel.scheme),
            (":path", self._method.path),
            (":authority", self._channel.authority),
            ("te", "trailers"),
            ("content-type", CONTENT_TYPE),
            ("user-agent", _user_agent()),
            ("grpc-accept-encoding", ENCODINGS),
        ]
        if self._compress:
            headers.append(("grpc-encoding", GZIP))
        if self._deadline is not None:
            headers.append(("grpc-timeout", encode_timeout(self._deadline - self.loop.time())))
        return headers + self._metadata

    # The response

    def headers_received(self, headers: Headers) -> None:
        """Take the initial metadata, or the status of a call without a message."""
        fields = dict(headers)
        if "grpc-status" in fields or fields.get(":status") != "200":
            self.trailers_received(headers)
            return
        content_type = fields.get("content-type", CONTENT_TYPE)
        if not content_type.startswith("application/grpc"):
            text = f"the server answered with content-type {content_type}, which is not gRPC"
            self._fail(RpcError(Code.UNKNOWN, text))
            return
        try:
            self.initial_metadata = decode_metadata(headers)
        except ValueError as error:
            self._fail(RpcError(Code.INTERNAL, str(error)))
            return
        self._reader = MessageReader(self._limit, _LIMIT_NAME)
        encoding = fields.get("grpc-encoding", IDENTITY)
        if encoding == GZIP:
            self._reader.packed = True
            self.responses.open = self._unpacked
        elif encoding != IDENTITY:
            text = f"the server compressed with {encoding}; this client takes {ENCODINGS}"
            self._fail(RpcError(Code.INTERNAL, text))
            return
        if self._adapter is not None:
            self._convert = self._adapter(self.initial_metadata)
        self._headers.set()

    def data_received(self, data: bytes, size: int) -> None:
        """Cut the response's messages out of its data."""
        try:
            messages: list[Any] = self._reader.feed(data)
            if self.responses.open is None:
                messages = [self._parse(body) for body in messages]
        except DecodeError as error:
            self._fail(RpcError(Code.INTERNAL, f"the response cannot be decoded: {error}"))
        except Exception as error:
            self._fail(error)
        else:
            self.responses.put(messages, size)

    def _parse(self, body: bytes) -> T:
        message = self._method.response.parse(body)
        return message if self._convert is None else self._convert(message)

    async def _unpacked(self, body: bytes) -> T:
        """A response that is compressed, or may have been; made as it is read."""
        failure: Exception
        try:
            if type(body) is Packed:
                body = await unpack(body, self._limit, _LIMIT_NAME)
            return self._parse(body)
        except DecodeError as error:
            failure = RpcError(Code.INTERNAL, f"the response cannot be decoded: {error}")
        except Exception as error:
            failure = error
        self._fail(failure)
        self.responses.discard(failure)
        raise failure

    def trailers_received(self, headers: Headers) -> None:
        """The call ends with the status that the trailers carry."""
        error = status_of_trailers(dict(headers))
        try:
            self.trailing_metadata = decode_metadata(headers)
        except ValueError as invalid:
            error = error or RpcError(Code.INTERNAL, str(invalid))
        if error is None and self._reader.partial:
            error = RpcError(Code.INTERNAL, "the response ended within a message")
        self._finish(error)

    def end_received(self) -> None:
        """A response that ends without trailers has failed."""
        if not self.ended:
            self._finish(RpcError(Code.INTERNAL, "the response ended without a status"))

    def terminated(self, reason: str, code: int | None = None) -> None:
        """The call fails with the stream or its connection."""
        if self.ended:
            return
        if code is None:
            used = self._processor is not None and self._processor.answered
            failed = "failed after the server had answered on it" if used else "failed"
            text = f"the connection to {self._channel.target} {failed}: {reason}"
            self._finish(RpcError(Code.UNAVAILABLE, text))
        else:
            name = ErrorCodes(code).name if code in set(ErrorCodes) else str(code)
            self._finish(RpcError(_CODE_OF_RESET.get(code, Code.INTERNAL), f"{reason}: {name}"))

    def refused(self, reason: str) -> None:
        """Try once more: the server has not looked at the call, unless it has begun to answer it."""
        if self.ended:
            return
        if not self._retries or self._headers.is_set() or not isinstance(self._requests, bytes):
            self._finish(RpcError(Code.UNAVAILABLE, f"{self._channel.target}: {reason}"))
            return
        self._retries -= 1
        self._sender.cancel()  # It may be compressing the request still.
        self._let_go()
        self._sender = self.loop.create_task(self._send())

    def _acknowledge(self, size: int) -> None:
        if self._stream is not None:
            self._stream.acknowledge(size)

    # The end

    def cancel(self) -> None:
        """End the call on both sides; nothing happens when it has ended."""
        if not self.ended:
            self._fail(RpcError(Code.CANCELLED, "the caller cancelled the call"))
            self.responses.discard()

    def cancel_soon(self) -> None:
        """`cancel`, for finalizers: from any thread, in the midst of anything, the loop closed perhaps."""
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.cancel)

    def _expire(self) -> None:
        self._fail(RpcError(Code.DEADLINE_EXCEEDED, f"{self._method.path} took longer than its deadline"))

    def _fail(self, error: Exception) -> None:
        """End the call from this side."""
        if self._stream is not None:
            self._stream.reset_now(ErrorCodes.CANCEL)
        self._finish(error)

    def _finish(self, error: Exception | None) -> None:
        if self.ended:
            return
        self.responses.close(error)
        self._headers.set()
        if self._timer is not None:
            self._timer.cancel()
        if self._sender is not current_task():
            self._sender.cancel()
        if self._stream is not None:
            self._stream.reset_now(ErrorCodes.NO_ERROR)
        self._let_go()

    def _let_go(self) -> None:
        stream, processor = self._stream, self._processor
        self._stream = self._processor = None
        if stream is not None and processor is not None:
            processor.release(stream)


def _check_size(headers: Headers, limit: int | None) -> None:
    """Refuse what the server has said that it would refuse (RFC 9113, 6.5.2).

    Raises:
        RpcError: RESOURCE_EXHAUSTED, the fields are larger than that.
    """
    if limit is None:
        return
    size = sum([len(name) + len(value) + _FIELD_EXTRA for name, value in headers])
    if size > limit:
        text = f"the call's metadata makes {size} bytes of header fields; the server takes {limit}"
        raise RpcError(Code.RESOURCE_EXHAUSTED, text)
