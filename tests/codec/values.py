"""Random messages of google.protobuf, and the same messages as ours."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor import FieldDescriptor as F
from tokenwire.wellknown.wrapped import join_duration, join_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tokenwire.message import Message

REALS = (
    0.0,
    -0.0,
    1.0,
    -1.5,
    0.1,
    1e-45,
    1e-7,
    3.4028234663852886e38,
    16777217.0,
    1e10,
    123456.789,
    math.inf,
    -math.inf,
    math.nan,
)
TEXTS = ("", "a", "é", "日本語 text", "\0", "😀", '"\\\n', "x" * 127, "y" * 128, "z" * 300)
BLOBS = (b"", b"\0", b"\xff\xfe", b"abc", bytes(range(200)))


def limits(kind: int) -> tuple[int, int]:
    bits = (
        32
        if kind in (F.TYPE_INT32, F.TYPE_SINT32, F.TYPE_SFIXED32, F.TYPE_UINT32, F.TYPE_FIXED32, F.TYPE_ENUM)
        else 64
    )
    unsigned = kind in (F.TYPE_UINT32, F.TYPE_UINT64, F.TYPE_FIXED32, F.TYPE_FIXED64)
    return (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def scalar(field: Any, random: Random) -> Any:
    """A value of a field's scalar or enum type, often one at an edge."""
    match field.type:
        case F.TYPE_BOOL:
            return random.random() < 0.5
        case F.TYPE_STRING:
            return random.choice(TEXTS)
        case F.TYPE_BYTES:
            return random.choice(BLOBS)
        case F.TYPE_FLOAT | F.TYPE_DOUBLE:
            return random.choice(REALS) if random.random() < 0.7 else random.uniform(-1e3, 1e3)
        case F.TYPE_ENUM if random.random() < 0.7:
            return random.choice(field.enum_type.values).number
    low, high = limits(field.type)
    edges = [
        v
        for v in (0, 1, -1, 127, 128, 255, 16383, 16384, 2097151, 2097152, 2**28 - 1, 2**28, low, high)
        if low <= v <= high
    ]
    return random.choice(edges) if random.random() < 0.7 else random.randint(low, high)


def fill(message: Any, random: Random, depth: int = 3) -> None:
    """Set random fields of a google.protobuf message."""
    name = message.DESCRIPTOR.full_name
    if name == "google.protobuf.Timestamp":
        message.seconds, message.nanos = (
            random.randint(-62135596800, 253402300799),
            random.randint(0, 999_999) * 1000,
        )
        return
    if name == "google.protobuf.Duration":
        sign = random.choice((1, -1))
        message.seconds, message.nanos = (
            sign * random.randint(0, 10**11),
            sign * random.randint(0, 999_999) * 1000,
        )
        return
    if name == "google.protobuf.FieldMask":
        message.paths.extend(random.choices(("a", "foo_bar", "x.y_z"), k=random.randint(0, 3)))
        return
    for field in message.DESCRIPTOR.fields:
        if random.random() < 0.6:
            fill_field(message, field, random, depth)


def fill_field(message: Any, field: Any, random: Random, depth: int) -> None:
    is_message = field.cpp_type == F.CPPTYPE_MESSAGE
    if is_message and field.message_type.GetOptions().map_entry:
        fill_map(getattr(message, field.name), field, random, depth)
    elif field.is_repeated:
        for _ in range(random.choice((0, 1, 2, 5)) if depth or not is_message else 0):
            if is_message:
                fill(getattr(message, field.name).add(), random, depth - 1)
            else:
                getattr(message, field.name).append(scalar(field, random))
    elif is_message:
        if depth:
            getattr(message, field.name).SetInParent()
            fill(getattr(message, field.name), random, depth - 1)
    else:
        setattr(message, field.name, scalar(field, random))


def fill_map(into: Any, field: Any, random: Random, depth: int) -> None:
    key_field, value_field = field.message_type.fields
    for _ in range(random.choice((0, 1, 3)) if depth else 0):
        key = scalar(key_field, random)
        if value_field.cpp_type == F.CPPTYPE_MESSAGE:
            fill(into[key], random, depth - 1)
        else:
            into[key] = scalar(value_field, random)


def ours(message: Any, cls: type[Message]) -> Any:
    """The same message as one of ours, made through the constructor."""
    table = cls._tw_table()
    values: dict[str, Any] = {}
    for descriptor, value in message.ListFields():
        field = table.by_number[descriptor.number]
        if field.label == "map":
            values[field.name] = {key: element(value[key], field) for key in value}
        elif field.label == "repeated":
            values[field.name] = [element(item, field) for item in value]
        else:
            values[field.name] = element(value, field)
    return cls(**values)


def element(value: Any, field: Any) -> Any:
    if field.kind == "enum":
        return field.type(value)
    if field.kind != "message":
        return value
    if field.wrapped == "google.protobuf.Timestamp":
        return join_timestamp(value.seconds, value.nanos)
    if field.wrapped == "google.protobuf.Duration":
        return join_duration(value.seconds, value.nanos)
    return value.value if field.wrapped else ours(value, field.type)


def has_long_map(message: Any) -> bool:
    """Whether some map has more than one entry, so that the order of bytes is free."""
    for field, value in message.ListFields():
        if field.cpp_type != F.CPPTYPE_MESSAGE:
            continue
        if field.message_type.GetOptions().map_entry:
            items = [value[key] for key in value]
            is_message = field.message_type.fields_by_name["value"].cpp_type == F.CPPTYPE_MESSAGE
            if len(value) > 1 or (is_message and any(map(has_long_map, items))):
                return True
        elif any(map(has_long_map, value if field.is_repeated else [value])):
            return True
    return False


def for_each_float(message: Any, change: Callable[[float], float]) -> None:
    """Set each float of a message, in messages within and maps too, to what `change` makes of it."""
    for field, value in message.ListFields():
        is_map = field.cpp_type == F.CPPTYPE_MESSAGE and field.message_type.GetOptions().map_entry
        held = field.message_type.fields_by_name["value"] if is_map else field
        if held.cpp_type == F.CPPTYPE_MESSAGE:
            for item in [value[key] for key in value] if is_map else value if field.is_repeated else [value]:
                for_each_float(item, change)
        elif held.type == F.TYPE_FLOAT:
            if is_map or field.is_repeated:
                for key in list(value) if is_map else range(len(value)):
                    value[key] = change(value[key])
            else:
                setattr(message, field.name, change(value))
