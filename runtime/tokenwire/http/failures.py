"""Errors as HTTP replies: the status table, OpenAI-shaped bodies, and the last event of a stream."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tokenwire.codes import STATUS, Code
from tokenwire.errors import DecodeError, RpcError

from .values import HttpReply, dump_json, event

if TYPE_CHECKING:
    from tokenwire.message import Message

    DetailT = TypeVar("DetailT", bound=Message)

__all__ = ["error_reply", "failure_event", "http_error", "neutral"]

_LOG: Final = logging.getLogger("tokenwire.http")
_NEUTRAL: Final = "internal error; the server's log says more"
_OWN_DOMAIN: Final = "tokenwire"
_TOO_LARGE: Final = frozenset({413, 431})
"""Statuses of requests that no wait makes smaller, unlike others that come of RESOURCE_EXHAUSTED."""


def neutral(error: Exception) -> RpcError:
    """The error that the caller may see.

    An `RpcError` is meant for the caller, and so is what a codec says about its bytes. Anything else
    is a bug: its text stays here, in the log.
    """
    if isinstance(error, RpcError):
        return error
    if isinstance(error, DecodeError):
        return RpcError(Code.INVALID_ARGUMENT, str(error))
    _LOG.error("a handler failed", exc_info=error)
    return RpcError(Code.INTERNAL, _NEUTRAL)


def error_reply(error: Exception) -> HttpReply:
    """An error as a reply: the mapped status, and the body that the error carries or a new one.

    A body is carried in the metadata "body" of a google.rpc.ErrorInfo of the domain "tokenwire".
    """
    rpc_error = neutral(error)
    reply = HttpReply.raw_json(_body(rpc_error), rpc_error.http_status)
    delay = _retry_seconds(rpc_error)
    if delay is not None:
        reply.headers["retry-after"] = str(delay)
    if rpc_error.code is Code.UNAUTHENTICATED:
        reply.headers["www-authenticate"] = "Bearer"
    return reply


def failure_event(error: Exception) -> bytes:
    """An error as the event that tells of it once the status was sent."""
    return event(_body(neutral(error)))


def http_error(status: int, message: str, code: Code = Code.INVALID_ARGUMENT) -> HttpReply:
    """A reply to what never reaches an RPC, in the same shape as `error_reply`."""
    return HttpReply.json(_shape(message, code, None, status), status)


def _body(error: RpcError) -> bytes:
    info = _find(error, "ErrorInfo")
    if info is not None and info.domain == _OWN_DOMAIN and info.metadata.get("body"):
        body: str = info.metadata["body"]
        return body.encode()
    bad_request = _find(error, "BadRequest")
    violations = bad_request.field_violations if bad_request is not None else ()
    param = violations[0].field if violations else None
    return dump_json(_shape(error.message or error.code.name, error.code, param, error.http_status))


def _shape(message: str, code: Code, param: str | None, status: int) -> dict[str, Any]:
    kind = STATUS[Code.INVALID_ARGUMENT if status in _TOO_LARGE else code].openai_type
    return {"error": {"message": message, "type": kind, "param": param, "code": status}}


def _retry_seconds(error: RpcError) -> int | None:
    """Whole seconds after which a retry makes sense, at least 1; None where nothing is said."""
    retry = _find(error, "RetryInfo")
    if retry is None or retry.retry_delay is None:
        return None
    seconds: float = retry.retry_delay.total_seconds()
    return max(1, round(seconds))


def _find(error: RpcError, name: str) -> Any:
    """The first detail of that message name from google.rpc."""
    return next((detail for detail in error.details if type(detail).__name__ == name), None)
