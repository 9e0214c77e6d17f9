# Generated from google/protobuf/empty.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/protobuf/empty.proto."""

from __future__ import annotations

from tokenwire.codec.binding import keep_unknown, new, register, wrong_class
from tokenwire.codec.wire import read_tag, too_deep, truncated

from . import empty_pb as pb


def _encode_empty(m: pb.Empty) -> bytes:
    if m.__class__ is not pb.Empty:
        wrong_class(m, pb.Empty)
    parts: list[bytes] = []
    if m._unknown_fields:
        parts.append(m._unknown_fields)
    return b"".join(parts)


def _decode_empty(
    data: bytes,
    pos: int,
    end: int,
    depth: int,
    m: pb.Empty | None = None,
) -> pb.Empty:
    if depth < 0:
        raise too_deep()
    if m is None:
        m = new(pb.Empty)
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
    pb.Empty,
    encode=_encode_empty,
    decode=_decode_empty,
)
