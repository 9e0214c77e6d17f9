"""What the generated classes Struct, Value and ListValue inherit: any JSON value as a message."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tokenwire.errors import DecodeError

from .base import WellKnown

if TYPE_CHECKING:
    from typing import Self

    from tokenwire._proto.google.protobuf.struct_pb import ListValue, NullValue, Struct, Value
    from tokenwire.json.read import Reader
    from tokenwire.json.write import Style

__all__ = ["ListValueBase", "StructBase", "ValueBase"]


class StructBase(WellKnown):
    """JSON of google.protobuf.Struct: an object."""

    if TYPE_CHECKING:
        fields: dict[str, Value]

    def _tw_to_json(self, style: Style) -> Any:
        return {key: value._tw_to_json(style) for key, value in self.fields.items()}

    @classmethod
    def _tw_from_json(cls, value: Any, path: str, reader: Reader) -> Self:
        from tokenwire._proto.google.protobuf.struct_pb import Value

        if not isinstance(value, dict):
            raise DecodeError(f"{path}: expected an object, not {value!r:.40}")
        made = cls._tw_blank()
        made.fields = {key: reader.message(Value, item, f"{path}.{key}") for key, item in value.items()}
        return made


class ListValueBase(WellKnown):
    """JSON of google.protobuf.ListValue: a list."""

    if TYPE_CHECKING:
        values: list[Value]

    def _tw_to_json(self, style: Style) -> Any:
        return [value._tw_to_json(style) for value in self.values]

    @classmethod
    def _tw_from_json(cls, value: Any, path: str, reader: Reader) -> Self:
        from tokenwire._proto.google.protobuf.struct_pb import Value

        if not isinstance(value, (list, tuple)):
            raise DecodeError(f"{path}: expected a list, not {value!r:.40}")
        made = cls._tw_blank()
        made.values = [reader.message(Value, item, f"{path}[{index}]") for index, item in enumerate(value)]
        return made


class ValueBase(WellKnown):
    """JSON of google.protobuf.Value: any JSON value."""

    if TYPE_CHECKING:
        null_value: NullValue | None
        number_value: float | None
        string_value: str | None
        bool_value: bool | None
        struct_value: Struct | None
        list_value: ListValue | None

    def _tw_to_json(self, style: Style) -> Any:
        self._tw_table().check_oneofs(self)
        if self.struct_value is not None:
            return self.struct_value._tw_to_json(style)
        if self.list_value is not None:
            return self.list_value._tw_to_json(style)
        if self.number_value is not None and not math.isfinite(self.number_value):
            raise ValueError(f"JSON has no number {self.number_value}")
        plain = (self.number_value, self.string_value, self.bool_value)
        return next((value for value in plain if value is not None), None)

    @classmethod
    def _tw_from_json(cls, value: Any, path: str, reader: Reader) -> Self:
        from tokenwire._proto.google.protobuf.struct_pb import ListValue, NullValue, Struct

        made = cls._tw_blank()
        match value:
            case None:
                made.null_value = NullValue.NULL_VALUE
            case bool():
                made.bool_value = value
            case str():
                value.encode()
                made.string_value = value
            case int() | float():
                made.number_value = float(value)
                if not math.isfinite(made.number_value):
                    raise DecodeError(f"{path}: {made.number_value} is no number of JSON")
            case dict():
                made.struct_value = reader.message(Struct, value, path)
            case list() | tuple():
                made.list_value = reader.message(ListValue, value, path)
            case _:
                raise DecodeError(f"{path}: JSON has no {type(value).__name__}")
        return made
