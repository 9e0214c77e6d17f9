# Generated from sglang/runtime/v1/sglang.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of sglang/runtime/v1/sglang.proto."""

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
from tokenwire.codec.packed import pack_f32, pack_int32, unpack_f32, unpack_int32
from tokenwire.codec.wire import (
    BOOL,
    BYTE,
    f32,
    int32,
    int64,
    read_f32,
    read_int32,
    read_int64,
    read_size,
    read_tag,
    read_uint32,
    read_uint64,
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
    key = ""
    item = ""
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
            unknown[:0] = b"\x12", BYTE[size] if size < 128 else varint(size), raw
        if key:
            raw = key.encode()
            size = len(raw)
            unknown[:0] = b"\x0a", BYTE[size] if size < 128 else varint(size), raw
        keep_entry(m, field, unknown)
    else:
        into[key] = item


def _encode_sampling_params(m: pb.SamplingParams) -> bytes:
    if m.__class__ is not pb.SamplingParams:
        wrong_class(m, pb.SamplingParams)
    parts: list[bytes] = []
    values: Any
    value: Any
    if (value := m.temperature) is not None:
        parts += b"\x0d", f32(value)
    if (value := m.top_p) is not None:
        parts += b"\x15", f32(value)
    if (value := m.top_k) is not None:
        parts += b"\x18", BYTE[value] if 0 <= value < 128 else int32(value)
    if (value := m.min_p) is not None:
        parts += b"\x25", f32(value)
    if (value := m.frequency_penalty) is not None:
        parts += b"\x2d", f32(value)
    if (value := m.presence_penalty) is not None:
        parts += b"\x35", f32(value)
    if (value := m.repetition_penalty) is not None:
        parts += b"\x3d", f32(value)
    if (value := m.max_new_tokens) is not None:
        parts += b"\x40", BYTE[value] if 0 <= value < 128 else int32(value)
    if (value := m.min_new_tokens) is not None:
        parts += b"\x48", BYTE[value] if 0 <= value < 128 else int32(value)
    for value in m.stop or ():
        raw = value.encode()
        size = len(raw)
        parts += b"\x52", BYTE[size] if size < 128 else varint(size), raw
    if values := m.stop_token_ids:
        raw = pack_int32(values)
        size = len(raw)
        parts += b"\x5a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.ignore_eos) is not None:
        parts += b"\x60", BOOL[value]
    if (value := m.n) is not None:
        parts += b"\x68", BYTE[value] if 0 <= value < 128 else int32(value)
    if (value := m.json_schema) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x72", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.regex) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x7a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.seed) is not None:
        parts += b"\x80\x01", BYTE[value] if 0 <= value < 128 else int64(value)
    if (value := m.guided_decoding) is not None:
        raw = _encode_guided_decoding(value)
        size = len(raw)
        parts += b"\x8a\x01", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_sampling_params(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.SamplingParams | None = None,
) -> pb.SamplingParams:
    if depth < 0:
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
            tag, pos = read_tag(data, start)
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
                value, pos = read_int32(data, pos - 1)
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
                value, pos = read_int32(data, pos - 1)
            m.max_new_tokens = value
            continue
        if tag == 72:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.min_new_tokens = value
            continue
        if tag == 82:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.stop.append(data[pos:stop].decode())
            pos = stop
            continue
        if tag == 90:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.stop_token_ids.extend(unpack_int32(data[pos:stop]))
            pos = stop
            continue
        if tag == 88:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.stop_token_ids.append(value)
            continue
        if tag == 96:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.ignore_eos = value != 0
            continue
        if tag == 104:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.n = value
            continue
        if tag == 114:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.json_schema = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 122:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.regex = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 128:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int64(data, pos - 1)
            m.seed = value
            continue
        if tag == 138:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.guided_decoding = _decode_guided_decoding(data, pos, stop, depth - 1, m.guided_decoding)
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.SamplingParams,
    encode=_encode_sampling_params,
    decode=_decode_sampling_params,
)


def _encode_guided_decoding(m: pb.GuidedDecoding) -> bytes:
    if m.__class__ is not pb.GuidedDecoding:
        wrong_class(m, pb.GuidedDecoding)
    parts: list[bytes] = []
    value: Any
    oneof_1 = ""
    if (value := m.json_schema) is not None:
        oneof_1 = "json_schema"
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.regex) is not None:
        if oneof_1:
            raise two_members("constraint", oneof_1, "regex")
        oneof_1 = "regex"
        raw = value.encode()
        size = len(raw)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.ebnf) is not None:
        if oneof_1:
            raise two_members("constraint", oneof_1, "ebnf")
        oneof_1 = "ebnf"
        raw = value.encode()
        size = len(raw)
        parts += b"\x1a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.choice) is not None:
        if oneof_1:
            raise two_members("constraint", oneof_1, "choice")
        oneof_1 = "choice"
        raw = _encode_choice_constraint(value)
        size = len(raw)
        parts += b"\x22", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.structural_tag) is not None:
        if oneof_1:
            raise two_members("constraint", oneof_1, "structural_tag")
        raw = value.encode()
        size = len(raw)
        parts += b"\x2a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_guided_decoding(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.GuidedDecoding | None = None,
) -> pb.GuidedDecoding:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.GuidedDecoding)
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
                size, pos = read_size(data, pos - 1)
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
                size, pos = read_size(data, pos - 1)
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
                size, pos = read_size(data, pos - 1)
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
                size, pos = read_size(data, pos - 1)
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


register(
    pb.GuidedDecoding,
    encode=_encode_guided_decoding,
    decode=_decode_guided_decoding,
)


def _encode_choice_constraint(m: pb.ChoiceConstraint) -> bytes:
    if m.__class__ is not pb.ChoiceConstraint:
        wrong_class(m, pb.ChoiceConstraint)
    parts: list[bytes] = []
    value: Any
    for value in m.values or ():
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_choice_constraint(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.ChoiceConstraint | None = None,
) -> pb.ChoiceConstraint:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.ChoiceConstraint)
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
            m.values.append(data[pos:stop].decode())
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.ChoiceConstraint,
    encode=_encode_choice_constraint,
    decode=_decode_choice_constraint,
)


