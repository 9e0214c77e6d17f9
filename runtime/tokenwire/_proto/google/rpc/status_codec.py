# Generated from google/rpc/status.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/rpc/status.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire import wkt
from tokenwire.codec.binding import keep_unknown, new, register, wrong_class
from tokenwire.codec.wire import (
    BYTE,
    int32,
    read_int32,
    read_size,
    read_tag,
    too_deep,
    truncated,
    varint,
)

from . import status_pb as pb

if TYPE_CHECKING:
    from typing import Any


def _encode_status(m: pb.Status) -> bytes:
    if m.__class__ is not pb.Status:
        wrong_class(m, pb.Status)
    parts: list[bytes] = []
    value: Any
    if value := m.code:
        parts += b"\x08", BYTE[value] if 0 <= value < 128 else int32(value)
    if value := m.message:
        raw = value.encode()
        size = len(raw)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), raw
    for value in m.details or ():
        raw = wkt.Any._tw_encode(value)
        size = len(raw)
        parts += b"\x1a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_status(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.Status | None = None,
) -> pb.Status:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.Status)
        m.details = []
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
                value, pos = read_int32(data, pos - 1)
            m.code = value
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.message = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 26:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.details.append(wkt.Any._tw_decode(data, pos, stop, depth - 1))
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.Status,
    encode=_encode_status,
    decode=_decode_status,
)
