# Generated from google/protobuf/field_mask.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/protobuf/field_mask.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.codec.binding import (
    decode_error,
    encode_error,
    keep_unknown,
    new,
    register,
    wrong_class,
)
from tokenwire.codec.long_varints import long_size, long_tag
from tokenwire.codec.wire import (
    MAX_DEPTH,
    UNREADABLE,
    UNWRITABLE,
    VARINTS,
    too_deep,
    truncated,
    varint,
)

from . import field_mask_pb as pb

if TYPE_CHECKING:
    from typing import Any


def _encode_field_mask(m: pb.FieldMask, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.FieldMask:
        wrong_class(m, pb.FieldMask)
    out = b""
    values: Any
    value: Any
    try:
        if values := m.paths:
            parts = [out]
            for value in values:
                raw = value.encode()
                size = len(raw)
                parts += b"\x0a", VARINTS[size] if size < 2048 else varint(size), raw
            out = b"".join(parts)
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_field_mask(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.FieldMask | None = None,
) -> pb.FieldMask:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.FieldMask)
            m.paths = []
        while pos < end:
            start = pos
            tag = data[pos]
            pos += 1
            if tag > 127:
                tag, pos = long_tag(data, pos, tag)
            if tag == 10:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.paths.append(data[pos:stop].decode())
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.FieldMask, data, error) from error


register(
    pb.FieldMask,
    encode=_encode_field_mask,
    decode=_decode_field_mask,
)
