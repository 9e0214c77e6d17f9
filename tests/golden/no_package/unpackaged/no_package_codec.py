# Generated from no_package.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of no_package.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.codec.binding import enum_table, keep_unknown, new, register, wrong_class
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

from . import no_package_pb as pb

if TYPE_CHECKING:
    from typing import Any

UNPACKAGED_KIND_OF = enum_table(pb.UnpackagedKind)


def _encode_unpackaged(m: pb.Unpackaged) -> bytes:
    if m.__class__ is not pb.Unpackaged:
        wrong_class(m, pb.Unpackaged)
    parts: list[bytes] = []
    value: Any
    if value := m.name:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if value := m.kind:
        parts += b"\x10", BYTE[value] if 0 <= value < 128 else int32(value)
    if (value := m.nested) is not None:
        raw = _encode_unpackaged_nested(value)
        size = len(raw)
        parts += b"\x1a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_unpackaged(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.Unpackaged | None = None,
) -> pb.Unpackaged:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.Unpackaged)
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
            m.name = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 16:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.kind = UNPACKAGED_KIND_OF[value]
            continue
        if tag == 26:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.nested = _decode_unpackaged_nested(data, pos, stop, depth - 1, m.nested)
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.Unpackaged,
    encode=_encode_unpackaged,
    decode=_decode_unpackaged,
)


def _encode_unpackaged_nested(m: pb.UnpackagedNested) -> bytes:
    if m.__class__ is not pb.UnpackagedNested:
        wrong_class(m, pb.UnpackagedNested)
    parts: list[bytes] = []
    value: Any
    if (value := m.parent) is not None:
        raw = _encode_unpackaged(value)
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_unpackaged_nested(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.UnpackagedNested | None = None,
) -> pb.UnpackagedNested:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.UnpackagedNested)
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
            m.parent = _decode_unpackaged(data, pos, stop, depth - 1, m.parent)
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.UnpackagedNested,
    encode=_encode_unpackaged_nested,
    decode=_decode_unpackaged_nested,
)
