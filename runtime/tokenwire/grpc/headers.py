"""How gRPC puts timeouts, metadata and statuses into HTTP/2 headers (grpc/doc/PROTOCOL-HTTP2.md)."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "CONTENT_TYPE",
    "Headers",
    "Metadata",
    "decode_message",
    "decode_metadata",
    "decode_timeout",
    "encode_message",
    "encode_metadata",
    "encode_timeout",
    "is_grpc",
    "malformed",
]

Headers = list[tuple[str, str]]
"""Header fields in wire order."""

Metadata = dict[str, str | bytes]
"""Metadata by lower-case name; names that end in "-bin" have bytes, all others text."""

CONTENT_TYPE: Final = "application/grpc+proto"

_MAX_TIMEOUT_DIGITS: Final = 8
_UNITS: Final = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_UNITS_UP: Final = (("n", 1e9), ("u", 1e6), ("m", 1e3), ("S", 1.0), ("M", 1 / 60), ("H", 1 / 3600))
_TIMEOUT: Final = re.compile(r"([0-9]{1,8})([HMSmun])", re.ASCII)
_NAME: Final = re.compile(r"[0-9a-z_.\-]+", re.ASCII)
_TEXT: Final = re.compile(r"[ -~]*", re.ASCII)
_RESERVED: Final = frozenset({"te", "content-type", "user-agent", "connection", "host"})
_NOT_METADATA: Final = frozenset({"te", "content-type"})
_FORBIDDEN: Final = frozenset(
    {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}
)
_BAD_NAME: Final = re.compile(r"[\x00-\x20A-Z\x7f-\xff]|.:")
_BAD_VALUE: Final = re.compile(r"[\x00\r\n]")
_SAFE_IN_MESSAGE: Final = "".join(chr(c) for c in range(0x20, 0x7F) if chr(c) != "%")


def encode_timeout(seconds: float) -> str:
    """The value of `grpc-timeout`: the finest unit that fits into its eight digits."""
    for unit, per_second in _UNITS_UP:
        count = max(seconds, 0.0) * per_second
        if count < 10**_MAX_TIMEOUT_DIGITS:
            return f"{int(count)}{unit}"
    return f"{10**_MAX_TIMEOUT_DIGITS - 1}H"


def decode_timeout(value: str) -> float:
    """Seconds of a `grpc-timeout` value.

    Raises:
        ValueError: It is not one to eight digits and a unit.
    """
    match = _TIMEOUT.fullmatch(value)
    if match is None:
        raise ValueError(f"grpc-timeout {value!r} is not one to eight digits and one of H M S m u n")
    return int(match[1]) * _UNITS[match[2]]


def encode_message(text: str) -> str:
    """The value of `grpc-message`: percent-encoded UTF-8."""
    return quote(text, safe=_SAFE_IN_MESSAGE, errors="replace")


def decode_message(value: str) -> str:
    """The text of a `grpc-message`; what is not UTF-8 is replaced, nothing is refused."""
    return unquote(value, errors="replace")


def encode_metadata(metadata: Mapping[str, str | bytes]) -> Headers:
    """Header fields of metadata.

    Raises:
        ValueError: A name is reserved or not a header name, or text is not printable ASCII.
        TypeError: A "-bin" name has text, or another name has bytes.
    """
    headers: Headers = []
    for name, value in metadata.items():
        if name in _RESERVED or name.startswith("grpc-") or _NAME.fullmatch(name) is None:
            raise ValueError(f"metadata name {name!r} is reserved or not lower-case letters, digits and -_.")
        if name.endswith("-bin"):
            if not isinstance(value, bytes):
                raise TypeError(f"metadata {name!r} ends in -bin and needs bytes, not {type(value).__name__}")
            headers.append((name, b64encode(value).decode("ascii").rstrip("=")))
        elif not isinstance(value, str):
            raise TypeError(f"metadata {name!r} needs text; name it {name}-bin to send bytes")
        elif _TEXT.fullmatch(value) is None:
            raise ValueError(f"metadata {name!r} is not printable ASCII; name it {name}-bin and send bytes")
        else:
            headers.append((name, value))
    return headers


def decode_metadata(headers: Iterable[tuple[str, str]]) -> Metadata:
    """Metadata of header fields; of repeated names the last value.

    Raises:
        ValueError: A "-bin" value is not base64.
    """
    metadata: Metadata = {}
    for name, value in headers:
        if name.startswith((":", "grpc-")) or name in _NOT_METADATA:
            continue
        metadata[name] = decode_binary(name, value) if name.endswith("-bin") else value
    return metadata


def decode_binary(name: str, value: str) -> bytes:
    """The bytes of a "-bin" header, padded or not; of values joined by commas the last.

    Raises:
        ValueError: It is not base64.
    """
    last = value.rpartition(",")[2].strip()
    try:
        return b64decode(last + "=" * (-len(last) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"metadata {name!r} is not base64") from None


def is_grpc(content_type: str) -> bool:
    """Whether a content type is gRPC's with protobuf messages."""
    kind, _, _ = content_type.partition(";")
    return kind.strip() in ("application/grpc", CONTENT_TYPE)


def malformed(headers: Iterable[tuple[str, str]]) -> str:
    """Why HTTP/2 forbids these header fields (RFC 9113, 8.2); empty when it does not."""
    regular = False
    for name, value in headers:
        if name.startswith(":"):
            if regular:
                return f"{name} after a regular field"
        else:
            regular = True
        if not name or _BAD_NAME.search(name) or name in _FORBIDDEN:
            return f"field name {name!r}"
        if _BAD_VALUE.search(value):
            return f"value of {name!r}"
    return ""
