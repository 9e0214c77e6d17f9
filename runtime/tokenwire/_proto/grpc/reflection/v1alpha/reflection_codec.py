# Generated from grpc/reflection/v1alpha/reflection.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of grpc/reflection/v1alpha/reflection.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.codec.binding import (
    decode_error,
    encode_error,
    keep_unknown,
    new,
    register,
    two_members,
    wrong_class,
)
from tokenwire.codec.long_varints import long_int32, long_size, long_tag
from tokenwire.codec.packed import pack_int32, unpack_int32
from tokenwire.codec.wire import (
    MAX_DEPTH,
    SIZED_1,
    SIZED_2,
    SIZED_3,
    SIZED_4,
    UNREADABLE,
    UNWRITABLE,
    VARINTS,
    int32,
    too_deep,
    truncated,
    varint,
)

from . import reflection_pb as pb

if TYPE_CHECKING:
    from typing import Any


def _encode_server_reflection_request(m: pb.ServerReflectionRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ServerReflectionRequest:
        wrong_class(m, pb.ServerReflectionRequest)
    out = b""
    value: Any
    try:
        oneof_1 = ""
        if value := m.host:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if (value := m.file_by_filename) is not None:
            oneof_1 = "file_by_filename"
            raw = value.encode()
            size = len(raw)
            out += SIZED_3[size] + raw if size < 512 else b"\x1a" + varint(size) + raw
        if (value := m.file_containing_symbol) is not None:
            if oneof_1:
                raise two_members("message_request", oneof_1, "file_containing_symbol")
            oneof_1 = "file_containing_symbol"
            raw = value.encode()
            size = len(raw)
            out += SIZED_4[size] + raw if size < 512 else b"\x22" + varint(size) + raw
        if (value := m.file_containing_extension) is not None:
            if oneof_1:
                raise two_members("message_request", oneof_1, "file_containing_extension")
            oneof_1 = "file_containing_extension"
            raw = _encode_extension_request(value, True)
            size = len(raw)
            out += b"\x2a" + (VARINTS[size] if size < 2048 else varint(size)) + raw
        if (value := m.all_extension_numbers_of_type) is not None:
            if oneof_1:
                raise two_members("message_request", oneof_1, "all_extension_numbers_of_type")
            oneof_1 = "all_extension_numbers_of_type"
            raw = value.encode()
            size = len(raw)
            out += b"\x32" + (VARINTS[size] if size < 2048 else varint(size)) + raw
        if (value := m.list_services) is not None:
            if oneof_1:
                raise two_members("message_request", oneof_1, "list_services")
            raw = value.encode()
            size = len(raw)
            out += b"\x3a" + (VARINTS[size] if size < 2048 else varint(size)) + raw
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_server_reflection_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ServerReflectionRequest | None = None,
) -> pb.ServerReflectionRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.ServerReflectionRequest)
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
                m.host = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.file_by_filename = data[pos:stop].decode()
                pos = stop
                m.file_containing_symbol = None
                m.file_containing_extension = None
                m.all_extension_numbers_of_type = None
                m.list_services = None
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.file_containing_symbol = data[pos:stop].decode()
                pos = stop
                m.file_by_filename = None
                m.file_containing_extension = None
                m.all_extension_numbers_of_type = None
                m.list_services = None
                continue
            if tag == 42:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.file_containing_extension = _decode_extension_request(
                    data, pos, stop, depth - 1, m.file_containing_extension
                )
                pos = stop
                m.file_by_filename = None
                m.file_containing_symbol = None
                m.all_extension_numbers_of_type = None
                m.list_services = None
                continue
            if tag == 50:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.all_extension_numbers_of_type = data[pos:stop].decode()
                pos = stop
                m.file_by_filename = None
                m.file_containing_symbol = None
                m.file_containing_extension = None
                m.list_services = None
                continue
            if tag == 58:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.list_services = data[pos:stop].decode()
                pos = stop
                m.file_by_filename = None
                m.file_containing_symbol = None
                m.file_containing_extension = None
                m.all_extension_numbers_of_type = None
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.ServerReflectionRequest, data, error) from error


