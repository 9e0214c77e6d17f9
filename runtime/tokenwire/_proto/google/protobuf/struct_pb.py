# Generated from google/protobuf/struct.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of google/protobuf/struct.proto."""

from __future__ import annotations

from tokenwire.codec.binding import one_of
from tokenwire.message import Enum as _twEnum
from tokenwire.message import Field as _twField
from tokenwire.wellknown.struct import ListValueBase, StructBase, ValueBase


class NullValue(_twEnum):
    """The only value of JSON's null."""

    NULL_VALUE = 0
    """JSON null."""


class Struct(StructBase, proto="google.protobuf.Struct"):
    """A JSON object."""

    fields: dict[str, Value]
    """Its members, by name."""

    def __init__(
        self,
        *,
        fields: dict[str, Value] | None = None,
    ) -> None:
        self.fields = {} if fields is None else fields
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (_twField("fields", 1, "message", "map", type=Value, key="string"),)


class Value(ValueBase, proto="google.protobuf.Value"):
    """Any JSON value.

    Oneof `kind`: Which kind of value; one must be set.
    """

    null_value: NullValue | None = None
    """JSON null."""
    number_value: float | None = None
    """A number; neither NaN nor infinite, which JSON cannot write."""
    string_value: str | None = None
    """A string."""
    bool_value: bool | None = None
    """True or false."""
    struct_value: Struct | None = None
    """An object."""
    list_value: ListValue | None = None
    """An array."""

    def __init__(
        self,
        *,
        null_value: NullValue | None = None,
        number_value: float | None = None,
        string_value: str | None = None,
        bool_value: bool | None = None,
        struct_value: Struct | None = None,
        list_value: ListValue | None = None,
    ) -> None:
        if (
            null_value,
            number_value,
            string_value,
            bool_value,
            struct_value,
            list_value,
        ).count(None) < 5:
            one_of(
                "kind",
                null_value=null_value,
                number_value=number_value,
                string_value=string_value,
                bool_value=bool_value,
                struct_value=struct_value,
                list_value=list_value,
            )
        self.null_value = null_value
        self.number_value = number_value
        self.string_value = string_value
        self.bool_value = bool_value
        self.struct_value = struct_value
        self.list_value = list_value
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (
            _twField("null_value", 1, "enum", "oneof", type=NullValue, group="kind"),
            _twField("number_value", 2, "double", "oneof", group="kind"),
            _twField("string_value", 3, "string", "oneof", group="kind"),
            _twField("bool_value", 4, "bool", "oneof", group="kind"),
            _twField("struct_value", 5, "message", "oneof", type=Struct, group="kind"),
            _twField("list_value", 6, "message", "oneof", type=ListValue, group="kind"),
        )


class ListValue(ListValueBase, proto="google.protobuf.ListValue"):
    """A JSON array."""

    values: list[Value]
    """Its elements."""

    def __init__(
        self,
        *,
        values: list[Value] | None = None,
    ) -> None:
        self.values = [] if values is None else values
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (_twField("values", 1, "message", "repeated", type=Value),)
