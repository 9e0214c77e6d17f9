"""The HTTP core behind ASGI: bodies, disconnects and the writing of replies."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote

from starlette.applications import Starlette

from tokenwire.auth import OPEN, SECRET_HEADERS
from tokenwire.budget import MemoryBudget, Share
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.limits import DEFAULT_LIMITS, MOST_PUBLIC, flag_of
from tokenwire.record import SERVER_TIMING, CallRecord
from tokenwire.streams import PushStream
from tokenwire.timeouts import PASSED

from .body import BodyError, BodyLimit, read_body
from .core import Endpoint, HttpCore
from .disconnect import cancelled_by_disconnect
from .failures import http_error
from .invoke import LocalInvoker
from .packing import packed
from .records import end_record, note_failure, note_reply, peer_text
from .sse import EventWriter
from .values import HttpCall, HttpReply, leave

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from tokenwire.auth import Access
    from tokenwire.limits import Limits
    from tokenwire.record import CallObserver

    from .invoke import Servicer
    from .routes import OpenAIAdapter, Route
    from .values import EventStream, HttpHandler

__all__ = ["HttpEndpoint", "build_app", "build_endpoint", "mark_send"]

_OWN_SEND: Final = "tokenwire.send"
_TRAILERS: Final = "http.response.trailers"
_NO_BODY: Final = frozenset({"GET", "HEAD"})
_UNUSED: Final = BodyLimit(MOST_PUBLIC, "the limit of GET and HEAD, most of which need no key")
_EVENT_HEADERS: Final = {
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}


def build_endpoint(
    *servicers: Servicer,
    routes: Iterable[Route] = (),
    adapters: Iterable[OpenAIAdapter] = (),
    handlers: Mapping[str, HttpHandler] | None = None,
    pages: Mapping[str, HttpHandler] | None = None,
    limits: Limits = DEFAULT_LIMITS,
    budget: MemoryBudget | None = None,
    access: Access = OPEN,
    observer: CallObserver | None = None,
) -> HttpEndpoint:
    """An ASGI application that answers HTTP with the RPCs of servicers in this process.

    Args:
        servicers: Instances of generated `...Base` classes.
        routes: `ROUTES` of generated `_http` modules.
        adapters: `ADAPTERS` of generated `_openai` modules.
        handlers: The functions that routes name, by name.
        pages: Functions that answer GET on further paths, for whoever may call RPCs of scope user.
        limits: What bodies have to keep to, both ways.
        budget: Memory of bodies that come in, and of large ones until they are answered; one of its own by
            `limits` if not given.
        access: Who may call what; everything is open to everybody if not given.
        observer: Told of every request.

    Raises:
        ValueError: A route names a handler that is not there, or two claim one method and path.
    """
    invoker = LocalInvoker(servicers)
    core = HttpCore(invoker, routes=routes, adapters=adapters, handlers=handlers, pages=pages, access=access)
    return HttpEndpoint(core, limits=limits, budget=budget, observer=observer)


def build_app(*servicers: Servicer, **options: Any) -> Starlette:
    """The endpoint of `build_endpoint`, which takes the same arguments, in a Starlette application.

    Routes and middleware may be added to it; its own routes are looked at first.
    """
    app = Starlette()
    app.router.default = build_endpoint(*servicers, **options)
    return app


def mark_send(app: ASGIApp) -> ASGIApp:
    """The same application, to be given to a server whose `send` needs no task until it has to wait.

    Ours and uvicorn's are such; an `HttpEndpoint` within then writes events without a task, unless something
    between them has wrapped `send`, as Starlette does.
    """

    async def marked(scope: Scope, receive: Receive, send: Send) -> None:
        extensions = scope.setdefault("extensions", {})
        extensions[_OWN_SEND] = send
        try:
            await app(scope, receive, send)
        finally:
            extensions.pop(_OWN_SEND, None)  # It leads back to the scope.

    return marked


class HttpEndpoint:
    """An ASGI application over an `HttpCore`.

    A client that goes away cancels the handler at once, or the stream that is being sent.
    """

    def __init__(
        self,
        core: HttpCore,
        *,
        limits: Limits = DEFAULT_LIMITS,
        budget: MemoryBudget | None = None,
        observer: CallObserver | None = None,
    ) -> None:
        self._core = core
        self._max_body = limits.max_message_size
        self._used = BodyLimit(limits.max_message_size)
        self._unused = min(self._used, _UNUSED, key=lambda limit: limit.size)
        self._budget = budget or MemoryBudget(limits.max_request_memory)
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = _headers(scope)
        if self._observer is None:
            await self._answer(scope, headers, receive, send, None)
            return
        path = f"{scope['method']} {_raw_path(scope)}"
        record = CallRecord(self._observer, "http", _peer(scope), headers, path)
        try:
            await self._answer(scope, headers, receive, send, record)
        finally:
            end_record(record)

    async def _answer(
        self,
        scope: Scope,
        headers: dict[str, str],
        receive: Receive,
        send: Send,
        record: CallRecord | None,
    ) -> None:
        share = Share(self._budget)
        try:
            await self._answer_with(share, scope, headers, receive, send, record)
        finally:
            share.close()

    async def _answer_with(
        self,
        share: Share,
        scope: Scope,
        headers: dict[str, str],
        receive: Receive,
        send: Send,
        record: CallRecord | None,
    ) -> None:
        method: str = scope["method"]
        path = _raw_path(scope)
        peer = _peer(scope)
        endpoint = self._core.find(method, path, headers, peer)
        admin_refusal = self._core.admin_refusal(headers, peer)
        if record is not None and isinstance(endpoint, Endpoint):
            record.caller = self._core.access.caller(endpoint.auth, headers.items())
        if self._core.access.enforced:
            headers = {name: value for name, value in headers.items() if name not in SECRET_HEADERS}
        if record is not None:
            record.metadata = headers
            record.method = self._core.rpc_of(method, path)
        if isinstance(endpoint, HttpReply):
            note_reply(endpoint, record)
            await _send_bytes(endpoint, send, head=method == "HEAD")
            return
        try:
            body = await read_body(receive, headers, self._most(method), share)
        except BodyError as error:
            note_reply(error.reply, record)
            await _send_bytes(error.reply, send, head=False)
            return
        if body is None:
            return
        if record is not None:
            record.received_bytes = len(body)
            record.complete()
        call = HttpCall(
            method=method,
            path=path,
            headers=headers,
            body=body,
            invoker=self._core.invoker,
            query=parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True),
            path_params=endpoint.path_params,
            peer=peer,
            record=record,
            admin_refusal=admin_refusal,
        )
        async with cancelled_by_disconnect(receive, record):
            reply = await self._core.answer(endpoint, call)
            del call, body  # A stream may last.
            if isinstance(reply.body, bytes):
                reply = await self._fitted(reply, headers)
            note_reply(reply, record)
            at_once = _unwrapped(scope, send)
            head = method == "HEAD"
            timed = not head and record is not None and record.observer.timed
            trailing = timed and _takes_trailers(scope, headers)
            await _send_reply(reply, send, head=head, at_once=at_once, record=record, trailing=trailing)

    def _most(self, method: str) -> BodyLimit:
        """The most of a body; nothing is read out of a GET's, and most of those need no key."""
        return self._unused if method in _NO_BODY else self._used

    async def _fitted(self, reply: HttpReply, headers: Mapping[str, str]) -> HttpReply:
        """A whole reply as it may be sent: not too large, and packed where the client wants that."""
        if len(reply.body) > self._max_body:  # type: ignore[arg-type]
            flag = flag_of("max_message_size")
            sentence = f"the answer is larger than {self._max_body} bytes ({flag}); ask for less at once"
            return http_error(400, sentence, Code.OUT_OF_RANGE)
        return await packed(reply, headers)


