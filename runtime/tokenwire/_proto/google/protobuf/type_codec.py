# Generated from google/protobuf/type.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/protobuf/type.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.codec.binding import (
    decode_error,
    encode_error,
    enum_table,
    keep_unknown,
    new,
    register,
    wrong_class,
)
from tokenwire.codec.long_varints import long_int32, long_size, long_tag, long_uint64
from tokenwire.codec.wire import (
    BOOL,
    MAX_DEPTH,
    SIZED_1,
    SIZED_2,
    UNREADABLE,
    UNWRITABLE,
    VARINTS,
    int32,
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


def _encode_type(m: pb.Type, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Type:
        wrong_class(m, pb.Type)
    parts: list[bytes] = []
    values: Any
    value: Any
    try:
        if value := m.name:
            raw = value.encode()
            size = len(raw)
            parts += b"\x0a", VARINTS[size] if size < 2048 else varint(size), raw
        if values := m.fields:
            for value in values:
                raw = _encode_field(value, True)
                size = len(raw)
                parts += b"\x12", VARINTS[size] if size < 2048 else varint(size), raw
        if values := m.oneofs:
            for value in values:
                raw = value.encode()
                size = len(raw)
                parts += b"\x1a", VARINTS[size] if size < 2048 else varint(size), raw
        if values := m.options:
            for value in values:
                raw = _encode_option(value, True)
                size = len(raw)
                parts += b"\x22", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.source_context) is not None:
            raw = source_context_pb.SourceContext._tw_encode(value, True)
            size = len(raw)
            parts += b"\x2a", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.syntax:
            parts += b"\x30", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if value := m.edition:
            raw = value.encode()
            size = len(raw)
            parts += b"\x3a", VARINTS[size] if size < 2048 else varint(size), raw
        if m._unknown_fields:
            parts.append(m._unknown_fields)
        return b"".join(parts)
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_type(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Type | None = None,
) -> pb.Type:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
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
                tag, pos = long_tag(data, pos, tag)
            if tag == 10:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.name = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.fields.append(_decode_field(data, pos, stop, depth - 1))
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.oneofs.append(data[pos:stop].decode())
                pos = stop
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.options.append(_decode_option(data, pos, stop, depth - 1))
                pos = stop
                continue
            if tag == 42:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
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
                    value, pos = long_int32(data, pos, value)
                m.syntax = SYNTAX_OF[value]
                continue
            if tag == 58:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.edition = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Type, data, error) from error


register(
    pb.Type,
    encode=_encode_type,
    decode=_decode_type,
)


def _encode_field(m: pb.Field, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Field:
        wrong_class(m, pb.Field)
    parts: list[bytes] = []
    values: Any
    value: Any
    try:
        if value := m.kind:
            parts += b"\x08", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if value := m.cardinality:
            parts += b"\x10", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if value := m.number:
            parts += b"\x18", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if value := m.name:
            raw = value.encode()
            size = len(raw)
            parts += b"\x22", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.type_url:
            raw = value.encode()
            size = len(raw)
            parts += b"\x32", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.oneof_index:
            parts += b"\x38", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if value := m.packed:
            parts += b"\x40", BOOL[value]
        if values := m.options:
            for value in values:
                raw = _encode_option(value, True)
                size = len(raw)
                parts += b"\x4a", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.json_name:
            raw = value.encode()
            size = len(raw)
            parts += b"\x52", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.default_value:
            raw = value.encode()
            size = len(raw)
            parts += b"\x5a", VARINTS[size] if size < 2048 else varint(size), raw
        if m._unknown_fields:
            parts.append(m._unknown_fields)
        return b"".join(parts)
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_field(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Field | None = None,
) -> pb.Field:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Field)
            m.options = []
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
                m.kind = FIELD_KIND_OF[value]
                continue
            if tag == 16:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.cardinality = FIELD_CARDINALITY_OF[value]
                continue
            if tag == 24:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.number = value
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.name = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 50:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.type_url = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 56:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.oneof_index = value
                continue
            if tag == 64:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.packed = value != 0
                continue
            if tag == 74:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.options.append(_decode_option(data, pos, stop, depth - 1))
                pos = stop
                continue
            if tag == 82:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.json_name = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 90:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.default_value = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Field, data, error) from error


register(
    pb.Field,
    encode=_encode_field,
    decode=_decode_field,
)


def _encode_enum(m: pb.Enum, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Enum:
        wrong_class(m, pb.Enum)
    parts: list[bytes] = []
    values: Any
    value: Any
    try:
        if value := m.name:
            raw = value.encode()
            size = len(raw)
            parts += b"\x0a", VARINTS[size] if size < 2048 else varint(size), raw
        if values := m.enumvalue:
            for value in values:
                raw = _encode_enum_value(value, True)
                size = len(raw)
                parts += b"\x12", VARINTS[size] if size < 2048 else varint(size), raw
        if values := m.options:
            for value in values:
                raw = _encode_option(value, True)
                size = len(raw)
                parts += b"\x1a", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.source_context) is not None:
            raw = source_context_pb.SourceContext._tw_encode(value, True)
            size = len(raw)
            parts += b"\x22", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.syntax:
            parts += b"\x28", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if value := m.edition:
            raw = value.encode()
            size = len(raw)
            parts += b"\x32", VARINTS[size] if size < 2048 else varint(size), raw
        if m._unknown_fields:
            parts.append(m._unknown_fields)
        return b"".join(parts)
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_enum(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Enum | None = None,
) -> pb.Enum:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
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
                tag, pos = long_tag(data, pos, tag)
            if tag == 10:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.name = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.enumvalue.append(_decode_enum_value(data, pos, stop, depth - 1))
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.options.append(_decode_option(data, pos, stop, depth - 1))
                pos = stop
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
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
                    value, pos = long_int32(data, pos, value)
                m.syntax = SYNTAX_OF[value]
                continue
            if tag == 50:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.edition = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Enum, data, error) from error


register(
    pb.Enum,
    encode=_encode_enum,
    decode=_decode_enum,
)


def _encode_enum_value(m: pb.EnumValue, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.EnumValue:
        wrong_class(m, pb.EnumValue)
    out = b""
    values: Any
    value: Any
    try:
        if value := m.name:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.number:
            out += b"\x10" + (VARINTS[value] if 0 <= value < 2048 else int32(value))
        if values := m.options:
            parts = [out]
            for value in values:
                raw = _encode_option(value, True)
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


def _decode_enum_value(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.EnumValue | None = None,
) -> pb.EnumValue:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.EnumValue)
            m.options = []
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
                m.name = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 16:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.number = value
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.options.append(_decode_option(data, pos, stop, depth - 1))
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.EnumValue, data, error) from error


register(
    pb.EnumValue,
    encode=_encode_enum_value,
    decode=_decode_enum_value,
)


def _encode_option(m: pb.Option, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Option:
        wrong_class(m, pb.Option)
    out = b""
    value: Any
    try:
        if value := m.name:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if (value := m.value) is not None:
            raw = any_pb.Any._tw_encode(value, True)
            size = len(raw)
            out += SIZED_2[size] + raw if size < 512 else b"\x12" + varint(size) + raw
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_option(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Option | None = None,
) -> pb.Option:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Option)
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
                m.name = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.value = any_pb.Any._tw_decode(data, pos, stop, depth - 1, m.value)
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Option, data, error) from error


register(
    pb.Option,
    encode=_encode_option,
    decode=_decode_option,
)
