# Generated from sglang/runtime/v1/sglang.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of sglang/runtime/v1/sglang.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.codec.binding import (
    decode_error,
    encode_error,
    enum_table,
    keep_entry,
    keep_unknown,
    long_entry,
    new,
    register,
    two_members,
    wrong_class,
)
from tokenwire.codec.long_varints import (
    long_int32,
    long_int64,
    long_size,
    long_tag,
    long_uint32,
    long_uint64,
)
from tokenwire.codec.packed import pack_f32, pack_int32, unpack_f32, unpack_int32
from tokenwire.codec.wire import (
    BOOL,
    MAX_DEPTH,
    SIZED_1,
    SIZED_2,
    SIZED_3,
    SIZED_4,
    UNREADABLE,
    UNWRITABLE,
    VARINTS,
    f32,
    int32,
    int64,
    read_f32,
    skip,
    too_deep,
    truncated,
    uint32,
    uint64,
    varint,
)

from . import sglang_pb as pb

if TYPE_CHECKING:
    from typing import Any

    from tokenwire.message import Message

SERVER_STATUS_OF = enum_table(pb.ServerStatus)


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


def _encode_sampling_params(m: pb.SamplingParams, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.SamplingParams:
        wrong_class(m, pb.SamplingParams)
    parts: list[bytes] = []
    values: Any
    value: Any
    try:
        if (value := m.temperature) is not None:
            parts += b"\x0d", f32(value)
        if (value := m.top_p) is not None:
            parts += b"\x15", f32(value)
        if (value := m.top_k) is not None:
            parts += b"\x18", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if (value := m.min_p) is not None:
            parts += b"\x25", f32(value)
        if (value := m.frequency_penalty) is not None:
            parts += b"\x2d", f32(value)
        if (value := m.presence_penalty) is not None:
            parts += b"\x35", f32(value)
        if (value := m.repetition_penalty) is not None:
            parts += b"\x3d", f32(value)
        if (value := m.max_new_tokens) is not None:
            parts += b"\x40", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if (value := m.min_new_tokens) is not None:
            parts += b"\x48", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if values := m.stop:
            for value in values:
                raw = value.encode()
                size = len(raw)
                parts += b"\x52", VARINTS[size] if size < 2048 else varint(size), raw
        if values := m.stop_token_ids:
            raw = pack_int32(values)
            size = len(raw)
            parts += b"\x5a", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.ignore_eos) is not None:
            parts += b"\x60", BOOL[value]
        if (value := m.n) is not None:
            parts += b"\x68", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if (value := m.json_schema) is not None:
            raw = value.encode()
            size = len(raw)
            parts += b"\x72", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.regex) is not None:
            raw = value.encode()
            size = len(raw)
            parts += b"\x7a", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.seed) is not None:
            parts += b"\x80\x01", VARINTS[value] if 0 <= value < 2048 else int64(value)
        if (value := m.guided_decoding) is not None:
            raw = _encode_guided_decoding(value, True)
            size = len(raw)
            parts += b"\x8a\x01", VARINTS[size] if size < 2048 else varint(size), raw
        if m._unknown_fields:
            parts.append(m._unknown_fields)
        return b"".join(parts)
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_sampling_params(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.SamplingParams | None = None,
) -> pb.SamplingParams:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.SamplingParams)
            m.stop = []
            m.stop_token_ids = []
        while pos < end:
            start = pos
            tag = data[pos]
            pos += 1
            if tag > 127:
                tag, pos = long_tag(data, pos, tag)
            if tag == 13:
                (value,) = read_f32(data, pos)
                pos += 4
                m.temperature = value
                continue
            if tag == 21:
                (value,) = read_f32(data, pos)
                pos += 4
                m.top_p = value
                continue
            if tag == 24:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.top_k = value
                continue
            if tag == 37:
                (value,) = read_f32(data, pos)
                pos += 4
                m.min_p = value
                continue
            if tag == 45:
                (value,) = read_f32(data, pos)
                pos += 4
                m.frequency_penalty = value
                continue
            if tag == 53:
                (value,) = read_f32(data, pos)
                pos += 4
                m.presence_penalty = value
                continue
            if tag == 61:
                (value,) = read_f32(data, pos)
                pos += 4
                m.repetition_penalty = value
                continue
            if tag == 64:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.max_new_tokens = value
                continue
            if tag == 72:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.min_new_tokens = value
                continue
            if tag == 82:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.stop.append(data[pos:stop].decode())
                pos = stop
                continue
            if tag == 90:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.stop_token_ids += unpack_int32(data[pos:stop])
                pos = stop
                continue
            if tag == 88:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.stop_token_ids.append(value)
                continue
            if tag == 96:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.ignore_eos = value != 0
                continue
            if tag == 104:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.n = value
                continue
            if tag == 114:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.json_schema = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 122:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.regex = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 128:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int64(data, pos, value)
                m.seed = value
                continue
            if tag == 138:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.guided_decoding = _decode_guided_decoding(data, pos, stop, depth - 1, m.guided_decoding)
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.SamplingParams, data, error) from error


register(
    pb.SamplingParams,
    encode=_encode_sampling_params,
    decode=_decode_sampling_params,
)


def _encode_guided_decoding(m: pb.GuidedDecoding, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.GuidedDecoding:
        wrong_class(m, pb.GuidedDecoding)
    out = b""
    value: Any
    try:
        oneof_1 = ""
        if (value := m.json_schema) is not None:
            oneof_1 = "json_schema"
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if (value := m.regex) is not None:
            if oneof_1:
                raise two_members("constraint", oneof_1, "regex")
            oneof_1 = "regex"
            raw = value.encode()
            size = len(raw)
            out += SIZED_2[size] + raw if size < 512 else b"\x12" + varint(size) + raw
        if (value := m.ebnf) is not None:
            if oneof_1:
                raise two_members("constraint", oneof_1, "ebnf")
            oneof_1 = "ebnf"
            raw = value.encode()
            size = len(raw)
            out += SIZED_3[size] + raw if size < 512 else b"\x1a" + varint(size) + raw
        if (value := m.choice) is not None:
            if oneof_1:
                raise two_members("constraint", oneof_1, "choice")
            oneof_1 = "choice"
            raw = _encode_choice_constraint(value, True)
            size = len(raw)
            out += SIZED_4[size] + raw if size < 512 else b"\x22" + varint(size) + raw
        if (value := m.structural_tag) is not None:
            if oneof_1:
                raise two_members("constraint", oneof_1, "structural_tag")
            raw = value.encode()
            size = len(raw)
            out += b"\x2a" + (VARINTS[size] if size < 2048 else varint(size)) + raw
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_guided_decoding(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.GuidedDecoding | None = None,
) -> pb.GuidedDecoding:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.GuidedDecoding)
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
                m.json_schema = data[pos:stop].decode()
                pos = stop
                m.regex = None
                m.ebnf = None
                m.choice = None
                m.structural_tag = None
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.regex = data[pos:stop].decode()
                pos = stop
                m.json_schema = None
                m.ebnf = None
                m.choice = None
                m.structural_tag = None
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.ebnf = data[pos:stop].decode()
                pos = stop
                m.json_schema = None
                m.regex = None
                m.choice = None
                m.structural_tag = None
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.choice = _decode_choice_constraint(data, pos, stop, depth - 1, m.choice)
                pos = stop
                m.json_schema = None
                m.regex = None
                m.ebnf = None
                m.structural_tag = None
                continue
            if tag == 42:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.structural_tag = data[pos:stop].decode()
                pos = stop
                m.json_schema = None
                m.regex = None
                m.ebnf = None
                m.choice = None
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.GuidedDecoding, data, error) from error


