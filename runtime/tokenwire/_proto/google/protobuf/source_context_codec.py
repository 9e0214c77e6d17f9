# Generated from google/protobuf/source_context.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/protobuf/source_context.proto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.codec.binding import keep_unknown, new, register, wrong_class
from tokenwire.codec.wire import BYTE, read_size, read_tag, too_deep, truncated, varint

from . import source_context_pb as pb

if TYPE_CHECKING:
    from typing import Any


def _encode_source_context(m: pb.SourceContext) -> bytes:
    if m.__class__ is not pb.SourceContext:
        wrong_class(m, pb.SourceContext)
    parts: list[bytes] = []
    value: Any
    if value := m.file_name:
        raw = value.encode()
        size = len(raw)
        parts += b"\x0a", BYTE[size] if size < 128 else varint(size), raw
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_source_context(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.SourceContext | None = None,
) -> pb.SourceContext:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.SourceContext)
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
            m.file_name = data[pos:stop].decode()
            pos = stop
            continue
        pos = keep_unknown(m, data, start, pos, tag, depth)
    if pos > end:
        raise truncated()
    return m


register(
    pb.SourceContext,
    encode=_encode_source_context,
    decode=_decode_source_context,
)
