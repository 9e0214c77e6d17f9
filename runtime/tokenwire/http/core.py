"""The HTTP core: which endpoint answers a request, and its reply, all in plain values."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from tokenwire.auth import OPEN
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.method import AuthScope
from tokenwire.timeouts import PASSED, decode_timeout

from .failures import error_reply, http_error
from .json_body import LARGE, parsed_beforehand
from .openai import adapter_handler
from .path import PathTemplate
from .transcode import route_handler
from .values import EventStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tokenwire.auth import Access

    from .invoke import Invoker
    from .routes import OpenAIAdapter, Route
    from .values import HttpCall, HttpHandler, HttpReply

__all__ = ["Endpoint", "HttpCore"]

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_JSON: Final = "application/json"


class Endpoint(NamedTuple):
    """The function that answers a request, what the path said, and who may call."""

    handler: HttpHandler
    path_params: Mapping[str, str]
    auth: AuthScope


class _Entry(NamedTuple):
    handler: HttpHandler
    auth: AuthScope
    rpc: str


class HttpCore:
    """Routes requests to RPCs.

    Args:
        invoker: The way to the RPCs.
        routes: JSON routes; one with a handler name is answered by that entry of `handlers`.
        adapters: OpenAI pass-through routes.
        handlers: The application's functions, by name.
        pages: Functions that answer GET on further paths, for whoever may call RPCs of scope user.
        access: Who may call what; everything is open to everybody if not given.

    Raises:
        ValueError: A route names a handler that is not there, or two claim one method and path.
    """

    def __init__(
        self,
        invoker: Invoker,
        *,
        routes: Iterable[Route] = (),
        adapters: Iterable[OpenAIAdapter] = (),
        handlers: Mapping[str, HttpHandler] | None = None,
        pages: Mapping[str, HttpHandler] | None = None,
        access: Access = OPEN,
    ) -> None:
        self.invoker = invoker
        self.access = access
        self._literals: dict[str, dict[str, _Entry]] = {}
        self._templates: list[tuple[PathTemplate, dict[str, _Entry]]] = []
        for adapter in adapters:
            self._add(
                adapter.method, adapter.path, _Entry(adapter_handler(adapter), adapter.auth, adapter.rpc.path)
            )
        for route in routes:
            entry = _Entry(_handler_of(route, handlers or {}), route.auth, route.rpc.path)
            self._add(route.method, route.path, entry)
        for path, page in (pages or {}).items():
            self._add("GET", path, _Entry(page, AuthScope.USER, path))

    def find(
        self, method: str, path: str, headers: Mapping[str, str], peer: str = ""
    ) -> Endpoint | HttpReply:
        """The endpoint of a request whose body was not read yet, or the reply that refuses it.

        Args:
            method: HTTP method in capitals.
            path: Percent-encoded path.
            headers: Names in lower case.
            peer: The caller's address, "127.0.0.1:50312" for instance.
        """
        wanted = "GET" if method == "HEAD" else method
        allowed: set[str] = set()
        for by_method, path_params in self._candidates(path):
            if wanted in by_method:
                entry = by_method[wanted]
                refusal = self._refused(entry.auth, headers, peer) or _refused_content(method, path, headers)
                return refusal or Endpoint(entry.handler, path_params, entry.auth)
            allowed.update(by_method)
        return _not_allowed(method, path, allowed) if allowed else _not_found(path)

    def rpc_of(self, method: str, path: str) -> str:
        """The path of the RPC that a request means, of a page its own, "" where there is neither."""
        wanted = "GET" if method == "HEAD" else method
        return next((found[wanted].rpc for found, _ in self._candidates(path) if wanted in found), "")

    async def answer(self, endpoint: Endpoint, call: HttpCall) -> HttpReply:
        """The reply of an endpoint; an error becomes one too."""
        try:
            if len(call.body) <= LARGE:
                return await self._answer(endpoint, call)
            async with parsed_beforehand(call.body):
                return await self._answer(endpoint, call)
        except Exception as error:
            return error_reply(error)

    async def _answer(self, endpoint: Endpoint, call: HttpCall) -> HttpReply:
        timeout = call.headers.get("grpc-timeout")
        if timeout is None:
            return await endpoint.handler(call)
        return await _in_time(endpoint.handler, call, timeout)

    def _candidates(self, path: str) -> Iterator[tuple[Mapping[str, _Entry], Mapping[str, str]]]:
        """What the tables hold for a path: an exact entry, then each template that matches."""
        if path in self._literals:
            yield self._literals[path], {}
        for template, by_method in self._templates:
            path_params = template.match(path)
            if path_params is not None:
                yield by_method, path_params

    def admin_refusal(self, headers: Mapping[str, str], peer: str) -> Callable[[], RpcError | None]:
        """What tells why a caller may not make calls of scope admin, None where it may."""
        authority = headers.get("host", "")
        return partial(self.access.refusal, AuthScope.ADMIN, headers.items(), peer=peer, authority=authority)

    def _refused(self, auth: AuthScope, headers: Mapping[str, str], peer: str) -> HttpReply | None:
        """The answer to who may not call."""
        authority = headers.get("host", "")
        error = self.access.refusal(auth, headers.items(), peer=peer, authority=authority)
        if error is None:
            return None
        reply = error_reply(error)
        if "authorization" in headers:  # RFC 6750, 3
            known = "invalid_token" if error.code is Code.UNAUTHENTICATED else "insufficient_scope"
            reply.headers["www-authenticate"] = f'Bearer error="{known}"'
        return reply

    def _add(self, method: str, path: str, entry: _Entry) -> None:
        template = PathTemplate.parse(path)
        by_method = self._literals.get(path)
        if by_method is None:
            by_method = next((held for known, held in self._templates if known.text == path), None)
        if by_method is None:
            by_method = {}
            if template.literal:
                self._literals[path] = by_method
            else:
                self._templates.append((template, by_method))
        if method in by_method:
            raise ValueError(f"{method} {path} has two routes")
        by_method[method] = entry


async def _in_time(handler: HttpHandler, call: HttpCall, timeout: str) -> HttpReply:
    """The reply of a handler that has until the deadline of its call, and so has the stream in it.

    Raises:
        RpcError: INVALID_ARGUMENT, the timeout is none; DEADLINE_EXCEEDED, it has passed.
    """
    try:
        seconds = decode_timeout(timeout)
    except ValueError as error:
        raise RpcError(Code.INVALID_ARGUMENT, str(error)) from None
    call.deadline = time.monotonic() + seconds
    try:
        async with asyncio.timeout(seconds) as limit:
            reply = await handler(call)
    except TimeoutError:
        if limit.expired():
            raise RpcError(Code.DEADLINE_EXCEEDED, PASSED) from None
        raise
    if isinstance(reply.body, EventStream):
        reply.body.deadline = call.deadline
    return reply


def _handler_of(route: Route, handlers: Mapping[str, HttpHandler]) -> HttpHandler:
    if not route.handler:
        return route_handler(route)
    if route.handler not in handlers:
        raise ValueError(
            f"{route.method} {route.path} names the handler {route.handler!r}, which is not given"
        )
    return handlers[route.handler]


def _refused_content(method: str, path: str, headers: Mapping[str, str]) -> HttpReply | None:
    """JSON must be announced: a form on a web page elsewhere cannot, so it cannot forge a call."""
    if method not in _WITH_BODY:
        return None
    kind = headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() == _JSON:
        return None
    given = repr(kind) if kind else "missing"
    return http_error(415, f"the header content-type of {method} {path} must be {_JSON}; it is {given}")


def _not_found(path: str) -> HttpReply:
    return http_error(404, f"there is no route {path}", Code.NOT_FOUND)


def _not_allowed(method: str, path: str, allowed: set[str]) -> HttpReply:
    names = sorted(allowed | {"HEAD"} if "GET" in allowed else allowed)
    reply = http_error(405, f"{path} answers {' and '.join(names)}, not {method}")
    reply.headers["allow"] = ", ".join(names)
    return reply
