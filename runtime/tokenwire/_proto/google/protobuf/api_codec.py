# Generated from google/protobuf/api.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/protobuf/api.proto."""

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

from . import api_pb as pb
from . import source_context_pb as source_context_pb
from . import type_pb as type_pb

if TYPE_CHECKING:
    from typing import Any

SYNTAX_OF = enum_table(type_pb.Syntax)


def _encode_api(m: pb.Api, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Api:
        wrong_class(m, pb.Api)
    parts: list[bytes] = []
    values: Any
    value: Any
    try:
        if value := m.name:
            raw = value.encode()
            size = len(raw)
            parts += b"\x0a", VARINTS[size] if size < 2048 else varint(size), raw
        if values := m.methods:
            for value in values:
                raw = _encode_method(value, True)
                size = len(raw)
                parts += b"\x12", VARINTS[size] if size < 2048 else varint(size), raw
        if values := m.options:
            for value in values:
                raw = type_pb.Option._tw_encode(value, True)
                size = len(raw)
                parts += b"\x1a", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.version:
            raw = value.encode()
            size = len(raw)
            parts += b"\x22", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.source_context) is not None:
            raw = source_context_pb.SourceContext._tw_encode(value, True)
            size = len(raw)
            parts += b"\x2a", VARINTS[size] if size < 2048 else varint(size), raw
        if values := m.mixins:
            for value in values:
                raw = _encode_mixin(value, True)
                size = len(raw)
                parts += b"\x32", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.syntax:
            parts += b"\x38", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if value := m.edition:
            raw = value.encode()
            size = len(raw)
            parts += b"\x42", VARINTS[size] if size < 2048 else varint(size), raw
        if m._unknown_fields:
            parts.append(m._unknown_fields)
        return b"".join(parts)
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_api(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Api | None = None,
) -> pb.Api:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Api)
            m.methods = []
            m.options = []
            m.mixins = []
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
                m.methods.append(_decode_method(data, pos, stop, depth - 1))
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.options.append(type_pb.Option._tw_decode(data, pos, stop, depth - 1))
                pos = stop
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.version = data[pos:stop].decode()
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
            if tag == 50:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.mixins.append(_decode_mixin(data, pos, stop, depth - 1))
                pos = stop
                continue
            if tag == 56:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.syntax = SYNTAX_OF[value]
                continue
            if tag == 66:
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
        raise decode_error(pb.Api, data, error) from error


register(
    pb.Api,
    encode=_encode_api,
    decode=_decode_api,
)


def _encode_method(m: pb.Method, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Method:
        wrong_class(m, pb.Method)
    parts: list[bytes] = []
    values: Any
    value: Any
    try:
        if value := m.name:
            raw = value.encode()
            size = len(raw)
            parts += b"\x0a", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.request_type_url:
            raw = value.encode()
            size = len(raw)
            parts += b"\x12", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.request_streaming:
            parts += b"\x18", BOOL[value]
        if value := m.response_type_url:
            raw = value.encode()
            size = len(raw)
            parts += b"\x22", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.response_streaming:
            parts += b"\x28", BOOL[value]
        if values := m.options:
            for value in values:
                raw = type_pb.Option._tw_encode(value, True)
                size = len(raw)
                parts += b"\x32", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.syntax:
            parts += b"\x38", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if value := m.edition:
            raw = value.encode()
            size = len(raw)
            parts += b"\x42", VARINTS[size] if size < 2048 else varint(size), raw
        if m._unknown_fields:
            parts.append(m._unknown_fields)
        return b"".join(parts)
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_method(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Method | None = None,
) -> pb.Method:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Method)
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
                m.request_type_url = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 24:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.request_streaming = value != 0
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.response_type_url = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 40:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.response_streaming = value != 0
                continue
            if tag == 50:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.options.append(type_pb.Option._tw_decode(data, pos, stop, depth - 1))
                pos = stop
                continue
            if tag == 56:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.syntax = SYNTAX_OF[value]
                continue
            if tag == 66:
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
        raise decode_error(pb.Method, data, error) from error


register(
    pb.Method,
    encode=_encode_method,
    decode=_decode_method,
)


def _encode_mixin(m: pb.Mixin, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Mixin:
        wrong_class(m, pb.Mixin)
    out = b""
    value: Any
    try:
        if value := m.name:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.root:
            raw = value.encode()
            size = len(raw)
            out += SIZED_2[size] + raw if size < 512 else b"\x12" + varint(size) + raw
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_mixin(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Mixin | None = None,
) -> pb.Mixin:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Mixin)
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
                m.root = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Mixin, data, error) from error


register(
    pb.Mixin,
    encode=_encode_mixin,
    decode=_decode_mixin,
)
