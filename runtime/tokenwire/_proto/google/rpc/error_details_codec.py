# Generated from google/rpc/error_details.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/rpc/error_details.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.codec.binding import (
    decode_error,
    encode_error,
    keep_entry,
    keep_unknown,
    long_entry,
    new,
    register,
    wrong_class,
)
from tokenwire.codec.long_varints import long_int64, long_size, long_tag
from tokenwire.codec.wire import (
    MAX_DEPTH,
    SIZED_1,
    SIZED_2,
    SIZED_3,
    SIZED_4,
    UNREADABLE,
    UNWRITABLE,
    VARINTS,
    int64,
    skip,
    too_deep,
    truncated,
    varint,
)
from tokenwire.wellknown.wrapped import read_duration, write_duration

from . import error_details_pb as pb

if TYPE_CHECKING:
    from typing import Any

    from tokenwire.message import Message


def _add_string_string(
    m: Message,
    into: dict[str, str],
    field: int,
    data: bytes,
    pos: int,
    end: int,
    depth: int,
) -> None:
    if depth < 0:
        raise too_deep()
    if 3 < end - pos < 128 and data[pos] == 10:
        middle = pos + 2 + data[pos + 1]
        if middle < end and data[middle] == 18 and middle + 2 + data[middle + 1] == end:
            into[data[pos + 2 : middle].decode()] = data[middle + 2 : end].decode()
            return
    key = ""
    item = ""
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
            item = data[pos:stop].decode()
            pos = stop
        else:
            pos = skip(data, pos, tag, depth)
            unknown.append(data[start:pos])
    if pos > end:
        raise truncated()
    if unknown:
        if item:
            raw = item.encode()
            size = len(raw)
            unknown[:0] = b"\x12", VARINTS[size] if size < 2048 else varint(size), raw
        if key:
            raw = key.encode()
            size = len(raw)
            unknown[:0] = b"\x0a", VARINTS[size] if size < 2048 else varint(size), raw
        keep_entry(m, field, unknown)
    else:
        into[key] = item


def _encode_error_info(m: pb.ErrorInfo, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ErrorInfo:
        wrong_class(m, pb.ErrorInfo)
    out = b""
    entries: Any
    key: Any
    value: Any
    try:
        if value := m.reason:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.domain:
            raw = value.encode()
            size = len(raw)
            out += SIZED_2[size] + raw if size < 512 else b"\x12" + varint(size) + raw
        if entries := m.metadata:
            parts = [out]
            for key, value in entries.items():
                key, value = key.encode(), value.encode()
                size, more = len(key), len(value)
                if size + more < 124:
                    parts += SIZED_3[size + more + 4], SIZED_1[size], key, SIZED_2[more], value
                else:
                    parts += b"\x1a", long_entry(key, value)
            out = b"".join(parts)
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_error_info(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ErrorInfo | None = None,
) -> pb.ErrorInfo:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.ErrorInfo)
            m.metadata = {}
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
                m.reason = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.domain = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                _add_string_string(m, m.metadata, tag, data, pos, stop, depth - 1)
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.ErrorInfo, data, error) from error


register(
    pb.ErrorInfo,
    encode=_encode_error_info,
    decode=_decode_error_info,
)


def _encode_retry_info(m: pb.RetryInfo, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.RetryInfo:
        wrong_class(m, pb.RetryInfo)
    out = b""
    value: Any
    try:
        if (value := m.retry_delay) is not None:
            raw = write_duration(value)
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_retry_info(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.RetryInfo | None = None,
) -> pb.RetryInfo:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.RetryInfo)
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
                m.retry_delay = read_duration(data, pos, stop, depth - 1, m.retry_delay)
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.RetryInfo, data, error) from error


register(
    pb.RetryInfo,
    encode=_encode_retry_info,
    decode=_decode_retry_info,
)


def _encode_debug_info(m: pb.DebugInfo, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.DebugInfo:
        wrong_class(m, pb.DebugInfo)
    out = b""
    values: Any
    value: Any
    try:
        if values := m.stack_entries:
            parts = [out]
            for value in values:
                raw = value.encode()
                size = len(raw)
                parts += b"\x0a", VARINTS[size] if size < 2048 else varint(size), raw
            out = b"".join(parts)
        if value := m.detail:
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


def _decode_debug_info(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.DebugInfo | None = None,
) -> pb.DebugInfo:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.DebugInfo)
            m.stack_entries = []
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
                m.stack_entries.append(data[pos:stop].decode())
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.detail = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.DebugInfo, data, error) from error


register(
    pb.DebugInfo,
    encode=_encode_debug_info,
    decode=_decode_debug_info,
)


