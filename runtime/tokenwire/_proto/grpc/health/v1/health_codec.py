# Generated from grpc/health/v1/health.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of grpc/health/v1/health.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.codec.binding import (
    enum_table,
    keep_entry,
    keep_unknown,
    new,
    register,
    wrong_class,
)
from tokenwire.codec.wire import (
    BYTE,
    int32,
    read_int32,
    read_size,
    read_tag,
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
            item = _decode_health_check_response(data, pos, stop, depth - 1, item)
            pos = stop
        else:
            pos = skip(data, pos, tag, depth)
            unknown.append(data[start:pos])
    if pos > end:
        raise truncated()
    if unknown:
        if item is not None:
            raw = _encode_health_check_response(item)
            size = len(raw)
            unknown[:0] = b"\x12", BYTE[size] if size < 128 else varint(size), raw
        if key:
            raw = key.encode()
            size = len(raw)
            unknown[:0] = b"\x0a", BYTE[size] if size < 128 else varint(size), raw
        keep_entry(m, field, unknown)
    else:
        into[key] = _decode_health_check_response(b"", 0, 0, 0) if item is None else item


def _encode_health_check_request(m: pb.HealthCheckRequest) -> bytes:
    if m.__class__ is not pb.HealthCheckRequest:
        wrong_class(m, pb.HealthCheckRequest)
    parts: list[bytes] = []
    value: Any
    if value := m.service:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_health_check_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.HealthCheckRequest | None = None,
) -> pb.HealthCheckRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.HealthCheckRequest)
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
            m.service = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.HealthCheckRequest,
    encode=_encode_health_check_request,
    decode=_decode_health_check_request,
)


def _encode_health_check_response(m: pb.HealthCheckResponse) -> bytes:
    if m.__class__ is not pb.HealthCheckResponse:
        wrong_class(m, pb.HealthCheckResponse)
    parts: list[bytes] = []
    value: Any
    if value := m.status:
        parts += b"\x08", BYTE[value] if 0 <= value < 128 else int32(value)
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_health_check_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.HealthCheckResponse | None = None,
) -> pb.HealthCheckResponse:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.HealthCheckResponse)
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
            m.status = HEALTH_CHECK_RESPONSE_SERVING_STATUS_OF[value]
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.HealthCheckResponse,
    encode=_encode_health_check_response,
    decode=_decode_health_check_response,
)


def _encode_health_list_request(m: pb.HealthListRequest) -> bytes:
    if m.__class__ is not pb.HealthListRequest:
        wrong_class(m, pb.HealthListRequest)
    parts: list[bytes] = []
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_health_list_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.HealthListRequest | None = None,
) -> pb.HealthListRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.HealthListRequest)
    while pos < end:
        start = pos
        tag = data[pos]
        pos += 1
        if tag > 127:
            tag, pos = read_tag(data, start)
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.HealthListRequest,
    encode=_encode_health_list_request,
    decode=_decode_health_list_request,
)


def _encode_health_list_response(m: pb.HealthListResponse) -> bytes:
    if m.__class__ is not pb.HealthListResponse:
        wrong_class(m, pb.HealthListResponse)
    parts: list[bytes] = []
    entries: Any
    key: Any
    value: Any
    if entries := m.statuses:
        for key, value in entries.items():
            raw = key.encode()
            size = len(raw)
            entry = b"\x0a" + (BYTE[size] if size < 128 else varint(size)) + raw
            raw = _encode_health_check_response(value)
            size = len(raw)
            entry += b"\x12" + (BYTE[size] if size < 128 else varint(size)) + raw
            size = len(entry)
            parts += b"\x0a", BYTE[size] if size < 128 else varint(size), entry
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_health_list_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.HealthListResponse | None = None,
) -> pb.HealthListResponse:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.HealthListResponse)
        m.statuses = {}
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
            _add_string_health_check_response_entry(m, m.statuses, tag, data, pos, stop, depth - 1)
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.HealthListResponse,
    encode=_encode_health_list_response,
    decode=_decode_health_list_response,
)
