"""How codecs and message classes come together, and what codecs need beside the wire format.

A generated module of messages never imports its codec; the codec registers itself on the classes. A
class that is used before that imports the codec beside it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .wire import MAX_DEPTH, UNREADABLE, skip, truncated, varint

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenwire.errors import DecodeError
    from tokenwire.message import Enum, Message

__all__ = [
    "adopt",
    "decode_error",
    "encode_error",
    "enum_table",
    "keep_entry",
    "keep_unknown",
    "load_codec",
    "long_entry",
    "new",
    "one_of",
    "register",
    "two_members",
    "wrong_class",
]

new: Final = object.__new__
"""Makes a message without going through its constructor."""

EnumT = TypeVar("EnumT", bound="Enum")


def register(cls: type[Message], *, encode: Callable[..., bytes], decode: Callable[..., Message]) -> None:
    """Give a generated class its codec, which is called without anything in between.

    Args:
        cls: The class.
        encode: Takes a message, and whether it is within another.
        decode: Takes bytes; for a message within another also from where to where they go, how many more
            levels may nest in it, and the message that it is merged into.
    """
    decode.__doc__ = cls.parse.__doc__
    for name, function in {
        "__bytes__": encode,
        "parse": staticmethod(decode),
        "_tw_encode": staticmethod(encode),
        "_tw_decode": staticmethod(decode),
    }.items():
        type.__setattr__(cls, name, function)


def load_codec(cls: type[Message]) -> type[Message]:
    """Import the codec module beside the generated module of a class, and return that class.

    Raises:
        ImportError: There is none, or it has no codec for the class.
    """
    generated = _generated(cls)
    if generated is None:
        raise TypeError(f"{cls.__name__} is not a generated message")
    import_module(generated.__module__.removesuffix("_pb") + "_codec")
    if "_tw_encode" not in generated.__dict__:
        raise ImportError(f"{generated.__module__} has no codec for {generated.__name__}")
    return generated


def _generated(cls: type[Message]) -> type[Message] | None:
    return next((base for base in cls.__mro__ if base.__dict__.get("_tw_name")), None)


def adopt(cls: type[Message]) -> None:
    """Make a class that a program derives from a generated one decode into itself."""
    type.__setattr__(cls, "parse", classmethod(_parse_subclass))
    type.__setattr__(cls, "_tw_decode", classmethod(_decode_into_subclass))


def _parse_subclass(cls: type[Message], data: bytes | bytearray | memoryview) -> Message:
    """`parse` of a subclass that a program made of a generated class."""
    raw = memoryview(data).tobytes()
    try:
        message: Message = cls._tw_decode(raw, 0, len(raw), MAX_DEPTH)
    except UNREADABLE as error:
        raise decode_error(cls, raw, error) from error
    return message


def _decode_into_subclass(
    cls: type[Message], data: bytes, pos: int, end: int, depth: int, message: Any = None, /
) -> Any:
    """Decode into a subclass that a program made of a generated class."""
    generated = load_codec(cls)
    return generated._tw_decode(data, pos, end, depth, cls._tw_blank() if message is None else message)


def encode_error(message: Message, error: Exception) -> ValueError:
    """The error for a message that could not be written, see `diagnose`."""
    from .diagnose import encode_error

    return encode_error(message, error)


def decode_error(cls: type[Message], data: bytes, error: Exception) -> DecodeError:
    """The error for bytes that could not be read, see `diagnose`."""
    from .diagnose import decode_error

    return decode_error(cls, data, error)


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


def long_entry(key: bytes, value: bytes) -> bytes:
    """Write a map entry from text to text, after its tag."""
    raw = b"".join((b"\x0a", varint(len(key)), key, b"\x12", varint(len(value)), value))
    return varint(len(raw)) + raw


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


def one_of(group: str, **members: object) -> None:
    """Raise ValueError if more than one member of a oneof is given."""
    names = [name for name, value in members.items() if value is not None]
    if len(names) > 1:
        raise two_members(group, *names)
