# Generated from google/protobuf/wrappers.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/protobuf/wrappers.proto."""

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
from tokenwire.codec.long_varints import (
    long_int32,
    long_int64,
    long_size,
    long_tag,
    long_uint32,
    long_uint64,
)
from tokenwire.codec.wire import (
    BOOL,
    MAX_DEPTH,
    SIZED_1,
    UNREADABLE,
    UNWRITABLE,
    VARINTS,
    ZERO4,
    ZERO8,
    f32,
    f64,
    int32,
    int64,
    read_f32,
    read_f64,
    too_deep,
    truncated,
    uint32,
    uint64,
    varint,
)

from . import wrappers_pb as pb

if TYPE_CHECKING:
    from typing import Any


def _encode_double_value(m: pb.DoubleValue, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.DoubleValue:
        wrong_class(m, pb.DoubleValue)
    out = b""
    try:
        raw = f64(m.value)
        if raw != ZERO8:
            out = b"\x09" + raw
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_double_value(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.DoubleValue | None = None,
) -> pb.DoubleValue:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.DoubleValue)
        while pos < end:
            start = pos
            tag = data[pos]
            pos += 1
            if tag > 127:
                tag, pos = long_tag(data, pos, tag)
            if tag == 9:
                (value,) = read_f64(data, pos)
                pos += 8
                m.value = value
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.DoubleValue, data, error) from error


register(
    pb.DoubleValue,
    encode=_encode_double_value,
    decode=_decode_double_value,
)


def _encode_float_value(m: pb.FloatValue, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.FloatValue:
        wrong_class(m, pb.FloatValue)
    out = b""
    try:
        raw = f32(m.value)
        if raw != ZERO4:
            out = b"\x0d" + raw
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_float_value(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.FloatValue | None = None,
) -> pb.FloatValue:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.FloatValue)
        while pos < end:
            start = pos
            tag = data[pos]
            pos += 1
            if tag > 127:
                tag, pos = long_tag(data, pos, tag)
            if tag == 13:
                (value,) = read_f32(data, pos)
                pos += 4
                m.value = value
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.FloatValue, data, error) from error


register(
    pb.FloatValue,
    encode=_encode_float_value,
    decode=_decode_float_value,
)


def _encode_int64_value(m: pb.Int64Value, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Int64Value:
        wrong_class(m, pb.Int64Value)
    out = b""
    value: Any
    try:
        if value := m.value:
            out = b"\x08" + (VARINTS[value] if 0 <= value < 2048 else int64(value))
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_int64_value(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Int64Value | None = None,
) -> pb.Int64Value:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Int64Value)
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
                m.value = value
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Int64Value, data, error) from error


register(
    pb.Int64Value,
    encode=_encode_int64_value,
    decode=_decode_int64_value,
)


def _encode_u_int64_value(m: pb.UInt64Value, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.UInt64Value:
        wrong_class(m, pb.UInt64Value)
    out = b""
    value: Any
    try:
        if value := m.value:
            out = b"\x08" + (VARINTS[value] if 0 <= value < 2048 else uint64(value))
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_u_int64_value(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.UInt64Value | None = None,
) -> pb.UInt64Value:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.UInt64Value)
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
                    value, pos = long_uint64(data, pos, value)
                m.value = value
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.UInt64Value, data, error) from error


register(
    pb.UInt64Value,
    encode=_encode_u_int64_value,
    decode=_decode_u_int64_value,
)


def _encode_int32_value(m: pb.Int32Value, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Int32Value:
        wrong_class(m, pb.Int32Value)
    out = b""
    value: Any
    try:
        if value := m.value:
            out = b"\x08" + (VARINTS[value] if 0 <= value < 2048 else int32(value))
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_int32_value(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Int32Value | None = None,
) -> pb.Int32Value:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Int32Value)
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
                m.value = value
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Int32Value, data, error) from error


register(
    pb.Int32Value,
    encode=_encode_int32_value,
    decode=_decode_int32_value,
)


def _encode_u_int32_value(m: pb.UInt32Value, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.UInt32Value:
        wrong_class(m, pb.UInt32Value)
    out = b""
    value: Any
    try:
        if value := m.value:
            out = b"\x08" + (VARINTS[value] if 0 <= value < 2048 else uint32(value))
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_u_int32_value(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.UInt32Value | None = None,
) -> pb.UInt32Value:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.UInt32Value)
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
                    value, pos = long_uint32(data, pos, value)
                m.value = value
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.UInt32Value, data, error) from error


register(
    pb.UInt32Value,
    encode=_encode_u_int32_value,
    decode=_decode_u_int32_value,
)


def _encode_bool_value(m: pb.BoolValue, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.BoolValue:
        wrong_class(m, pb.BoolValue)
    out = b""
    value: Any
    try:
        if value := m.value:
            out = b"\x08" + BOOL[value]
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_bool_value(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.BoolValue | None = None,
) -> pb.BoolValue:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.BoolValue)
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
                    value, pos = long_uint64(data, pos, value)
                m.value = value != 0
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.BoolValue, data, error) from error


register(
    pb.BoolValue,
    encode=_encode_bool_value,
    decode=_decode_bool_value,
)


def _encode_string_value(m: pb.StringValue, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.StringValue:
        wrong_class(m, pb.StringValue)
    out = b""
    value: Any
    try:
        if value := m.value:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_string_value(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.StringValue | None = None,
) -> pb.StringValue:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.StringValue)
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
                m.value = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.StringValue, data, error) from error


register(
    pb.StringValue,
    encode=_encode_string_value,
    decode=_decode_string_value,
)


def _encode_bytes_value(m: pb.BytesValue, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.BytesValue:
        wrong_class(m, pb.BytesValue)
    out = b""
    value: Any
    try:
        if value := m.value:
            size = len(value)
            out = SIZED_1[size] + value if size < 512 else b"\x0a" + varint(size) + value
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_bytes_value(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.BytesValue | None = None,
) -> pb.BytesValue:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.BytesValue)
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
        raise decode_error(pb.BytesValue, data, error) from error


register(
    pb.BytesValue,
    encode=_encode_bytes_value,
    decode=_decode_bytes_value,
)
