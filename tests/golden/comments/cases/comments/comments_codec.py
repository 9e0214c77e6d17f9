# Generated from cases/comments/comments.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of cases/comments/comments.proto."""

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
from tokenwire.codec.long_varints import long_size, long_tag
from tokenwire.codec.wire import (
    MAX_DEPTH,
    SIZED_1,
    SIZED_2,
    SIZED_3,
    SIZED_4,
    UNREADABLE,
    UNWRITABLE,
    VARINTS,
    too_deep,
    truncated,
    varint,
)

from . import comments_pb as pb

if TYPE_CHECKING:
    from typing import Any


def _encode_one_line(m: pb.OneLine, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.OneLine:
        wrong_class(m, pb.OneLine)
    out = b""
    value: Any
    try:
        if value := m.field:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.trailing:
            raw = value.encode()
            size = len(raw)
            out += SIZED_2[size] + raw if size < 512 else b"\x12" + varint(size) + raw
        if value := m.both:
            raw = value.encode()
            size = len(raw)
            out += SIZED_3[size] + raw if size < 512 else b"\x1a" + varint(size) + raw
        if value := m.none:
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


def _decode_one_line(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.OneLine | None = None,
) -> pb.OneLine:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.OneLine)
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
                m.trailing = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.both = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.none = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.OneLine, data, error) from error


register(
    pb.OneLine,
    encode=_encode_one_line,
    decode=_decode_one_line,
)


def _encode_double_quotes(m: pb.DoubleQuotes, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.DoubleQuotes:
        wrong_class(m, pb.DoubleQuotes)
    parts: list[bytes] = []
    value: Any
    try:
        if value := m.ends:
            raw = value.encode()
            size = len(raw)
            parts += b"\x0a", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.only_two:
            raw = value.encode()
            size = len(raw)
            parts += b"\x12", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.only_three:
            raw = value.encode()
            size = len(raw)
            parts += b"\x1a", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.ends_with_four:
            raw = value.encode()
            size = len(raw)
            parts += b"\x22", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.within:
            raw = value.encode()
            size = len(raw)
            parts += b"\x2a", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.one:
            raw = value.encode()
            size = len(raw)
            parts += b"\x32", VARINTS[size] if size < 2048 else varint(size), raw
        if m._unknown_fields:
            parts.append(m._unknown_fields)
        return b"".join(parts)
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_double_quotes(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.DoubleQuotes | None = None,
) -> pb.DoubleQuotes:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.DoubleQuotes)
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
                m.ends = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.only_two = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.only_three = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.ends_with_four = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 42:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.within = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 50:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.one = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.DoubleQuotes, data, error) from error


register(
    pb.DoubleQuotes,
    encode=_encode_double_quotes,
    decode=_decode_double_quotes,
)


def _encode_backslashes(m: pb.Backslashes, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Backslashes:
        wrong_class(m, pb.Backslashes)
    parts: list[bytes] = []
    value: Any
    try:
        if value := m.ends:
            raw = value.encode()
            size = len(raw)
            parts += b"\x0a", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.ends_with_two:
            raw = value.encode()
            size = len(raw)
            parts += b"\x12", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.and_quote:
            raw = value.encode()
            size = len(raw)
            parts += b"\x1a", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.and_quotes:
            raw = value.encode()
            size = len(raw)
            parts += b"\x22", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.only:
            raw = value.encode()
            size = len(raw)
            parts += b"\x2a", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.at_line_end:
            raw = value.encode()
            size = len(raw)
            parts += b"\x32", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.regular_expression:
            raw = value.encode()
            size = len(raw)
            parts += b"\x3a", VARINTS[size] if size < 2048 else varint(size), raw
        if m._unknown_fields:
            parts.append(m._unknown_fields)
        return b"".join(parts)
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_backslashes(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Backslashes | None = None,
) -> pb.Backslashes:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Backslashes)
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
                m.ends = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.ends_with_two = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.and_quote = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.and_quotes = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 42:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.only = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 50:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.at_line_end = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 58:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.regular_expression = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Backslashes, data, error) from error


register(
    pb.Backslashes,
    encode=_encode_backslashes,
    decode=_decode_backslashes,
)


def _encode_non_ascii(m: pb.NonAscii, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.NonAscii:
        wrong_class(m, pb.NonAscii)
    out = b""
    value: Any
    try:
        if value := m.field:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.invisible:
            raw = value.encode()
            size = len(raw)
            out += SIZED_2[size] + raw if size < 512 else b"\x12" + varint(size) + raw
        if value := m.separators:
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


def _decode_non_ascii(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.NonAscii | None = None,
) -> pb.NonAscii:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.NonAscii)
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
                m.invisible = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.separators = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.NonAscii, data, error) from error


