"""The head of a request, judged beyond the grammar that the parser knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import httptools

from .http_refusal import Refusal, refused

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Head", "HeadError", "read_head"]

_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
_WATCHED: Final = frozenset(
    (b"host", b"content-length", b"transfer-encoding", b"expect", b"content-type", b"authorization")
)
_ONCE: Final = frozenset((b"content-type", b"authorization"))
_TRAILERS: Final = "http.response.trailers"
"""ASGI's name for answers that end with fields."""


class HeadError(Exception):
    """A head that is refused."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


@dataclass(slots=True)
class Head:
    """What the head of a request says.

    Attributes:
        scope: Its part of ASGI's scope.
        keep_alive: The connection may stay open.
        expects_continue: The client waits for "100 Continue".
        upgrade: It asks for another protocol.
        length: Its content-length, None without.
        chunked: Its body comes in chunks.
    """

    scope: dict[str, Any]
    keep_alive: bool
    expects_continue: bool
    upgrade: bool
    length: int | None
    chunked: bool

    @property
    def has_body(self) -> bool:
        """Whether a body follows."""
        return self.chunked or bool(self.length)


def read_head(
    parser: httptools.HttpRequestParser, url: bytes, headers: Sequence[tuple[bytes, bytes]]
) -> Head:
    """Judge a head.

    Args:
        parser: Has just read it.
        url: The target of the request line.
        headers: Names in lower case, and values.

    Raises:
        HeadError: It is refused.
    """
    version = parser.get_http_version()
    if version not in ("1.1", "1.0"):
        raise HeadError(_bad(f"HTTP/{version} is not spoken here, only HTTP/1.1", status=505))
    method = parser.get_method().decode("ascii")
    if method == "CONNECT":
        raise HeadError(_bad("CONNECT is not supported: this is no proxy", status=405))
    seen: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _WATCHED:
            if name in seen and name != b"expect":
                raise HeadError(_bad(f"the header {name.decode()} is given twice"))
            seen[name] = value
    _check_host(seen.get(b"host"), version)
    chunked = _is_chunked(seen.get(b"transfer-encoding"), version)
    expect = seen.get(b"expect")
    if expect is not None and expect.lower() != b"100-continue":
        raise HeadError(_bad("the header expect may only be 100-continue", status=417))
    length = seen.get(b"content-length")
    return Head(
        scope=_target(url)
        | {
            "method": method,
            "http_version": version,
            "extensions": {_TRAILERS: {}} if version == "1.1" else {},
        },
        keep_alive=version == "1.1" and parser.should_keep_alive(),
        expects_continue=expect is not None and version == "1.1",
        upgrade=parser.should_upgrade(),
        length=None if length is None else int(length),
        chunked=chunked,
    )


def _check_host(host: bytes | None, version: str) -> None:
    if host is None:
        if version == "1.1":
            raise HeadError(_bad("the header host is missing"))
    elif _HOST.fullmatch(host) is None:
        raise HeadError(_bad("the header host is not a host name with or without a port"))


def _is_chunked(coding: bytes | None, version: str) -> bool:
    if coding is None:
        return False
    if version == "1.0":
        raise HeadError(_bad("HTTP/1.0 has no transfer-encoding"))
    if coding.lower() != b"chunked":
        raise HeadError(_bad("the header transfer-encoding may only be chunked"))
    return True


def _target(url: bytes) -> dict[str, Any]:
    try:
        parsed = httptools.parse_url(url)
        raw_path = parsed.path or b"/"
        path = raw_path.decode("ascii")
    except (httptools.HttpParserInvalidURLError, UnicodeDecodeError):
        raise HeadError(_bad("the target of the request line cannot be read")) from None
    return {
        "path": unquote(path) if "%" in path else path,
        "raw_path": raw_path,
        "query_string": parsed.query or b"",
    }


def _bad(message: str, status: int = 400) -> Refusal:
    return refused(status, "malformed", message)
