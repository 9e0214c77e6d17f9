# Generated from google/protobuf/struct.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/protobuf/struct.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.codec.binding import (
    enum_table,
    keep_entry,
    keep_unknown,
    new,
    register,
    two_members,
    wrong_class,
)
from tokenwire.codec.wire import (
    BOOL,
    BYTE,
    f64,
    int32,
    read_f64,
    read_int32,
    read_size,
    read_tag,
    read_uint64,
    skip,
    too_deep,
    truncated,
    varint,
)

from . import struct_pb as pb

if TYPE_CHECKING:
    from typing import Any

    from tokenwire.message import Message

NULL_VALUE_OF = enum_table(pb.NullValue)


def _add_string_value_entry(
    m: Message,
    into: dict[str, pb.Value],
    field: int,
    data: bytes,
    pos: int,
    end: int,
    depth: int,
) -> None:
    if depth < 0:
        raise too_deep()
    key = ""
    item: pb.Value | None = None
    unknown: list[bytes] = []
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
            key = data[pos:stop].decode()
            pos = stop
        elif tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            item = _decode_value(data, pos, stop, depth - 1, item)
            pos = stop
        else:
            pos = skip(data, pos, tag, depth)
            unknown.append(data[start:pos])
    if pos > end:
        raise truncated()
    if unknown:
        if item is not None:
            raw = _encode_value(item)
            size = len(raw)
            unknown[:0] = b"\x12", BYTE[size] if size < 128 else varint(size), raw
        if key:
            raw = key.encode()
            size = len(raw)
            unknown[:0] = b"\x0a", BYTE[size] if size < 128 else varint(size), raw
        keep_entry(m, field, unknown)
    else:
        into[key] = _decode_value(b"", 0, 0, 0) if item is None else item


def _encode_struct(m: pb.Struct) -> bytes:
    if m.__class__ is not pb.Struct:
        wrong_class(m, pb.Struct)
    parts: list[bytes] = []
    entries: Any
    key: Any
    value: Any
    if entries := m.fields:
        for key, value in entries.items():
            raw = key.encode()
            size = len(raw)
            entry = b"\x0a" + (BYTE[size] if size < 128 else varint(size)) + raw
            raw = _encode_value(value)
            size = len(raw)
            entry += b"\x12" + (BYTE[size] if size < 128 else varint(size)) + raw
            size = len(entry)
            parts += b"\x0a", BYTE[size] if size < 128 else varint(size), entry
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_struct(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.Struct | None = None,
) -> pb.Struct:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.Struct)
        m.fields = {}
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
            _add_string_value_entry(m, m.fields, tag, data, pos, stop, depth - 1)
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.Struct,
    encode=_encode_struct,
    decode=_decode_struct,
)


def _encode_value(m: pb.Value) -> bytes:
    if m.__class__ is not pb.Value:
        wrong_class(m, pb.Value)
    parts: list[bytes] = []
    value: Any
    oneof_1 = ""
    if (value := m.null_value) is not None:
        oneof_1 = "null_value"
        parts += b"\x08", BYTE[value] if 0 <= value < 128 else int32(value)
    if (value := m.number_value) is not None:
        if oneof_1:
            raise two_members("kind", oneof_1, "number_value")
        oneof_1 = "number_value"
        parts += b"\x11", f64(value)
    if (value := m.string_value) is not None:
        if oneof_1:
            raise two_members("kind", oneof_1, "string_value")
        oneof_1 = "string_value"
        raw = value.encode()
        size = len(raw)
        parts += b"\x1a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.bool_value) is not None:
        if oneof_1:
            raise two_members("kind", oneof_1, "bool_value")
        oneof_1 = "bool_value"
        parts += b"\x20", BOOL[value]
    if (value := m.struct_value) is not None:
        if oneof_1:
            raise two_members("kind", oneof_1, "struct_value")
        oneof_1 = "struct_value"
        raw = _encode_struct(value)
        size = len(raw)
        parts += b"\x2a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.list_value) is not None:
        if oneof_1:
            raise two_members("kind", oneof_1, "list_value")
        raw = _encode_list_value(value)
        size = len(raw)
        parts += b"\x32", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_value(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.Value | None = None,
) -> pb.Value:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.Value)
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
            m.null_value = NULL_VALUE_OF[value]
            m.number_value = None
            m.string_value = None
            m.bool_value = None
            m.struct_value = None
            m.list_value = None
            continue
        if tag == 17:
            (value,) = read_f64(data, pos)
            pos += 8
            m.number_value = value
            m.null_value = None
            m.string_value = None
            m.bool_value = None
            m.struct_value = None
            m.list_value = None
            continue
        if tag == 26:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.string_value = data[pos:stop].decode()
            pos = stop
            m.null_value = None
            m.number_value = None
            m.bool_value = None
            m.struct_value = None
            m.list_value = None
            continue
        if tag == 32:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.bool_value = value != 0
            m.null_value = None
            m.number_value = None
            m.string_value = None
            m.struct_value = None
            m.list_value = None
            continue
        if tag == 42:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.struct_value = _decode_struct(data, pos, stop, depth - 1, m.struct_value)
            pos = stop
            m.null_value = None
            m.number_value = None
            m.string_value = None
            m.bool_value = None
            m.list_value = None
            continue
        if tag == 50:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.list_value = _decode_list_value(data, pos, stop, depth - 1, m.list_value)
            pos = stop
            m.null_value = None
            m.number_value = None
            m.string_value = None
            m.bool_value = None
            m.struct_value = None
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.Value,
    encode=_encode_value,
    decode=_decode_value,
)


def _encode_list_value(m: pb.ListValue) -> bytes:
    if m.__class__ is not pb.ListValue:
        wrong_class(m, pb.ListValue)
    parts: list[bytes] = []
    value: Any
    for value in m.values or ():
        raw = _encode_value(value)
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_list_value(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.ListValue | None = None,
) -> pb.ListValue:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.ListValue)
        m.values = []
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
            m.values.append(_decode_value(data, pos, stop, depth - 1))
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.ListValue,
    encode=_encode_list_value,
    decode=_decode_list_value,
)