register(
    pb.NonAscii,
    encode=_encode_non_ascii,
    decode=_decode_non_ascii,
)


def _encode_templates(m: pb.Templates, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Templates:
        wrong_class(m, pb.Templates)
    out = b""
    value: Any
    try:
        if value := m.field:
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


def _decode_templates(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Templates | None = None,
) -> pb.Templates:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Templates)
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
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Templates, data, error) from error


register(
    pb.Templates,
    encode=_encode_templates,
    decode=_decode_templates,
)


def _encode_markup(m: pb.Markup, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Markup:
        wrong_class(m, pb.Markup)
    out = b""
    value: Any
    try:
        if value := m.sections:
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if value := m.doctest:
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


def _decode_markup(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Markup | None = None,
) -> pb.Markup:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Markup)
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
                m.sections = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.doctest = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Markup, data, error) from error


register(
    pb.Markup,
    encode=_encode_markup,
    decode=_decode_markup,
)


def _encode_long_lines(m: pb.LongLines, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.LongLines:
        wrong_class(m, pb.LongLines)
    out = b""
    value: Any
    try:
        if value := m.field:
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


def _decode_long_lines(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.LongLines | None = None,
) -> pb.LongLines:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.LongLines)
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
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.LongLines, data, error) from error


register(
    pb.LongLines,
    encode=_encode_long_lines,
    decode=_decode_long_lines,
)


def _encode_blocks(m: pb.Blocks, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Blocks:
        wrong_class(m, pb.Blocks)
    parts: list[bytes] = []
    value: Any
    try:
        if value := m.one_line:
            raw = value.encode()
            size = len(raw)
            parts += b"\x0a", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.stars:
            raw = value.encode()
            size = len(raw)
            parts += b"\x12", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.two_stars:
            raw = value.encode()
            size = len(raw)
            parts += b"\x1a", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.uneven:
            raw = value.encode()
            size = len(raw)
            parts += b"\x22", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.empty:
            raw = value.encode()
            size = len(raw)
            parts += b"\x2a", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.empty_line:
            raw = value.encode()
            size = len(raw)
            parts += b"\x32", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.no_space:
            raw = value.encode()
            size = len(raw)
            parts += b"\x3a", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.tab:
            raw = value.encode()
            size = len(raw)
            parts += b"\x42", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.three_slashes:
            raw = value.encode()
            size = len(raw)
            parts += b"\x4a", VARINTS[size] if size < 2048 else varint(size), raw
        if value := m.trailing_spaces:
            raw = value.encode()
            size = len(raw)
            parts += b"\x52", VARINTS[size] if size < 2048 else varint(size), raw
        if m._unknown_fields:
            parts.append(m._unknown_fields)
        return b"".join(parts)
    except UNWRITABLE as error:
        if nested:
            raise
        raise encode_error(m, error) from error


def _decode_blocks(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Blocks | None = None,
) -> pb.Blocks:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.Blocks)
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
                m.one_line = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.stars = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 26:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.two_stars = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 34:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.uneven = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 42:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.empty = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 50:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.empty_line = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 58:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.no_space = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 66:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.tab = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 74:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.three_slashes = data[pos:stop].decode()
                pos = stop
                continue
            if tag == 82:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.trailing_spaces = data[pos:stop].decode()
                pos = stop
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.Blocks, data, error) from error


register(
    pb.Blocks,
    encode=_encode_blocks,
    decode=_decode_blocks,
)


def _encode_commented_oneof(m: pb.CommentedOneof, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.CommentedOneof:
        wrong_class(m, pb.CommentedOneof)
    out = b""
    value: Any
    try:
        oneof_1 = ""
        if (value := m.this) is not None:
            oneof_1 = "this"
            raw = value.encode()
            size = len(raw)
            out = SIZED_1[size] + raw if size < 512 else b"\x0a" + varint(size) + raw
        if (value := m.that) is not None:
            if oneof_1:
                raise two_members("choice", oneof_1, "that")
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


def _decode_commented_oneof(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.CommentedOneof | None = None,
) -> pb.CommentedOneof:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = new(pb.CommentedOneof)
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
                m.this = data[pos:stop].decode()
                pos = stop
                m.that = None
                continue
            if tag == 18:
                size = data[pos]
                pos += 1
                if size > 127:
                    size, pos = long_size(data, pos, size)
                stop = pos + size
                m.that = data[pos:stop].decode()
                pos = stop
                m.this = None
                continue
            pos = keep_unknown(m, data, start, pos, tag, depth)
        if pos > end:
            raise truncated()
        return m
    except UNREADABLE as error:
        if depth < MAX_DEPTH:
            raise
        raise decode_error(pb.CommentedOneof, data, error) from error


register(
    pb.CommentedOneof,
    encode=_encode_commented_oneof,
    decode=_decode_commented_oneof,
)
