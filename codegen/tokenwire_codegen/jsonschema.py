"""JSON Schema of messages as the HTTP routes read and write them: proto names, proto3 JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .model import Kind, Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .model import EnumModel, FieldModel, MessageModel, TypeRef

__all__ = ["Schemas"]

Json = dict[str, Any]

INT32: Json = {"type": "integer", "format": "int32"}
UINT32: Json = {"type": "integer", "format": "uint32", "minimum": 0}
INT64: Json = {"type": ["integer", "string"], "format": "int64"}
UINT64: Json = {"type": ["integer", "string"], "format": "uint64", "minimum": 0}
SCALARS: dict[Kind, Json] = {
    Kind.DOUBLE: {"type": "number", "format": "double"},
    Kind.FLOAT: {"type": "number", "format": "float"},
    **dict.fromkeys((Kind.INT32, Kind.SINT32, Kind.SFIXED32), INT32),
    **dict.fromkeys((Kind.UINT32, Kind.FIXED32), UINT32),
    **dict.fromkeys((Kind.INT64, Kind.SINT64, Kind.SFIXED64), INT64),
    **dict.fromkeys((Kind.UINT64, Kind.FIXED64), UINT64),
    Kind.BOOL: {"type": "boolean"},
    Kind.STRING: {"type": "string"},
    Kind.BYTES: {"type": "string", "contentEncoding": "base64"},
}
WELL_KNOWN: dict[str, Json] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$"},
    "google.protobuf.FieldMask": {"type": "string"},
    "google.protobuf.Empty": {"type": "object"},
    "google.protobuf.Any": {"type": "object", "properties": {"@type": {"type": "string"}}},
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.ListValue": {"type": "array"},
    "google.protobuf.Value": {},
    "google.protobuf.NullValue": {"type": "null"},
    "google.protobuf.DoubleValue": SCALARS[Kind.DOUBLE],
    "google.protobuf.FloatValue": SCALARS[Kind.FLOAT],
    "google.protobuf.Int64Value": INT64,
    "google.protobuf.UInt64Value": UINT64,
    "google.protobuf.Int32Value": SCALARS[Kind.INT32],
    "google.protobuf.UInt32Value": SCALARS[Kind.UINT32],
    "google.protobuf.BoolValue": SCALARS[Kind.BOOL],
    "google.protobuf.StringValue": SCALARS[Kind.STRING],
    "google.protobuf.BytesValue": SCALARS[Kind.BYTES],
}


class Schemas:
    """The schemas of a document; remembers which ones it refers to.

    Args:
        messages: All messages there are to refer to; others are plain objects.
    """

    def __init__(self, messages: Iterable[MessageModel]) -> None:
        self._messages = {message.full_name: message for message in messages}
        self._enums: dict[str, EnumModel] = {}
        self._used: dict[str, Json] = {}

    def add_enum(self, enum: EnumModel) -> None:
        """Make an enum known."""
        self._enums[enum.full_name] = enum

    def used(self) -> dict[str, Json]:
        """Every schema referred to so far, and what those refer to, by full proto name."""
        return dict(sorted(self._used.items()))

    def fields(self, ref: TypeRef) -> Sequence[FieldModel]:
        """The fields of a message."""
        message = self._messages.get(ref.full_name)
        return () if message is None else message.fields

    def message(self, ref: TypeRef) -> Json:
        """Refer to a message or an enum."""
        name = ref.full_name
        if name in WELL_KNOWN:
            return WELL_KNOWN[name]
        if name not in self._used:
            if name in self._messages:
                self._used[name] = {}
                self._used[name] = self._object(self._messages[name])
            elif name in self._enums:
                self._used[name] = _enumeration(self._enums[name])
            else:
                return {"type": "object", "title": name}
        return {"$ref": f"#/components/schemas/{name}"}

    def value(self, field: FieldModel) -> Json:
        """Describe one value of a field."""
        return self.message(field.type) if field.type is not None else SCALARS[field.kind]

    def field(self, field: FieldModel) -> Json:
        """Describe a field."""
        value = self.value(field)
        if field.label is Label.REPEATED:
            return {"type": "array", "items": value}
        if field.label is Label.MAP:
            return {"type": "object", "additionalProperties": value}
        return value

    def _object(self, message: MessageModel) -> Json:
        properties: Json = {}
        for field in message.fields:
            entry = dict(self.field(field))
            comment = " ".join(field.comment.split())
            if field.oneof:
                comment = f"{comment} At most one of `{field.oneof}` may be set.".strip()
            if comment:
                entry["description"] = comment
            if field.deprecated:
                entry["deprecated"] = True
            properties[field.name] = entry
        result: Json = {"type": "object", "title": message.name}
        if message.comment:
            result["description"] = message.comment
        if message.deprecated:
            result["deprecated"] = True
        if properties:
            result["properties"] = properties
        return result


def _enumeration(enum: EnumModel) -> Json:
    result: Json = {"type": "string", "title": enum.name, "enum": [value.name for value in enum.values]}
    lines = [f"{value.name}: {' '.join(value.comment.split())}" for value in enum.values if value.comment]
    description = "\n\n".join(filter(None, (enum.comment, "\n".join(lines))))
    if description:
        result["description"] = description
    return result
