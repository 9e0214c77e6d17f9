"""The one status table: gRPC code, HTTP status and OpenAI error type of every outcome."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

__all__ = ["CODE_OF_HTTP", "STATUS", "Code", "StatusRow"]


class Code(IntEnum):
    """Status codes of gRPC (grpc/doc/statuscodes.md)."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16

    def __str__(self) -> str:
        return self.name


class StatusRow(NamedTuple):
    """How one code looks over HTTP and in an OpenAI error body."""

    http: int
    openai_type: str


STATUS: Final[dict[Code, StatusRow]] = {
    Code.OK: StatusRow(200, ""),
    Code.CANCELLED: StatusRow(499, "cancelled"),
    Code.UNKNOWN: StatusRow(500, "server_error"),
    Code.INVALID_ARGUMENT: StatusRow(400, "invalid_request_error"),
    Code.DEADLINE_EXCEEDED: StatusRow(504, "timeout"),
    Code.NOT_FOUND: StatusRow(404, "not_found_error"),
    Code.ALREADY_EXISTS: StatusRow(409, "conflict_error"),
    Code.PERMISSION_DENIED: StatusRow(403, "permission_error"),
    Code.RESOURCE_EXHAUSTED: StatusRow(429, "rate_limit_error"),
    Code.FAILED_PRECONDITION: StatusRow(400, "invalid_request_error"),
    Code.ABORTED: StatusRow(409, "conflict_error"),
    Code.OUT_OF_RANGE: StatusRow(400, "invalid_request_error"),
    Code.UNIMPLEMENTED: StatusRow(501, "unsupported"),
    Code.INTERNAL: StatusRow(500, "server_error"),
    Code.UNAVAILABLE: StatusRow(503, "unavailable"),
    Code.DATA_LOSS: StatusRow(500, "server_error"),
    Code.UNAUTHENTICATED: StatusRow(401, "authentication_error"),
}

CODE_OF_HTTP: Final[dict[int, Code]] = {
    400: Code.INVALID_ARGUMENT,
    401: Code.UNAUTHENTICATED,
    403: Code.PERMISSION_DENIED,
    404: Code.NOT_FOUND,
    409: Code.ALREADY_EXISTS,
    413: Code.RESOURCE_EXHAUSTED,
    422: Code.INVALID_ARGUMENT,
    429: Code.RESOURCE_EXHAUSTED,
    499: Code.CANCELLED,
    500: Code.INTERNAL,
    501: Code.UNIMPLEMENTED,
    503: Code.UNAVAILABLE,
    504: Code.DEADLINE_EXCEEDED,
}
"""The code that an HTTP status maps back to."""
