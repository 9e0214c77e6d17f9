"""Typed details of errors: google.rpc messages in grpc-status-details-bin."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING

from ._proto.google.protobuf.any_pb import Any
from ._proto.google.rpc.error_details_pb import (
    BadRequest,
    BadRequestFieldViolation,
    DebugInfo,
    ErrorInfo,
    Help,
    LocalizedMessage,
    PreconditionFailure,
    QuotaFailure,
    RequestInfo,
    ResourceInfo,
    RetryInfo,
)
from ._proto.google.rpc.status_pb import Status
from .codes import Code
from .errors import DecodeError, RpcError
from .message import Message, message_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "BadRequest",
    "DebugInfo",
    "ErrorInfo",
    "Help",
    "LocalizedMessage",
    "PreconditionFailure",
    "QuotaFailure",
    "RequestInfo",
    "ResourceInfo",
    "RetryInfo",
    "bad_request",
    "error_info",
    "invalid",
    "pack_status",
    "retry_after",
    "unpack_details",
]

_TYPE_PREFIX = "type.googleapis.com/"
_OWN = {
    kind._tw_name: kind
    for kind in (
        BadRequest,
        DebugInfo,
        ErrorInfo,
        Help,
        LocalizedMessage,
        PreconditionFailure,
        QuotaFailure,
        RequestInfo,
        ResourceInfo,
        RetryInfo,
    )
}
"""The detail types that this module exports, also where a program has generated google.rpc itself."""


def bad_request(field: str, description: str) -> RpcError:
    """INVALID_ARGUMENT for one field, "sampling_params.top_p" for instance; the message names it."""
    return invalid([(field, description)])


def invalid(violations: Sequence[tuple[str, str]]) -> RpcError:
    """INVALID_ARGUMENT for fields and what is wrong with each, with a `BadRequest` detail."""
    found = [BadRequestFieldViolation(field=field, description=text) for field, text in violations]
    message = "; ".join(_sentence(field, text) for field, text in violations)
    return RpcError(Code.INVALID_ARGUMENT, message, [BadRequest(field_violations=found)])


def _sentence(field: str, text: str) -> str:
    """A description with its field in front, unless it says the name as a word already.

    A flag such as --enable-priority is one word, and does not say the field `priority`.
    """
    named = re.search(rf"(?<![\w-]){re.escape(field)}(?![\w-])", text)
    return text if named else f"{field}: {text}"


def error_info(
    code: Code,
    message: str,
    *,
    reason: str,
    domain: str = "tokenwire",
    metadata: Mapping[str, str] | None = None,
) -> RpcError:
    """An error with an `ErrorInfo` detail: a reason in capitals that programs may test for."""
    info = ErrorInfo(reason=reason, domain=domain, metadata=dict(metadata or {}))
    return RpcError(code, message, [info])


def retry_after(code: Code, message: str, seconds: float) -> RpcError:
    """An error with a `RetryInfo` detail: try again after so many seconds."""
    return RpcError(code, message, [RetryInfo(retry_delay=datetime.timedelta(seconds=seconds))])


def pack_status(error: RpcError) -> bytes:
    """The google.rpc.Status of an error, encoded; each detail is put into an `Any`."""
    details = [detail if isinstance(detail, Any) else _pack(detail) for detail in error.details]
    return bytes(Status(code=int(error.code), message=error.message, details=details))


def unpack_details(status: bytes) -> tuple[Message, ...]:
    """The details of an encoded google.rpc.Status; of a type that is not imported as `Any`.

    Details that cannot be decoded are kept as `Any` too; a status that cannot has none.
    """
    try:
        return tuple(_unpack(detail) for detail in Status.parse(status).details)
    except DecodeError:
        return ()


def _pack(detail: Message) -> Any:
    return Any(type_url=_TYPE_PREFIX + detail._tw_name, value=bytes(detail))


def _unpack(detail: Any) -> Message:
    name = detail.type_url.rpartition("/")[2]
    kind = _OWN.get(name) or message_class(name)
    if kind is None:
        return detail
    try:
        return kind.parse(detail.value)
    except DecodeError:
        return detail