register(
    pb.ServerReflectionRequest,
    encode=_encode_server_reflection_request,
    decode=_decode_server_reflection_request,
)


def _encode_extension_request(m: pb.ExtensionRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ExtensionRequest:
        wrong_class(m, pb.ExtensionRequest)
    out = b""
    value: Any
    try:
        if value := m.containing_type:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.extension_number:
            out += b"\x10" + (VARINTS[value] if 0 <= value < 2048 else int32(value))
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_extension_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ExtensionRequest | None = None,
) -> pb.ExtensionRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.ExtensionRequest)
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
                m.containing_type = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 16:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.extension_number = value
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.ExtensionRequest, data, error) from error


register(
    pb.ExtensionRequest,
    encode=_encode_extension_request,
    decode=_decode_extension_request,
)


def _encode_server_reflection_response(m: pb.ServerReflectionResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ServerReflectionResponse:
        wrong_class(m, pb.ServerReflectionResponse)
    out = b""
    value: Any
    try:
        oneof_1 = ""
        if value := m.valid_host:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if (value := m.original_request) is not None:
            raw = _encode_server_reflection_request(value, True)
            size = len(raw)
            out += SIZED_2[size] + raw if size < 512 else b"\x12" + varint(size) + raw
        if (value := m.file_descriptor_response) is not None:
            oneof_1 = "file_descriptor_response"
            raw = _encode_file_descriptor_response(value, True)
            size = len(raw)
            out += SIZED_4[size] + raw if size < 512 else b"\x22" + varint(size) + raw
        if (value := m.all_extension_numbers_response) is not None:
            if oneof_1:
                raise two_members("message_response", oneof_1, "all_extension_numbers_response")
            oneof_1 = "all_extension_numbers_response"
            raw = _encode_extension_number_response(value, True)
            size = len(raw)
            out += b"\x2a" + (VARINTS[size] if size < 2048 else varint(size)) + raw
        if (value := m.list_services_response) is not None:
            if oneof_1:
                raise two_members("message_response", oneof_1, "list_services_response")
            oneof_1 = "list_services_response"
            raw = _encode_list_service_response(value, True)
            size = len(raw)
            out += b"\x32" + (VARINTS[size] if size < 2048 else varint(size)) + raw
        if (value := m.error_response) is not None:
            if oneof_1:
                raise two_members("message_response", oneof_1, "error_response")
            raw = _encode_error_response(value, True)
            size = len(raw)
            out += b"\x3a" + (VARINTS[size] if size < 2048 else varint(size)) + raw
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_server_reflection_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ServerReflectionResponse | None = None,
) -> pb.ServerReflectionResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.ServerReflectionResponse)
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
                m.valid_host = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.original_request = _decode_server_reflection_request(
                    data, pos, stop, depth - 1, m.original_request
                )
                pos = stop
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.file_descriptor_response = _decode_file_descriptor_response(
                    data, pos, stop, depth - 1, m.file_descriptor_response
                )
                pos = stop
                m.all_extension_numbers_response = None
                m.list_services_response = None
                m.error_response = None
                continue
            if tag == 42:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.all_extension_numbers_response = _decode_extension_number_response(
                    data, pos, stop, depth - 1, m.all_extension_numbers_response
                )
                pos = stop
                m.file_descriptor_response = None
                m.list_services_response = None
                m.error_response = None
                continue
            if tag == 50:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.list_services_response = _decode_list_service_response(
                    data, pos, stop, depth - 1, m.list_services_response
                )
                pos = stop
                m.file_descriptor_response = None
                m.all_extension_numbers_response = None
                m.error_response = None
                continue
            if tag == 58:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.error_response = _decode_error_response(data, pos, stop, depth - 1, m.error_response)
                pos = stop
                m.file_descriptor_response = None
                m.all_extension_numbers_response = None
                m.list_services_response = None
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.ServerReflectionResponse, data, error) from error


