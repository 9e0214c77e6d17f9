# Generated from google/protobuf/type.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/protobuf/type.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.codec.binding import enum_table, keep_unknown, new, register, wrong_class
from tokenwire.codec.wire import (
    BOOL,
    BYTE,
    int32,
    read_int32,
    read_size,
    read_tag,
    read_uint64,
    too_deep,
    truncated,
    varint,
)

from . import any_pb as any_pb
from . import source_context_pb as source_context_pb
from . import type_pb as pb

if TYPE_CHECKING:
    from typing import Any

SYNTAX_OF = enum_table(pb.Syntax)
FIELD_KIND_OF = enum_table(pb.FieldKind)
FIELD_CARDINALITY_OF = enum_table(pb.FieldCardinality)


def _encode_type(m: pb.Type) -> bytes:
    if m.__class__ is not pb.Type:
        wrong_class(m, pb.Type)
    parts: list[bytes] = []
    value: Any
    if value := m.name:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    for value in m.fields or ():
        raw = _encode_field(value)
        size = len(raw)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), raw
    for value in m.oneofs or ():
        raw = value.encode()
        size = len(raw)
        parts += b"\x1a", BYTE[size] if size < 128 else varint(size), raw
    for value in m.options or ():
        raw = _encode_option(value)
        size = len(raw)
        parts += b"\x22", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.source_context) is not None:
        raw = source_context_pb.SourceContext._tw_encode(value)
        size = len(raw)
        parts += b"\x2a", BYTE[size] if size < 128 else varint(size), raw
    if value := m.syntax:
        parts += b"\x30", BYTE[value] if 0 <= value < 128 else int32(value)
    if value := m.edition:
        raw = value.encode()
        size = len(raw)
        parts += b"\x3a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_type(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.Type | None = None,
) -> pb.Type:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.Type)
        m.fields = []
        m.oneofs = []
        m.options = []
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
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.fields.append(_decode_field(data, pos, stop, depth - 1))
            pos = stop
            continue
        if tag == 26:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.oneofs.append(data[pos:stop].decode())
            pos = stop
            continue
        if tag == 34:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.options.append(_decode_option(data, pos, stop, depth - 1))
            pos = stop
            continue
        if tag == 42:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.source_context = source_context_pb.SourceContext._tw_decode(
                data, pos, stop, depth - 1, m.source_context
            )
            pos = stop
            continue
        if tag == 48:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.syntax = SYNTAX_OF[value]
            continue
        if tag == 58:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.edition = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.Type,
    encode=_encode_type,
    decode=_decode_type,
)


def _encode_field(m: pb.Field) -> bytes:
    if m.__class__ is not pb.Field:
        wrong_class(m, pb.Field)
    parts: list[bytes] = []
    value: Any
    if value := m.kind:
        parts += b"\x08", BYTE[value] if 0 <= value < 128 else int32(value)
    if value := m.cardinality:
        parts += b"\x10", BYTE[value] if 0 <= value < 128 else int32(value)
    if value := m.number:
        parts += b"\x18", BYTE[value] if 0 <= value < 128 else int32(value)
    if value := m.name:
        raw = value.encode()
        size = len(raw)
        parts += b"\x22", BYTE[size] if size < 128 else varint(size), raw
    if value := m.type_url:
        raw = value.encode()
        size = len(raw)
        parts += b"\x32", BYTE[size] if size < 128 else varint(size), raw
    if value := m.oneof_index:
        parts += b"\x38", BYTE[value] if 0 <= value < 128 else int32(value)
    if value := m.packed:
        parts += b"\x40", BOOL[value]
    for value in m.options or ():
        raw = _encode_option(value)
        size = len(raw)
        parts += b"\x4a", BYTE[size] if size < 128 else varint(size), raw
    if value := m.json_name:
        raw = value.encode()
        size = len(raw)
        parts += b"\x52", BYTE[size] if size < 128 else varint(size), raw
    if value := m.default_value:
        raw = value.encode()
        size = len(raw)
        parts += b"\x5a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_field(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.Field | None = None,
) -> pb.Field:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.Field)
        m.options = []
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
            m.kind = FIELD_KIND_OF[value]
            continue
        if tag == 16:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.cardinality = FIELD_CARDINALITY_OF[value]
            continue
        if tag == 24:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.number = value
            continue
        if tag == 34:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.name = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 50:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.type_url = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 56:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.oneof_index = value
            continue
        if tag == 64:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.packed = value != 0
            continue
        if tag == 74:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.options.append(_decode_option(data, pos, stop, depth - 1))
            pos = stop
            continue
        if tag == 82:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.json_name = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 90:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.default_value = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.Field,
    encode=_encode_field,
    decode=_decode_field,
)


def _encode_enum(m: pb.Enum) -> bytes:
    if m.__class__ is not pb.Enum:
        wrong_class(m, pb.Enum)
    parts: list[bytes] = []
    value: Any
    if value := m.name:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    for value in m.enumvalue or ():
        raw = _encode_enum_value(value)
        size = len(raw)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), raw
    for value in m.options or ():
        raw = _encode_option(value)
        size = len(raw)
        parts += b"\x1a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.source_context) is not None:
        raw = source_context_pb.SourceContext._tw_encode(value)
        size = len(raw)
        parts += b"\x22", BYTE[size] if size < 128 else varint(size), raw
    if value := m.syntax:
        parts += b"\x28", BYTE[value] if 0 <= value < 128 else int32(value)
    if value := m.edition:
        raw = value.encode()
        size = len(raw)
        parts += b"\x32", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_enum(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.Enum | None = None,
) -> pb.Enum:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.Enum)
        m.enumvalue = []
        m.options = []
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
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.enumvalue.append(_decode_enum_value(data, pos, stop, depth - 1))
            pos = stop
            continue
        if tag == 26:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.options.append(_decode_option(data, pos, stop, depth - 1))
            pos = stop
            continue
        if tag == 34:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.source_context = source_context_pb.SourceContext._tw_decode(
                data, pos, stop, depth - 1, m.source_context
            )
            pos = stop
            continue
        if tag == 40:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.syntax = SYNTAX_OF[value]
            continue
        if tag == 50:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.edition = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.Enum,
    encode=_encode_enum,
    decode=_decode_enum,
)


def _encode_enum_value(m: pb.EnumValue) -> bytes:
    if m.__class__ is not pb.EnumValue:
        wrong_class(m, pb.EnumValue)
    parts: list[bytes] = []
    value: Any
    if value := m.name:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if value := m.number:
        parts += b"\x10", BYTE[value] if 0 <= value < 128 else int32(value)
    for value in m.options or ():
        raw = _encode_option(value)
        size = len(raw)
        parts += b"\x1a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_enum_value(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.EnumValue | None = None,
) -> pb.EnumValue:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.EnumValue)
        m.options = []
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
            m.number = value
            continue
        if tag == 26:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.options.append(_decode_option(data, pos, stop, depth - 1))
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.EnumValue,
    encode=_encode_enum_value,
    decode=_decode_enum_value,
)


def _encode_option(m: pb.Option) -> bytes:
    if m.__class__ is not pb.Option:
        wrong_class(m, pb.Option)
    parts: list[bytes] = []
    value: Any
    if value := m.name:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.value) is not None:
        raw = any_pb.Any._tw_encode(value)
        size = len(raw)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_option(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.Option | None = None,
) -> pb.Option:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.Option)
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
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.value = any_pb.Any._tw_decode(data, pos, stop, depth - 1, m.value)
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.Option,
    encode=_encode_option,
    decode=_decode_option,
)