register(
    pb.GuidedDecoding,
    encode=_encode_guided_decoding,
    decode=_decode_guided_decoding,
)


def _encode_choice_constraint(m: pb.ChoiceConstraint, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ChoiceConstraint:
        wrong_class(m, pb.ChoiceConstraint)
    out = b""
    values: Any
    value: Any
    try:
        if values := m.values:
            parts = [out]
            for value in values:
                raw = value.encode()
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


def _decode_choice_constraint(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ChoiceConstraint | None = None,
) -> pb.ChoiceConstraint:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.ChoiceConstraint)
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
                m.values.append(data[pos:stop].decode())
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.ChoiceConstraint, data, error) from error


register(
    pb.ChoiceConstraint,
    encode=_encode_choice_constraint,
    decode=_decode_choice_constraint,
)


def _encode_disaggregated_params(m: pb.DisaggregatedParams, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.DisaggregatedParams:
        wrong_class(m, pb.DisaggregatedParams)
    out = b""
    value: Any
    try:
        if value := m.bootstrap_host:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.bootstrap_port:
            out += b"\x10" + (VARINTS[value] if 0 <= value < 2048 else int32(value))
        if value := m.bootstrap_room:
            out += b"\x18" + (VARINTS[value] if 0 <= value < 2048 else int64(value))
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_disaggregated_params(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.DisaggregatedParams | None = None,
) -> pb.DisaggregatedParams:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.DisaggregatedParams)
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
                m.bootstrap_host = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 16:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.bootstrap_port = value
                continue
            if tag == 24:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int64(data, pos, value)
                m.bootstrap_room = value
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.DisaggregatedParams, data, error) from error


register(
    pb.DisaggregatedParams,
    encode=_encode_disaggregated_params,
    decode=_decode_disaggregated_params,
)


def _encode_text_generate_request(m: pb.TextGenerateRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.TextGenerateRequest:
        wrong_class(m, pb.TextGenerateRequest)
    parts: list[bytes] = []
    entries: Any
    key: Any
    value: Any
    try:
        if value := m.text:
            raw = value.encode()
            size = len(raw)
            parts += b"\x0a", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.sampling_params) is not None:
            raw = _encode_sampling_params(value, True)
            size = len(raw)
            parts += b"\x12", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.stream) is not None:
            parts += b"\x18", BOOL[value]
        if (value := m.return_logprob) is not None:
            parts += b"\x20", BOOL[value]
        if (value := m.top_logprobs_num) is not None:
            parts += b"\x28", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if (value := m.logprob_start_len) is not None:
            parts += b"\x30", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if (value := m.return_text_in_logprobs) is not None:
            parts += b"\x38", BOOL[value]
        if (value := m.rid) is not None:
            raw = value.encode()
            size = len(raw)
            parts += b"\x42", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.lora_path) is not None:
            raw = value.encode()
            size = len(raw)
            parts += b"\x4a", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.routing_key) is not None:
            raw = value.encode()
            size = len(raw)
            parts += b"\x52", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.routed_dp_rank) is not None:
            parts += b"\x58", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if entries := m.trace_headers:
            for key, value in entries.items():
                key, value = key.encode(), value.encode()
                size, more = len(key), len(value)
                if size + more < 124:
                    parts += b"\x62", VARINTS[size + more + 4], SIZED_1[size], key, SIZED_2[more], value
                else:
                    parts += b"\x62", long_entry(key, value)
        if (value := m.session_id) is not None:
            raw = value.encode()
            size = len(raw)
            parts += b"\x6a", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.disaggregated_params) is not None:
            raw = _encode_disaggregated_params(value, True)
            size = len(raw)
            parts += b"\x72", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.priority) is not None:
            parts += b"\x78", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if (value := m.require_reasoning) is not None:
            parts += b"\x80\x01", BOOL[value]
        if (value := m.max_thinking_tokens) is not None:
            parts += b"\x88\x01", VARINTS[value] if 0 <= value < 2048 else uint32(value)
        if m._unknown_fields:
            parts.append(m._unknown_fields)
        return b"".join(parts)
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_text_generate_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.TextGenerateRequest | None = None,
) -> pb.TextGenerateRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.TextGenerateRequest)
            m.trace_headers = {}
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
                m.text = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.sampling_params = _decode_sampling_params(data, pos, stop, depth - 1, m.sampling_params)
                pos = stop
                continue
            if tag == 24:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.stream = value != 0
                continue
            if tag == 32:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.return_logprob = value != 0
                continue
            if tag == 40:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.top_logprobs_num = value
                continue
            if tag == 48:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.logprob_start_len = value
                continue
            if tag == 56:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.return_text_in_logprobs = value != 0
                continue
            if tag == 66:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.rid = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 74:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.lora_path = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 82:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.routing_key = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 88:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.routed_dp_rank = value
                continue
            if tag == 98:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                _add_string_string(m, m.trace_headers, tag, data, pos, stop, depth - 1)
                pos = stop
                continue
            if tag == 106:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.session_id = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 114:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.disaggregated_params = _decode_disaggregated_params(
                    data, pos, stop, depth - 1, m.disaggregated_params
                )
                pos = stop
                continue
            if tag == 120:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.priority = value
                continue
            if tag == 128:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.require_reasoning = value != 0
                continue
            if tag == 136:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint32(data, pos, value)
                m.max_thinking_tokens = value
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.TextGenerateRequest, data, error) from error