def _encode_disaggregated_params(m: pb.DisaggregatedParams) -> bytes:
    if m.__class__ is not pb.DisaggregatedParams:
        wrong_class(m, pb.DisaggregatedParams)
    parts: list[bytes] = []
    value: Any
    if value := m.bootstrap_host:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if value := m.bootstrap_port:
        parts += b"\x10", BYTE[value] if 0 <= value < 128 else int32(value)
    if value := m.bootstrap_room:
        parts += b"\x18", BYTE[value] if 0 <= value < 128 else int64(value)
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_disaggregated_params(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.DisaggregatedParams | None = None,
) -> pb.DisaggregatedParams:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.DisaggregatedParams)
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
            m.bootstrap_host = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 16:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.bootstrap_port = value
            continue
        if tag == 24:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int64(data, pos - 1)
            m.bootstrap_room = value
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.DisaggregatedParams,
    encode=_encode_disaggregated_params,
    decode=_decode_disaggregated_params,
)


def _encode_text_generate_request(m: pb.TextGenerateRequest) -> bytes:
    if m.__class__ is not pb.TextGenerateRequest:
        wrong_class(m, pb.TextGenerateRequest)
    parts: list[bytes] = []
    entries: Any
    key: Any
    value: Any
    if value := m.text:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.sampling_params) is not None:
        raw = _encode_sampling_params(value)
        size = len(raw)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.stream) is not None:
        parts += b"\x18", BOOL[value]
    if (value := m.return_logprob) is not None:
        parts += b"\x20", BOOL[value]
    if (value := m.top_logprobs_num) is not None:
        parts += b"\x28", BYTE[value] if 0 <= value < 128 else int32(value)
    if (value := m.logprob_start_len) is not None:
        parts += b"\x30", BYTE[value] if 0 <= value < 128 else int32(value)
    if (value := m.return_text_in_logprobs) is not None:
        parts += b"\x38", BOOL[value]
    if (value := m.rid) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x42", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.lora_path) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x4a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.routing_key) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x52", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.routed_dp_rank) is not None:
        parts += b"\x58", BYTE[value] if 0 <= value < 128 else int32(value)
    if entries := m.trace_headers:
        for key, value in entries.items():
            raw = key.encode()
            size = len(raw)
            entry = b"\x0a" + (BYTE[size] if size < 128 else varint(size)) + raw
            raw = value.encode()
            size = len(raw)
            entry += b"\x12" + (BYTE[size] if size < 128 else varint(size)) + raw
            size = len(entry)
            parts += b"\x62", BYTE[size] if size < 128 else varint(size), entry
    if (value := m.session_id) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x6a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.disaggregated_params) is not None:
        raw = _encode_disaggregated_params(value)
        size = len(raw)
        parts += b"\x72", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.priority) is not None:
        parts += b"\x78", BYTE[value] if 0 <= value < 128 else int32(value)
    if (value := m.require_reasoning) is not None:
        parts += b"\x80\x01", BOOL[value]
    if (value := m.max_thinking_tokens) is not None:
        parts += b"\x88\x01", BYTE[value] if 0 <= value < 128 else uint32(value)
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_text_generate_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.TextGenerateRequest | None = None,
) -> pb.TextGenerateRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.TextGenerateRequest)
        m.trace_headers = {}
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
            m.text = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.sampling_params = _decode_sampling_params(data, pos, stop, depth - 1, m.sampling_params)
            pos = stop
            continue
        if tag == 24:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.stream = value != 0
            continue
        if tag == 32:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.return_logprob = value != 0
            continue
        if tag == 40:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.top_logprobs_num = value
            continue
        if tag == 48:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.logprob_start_len = value
            continue
        if tag == 56:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.return_text_in_logprobs = value != 0
            continue
        if tag == 66:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.rid = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 74:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.lora_path = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 82:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.routing_key = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 88:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.routed_dp_rank = value
            continue
        if tag == 98:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            _add_string_string(m, m.trace_headers, tag, data, pos, stop, depth - 1)
            pos = stop
            continue
        if tag == 106:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.session_id = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 114:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
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
                value, pos = read_int32(data, pos - 1)
            m.priority = value
            continue
        if tag == 128:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.require_reasoning = value != 0
            continue
        if tag == 136:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint32(data, pos - 1)
            m.max_thinking_tokens = value
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.TextGenerateRequest,
    encode=_encode_text_generate_request,
    decode=_decode_text_generate_request,
)


def _encode_text_generate_response(m: pb.TextGenerateResponse) -> bytes:
    if m.__class__ is not pb.TextGenerateResponse:
        wrong_class(m, pb.TextGenerateResponse)
    parts: list[bytes] = []
    entries: Any
    key: Any
    value: Any
    if value := m.text:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if entries := m.meta_info:
        for key, value in entries.items():
            raw = key.encode()
            size = len(raw)
            entry = b"\x0a" + (BYTE[size] if size < 128 else varint(size)) + raw
            raw = value.encode()
            size = len(raw)
            entry += b"\x12" + (BYTE[size] if size < 128 else varint(size)) + raw
            size = len(entry)
            parts += b"\x12", BYTE[size] if size < 128 else varint(size), entry
    if value := m.finished:
        parts += b"\x18", BOOL[value]
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_text_generate_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.TextGenerateResponse | None = None,
) -> pb.TextGenerateResponse:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.TextGenerateResponse)
        m.meta_info = {}
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
            m.text = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            _add_string_string(m, m.meta_info, tag, data, pos, stop, depth - 1)
            pos = stop
            continue
        if tag == 24:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.finished = value != 0
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.TextGenerateResponse,
    encode=_encode_text_generate_response,
    decode=_decode_text_generate_response,
)


