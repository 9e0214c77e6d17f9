"""Messages that are bytes already, and how those of a growing output are written from the one before."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from .codec import packed
from .codec.wire import varint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .message import Message

__all__ = ["Encoded", "Growing"]

M = TypeVar("M", bound="Message")


class Encoded(Generic[M]):
    """A message as its bytes, which a producer may push into a stream in place of the message.

    A transport sends them as they are; whoever iterates over the stream gets the message.

    Attributes:
        kind: Class of the message.
        body: Its bytes.
    """

    __slots__ = ("body", "kind")

    def __init__(self, kind: type[M], body: bytes) -> None:
        self.kind = kind
        self.body = body

    def __bytes__(self) -> bytes:
        return self.body

    def message(self) -> M:
        """The message.

        Raises:
            DecodeError: The bytes are none.
        """
        return self.kind.parse(self.body)


class Growing(Generic[M]):
    """A field of the messages of one stream that only grows, kept as bytes.

    The cost of a message is one copy of these bytes, not a new encoding of all that came before.

    Args:
        kind: Class of the messages.
        name: A string or bytes field, or a repeated one of numbers.

    Raises:
        ValueError: The field is of another type.
    """

    __slots__ = ("_content", "_kind", "_pack", "_tag")

    def __init__(self, kind: type[M], name: str) -> None:
        self._kind = kind
        self._tag, self._pack = _writer(kind, name)
        self._content = bytearray()

    def add(self, value: str | bytes | Sequence[Any]) -> None:
        """Append to the field.

        Raises:
            TypeError, ValueError: It is not what the field holds.
        """
        self._content += self._pack(value)

    def message(self, rest: bytes) -> Encoded[M]:
        """A message of the field as it is now and of other fields, encoded; their order does not matter."""
        content = self._content
        if not content:
            return Encoded(self._kind, rest)
        return Encoded(self._kind, b"".join((self._tag, varint(len(content)), content, rest)))


@lru_cache
def _writer(kind: type[Message], name: str) -> tuple[bytes, Callable[[Any], bytes]]:
    """The tag of a length-delimited field, and what encodes a piece of its content."""
    field = kind._tw_table().by_name[name]
    pack = getattr(packed, f"pack_{_PACKERS.get(field.kind, field.kind)}", None)
    if field.label == "repeated" and pack is not None:
        return varint(field.number << 3 | 2), pack
    if field.label == "implicit" and field.kind == "string":
        return varint(field.number << 3 | 2), str.encode
    if field.label == "implicit" and field.kind == "bytes":
        return varint(field.number << 3 | 2), bytes
    raise ValueError(
        f"{kind.__name__}.{name} is neither text, bytes nor a list of numbers, so it cannot grow"
    )


_PACKERS: Final = {"float": "f32", "double": "f64"}
