"""A call's outcome as trailers, and back (grpc-status, grpc-message, grpc-status-details-bin)."""

from __future__ import annotations

import logging
from base64 import b64encode
from typing import TYPE_CHECKING, Final

from tokenwire.codes import Code
from tokenwire.errors import RpcError

from .headers import Headers, decode_binary, decode_message, encode_message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenwire.message import Message

__all__ = ["OK_TRAILERS", "error_trailers", "status_of_trailers"]

OK_TRAILERS: Final[Headers] = [("grpc-status", "0")]

log = logging.getLogger("tokenwire.grpc")

_DETAILS: Final = "grpc-status-details-bin"
_MESSAGE_LIMIT: Final = 2048
_LIMIT: Final = 7168
"""Characters of message and details; grpcio accepts 8 KiB of metadata by default."""

_CODE_OF_HTTP: Final = {
    "400": Code.INTERNAL,
    "401": Code.UNAUTHENTICATED,
    "403": Code.PERMISSION_DENIED,
    "404": Code.UNIMPLEMENTED,
    "429": Code.UNAVAILABLE,
    "502": Code.UNAVAILABLE,
    "503": Code.UNAVAILABLE,
    "504": Code.UNAVAILABLE,
}
"""What an answer that is not gRPC's means (grpc/doc/http-grpc-status-mapping.md)."""


def error_trailers(error: RpcError) -> Headers:
    """The trailers that carry an error; a long message is cut, details that would not fit are left out."""
    headers: Headers = [("grpc-status", str(int(error.code)))]
    message = _encoded_message(error.message[:_MESSAGE_LIMIT])
    if message:
        headers.append(("grpc-message", message))
    details = _encoded_details(error) if error.details else ""
    if details and len(message) + len(details) <= _LIMIT:
        headers.append((_DETAILS, details))
    return headers


def _encoded_message(text: str) -> str:
    encoded = encode_message(text)
    while len(encoded) > _MESSAGE_LIMIT:
        text = text[: len(text) * _MESSAGE_LIMIT // len(encoded)]
        encoded = encode_message(text)
    return encoded


def _encoded_details(error: RpcError) -> str:
    from tokenwire.details import pack_status

    try:
        return b64encode(pack_status(error)).decode("ascii").rstrip("=")
    except Exception:
        log.exception("the details of an error cannot be sent: %s", error)
        return ""


def status_of_trailers(trailers: Mapping[str, str]) -> RpcError | None:
    """The error that trailers carry; None when the call succeeded."""
    value = trailers.get("grpc-status")
    if value is None:
        return _status_of_http(trailers)
    code = _code(value)
    if code is Code.OK:
        return None
    details: tuple[Message, ...] = ()
    if packed := trailers.get(_DETAILS):
        from tokenwire.details import unpack_details

        details = unpack_details(_binary(packed))
    return RpcError(code, decode_message(trailers.get("grpc-message", "")), details)


def _code(value: str) -> Code:
    try:
        return Code(int(value))
    except ValueError:
        return Code.UNKNOWN


def _binary(value: str) -> bytes:
    try:
        return decode_binary(_DETAILS, value)
    except ValueError:
        return b""


def _status_of_http(headers: Mapping[str, str]) -> RpcError:
    http = headers.get(":status", "200")
    if http == "200":
        return RpcError(Code.UNKNOWN, "the server ended the call without a grpc-status")
    return RpcError(_CODE_OF_HTTP.get(http, Code.UNKNOWN), f"the server answered with HTTP status {http}")
