"""What RFC 9113 demands of the fields of a request and of its trailers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .headers import Headers

__all__ = ["announced_length", "request_fault", "trailers_fault"]

_FORBIDDEN: Final = frozenset(
    {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}
)
_BAD_NAME: Final = re.compile(r"[\x00-\x20A-Z\x7f-\xff]|.:")
_BAD_VALUE: Final = re.compile(r"[\x00\r\n]|\A[ \t]|[ \t]\Z")
_PSEUDO: Final = frozenset({":method", ":scheme", ":path", ":authority"})
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


def request_fault(fields: Headers) -> str:
    """Why a request with these fields is malformed (RFC 9113, 8.1.1); empty when it is not."""
    pseudo: dict[str, str] = {}
    hosts: list[str] = []
    regular = False
    for name, value in fields:
        if name[:1] != ":":
            regular = True
            if name == "host":
                hosts.append(value)
        elif regular:
            return f"{name!r} after a regular field"
        elif name not in _PSEUDO:
            return f"unknown pseudo-header field {name!r}"
        elif name in pseudo:
            return f"{name} twice"
        else:
            pseudo[name] = value
    return _target_fault(pseudo, hosts) or _fields_fault(fields)


def trailers_fault(fields: Headers) -> str:
    """Why a request with these trailers is malformed (RFC 9113, 8.1); empty when it is not."""
    for name, _ in fields:
        if name[:1] == ":":
            return f"{name!r} in trailers"
    return _fields_fault(fields)


def announced_length(fields: Iterable[tuple[str, str]]) -> int | None:
    """Bytes of the body, if a content-length says so.

    Raises:
        ValueError: It is no number, or there are several that differ.
    """
    length: int | None = None
    for name, value in fields:
        if name == "content-length":
            number = _number(value)
            if number is None or length not in (None, number):
                raise ValueError(f"content-length {value[:99]!r}")
            length = number
    return length


def _number(value: str) -> int | None:
    try:
        return int(value) if value.isascii() and value.isdigit() else None
    except ValueError:  # Python converts no more than some thousands of digits.
        return None


def _target_fault(pseudo: dict[str, str], hosts: list[str]) -> str:
    """What is wrong with the request's target (RFC 9113, 8.3.1 and 8.5)."""
    authority = pseudo.get(":authority")
    if pseudo.get(":method") == "CONNECT":
        if not authority or len(pseudo) != 2:
            return "CONNECT needs :authority, and no :scheme or :path"
    else:
        for name in (":method", ":scheme", ":path"):
            if not pseudo.get(name):
                return f"no {name}"
    if hosts:
        scheme = pseudo.get(":scheme", "")
        known = {_host(host, scheme) for host in (*hosts, hosts[0] if authority is None else authority)}
        if len(hosts) > 1 or len(known) > 1:
            return "host and :authority differ, or host comes twice"
    return ""


def _host(authority: str, scheme: str) -> str:
    return authority.lower().removesuffix(_DEFAULT_PORTS.get(scheme, ""))


def _fields_fault(fields: Headers) -> str:
    """What is wrong with names and values (RFC 9113, 8.2.1 and 8.2.2)."""
    for name, value in fields:
        if not name or _BAD_NAME.search(name) or name in _FORBIDDEN:
            return f"field name {name!r}"
        if _BAD_VALUE.search(value):
            return f"value of {name!r}"
        if name == "te" and value.lower() != "trailers":
            return "te is not trailers"
    return ""