def _encode_generate_request(m: pb.GenerateRequest) -> bytes:
    if m.__class__ is not pb.GenerateRequest:
        wrong_class(m, pb.GenerateRequest)
    parts: list[bytes] = []
    entries: Any
    key: Any
    values: Any
    value: Any
    if values := m.input_ids:
        raw = pack_int32(values)
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.sampling_params) is not None:
        raw = _encode_sampling_params(value)
        size = len(raw)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.stream) is not None:
        parts += b"\x18", BOOL[value]
    if (value := m.return_logprob) is not None:
        parts += b"\x20", BOOL[value]
    if (value := m.top_logprobs_num) is not None:
        parts += b"\x28", BYTE[value] if 0 <= value < 128 else int32(value)
    if (value := m.logprob_start_len) is not None:
        parts += b"\x30", BYTE[value] if 0 <= value < 128 else int32(value)
    if (value := m.rid) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x3a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.lora_path) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x42", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.routing_key) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x4a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.routed_dp_rank) is not None:
        parts += b"\x50", BYTE[value] if 0 <= value < 128 else int32(value)
    if entries := m.trace_headers:
        for key, value in entries.items():
            raw = key.encode()
            size = len(raw)
            entry = b"\x0a" + (BYTE[size] if size < 128 else varint(size)) + raw
            raw = value.encode()
            size = len(raw)
            entry += b"\x12" + (BYTE[size] if size < 128 else varint(size)) + raw
            size = len(entry)
            parts += b"\x5a", BYTE[size] if size < 128 else varint(size), entry
    if (value := m.session_id) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x62", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.disaggregated_params) is not None:
        raw = _encode_disaggregated_params(value)
        size = len(raw)
        parts += b"\x6a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.priority) is not None:
        parts += b"\x70", BYTE[value] if 0 <= value < 128 else int32(value)
    if (value := m.require_reasoning) is not None:
        parts += b"\x78", BOOL[value]
    if (value := m.max_thinking_tokens) is not None:
        parts += b"\x80\x01", BYTE[value] if 0 <= value < 128 else uint32(value)
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_generate_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.GenerateRequest | None = None,
) -> pb.GenerateRequest:
    if depth < 0:
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
            tag, pos = read_tag(data, start)
        if tag == 10:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.input_ids.extend(unpack_int32(data[pos:stop]))
            pos = stop
            continue
        if tag == 8:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.input_ids.append(value)
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.sampling_params = _decode_sampling_params(data, pos, stop, depth - 1, m.sampling_params)
            pos = stop
            continue
        if tag == 24:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.stream = value != 0
            continue
        if tag == 32:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.return_logprob = value != 0
            continue
        if tag == 40:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.top_logprobs_num = value
            continue
        if tag == 48:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.logprob_start_len = value
            continue
        if tag == 58:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.rid = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 66:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.lora_path = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 74:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.routing_key = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 80:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.routed_dp_rank = value
            continue
        if tag == 90:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            _add_string_string(m, m.trace_headers, tag, data, pos, stop, depth - 1)
            pos = stop
            continue
        if tag == 98:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.session_id = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 106:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
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
                value, pos = read_int32(data, pos - 1)
            m.priority = value
            continue
        if tag == 120:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.require_reasoning = value != 0
            continue
        if tag == 128:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint32(data, pos - 1)
            m.max_thinking_tokens = value
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.GenerateRequest,
    encode=_encode_generate_request,
    decode=_decode_generate_request,
)


def _encode_generate_response(m: pb.GenerateResponse) -> bytes:
    if m.__class__ is not pb.GenerateResponse:
        wrong_class(m, pb.GenerateResponse)
    parts: list[bytes] = []
    entries: Any
    key: Any
    values: Any
    value: Any
    if values := m.output_ids:
        raw = pack_int32(values)
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if entries := m.meta_info:
        for key, value in entries.items():
            raw = key.encode()
            size = len(raw)
            entry = b"\x0a" + (BYTE[size] if size < 128 else varint(size)) + raw
            raw = value.encode()
            size = len(raw)
            entry += b"\x12" + (BYTE[size] if size < 128 else varint(size)) + raw
            size = len(entry)
            parts += b"\x12", BYTE[size] if size < 128 else varint(size), entry
    if value := m.finished:
        parts += b"\x18", BOOL[value]
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_generate_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.GenerateResponse | None = None,
) -> pb.GenerateResponse:
    if depth < 0:
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
            tag, pos = read_tag(data, start)
        if tag == 10:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.output_ids.extend(unpack_int32(data[pos:stop]))
            pos = stop
            continue
        if tag == 8:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.output_ids.append(value)
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            _add_string_string(m, m.meta_info, tag, data, pos, stop, depth - 1)
            pos = stop
            continue
        if tag == 24:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.finished = value != 0
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.GenerateResponse,
    encode=_encode_generate_response,
    decode=_decode_generate_response,
)


def _encode_text_embed_request(m: pb.TextEmbedRequest) -> bytes:
    if m.__class__ is not pb.TextEmbedRequest:
        wrong_class(m, pb.TextEmbedRequest)
    parts: list[bytes] = []
    entries: Any
    key: Any
    value: Any
    if value := m.text:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.rid) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.routing_key) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x1a", BYTE[size] if size < 128 else varint(size), raw
    if entries := m.trace_headers:
        for key, value in entries.items():
            raw = key.encode()
            size = len(raw)
            entry = b"\x0a" + (BYTE[size] if size < 128 else varint(size)) + raw
            raw = value.encode()
            size = len(raw)
            entry += b"\x12" + (BYTE[size] if size < 128 else varint(size)) + raw
            size = len(entry)
            parts += b"\x22", BYTE[size] if size < 128 else varint(size), entry
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_text_embed_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.TextEmbedRequest | None = None,
) -> pb.TextEmbedRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.TextEmbedRequest)
        m.trace_headers = {}
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
            m.text = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.rid = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 26:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.routing_key = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 34:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            _add_string_string(m, m.trace_headers, tag, data, pos, stop, depth - 1)
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.TextEmbedRequest,
    encode=_encode_text_embed_request,
    decode=_decode_text_embed_request,
)


