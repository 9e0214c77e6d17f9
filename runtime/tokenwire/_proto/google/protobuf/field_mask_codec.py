# Generated from google/protobuf/field_mask.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/protobuf/field_mask.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.codec.binding import keep_unknown, new, register, wrong_class
from tokenwire.codec.wire import BYTE, read_size, read_tag, too_deep, truncated, varint

from . import field_mask_pb as pb

if TYPE_CHECKING:
    from typing import Any


def _encode_field_mask(m: pb.FieldMask) -> bytes:
    if m.__class__ is not pb.FieldMask:
        wrong_class(m, pb.FieldMask)
    parts: list[bytes] = []
    value: Any
    for value in m.paths or ():
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_field_mask(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.FieldMask | None = None,
) -> pb.FieldMask:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.FieldMask)
        m.paths = []
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
            m.paths.append(data[pos:stop].decode())
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.FieldMask,
    encode=_encode_field_mask,
    decode=_decode_field_mask,
)
