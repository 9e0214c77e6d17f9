"""What generated codecs need beside the wire format: unknown fields, enums, and refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from .wire import skip, truncated, varint

if TYPE_CHECKING:
    from .message import Enum, Message

__all__ = ["enum_table", "keep_entry", "keep_unknown", "two_members", "wrong_class"]

EnumT = TypeVar("EnumT", bound="Enum")


def keep_unknown(message: Message, data: bytes, start: int, pos: int, tag: int, depth: int) -> int:
    """Keep a field that the schema does not know, from its tag at `start`; returns where it ends."""
    stop = skip(data, pos, tag, depth)
    if stop > len(data):
        raise truncated()
    append_unknown(message, data[start:stop])
    return stop


def append_unknown(message: Any, raw: bytes) -> None:
    """Add ready bytes to the unknown fields, in constant time each however many there are."""
    kept = message._unknown_fields
    if type(kept) is not bytearray:
        kept = message._unknown_fields = bytearray(kept)
    kept += raw


def keep_entry(message: Message, tag: int, parts: list[bytes]) -> None:
    """Keep a map entry that has unknown fields as an unknown field, as google.protobuf does."""
    raw = b"".join(parts)
    append_unknown(message, varint(tag) + varint(len(raw)) + raw)


def enum_table(enum: type[EnumT]) -> dict[int, EnumT]:
    """Map numbers to members; a number that the schema does not know gives a nameless member."""
    return _EnumTable(enum)


class _EnumTable(dict[int, Any]):
    def __init__(self, enum: type[Enum]) -> None:
        super().__init__({member.value: member for member in enum})
        self._enum = enum

    def __missing__(self, value: int) -> Enum:
        return self._enum(value)


def wrong_class(message: object, wanted: type[Message]) -> None:
    """Raise TypeError unless `message` is of a subclass of the class that a field wants."""
    if not isinstance(message, wanted):
        raise TypeError(f"expected {wanted.__name__}, not {type(message).__name__}")


def two_members(group: str, *names: str) -> ValueError:
    """The error for a oneof with more than one member set."""
    return ValueError(f"oneof {group}: {' and '.join(names)} are set, at most one may be")
