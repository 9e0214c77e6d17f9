"""Puts descriptors into the words of contract.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from .contract import Field

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto


def fields_of(message: DescriptorProto) -> tuple[Field, ...]:
    """The fields of a message in the order of the schema."""
    entries = {nested.name: nested for nested in message.nested_type if nested.options.map_entry}
    return tuple(_field(field, message, entries) for field in message.field)


def _field(
    field: FieldDescriptorProto, message: DescriptorProto, entries: dict[str, DescriptorProto]
) -> Field:
    entry = entries.get(_type_name(field))
    if entry is not None:
        key, value = (_type_name(part) for part in entry.field)
        return Field(field.number, field.name, f"map<{key}, {value}>", "map")
    return Field(field.number, field.name, _type_name(field), _label(field, message))


def _type_name(field: FieldDescriptorProto) -> str:
    if field.type_name:
        return field.type_name.rpartition(".")[2]
    return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def _label(field: FieldDescriptorProto, message: DescriptorProto) -> str:
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return "repeated"
    if field.proto3_optional:
        return "optional"
    if field.HasField("oneof_index"):
        return f"oneof {message.oneof_decl[field.oneof_index].name}"
    return ""