register(
    pb.TextGenerateRequest,
    encode=_encode_text_generate_request,
    decode=_decode_text_generate_request,
)


def _encode_text_generate_response(m: pb.TextGenerateResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.TextGenerateResponse:
        wrong_class(m, pb.TextGenerateResponse)
    out = b""
    entries: Any
    key: Any
    value: Any
    try:
        if value := m.text:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if entries := m.meta_info:
            parts = [out]
            for key, value in entries.items():
                key, value = key.encode(), value.encode()
                size, more = len(key), len(value)
                if size + more < 124:
                    parts += SIZED_2[size + more + 4], SIZED_1[size], key, SIZED_2[more], value
                else:
                    parts += b"\x12", long_entry(key, value)
            out = b"".join(parts)
        if value := m.finished:
            out += b"\x18" + BOOL[value]
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_text_generate_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.TextGenerateResponse | None = None,
) -> pb.TextGenerateResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.TextGenerateResponse)
            m.meta_info = {}
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
                m.text = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                _add_string_string(m, m.meta_info, tag, data, pos, stop, depth - 1)
                pos = stop
                continue
            if tag == 24:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.finished = value != 0
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.TextGenerateResponse, data, error) from error


register(
    pb.TextGenerateResponse,
    encode=_encode_text_generate_response,
    decode=_decode_text_generate_response,
)


def _encode_generate_request(m: pb.GenerateRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.GenerateRequest:
        wrong_class(m, pb.GenerateRequest)
    parts: list[bytes] = []
    entries: Any
    key: Any
    values: Any
    value: Any
    try:
        if values := m.input_ids:
            raw = pack_int32(values)
            size = len(raw)
            parts += b"\x0a", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.sampling_params) is not None:
            raw = _encode_sampling_params(value, True)
            size = len(raw)
            parts += b"\x12", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.stream) is not None:
            parts += b"\x18", BOOL[value]
        if (value := m.return_logprob) is not None:
            parts += b"\x20", BOOL[value]
        if (value := m.top_logprobs_num) is not None:
            parts += b"\x28", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if (value := m.logprob_start_len) is not None:
            parts += b"\x30", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if (value := m.rid) is not None:
            raw = value.encode()
            size = len(raw)
            parts += b"\x3a", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.lora_path) is not None:
            raw = value.encode()
            size = len(raw)
            parts += b"\x42", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.routing_key) is not None:
            raw = value.encode()
            size = len(raw)
            parts += b"\x4a", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.routed_dp_rank) is not None:
            parts += b"\x50", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if entries := m.trace_headers:
            for key, value in entries.items():
                key, value = key.encode(), value.encode()
                size, more = len(key), len(value)
                if size + more < 124:
                    parts += b"\x5a", VARINTS[size + more + 4], SIZED_1[size], key, SIZED_2[more], value
                else:
                    parts += b"\x5a", long_entry(key, value)
        if (value := m.session_id) is not None:
            raw = value.encode()
            size = len(raw)
            parts += b"\x62", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.disaggregated_params) is not None:
            raw = _encode_disaggregated_params(value, True)
            size = len(raw)
            parts += b"\x6a", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.priority) is not None:
            parts += b"\x70", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if (value := m.require_reasoning) is not None:
            parts += b"\x78", BOOL[value]
        if (value := m.max_thinking_tokens) is not None:
            parts += b"\x80\x01", VARINTS[value] if 0 <= value < 2048 else uint32(value)
        if m._unknown_fields:
            parts.append(m._unknown_fields)
        return b"".join(parts)
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_generate_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.GenerateRequest | None = None,
) -> pb.GenerateRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.GenerateRequest)
            m.input_ids = []
            m.trace_headers = {}
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
                m.input_ids += unpack_int32(data[pos:stop])
                pos = stop
                continue
            if tag == 8:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.input_ids.append(value)
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.sampling_params = _decode_sampling_params(data, pos, stop, depth - 1, m.sampling_params)
                pos = stop
                continue
            if tag == 24:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.stream = value != 0
                continue
            if tag == 32:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.return_logprob = value != 0
                continue
            if tag == 40:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.top_logprobs_num = value
                continue
            if tag == 48:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.logprob_start_len = value
                continue
            if tag == 58:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.rid = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 66:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.lora_path = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 74:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.routing_key = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 80:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.routed_dp_rank = value
                continue
            if tag == 90:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                _add_string_string(m, m.trace_headers, tag, data, pos, stop, depth - 1)
                pos = stop
                continue
            if tag == 98:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.session_id = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 106:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.disaggregated_params = _decode_disaggregated_params(
                    data, pos, stop, depth - 1, m.disaggregated_params
                )
                pos = stop
                continue
            if tag == 112:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.priority = value
                continue
            if tag == 120:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.require_reasoning = value != 0
                continue
            if tag == 128:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint32(data, pos, value)
                m.max_thinking_tokens = value
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.GenerateRequest, data, error) from error


register(
    pb.GenerateRequest,
    encode=_encode_generate_request,
    decode=_decode_generate_request,
)


def _encode_generate_response(m: pb.GenerateResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.GenerateResponse:
        wrong_class(m, pb.GenerateResponse)
    out = b""
    entries: Any
    key: Any
    values: Any
    value: Any
    try:
        if values := m.output_ids:
            raw = pack_int32(values)
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if entries := m.meta_info:
            parts = [out]
            for key, value in entries.items():
                key, value = key.encode(), value.encode()
                size, more = len(key), len(value)
                if size + more < 124:
                    parts += SIZED_2[size + more + 4], SIZED_1[size], key, SIZED_2[more], value
                else:
                    parts += b"\x12", long_entry(key, value)
            out = b"".join(parts)
        if value := m.finished:
            out += b"\x18" + BOOL[value]
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_generate_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.GenerateResponse | None = None,
) -> pb.GenerateResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.GenerateResponse)
            m.output_ids = []
            m.meta_info = {}
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
                m.output_ids += unpack_int32(data[pos:stop])
                pos = stop
                continue
            if tag == 8:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.output_ids.append(value)
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                _add_string_string(m, m.meta_info, tag, data, pos, stop, depth - 1)
                pos = stop
                continue
            if tag == 24:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.finished = value != 0
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.GenerateResponse, data, error) from error


register(
    pb.GenerateResponse,
    encode=_encode_generate_response,
    decode=_decode_generate_response,
)


