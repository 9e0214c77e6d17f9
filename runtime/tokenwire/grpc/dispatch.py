"""Which call a stream's request headers ask for, or why there is none."""

from __future__ import annotations

import asyncio
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from h2.errors import ErrorCodes

from tokenwire.auth import without_secrets
from tokenwire.codes import Code
from tokenwire.context import Context
from tokenwire.errors import RpcError
from tokenwire.limits import MOST_PUBLIC, flag_of
from tokenwire.method import AuthScope
from tokenwire.record import Caller, CallRecord
from tokenwire.timeouts import decode_timeout

from .call_memory import CallMemory, call_size
from .compression import ENCODINGS, GZIP, IDENTITY, Encoding, accepts_gzip
from .guard import Guard
from .headers import CONTENT_TYPE, Headers, decode_metadata, is_grpc
from .hpack_cache import literal_block
from .lifetime import Lifetime
from .protocol import WireHandler, WireProtocol
from .response import RESPONSE_HEADERS, send_last
from .server_call import ServerCall
from .status import error_trailers

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Callable, Coroutine, Iterable, Mapping

    from tokenwire.auth import Access
    from tokenwire.budget import MemoryBudget
    from tokenwire.limits import Limits
    from tokenwire.method import Handler
    from tokenwire.record import CallObserver
    from tokenwire.turns import Turns

    from .compression import ReplyCompression
    from .hpack_cache import RequestHead
    from .room import Room
    from .stats import ServerStats
    from .stream import WireStream

__all__ = ["ServerConnection"]


class _Refusal(NamedTuple):
    """The answer to a request that is no call: an HTTP status, and trailers where it is gRPC."""

    status: int
    error: RpcError | None = None


class _Ask(NamedTuple):
    """A call that request headers ask for; calls with equal headers share it."""

    handler: Handler
    metadata: Mapping[str, str | bytes]
    timeout: float | None
    encoding: Encoding
    most: int
    caller: Caller
    admin_refusal: Callable[[], RpcError | None]
    memory: int
    stranger: bool