def _encode_text_embed_response(m: pb.TextEmbedResponse) -> bytes:
    if m.__class__ is not pb.TextEmbedResponse:
        wrong_class(m, pb.TextEmbedResponse)
    parts: list[bytes] = []
    entries: Any
    key: Any
    values: Any
    value: Any
    if values := m.embedding:
        raw = pack_f32(values)
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if entries := m.meta_info:
        for key, value in entries.items():
            raw = key.encode()
            size = len(raw)
            entry = b"\x0a" + (BYTE[size] if size < 128 else varint(size)) + raw
            raw = value.encode()
            size = len(raw)
            entry += b"\x12" + (BYTE[size] if size < 128 else varint(size)) + raw
            size = len(entry)
            parts += b"\x12", BYTE[size] if size < 128 else varint(size), entry
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_text_embed_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.TextEmbedResponse | None = None,
) -> pb.TextEmbedResponse:
    if depth < 0:
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
            tag, pos = read_tag(data, start)
        if tag == 10:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.embedding.extend(unpack_f32(data[pos:stop]))
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
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            _add_string_string(m, m.meta_info, tag, data, pos, stop, depth - 1)
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.TextEmbedResponse,
    encode=_encode_text_embed_response,
    decode=_decode_text_embed_response,
)


def _encode_embed_request(m: pb.EmbedRequest) -> bytes:
    if m.__class__ is not pb.EmbedRequest:
        wrong_class(m, pb.EmbedRequest)
    parts: list[bytes] = []
    entries: Any
    key: Any
    values: Any
    value: Any
    if values := m.input_ids:
        raw = pack_int32(values)
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.rid) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.routing_key) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x1a", BYTE[size] if size < 128 else varint(size), raw
    if entries := m.trace_headers:
        for key, value in entries.items():
            raw = key.encode()
            size = len(raw)
            entry = b"\x0a" + (BYTE[size] if size < 128 else varint(size)) + raw
            raw = value.encode()
            size = len(raw)
            entry += b"\x12" + (BYTE[size] if size < 128 else varint(size)) + raw
            size = len(entry)
            parts += b"\x22", BYTE[size] if size < 128 else varint(size), entry
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_embed_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.EmbedRequest | None = None,
) -> pb.EmbedRequest:
    if depth < 0:
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
            tag, pos = read_tag(data, start)
        if tag == 10:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.input_ids.extend(unpack_int32(data[pos:stop]))
            pos = stop
            continue
        if tag == 8:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.input_ids.append(value)
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.rid = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 26:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.routing_key = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 34:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            _add_string_string(m, m.trace_headers, tag, data, pos, stop, depth - 1)
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.EmbedRequest,
    encode=_encode_embed_request,
    decode=_decode_embed_request,
)


def _encode_embed_response(m: pb.EmbedResponse) -> bytes:
    if m.__class__ is not pb.EmbedResponse:
        wrong_class(m, pb.EmbedResponse)
    parts: list[bytes] = []
    entries: Any
    key: Any
    values: Any
    value: Any
    if values := m.embedding:
        raw = pack_f32(values)
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if entries := m.meta_info:
        for key, value in entries.items():
            raw = key.encode()
            size = len(raw)
            entry = b"\x0a" + (BYTE[size] if size < 128 else varint(size)) + raw
            raw = value.encode()
            size = len(raw)
            entry += b"\x12" + (BYTE[size] if size < 128 else varint(size)) + raw
            size = len(entry)
            parts += b"\x12", BYTE[size] if size < 128 else varint(size), entry
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_embed_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.EmbedResponse | None = None,
) -> pb.EmbedResponse:
    if depth < 0:
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
            tag, pos = read_tag(data, start)
        if tag == 10:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.embedding.extend(unpack_f32(data[pos:stop]))
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
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            _add_string_string(m, m.meta_info, tag, data, pos, stop, depth - 1)
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.EmbedResponse,
    encode=_encode_embed_response,
    decode=_decode_embed_response,
)


def _encode_classify_request(m: pb.ClassifyRequest) -> bytes:
    if m.__class__ is not pb.ClassifyRequest:
        wrong_class(m, pb.ClassifyRequest)
    parts: list[bytes] = []
    entries: Any
    key: Any
    values: Any
    value: Any
    if value := m.text:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if values := m.input_ids:
        raw = pack_int32(values)
        size = len(raw)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.rid) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x1a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.routing_key) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x22", BYTE[size] if size < 128 else varint(size), raw
    if entries := m.trace_headers:
        for key, value in entries.items():
            raw = key.encode()
            size = len(raw)
            entry = b"\x0a" + (BYTE[size] if size < 128 else varint(size)) + raw
            raw = value.encode()
            size = len(raw)
            entry += b"\x12" + (BYTE[size] if size < 128 else varint(size)) + raw
            size = len(entry)
            parts += b"\x2a", BYTE[size] if size < 128 else varint(size), entry
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_classify_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.ClassifyRequest | None = None,
) -> pb.ClassifyRequest:
    if depth < 0:
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
            tag, pos = read_tag(data, start)
        if tag == 10:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.text = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.input_ids.extend(unpack_int32(data[pos:stop]))
            pos = stop
            continue
        if tag == 16:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.input_ids.append(value)
            continue
        if tag == 26:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.rid = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 34:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.routing_key = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 42:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            _add_string_string(m, m.trace_headers, tag, data, pos, stop, depth - 1)
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.ClassifyRequest,
    encode=_encode_classify_request,
    decode=_decode_classify_request,
)


