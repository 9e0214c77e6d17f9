# Generated from no_package.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of no_package.proto."""

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
from tokenwire.codec.long_varints import long_int32, long_size, long_tag
from tokenwire.codec.wire import (
    MAX_DEPTH,
    SIZED_1,
    SIZED_3,
    UNREADABLE,
    UNWRITABLE,
    VARINTS,
    int32,
    too_deep,
    truncated,
    varint,
)

from . import no_package_pb as pb

if TYPE_CHECKING:
    from typing import Any

UNPACKAGED_KIND_OF = enum_table(pb.UnpackagedKind)


def _encode_unpackaged(m: pb.Unpackaged, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Unpackaged:
        wrong_class(m, pb.Unpackaged)
    out = b""
    value: Any
    try:
        if value := m.name:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.kind:
            out += b"\x10" + (VARINTS[value] if 0 <= value < 2048 else int32(value))
        if (value := m.nested) is not None:
            raw = _encode_unpackaged_nested(value, True)
            size = len(raw)
            out += SIZED_3[size] + raw if size < 512 else b"\x1a" + varint(size) + raw
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_unpackaged(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Unpackaged | None = None,
) -> pb.Unpackaged:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Unpackaged)
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
                m.kind = UNPACKAGED_KIND_OF[value]
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.nested = _decode_unpackaged_nested(data, pos, stop, depth - 1, m.nested)
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Unpackaged, data, error) from error


register(
    pb.Unpackaged,
    encode=_encode_unpackaged,
    decode=_decode_unpackaged,
)


def _encode_unpackaged_nested(m: pb.UnpackagedNested, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.UnpackagedNested:
        wrong_class(m, pb.UnpackagedNested)
    out = b""
    value: Any
    try:
        if (value := m.parent) is not None:
            raw = _encode_unpackaged(value, True)
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_unpackaged_nested(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.UnpackagedNested | None = None,
) -> pb.UnpackagedNested:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.UnpackagedNested)
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
                m.parent = _decode_unpackaged(data, pos, stop, depth - 1, m.parent)
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.UnpackagedNested, data, error) from error


register(
    pb.UnpackagedNested,
    encode=_encode_unpackaged_nested,
    decode=_decode_unpackaged_nested,
)
