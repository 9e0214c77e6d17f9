"""The base of generated messages and enums.

A generated message is a `betterproto2.Message` and a dataclass. What is slow or wrong there is
replaced: construction is a literal `__init__`, bytes go through the generated codec in the module
beside, JSON follows the proto3 JSON mapping to the letter.
"""

from __future__ import annotations

import json
import math
import sys
from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar, get_type_hints

import betterproto2
from betterproto2 import Casing, OutputFormat

from .codec.binding import adopt, decode_error, load_codec
from .codec.wire import MAX_DEPTH, UNREADABLE
from .fields import Field, Table

if TYPE_CHECKING:
    import dataclasses
    from collections.abc import Mapping
    from typing import Self

    from .json.read import Reader
    from .json.write import Style

__all__ = ["Casing", "Enum", "Field", "Message", "OutputFormat", "message_class"]

REGISTRY: dict[str, type[Message]] = {}


class Enum(betterproto2.Enum):
    """Base of generated enums; a number that the schema does not know becomes a nameless member."""


class _DataclassFields:
    """`__dataclass_fields__`, made when a tool of the standard library or betterproto2 asks for it."""

    def __get__(self, instance: Message | None, owner: type[Message]) -> dict[str, dataclasses.Field[Any]]:
        if not owner._tw_name:
            raise AttributeError("__dataclass_fields__")
        return owner._tw_table().dataclass_fields


