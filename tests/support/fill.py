"""Fills google.protobuf messages with values, so that every field takes part in a round trip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor import FieldDescriptor as F

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.descriptor import Descriptor, FileDescriptor
    from google.protobuf.message import Message

DEPTH = 3
SCALARS: dict[int, Any] = {
    F.TYPE_DOUBLE: -1.5,
    F.TYPE_FLOAT: 0.25,
    F.TYPE_INT32: -(2**31),
    F.TYPE_INT64: -(2**63),
    F.TYPE_UINT32: 2**32 - 1,
    F.TYPE_UINT64: 2**64 - 1,
    F.TYPE_SINT32: -(2**31),
    F.TYPE_SINT64: 2**63 - 1,
    F.TYPE_FIXED32: 2**32 - 1,
    F.TYPE_FIXED64: 2**64 - 1,
    F.TYPE_SFIXED32: -(2**31),
    F.TYPE_SFIXED64: -(2**63),
    F.TYPE_BOOL: True,
    F.TYPE_STRING: "text é 🎉",
    F.TYPE_BYTES: b"\x00\xff",
}


def fill(message: Message, depth: int = DEPTH) -> Message:
    """Set every field; of a oneof its last member. Messages are filled down to `depth`."""
    if message.DESCRIPTOR.full_name in {"google.protobuf.Timestamp", "google.protobuf.Duration"}:
        message.seconds, message.nanos = 1_700_000_000, 250_000_000  # type: ignore[attr-defined]
        return message
    for field in message.DESCRIPTOR.fields:
        if is_map(field):
            _fill_map(message, field, depth)
        elif field.type == F.TYPE_MESSAGE:
            _fill_message(message, field, depth)
        elif field.is_repeated:
            getattr(message, field.name).extend([_scalar(field), _scalar(field)])
        else:
            setattr(message, field.name, _scalar(field))
    return message


def is_map(field: F) -> bool:
    """Whether a field is a map."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _fill_map(message: Message, field: F, depth: int) -> None:
    key, value = field.message_type.fields
    entries = getattr(message, field.name)
    if value.type == F.TYPE_MESSAGE:
        fill(entries[_scalar(key)], depth - 1) if depth else entries[_scalar(key)].SetInParent()
    else:
        entries[_scalar(key)] = _scalar(value)


def _fill_message(message: Message, field: F, depth: int) -> None:
    inner = getattr(message, field.name)
    if field.is_repeated:
        inner = inner.add()
    inner.SetInParent()
    if depth:
        fill(inner, depth - 1)


def _scalar(field: F) -> Any:
    if field.type == F.TYPE_ENUM:
        return field.enum_type.values[-1].number
    return SCALARS[field.type]


def messages(file: FileDescriptor) -> Iterator[Descriptor]:
    """Every message of a file, nested ones too, map entries aside."""
    queue = list(file.message_types_by_name.values())
    while queue:
        message = queue.pop(0)
        if not message.GetOptions().map_entry:
            yield message
            queue += message.nested_types
