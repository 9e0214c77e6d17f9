"""One request and its answer: what an ASGI application receives and sends."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Final

from .http_refusal import STATUS_LINES

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Iterator, MutableMapping

    from starlette.types import ASGIApp

    from .http_connection import HttpConnection

__all__ = ["HIGH_WATER", "Exchange"]

_LOG: Final = logging.getLogger("tokenwire.serve.http")
_BAD_NAME: Final = re.compile(rb'[\x00-\x20\x7f()<>@,;:\[\]={}\\"/?]')
_BAD_VALUE: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_BODILESS: Final = frozenset({204, 304})

HIGH_WATER: Final = 64 << 10
"""Bytes of a body that may wait for the application before the connection reads no further."""


class Exchange:
    """The ASGI side of a request.

    The head of an answer leaves with the first piece of its body, in one write, or by itself at the end
    of the turn of the event loop. Where trailers were announced (ASGI's `http.response.trailers`), the last
    piece of the body leaves with them.

    Args:
        connection: Whose request it is.
        scope: ASGI's scope.
        keep_alive: The connection may stay open after the answer, as far as the client is concerned.
        expects_continue: The client waits for "100 Continue" before it sends the body. It gets that when
            the body is asked for, not before.

    Attributes:
        complete: The whole request has come.
        started: The answer has begun; `done`: it has ended.
        gone: The client left, or was refused: nothing can be sent any more.
        received: Bytes of the body that have come.
    """

    __slots__ = (
        "_chunked",
        "_connection",
        "_continue",
        "_head",
        "_left",
        "_over",
        "_pieces",
        "_size",
        "_told",
        "_trailing",
        "_waiters",
        "complete",
        "done",
        "gone",
        "keep_alive",
        "received",
        "scope",
        "started",
    )

    def __init__(
        self,
        connection: HttpConnection,
        scope: MutableMapping[str, Any],
        *,
        keep_alive: bool,
        expects_continue: bool,
    ) -> None:
        self._connection = connection
        self.scope = scope
        self.keep_alive = keep_alive
        self._continue = expects_continue
        self._pieces: list[bytes] = []
        self._size = 0
        self._told = False
        self._waiters: list[asyncio.Future[None]] = []
        self._head = b""
        self._chunked = False
        self._trailing = False
        self._over = False
        self._left: int | None = 0
        self.received = 0
        self.complete = False
        self.started = False
        self.done = False
        self.gone = False

    async def run(self, app: ASGIApp) -> None:
        """Have the application answer."""
        try:
            await app(self.scope, self.receive, self.send)
        except Exception as error:
            _LOG.error("the application failed", exc_info=error)
        finally:
            if not self.done and not self.gone:
                self._connection.give_up(self)

    async def receive(self) -> dict[str, Any]:
        """ASGI's `receive`."""
        if self._continue and not self.gone:
            self._continue = False
            self._connection.write(_CONTINUE)
        while not self.gone and not self.done:
            if self._pieces or (self.complete and not self._told):
                return self._request()
            waiter = self._connection.loop.create_future()
            self._waiters.append(waiter)
            self._connection.read_on()
            await waiter
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """ASGI's `send`; waits only while the client is behind."""
        connection = self._connection
        if connection.blocked and not self.gone:
            await connection.writable()
        if self.gone:
            return
        if not self.started:
            self._start(message)
            return
        if self._over or message["type"] != "http.response.body":
            self._end_with(message)
            return
        body: bytes = message.get("body", b"")
        more: bool = message.get("more_body", False)
        if self._chunked:
            data = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            if not more and not self._trailing:
                data += b"0\r\n\r\n"
        else:
            data = self._counted(body, more)
        if self._head:
            data, self._head = self._head + data, b""
        if not more:
            self._over = True
            if self._trailing:
                self._head = data + b"0\r\n" if self._chunked else data
                return
        if data:
            connection.write(data)
            connection.stats.bytes_out += len(data)
        if not more:
            self._finish()

    def _end_with(self, message: MutableMapping[str, Any]) -> None:
        """Send trailers, and what was kept for them; where chunks are not sent, trailers are not either."""
        if self.done or not self._over or message["type"] != "http.response.trailers":
            raise RuntimeError(f"{message['type']} does not belong here")
        more: bool = message.get("more_trailers", False)
        fields = [b"%b: %b\r\n" % field for field in _checked(message.get("headers", ()))]
        if self._chunked:
            self._head += b"".join(fields if more else [*fields, b"\r\n"])
        if not more:
            self._flush()
            self._finish()

    def _finish(self) -> None:
        self.done = True
        self.wake()
        self._connection.answered(self)

    def put(self, piece: bytes) -> int:
        """Hold a piece of the body for the application; returns the bytes that are held."""
        self._pieces.append(piece)
        self._size += len(piece)
        self.received += len(piece)
        self.wake()
        return self._size

    def finish(self) -> None:
        """The whole request has come."""
        self.complete = True
        self._continue = False
        self.wake()

    def leave(self) -> None:
        """The client is gone."""
        self.gone = True
        self._pieces.clear()
        self.wake()

    def wake(self) -> None:
        """Let `receive` look again."""
        if self._waiters:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)

    def _request(self) -> dict[str, Any]:
        pieces = self._pieces
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._pieces, self._size = [], 0
        self._told = self.complete
        return {"type": "http.request", "body": body, "more_body": not self.complete}

    def _start(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] != "http.response.start":
            raise RuntimeError(f"{message['type']} comes before http.response.start")
        connection = self._connection
        if not self.complete or connection.draining:
            self.keep_alive = False  # What is left of the body would have to be read first.
        self.started = True
        self._continue = False
        self._trailing = message.get("trailers", False)
        status: int = message["status"]
        self._head = b"".join(self._head_lines(status, message.get("headers", ())))
        connection.loop.call_soon(self._flush)

    def _head_lines(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
        """The head of the answer; decides how its body is cut."""
        lines = [STATUS_LINES[status], self._connection.date]
        length: int | None = None
        for name, value in _checked(headers):
            if name == b"connection":
                self.keep_alive = self.keep_alive and value.lower() != b"close"
                continue
            if name == b"transfer-encoding":
                continue
            if name == b"content-length":
                length = int(value)
            lines += (name, b": ", value, b"\r\n")
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        bodiless = status in _BODILESS or self.scope["method"] == "HEAD"
        self._left = -1 if bodiless else length
        if length is None and not bodiless and self.scope["http_version"] == "1.1":
            self._chunked = True
            lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        return lines

    def _flush(self) -> None:
        """Send the head where no body came along with it, or what waited for trailers."""
        if self._head and not self.gone:
            self._connection.write(self._head)
            self._connection.stats.bytes_out += len(self._head)
            self._head = b""

    def _counted(self, body: bytes, more: bool) -> bytes:
        """A piece of a body that is not cut into chunks; `_left` is -1 for none, None until the end."""
        if self._left is None:
            return body
        if self._left == -1:
            return b""
        self._left -= len(body)
        if self._left < 0 or (self._left and not more):
            raise RuntimeError("the answer is not as long as its content-length")
        return body


def _checked(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Header fields with names in lower case.

    Raises:
        RuntimeError: One of them cannot be sent.
    """
    for raw, value in headers:
        name = raw.lower()
        if _BAD_NAME.search(name) or _BAD_VALUE.search(value):
            raise RuntimeError(f"the answer's header {name!r} cannot be sent")
        yield name, value