def _encode_text_embed_request(m: pb.TextEmbedRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.TextEmbedRequest:
        wrong_class(m, pb.TextEmbedRequest)
    out = b""
    entries: Any
    key: Any
    value: Any
    try:
        if value := m.text:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if (value := m.rid) is not None:
            raw = value.encode()
            size = len(raw)
            out += SIZED_2[size] + raw if size < 512 else b"\x12" + varint(size) + raw
        if (value := m.routing_key) is not None:
            raw = value.encode()
            size = len(raw)
            out += SIZED_3[size] + raw if size < 512 else b"\x1a" + varint(size) + raw
        if entries := m.trace_headers:
            parts = [out]
            for key, value in entries.items():
                key, value = key.encode(), value.encode()
                size, more = len(key), len(value)
                if size + more < 124:
                    parts += SIZED_4[size + more + 4], SIZED_1[size], key, SIZED_2[more], value
                else:
                    parts += b"\x22", long_entry(key, value)
            out = b"".join(parts)
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_text_embed_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.TextEmbedRequest | None = None,
) -> pb.TextEmbedRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.TextEmbedRequest)
            m.trace_headers = {}
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
                m.text = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.rid = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.routing_key = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                _add_string_string(m, m.trace_headers, tag, data, pos, stop, depth - 1)
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.TextEmbedRequest, data, error) from error


register(
    pb.TextEmbedRequest,
    encode=_encode_text_embed_request,
    decode=_decode_text_embed_request,
)


def _encode_text_embed_response(m: pb.TextEmbedResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.TextEmbedResponse:
        wrong_class(m, pb.TextEmbedResponse)
    out = b""
    entries: Any
    key: Any
    values: Any
    value: Any
    try:
        if values := m.embedding:
            raw = pack_f32(values)
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if entries := m.meta_info:
            parts = [out]
            for key, value in entries.items():
                key, value = key.encode(), value.encode()
                size, more = len(key), len(value)
                if size + more < 124:
                    parts += SIZED_2[size + more + 4], SIZED_1[size], key, SIZED_2[more], value
                else:
                    parts += b"\x12", long_entry(key, value)
            out = b"".join(parts)
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_text_embed_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.TextEmbedResponse | None = None,
) -> pb.TextEmbedResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.TextEmbedResponse)
            m.embedding = []
            m.meta_info = {}
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
                m.embedding += unpack_f32(data[pos:stop])
                pos = stop
                continue
            if tag == 13:
                (value,) = read_f32(data, pos)
                pos += 4
                m.embedding.append(value)
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                _add_string_string(m, m.meta_info, tag, data, pos, stop, depth - 1)
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.TextEmbedResponse, data, error) from error


register(
    pb.TextEmbedResponse,
    encode=_encode_text_embed_response,
    decode=_decode_text_embed_response,
)


def _encode_embed_request(m: pb.EmbedRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.EmbedRequest:
        wrong_class(m, pb.EmbedRequest)
    out = b""
    entries: Any
    key: Any
    values: Any
    value: Any
    try:
        if values := m.input_ids:
            raw = pack_int32(values)
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if (value := m.rid) is not None:
            raw = value.encode()
            size = len(raw)
            out += SIZED_2[size] + raw if size < 512 else b"\x12" + varint(size) + raw
        if (value := m.routing_key) is not None:
            raw = value.encode()
            size = len(raw)
            out += SIZED_3[size] + raw if size < 512 else b"\x1a" + varint(size) + raw
        if entries := m.trace_headers:
            parts = [out]
            for key, value in entries.items():
                key, value = key.encode(), value.encode()
                size, more = len(key), len(value)
                if size + more < 124:
                    parts += SIZED_4[size + more + 4], SIZED_1[size], key, SIZED_2[more], value
                else:
                    parts += b"\x22", long_entry(key, value)
            out = b"".join(parts)
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_embed_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.EmbedRequest | None = None,
) -> pb.EmbedRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.EmbedRequest)
            m.input_ids = []
            m.trace_headers = {}
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
                m.input_ids += unpack_int32(data[pos:stop])
                pos = stop
                continue
            if tag == 8:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.input_ids.append(value)
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.rid = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.routing_key = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                _add_string_string(m, m.trace_headers, tag, data, pos, stop, depth - 1)
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.EmbedRequest, data, error) from error


register(
    pb.EmbedRequest,
    encode=_encode_embed_request,
    decode=_decode_embed_request,
)


def _encode_embed_response(m: pb.EmbedResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.EmbedResponse:
        wrong_class(m, pb.EmbedResponse)
    out = b""
    entries: Any
    key: Any
    values: Any
    value: Any
    try:
        if values := m.embedding:
            raw = pack_f32(values)
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if entries := m.meta_info:
            parts = [out]
            for key, value in entries.items():
                key, value = key.encode(), value.encode()
                size, more = len(key), len(value)
                if size + more < 124:
                    parts += SIZED_2[size + more + 4], SIZED_1[size], key, SIZED_2[more], value
                else:
                    parts += b"\x12", long_entry(key, value)
            out = b"".join(parts)
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_embed_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.EmbedResponse | None = None,
) -> pb.EmbedResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.EmbedResponse)
            m.embedding = []
            m.meta_info = {}
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
                m.embedding += unpack_f32(data[pos:stop])
                pos = stop
                continue
            if tag == 13:
                (value,) = read_f32(data, pos)
                pos += 4
                m.embedding.append(value)
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                _add_string_string(m, m.meta_info, tag, data, pos, stop, depth - 1)
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.EmbedResponse, data, error) from error


register(
    pb.EmbedResponse,
    encode=_encode_embed_response,
    decode=_decode_embed_response,
)


