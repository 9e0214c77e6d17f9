# Generated from google/protobuf/duration.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/protobuf/duration.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.codec.binding import keep_unknown, new, register, wrong_class
from tokenwire.codec.wire import (
    BYTE,
    int32,
    int64,
    read_int32,
    read_int64,
    read_tag,
    too_deep,
    truncated,
)

from . import duration_pb as pb

if TYPE_CHECKING:
    from typing import Any


def _encode_duration(m: pb.Duration) -> bytes:
    if m.__class__ is not pb.Duration:
        wrong_class(m, pb.Duration)
    parts: list[bytes] = []
    value: Any
    if value := m.seconds:
        parts += b"\x08", BYTE[value] if 0 <= value < 128 else int64(value)
    if value := m.nanos:
        parts += b"\x10", BYTE[value] if 0 <= value < 128 else int32(value)
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_duration(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.Duration | None = None,
) -> pb.Duration:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.Duration)
    while pos < end:
        start = pos
        tag = data[pos]
        pos += 1
        if tag > 127:
            tag, pos = read_tag(data, start)
        if tag == 8:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int64(data, pos - 1)
            m.seconds = value
            continue
        if tag == 16:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.nanos = value
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.Duration,
    encode=_encode_duration,
    decode=_decode_duration,
)