def _encode_classify_response(m: pb.ClassifyResponse) -> bytes:
    if m.__class__ is not pb.ClassifyResponse:
        wrong_class(m, pb.ClassifyResponse)
    parts: list[bytes] = []
    entries: Any
    key: Any
    values: Any
    value: Any
    if values := m.embedding:
        raw = pack_f32(values)
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if entries := m.meta_info:
        for key, value in entries.items():
            raw = key.encode()
            size = len(raw)
            entry = b"\x0a" + (BYTE[size] if size < 128 else varint(size)) + raw
            raw = value.encode()
            size = len(raw)
            entry += b"\x12" + (BYTE[size] if size < 128 else varint(size)) + raw
            size = len(entry)
            parts += b"\x12", BYTE[size] if size < 128 else varint(size), entry
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_classify_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.ClassifyResponse | None = None,
) -> pb.ClassifyResponse:
    if depth < 0:
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
            tag, pos = read_tag(data, start)
        if tag == 10:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.embedding.extend(unpack_f32(data[pos:stop]))
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
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            _add_string_string(m, m.meta_info, tag, data, pos, stop, depth - 1)
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.ClassifyResponse,
    encode=_encode_classify_response,
    decode=_decode_classify_response,
)


def _encode_tokenize_request(m: pb.TokenizeRequest) -> bytes:
    if m.__class__ is not pb.TokenizeRequest:
        wrong_class(m, pb.TokenizeRequest)
    parts: list[bytes] = []
    value: Any
    if value := m.text:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.add_special_tokens) is not None:
        parts += b"\x10", BOOL[value]
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_tokenize_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.TokenizeRequest | None = None,
) -> pb.TokenizeRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.TokenizeRequest)
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
            m.text = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 16:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.add_special_tokens = value != 0
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.TokenizeRequest,
    encode=_encode_tokenize_request,
    decode=_decode_tokenize_request,
)


def _encode_tokenize_response(m: pb.TokenizeResponse) -> bytes:
    if m.__class__ is not pb.TokenizeResponse:
        wrong_class(m, pb.TokenizeResponse)
    parts: list[bytes] = []
    values: Any
    value: Any
    if values := m.tokens:
        raw = pack_int32(values)
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if value := m.count:
        parts += b"\x10", BYTE[value] if 0 <= value < 128 else int32(value)
    if value := m.max_model_len:
        parts += b"\x18", BYTE[value] if 0 <= value < 128 else int32(value)
    if value := m.input_text:
        raw = value.encode()
        size = len(raw)
        parts += b"\x22", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_tokenize_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.TokenizeResponse | None = None,
) -> pb.TokenizeResponse:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.TokenizeResponse)
        m.tokens = []
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
            m.tokens.extend(unpack_int32(data[pos:stop]))
            pos = stop
            continue
        if tag == 8:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.tokens.append(value)
            continue
        if tag == 16:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.count = value
            continue
        if tag == 24:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.max_model_len = value
            continue
        if tag == 34:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.input_text = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.TokenizeResponse,
    encode=_encode_tokenize_response,
    decode=_decode_tokenize_response,
)


def _encode_detokenize_request(m: pb.DetokenizeRequest) -> bytes:
    if m.__class__ is not pb.DetokenizeRequest:
        wrong_class(m, pb.DetokenizeRequest)
    parts: list[bytes] = []
    values: Any
    if values := m.tokens:
        raw = pack_int32(values)
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_detokenize_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.DetokenizeRequest | None = None,
) -> pb.DetokenizeRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.DetokenizeRequest)
        m.tokens = []
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
            m.tokens.extend(unpack_int32(data[pos:stop]))
            pos = stop
            continue
        if tag == 8:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.tokens.append(value)
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.DetokenizeRequest,
    encode=_encode_detokenize_request,
    decode=_decode_detokenize_request,
)


def _encode_detokenize_response(m: pb.DetokenizeResponse) -> bytes:
    if m.__class__ is not pb.DetokenizeResponse:
        wrong_class(m, pb.DetokenizeResponse)
    parts: list[bytes] = []
    value: Any
    if value := m.text:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_detokenize_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.DetokenizeResponse | None = None,
) -> pb.DetokenizeResponse:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.DetokenizeResponse)
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
            m.text = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.DetokenizeResponse,
    encode=_encode_detokenize_response,
    decode=_decode_detokenize_response,
)


def _encode_health_check_request(m: pb.HealthCheckRequest) -> bytes:
    if m.__class__ is not pb.HealthCheckRequest:
        wrong_class(m, pb.HealthCheckRequest)
    parts: list[bytes] = []
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
    if value := m.healthy:
        parts += b"\x08", BOOL[value]
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
                value, pos = read_uint64(data, pos - 1)
            m.healthy = value != 0
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


def _encode_get_model_info_request(m: pb.GetModelInfoRequest) -> bytes:
    if m.__class__ is not pb.GetModelInfoRequest:
        wrong_class(m, pb.GetModelInfoRequest)
    parts: list[bytes] = []
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_get_model_info_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.GetModelInfoRequest | None = None,
) -> pb.GetModelInfoRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.GetModelInfoRequest)
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
    pb.GetModelInfoRequest,
    encode=_encode_get_model_info_request,
    decode=_decode_get_model_info_request,
)


def _encode_get_model_info_response(m: pb.GetModelInfoResponse) -> bytes:
    if m.__class__ is not pb.GetModelInfoResponse:
        wrong_class(m, pb.GetModelInfoResponse)
    parts: list[bytes] = []
    value: Any
    if value := m.model_path:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if value := m.json_info:
        raw = value.encode()
        size = len(raw)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_get_model_info_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.GetModelInfoResponse | None = None,
) -> pb.GetModelInfoResponse:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.GetModelInfoResponse)
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
            m.model_path = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.json_info = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.GetModelInfoResponse,
    encode=_encode_get_model_info_response,
    decode=_decode_get_model_info_response,
)


