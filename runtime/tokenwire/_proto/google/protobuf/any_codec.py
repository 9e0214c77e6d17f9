# Generated from google/protobuf/any.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/protobuf/any.proto."""

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
    SIZED_1,
    SIZED_2,
    UNREADABLE,
    UNWRITABLE,
    too_deep,
    truncated,
    varint,
)

from . import any_pb as pb

if TYPE_CHECKING:
    from typing import Any


def _encode_any(m: pb.Any, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Any:
        wrong_class(m, pb.Any)
    out = b""
    value: Any
    try:
        if value := m.type_url:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.value:
            size = len(value)
            out += SIZED_2[size] + value if size < 512 else b"\x12" + varint(size) + value
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_any(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Any | None = None,
) -> pb.Any:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Any)
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
                m.type_url = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.value = data[pos:stop]
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Any, data, error) from error


register(
    pb.Any,
    encode=_encode_any,
    decode=_decode_any,
)
