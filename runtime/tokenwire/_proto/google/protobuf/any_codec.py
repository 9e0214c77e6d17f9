# Generated from google/protobuf/any.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/protobuf/any.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.codec.binding import keep_unknown, new, register, wrong_class
from tokenwire.codec.wire import BYTE, read_size, read_tag, too_deep, truncated, varint

from . import any_pb as pb

if TYPE_CHECKING:
    from typing import Any


def _encode_any(m: pb.Any) -> bytes:
    if m.__class__ is not pb.Any:
        wrong_class(m, pb.Any)
    parts: list[bytes] = []
    value: Any
    if value := m.type_url:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if value := m.value:
        size = len(value)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), value
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_any(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.Any | None = None,
) -> pb.Any:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.Any)
    while pos < end:
        start = pos
        tag = data[pos]
        pos += 1
        if tag > 127:
            tag, pos = read_tag(data, start)
        if tag == 10:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.type_url = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.value = data[pos:stop]
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.Any,
    encode=_encode_any,
    decode=_decode_any,
)
