"""Targets without a connection: whatever bytes come, a decoder answers or says `DecodeError`, `RpcError`."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import tokenwire_gen.sglang.runtime.v1  # noqa: F401 - its messages are among those fuzzed
from tokenwire._proto.google.rpc import error_details_pb  # noqa: F401
from tokenwire._proto.grpc.health.v1 import health_pb  # noqa: F401
from tokenwire._proto.grpc.reflection.v1 import reflection_pb  # noqa: F401
from tokenwire._proto.grpc.reflection.v1alpha import reflection_pb as reflection_alpha_pb  # noqa: F401
from tokenwire.details import unpack_details
from tokenwire.errors import DecodeError, RpcError
from tokenwire.grpc.field_rules import announced_length, request_fault, trailers_fault
from tokenwire.grpc.framing import MessageReader
from tokenwire.grpc.headers import decode_message, decode_metadata, encode_message
from tokenwire.grpc.hpack_cache import literal_block
from tokenwire.gunzip import NotGzipError, TooMuchError, expand
from tokenwire.http.json_body import parse_json
from tokenwire.http.path import PathTemplate
from tokenwire.message import Message
from tokenwire.timeouts import decode_timeout, encode_timeout

from .choices import Choices

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["framing", "gzip_messages", "headers", "json_bodies", "json_messages", "messages"]

_ROUNDING = 2**-50
"""What a product of floats may be off, of itself."""


def _kinds(base: type[Message] = Message) -> Iterator[type[Message]]:
    for kind in base.__subclasses__():
        if kind._tw_name:
            yield kind
        yield from _kinds(kind)


KINDS = sorted(set(_kinds()), key=lambda kind: kind._tw_name)


def messages(data: bytes) -> None:
    """Every message: what can be decoded is encoded and decoded again to the same."""
    choices = Choices(data)
    kind = choices.pick(KINDS)
    try:
        message = kind.parse(choices.rest())
    except DecodeError:
        return
    body = bytes(message)
    assert bytes(kind.parse(body)) == body, kind


def json_messages(data: bytes) -> None:
    """Every message from JSON: what can be read is written and read again to the same."""
    choices = Choices(data)
    kind = choices.pick(KINDS)
    try:
        value = json.loads(choices.rest())
    except (ValueError, RecursionError):
        return
    try:
        message = kind.from_dict(value)
    except DecodeError:
        return
    assert bytes(kind.from_dict(message.to_dict())) == bytes(message), kind


def framing(data: bytes) -> None:
    """Length-prefixed messages, cut anywhere: the same messages or the same error, whatever the cuts."""
    choices = Choices(data)
    cuts = [choices.number(40) for _ in range(choices.number(8))]
    stream = choices.rest()
    whole = _read(stream, [])
    assert _read(stream, cuts) == whole


def _read(stream: bytes, cuts: list[int]) -> tuple[list[bytes], str]:
    reader, found, at = MessageReader(1000), list[bytes](), 0
    try:
        for size in [*cuts, len(stream)]:
            found += reader.feed(stream[at : at + size])
            at += size
    except RpcError as error:
        return [], error.code.name  # the call ends with it, whatever came before
    return found, "partial" if reader.partial else ""


def gzip_messages(data: bytes) -> None:
    """Compressed messages: what the standard library says of them, or an error; never more than the limit."""
    choices = Choices(data)
    packed = gzip.compress(choices.some(2000) * choices.number(9)) if choices.number(3) else b""
    packed = packed[: len(packed) - choices.number(9)] + choices.rest()
    try:
        expanded = expand(packed, 5000)
    except (NotGzipError, TooMuchError):
        return
    assert len(expanded) <= 5000
    assert gzip.decompress(packed) == expanded


def headers(data: bytes) -> None:
    """Metadata, timeouts, statuses and paths from text of any kind."""
    choices = Choices(data)
    fields: list[tuple[str, str]] = []
    while choices.more and len(fields) < 20:
        name = choices.pick(["x-a", "x-b-bin", "grpc-timeout", ":path", "te", ""])
        fields.append((name or choices.some(20).decode("latin-1"), choices.some(60).decode("latin-1")))
    request_fault(fields)
    trailers_fault(fields)
    with suppress(ValueError):
        announced_length(fields)
    with suppress(ValueError):
        decode_metadata(fields)
    literal_block(fields)
    for _, value in fields:
        text = decode_message(value)
        assert decode_message(encode_message(text)) == text
        unpack_details(value.encode("latin-1"))
        with suppress(ValueError):
            seconds = decode_timeout(value)
            assert decode_timeout(encode_timeout(seconds)) <= seconds * (1 + _ROUNDING)
        PathTemplate.parse("/v1/{model=**}").match(value)


def json_bodies(data: bytes) -> None:
    """Bodies of HTTP requests: what is taken is what the standard library reads."""
    try:
        value: Any = parse_json(data)
    except RpcError:
        return
    assert json.loads(data) == value or value != value
