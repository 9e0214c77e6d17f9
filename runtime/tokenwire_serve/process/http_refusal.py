"""Refusals that a connection writes itself, for want of a request that an application could answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from tokenwire.codes import Code
from tokenwire.http.failures import http_error

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "FAILED",
    "MOST_FIELDS",
    "NO_HTTP2",
    "NO_TLS",
    "STATUS_LINES",
    "TOO_MANY_FIELDS",
    "TOO_MUCH_FRAMING",
    "Refusal",
    "malformed",
    "refused",
]

MOST_FIELDS: Final = 200
"""Headers and trailers that a request may have."""


def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


STATUS_LINES: Final[Mapping[int, bytes]] = {status: _status_line(status) for status in range(100, 600)}
"""Status lines by status."""


class Refusal(NamedTuple):
    """What a client is told before its connection ends.

    Attributes:
        reason: Why, in one word, for counters.
        answer: The whole answer, without the date.
    """

    reason: str
    answer: bytes


def refused(
    status: int, reason: str, message: str, code: Code = Code.INVALID_ARGUMENT, *, retry_after: int = 0
) -> Refusal:
    """A refusal in the shape of every other error; after it the connection ends.

    Args:
        status: HTTP status.
        reason: Why, in one word, for counters.
        message: One sentence for the client.
        code: What kind of error it is.
        retry_after: Seconds after which a retry makes sense; 0 says nothing.
    """
    reply = http_error(status, message, code)
    assert isinstance(reply.body, bytes)
    headers = {**reply.headers, "content-length": str(len(reply.body)), "connection": "close"}
    if retry_after:
        headers["retry-after"] = str(retry_after)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return Refusal(reason, b"%b%b\r\n%b" % (STATUS_LINES[status], lines.encode(), reply.body))


def malformed(reason: str, status: int = 400) -> Refusal:
    """The refusal of what is no request."""
    return refused(status, "malformed", f"this is no request of HTTP/1.1: {reason or 'it cannot be read'}")


FAILED: Final = refused(500, "failed", "internal error; the server's log says more", Code.INTERNAL)
TOO_MANY_FIELDS: Final = refused(431, "headers", f"the request has more than {MOST_FIELDS} headers")
TOO_MUCH_FRAMING: Final = refused(
    400, "malformed", "the body's chunks are too small, or their extensions or trailers too large"
)
NO_HTTP2: Final = refused(
    505, "malformed", "this port speaks HTTP/1.1 only: for gRPC use the port of --grpc-port"
)
NO_TLS: Final = refused(400, "malformed", "this port speaks HTTP, not HTTPS")
