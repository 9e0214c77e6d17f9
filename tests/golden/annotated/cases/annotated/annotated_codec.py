# Generated from cases/annotated/annotated.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of cases/annotated/annotated.proto."""

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
from tokenwire.codec.long_varints import (
    long_int32,
    long_size,
    long_tag,
    long_uint32,
    long_uint64,
)
from tokenwire.codec.packed import pack_int32, unpack_int32
from tokenwire.codec.wire import (
    BOOL,
    MAX_DEPTH,
    SIZED_1,
    SIZED_2,
    UNREADABLE,
    UNWRITABLE,
    VARINTS,
    int32,
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


def _encode_prompt(m: pb.Prompt, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Prompt:
        wrong_class(m, pb.Prompt)
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


def _decode_prompt(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Prompt | None = None,
) -> pb.Prompt:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Prompt)
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
        raise decode_error(pb.Prompt, data, error) from error


register(
    pb.Prompt,
    encode=_encode_prompt,
    decode=_decode_prompt,
)


def _encode_part(m: pb.Part, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Part:
        wrong_class(m, pb.Part)
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
        if value := m.audio:
            size = len(value)
            parts += b"\x12", VARINTS[size] if size < 2048 else varint(size), value
        if values := m.ids:
            raw = pack_int32(values)
            size = len(raw)
            parts += b"\x1a", VARINTS[size] if size < 2048 else varint(size), raw
        if values := m.words:
            for value in values:
                raw = _encode_part_word(value, True)
                size = len(raw)
                parts += b"\x22", VARINTS[size] if size < 2048 else varint(size), raw
        if entries := m.facts:
            for key, value in entries.items():
                key, value = key.encode(), value.encode()
                size, more = len(key), len(value)
                if size + more < 124:
                    parts += b"\x2a", VARINTS[size + more + 4], SIZED_1[size], key, SIZED_2[more], value
                else:
                    parts += b"\x2a", long_entry(key, value)
        if value := m.voice:
            parts += b"\x30", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if value := m.total:
            parts += b"\x38", VARINTS[value] if 0 <= value < 2048 else int32(value)
        if m._unknown_fields:
            parts.append(m._unknown_fields)
        return b"".join(parts)
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_part(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Part | None = None,
) -> pb.Part:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
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
                m.audio = data[pos:stop]
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.ids += unpack_int32(data[pos:stop])
                pos = stop
                continue
            if tag == 24:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.ids.append(value)
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.words.append(_decode_part_word(data, pos, stop, depth - 1))
                pos = stop
                continue
            if tag == 42:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                _add_string_string(m, m.facts, tag, data, pos, stop, depth - 1)
                pos = stop
                continue
            if tag == 48:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.voice = value
                continue
            if tag == 56:
                value = data[pos]
                pos += 1
                if value > 127:
                    value, pos = long_int32(data, pos, value)
                m.total = value
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Part, data, error) from error


register(
    pb.Part,
    encode=_encode_part,
    decode=_decode_part,
)


def _encode_part_word(m: pb.PartWord, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.PartWord:
        wrong_class(m, pb.PartWord)
    out = b""
    value: Any
    try:
        if value := m.text:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.at:
            out += b"\x10" + (VARINTS[value] if 0 <= value < 2048 else int32(value))
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_part_word(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.PartWord | None = None,
) -> pb.PartWord:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.PartWord)
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
                    value, pos = long_int32(data, pos, value)
                m.at = value
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.PartWord, data, error) from error


register(
    pb.PartWord,
    encode=_encode_part_word,
    decode=_decode_part_word,
)


def _encode_raw_call(m: pb.RawCall, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.RawCall:
        wrong_class(m, pb.RawCall)
    out = b""
    entries: Any
    key: Any
    value: Any
    try:
        if entries := m.headers:
            parts = [out]
            for key, value in entries.items():
                key, value = key.encode(), value.encode()
                size, more = len(key), len(value)
                if size + more < 124:
                    parts += SIZED_1[size + more + 4], SIZED_1[size], key, SIZED_2[more], value
                else:
                    parts += b"\x0a", long_entry(key, value)
            out = b"".join(parts)
        if value := m.payload:
            size = len(value)
            out += SIZED_2[size] + value if size < 512 else b"\x12" + varint(size) + value
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_raw_call(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.RawCall | None = None,
) -> pb.RawCall:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.RawCall)
            m.headers = {}
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
                _add_string_string(m, m.headers, tag, data, pos, stop, depth - 1)
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.payload = data[pos:stop]
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.RawCall, data, error) from error


register(
    pb.RawCall,
    encode=_encode_raw_call,
    decode=_decode_raw_call,
)


def _encode_raw_answer(m: pb.RawAnswer, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.RawAnswer:
        wrong_class(m, pb.RawAnswer)
    out = b""
    value: Any
    try:
        if value := m.status:
            out = b"\x08" + (VARINTS[value] if 0 <= value < 2048 else uint32(value))
        if value := m.payload:
            size = len(value)
            out += SIZED_2[size] + value if size < 512 else b"\x12" + varint(size) + value
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_raw_answer(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.RawAnswer | None = None,
) -> pb.RawAnswer:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.RawAnswer)
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
                    value, pos = long_uint32(data, pos, value)
                m.status = value
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.payload = data[pos:stop]
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.RawAnswer, data, error) from error


register(
    pb.RawAnswer,
    encode=_encode_raw_answer,
    decode=_decode_raw_answer,
)


def _encode_raw_event(m: pb.RawEvent, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.RawEvent:
        wrong_class(m, pb.RawEvent)
    out = b""
    value: Any
    try:
        if value := m.last:
            out = b"\x08" + BOOL[value]
        if value := m.event:
            size = len(value)
            out += SIZED_2[size] + value if size < 512 else b"\x12" + varint(size) + value
        if m._unknown_fields:
            out += m._unknown_fields
        return out
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_raw_event(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.RawEvent | None = None,
) -> pb.RawEvent:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.RawEvent)
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
                m.last = value != 0
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.event = data[pos:stop]
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.RawEvent, data, error) from error


register(
    pb.RawEvent,
    encode=_encode_raw_event,
    decode=_decode_raw_event,
)