def _encode_classify_request(m: pb.ClassifyRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ClassifyRequest:
        wrong_class(m, pb.ClassifyRequest)
    parts: list[bytes] = []
    entries: Any
    key: Any
    values: Any
    value: Any
    try:
        if value := m.text:
            raw = value.encode()
            size = len(raw)
            parts += b"\x0a", VARINTS[size] if size < 2048 else varint(size), raw
        if values := m.input_ids:
            raw = pack_int32(values)
            size = len(raw)
            parts += b"\x12", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.rid) is not None:
            raw = value.encode()
            size = len(raw)
            parts += b"\x1a", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.routing_key) is not None:
            raw = value.encode()
            size = len(raw)
            parts += b"\x22", VARINTS[size] if size < 2048 else varint(size), raw
        if entries := m.trace_headers:
            for key, value in entries.items():
                key, value = key.encode(), value.encode()
                size, more = len(key), len(value)
                if size + more < 124:
                    parts += b"\x2a", VARINTS[size + more + 4], SIZED_1[size], key, SIZED_2[more], value
                else:
                    parts += b"\x2a", long_entry(key, value)
        if m._unknown_fields:
            parts.append(m._unknown_fields)
        return b"".join(parts)
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_classify_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ClassifyRequest | None = None,
) -> pb.ClassifyRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.ClassifyRequest)
            m.input_ids = []
            m.trace_headers = {}
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
                m.text = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.input_ids += unpack_int32(data[pos:stop])
                pos = stop
                continue
            if tag == 16:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.input_ids.append(value)
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.rid = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.routing_key = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 42:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                _add_string_string(m, m.trace_headers, tag, data, pos, stop, depth - 1)
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.ClassifyRequest, data, error) from error


register(
    pb.ClassifyRequest,
    encode=_encode_classify_request,
    decode=_decode_classify_request,
)


def _encode_classify_response(m: pb.ClassifyResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ClassifyResponse:
        wrong_class(m, pb.ClassifyResponse)
    out = b""
    entries: Any
    key: Any
    values: Any
    value: Any
    try:
        if values := m.embedding:
            raw = pack_f32(values)
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if entries := m.meta_info:
            parts = [out]
            for key, value in entries.items():
                key, value = key.encode(), value.encode()
                size, more = len(key), len(value)
                if size + more < 124:
                    parts += SIZED_2[size + more + 4], SIZED_1[size], key, SIZED_2[more], value
                else:
                    parts += b"\x12", long_entry(key, value)
            out = b"".join(parts)
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_classify_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ClassifyResponse | None = None,
) -> pb.ClassifyResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.ClassifyResponse)
            m.embedding = []
            m.meta_info = {}
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
                m.embedding += unpack_f32(data[pos:stop])
                pos = stop
                continue
            if tag == 13:
                (value,) = read_f32(data, pos)
                pos += 4
                m.embedding.append(value)
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                _add_string_string(m, m.meta_info, tag, data, pos, stop, depth - 1)
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.ClassifyResponse, data, error) from error


register(
    pb.ClassifyResponse,
    encode=_encode_classify_response,
    decode=_decode_classify_response,
)


def _encode_tokenize_request(m: pb.TokenizeRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.TokenizeRequest:
        wrong_class(m, pb.TokenizeRequest)
    out = b""
    value: Any
    try:
        if value := m.text:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if (value := m.add_special_tokens) is not None:
            out += b"\x10" + BOOL[value]
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_tokenize_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.TokenizeRequest | None = None,
) -> pb.TokenizeRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.TokenizeRequest)
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
                m.text = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 16:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.add_special_tokens = value != 0
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.TokenizeRequest, data, error) from error


register(
    pb.TokenizeRequest,
    encode=_encode_tokenize_request,
    decode=_decode_tokenize_request,
)


def _encode_tokenize_response(m: pb.TokenizeResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.TokenizeResponse:
        wrong_class(m, pb.TokenizeResponse)
    out = b""
    values: Any
    value: Any
    try:
        if values := m.tokens:
            raw = pack_int32(values)
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.count:
            out += b"\x10" + (VARINTS[value] if 0 <= value < 2048 else int32(value))
        if value := m.max_model_len:
            out += b"\x18" + (VARINTS[value] if 0 <= value < 2048 else int32(value))
        if value := m.input_text:
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


def _decode_tokenize_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.TokenizeResponse | None = None,
) -> pb.TokenizeResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.TokenizeResponse)
            m.tokens = []
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
                m.tokens += unpack_int32(data[pos:stop])
                pos = stop
                continue
            if tag == 8:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.tokens.append(value)
                continue
            if tag == 16:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.count = value
                continue
            if tag == 24:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.max_model_len = value
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.input_text = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.TokenizeResponse, data, error) from error


register(
    pb.TokenizeResponse,
    encode=_encode_tokenize_response,
    decode=_decode_tokenize_response,
)


def _encode_detokenize_request(m: pb.DetokenizeRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.DetokenizeRequest:
        wrong_class(m, pb.DetokenizeRequest)
    out = b""
    values: Any
    try:
        if values := m.tokens:
            raw = pack_int32(values)
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_detokenize_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.DetokenizeRequest | None = None,
) -> pb.DetokenizeRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.DetokenizeRequest)
            m.tokens = []
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
                m.tokens += unpack_int32(data[pos:stop])
                pos = stop
                continue
            if tag == 8:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.tokens.append(value)
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.DetokenizeRequest, data, error) from error


register(
    pb.DetokenizeRequest,
    encode=_encode_detokenize_request,
    decode=_decode_detokenize_request,
)


def _encode_detokenize_response(m: pb.DetokenizeResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.DetokenizeResponse:
        wrong_class(m, pb.DetokenizeResponse)
    out = b""
    value: Any
    try:
        if value := m.text:
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


def _decode_detokenize_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.DetokenizeResponse | None = None,
) -> pb.DetokenizeResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.DetokenizeResponse)
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
                m.text = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.DetokenizeResponse, data, error) from error


register(
    pb.DetokenizeResponse,
    encode=_encode_detokenize_response,
    decode=_decode_detokenize_response,
)


def _encode_health_check_request(m: pb.HealthCheckRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.HealthCheckRequest:
        wrong_class(m, pb.HealthCheckRequest)
    return bytes(m._unknown_fields) if m._unknown_fields else b""


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
            m = pb.HealthCheckRequest()
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
        if value := m.healthy:
            out = b"\x08" + BOOL[value]
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
                    value, pos = long_uint64(data, pos, value)
                m.healthy = value != 0
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


def _encode_get_model_info_request(m: pb.GetModelInfoRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.GetModelInfoRequest:
        wrong_class(m, pb.GetModelInfoRequest)
    return bytes(m._unknown_fields) if m._unknown_fields else b""


def _decode_get_model_info_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.GetModelInfoRequest | None = None,
) -> pb.GetModelInfoRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = pb.GetModelInfoRequest()
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
        raise decode_error(pb.GetModelInfoRequest, data, error) from error


register(
    pb.GetModelInfoRequest,
    encode=_encode_get_model_info_request,
    decode=_decode_get_model_info_request,
)


def _encode_get_model_info_response(m: pb.GetModelInfoResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.GetModelInfoResponse:
        wrong_class(m, pb.GetModelInfoResponse)
    out = b""
    value: Any
    try:
        if value := m.model_path:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.json_info:
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


def _decode_get_model_info_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.GetModelInfoResponse | None = None,
) -> pb.GetModelInfoResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.GetModelInfoResponse)
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
                m.model_path = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.json_info = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.GetModelInfoResponse, data, error) from error