class Message(betterproto2.Message):
    """Base of generated messages.

    Fields are plain attributes; their values are checked when the message is written: `bytes(message)`
    raises ValueError, naming the field, for a value that its type cannot hold. For a field that
    cannot tell absent from zero, any value that is false in Python counts as absent.

    Fields that the schema does not know are kept and written back.
    """

    _unknown_fields: bytes = b""
    _tw_name: ClassVar[str] = ""
    _tw_cached_table: ClassVar[Table]

    if TYPE_CHECKING:
        __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]
    else:
        __dataclass_fields__ = _DataclassFields()

    def __init_subclass__(cls, *, proto: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if proto:
            cls._tw_name = proto
            REGISTRY[proto] = cls
        elif cls._tw_name:
            adopt(cls)

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return ()

    @classmethod
    def _tw_table(cls) -> Table:
        table = cls.__dict__.get("_tw_cached_table")
        if table is None:
            table = cls._tw_cached_table = Table(cls, cls._tw_fields())
        return table

    @classmethod
    def _tw_blank(cls) -> Self:
        """A message without fields, not going through the constructor, which a subclass may change."""
        message = cls.__new__(cls)
        for field in cls._tw_table().containers:
            setattr(message, field.name, field.default())
        return message

    @staticmethod
    def _tw_encode(message: Any, nested: bool = False, /) -> bytes:
        return load_codec(type(message))._tw_encode(message, nested)

    @classmethod
    def _tw_decode(cls, data: bytes, pos: int, end: int, depth: int, message: Any = None, /) -> Any:
        return load_codec(cls)._tw_decode(data, pos, end, depth, message)

    def _tw_to_json(self, style: Style) -> Any:
        from .json.write import fields_to_json

        return fields_to_json(self, style)

    @classmethod
    def _tw_from_json(cls, value: Any, path: str, reader: Reader) -> Self:
        from .json.read import fields_from_json

        return fields_from_json(cls, value, path, reader)

    def __bytes__(self) -> bytes:
        load_codec(type(self))
        return bytes(self)

    @classmethod
    def parse(cls, data: bytes | bytearray | memoryview) -> Self:
        """Read a message.

        Raises:
            DecodeError: The bytes are not a message of this type.
        """
        load_codec(cls)
        return cls.parse(data)

    def load(self, stream: Any, size: int | None = None) -> Self:
        """Read from a binary stream and merge into this message.

        Args:
            stream: Anything with `read`.
            size: Bytes to read; None for all, `betterproto2.SIZE_DELIMITED` for as many as a varint
                that comes first says.

        Raises:
            DecodeError: The bytes are not a message of this type.
            EOFError: The stream ends early.
        """
        if size == betterproto2.SIZE_DELIMITED:
            size, _ = betterproto2.load_varint(stream)
        raw = stream.read() if size is None else stream.read(size)
        if size is not None and len(raw) < size:
            raise EOFError(f"the stream ended after {len(raw)} of {size} bytes")
        try:
            self._tw_decode(raw, 0, len(raw), MAX_DEPTH, self)
        except UNREADABLE as error:
            raise decode_error(type(self), raw, error) from error
        return self

    def to_dict(
        self,
        *,
        output_format: OutputFormat = OutputFormat.PROTO_JSON,
        casing: Casing = Casing.CAMEL,
        include_default_values: bool = False,
    ) -> dict[str, Any]:
        """This message in the form that `json.dumps` takes; well-known types have forms of their own.

        Args:
            output_format: PROTO_JSON for values as JSON has them, PYTHON for values as they are.
            casing: CAMEL for JSON names, SNAKE for the names in the schema.
            include_default_values: Also give the fields that cannot tell absent from zero.

        Raises:
            ValueError: A field holds what its type cannot.
        """
        from .json.write import Style

        style = Style(casing is Casing.SNAKE, include_default_values, output_format is OutputFormat.PYTHON)
        made: dict[str, Any] = style.write(self)
        return made

    def to_json(
        self,
        indent: int | str | None = None,
        include_default_values: bool = False,
        casing: Casing = Casing.CAMEL,
    ) -> str:
        """This message as JSON text; see `to_dict`."""
        made = self.to_dict(include_default_values=include_default_values, casing=casing)
        return json.dumps(made, indent=indent)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any] | Any, *, ignore_unknown_fields: bool = False) -> Self:
        """Make a message of what `json.loads` gives.

        Args:
            value: JSON names and schema names are both taken.
            ignore_unknown_fields: Pass over fields, and names of enum values, that the schema does not know.

        Raises:
            DecodeError: The value does not fit the message; the error says where.
        """
        from .json.read import Reader

        return Reader(ignore_unknown_fields).message(cls, value, cls.__name__)

    @classmethod
    def from_json(cls, value: str | bytes, *, ignore_unknown_fields: bool = False) -> Self:
        """Make a message of JSON text; see `from_dict`."""
        from .json.read import loads

        return cls.from_dict(loads(value, cls.__name__), ignore_unknown_fields=ignore_unknown_fields)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickle, (type(self), bytes(self))

    def is_set(self, name: str) -> bool:
        """Whether a field's value differs from its default."""
        return bool(getattr(self, name) != self._tw_table().by_name[name].default())

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        for field in self._tw_table().fields:
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if mine != theirs and not (_is_nan(mine) and _is_nan(theirs)):
                return False
        return True

    __hash__ = None  # type: ignore[assignment]  # mutable, as every dataclass with __eq__

    def __repr__(self) -> str:
        shown = ((field, getattr(self, field.name)) for field in self._tw_table().ordered)
        parts = (f"{field.name}={value!r}" for field, value in shown if value != field.default())
        return f"{type(self).__name__}({', '.join(parts)})"

    def __bool__(self) -> bool:
        return any(self.is_set(field.name) for field in self._tw_table().fields)

    def __copy__(self, _: Any = None) -> Self:
        made = self.__new__(type(self))
        for name, value in vars(self).items():
            setattr(made, name, bytes(value) if name == "_unknown_fields" else value)
        return made

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        made = self.__new__(type(self))
        for name, value in vars(self).items():
            setattr(made, name, deepcopy(value, memo))
        return made

    @classmethod
    def _type_hints(cls) -> dict[str, Any]:
        hints: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            if base.__dict__.get("_tw_name"):
                hints |= get_type_hints(base, vars(sys.modules[base.__module__]), {})
        return hints

    def _is_pydantic(self) -> bool:
        return False


# Annotations of the base are not fields, and `get_type_hints` would look their names up in the
# module of a generated class.
Message.__annotations__ = {}


def _unpickle(cls: type[Message], data: bytes) -> Message:
    return cls.parse(data)


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def message_class(full_name: str) -> type[Message] | None:
    """The generated class of a proto message, if its module has been imported."""
    return REGISTRY.get(full_name)