def _unwrapped(scope: Scope, send: Send) -> bool:
    """Whether `send` is the server's own, which waits for nothing but the client; see `mark_send`."""
    return (scope.get("extensions") or {}).get(_OWN_SEND) == send


def _takes_trailers(scope: Scope, headers: Mapping[str, str]) -> bool:
    """Whether the client asks for trailers (RFC 9110, 10.1.4) and the server can send them."""
    if "te" not in headers or _TRAILERS not in (scope.get("extensions") or {}):
        return False
    return "trailers" in (part.strip().lower() for part in headers["te"].split(","))


async def _send_reply(
    reply: HttpReply, send: Send, *, head: bool, at_once: bool, record: CallRecord | None, trailing: bool
) -> None:
    if isinstance(reply.body, bytes):
        await _send_bytes(reply, send, head=head)
        return
    headers = {**_EVENT_HEADERS, **reply.headers}
    if trailing:
        headers["trailer"] = SERVER_TIMING
    try:
        await _send_start(reply.status, headers, send, trailers=trailing)
        if head:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        elif isinstance(reply.body.source, PushStream):
            await EventWriter(reply.body, send, at_once=at_once, record=record).run()
        else:
            await _iterate(reply.body, send, record)
        if trailing and record is not None:
            await _send_timing(record, send)
    finally:
        await leave(reply.body.source)


async def _send_timing(record: CallRecord, send: Send) -> None:
    """Tell in trailers what the headers of a stream could not know."""
    timing = record.server_timing()
    fields = [(SERVER_TIMING.encode(), timing)] if timing else []
    await send({"type": _TRAILERS, "headers": fields, "more_trailers": False})


async def _iterate(events: EventStream[Any], send: Send, record: CallRecord | None) -> None:
    """Send a stream that can only be iterated."""
    if events.head:
        await send({"type": "http.response.body", "body": events.head, "more_body": True})
    end = events.tail
    try:
        async with asyncio.timeout(events.time_remaining()) as limit:
            async for message in events.source:
                body = events.frame(message)
                if body:
                    await send({"type": "http.response.body", "body": body, "more_body": True})
    except Exception as error:
        late = isinstance(error, TimeoutError) and limit.expired()
        shown = RpcError(Code.DEADLINE_EXCEEDED, PASSED) if late else error
        note_failure(shown, record)
        end = events.failure(shown) + end
    await send({"type": "http.response.body", "body": end, "more_body": False})


async def _send_bytes(reply: HttpReply, send: Send, *, head: bool) -> None:
    body = reply.body
    assert isinstance(body, bytes)
    await _send_start(reply.status, {**reply.headers, "content-length": str(len(body))}, send)
    await send({"type": "http.response.body", "body": b"" if head else body, "more_body": False})


async def _send_start(status: int, headers: Mapping[str, str], send: Send, *, trailers: bool = False) -> None:
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    message = {"type": "http.response.start", "status": status, "headers": pairs}
    await send({**message, "trailers": True} if trailers else message)


def _headers(scope: Scope) -> dict[str, str]:
    """Headers as text, names in lower case, repeated ones joined."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _raw_path(scope: Scope) -> str:
    """The path as it was sent, percent-encoded."""
    raw = scope.get("raw_path")
    return raw.decode("latin-1") if raw else quote(scope["path"])


def _peer(scope: Scope) -> str:
    return peer_text(scope.get("client"))
