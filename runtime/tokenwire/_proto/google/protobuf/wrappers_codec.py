# Generated from google/protobuf/wrappers.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/protobuf/wrappers.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.codec.binding import keep_unknown, new, register, wrong_class
from tokenwire.codec.wire import (
    BOOL,
    BYTE,
    ZERO4,
    ZERO8,
    f32,
    f64,
    int32,
    int64,
    read_f32,
    read_f64,
    read_int32,
    read_int64,
    read_size,
    read_tag,
    read_uint32,
    read_uint64,
    too_deep,
    truncated,
    uint32,
    uint64,
    varint,
)

from . import wrappers_pb as pb

if TYPE_CHECKING:
    from typing import Any


def _encode_double_value(m: pb.DoubleValue) -> bytes:
    if m.__class__ is not pb.DoubleValue:
        wrong_class(m, pb.DoubleValue)
    parts: list[bytes] = []
    raw = f64(m.value)
    if raw != ZERO8:
        parts += b"\x09", raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_double_value(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.DoubleValue | None = None,
) -> pb.DoubleValue:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.DoubleValue)
    while pos < end:
        start = pos
        tag = data[pos]
        pos += 1
        if tag > 127:
            tag, pos = read_tag(data, start)
        if tag == 9:
            (value,) = read_f64(data, pos)
            pos += 8
            m.value = value
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.DoubleValue,
    encode=_encode_double_value,
    decode=_decode_double_value,
)


def _encode_float_value(m: pb.FloatValue) -> bytes:
    if m.__class__ is not pb.FloatValue:
        wrong_class(m, pb.FloatValue)
    parts: list[bytes] = []
    raw = f32(m.value)
    if raw != ZERO4:
        parts += b"\x0d", raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_float_value(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.FloatValue | None = None,
) -> pb.FloatValue:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.FloatValue)
    while pos < end:
        start = pos
        tag = data[pos]
        pos += 1
        if tag > 127:
            tag, pos = read_tag(data, start)
        if tag == 13:
            (value,) = read_f32(data, pos)
            pos += 4
            m.value = value
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.FloatValue,
    encode=_encode_float_value,
    decode=_decode_float_value,
)


def _encode_int64_value(m: pb.Int64Value) -> bytes:
    if m.__class__ is not pb.Int64Value:
        wrong_class(m, pb.Int64Value)
    parts: list[bytes] = []
    value: Any
    if value := m.value:
        parts += b"\x08", BYTE[value] if 0 <= value < 128 else int64(value)
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_int64_value(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.Int64Value | None = None,
) -> pb.Int64Value:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.Int64Value)
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
            m.value = value
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.Int64Value,
    encode=_encode_int64_value,
    decode=_decode_int64_value,
)


def _encode_u_int64_value(m: pb.UInt64Value) -> bytes:
    if m.__class__ is not pb.UInt64Value:
        wrong_class(m, pb.UInt64Value)
    parts: list[bytes] = []
    value: Any
    if value := m.value:
        parts += b"\x08", BYTE[value] if 0 <= value < 128 else uint64(value)
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_u_int64_value(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.UInt64Value | None = None,
) -> pb.UInt64Value:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.UInt64Value)
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
                value, pos = read_uint64(data, pos - 1)
            m.value = value
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.UInt64Value,
    encode=_encode_u_int64_value,
    decode=_decode_u_int64_value,
)


def _encode_int32_value(m: pb.Int32Value) -> bytes:
    if m.__class__ is not pb.Int32Value:
        wrong_class(m, pb.Int32Value)
    parts: list[bytes] = []
    value: Any
    if value := m.value:
        parts += b"\x08", BYTE[value] if 0 <= value < 128 else int32(value)
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_int32_value(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.Int32Value | None = None,
) -> pb.Int32Value:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.Int32Value)
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
            m.value = value
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.Int32Value,
    encode=_encode_int32_value,
    decode=_decode_int32_value,
)


def _encode_u_int32_value(m: pb.UInt32Value) -> bytes:
    if m.__class__ is not pb.UInt32Value:
        wrong_class(m, pb.UInt32Value)
    parts: list[bytes] = []
    value: Any
    if value := m.value:
        parts += b"\x08", BYTE[value] if 0 <= value < 128 else uint32(value)
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_u_int32_value(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.UInt32Value | None = None,
) -> pb.UInt32Value:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.UInt32Value)
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
                value, pos = read_uint32(data, pos - 1)
            m.value = value
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.UInt32Value,
    encode=_encode_u_int32_value,
    decode=_decode_u_int32_value,
)


def _encode_bool_value(m: pb.BoolValue) -> bytes:
    if m.__class__ is not pb.BoolValue:
        wrong_class(m, pb.BoolValue)
    parts: list[bytes] = []
    value: Any
    if value := m.value:
        parts += b"\x08", BOOL[value]
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_bool_value(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.BoolValue | None = None,
) -> pb.BoolValue:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.BoolValue)
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
                value, pos = read_uint64(data, pos - 1)
            m.value = value != 0
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.BoolValue,
    encode=_encode_bool_value,
    decode=_decode_bool_value,
)


def _encode_string_value(m: pb.StringValue) -> bytes:
    if m.__class__ is not pb.StringValue:
        wrong_class(m, pb.StringValue)
    parts: list[bytes] = []
    value: Any
    if value := m.value:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_string_value(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.StringValue | None = None,
) -> pb.StringValue:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.StringValue)
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
            m.value = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.StringValue,
    encode=_encode_string_value,
    decode=_decode_string_value,
)


def _encode_bytes_value(m: pb.BytesValue) -> bytes:
    if m.__class__ is not pb.BytesValue:
        wrong_class(m, pb.BytesValue)
    parts: list[bytes] = []
    value: Any
    if value := m.value:
        size = len(value)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), value
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_bytes_value(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.BytesValue | None = None,
) -> pb.BytesValue:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.BytesValue)
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
            m.value = data[pos:stop]
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.BytesValue,
    encode=_encode_bytes_value,
    decode=_decode_bytes_value,
)