def _encode_get_server_info_request(m: pb.GetServerInfoRequest) -> bytes:
    if m.__class__ is not pb.GetServerInfoRequest:
        wrong_class(m, pb.GetServerInfoRequest)
    parts: list[bytes] = []
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_get_server_info_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.GetServerInfoRequest | None = None,
) -> pb.GetServerInfoRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.GetServerInfoRequest)
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
    pb.GetServerInfoRequest,
    encode=_encode_get_server_info_request,
    decode=_decode_get_server_info_request,
)


def _encode_get_server_info_response(m: pb.GetServerInfoResponse) -> bytes:
    if m.__class__ is not pb.GetServerInfoResponse:
        wrong_class(m, pb.GetServerInfoResponse)
    parts: list[bytes] = []
    value: Any
    if value := m.json_info:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_get_server_info_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.GetServerInfoResponse | None = None,
) -> pb.GetServerInfoResponse:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.GetServerInfoResponse)
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
            m.json_info = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.GetServerInfoResponse,
    encode=_encode_get_server_info_response,
    decode=_decode_get_server_info_response,
)


def _encode_abort_request(m: pb.AbortRequest) -> bytes:
    if m.__class__ is not pb.AbortRequest:
        wrong_class(m, pb.AbortRequest)
    parts: list[bytes] = []
    value: Any
    if value := m.rid:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if value := m.abort_all:
        parts += b"\x10", BOOL[value]
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_abort_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.AbortRequest | None = None,
) -> pb.AbortRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.AbortRequest)
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
            m.rid = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 16:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.abort_all = value != 0
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.AbortRequest,
    encode=_encode_abort_request,
    decode=_decode_abort_request,
)


def _encode_abort_response(m: pb.AbortResponse) -> bytes:
    if m.__class__ is not pb.AbortResponse:
        wrong_class(m, pb.AbortResponse)
    parts: list[bytes] = []
    value: Any
    if value := m.success:
        parts += b"\x08", BOOL[value]
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_abort_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.AbortResponse | None = None,
) -> pb.AbortResponse:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.AbortResponse)
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
                value, pos = read_uint64(data, pos - 1)
            m.success = value != 0
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.AbortResponse,
    encode=_encode_abort_response,
    decode=_decode_abort_response,
)


def _encode_list_models_request(m: pb.ListModelsRequest) -> bytes:
    if m.__class__ is not pb.ListModelsRequest:
        wrong_class(m, pb.ListModelsRequest)
    parts: list[bytes] = []
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_list_models_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.ListModelsRequest | None = None,
) -> pb.ListModelsRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.ListModelsRequest)
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
    pb.ListModelsRequest,
    encode=_encode_list_models_request,
    decode=_decode_list_models_request,
)


def _encode_list_models_response(m: pb.ListModelsResponse) -> bytes:
    if m.__class__ is not pb.ListModelsResponse:
        wrong_class(m, pb.ListModelsResponse)
    parts: list[bytes] = []
    value: Any
    for value in m.models or ():
        raw = _encode_model_card(value)
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_list_models_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.ListModelsResponse | None = None,
) -> pb.ListModelsResponse:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.ListModelsResponse)
        m.models = []
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
            m.models.append(_decode_model_card(data, pos, stop, depth - 1))
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.ListModelsResponse,
    encode=_encode_list_models_response,
    decode=_decode_list_models_response,
)


def _encode_model_card(m: pb.ModelCard) -> bytes:
    if m.__class__ is not pb.ModelCard:
        wrong_class(m, pb.ModelCard)
    parts: list[bytes] = []
    value: Any
    if value := m.id:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if value := m.root:
        raw = value.encode()
        size = len(raw)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.parent) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x1a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.max_model_len) is not None:
        parts += b"\x20", BYTE[value] if 0 <= value < 128 else int32(value)
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_model_card(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.ModelCard | None = None,
) -> pb.ModelCard:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.ModelCard)
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
            m.id = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.root = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 26:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.parent = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 32:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.max_model_len = value
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.ModelCard,
    encode=_encode_model_card,
    decode=_decode_model_card,
)


def _encode_get_load_request(m: pb.GetLoadRequest) -> bytes:
    if m.__class__ is not pb.GetLoadRequest:
        wrong_class(m, pb.GetLoadRequest)
    parts: list[bytes] = []
    value: Any
    if (value := m.dp_rank) is not None:
        parts += b"\x08", BYTE[value] if 0 <= value < 128 else int32(value)
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_get_load_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.GetLoadRequest | None = None,
) -> pb.GetLoadRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.GetLoadRequest)
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
            m.dp_rank = value
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.GetLoadRequest,
    encode=_encode_get_load_request,
    decode=_decode_get_load_request,
)


def _encode_get_load_response(m: pb.GetLoadResponse) -> bytes:
    if m.__class__ is not pb.GetLoadResponse:
        wrong_class(m, pb.GetLoadResponse)
    parts: list[bytes] = []
    value: Any
    if value := m.json_info:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_get_load_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.GetLoadResponse | None = None,
) -> pb.GetLoadResponse:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.GetLoadResponse)
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
            m.json_info = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.GetLoadResponse,
    encode=_encode_get_load_response,
    decode=_decode_get_load_response,
)


def _encode_flush_cache_request(m: pb.FlushCacheRequest) -> bytes:
    if m.__class__ is not pb.FlushCacheRequest:
        wrong_class(m, pb.FlushCacheRequest)
    parts: list[bytes] = []
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_flush_cache_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.FlushCacheRequest | None = None,
) -> pb.FlushCacheRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.FlushCacheRequest)
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
    pb.FlushCacheRequest,
    encode=_encode_flush_cache_request,
    decode=_decode_flush_cache_request,
)


