# Generated from google/protobuf/struct.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/protobuf/struct.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.codec.binding import (
    decode_error,
    encode_error,
    enum_table,
    keep_entry,
    keep_unknown,
    new,
    register,
    two_members,
    wrong_class,
)
from tokenwire.codec.long_varints import long_int32, long_size, long_tag, long_uint64
from tokenwire.codec.wire import (
    BOOL,
    MAX_DEPTH,
    SIZED_3,
    UNREADABLE,
    UNWRITABLE,
    VARINTS,
    f64,
    int32,
    read_f64,
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
            tag, pos = long_tag(data, pos, tag)
        if tag == 10:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = long_size(data, pos, size)
            stop = pos + size
            key = data[pos:stop].decode()
            pos = stop
        elif tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = long_size(data, pos, size)
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
            raw = _encode_value(item, True)
            size = len(raw)
            unknown[:0] = b"\x12", VARINTS[size] if size < 2048 else varint(size), raw
        if key:
            raw = key.encode()
            size = len(raw)
            unknown[:0] = b"\x0a", VARINTS[size] if size < 2048 else varint(size), raw
        keep_entry(m, field, unknown)
    else:
        into[key] = _decode_value(b"", 0, 0, 0) if item is None else item


def _encode_struct(m: pb.Struct, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Struct:
        wrong_class(m, pb.Struct)
    out = b""
    entries: Any
    key: Any
    value: Any
    try:
        if entries := m.fields:
            parts = [out]
            for key, value in entries.items():
                raw = key.encode()
                size = len(raw)
                entry = b"\x0a" + (VARINTS[size] if size < 2048 else varint(size)) + raw
                raw = _encode_value(value, True)
                size = len(raw)
                entry += b"\x12" + (VARINTS[size] if size < 2048 else varint(size)) + raw
                size = len(entry)
                parts += b"\x0a", VARINTS[size] if size < 2048 else varint(size), entry
            out = b"".join(parts)
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_struct(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Struct | None = None,
) -> pb.Struct:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Struct)
            m.fields = {}
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
                _add_string_value_entry(m, m.fields, tag, data, pos, stop, depth - 1)
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Struct, data, error) from error


register(
    pb.Struct,
    encode=_encode_struct,
    decode=_decode_struct,
)


def _encode_value(m: pb.Value, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Value:
        wrong_class(m, pb.Value)
    out = b""
    value: Any
    try:
        oneof_1 = ""
        if (value := m.null_value) is not None:
            oneof_1 = "null_value"
            out = b"\x08" + (VARINTS[value] if 0 <= value < 2048 else int32(value))
        if (value := m.number_value) is not None:
            if oneof_1:
                raise two_members("kind", oneof_1, "number_value")
            oneof_1 = "number_value"
            out += b"\x11" + f64(value)
        if (value := m.string_value) is not None:
            if oneof_1:
                raise two_members("kind", oneof_1, "string_value")
            oneof_1 = "string_value"
            raw = value.encode()
            size = len(raw)
            out += SIZED_3[size] + raw if size < 512 else b"\x1a" + varint(size) + raw
        if (value := m.bool_value) is not None:
            if oneof_1:
                raise two_members("kind", oneof_1, "bool_value")
            oneof_1 = "bool_value"
            out += b"\x20" + BOOL[value]
        if (value := m.struct_value) is not None:
            if oneof_1:
                raise two_members("kind", oneof_1, "struct_value")
            oneof_1 = "struct_value"
            raw = _encode_struct(value, True)
            size = len(raw)
            out += b"\x2a" + (VARINTS[size] if size < 2048 else varint(size)) + raw
        if (value := m.list_value) is not None:
            if oneof_1:
                raise two_members("kind", oneof_1, "list_value")
            raw = _encode_list_value(value, True)
            size = len(raw)
            out += b"\x32" + (VARINTS[size] if size < 2048 else varint(size)) + raw
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_value(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Value | None = None,
) -> pb.Value:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Value)
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
                    size, pos = long_size(data, pos, size)
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
                    value, pos = long_uint64(data, pos, value)
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
                    size, pos = long_size(data, pos, size)
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
                    size, pos = long_size(data, pos, size)
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
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Value, data, error) from error


register(
    pb.Value,
    encode=_encode_value,
    decode=_decode_value,
)


def _encode_list_value(m: pb.ListValue, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ListValue:
        wrong_class(m, pb.ListValue)
    out = b""
    values: Any
    value: Any
    try:
        if values := m.values:
            parts = [out]
            for value in values:
                raw = _encode_value(value, True)
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


def _decode_list_value(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ListValue | None = None,
) -> pb.ListValue:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.ListValue)
            m.values = []
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
                m.values.append(_decode_value(data, pos, stop, depth - 1))
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.ListValue, data, error) from error


register(
    pb.ListValue,
    encode=_encode_list_value,
    decode=_decode_list_value,
)
