"""How gRPC puts metadata and statuses into HTTP/2 headers (grpc/doc/PROTOCOL-HTTP2.md)."""

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
    "encode_message",
    "encode_metadata",
    "is_grpc",
]

Headers = list[tuple[str, str]]
"""Header fields in wire order."""

Metadata = dict[str, str | bytes]
"""Metadata by lower-case name; names that end in "-bin" have bytes, all others text."""

CONTENT_TYPE: Final = "application/grpc+proto"

_NAME: Final = re.compile(r"[0-9a-z_.\-]+", re.ASCII)
_TEXT: Final = re.compile(r"[ -~]*", re.ASCII)
_RESERVED: Final = frozenset({"te", "content-type", "user-agent", "connection", "host"})
_NOT_METADATA: Final = frozenset({"te", "content-type"})
_SAFE_IN_MESSAGE: Final = "".join(chr(c) for c in range(0x20, 0x7F) if chr(c) != "%")


def encode_message(text: str) -> str:
    """The value of `grpc-message`: percent-encoded UTF-8.

    So are spaces at its ends, where HTTP/2 allows none (RFC 9113, 8.2.1).
    """
    inner = text.strip(" ")
    before, _, after = text.partition(inner) if inner else (text, "", "")
    quoted = quote(inner, safe=_SAFE_IN_MESSAGE, errors="replace")
    return "%20" * len(before) + quoted + "%20" * len(after)


def decode_message(value: str) -> str:
    """The text of a `grpc-message`; what is not UTF-8 is replaced, nothing is refused."""
    return unquote(value, errors="replace")


def encode_metadata(metadata: Mapping[str, str | bytes]) -> Headers:
    """Header fields of metadata; spaces at the ends of text are left out, for HTTP/2 allows none there.

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
            headers.append((name, value.strip(" ")))
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