def _encode_flush_cache_response(m: pb.FlushCacheResponse) -> bytes:
    if m.__class__ is not pb.FlushCacheResponse:
        wrong_class(m, pb.FlushCacheResponse)
    parts: list[bytes] = []
    value: Any
    if value := m.success:
        parts += b"\x08", BOOL[value]
    if value := m.message:
        raw = value.encode()
        size = len(raw)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_flush_cache_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.FlushCacheResponse | None = None,
) -> pb.FlushCacheResponse:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.FlushCacheResponse)
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
                value, pos = read_uint64(data, pos - 1)
            m.success = value != 0
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.message = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.FlushCacheResponse,
    encode=_encode_flush_cache_response,
    decode=_decode_flush_cache_response,
)


def _encode_pause_generation_request(m: pb.PauseGenerationRequest) -> bytes:
    if m.__class__ is not pb.PauseGenerationRequest:
        wrong_class(m, pb.PauseGenerationRequest)
    parts: list[bytes] = []
    value: Any
    if value := m.mode:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_pause_generation_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.PauseGenerationRequest | None = None,
) -> pb.PauseGenerationRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.PauseGenerationRequest)
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
            m.mode = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.PauseGenerationRequest,
    encode=_encode_pause_generation_request,
    decode=_decode_pause_generation_request,
)


def _encode_pause_generation_response(m: pb.PauseGenerationResponse) -> bytes:
    if m.__class__ is not pb.PauseGenerationResponse:
        wrong_class(m, pb.PauseGenerationResponse)
    parts: list[bytes] = []
    value: Any
    if value := m.message:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_pause_generation_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.PauseGenerationResponse | None = None,
) -> pb.PauseGenerationResponse:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.PauseGenerationResponse)
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
            m.message = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.PauseGenerationResponse,
    encode=_encode_pause_generation_response,
    decode=_decode_pause_generation_response,
)


def _encode_continue_generation_request(m: pb.ContinueGenerationRequest) -> bytes:
    if m.__class__ is not pb.ContinueGenerationRequest:
        wrong_class(m, pb.ContinueGenerationRequest)
    parts: list[bytes] = []
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_continue_generation_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.ContinueGenerationRequest | None = None,
) -> pb.ContinueGenerationRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.ContinueGenerationRequest)
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
    pb.ContinueGenerationRequest,
    encode=_encode_continue_generation_request,
    decode=_decode_continue_generation_request,
)


def _encode_continue_generation_response(m: pb.ContinueGenerationResponse) -> bytes:
    if m.__class__ is not pb.ContinueGenerationResponse:
        wrong_class(m, pb.ContinueGenerationResponse)
    parts: list[bytes] = []
    value: Any
    if value := m.message:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_continue_generation_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.ContinueGenerationResponse | None = None,
) -> pb.ContinueGenerationResponse:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.ContinueGenerationResponse)
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
            m.message = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.ContinueGenerationResponse,
    encode=_encode_continue_generation_response,
    decode=_decode_continue_generation_response,
)


def _encode_openai_request(m: pb.OpenAIRequest) -> bytes:
    if m.__class__ is not pb.OpenAIRequest:
        wrong_class(m, pb.OpenAIRequest)
    parts: list[bytes] = []
    entries: Any
    key: Any
    value: Any
    if value := m.json_body:
        size = len(value)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), value
    if entries := m.trace_headers:
        for key, value in entries.items():
            raw = key.encode()
            size = len(raw)
            entry = b"\x0a" + (BYTE[size] if size < 128 else varint(size)) + raw
            raw = value.encode()
            size = len(raw)
            entry += b"\x12" + (BYTE[size] if size < 128 else varint(size)) + raw
            size = len(entry)
            parts += b"\x12", BYTE[size] if size < 128 else varint(size), entry
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_openai_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.OpenAIRequest | None = None,
) -> pb.OpenAIRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.OpenAIRequest)
        m.trace_headers = {}
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
            m.json_body = data[pos:stop]
            pos = stop
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            _add_string_string(m, m.trace_headers, tag, data, pos, stop, depth - 1)
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.OpenAIRequest,
    encode=_encode_openai_request,
    decode=_decode_openai_request,
)


def _encode_openai_stream_chunk(m: pb.OpenAIStreamChunk) -> bytes:
    if m.__class__ is not pb.OpenAIStreamChunk:
        wrong_class(m, pb.OpenAIStreamChunk)
    parts: list[bytes] = []
    value: Any
    if value := m.json_chunk:
        size = len(value)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), value
    if value := m.finished:
        parts += b"\x10", BOOL[value]
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_openai_stream_chunk(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.OpenAIStreamChunk | None = None,
) -> pb.OpenAIStreamChunk:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.OpenAIStreamChunk)
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
            m.json_chunk = data[pos:stop]
            pos = stop
            continue
        if tag == 16:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.finished = value != 0
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.OpenAIStreamChunk,
    encode=_encode_openai_stream_chunk,
    decode=_decode_openai_stream_chunk,
)


def _encode_openai_response(m: pb.OpenAIResponse) -> bytes:
    if m.__class__ is not pb.OpenAIResponse:
        wrong_class(m, pb.OpenAIResponse)
    parts: list[bytes] = []
    value: Any
    if value := m.json_body:
        size = len(value)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), value
    if value := m.status_code:
        parts += b"\x10", BYTE[value] if 0 <= value < 128 else int32(value)
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_openai_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.OpenAIResponse | None = None,
) -> pb.OpenAIResponse:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.OpenAIResponse)
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
            m.json_body = data[pos:stop]
            pos = stop
            continue
        if tag == 16:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.status_code = value
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.OpenAIResponse,
    encode=_encode_openai_response,
    decode=_decode_openai_response,
)


def _encode_start_profile_request(m: pb.StartProfileRequest) -> bytes:
    if m.__class__ is not pb.StartProfileRequest:
        wrong_class(m, pb.StartProfileRequest)
    parts: list[bytes] = []
    value: Any
    if (value := m.output_dir) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_start_profile_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.StartProfileRequest | None = None,
) -> pb.StartProfileRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.StartProfileRequest)
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
            m.output_dir = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.StartProfileRequest,
    encode=_encode_start_profile_request,
    decode=_decode_start_profile_request,
)


