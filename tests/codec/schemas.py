"""Random schemas as hypothesis strategies, compiled by our generator and by google.protobuf alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)
from hypothesis import strategies as st

from tests.support.generate import generate_from

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

FieldProto = descriptor_pb2.FieldDescriptorProto

SCALARS = (
    *("DOUBLE", "FLOAT", "INT32", "INT64", "UINT32", "UINT64", "SINT32", "SINT64"),
    *("FIXED32", "FIXED64", "SFIXED32", "SFIXED64", "BOOL", "STRING", "BYTES"),
)
KEYS = tuple(kind for kind in SCALARS if kind not in ("DOUBLE", "FLOAT", "BYTES"))
PLAIN_WKT = ("Any", "Empty", "FieldMask", "ListValue", "Struct", "Value")
WRAPPED_WKT = (
    *("Timestamp", "Duration", "BoolValue", "BytesValue", "DoubleValue", "FloatValue"),
    *("Int32Value", "Int64Value", "StringValue", "UInt32Value", "UInt64Value"),
)
NAMES = (
    *("alpha", "beta_gamma", "sha256sum", "x1_y2", "fooBar", "bytes", "int", "list", "from", "class_name"),
    *(
        "parse",
        "load",
        "is_set",
        "value",
        "values",
        "self",
        "cls",
        "data",
        "tag",
        "depth",
        "message",
        "to_dict",
    ),
    *("type", "match", "print", "none", "async", "datetime", "str", "camelCase", "u_", "open", "field_12"),
)
WKT_FILES = [
    module.DESCRIPTOR
    for module in (
        *(any_pb2, duration_pb2, empty_pb2, field_mask_pb2),
        *(struct_pb2, timestamp_pb2, wrappers_pb2),
    )
]


def json_name(name: str) -> str:
    """The JSON name that protoc gives a field."""
    head, *words = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in words)


@dataclass(frozen=True)
class Compiled:
    """A schema as both sides see it."""

    package: ModuleType
    classes: dict[str, Any]
    oracles: dict[str, Any]


@st.composite
def enums(draw: st.DrawFn, name: str) -> descriptor_pb2.EnumDescriptorProto:
    enum = descriptor_pb2.EnumDescriptorProto(name=name)
    numbers = [
        0,
        *draw(st.lists(st.sampled_from([1, 2, 127, 128, -1, 2**31 - 1, -(2**31), 0, 1]), max_size=5)),
    ]
    enum.options.allow_alias = len(set(numbers)) < len(numbers)
    for index, number in enumerate(numbers):
        enum.value.add(name=f"{name.upper()}_V{index}", number=number)
    if not enum.options.allow_alias:
        enum.ClearField("options")
    return enum


@st.composite
def schemas(draw: st.DrawFn, wrapped: bool = False) -> descriptor_pb2.FileDescriptorProto:
    """A proto3 file with a few messages and enums.

    Args:
        draw: hypothesis' own.
        wrapped: Fields may be of the well-known types that Python's own values stand for.
    """
    file = descriptor_pb2.FileDescriptorProto(name="random.proto", package="random.v1", syntax="proto3")
    file.dependency.extend(descriptor.name for descriptor in WKT_FILES)
    messages = [f"M{index}" for index in range(draw(st.integers(1, 3)))]
    enum_names = [f"E{index}" for index in range(draw(st.integers(0, 2)))]
    for name in enum_names:
        file.enum_type.add().CopyFrom(draw(enums(name)))
    types = [f".random.v1.{name}" for name in messages]
    types += [f".google.protobuf.{name}" for name in PLAIN_WKT + (WRAPPED_WKT if wrapped else ())]
    for name in messages:
        message = file.message_type.add(name=name)
        add_fields(draw, message, types, [f".random.v1.{enum}" for enum in enum_names])
    return file


def add_fields(
    draw: st.DrawFn, message: descriptor_pb2.DescriptorProto, types: list[str], enum_types: list[str]
) -> None:
    numbers = st.one_of(
        st.integers(1, 20), st.sampled_from([15, 16, 127, 2047, 2048, 18999, 20000, 2**29 - 1])
    )
    chosen = draw(st.lists(numbers, unique=True, max_size=8))
    names = draw(
        st.lists(st.sampled_from(NAMES), min_size=len(chosen), max_size=len(chosen), unique_by=json_name)
    )
    kinds = [*SCALARS, "MESSAGE", "MESSAGE", *(["ENUM"] * 2 if enum_types else [])]
    for number, name in zip(chosen, names, strict=True):
        kind = draw(st.sampled_from(kinds))
        field = FieldProto(name=name, number=number, type=getattr(FieldProto, f"TYPE_{kind}"), label=1)
        custom = draw(st.booleans()) and draw(st.booleans())
        field.json_name = f"@{name}" if custom else json_name(name)
        if kind in ("MESSAGE", "ENUM"):
            field.type_name = draw(st.sampled_from(types if kind == "MESSAGE" else enum_types))
        shape = draw(st.sampled_from(["plain", "optional", "repeated", "unpacked", "map", "oneof", "oneof"]))
        shape_field(draw, message, field, shape)
    add_oneofs(message)


def shape_field(draw: st.DrawFn, message: descriptor_pb2.DescriptorProto, field: Any, shape: str) -> None:
    if shape == "map":
        entry = message.nested_type.add(name=f"F{field.number}Entry")
        entry.options.map_entry = True
        key = draw(st.sampled_from(KEYS))
        entry.field.add(
            name="key", number=1, type=getattr(FieldProto, f"TYPE_{key}"), label=1, json_name="key"
        )
        entry.field.add(name="value", number=2, type=field.type, label=1, json_name="value")
        if field.type_name:
            entry.field[1].type_name = field.type_name
        field.type, field.label = FieldProto.TYPE_MESSAGE, 3
        field.type_name = f".random.v1.{message.name}.{entry.name}"
    elif shape in ("repeated", "unpacked"):
        field.label = 3
        if shape == "unpacked" and field.type not in (FieldProto.TYPE_STRING, FieldProto.TYPE_BYTES, 11):
            field.options.packed = False
    elif shape == "optional":
        field.proto3_optional = True
    elif shape == "oneof":
        field.oneof_index = 0
    message.field.add().CopyFrom(field)


def add_oneofs(message: descriptor_pb2.DescriptorProto) -> None:
    """Declare the one real oneof, and after it those that stand for `optional`, as protoc does."""
    members = [field for field in message.field if field.HasField("oneof_index")]
    if members:
        message.oneof_decl.add(name="choice")
    for field in message.field:
        if field.proto3_optional:
            field.oneof_index = len(message.oneof_decl)
            message.oneof_decl.add(name=f"_{field.name}")


def compile_schema(file: descriptor_pb2.FileDescriptorProto, directory: Path) -> Compiled:
    """Generate and import our classes, and google.protobuf's."""
    descriptors = descriptor_pb2.FileDescriptorSet()
    for descriptor in WKT_FILES:
        descriptor.CopyToProto(descriptors.file.add())
    descriptors.file.add().CopyFrom(file)
    generated = generate_from(descriptors, [file.name], directory, "kinds=pb+codec+init")
    package = generated.module("random.v1")
    names = [message.name for message in file.message_type]
    return Compiled(
        package,
        {name: getattr(package, name) for name in names},
        {name: generated.oracle(f"random.v1.{name}") for name in names},
    )
