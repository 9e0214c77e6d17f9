# Generated from google/rpc/status.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/rpc/status.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire import wkt
from tokenwire.codec.binding import (
    decode_error,
    encode_error,
    keep_unknown,
    new,
    register,
    wrong_class,
)
from tokenwire.codec.long_varints import long_int32, long_size, long_tag
from tokenwire.codec.wire import (
    MAX_DEPTH,
    SIZED_2,
    UNREADABLE,
    UNWRITABLE,
    VARINTS,
    int32,
    too_deep,
    truncated,
    varint,
)

from . import status_pb as pb

if TYPE_CHECKING:
    from typing import Any


def _encode_status(m: pb.Status, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Status:
        wrong_class(m, pb.Status)
    out = b""
    values: Any
    value: Any
    try:
        if value := m.code:
            out = b"\x08" + (VARINTS[value] if 0 <= value < 2048 else int32(value))
        if value := m.message:
            raw = value.encode()
            size = len(raw)
            out += SIZED_2[size] + raw if size < 512 else b"\x12" + varint(size) + raw
        if values := m.details:
            parts = [out]
            for value in values:
                raw = wkt.Any._tw_encode(value, True)
                size = len(raw)
                parts += b"\x1a", VARINTS[size] if size < 2048 else varint(size), raw
            out = b"".join(parts)
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_status(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Status | None = None,
) -> pb.Status:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Status)
            m.details = []
        while pos < end:
            start = pos
            tag = data[pos]
            pos += 1
            if tag > 127:
                tag, pos = long_tag(data, pos, tag)
            if tag == 8:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.code = value
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.message = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.details.append(wkt.Any._tw_decode(data, pos, stop, depth - 1))
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Status, data, error) from error


register(
    pb.Status,
    encode=_encode_status,
    decode=_decode_status,
)
