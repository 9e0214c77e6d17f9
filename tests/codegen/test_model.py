"""From schema values to the model: names, references, types, depths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tokenwire_codegen.build import build
from tokenwire_codegen.model import FieldModel, FileModel, Kind, Label
from tokenwire_codegen.schema import (
    EnumSchema,
    EnumValueSchema,
    FieldSchema,
    FileSchema,
    MessageSchema,
    Place,
)

from tests.support.generate import generate

if TYPE_CHECKING:
    from pathlib import Path

HERE = Place("test.proto")


def field(name: str, kind: Kind = Kind.STRING, type_name: str = "", **rest: object) -> FieldSchema:
    return FieldSchema(name, 1, name, kind, HERE, type_name, **rest)  # type: ignore[arg-type]


def message(name: str, *fields: FieldSchema) -> MessageSchema:
    return MessageSchema(name, tuple(name.split(".")[1:]), fields, (), HERE)


def file(*messages: MessageSchema, path: str = "p/test.proto", enum: EnumSchema | None = None) -> FileSchema:
    package = path.rpartition("/")[0]
    return FileSchema(path, package, True, True, messages, (enum,) if enum else (), ())


def only(*files: FileSchema) -> FileModel:
    packages, errors = build(files)
    assert errors == []
    return packages[-1].files[-1]


def the_field(model: FileModel) -> FieldModel:
    return model.messages[0].fields[0]


@pytest.mark.parametrize(
    ("schema", "annotation", "default"),
    [
        (field("a"), "str", '""'),
        (field("a", Kind.BYTES), "bytes", 'b""'),
        (field("a", Kind.BOOL), "bool", "False"),
        (field("a", Kind.DOUBLE), "float", "0.0"),
        (field("a", Kind.SFIXED64), "int", "0"),
        (field("a", explicit_presence=True), "str | None", "None"),
        (field("a", oneof="kind"), "str | None", "None"),
        (field("a", repeated=True), "list[str]", "[]"),
        (field("a", map_key=Kind.BOOL, repeated=True), "dict[bool, str]", "{}"),
        (field("a", Kind.MESSAGE, "p.M"), "M | None", "None"),
        (field("a", Kind.ENUM, "p.E"), "E", "E.class_"),
    ],
)
def test_python_types(schema: FieldSchema, annotation: str, default: str) -> None:
    enum = EnumSchema("p.E", ("E",), (EnumValueSchema("class", 0),), HERE)
    found = the_field(only(file(message("p.M", schema), enum=enum)))
    assert (found.annotation, found.default) == (annotation, default)


def test_labels() -> None:
    schemas = (
        field("a"),
        field("b", explicit_presence=True),
        field("c", oneof="kind"),
        field("d", repeated=True),
        field("e", repeated=True, map_key=Kind.INT32),
        field("f", Kind.MESSAGE, "p.M"),
    )
    labels = [f.label for f in only(file(message("p.M", *schemas))).messages[0].fields]
    expected = [Label.IMPLICIT, Label.OPTIONAL, Label.ONEOF, Label.REPEATED, Label.MAP, Label.OPTIONAL]
    assert labels == expected


def test_nested_names_are_joined_and_never_meet() -> None:
    nested = message("p.Outer.Inner")
    names = [m.name for m in only(file(message("p.Outer"), nested, message("p.OuterInner"))).messages]
    assert names == ["Outer", "OuterInner_", "OuterInner"]


def test_foreign_types_name_their_module_relatively() -> None:
    other = file(message("a.Other"), path="a/other.proto")
    found = only(other, file(message("p.M", field("f", Kind.MESSAGE, "a.Other"))))
    [ref] = found.types
    assert (ref.pb_module, ref.local, ref.is_local, ref.is_wkt) == ("..a.other_pb", "Other", False, False)


def test_a_foreign_type_that_meets_an_own_one_is_renamed_here() -> None:
    other = file(message("a.M"), path="a/other.proto")
    found = only(other, file(message("p.M", field("f", Kind.MESSAGE, "a.M"))))
    assert the_field(found).annotation == "AM | None"
    assert found.types[0].name == "M"
    assert {"M", "AM"} <= found.names


def test_a_field_called_like_the_type_it_has_is_escaped() -> None:
    assert the_field(only(file(message("p.M", field("M", Kind.MESSAGE, "p.M"))))).python_name == "M_"


def test_well_known_types_come_from_the_runtime(tmp_path: Path) -> None:
    source = """syntax = "proto3";
package p;
import "google/protobuf/timestamp.proto";
import "google/protobuf/struct.proto";
message M { google.protobuf.Timestamp at = 1; google.protobuf.Value value = 2; }
"""
    text = generate(source, tmp_path).text("p/test_pb.py")
    assert "at: datetime.datetime | None = None" in text
    assert "from tokenwire.wkt import Value" in text
