"""What the server answers to one call: headers, messages and trailers, as the client takes them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from h2.errors import ErrorCodes

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.gunzip import AT_ONCE
from tokenwire.record import REQUEST_ID, SERVER_TIMING
from tokenwire.streams import hold

from .compression import ENCODINGS, GZIP, LEAST, Packed, pack, pack_now
from .framing import LIMIT_FLAG
from .headers import CONTENT_TYPE, Headers, encode_metadata
from .hpack_cache import literal_block, literal_name, literal_size
from .status import OK_TRAILERS, error_trailers

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from tokenwire.context import Context
    from tokenwire.message import Message
    from tokenwire.record import CallRecord

    from .compression import Encoding
    from .server_call import ServerCall
    from .stream import WireStream

__all__ = ["RESPONSE_HEADERS", "Response", "send_last"]

log = logging.getLogger("tokenwire.grpc")

RESPONSE_HEADERS: Final[Headers] = [
    (":status", "200"),
    ("content-type", CONTENT_TYPE),
    ("grpc-accept-encoding", ENCODINGS),
]

_HEAD: Final = literal_block(RESPONSE_HEADERS)
_PACKED_HEAD: Final = _HEAD + literal_block([("grpc-encoding", GZIP)])
_TAIL: Final = literal_block(OK_TRAILERS)
_OK: Final = Code.OK
"""Looking a member up in its class takes a quarter of a microsecond."""
_TIMING: Final = literal_name(SERVER_TIMING)
_LINGER_SECONDS: Final = 1.0
"""How long a client may take to notice the trailers before its half of the stream is reset."""


def send_last(stream: WireStream, block: bytes) -> None:
    """Send trailers; a client that goes on sending afterwards is stopped, but not at once."""
    stream.send_block(block, end=True)
    linger(stream)


def linger(stream: WireStream) -> None:
    """Stop a client that goes on sending after the trailers, but not at once."""
    if stream.remote_open:
        asyncio.get_running_loop().call_later(_LINGER_SECONDS, stream.reset_now, ErrorCodes.NO_ERROR)


class Response:
    """The sending half of a call, and the sink of its `PushStream`.

    A message is encoded and written by the push that brings it when the client can take it; when
    not it waits, merged with those that wait already.

    Args:
        stream: The call's HTTP/2 stream.
        context: Holds the metadata to send.
        limit: Largest message in bytes.
        owner: Told once, after the trailers were sent or `drop` was called.
        encoding: Which messages may be compressed.

    Attributes:
        sent: Bytes of the messages so far.
    """

    __slots__ = (
        "_context",
        "_direct",
        "_drained",
        "_encoding",
        "_headers_sent",
        "_held",
        "_limit",
        "_owner",
        "_packs",
        "_stream",
        "_trailers",
        "ended",
        "merge",
    )

    def __init__(
        self, stream: WireStream, context: Context, *, limit: int, owner: ServerCall, encoding: Encoding
    ) -> None:
        self._stream = stream
        self._context = context
        self._limit = limit
        self._owner: ServerCall | None = owner
        self._encoding = encoding
        self._held: deque[Message | bytes] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._trailers: bytes | None = None
        self._headers_sent = False
        self._direct = False
        """A message may leave at once: headers were sent, nothing waits, the end was not told."""
        self._packs = False
        """The headers say that messages may be compressed, so none takes the direct way."""
        self.ended = False
        self.merge: Callable[[Any, Any], Any] | None = None

    def push(self, message: Message, /) -> None:
        """Send a message now, or keep it, merged with those that wait."""
        try:
            if self._direct:
                body = bytes(message)
                if len(body) <= self._limit and self._stream.send(body):
                    return
            self._send_or_hold(message)
        except Exception as error:
            self.fail(error)

    def push_bytes(self, body: bytes, /) -> None:
        """The same with a message that is bytes already."""
        if self._direct and len(body) <= self._limit and self._stream.send(body):
            return
        try:
            self._send_or_hold(body)
        except Exception as error:
            self.fail(error)

    def close(self, error: BaseException | None = None, /) -> None:
        """End the response after what waits."""
        if error is None:
            self.finish(None)
        else:
            self.fail(error)

    def _send_or_hold(self, message: Message | bytes) -> None:
        if self.ended or self._trailers is not None:
            return
        if self._held or not self._stream.writable:
            if self._held is None:
                self._held = deque()
            self._direct = False
            hold(self._held, message, self.merge)
            self._stream.request_turn()
        else:
            self.send(message)

    def reply(self, message: Message | bytes) -> Coroutine[Any, Any, None] | None:
        """Send the one message of a call and its end, in one piece where that can be.

        It may be the message's bytes, from a handler that has encoded a large one in a thread.

        Returns:
            What is left to do, where the message is large and to be compressed.

        Raises:
            RpcError, TypeError, ValueError: As in `send`.
        """
        if self._headers_sent or self.ended or self._trailers is not None:
            self.send(message)
            self.finish(None)
            return None
        body = self._body(message)
        wanted = self._context.compress
        if wanted is None:
            wanted = self._encoding.wanted and len(body) >= LEAST
        if wanted and self._encoding.accepted:
            if len(body) > AT_ONCE:
                return self._reply_packed(body)
            body = pack_now(body)
        self._send_reply(body)
        return None

    async def _reply_packed(self, body: bytes) -> None:
        body = await pack(body)
        if not self.ended:
            self._send_reply(body)

    def _send_reply(self, body: bytes) -> None:
        packed = type(body) is Packed
        head, record = self._head(packed), self._context.record
        tail = _TAIL if record is None else _TAIL + _timing(record)
        if self._context.trailing_metadata or not self._stream.send_whole(head, body, tail, packed):
            self._stream.send_block(head)
            self._headers_sent = self._direct = True
            self._stream.write(body, flag=packed)
            self.finish(None)
            return
        if record is not None:
            record.code = _OK
        self._headers_sent = True
        linger(self._stream)
        self.drop()

    def send(self, message: Message | bytes) -> None:
        """Send a message; what does not leave at once leaves later, see `drain`. After the end it is dropped.

        Raises:
            RpcError: RESOURCE_EXHAUSTED, the message is over the limit.
            TypeError, ValueError: The message or the initial metadata cannot be encoded.
        """
        if self.ended:
            return
        body = self._body(message)
        if not self._headers_sent:
            self._send_headers()
        if self._packs and self._context.compress and len(body) <= AT_ONCE:
            body = pack_now(body)
            self._stream.write(body, flag=type(body) is Packed)
        else:
            self._stream.write(body)

    def _body(self, message: Message | bytes) -> bytes:
        body = bytes(message)
        if len(body) > self._limit:
            text = f"response of {len(body)} bytes is over the limit of {self._limit} bytes ({LIMIT_FLAG})"
            raise RpcError(Code.RESOURCE_EXHAUSTED, text)
        return body

    async def drain(self) -> None:
        """Wait until the client can take another message."""
        while not self._stream.writable and not self.ended:
            self._drained = asyncio.get_running_loop().create_future()
            self._stream.request_turn()
            try:
                await self._drained
            finally:
                self._drained = None

    def writable(self) -> None:
        """Go on with what waits: a message, the handler, the trailers."""
        if self._held:
            try:
                self.send(self._held.popleft())
            except Exception as error:
                self.fail(error)
                return
        if self._held:
            self._stream.request_turn()
        elif self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        elif self._trailers is not None:
            if self._stream.idle:
                self._send_trailers(self._trailers)
        else:
            self._direct = self._headers_sent and not self.ended and not self._packs

    def fail(self, error: BaseException) -> None:
        """End with an error of the handler, which is logged unless it was meant for the caller."""
        if isinstance(error, RpcError):
            self.finish(error)
            return
        log.error("%s failed", self._context.method.path, exc_info=error)
        self.finish(RpcError(Code.INTERNAL, "internal error"))

    def finish(self, error: RpcError | None) -> None:
        """Send the status, and the trailing metadata, after all that was answered."""
        if self.ended or self._trailers is not None:
            return
        self._note(error)
        trailers = _TAIL if error is None else literal_block(error_trailers(error))
        if self._context.trailing_metadata:
            try:
                trailers += _block(self._context.trailing_metadata)
            except (TypeError, ValueError):
                log.exception("%s: trailing metadata cannot be sent", self._context.method.path)
        if self._held or not self._stream.idle:
            self._trailers = trailers
            self._direct = False
        else:
            self._send_trailers(trailers)

    def abort(self, error: RpcError) -> None:
        """Send the status now; what waits is dropped."""
        if not self.ended:
            self._note(error)
            self._held = None
            self._send_trailers(literal_block(error_trailers(error)))

    def drop(self) -> None:
        """End without a word: nobody listens any more."""
        if not self.ended:
            self.ended = True
            self._direct = False
            self._held = self.merge = None
            owner, self._owner = self._owner, None
            if owner is not None:
                owner.ended()

    def _note(self, error: RpcError | None) -> None:
        record = self._context.record
        if record is not None:
            record.code = _OK if error is None else error.code

    def _head(self, packed: bool) -> bytes:
        metadata, record = self._context.initial_metadata, self._context.record
        if record is not None and REQUEST_ID in record.metadata and record.given_id:
            metadata[REQUEST_ID] = record.given_id
        head = _PACKED_HEAD if packed else _HEAD
        for name, value in metadata.items():
            head += _field(name, value) if type(value) is str else _block({name: value})
        return head

    def _send_headers(self) -> None:
        packs = bool(self._context.compress) and self._encoding.accepted
        self._stream.send_block(self._head(packs))
        self._packs = packs
        self._headers_sent = True
        self._direct = not packs

    def _send_trailers(self, trailers: bytes) -> None:
        if not self._headers_sent and self._context.initial_metadata:
            try:
                self._send_headers()
            except (TypeError, ValueError):
                log.exception("%s: initial metadata cannot be sent", self._context.method.path)
                trailers = literal_block(error_trailers(RpcError(Code.INTERNAL, "internal error")))
        if (record := self._context.record) is not None:
            trailers += _timing(record)
        send_last(self._stream, trailers if self._headers_sent else _HEAD + trailers)
        self.drop()


def _block(metadata: Mapping[str, str | bytes]) -> bytes:
    return literal_block(encode_metadata(metadata))


@lru_cache(256)
def _field(name: str, value: str) -> bytes:
    """The block of a field whose value is text: most calls are told the same."""
    return _block({name: value})


def _timing(record: CallRecord) -> bytes:
    """How the time of a call was spent, as a part of its trailers; nothing where that is not known."""
    if not record.first_token or not record.observer.timed:
        return b""
    value = record.server_timing()
    return _TIMING + literal_size(len(value)) + value
