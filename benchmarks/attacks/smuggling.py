"""Requests that two servers in a row would read in two ways: each must be refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hpack import Decoder, HPACKError

from . import frames as h2
from .catalog import attack

if TYPE_CHECKING:
    from .driver import Driver

_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})")
_POST: Final = b"POST /tokenize HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
_BODY: Final = b'{"text": "ab"}'
_LENGTH: Final = b"content-length: 14\r\n"
_CHUNKED: Final = b"transfer-encoding: chunked\r\n"
_CHUNKS: Final = b"e\r\n" + _BODY + b"\r\n0\r\n\r\n"
_HIDDEN: Final = b"GET /hidden HTTP/1.1\r\nhost: localhost\r\n\r\n"

_HTTP: Final = {
    "both lengths": _POST + _LENGTH + _CHUNKED + b"\r\n" + _CHUNKS,
    "two lengths": _POST + _LENGTH + b"content-length: 3\r\n\r\n" + _BODY,
    "two lengths in one": _POST + b"content-length: 14, 3\r\n\r\n" + _BODY,
    "length with a sign": _POST + b"content-length: +14\r\n\r\n" + _BODY,
    "negative length": _POST + b"content-length: -14\r\n\r\n" + _BODY,
    "hexadecimal length": _POST + b"content-length: 0xe\r\n\r\n" + _BODY,
    "length with an underscore": _POST + b"content-length: 1_4\r\n\r\n" + _BODY,
    "empty length": _POST + b"content-length:\r\n\r\n" + _BODY,
    "huge length": _POST + b"content-length: 99999999999999999999999\r\n\r\n" + _BODY,
    "chunked twice": _POST + b"transfer-encoding: chunked, chunked\r\n\r\n" + _CHUNKS,
    "chunked not last": _POST + b"transfer-encoding: chunked, gzip\r\n\r\n" + _CHUNKS,
    "unknown encoding": _POST + b"transfer-encoding: xchunked\r\n\r\n" + _CHUNKS,
    "encoding with a tab": _POST + b"transfer-encoding:\x0bchunked\r\n\r\n" + _CHUNKS,
    "space before the colon": _POST + b"content-length : 14\r\n\r\n" + _BODY,
    "folded field": _POST + _LENGTH + b"x-a: 1\r\n  2\r\n\r\n" + _BODY,
    "field without a colon": _POST + _LENGTH + b"nonsense\r\n\r\n" + _BODY,
    "field without a name": _POST + _LENGTH + b": 1\r\n\r\n" + _BODY,
    "NUL in a value": _POST + _LENGTH + b"x-a: 1\x002\r\n\r\n" + _BODY,
    "CR in a value": _POST + _LENGTH + b"x-a: 1\r2\r\n\r\n" + _BODY,
    "NUL in a name": _POST + _LENGTH + b"x\x00a: 1\r\n\r\n" + _BODY,
    "space in a name": _POST + _LENGTH + b"x a: 1\r\n\r\n" + _BODY,
    "chunk with a sign": _POST + _CHUNKED + b"\r\n+e\r\n" + _BODY + b"\r\n0\r\n\r\n",
    "chunk in hexadecimal": _POST + _CHUNKED + b"\r\n0xe\r\n" + _BODY + b"\r\n0\r\n\r\n",
    "chunk without an end": _POST + _CHUNKED + b"\r\ne\r\n" + _BODY + b"0\r\n\r\n",
    "chunk of too many digits": _POST + _CHUNKED + b"\r\n1000000000000000e\r\n" + _BODY + b"\r\n0\r\n\r\n",
    "two hosts": b"GET /v1/models HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    "no host": b"GET /v1/models HTTP/1.1\r\n\r\n",
    "host with a slash": b"GET /v1/models HTTP/1.1\r\nhost: a/b\r\n\r\n",
    "HTTP/0.9": b"GET /v1/models\r\n\r\n",
    "HTTP/2.0": b"GET /v1/models HTTP/2.0\r\nhost: a\r\n\r\n",
    "chunked in HTTP/1.0": _POST.replace(b"1.1", b"1.0") + _CHUNKED + b"\r\n" + _CHUNKS,
    "NUL in the target": b"GET /v1/models\x00 HTTP/1.1\r\nhost: a\r\n\r\n",
    "a second request in a GET": b"GET /health HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n"
    % len(_HIDDEN)
    + _HIDDEN,
    "a second request behind both": _POST + b"content-length: 5\r\n" + _CHUNKED + b"\r\n0\r\n\r\n" + _HIDDEN,
}
_BODY_HIDES: Final = frozenset({"a second request in a GET"})
"""What may be answered, once."""

_GRPC: Final = {
    "connection": h2.field(b"connection", b"keep-alive"),
    "keep-alive": h2.field(b"keep-alive", b"timeout=5"),
    "proxy-connection": h2.field(b"proxy-connection", b"keep-alive"),
    "transfer-encoding": h2.field(b"transfer-encoding", b"chunked"),
    "upgrade": h2.field(b"upgrade", b"h2c"),
    "te: gzip": h2.field(b"te", b"gzip"),
    "uppercase name": h2.field(b"X-Upper", b"1"),
    "CR and LF in a value": h2.field(b"x-a", b"1\r\nx-b: 2"),
    "LF in a value": h2.field(b"x-a", b"1\n2"),
    "NUL in a value": h2.field(b"x-a", b"1\x002"),
    "CR in a name": h2.field(b"x-a\r", b"1"),
    "LF in a name": h2.field(b"x\nb", b"1"),
    "NUL in a name": h2.field(b"x\x00b", b"1"),
    "space in a name": h2.field(b"x b", b"1"),
    "colon in a name": h2.field(b"x:b", b"1"),
    "empty name": h2.field(b"", b"1"),
    "8-bit name": h2.field(b"x-\xe9", b"1"),
    "space before a value": h2.field(b"x-a", b" 1"),
    "space behind a value": h2.field(b"x-a", b"1 "),
    "second path": h2.field(b":path", b"/hidden"),
    "second method": h2.field(b":method", b"GET"),
    "unknown pseudo field": h2.field(b":smuggled", b"1"),
    "status of a request": h2.field(b":status", b"200"),
    "pseudo field behind others": h2.field(b"x-a", b"1") + h2.field(b":scheme", b"http"),
    "wrong length": h2.field(b"content-length", b"1"),
    "two lengths": h2.field(b"content-length", b"5") + h2.field(b"content-length", b"6"),
    "another host": h2.field(b"host", b"elsewhere"),
}
_HEADS: Final = {name: h2.request("HealthCheck") + more for name, more in _GRPC.items()} | {
    "no method": h2.request("HealthCheck").partition(h2.field(b":method", b"POST"))[2],
    "no path": h2.field(b":method", b"POST") + h2.field(b":scheme", b"http") + h2.field(b"te", b"trailers"),
    "nothing": b"",
}


def _http_let_through(name: str, answer: bytes) -> bool:
    statuses = _STATUS.findall(answer)
    if name in _BODY_HIDES:
        return len(statuses) > 1
    return len(statuses) > 1 or any(status[:1] == b"2" for status in statuses)


def _grpc_let_through(answer: bytes) -> bool:
    """Whether a call was answered with a message, or with the status of success."""
    decoder, pos = Decoder(), 0
    while pos + 9 <= len(answer):
        size, kind = int.from_bytes(answer[pos : pos + 3], "big"), answer[pos + 3]
        payload = answer[pos + 9 : pos + 9 + size]
        if kind == h2.DATA and payload:
            return True
        if kind == h2.HEADERS:
            try:
                fields = decoder.decode(payload, raw=True)
            except HPACKError:
                return True
            if (b"grpc-status", b"0") in fields:
                return True
        pos += 9 + size
    return False


@attack("http", pace="flood")
def smuggling(driver: Driver) -> None:
    """Sends requests that can be read in two ways; none may be answered but with an error."""
    answers = driver.ask(_HTTP)
    driver.tally.let_through += [name for name, answer in answers.items() if _http_let_through(name, answer)]


@attack("grpc", pace="flood")
def smuggled_fields(driver: Driver) -> None:
    """Calls with header fields that HTTP/2 does not allow; none may be answered with a message."""
    data = h2.frame(h2.DATA, h2.END_STREAM, 1, h2.message(b""))
    asked = {
        name: h2.GREETING + h2.frame(h2.HEADERS, h2.END_HEADERS, 1, head) + data
        for name, head in _HEADS.items()
    }
    answers = driver.ask(asked)
    driver.tally.let_through += [name for name, answer in answers.items() if _grpc_let_through(answer)]