def _encode_start_profile_response(m: pb.StartProfileResponse) -> bytes:
    if m.__class__ is not pb.StartProfileResponse:
        wrong_class(m, pb.StartProfileResponse)
    parts: list[bytes] = []
    value: Any
    if value := m.message:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_start_profile_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.StartProfileResponse | None = None,
) -> pb.StartProfileResponse:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.StartProfileResponse)
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
            m.message = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.StartProfileResponse,
    encode=_encode_start_profile_response,
    decode=_decode_start_profile_response,
)


def _encode_stop_profile_request(m: pb.StopProfileRequest) -> bytes:
    if m.__class__ is not pb.StopProfileRequest:
        wrong_class(m, pb.StopProfileRequest)
    parts: list[bytes] = []
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_stop_profile_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.StopProfileRequest | None = None,
) -> pb.StopProfileRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.StopProfileRequest)
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
    pb.StopProfileRequest,
    encode=_encode_stop_profile_request,
    decode=_decode_stop_profile_request,
)


def _encode_stop_profile_response(m: pb.StopProfileResponse) -> bytes:
    if m.__class__ is not pb.StopProfileResponse:
        wrong_class(m, pb.StopProfileResponse)
    parts: list[bytes] = []
    value: Any
    if value := m.message:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_stop_profile_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.StopProfileResponse | None = None,
) -> pb.StopProfileResponse:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.StopProfileResponse)
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
            m.message = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.StopProfileResponse,
    encode=_encode_stop_profile_response,
    decode=_decode_stop_profile_response,
)


def _encode_update_weights_request(m: pb.UpdateWeightsRequest) -> bytes:
    if m.__class__ is not pb.UpdateWeightsRequest:
        wrong_class(m, pb.UpdateWeightsRequest)
    parts: list[bytes] = []
    value: Any
    if value := m.model_path:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.load_format) is not None:
        raw = value.encode()
        size = len(raw)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_update_weights_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.UpdateWeightsRequest | None = None,
) -> pb.UpdateWeightsRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.UpdateWeightsRequest)
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
            m.model_path = data[pos:stop].decode()
            pos = stop
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.load_format = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.UpdateWeightsRequest,
    encode=_encode_update_weights_request,
    decode=_decode_update_weights_request,
)


def _encode_update_weights_response(m: pb.UpdateWeightsResponse) -> bytes:
    if m.__class__ is not pb.UpdateWeightsResponse:
        wrong_class(m, pb.UpdateWeightsResponse)
    parts: list[bytes] = []
    value: Any
    if value := m.success:
        parts += b"\x08", BOOL[value]
    if value := m.message:
        raw = value.encode()
        size = len(raw)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_update_weights_response(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.UpdateWeightsResponse | None = None,
) -> pb.UpdateWeightsResponse:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.UpdateWeightsResponse)
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
                value, pos = read_uint64(data, pos - 1)
            m.success = value != 0
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.message = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.UpdateWeightsResponse,
    encode=_encode_update_weights_response,
    decode=_decode_update_weights_response,
)


def _encode_watch_engine_state_request(m: pb.WatchEngineStateRequest) -> bytes:
    if m.__class__ is not pb.WatchEngineStateRequest:
        wrong_class(m, pb.WatchEngineStateRequest)
    parts: list[bytes] = []
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_watch_engine_state_request(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.WatchEngineStateRequest | None = None,
) -> pb.WatchEngineStateRequest:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.WatchEngineStateRequest)
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
    pb.WatchEngineStateRequest,
    encode=_encode_watch_engine_state_request,
    decode=_decode_watch_engine_state_request,
)


def _encode_engine_state_snapshot(m: pb.EngineStateSnapshot) -> bytes:
    if m.__class__ is not pb.EngineStateSnapshot:
        wrong_class(m, pb.EngineStateSnapshot)
    parts: list[bytes] = []
    value: Any
    if value := m.instance_id:
        parts += b"\x08", BYTE[value] if 0 <= value < 128 else uint64(value)
    if value := m.revision:
        parts += b"\x10", BYTE[value] if 0 <= value < 128 else uint64(value)
    if value := m.healthy:
        parts += b"\x18", BOOL[value]
    if value := m.server_status:
        parts += b"\x20", BYTE[value] if 0 <= value < 128 else int32(value)
    if value := m.is_pause:
        parts += b"\x28", BOOL[value]
    if (value := m.model_info) is not None:
        raw = _encode_get_model_info_response(value)
        size = len(raw)
        parts += b"\x32", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.server_info) is not None:
        raw = _encode_get_server_info_response(value)
        size = len(raw)
        parts += b"\x3a", BYTE[size] if size < 128 else varint(size), raw
    if (value := m.models) is not None:
        raw = _encode_list_models_response(value)
        size = len(raw)
        parts += b"\x42", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_engine_state_snapshot(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.EngineStateSnapshot | None = None,
) -> pb.EngineStateSnapshot:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.EngineStateSnapshot)
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
                value, pos = read_uint64(data, pos - 1)
            m.instance_id = value
            continue
        if tag == 16:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.revision = value
            continue
        if tag == 24:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.healthy = value != 0
            continue
        if tag == 32:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.server_status = SERVER_STATUS_OF[value]
            continue
        if tag == 40:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_uint64(data, pos - 1)
            m.is_pause = value != 0
            continue
        if tag == 50:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.model_info = _decode_get_model_info_response(data, pos, stop, depth - 1, m.model_info)
            pos = stop
            continue
        if tag == 58:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.server_info = _decode_get_server_info_response(data, pos, stop, depth - 1, m.server_info)
            pos = stop
            continue
        if tag == 66:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.models = _decode_list_models_response(data, pos, stop, depth - 1, m.models)
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.EngineStateSnapshot,
    encode=_encode_engine_state_snapshot,
    decode=_decode_engine_state_snapshot,
)