register(
    pb.GetModelInfoResponse,
    encode=_encode_get_model_info_response,
    decode=_decode_get_model_info_response,
)


def _encode_get_server_info_request(m: pb.GetServerInfoRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.GetServerInfoRequest:
        wrong_class(m, pb.GetServerInfoRequest)
    return bytes(m._unknown_fields) if m._unknown_fields else b""


def _decode_get_server_info_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.GetServerInfoRequest | None = None,
) -> pb.GetServerInfoRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = pb.GetServerInfoRequest()
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
        raise decode_error(pb.GetServerInfoRequest, data, error) from error


register(
    pb.GetServerInfoRequest,
    encode=_encode_get_server_info_request,
    decode=_decode_get_server_info_request,
)


def _encode_get_server_info_response(m: pb.GetServerInfoResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.GetServerInfoResponse:
        wrong_class(m, pb.GetServerInfoResponse)
    out = b""
    value: Any
    try:
        if value := m.json_info:
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


def _decode_get_server_info_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.GetServerInfoResponse | None = None,
) -> pb.GetServerInfoResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.GetServerInfoResponse)
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
                m.json_info = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.GetServerInfoResponse, data, error) from error


register(
    pb.GetServerInfoResponse,
    encode=_encode_get_server_info_response,
    decode=_decode_get_server_info_response,
)


def _encode_abort_request(m: pb.AbortRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.AbortRequest:
        wrong_class(m, pb.AbortRequest)
    out = b""
    value: Any
    try:
        if value := m.rid:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.abort_all:
            out += b"\x10" + BOOL[value]
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_abort_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.AbortRequest | None = None,
) -> pb.AbortRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.AbortRequest)
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
                m.rid = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 16:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.abort_all = value != 0
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.AbortRequest, data, error) from error


register(
    pb.AbortRequest,
    encode=_encode_abort_request,
    decode=_decode_abort_request,
)


def _encode_abort_response(m: pb.AbortResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.AbortResponse:
        wrong_class(m, pb.AbortResponse)
    out = b""
    value: Any
    try:
        if value := m.success:
            out = b"\x08" + BOOL[value]
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_abort_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.AbortResponse | None = None,
) -> pb.AbortResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.AbortResponse)
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
                    value, pos = long_uint64(data, pos, value)
                m.success = value != 0
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.AbortResponse, data, error) from error


register(
    pb.AbortResponse,
    encode=_encode_abort_response,
    decode=_decode_abort_response,
)


def _encode_list_models_request(m: pb.ListModelsRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ListModelsRequest:
        wrong_class(m, pb.ListModelsRequest)
    return bytes(m._unknown_fields) if m._unknown_fields else b""


def _decode_list_models_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ListModelsRequest | None = None,
) -> pb.ListModelsRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = pb.ListModelsRequest()
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
        raise decode_error(pb.ListModelsRequest, data, error) from error


register(
    pb.ListModelsRequest,
    encode=_encode_list_models_request,
    decode=_decode_list_models_request,
)


def _encode_list_models_response(m: pb.ListModelsResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ListModelsResponse:
        wrong_class(m, pb.ListModelsResponse)
    out = b""
    values: Any
    value: Any
    try:
        if values := m.models:
            parts = [out]
            for value in values:
                raw = _encode_model_card(value, True)
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


def _decode_list_models_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ListModelsResponse | None = None,
) -> pb.ListModelsResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.ListModelsResponse)
            m.models = []
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
                m.models.append(_decode_model_card(data, pos, stop, depth - 1))
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.ListModelsResponse, data, error) from error


register(
    pb.ListModelsResponse,
    encode=_encode_list_models_response,
    decode=_decode_list_models_response,
)


def _encode_model_card(m: pb.ModelCard, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ModelCard:
        wrong_class(m, pb.ModelCard)
    out = b""
    value: Any
    try:
        if value := m.id:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.root:
            raw = value.encode()
            size = len(raw)
            out += SIZED_2[size] + raw if size < 512 else b"\x12" + varint(size) + raw
        if (value := m.parent) is not None:
            raw = value.encode()
            size = len(raw)
            out += SIZED_3[size] + raw if size < 512 else b"\x1a" + varint(size) + raw
        if (value := m.max_model_len) is not None:
            out += b"\x20" + (VARINTS[value] if 0 <= value < 2048 else int32(value))
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_model_card(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ModelCard | None = None,
) -> pb.ModelCard:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.ModelCard)
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
                m.id = data[pos:stop].decode()
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
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.parent = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 32:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.max_model_len = value
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.ModelCard, data, error) from error


register(
    pb.ModelCard,
    encode=_encode_model_card,
    decode=_decode_model_card,
)


def _encode_get_load_request(m: pb.GetLoadRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.GetLoadRequest:
        wrong_class(m, pb.GetLoadRequest)
    out = b""
    value: Any
    try:
        if (value := m.dp_rank) is not None:
            out = b"\x08" + (VARINTS[value] if 0 <= value < 2048 else int32(value))
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_get_load_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.GetLoadRequest | None = None,
) -> pb.GetLoadRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.GetLoadRequest)
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
                m.dp_rank = value
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.GetLoadRequest, data, error) from error


register(
    pb.GetLoadRequest,
    encode=_encode_get_load_request,
    decode=_decode_get_load_request,
)


def _encode_get_load_response(m: pb.GetLoadResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.GetLoadResponse:
        wrong_class(m, pb.GetLoadResponse)
    out = b""
    value: Any
    try:
        if value := m.json_info:
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


def _decode_get_load_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.GetLoadResponse | None = None,
) -> pb.GetLoadResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.GetLoadResponse)
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
                m.json_info = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.GetLoadResponse, data, error) from error


register(
    pb.GetLoadResponse,
    encode=_encode_get_load_response,
    decode=_decode_get_load_response,
)


def _encode_flush_cache_request(m: pb.FlushCacheRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.FlushCacheRequest:
        wrong_class(m, pb.FlushCacheRequest)
    return bytes(m._unknown_fields) if m._unknown_fields else b""


def _decode_flush_cache_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.FlushCacheRequest | None = None,
) -> pb.FlushCacheRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = pb.FlushCacheRequest()
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
        raise decode_error(pb.FlushCacheRequest, data, error) from error


