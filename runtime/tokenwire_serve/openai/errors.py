"""Errors in the OpenAI shape."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import CODE_OF_HTTP, STATUS, Code
from tokenwire.details import BadRequest, ErrorInfo
from tokenwire.errors import RpcError

from tokenwire_serve.servicer.meta_info import json_text

if TYPE_CHECKING:
    from .backend import OpenAIReply

__all__ = ["NEUTRAL", "error_body", "error_of_reply", "with_body"]

NEUTRAL: Final = RpcError(Code.INTERNAL, "internal error")
"""What a caller is told of a bug."""


def error_body(error: RpcError) -> bytes:
    """`{"error": {...}}`; `param` is the first field that the error complains of."""
    row = STATUS[error.code]
    shown = {
        "message": error.message,
        "type": row.openai_type,
        "param": _first_field(error),
        "code": row.http,
    }
    return json_text({"error": shown}).encode()


def with_body(error: RpcError, body: bytes | None = None) -> RpcError:
    """The same error, with its JSON body in an ErrorInfo beside the other details."""
    reason = STATUS[error.code].openai_type.upper()
    text = (error_body(error) if body is None else body).decode(errors="replace")
    info = ErrorInfo(reason=reason, domain="tokenwire", metadata={"body": text})
    return RpcError(error.code, error.message, (*error.details, info))


def error_of_reply(reply: OpenAIReply) -> RpcError:
    """The status of an answer that is an error, with its body kept."""
    fallback = Code.INVALID_ARGUMENT if reply.status < 500 else Code.INTERNAL
    code = CODE_OF_HTTP.get(reply.status, fallback)
    return with_body(RpcError(code, _message(reply.body)), reply.body)


def _message(body: bytes) -> str:
    """The sentence within an error body, as OpenAI nests it or as SGLang does not."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return ""
    inner: Any = parsed.get("error", parsed) if isinstance(parsed, dict) else None
    message = inner.get("message") if isinstance(inner, dict) else inner
    return message if isinstance(message, str) else ""


def _first_field(error: RpcError) -> str | None:
    for detail in error.details:
        if isinstance(detail, BadRequest) and detail.field_violations:
            return detail.field_violations[0].field
    return None
