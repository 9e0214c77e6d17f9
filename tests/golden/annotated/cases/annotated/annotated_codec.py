# Generated from cases/annotated/annotated.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of cases/annotated/annotated.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.codec.binding import keep_entry, keep_unknown, new, register, wrong_class
from tokenwire.codec.packed import pack_int32, unpack_int32
from tokenwire.codec.wire import (
    BOOL,
    BYTE,
    int32,
    read_int32,
    read_size,
    read_tag,
    read_uint32,
    read_uint64,
    skip,
    too_deep,
    truncated,
    uint32,
    varint,
)

from . import annotated_pb as pb

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


def _encode_prompt(m: pb.Prompt) -> bytes:
    if m.__class__ is not pb.Prompt:
        wrong_class(m, pb.Prompt)
    parts: list[bytes] = []
    value: Any
    if value := m.text:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_prompt(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.Prompt | None = None,
) -> pb.Prompt:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.Prompt)
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
    pb.Prompt,
    encode=_encode_prompt,
    decode=_decode_prompt,
)


def _encode_part(m: pb.Part) -> bytes:
    if m.__class__ is not pb.Part:
        wrong_class(m, pb.Part)
    parts: list[bytes] = []
    entries: Any
    key: Any
    values: Any
    value: Any
    if value := m.text:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if value := m.audio:
        size = len(value)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), value
    if values := m.ids:
        raw = pack_int32(values)
        size = len(raw)
        parts += b"\x1a", BYTE[size] if size < 128 else varint(size), raw
    for value in m.words or ():
        raw = _encode_part_word(value)
        size = len(raw)
        parts += b"\x22", BYTE[size] if size < 128 else varint(size), raw
    if entries := m.facts:
        for key, value in entries.items():
            raw = key.encode()
            size = len(raw)
            entry = b"\x0a" + (BYTE[size] if size < 128 else varint(size)) + raw
            raw = value.encode()
            size = len(raw)
            entry += b"\x12" + (BYTE[size] if size < 128 else varint(size)) + raw
            size = len(entry)
            parts += b"\x2a", BYTE[size] if size < 128 else varint(size), entry
    if value := m.voice:
        parts += b"\x30", BYTE[value] if 0 <= value < 128 else int32(value)
    if value := m.total:
        parts += b"\x38", BYTE[value] if 0 <= value < 128 else int32(value)
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_part(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.Part | None = None,
) -> pb.Part:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.Part)
        m.ids = []
        m.words = []
        m.facts = {}
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
            m.audio = data[pos:stop]
            pos = stop
            continue
        if tag == 26:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.ids.extend(unpack_int32(data[pos:stop]))
            pos = stop
            continue
        if tag == 24:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.ids.append(value)
            continue
        if tag == 34:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.words.append(_decode_part_word(data, pos, stop, depth - 1))
            pos = stop
            continue
        if tag == 42:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            _add_string_string(m, m.facts, tag, data, pos, stop, depth - 1)
            pos = stop
            continue
        if tag == 48:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.voice = value
            continue
        if tag == 56:
            value = data[pos]
            pos += 1
            if value > 127:
                value, pos = read_int32(data, pos - 1)
            m.total = value
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.Part,
    encode=_encode_part,
    decode=_decode_part,
)


def _encode_part_word(m: pb.PartWord) -> bytes:
    if m.__class__ is not pb.PartWord:
        wrong_class(m, pb.PartWord)
    parts: list[bytes] = []
    value: Any
    if value := m.text:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if value := m.at:
        parts += b"\x10", BYTE[value] if 0 <= value < 128 else int32(value)
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_part_word(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.PartWord | None = None,
) -> pb.PartWord:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.PartWord)
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
                value, pos = read_int32(data, pos - 1)
            m.at = value
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.PartWord,
    encode=_encode_part_word,
    decode=_decode_part_word,
)


def _encode_raw_call(m: pb.RawCall) -> bytes:
    if m.__class__ is not pb.RawCall:
        wrong_class(m, pb.RawCall)
    parts: list[bytes] = []
    entries: Any
    key: Any
    value: Any
    if entries := m.headers:
        for key, value in entries.items():
            raw = key.encode()
            size = len(raw)
            entry = b"\x0a" + (BYTE[size] if size < 128 else varint(size)) + raw
            raw = value.encode()
            size = len(raw)
            entry += b"\x12" + (BYTE[size] if size < 128 else varint(size)) + raw
            size = len(entry)
            parts += b"\x0a", BYTE[size] if size < 128 else varint(size), entry
    if value := m.payload:
        size = len(value)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), value
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_raw_call(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.RawCall | None = None,
) -> pb.RawCall:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.RawCall)
        m.headers = {}
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
            _add_string_string(m, m.headers, tag, data, pos, stop, depth - 1)
            pos = stop
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.payload = data[pos:stop]
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.RawCall,
    encode=_encode_raw_call,
    decode=_decode_raw_call,
)


def _encode_raw_answer(m: pb.RawAnswer) -> bytes:
    if m.__class__ is not pb.RawAnswer:
        wrong_class(m, pb.RawAnswer)
    parts: list[bytes] = []
    value: Any
    if value := m.status:
        parts += b"\x08", BYTE[value] if 0 <= value < 128 else uint32(value)
    if value := m.payload:
        size = len(value)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), value
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_raw_answer(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.RawAnswer | None = None,
) -> pb.RawAnswer:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.RawAnswer)
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
                value, pos = read_uint32(data, pos - 1)
            m.status = value
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.payload = data[pos:stop]
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.RawAnswer,
    encode=_encode_raw_answer,
    decode=_decode_raw_answer,
)


def _encode_raw_event(m: pb.RawEvent) -> bytes:
    if m.__class__ is not pb.RawEvent:
        wrong_class(m, pb.RawEvent)
    parts: list[bytes] = []
    value: Any
    if value := m.last:
        parts += b"\x08", BOOL[value]
    if value := m.event:
        size = len(value)
        parts += b"\x12", BYTE[size] if size < 128 else varint(size), value
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_raw_event(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.RawEvent | None = None,
) -> pb.RawEvent:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.RawEvent)
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
            m.last = value != 0
            continue
        if tag == 18:
            size = data[pos]
            pos += 1
            if size > 127:
                size, pos = read_size(data, pos - 1)
            stop = pos + size
            m.event = data[pos:stop]
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.RawEvent,
    encode=_encode_raw_event,
    decode=_decode_raw_event,
)