def _encode_quota_failure(m: pb.QuotaFailure, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.QuotaFailure:
        wrong_class(m, pb.QuotaFailure)
    out = b""
    values: Any
    value: Any
    try:
        if values := m.violations:
            parts = [out]
            for value in values:
                raw = _encode_quota_failure_violation(value, True)
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


def _decode_quota_failure(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.QuotaFailure | None = None,
) -> pb.QuotaFailure:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.QuotaFailure)
            m.violations = []
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
                m.violations.append(_decode_quota_failure_violation(data, pos, stop, depth - 1))
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.QuotaFailure, data, error) from error


register(
    pb.QuotaFailure,
    encode=_encode_quota_failure,
    decode=_decode_quota_failure,
)


def _encode_quota_failure_violation(m: pb.QuotaFailureViolation, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.QuotaFailureViolation:
        wrong_class(m, pb.QuotaFailureViolation)
    parts: list[bytes] = []
    entries: Any
    key: Any
    value: Any
    try:
        if value := m.subject:
            raw = value.encode()
            size = len(raw)
            parts += b"\x0a", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.description:
            raw = value.encode()
            size = len(raw)
            parts += b"\x12", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.api_service:
            raw = value.encode()
            size = len(raw)
            parts += b"\x1a", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.quota_metric:
            raw = value.encode()
            size = len(raw)
            parts += b"\x22", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.quota_id:
            raw = value.encode()
            size = len(raw)
            parts += b"\x2a", VARINTS[size] if size < 2048 else varint(size), raw
        if entries := m.quota_dimensions:
            for key, value in entries.items():
                key, value = key.encode(), value.encode()
                size, more = len(key), len(value)
                if size + more < 124:
                    parts += b"\x32", VARINTS[size + more + 4], SIZED_1[size], key, SIZED_2[more], value
                else:
                    parts += b"\x32", long_entry(key, value)
        if value := m.quota_value:
            parts += b"\x38", VARINTS[value] if 0 <= value < 2048 else int64(value)
        if (value := m.future_quota_value) is not None:
            parts += b"\x40", VARINTS[value] if 0 <= value < 2048 else int64(value)
        if m._unknown_fields:
            parts.append(m._unknown_fields)
        return b"".join(parts)
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_quota_failure_violation(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.QuotaFailureViolation | None = None,
) -> pb.QuotaFailureViolation:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.QuotaFailureViolation)
            m.quota_dimensions = {}
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
                m.subject = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.description = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.api_service = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.quota_metric = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 42:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.quota_id = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 50:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                _add_string_string(m, m.quota_dimensions, tag, data, pos, stop, depth - 1)
                pos = stop
                continue
            if tag == 56:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int64(data, pos, value)
                m.quota_value = value
                continue
            if tag == 64:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int64(data, pos, value)
                m.future_quota_value = value
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.QuotaFailureViolation, data, error) from error


register(
    pb.QuotaFailureViolation,
    encode=_encode_quota_failure_violation,
    decode=_decode_quota_failure_violation,
)


def _encode_precondition_failure(m: pb.PreconditionFailure, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.PreconditionFailure:
        wrong_class(m, pb.PreconditionFailure)
    out = b""
    values: Any
    value: Any
    try:
        if values := m.violations:
            parts = [out]
            for value in values:
                raw = _encode_precondition_failure_violation(value, True)
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


def _decode_precondition_failure(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.PreconditionFailure | None = None,
) -> pb.PreconditionFailure:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.PreconditionFailure)
            m.violations = []
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
                m.violations.append(_decode_precondition_failure_violation(data, pos, stop, depth - 1))
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.PreconditionFailure, data, error) from error


register(
    pb.PreconditionFailure,
    encode=_encode_precondition_failure,
    decode=_decode_precondition_failure,
)


def _encode_precondition_failure_violation(m: pb.PreconditionFailureViolation, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.PreconditionFailureViolation:
        wrong_class(m, pb.PreconditionFailureViolation)
    out = b""
    value: Any
    try:
        if value := m.type:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.subject:
            raw = value.encode()
            size = len(raw)
            out += SIZED_2[size] + raw if size < 512 else b"\x12" + varint(size) + raw
        if value := m.description:
            raw = value.encode()
            size = len(raw)
            out += SIZED_3[size] + raw if size < 512 else b"\x1a" + varint(size) + raw
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_precondition_failure_violation(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.PreconditionFailureViolation | None = None,
) -> pb.PreconditionFailureViolation:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.PreconditionFailureViolation)
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
                m.type = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.subject = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.description = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.PreconditionFailureViolation, data, error) from error


register(
    pb.PreconditionFailureViolation,
    encode=_encode_precondition_failure_violation,
    decode=_decode_precondition_failure_violation,
)


