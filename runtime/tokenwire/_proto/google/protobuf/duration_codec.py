# Generated from google/protobuf/duration.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/protobuf/duration.proto."""

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
from tokenwire.codec.long_varints import long_int32, long_int64, long_tag
from tokenwire.codec.wire import (
    MAX_DEPTH,
    UNREADABLE,
    UNWRITABLE,
    VARINTS,
    int32,
    int64,
    too_deep,
    truncated,
)

from . import duration_pb as pb

if TYPE_CHECKING:
    from typing import Any


def _encode_duration(m: pb.Duration, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Duration:
        wrong_class(m, pb.Duration)
    out = b""
    value: Any
    try:
        if value := m.seconds:
            out = b"\x08" + (VARINTS[value] if 0 <= value < 2048 else int64(value))
        if value := m.nanos:
            out += b"\x10" + (VARINTS[value] if 0 <= value < 2048 else int32(value))
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_duration(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Duration | None = None,
) -> pb.Duration:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Duration)
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
                    value, pos = long_int64(data, pos, value)
                m.seconds = value
                continue
            if tag == 16:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.nanos = value
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Duration, data, error) from error


register(
    pb.Duration,
    encode=_encode_duration,
    decode=_decode_duration,
)
