# Generated from google/protobuf/type.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of google/protobuf/type.proto."""

from __future__ import annotations

from tokenwire.message import Enum as _twEnum
from tokenwire.message import Field as _twField
from tokenwire.message import Message

from .any_pb import Any
from .source_context_pb import SourceContext


class FieldKind(_twEnum):
    """What a field holds; numbers are those of descriptors."""

    TYPE_UNKNOWN = 0
    """Not known."""
    TYPE_DOUBLE = 1
    """A 64-bit float."""
    TYPE_FLOAT = 2
    """A 32-bit float."""
    TYPE_INT64 = 3
    """A signed 64-bit integer, as a varint."""
    TYPE_UINT64 = 4
    """An unsigned 64-bit integer, as a varint."""
    TYPE_INT32 = 5
    """A signed 32-bit integer, as a varint."""
    TYPE_FIXED64 = 6
    """An unsigned 64-bit integer in eight bytes."""
    TYPE_FIXED32 = 7
    """An unsigned 32-bit integer in four bytes."""
    TYPE_BOOL = 8
    """A truth value."""
    TYPE_STRING = 9
    """Text."""
    TYPE_GROUP = 10
    """A group of proto2."""
    TYPE_MESSAGE = 11
    """A message."""
    TYPE_BYTES = 12
    """Bytes."""
    TYPE_UINT32 = 13
    """An unsigned 32-bit integer, as a varint."""
    TYPE_ENUM = 14
    """An enum."""
    TYPE_SFIXED32 = 15
    """A signed 32-bit integer in four bytes."""
    TYPE_SFIXED64 = 16
    """A signed 64-bit integer in eight bytes."""
    TYPE_SINT32 = 17
    """A signed 32-bit integer, as a zigzag varint."""
    TYPE_SINT64 = 18
    """A signed 64-bit integer, as a zigzag varint."""


class FieldCardinality(_twEnum):
    """How many values a field has."""

    CARDINALITY_UNKNOWN = 0
    """Not known."""
    CARDINALITY_OPTIONAL = 1
    """None or one."""
    CARDINALITY_REQUIRED = 2
    """Exactly one (proto2)."""
    CARDINALITY_REPEATED = 3
    """Any number."""


class Syntax(_twEnum):
    """The syntax of a .proto file."""

    SYNTAX_PROTO2 = 0
    """proto2."""
    SYNTAX_PROTO3 = 1
    """proto3."""
    SYNTAX_EDITIONS = 2
    """An edition."""


class Type(Message, proto="google.protobuf.Type"):
    """A message type."""

    name: str = ""
    """Full name."""
    fields: list[Field]
    """Its fields."""
    oneofs: list[str]
    """Names of its oneofs."""
    options: list[Option]
    """Options of the type."""
    source_context: SourceContext | None = None
    """Where it was declared."""
    syntax: Syntax = Syntax.SYNTAX_PROTO2
    """The syntax of its file."""
    edition: str = ""
    """The edition of its file, "2023" for instance, where `syntax` is SYNTAX_EDITIONS."""

    def __init__(
        self,
        *,
        name: str = "",
        fields: list[Field] | None = None,
        oneofs: list[str] | None = None,
        options: list[Option] | None = None,
        source_context: SourceContext | None = None,
        syntax: Syntax = Syntax.SYNTAX_PROTO2,
        edition: str = "",
    ) -> None:
        self.name = name
        self.fields = [] if fields is None else fields
        self.oneofs = [] if oneofs is None else oneofs
        self.options = [] if options is None else options
        self.source_context = source_context
        self.syntax = syntax
        self.edition = edition
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (
            _twField("name", 1, "string"),
            _twField("fields", 2, "message", "repeated", type=Field),
            _twField("oneofs", 3, "string", "repeated"),
            _twField("options", 4, "message", "repeated", type=Option),
            _twField("source_context", 5, "message", "optional", type=SourceContext),
            _twField("syntax", 6, "enum", type=Syntax),
            _twField("edition", 7, "string"),
        )