register(
    pb.ServerReflectionResponse,
    encode=_encode_server_reflection_response,
    decode=_decode_server_reflection_response,
)


def _encode_file_descriptor_response(m: pb.FileDescriptorResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.FileDescriptorResponse:
        wrong_class(m, pb.FileDescriptorResponse)
    out = b""
    values: Any
    value: Any
    try:
        if values := m.file_descriptor_proto:
            parts = [out]
            for value in values:
                size = len(value)
                parts += b"\x0a", VARINTS[size] if size < 2048 else varint(size), value
            out = b"".join(parts)
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_file_descriptor_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.FileDescriptorResponse | None = None,
) -> pb.FileDescriptorResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.FileDescriptorResponse)
            m.file_descriptor_proto = []
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
                m.file_descriptor_proto.append(data[pos:stop])
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.FileDescriptorResponse, data, error) from error


register(
    pb.FileDescriptorResponse,
    encode=_encode_file_descriptor_response,
    decode=_decode_file_descriptor_response,
)


def _encode_extension_number_response(m: pb.ExtensionNumberResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ExtensionNumberResponse:
        wrong_class(m, pb.ExtensionNumberResponse)
    out = b""
    values: Any
    value: Any
    try:
        if value := m.base_type_name:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if values := m.extension_number:
            raw = pack_int32(values)
            size = len(raw)
            out += SIZED_2[size] + raw if size < 512 else b"\x12" + varint(size) + raw
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_extension_number_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ExtensionNumberResponse | None = None,
) -> pb.ExtensionNumberResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.ExtensionNumberResponse)
            m.extension_number = []
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
                m.base_type_name = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.extension_number += unpack_int32(data[pos:stop])
                pos = stop
                continue
            if tag == 16:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.extension_number.append(value)
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.ExtensionNumberResponse, data, error) from error


register(
    pb.ExtensionNumberResponse,
    encode=_encode_extension_number_response,
    decode=_decode_extension_number_response,
)


def _encode_list_service_response(m: pb.ListServiceResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ListServiceResponse:
        wrong_class(m, pb.ListServiceResponse)
    out = b""
    values: Any
    value: Any
    try:
        if values := m.service:
            parts = [out]
            for value in values:
                raw = _encode_service_response(value, True)
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


def _decode_list_service_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ListServiceResponse | None = None,
) -> pb.ListServiceResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.ListServiceResponse)
            m.service = []
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
                m.service.append(_decode_service_response(data, pos, stop, depth - 1))
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.ListServiceResponse, data, error) from error


register(
    pb.ListServiceResponse,
    encode=_encode_list_service_response,
    decode=_decode_list_service_response,
)


def _encode_service_response(m: pb.ServiceResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ServiceResponse:
        wrong_class(m, pb.ServiceResponse)
    out = b""
    value: Any
    try:
        if value := m.name:
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


def _decode_service_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ServiceResponse | None = None,
) -> pb.ServiceResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.ServiceResponse)
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
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.ServiceResponse, data, error) from error


register(
    pb.ServiceResponse,
    encode=_encode_service_response,
    decode=_decode_service_response,
)


def _encode_error_response(m: pb.ErrorResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ErrorResponse:
        wrong_class(m, pb.ErrorResponse)
    out = b""
    value: Any
    try:
        if value := m.error_code:
            out = b"\x08" + (VARINTS[value] if 0 <= value < 2048 else int32(value))
        if value := m.error_message:
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


def _decode_error_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ErrorResponse | None = None,
) -> pb.ErrorResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.ErrorResponse)
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
                m.error_code = value
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.error_message = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.ErrorResponse, data, error) from error


register(
    pb.ErrorResponse,
    encode=_encode_error_response,
    decode=_decode_error_response,
)