register(
    pb.FlushCacheRequest,
    encode=_encode_flush_cache_request,
    decode=_decode_flush_cache_request,
)


def _encode_flush_cache_response(m: pb.FlushCacheResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.FlushCacheResponse:
        wrong_class(m, pb.FlushCacheResponse)
    out = b""
    value: Any
    try:
        if value := m.success:
            out = b"\x08" + BOOL[value]
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


def _decode_flush_cache_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.FlushCacheResponse | None = None,
) -> pb.FlushCacheResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.FlushCacheResponse)
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
                    value, pos = long_uint64(data, pos, value)
                m.success = value != 0
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
        raise decode_error(pb.FlushCacheResponse, data, error) from error


register(
    pb.FlushCacheResponse,
    encode=_encode_flush_cache_response,
    decode=_decode_flush_cache_response,
)


def _encode_pause_generation_request(m: pb.PauseGenerationRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.PauseGenerationRequest:
        wrong_class(m, pb.PauseGenerationRequest)
    out = b""
    value: Any
    try:
        if value := m.mode:
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


def _decode_pause_generation_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.PauseGenerationRequest | None = None,
) -> pb.PauseGenerationRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.PauseGenerationRequest)
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
                m.mode = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.PauseGenerationRequest, data, error) from error


register(
    pb.PauseGenerationRequest,
    encode=_encode_pause_generation_request,
    decode=_decode_pause_generation_request,
)


def _encode_pause_generation_response(m: pb.PauseGenerationResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.PauseGenerationResponse:
        wrong_class(m, pb.PauseGenerationResponse)
    out = b""
    value: Any
    try:
        if value := m.message:
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


def _decode_pause_generation_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.PauseGenerationResponse | None = None,
) -> pb.PauseGenerationResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.PauseGenerationResponse)
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
        raise decode_error(pb.PauseGenerationResponse, data, error) from error


register(
    pb.PauseGenerationResponse,
    encode=_encode_pause_generation_response,
    decode=_decode_pause_generation_response,
)


def _encode_continue_generation_request(m: pb.ContinueGenerationRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ContinueGenerationRequest:
        wrong_class(m, pb.ContinueGenerationRequest)
    return bytes(m._unknown_fields) if m._unknown_fields else b""


def _decode_continue_generation_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ContinueGenerationRequest | None = None,
) -> pb.ContinueGenerationRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = pb.ContinueGenerationRequest()
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
        raise decode_error(pb.ContinueGenerationRequest, data, error) from error


register(
    pb.ContinueGenerationRequest,
    encode=_encode_continue_generation_request,
    decode=_decode_continue_generation_request,
)


def _encode_continue_generation_response(m: pb.ContinueGenerationResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.ContinueGenerationResponse:
        wrong_class(m, pb.ContinueGenerationResponse)
    out = b""
    value: Any
    try:
        if value := m.message:
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


def _decode_continue_generation_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.ContinueGenerationResponse | None = None,
) -> pb.ContinueGenerationResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.ContinueGenerationResponse)
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
        raise decode_error(pb.ContinueGenerationResponse, data, error) from error


register(
    pb.ContinueGenerationResponse,
    encode=_encode_continue_generation_response,
    decode=_decode_continue_generation_response,
)


def _encode_openai_request(m: pb.OpenAIRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.OpenAIRequest:
        wrong_class(m, pb.OpenAIRequest)
    out = b""
    entries: Any
    key: Any
    value: Any
    try:
        if value := m.json_body:
            size = len(value)
            out = SIZED_1[size] + value if size < 512 else b"\x0a" + varint(size) + value
        if entries := m.trace_headers:
            parts = [out]
            for key, value in entries.items():
                key, value = key.encode(), value.encode()
                size, more = len(key), len(value)
                if size + more < 124:
                    parts += SIZED_2[size + more + 4], SIZED_1[size], key, SIZED_2[more], value
                else:
                    parts += b"\x12", long_entry(key, value)
            out = b"".join(parts)
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_openai_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.OpenAIRequest | None = None,
) -> pb.OpenAIRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.OpenAIRequest)
            m.trace_headers = {}
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
                m.json_body = data[pos:stop]
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                _add_string_string(m, m.trace_headers, tag, data, pos, stop, depth - 1)
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.OpenAIRequest, data, error) from error


register(
    pb.OpenAIRequest,
    encode=_encode_openai_request,
    decode=_decode_openai_request,
)


def _encode_openai_stream_chunk(m: pb.OpenAIStreamChunk, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.OpenAIStreamChunk:
        wrong_class(m, pb.OpenAIStreamChunk)
    out = b""
    value: Any
    try:
        if value := m.json_chunk:
            size = len(value)
            out = SIZED_1[size] + value if size < 512 else b"\x0a" + varint(size) + value
        if value := m.finished:
            out += b"\x10" + BOOL[value]
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_openai_stream_chunk(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.OpenAIStreamChunk | None = None,
) -> pb.OpenAIStreamChunk:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.OpenAIStreamChunk)
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
                m.json_chunk = data[pos:stop]
                pos = stop
                continue
            if tag == 16:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.finished = value != 0
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.OpenAIStreamChunk, data, error) from error


register(
    pb.OpenAIStreamChunk,
    encode=_encode_openai_stream_chunk,
    decode=_decode_openai_stream_chunk,
)


def _encode_openai_response(m: pb.OpenAIResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.OpenAIResponse:
        wrong_class(m, pb.OpenAIResponse)
    out = b""
    value: Any
    try:
        if value := m.json_body:
            size = len(value)
            out = SIZED_1[size] + value if size < 512 else b"\x0a" + varint(size) + value
        if value := m.status_code:
            out += b"\x10" + (VARINTS[value] if 0 <= value < 2048 else int32(value))
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_openai_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.OpenAIResponse | None = None,
) -> pb.OpenAIResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.OpenAIResponse)
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
                m.json_body = data[pos:stop]
                pos = stop
                continue
            if tag == 16:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.status_code = value
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.OpenAIResponse, data, error) from error


register(
    pb.OpenAIResponse,
    encode=_encode_openai_response,
    decode=_decode_openai_response,
)


