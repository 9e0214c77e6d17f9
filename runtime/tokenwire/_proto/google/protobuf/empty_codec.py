# Generated from google/protobuf/empty.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Codecs of the messages of google/protobuf/empty.proto."""

from __future__ import annotations

from tokenwire.codec.binding import decode_error, keep_unknown, register, wrong_class
from tokenwire.codec.long_varints import long_tag
from tokenwire.codec.wire import MAX_DEPTH, UNREADABLE, too_deep, truncated

from . import empty_pb as pb


def _encode_empty(m: pb.Empty, nested: bool = False) -> bytes:
    if nested and m.__class__ is not pb.Empty:
        wrong_class(m, pb.Empty)
    return bytes(m._unknown_fields) if m._unknown_fields else b""


def _decode_empty(
    data: bytes,
    pos: int = 0,
    end: int = -1,
    depth: int = MAX_DEPTH,
    m: pb.Empty | None = None,
) -> pb.Empty:
    try:
        if end < 0:
            if type(data) is not bytes:
                data = memoryview(data).tobytes()
            end = len(data)
        elif depth < 0:
            raise too_deep()
        if m is None:
            m = pb.Empty()
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
        raise decode_error(pb.Empty, data, error) from error


register(
    pb.Empty,
    encode=_encode_empty,
    decode=_decode_empty,
)
