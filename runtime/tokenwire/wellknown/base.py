"""What the generated classes of google.protobuf's well-known types inherit.

Their JSON is not an object of their fields, and they convert from and to Python's own types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tokenwire.errors import DecodeError
from tokenwire.fields import WRAPPER_KINDS
from tokenwire.json.text import (
    duration_from_text,
    duration_to_text,
    mask_from_text,
    mask_to_text,
    timestamp_from_text,
    timestamp_to_text,
)
from tokenwire.message import Casing, Message, OutputFormat, message_class

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from typing import Self

    from tokenwire.json.read import Reader
    from tokenwire.json.write import Style

__all__ = [
    "AnyBase",
    "DurationBase",
    "FieldMaskBase",
    "TimestampBase",
    "WellKnown",
    "WrapperBase",
]


class WellKnown(Message):
    """A message whose JSON is not an object of its fields."""

    def to_dict(
        self,
        *,
        output_format: OutputFormat = OutputFormat.PROTO_JSON,
        casing: Casing = Casing.CAMEL,
        include_default_values: bool = False,
    ) -> Any:
        """The JSON value that stands for this message; see `Message.to_dict`."""
        return super().to_dict(
            output_format=output_format, casing=casing, include_default_values=include_default_values
        )


class TimestampBase(WellKnown):
    """Conversions of google.protobuf.Timestamp."""

    if TYPE_CHECKING:
        seconds: int
        nanos: int

    @classmethod
    def from_datetime(cls, value: datetime) -> Self:
        """The moment of a datetime; a naive one is local time."""
        from .wrapped import split_timestamp

        message = cls._tw_blank()
        message.seconds, message.nanos = split_timestamp(value)
        return message

    def to_datetime(self) -> datetime:
        """The datetime in UTC, cut off to microseconds.

        Raises:
            DecodeError: It is outside the years 1 to 9999.
        """
        from .wrapped import join_timestamp

        return join_timestamp(self.seconds, self.nanos)

    from_wrapped = from_datetime
    to_wrapped = to_datetime

    def _tw_to_json(self, style: Style) -> Any:
        return timestamp_to_text(self.seconds, self.nanos)

    @classmethod
    def _tw_from_json(cls, value: Any, path: str, reader: Reader) -> Self:
        message = cls._tw_blank()
        message.seconds, message.nanos = timestamp_from_text(value)
        return message


class DurationBase(WellKnown):
    """Conversions of google.protobuf.Duration."""

    if TYPE_CHECKING:
        seconds: int
        nanos: int

    @classmethod
    def from_timedelta(cls, value: timedelta) -> Self:
        """The duration of a timedelta."""
        from .wrapped import split_duration

        message = cls._tw_blank()
        message.seconds, message.nanos = split_duration(value)
        return message

    def to_timedelta(self) -> timedelta:
        """The timedelta, cut off to microseconds.

        Raises:
            DecodeError: It is over 999,999,999 days.
        """
        from .wrapped import join_duration

        return join_duration(self.seconds, self.nanos)

    from_wrapped = from_timedelta
    to_wrapped = to_timedelta

    def _tw_to_json(self, style: Style) -> Any:
        return duration_to_text(self.seconds, self.nanos)

    @classmethod
    def _tw_from_json(cls, value: Any, path: str, reader: Reader) -> Self:
        message = cls._tw_blank()
        message.seconds, message.nanos = duration_from_text(value)
        return message


class FieldMaskBase(WellKnown):
    """JSON of google.protobuf.FieldMask."""

    if TYPE_CHECKING:
        paths: list[str]

    def _tw_to_json(self, style: Style) -> Any:
        return mask_to_text(self.paths)

    @classmethod
    def _tw_from_json(cls, value: Any, path: str, reader: Reader) -> Self:
        message = cls._tw_blank()
        message.paths = mask_from_text(value)
        return message


class WrapperBase(WellKnown):
    """Conversions of the messages that hold one scalar."""

    if TYPE_CHECKING:
        value: Any

    @classmethod
    def from_wrapped(cls, value: Any) -> Self:
        """The message that holds a value."""
        message = cls._tw_blank()
        message.value = value
        return message

    def to_wrapped(self) -> Any:
        """The value it holds."""
        return self.value

    def _tw_to_json(self, style: Style) -> Any:
        from tokenwire.json.write import scalar_to_json

        return scalar_to_json(self.value, WRAPPER_KINDS[self._tw_name])

    @classmethod
    def _tw_from_json(cls, value: Any, path: str, reader: Reader) -> Self:
        from tokenwire.json.read import scalar_from_json

        return cls.from_wrapped(scalar_from_json(value, WRAPPER_KINDS[cls._tw_name]))


class AnyBase(WellKnown):
    """A message of any type, with its type's name."""

    if TYPE_CHECKING:
        type_url: str
        value: bytes

    @classmethod
    def pack(cls, message: Message) -> Self:
        """Hold a message; its type's URL begins with "type.googleapis.com/"."""
        made = cls._tw_blank()
        made.type_url = f"type.googleapis.com/{message._tw_name}"
        made.value = bytes(message)
        return made

    def unpack(self) -> Message | None:
        """The message held; None when nothing is.

        Raises:
            DecodeError: Its bytes are not a message of its type.
            TypeError: The type's generated module has not been imported.
        """
        return self._class(self.type_url).parse(self.value) if self.type_url else None

    @staticmethod
    def _class(type_url: object) -> type[Message]:
        found = message_class(type_url.rpartition("/")[2]) if isinstance(type_url, str) else None
        if found is None:
            raise TypeError(f"{type_url!r} is not a known type: import the generated module that defines it")
        return found

    def _tw_to_json(self, style: Style) -> Any:
        if not self.type_url and not self.value:
            return {}
        message = self._class(self.type_url).parse(self.value)
        inner = style.write(message)
        return {"@type": self.type_url} | ({"value": inner} if isinstance(message, WellKnown) else inner)

    @classmethod
    def _tw_from_json(cls, value: Any, path: str, reader: Reader) -> Self:
        made = cls._tw_blank()
        if value == {}:
            return made
        if not isinstance(value, dict) or "@type" not in value:
            raise DecodeError(f'{path}: expected an object with "@type"')
        kind = cls._class(value["@type"])
        if issubclass(kind, WellKnown):
            if "value" not in value:
                raise DecodeError(f'{path}: "value" is missing beside "@type"')
            message: Message = reader.message(kind, value["value"], f"{path}.value")
        else:
            message = reader.message(kind, {k: v for k, v in value.items() if k != "@type"}, path)
        made.type_url, made.value = value["@type"], bytes(message)
        return made