def _encode_start_profile_request(m: pb.StartProfileRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.StartProfileRequest:
        wrong_class(m, pb.StartProfileRequest)
    out = b""
    value: Any
    try:
        if (value := m.output_dir) is not None:
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


def _decode_start_profile_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.StartProfileRequest | None = None,
) -> pb.StartProfileRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.StartProfileRequest)
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
                m.output_dir = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.StartProfileRequest, data, error) from error


register(
    pb.StartProfileRequest,
    encode=_encode_start_profile_request,
    decode=_decode_start_profile_request,
)


def _encode_start_profile_response(m: pb.StartProfileResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.StartProfileResponse:
        wrong_class(m, pb.StartProfileResponse)
    out = b""
    value: Any
    try:
        if value := m.message:
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


def _decode_start_profile_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.StartProfileResponse | None = None,
) -> pb.StartProfileResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.StartProfileResponse)
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
        raise decode_error(pb.StartProfileResponse, data, error) from error


register(
    pb.StartProfileResponse,
    encode=_encode_start_profile_response,
    decode=_decode_start_profile_response,
)


def _encode_stop_profile_request(m: pb.StopProfileRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.StopProfileRequest:
        wrong_class(m, pb.StopProfileRequest)
    return bytes(m._unknown_fields) if m._unknown_fields else b""


def _decode_stop_profile_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.StopProfileRequest | None = None,
) -> pb.StopProfileRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = pb.StopProfileRequest()
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
        raise decode_error(pb.StopProfileRequest, data, error) from error


register(
    pb.StopProfileRequest,
    encode=_encode_stop_profile_request,
    decode=_decode_stop_profile_request,
)


def _encode_stop_profile_response(m: pb.StopProfileResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.StopProfileResponse:
        wrong_class(m, pb.StopProfileResponse)
    out = b""
    value: Any
    try:
        if value := m.message:
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


def _decode_stop_profile_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.StopProfileResponse | None = None,
) -> pb.StopProfileResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.StopProfileResponse)
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
        raise decode_error(pb.StopProfileResponse, data, error) from error


register(
    pb.StopProfileResponse,
    encode=_encode_stop_profile_response,
    decode=_decode_stop_profile_response,
)


def _encode_update_weights_request(m: pb.UpdateWeightsRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.UpdateWeightsRequest:
        wrong_class(m, pb.UpdateWeightsRequest)
    out = b""
    value: Any
    try:
        if value := m.model_path:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if (value := m.load_format) is not None:
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


def _decode_update_weights_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.UpdateWeightsRequest | None = None,
) -> pb.UpdateWeightsRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.UpdateWeightsRequest)
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
                m.model_path = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.load_format = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.UpdateWeightsRequest, data, error) from error


register(
    pb.UpdateWeightsRequest,
    encode=_encode_update_weights_request,
    decode=_decode_update_weights_request,
)


def _encode_update_weights_response(m: pb.UpdateWeightsResponse, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.UpdateWeightsResponse:
        wrong_class(m, pb.UpdateWeightsResponse)
    out = b""
    value: Any
    try:
        if value := m.success:
            out = b"\x08" + BOOL[value]
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


def _decode_update_weights_response(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.UpdateWeightsResponse | None = None,
) -> pb.UpdateWeightsResponse:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.UpdateWeightsResponse)
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
                    value, pos = long_uint64(data, pos, value)
                m.success = value != 0
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
        raise decode_error(pb.UpdateWeightsResponse, data, error) from error


register(
    pb.UpdateWeightsResponse,
    encode=_encode_update_weights_response,
    decode=_decode_update_weights_response,
)


def _encode_watch_engine_state_request(m: pb.WatchEngineStateRequest, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.WatchEngineStateRequest:
        wrong_class(m, pb.WatchEngineStateRequest)
    return bytes(m._unknown_fields) if m._unknown_fields else b""


def _decode_watch_engine_state_request(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.WatchEngineStateRequest | None = None,
) -> pb.WatchEngineStateRequest:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = pb.WatchEngineStateRequest()
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
        raise decode_error(pb.WatchEngineStateRequest, data, error) from error


register(
    pb.WatchEngineStateRequest,
    encode=_encode_watch_engine_state_request,
    decode=_decode_watch_engine_state_request,
)


def _encode_engine_state_snapshot(m: pb.EngineStateSnapshot, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.EngineStateSnapshot:
        wrong_class(m, pb.EngineStateSnapshot)
    parts: list[bytes] = []
    value: Any
    try:
        if value := m.instance_id:
            parts += b"\x08", VARINTS[value] if 0 <= value < 2048 else uint64(value)
        if value := m.revision:
            parts += b"\x10", VARINTS[value] if 0 <= value < 2048 else uint64(value)
        if value := m.healthy:
            parts += b"\x18", BOOL[value]
        if value := m.server_status:
            parts += b"\x20", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if value := m.is_pause:
            parts += b"\x28", BOOL[value]
        if (value := m.model_info) is not None:
            raw = _encode_get_model_info_response(value, True)
            size = len(raw)
            parts += b"\x32", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.server_info) is not None:
            raw = _encode_get_server_info_response(value, True)
            size = len(raw)
            parts += b"\x3a", VARINTS[size] if size < 2048 else varint(size), raw
        if (value := m.models) is not None:
            raw = _encode_list_models_response(value, True)
            size = len(raw)
            parts += b"\x42", VARINTS[size] if size < 2048 else varint(size), raw
        if m._unknown_fields:
            parts.append(m._unknown_fields)
        return b"".join(parts)
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_engine_state_snapshot(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.EngineStateSnapshot | None = None,
) -> pb.EngineStateSnapshot:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.EngineStateSnapshot)
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
                    value, pos = long_uint64(data, pos, value)
                m.instance_id = value
                continue
            if tag == 16:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.revision = value
                continue
            if tag == 24:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.healthy = value != 0
                continue
            if tag == 32:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.server_status = SERVER_STATUS_OF[value]
                continue
            if tag == 40:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_uint64(data, pos, value)
                m.is_pause = value != 0
                continue
            if tag == 50:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.model_info = _decode_get_model_info_response(data, pos, stop, depth - 1, m.model_info)
                pos = stop
                continue
            if tag == 58:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.server_info = _decode_get_server_info_response(data, pos, stop, depth - 1, m.server_info)
                pos = stop
                continue
            if tag == 66:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.models = _decode_list_models_response(data, pos, stop, depth - 1, m.models)
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.EngineStateSnapshot, data, error) from error


register(
    pb.EngineStateSnapshot,
    encode=_encode_engine_state_snapshot,
    decode=_decode_engine_state_snapshot,
)