def _encode_bad_request(m: pb.BadRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.BadRequest:
        wrong_class(m, pb.BadRequest)
    out = b""
    values: Any
    value: Any
    try:
        if values := m.field_violations:
            parts = [out]
            for value in values:
                raw = _encode_bad_request_field_violation(value, True)
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


def _decode_bad_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.BadRequest | None = None,
) -> pb.BadRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.BadRequest)
            m.field_violations = []
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
                m.field_violations.append(_decode_bad_request_field_violation(data, pos, stop, depth - 1))
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.BadRequest, data, error) from error


register(
    pb.BadRequest,
    encode=_encode_bad_request,
    decode=_decode_bad_request,
)


def _encode_bad_request_field_violation(m: pb.BadRequestFieldViolation, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.BadRequestFieldViolation:
        wrong_class(m, pb.BadRequestFieldViolation)
    out = b""
    value: Any
    try:
        if value := m.field:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.description:
            raw = value.encode()
            size = len(raw)
            out += SIZED_2[size] + raw if size < 512 else b"\x12" + varint(size) + raw
        if value := m.reason:
            raw = value.encode()
            size = len(raw)
            out += SIZED_3[size] + raw if size < 512 else b"\x1a" + varint(size) + raw
        if (value := m.localized_message) is not None:
            raw = _encode_localized_message(value, True)
            size = len(raw)
            out += SIZED_4[size] + raw if size < 512 else b"\x22" + varint(size) + raw
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_bad_request_field_violation(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.BadRequestFieldViolation | None = None,
) -> pb.BadRequestFieldViolation:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.BadRequestFieldViolation)
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
                m.field = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.description = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.reason = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.localized_message = _decode_localized_message(
                    data, pos, stop, depth - 1, m.localized_message
                )
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.BadRequestFieldViolation, data, error) from error


register(
    pb.BadRequestFieldViolation,
    encode=_encode_bad_request_field_violation,
    decode=_decode_bad_request_field_violation,
)


def _encode_request_info(m: pb.RequestInfo, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.RequestInfo:
        wrong_class(m, pb.RequestInfo)
    out = b""
    value: Any
    try:
        if value := m.request_id:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.serving_data:
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


def _decode_request_info(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.RequestInfo | None = None,
) -> pb.RequestInfo:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.RequestInfo)
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
                m.request_id = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.serving_data = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.RequestInfo, data, error) from error


register(
    pb.RequestInfo,
    encode=_encode_request_info,
    decode=_decode_request_info,
)


def _encode_resource_info(m: pb.ResourceInfo, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ResourceInfo:
        wrong_class(m, pb.ResourceInfo)
    out = b""
    value: Any
    try:
        if value := m.resource_type:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.resource_name:
            raw = value.encode()
            size = len(raw)
            out += SIZED_2[size] + raw if size < 512 else b"\x12" + varint(size) + raw
        if value := m.owner:
            raw = value.encode()
            size = len(raw)
            out += SIZED_3[size] + raw if size < 512 else b"\x1a" + varint(size) + raw
        if value := m.description:
            raw = value.encode()
            size = len(raw)
            out += SIZED_4[size] + raw if size < 512 else b"\x22" + varint(size) + raw
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_resource_info(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ResourceInfo | None = None,
) -> pb.ResourceInfo:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.ResourceInfo)
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
                m.resource_type = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.resource_name = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.owner = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.description = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.ResourceInfo, data, error) from error


register(
    pb.ResourceInfo,
    encode=_encode_resource_info,
    decode=_decode_resource_info,
)


def _encode_help(m: pb.Help, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Help:
        wrong_class(m, pb.Help)
    out = b""
    values: Any
    value: Any
    try:
        if values := m.links:
            parts = [out]
            for value in values:
                raw = _encode_help_link(value, True)
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


def _decode_help(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Help | None = None,
) -> pb.Help:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Help)
            m.links = []
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
                m.links.append(_decode_help_link(data, pos, stop, depth - 1))
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Help, data, error) from error


register(
    pb.Help,
    encode=_encode_help,
    decode=_decode_help,
)


def _encode_help_link(m: pb.HelpLink, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.HelpLink:
        wrong_class(m, pb.HelpLink)
    out = b""
    value: Any
    try:
        if value := m.description:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.url:
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


def _decode_help_link(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.HelpLink | None = None,
) -> pb.HelpLink:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.HelpLink)
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
                m.description = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.url = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.HelpLink, data, error) from error


register(
    pb.HelpLink,
    encode=_encode_help_link,
    decode=_decode_help_link,
)


def _encode_localized_message(m: pb.LocalizedMessage, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.LocalizedMessage:
        wrong_class(m, pb.LocalizedMessage)
    out = b""
    value: Any
    try:
        if value := m.locale:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.message:
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


def _decode_localized_message(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.LocalizedMessage | None = None,
) -> pb.LocalizedMessage:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.LocalizedMessage)
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
                m.locale = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.message = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.LocalizedMessage, data, error) from error


register(
    pb.LocalizedMessage,
    encode=_encode_localized_message,
    decode=_decode_localized_message,
)