class Field(Message, proto="google.protobuf.Field"):
    """A field of a message type."""

    kind: FieldKind = FieldKind.TYPE_UNKNOWN
    """What it holds."""
    cardinality: FieldCardinality = FieldCardinality.CARDINALITY_UNKNOWN
    """How many values it has."""
    number: int = 0
    """Field number."""
    name: str = ""
    """Name."""
    type_url: str = ""
    """URL of the type, where it holds a message or an enum."""
    oneof_index: int = 0
    """Position of its oneof in `Type.oneofs`, counted from 1; 0 for none."""
    packed: bool = False
    """Whether repeated numbers are packed."""
    options: list[Option]
    """Options of the field."""
    json_name: str = ""
    """Key in JSON."""
    default_value: str = ""
    """Default value as text (proto2)."""

    def __init__(
        self,
        *,
        kind: FieldKind = FieldKind.TYPE_UNKNOWN,
        cardinality: FieldCardinality = FieldCardinality.CARDINALITY_UNKNOWN,
        number: int = 0,
        name: str = "",
        type_url: str = "",
        oneof_index: int = 0,
        packed: bool = False,
        options: list[Option] | None = None,
        json_name: str = "",
        default_value: str = "",
    ) -> None:
        self.kind = kind
        self.cardinality = cardinality
        self.number = number
        self.name = name
        self.type_url = type_url
        self.oneof_index = oneof_index
        self.packed = packed
        self.options = [] if options is None else options
        self.json_name = json_name
        self.default_value = default_value
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (
            _twField("kind", 1, "enum", type=FieldKind),
            _twField("cardinality", 2, "enum", type=FieldCardinality),
            _twField("number", 3, "int32"),
            _twField("name", 4, "string"),
            _twField("type_url", 6, "string"),
            _twField("oneof_index", 7, "int32"),
            _twField("packed", 8, "bool"),
            _twField("options", 9, "message", "repeated", type=Option),
            _twField("json_name", 10, "string"),
            _twField("default_value", 11, "string"),
        )


class Enum(Message, proto="google.protobuf.Enum"):
    """An enum type."""

    name: str = ""
    """Full name."""
    enumvalue: list[EnumValue]
    """Its values."""
    options: list[Option]
    """Options of the enum."""
    source_context: SourceContext | None = None
    """Where it was declared."""
    syntax: Syntax = Syntax.SYNTAX_PROTO2
    """The syntax of its file."""
    edition: str = ""
    """The edition of its file, where `syntax` is SYNTAX_EDITIONS."""

    def __init__(
        self,
        *,
        name: str = "",
        enumvalue: list[EnumValue] | None = None,
        options: list[Option] | None = None,
        source_context: SourceContext | None = None,
        syntax: Syntax = Syntax.SYNTAX_PROTO2,
        edition: str = "",
    ) -> None:
        self.name = name
        self.enumvalue = [] if enumvalue is None else enumvalue
        self.options = [] if options is None else options
        self.source_context = source_context
        self.syntax = syntax
        self.edition = edition
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (
            _twField("name", 1, "string"),
            _twField("enumvalue", 2, "message", "repeated", type=EnumValue),
            _twField("options", 3, "message", "repeated", type=Option),
            _twField("source_context", 4, "message", "optional", type=SourceContext),
            _twField("syntax", 5, "enum", type=Syntax),
            _twField("edition", 6, "string"),
        )


class EnumValue(Message, proto="google.protobuf.EnumValue"):
    """A value of an enum type."""

    name: str = ""
    """Name."""
    number: int = 0
    """Number."""
    options: list[Option]
    """Options of the value."""

    def __init__(
        self,
        *,
        name: str = "",
        number: int = 0,
        options: list[Option] | None = None,
    ) -> None:
        self.name = name
        self.number = number
        self.options = [] if options is None else options
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (
            _twField("name", 1, "string"),
            _twField("number", 2, "int32"),
            _twField("options", 3, "message", "repeated", type=Option),
        )


class Option(Message, proto="google.protobuf.Option"):
    """An option of a type, a field, an enum or a method."""

    name: str = ""
    """Name of the option, in parentheses where it is a custom one."""
    value: Any | None = None
    """Its value, in a wrapper message where it is a scalar."""

    def __init__(
        self,
        *,
        name: str = "",
        value: Any | None = None,
    ) -> None:
        self.name = name
        self.value = value
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (
            _twField("name", 1, "string"),
            _twField("value", 2, "message", "optional", type=Any),
        )
