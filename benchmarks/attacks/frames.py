"""HTTP/2 as bytes, right or wrong: attacks are built of these before they start."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ACK",
    "CONTINUATION",
    "DATA",
    "END_HEADERS",
    "END_STREAM",
    "GOAWAY",
    "GREETING",
    "HEADERS",
    "PADDED",
    "PING",
    "PRIORITY",
    "PRIORITY_FLAG",
    "RST_STREAM",
    "SERVICE",
    "SETTINGS",
    "WINDOW_UPDATE",
    "block",
    "call",
    "field",
    "frame",
    "generation",
    "greeting",
    "integer",
    "message",
    "request",
    "reset",
    "settings",
    "window",
]

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS = range(5)
PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(6, 10)
END_STREAM: Final = 0x1
ACK: Final = 0x1
END_HEADERS: Final = 0x4
PADDED: Final = 0x8
PRIORITY_FLAG: Final = 0x20

SERVICE: Final = "/sglang.runtime.v1.SglangService/"
_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    """A frame."""
    head = len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big")
    return head + payload


def settings(values: dict[int, int]) -> bytes:
    """SETTINGS; 1 is the table's size, 3 the streams, 4 the window, 5 the frame's size, 6 the headers'."""
    return frame(
        SETTINGS, payload=b"".join(k.to_bytes(2, "big") + v.to_bytes(4, "big") for k, v in values.items())
    )


def greeting(values: dict[int, int] | None = None) -> bytes:
    """What a connection begins with, the acknowledgement of the server's settings included."""
    return _PREFACE + settings(values or {}) + frame(SETTINGS, ACK)


GREETING: Final = greeting()


def window(stream: int, increment: int) -> bytes:
    """WINDOW_UPDATE."""
    return frame(WINDOW_UPDATE, 0, stream, increment.to_bytes(4, "big"))


def reset(stream: int, code: int = 8) -> bytes:
    """RST_STREAM; 8 is CANCEL."""
    return frame(RST_STREAM, 0, stream, code.to_bytes(4, "big"))


def integer(value: int, bits: int, first: int = 0) -> bytes:
    """HPACK's integer with a prefix of so many bits (RFC 7541, 5.1), and the bits before it."""
    most = (1 << bits) - 1
    if value < most:
        return bytes((first | value,))
    octets = [first | most]
    value -= most
    while value > 127:
        octets.append(value & 127 | 128)
        value >>= 7
    return bytes([*octets, value])


def field(name: bytes, value: bytes, *, indexed: bool = False) -> bytes:
    """A literal header field; an indexed one enters the receiver's table."""
    start = b"\x40" if indexed else b"\x00"
    return start + integer(len(name), 7) + name + integer(len(value), 7) + value


def block(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A header block of literals."""
    return b"".join(field(name, value) for name, value in pairs)


def request(method: str, *more: tuple[bytes, bytes], service: str = SERVICE) -> bytes:
    """The header block of a call of this method."""
    return _request(service + method) + block(more)


@lru_cache
def _request(path: str) -> bytes:
    return block(
        [
            (b":method", b"POST"),
            (b":scheme", b"http"),
            (b":path", path.encode()),
            (b":authority", b"localhost"),
            (b"te", b"trailers"),
            (b"content-type", b"application/grpc"),
        ]
    )


def message(body: bytes, flag: int = 0, length: int | None = None) -> bytes:
    """A gRPC message; `length` is what its prefix says if that is not the truth."""
    return bytes((flag,)) + (len(body) if length is None else length).to_bytes(4, "big") + body


def call(stream: int, head: bytes, body: bytes) -> bytes:
    """A whole call: its headers, and its message with the end of the stream."""
    return frame(HEADERS, END_HEADERS, stream, head) + frame(DATA, END_STREAM, stream, message(body))


def generation(tokens: int) -> bytes:
    """A TextGenerateRequest that streams so many tokens."""
    from tokenwire_gen.sglang.runtime.v1 import SamplingParams, TextGenerateRequest

    sampling = SamplingParams(max_new_tokens=tokens)
    return bytes(TextGenerateRequest(text="Once upon a time", sampling_params=sampling, stream=True))
