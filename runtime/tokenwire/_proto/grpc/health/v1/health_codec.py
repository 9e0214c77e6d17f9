# Generated from grpc/health/v1/health.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of grpc/health/v1/health.proto."""

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
    wrong_class,
)
from tokenwire.codec.long_varints import long_int32, long_size, long_tag
from tokenwire.codec.wire import (
    MAX_DEPTH,
    SIZED_1,
    UNREADABLE,
    UNWRITABLE,
    VARINTS,
    int32,
    skip,
    too_deep,
    truncated,
    varint,
)

from . import health_pb as pb

if TYPE_CHECKING:
    from typing import Any

    from tokenwire.message import Message

HEALTH_CHECK_RESPONSE_SERVING_STATUS_OF = enum_table(pb.HealthCheckResponseServingStatus)


def _add_string_health_check_response_entry(
    m: Message,
    into: dict[str, pb.HealthCheckResponse],
    field: int,
    data: bytes,
    pos: int,
    end: int,
    depth: int,
) -> None:
    if depth < 0:
        raise too_deep()
    key = ""
    item: pb.HealthCheckResponse | None = None
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
            item = _decode_health_check_response(data, pos, stop, depth - 1, item)
            pos = stop
        else:
            pos = skip(data, pos, tag, depth)
            unknown.append(data[start:pos])
    if pos > end:
        raise truncated()
    if unknown:
        if item is not None:
            raw = _encode_health_check_response(item, True)
            size = len(raw)
            unknown[:0] = b"\x12", VARINTS[size] if size < 2048 else varint(size), raw
        if key:
            raw = key.encode()
            size = len(raw)
            unknown[:0] = b"\x0a", VARINTS[size] if size < 2048 else varint(size), raw
        keep_entry(m, field, unknown)
    else:
        into[key] = _decode_health_check_response(b"", 0, 0, 0) if item is None else item


def _encode_health_check_request(m: pb.HealthCheckRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.HealthCheckRequest:
        wrong_class(m, pb.HealthCheckRequest)
    out = b""
    value: Any
    try:
        if value := m.service:
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


def _decode_health_check_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.HealthCheckRequest | None = None,
) -> pb.HealthCheckRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.HealthCheckRequest)
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
                m.service = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.HealthCheckRequest, data, error) from error


register(
    pb.HealthCheckRequest,
    encode=_encode_health_check_request,
    decode=_decode_health_check_request,
)


def _encode_health_check_response(m: pb.HealthCheckResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.HealthCheckResponse:
        wrong_class(m, pb.HealthCheckResponse)
    out = b""
    value: Any
    try:
        if value := m.status:
            out = b"\x08" + (VARINTS[value] if 0 <= value < 2048 else int32(value))
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_health_check_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.HealthCheckResponse | None = None,
) -> pb.HealthCheckResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.HealthCheckResponse)
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
                m.status = HEALTH_CHECK_RESPONSE_SERVING_STATUS_OF[value]
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.HealthCheckResponse, data, error) from error


register(
    pb.HealthCheckResponse,
    encode=_encode_health_check_response,
    decode=_decode_health_check_response,
)


def _encode_health_list_request(m: pb.HealthListRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.HealthListRequest:
        wrong_class(m, pb.HealthListRequest)
    return bytes(m._unknown_fields) if m._unknown_fields else b""


def _decode_health_list_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.HealthListRequest | None = None,
) -> pb.HealthListRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = pb.HealthListRequest()
        while pos < end:
            start = pos
            tag = data[pos]
            pos += 1
            if tag > 127:
                tag, pos = long_tag(data, pos, tag)
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.HealthListRequest, data, error) from error


register(
    pb.HealthListRequest,
    encode=_encode_health_list_request,
    decode=_decode_health_list_request,
)


def _encode_health_list_response(m: pb.HealthListResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.HealthListResponse:
        wrong_class(m, pb.HealthListResponse)
    out = b""
    entries: Any
    key: Any
    value: Any
    try:
        if entries := m.statuses:
            parts = [out]
            for key, value in entries.items():
                raw = key.encode()
                size = len(raw)
                entry = b"\x0a" + (VARINTS[size] if size < 2048 else varint(size)) + raw
                raw = _encode_health_check_response(value, True)
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


def _decode_health_list_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.HealthListResponse | None = None,
) -> pb.HealthListResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.HealthListResponse)
            m.statuses = {}
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
                _add_string_health_check_response_entry(m, m.statuses, tag, data, pos, stop, depth - 1)
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.HealthListResponse, data, error) from error


register(
    pb.HealthListResponse,
    encode=_encode_health_list_response,
    decode=_decode_health_list_response,
)
