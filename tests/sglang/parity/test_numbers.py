"""SGLang's server knows every field of our requests, by number and type.

Each field is sent with a wire type that it cannot have; the server's complaint names the field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import grpc
import pytest
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SGLANG_SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenwire import Message, Method
    from tokenwire.fields import Field

    from .pairs import Pairs

VARINT: Final = b"\x01"
FIXED32: Final = b"\0\0\0\0"
NOTHING: Final = b"\0"
WRONG: Final = {"map": (0, VARINT), "repeated": (5, FIXED32)}
"""A wire type and a value of it that a field of this label does not take."""


def fields(message: type[Message], outer: tuple[Field, ...] = ()) -> Iterator[tuple[Field, ...]]:
    """Every field of a message, and of messages in it, each with the fields that lead to it."""
    for field in message._tw_table().fields:
        yield (*outer, field)
        if field.kind == "message" and field.label != "map":
            yield from fields(field.type, (*outer, field))


def wrong(path: tuple[Field, ...]) -> bytes:
    """A message whose field at `path` has a wire type that cannot be."""
    *outer, field = path
    integer = field.kind in {"int32", "int64", "uint32", "bool"}
    wire_type, value = WRONG.get(field.label) or ((2, NOTHING) if integer else (0, VARINT))
    data = varint(field.number << 3 | wire_type) + value
    for message in reversed(outer):
        data = varint(message.number << 3 | 2) + varint(len(data)) + data
    return data


def varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


@pytest.mark.parametrize("method", SGLANG_SERVICE.methods, ids=lambda method: method.name)
def test_numbers(method: Method[Any, Any], pairs: Pairs) -> None:
    channel = pairs.sglang.channel
    call = channel.unary_stream(method.path, request_serializer=bytes, response_deserializer=bytes)
    for path in fields(method.request):
        with pytest.raises(grpc.RpcError) as refused:
            list(call(wrong(path), timeout=10))
        name = ".".join(field.name for field in path)
        known = path[-1].group or path[-1].name
        assert f".{known}:" in refused.value.details(), f"{name} is not number {path[-1].number}"
