"""Parts of messages as bytes: how a stream writes its next message from the one before.

Encoded messages in a row are one message (protobuf encoding, "Last One Wins"), so a message may be
put together from parts that were encoded once and parts that are new.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from .codec import packed
from .codec.wire import BYTE, varint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .message import Message

__all__ = ["Growing", "field_writer"]

_PACKERS: Final = {"float": "f32", "double": "f64"}


class Growing:
    """A field of the messages of one stream that only grows, kept as bytes.

    The cost of a message is one copy of these bytes, not a new encoding of all that came before.

    Args:
        kind: Class of the messages.
        name: A string or bytes field, or a repeated one of numbers.

    Raises:
        ValueError: The field is of another type, or there is none of that name.
    """

    __slots__ = ("_content", "_pack", "_tag")

    def __init__(self, kind: type[Message], name: str) -> None:
        self._tag, self._pack = _plan(kind, name)
        self._content = bytearray()

    def add(self, value: str | bytes | Sequence[Any]) -> None:
        """Append to the field.

        Raises:
            AttributeError, TypeError, ValueError, struct.error: It is not what the field holds.
        """
        self._content += self._pack(value)

    def message(self, rest: bytes) -> bytes:
        """A message of the field as it is now and of `rest`, which is other fields, encoded."""
        content = self._content
        return b"".join((self._tag, varint(len(content)), content, rest)) if content else rest


@lru_cache
def field_writer(kind: type[Message], name: str) -> Callable[[Any], bytes]:
    """What encodes a message with one field: for text, bytes or a list of numbers that is not empty.

    Raises:
        ValueError: The field is of another type.
    """
    tag, pack = _plan(kind, name)
    heads = [tag + size for size in BYTE]

    def write(value: Any) -> bytes:
        raw = pack(value)
        size = len(raw)
        return (heads[size] if size < 128 else tag + varint(size)) + raw

    return write


@lru_cache
def _plan(kind: type[Message], name: str) -> tuple[bytes, Callable[[Any], bytes]]:
    """The tag of a length-delimited field, and what encodes its content."""
    field = kind._tw_table().by_name.get(name)
    if field is None:
        raise ValueError(f"{kind.__name__} has no field {name}")
    tag = varint(field.number << 3 | 2)
    pack = getattr(packed, f"pack_{_PACKERS.get(field.kind, field.kind)}", None)
    if field.label == "repeated" and pack is not None:
        return tag, pack
    if field.label == "implicit" and field.kind == "string":
        return tag, str.encode
    if field.label == "implicit" and field.kind == "bytes":
        return tag, bytes
    raise ValueError(f"{kind.__name__}.{name} is neither text, bytes nor a list of numbers")