class ServerConnection(WireHandler):
    """The calls of one connection.

    Args:
        handlers: What answers each path.
        connections: Where it is kept while it is open.
        limits: What its client has to keep to.
        access: Who may call what.
        budget: Where the memory of requests comes from.
        strangers: What calls that need no key may have of it.
        stats: Where is counted what happens.
        turns: Where it has its turns.
        room: Where connections are found that may be closed in favour of new ones.
        compression: Which replies are compressed; see `Server`.
        observer: Told of every call; None is nobody.
    """

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        connections: set[ServerConnection],
        limits: Limits,
        access: Access,
        *,
        budget: MemoryBudget,
        strangers: MemoryBudget,
        stats: ServerStats,
        turns: Turns,
        room: Room,
        compression: ReplyCompression = "asked",
        observer: CallObserver | None = None,
    ) -> None:
        self._handlers = handlers
        self._observer = observer
        self._connections = connections
        self._limits = limits
        self._access = access
        self._budget = budget
        self._memory = CallMemory(budget, strangers)
        self._stats = stats
        self._lifetime: Lifetime | None = None
        self._guard: Guard | None = None
        self._compression = compression
        self.max_streams = limits.max_streams
        self.max_header_size = limits.max_header_size
        self.handshake_timeout = limits.handshake_timeout
        self.turns = turns
        self._room = room
        self._protocol: WireProtocol | None = None
        self._leaving = False
        self._peer = ""
        self._calls: dict[ServerCall, _Ask] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.when_idle: Callable[[], None] = lambda: None

    @property
    def busy(self) -> bool:
        """Whether calls run, or may still begin."""
        return bool(self._calls) or (self._protocol is not None and self._protocol.processor.parting)

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._protocol.processor.streams) if self._protocol is not None else 0

    @property
    def greeted(self) -> bool:
        """Whether the client has spoken HTTP/2."""
        return self._protocol is not None and self._protocol.processor.greeted

    @property
    def called(self) -> bool:
        """Whether the client has ever made a call."""
        return self._protocol is None or self._protocol.connection.session.highest_inbound_stream_id > 0

    def give_way(self) -> None:
        """Close in favour of another connection."""
        self._stats.connections_ended["displaced"] += 1
        if self._protocol is not None:
            text = f"another connection has its place ({flag_of('max_connections')})"
            self._protocol.connection.go_away(reason=text)
            self._protocol.processor.close(text)

    @property
    def calls(self) -> Iterable[ServerCall]:
        """The calls that run."""
        return self._calls

    def guard(self) -> Guard:
        """What the connection counts with."""
        self._guard = Guard(self._limits.max_streams, self._limits.min_ping_interval, self._stats)
        return self._guard

    def admits(self) -> bool:
        """Whether there may be another connection."""
        return self._room.admits()

    def opened(self, protocol: WireProtocol) -> None:
        """The connection is up."""
        if not _agreed_on_h2(protocol):
            protocol.processor.close("the client did not agree on HTTP/2 (ALPN h2)")
            return
        self._protocol = protocol
        self._connections.add(self)
        self._room.enter(self)
        self._stats.connections += 1
        address = protocol.connection.get_peer().addr()
        if isinstance(address, tuple):
            host = f"[{address[0]}]" if ":" in address[0] else address[0]
            self._peer = f"{host}:{address[1]}"
        self._lifetime = Lifetime(self._limits, self, protocol)
        if self._leaving:
            protocol.processor.part()

    def start(self, stream: WireStream, head: RequestHead) -> None:
        """Start the call that request headers ask for."""
        known = head.meaning
        generation = self._access.generation
        if known is None or known[0] != generation:
            known = head.meaning = (generation, self._resolve(head))
        meaning = known[1]
        if isinstance(meaning, _Ask):
            error = self._memory.take(meaning.memory, meaning.stranger)
            if error is not None:
                if meaning.caller is not Caller.HOLDER:
                    stream.connection.session.guard.no_call()
                self._turn_away(stream, head, _Refusal(200, error), "max_request_memory", at_once=True)
                return
            try:
                self._begin(stream, meaning)
            except BaseException:
                self._memory.give_back(meaning.memory, meaning.stranger)
                raise
            return
        stream.connection.session.guard.no_call()
        self._turn_away(stream, head, meaning, "max_header_size" if head.oversized else "no_call")

    def _turn_away(
        self, stream: WireStream, head: RequestHead, refusal: _Refusal, reason: str, *, at_once: bool = False
    ) -> None:
        """Answer a request that does not become a call; with `at_once` nothing more of it is waited for."""
        self._release_stream(stream)
        self._stats.calls_refused[reason] += 1
        _refuse(stream, refusal, at_once=at_once)
        if self._observer is not None:
            self._note_refusal(self._observer, dict(without_secrets(head.fields)), refusal)

    def _begin(self, stream: WireStream, ask: _Ask) -> None:
        """Start a call that has its memory."""
        method, record = ask.handler.method, None
        if self._observer is not None:
            path = method.path
            record = CallRecord(self._observer, "grpc", self._peer, ask.metadata, path, path)
            record.caller = ask.caller
        context = Context(
            method,
            metadata=ask.metadata,
            peer=self._peer,
            transport="grpc",
            timeout=ask.timeout,
            record=record,
            admin_refusal=ask.admin_refusal,
        )
        stream.receiver = call = ServerCall(
            stream,
            ask.handler,
            context,
            limit=self._limits.max_message_size,
            most=ask.most,
            home=self,
            budget=self._budget,
            encoding=ask.encoding,
        )
        self._calls[call] = ask
        self._stats.calls += 1
        call.start()

    def _note_refusal(self, observer: CallObserver, fields: dict[str, str], refusal: _Refusal) -> None:
        path = fields.get(":path", "")
        method = path if path in self._handlers else ""
        record = CallRecord(observer, "grpc", self._peer, fields, path, method)
        record.code = _code(refusal)
        record.http_status = 0 if refusal.status == 200 else refusal.status
        record.end()

    def _resolve(self, head: RequestHead) -> _Ask | _Refusal:
        """What request headers ask for."""
        headers = head.fields
        fields = dict(headers)
        if head.oversized:
            return self._too_large(fields)
        if fields.get(":method") != "POST":
            return _Refusal(405)
        content_type = fields.get("content-type", "")
        if not content_type.startswith("application/grpc"):
            return _Refusal(415)
        if not is_grpc(content_type):
            return _Refusal(200, RpcError(Code.UNIMPLEMENTED, f"content-type must be {CONTENT_TYPE}"))
        handler = self._handlers.get(fields[":path"])
        if handler is None:
            return _Refusal(200, RpcError(Code.UNIMPLEMENTED, f"there is no method {fields[':path']}"))
        authority = fields.get(":authority") or fields.get("host", "")
        refused = self._access.refusal(handler.method.auth, headers, peer=self._peer, authority=authority)
        if refused is not None:
            return _Refusal(200, refused)
        encoding = fields.get("grpc-encoding", IDENTITY)
        if encoding not in (IDENTITY, GZIP):
            text = f"grpc-encoding {encoding} is not served; send messages with one of {ENCODINGS}"
            return _Refusal(200, RpcError(Code.UNIMPLEMENTED, text))
        try:
            timeout = decode_timeout(fields["grpc-timeout"]) if "grpc-timeout" in fields else None
            metadata = decode_metadata(without_secrets(headers) if self._access.enforced else headers)
        except ValueError as error:
            return _Refusal(200, RpcError(Code.INVALID_ARGUMENT, str(error)))
        most = self._limits.max_message_size
        public = self._access.enforced and handler.method.auth is AuthScope.PUBLIC
        if public:
            most = min(most, MOST_PUBLIC)
        coding = self._encoding(headers, encoding == GZIP)
        admin = partial(self._access.refusal, AuthScope.ADMIN, headers, peer=self._peer, authority=authority)
        memory = call_size(headers, metadata)
        caller = self._access.caller(handler.method.auth, headers)
        stranger = public and caller is not Caller.HOLDER
        return _Ask(
            handler, MappingProxyType(metadata), timeout, coding, most, caller, admin, memory, stranger
        )

    def _encoding(self, headers: Headers, packed: bool) -> Encoding:
        accepted = accepts_gzip(headers)
        wanted = accepted and (self._compression == "gzip" or (packed and self._compression == "asked"))
        return Encoding(packed, accepted, wanted)

    def _too_large(self, fields: dict[str, str]) -> _Refusal:
        """The answer to headers that are over the limit; of their fields only those below it are known."""
        is_call = fields.get("content-type", CONTENT_TYPE).startswith("application/grpc")
        limit, flag = self._limits.max_header_size, flag_of("max_header_size")
        text = f"the request's header fields are over the limit of {limit} bytes ({flag})"
        return _Refusal(200 if is_call else 431, RpcError(Code.RESOURCE_EXHAUSTED, text))

    def spawn(
        self, work: Coroutine[Any, Any, None], context: contextvars.Context | None = None
    ) -> asyncio.Task[None]:
        """Start a task of a call, and keep it until it has ended."""
        task = asyncio.get_running_loop().create_task(work, context=context)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def release(self, call: ServerCall, stream: WireStream) -> None:
        """A call has ended."""
        ask = self._calls.pop(call)
        self._memory.give_back(ask.memory, ask.stranger)
        if self._guard is not None and stream.answered:
            self._guard.answered()
        self._release_stream(stream)
        if not self._calls:
            self.when_idle()

    def _release_stream(self, stream: WireStream) -> None:
        if self._protocol is not None:
            self._protocol.processor.release(stream)

    def left(self) -> None:
        """The connection takes no new calls."""
        self.when_idle()

    def go_away(self, *, at_once: bool = False) -> None:
        """Tell the client to leave, also before the connection is up; it ends with its last call.

        Args:
            at_once: Refuse the calls that come before the client has heard of it.
        """
        self._leaving = True
        if self._protocol is None:
            return
        if at_once:
            self._protocol.processor.leave()
        else:
            self._protocol.processor.part()

    def end_calls(self, error: RpcError) -> bool:
        """End the calls with an error; whether there were any."""
        calls = list(self._calls)
        for call in calls:
            call.abort(error)
        return bool(calls)

    def shut_down(self, error: RpcError) -> None:
        """End the calls with an error and close the connection."""
        self.end_calls(error)
        if self._protocol is not None:
            self._protocol.processor.close(error.message)

    def lost(self) -> None:
        """The connection is gone, and its calls were told."""
        self._protocol = self._lifetime = None

    def close(self) -> None:
        """The connection is gone."""
        self._connections.discard(self)
        self._room.leave(self)
        if self._lifetime is not None:
            self._lifetime.end()
        self.when_idle()


def _code(refusal: _Refusal) -> Code:
    """What a refusal counts as: of what is not gRPC the same as over HTTP."""
    if refusal.error is not None:
        return refusal.error.code
    return Code.UNIMPLEMENTED if refusal.status == 405 else Code.INVALID_ARGUMENT


def _agreed_on_h2(protocol: WireProtocol) -> bool:
    """Whether HTTP/2 was negotiated, where there is TLS (RFC 9113, 3.2)."""
    tls = protocol.connection.get_peer()._transport.get_extra_info("ssl_object")
    return tls is None or tls.selected_alpn_protocol() == "h2"


def _refuse(stream: WireStream, refusal: _Refusal, *, at_once: bool = False) -> None:
    """Answer a request that is no call; with `at_once` its client is stopped now if it sends on."""
    trailers = error_trailers(refusal.error) if refusal.error is not None else []
    if refusal.status == 200:
        headers = RESPONSE_HEADERS + trailers
    else:
        headers = [(":status", str(refusal.status)), *trailers]
        if refusal.status == 405:
            headers.append(("allow", "POST"))
    if at_once:
        stream.send_block(literal_block(headers), end=True)
        stream.reset_now(ErrorCodes.NO_ERROR)
    else:
        send_last(stream, literal_block(headers))
