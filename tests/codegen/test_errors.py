"""Mistakes of a schema are errors with a place, all of them at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.generate import ROOT, SchemaRejectedError, generate

if TYPE_CHECKING:
    from pathlib import Path

BAD = ROOT / "tests/protos/bad"
ERROR = re.compile(r"(?P<file>[^:]+):(?P<line>[0-9]+):(?P<column>[0-9]+): (?P<sentence>\S.*)")
OPTIONS = 'import "tokenwire/options/v1/options.proto";\n'
MESSAGES = "message A { string text = 1; bytes json = 2; bool done = 3; repeated A list = 4; }\n"


def refused(source: str | dict[str, str] | list[Path], tmp_path: Path, parameter: str = "") -> list[str]:
    with pytest.raises(SchemaRejectedError) as caught:
        generate(source, tmp_path, parameter, includes=[BAD])
    return caught.value.errors


@pytest.mark.parametrize("file", sorted(BAD.rglob("*.proto")), ids=lambda file: file.stem)
def test_refused_where_the_schema_says_so(file: Path, tmp_path: Path) -> None:
    [(line, word)] = [
        (number, text.rpartition("refused: ")[2].strip())
        for number, text in enumerate(file.read_text().splitlines(), start=1)
        if "refused: " in text
    ]
    found = [ERROR.fullmatch(error) for error in refused([file], tmp_path)]
    assert all(found)
    hits = [match["sentence"] for match in found if match and int(match["line"]) == line]
    assert any(word in sentence for sentence in hits), hits
    assert all(match and match["file"] == file.name for match in found)


def method(rules: str, response: str = "A") -> str:
    head = f'syntax = "proto3";\npackage bad;\n{OPTIONS}{MESSAGES}service S {{\n'
    option = f"option (tokenwire.options.v1.method) = {{{rules}}};"
    return f"{head}  rpc Call(A) returns ({response}) {{ {option} }}\n}}\n"


HTTP = 'http: {method: "POST" paths: "/x"} '


@pytest.mark.parametrize(
    ("rules", "response", "sentence"),
    [
        ("auth: 7", "A", "rpc Call: auth 7 is unknown: use a value of AuthScope"),
        ('http: {method: "post" paths: "/x"}', "A", "write it in capitals"),
        ('http: {method: "GET" paths: "/a b"}', "A", "is not a path template"),
        ('http: {method: "GET" paths: "/{text}/{text}"}', "A", "binds a field twice"),
        ('http: {method: "GET" paths: "/{list.text}"}', "A", "must be a single value"),
        ('openai: {body_field: "json" json_field: "json"}', "A", "openai needs a path: add an http route"),
        (HTTP + 'openai: {json_field: "json"}', "A", "openai.body_field is missing"),
        (HTTP + 'openai: {body_field: "json" json_field: "json"}', "stream A", "finished_field is missing"),
        (
            HTTP + 'openai: {body_field: "json" json_field: "json" status_field: "text"}',
            "A",
            "openai.status_field: field text of bad.A must be an integer: name another one",
        ),
        ('stream: {sequence: "list"}', "stream A", 'must be "map_field.key" or the name of a scalar field'),
    ],
)
def test_annotation_mistakes(rules: str, response: str, sentence: str, tmp_path: Path) -> None:
    errors = refused(method(rules, response), tmp_path)
    assert any(sentence in error for error in errors), errors
    assert all(error.startswith("test.proto:6:3: ") for error in errors)


def test_streamed_requests_have_no_routes(tmp_path: Path) -> None:
    source = method('http: {method: "POST" paths: "/x"}').replace("Call(A)", "Call(stream A)")
    assert refused(source, tmp_path) == [
        "test.proto:6:3: rpc Call: http fits RPCs with a single request: remove the route"
    ]


def test_all_mistakes_come_at_once_in_the_order_of_the_files(tmp_path: Path) -> None:
    field = "[(tokenwire.options.v1.field).delta = true]"
    head = f'syntax = "proto3";\n{OPTIONS}package PACKAGE;\n'
    text = f"{head}message M {{\n  int32 a = 1 {field};\n  bool b = 2 {field};\n}}\n"
    errors = refused({f"{name}.proto": text.replace("PACKAGE", name) for name in "ba"}, tmp_path)
    places = [(m["file"], int(m["line"])) for m in map(ERROR.fullmatch, errors) if m]
    assert places == [("a.proto", 5), ("a.proto", 6), ("b.proto", 5), ("b.proto", 6)]


def test_proto2_messages_cannot_be_fields(tmp_path: Path) -> None:
    source = """syntax = "proto3";
import "google/protobuf/descriptor.proto";
message M { google.protobuf.FileDescriptorProto file = 1; }
"""
    assert refused(source, tmp_path) == [
        "test.proto:3:13: field file: google.protobuf.FileDescriptorProto is declared in proto2: "
        "copy what you need into a proto3 message"
    ]


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("nonsense=1", "unknown option 'nonsense=1'"),
        ("kinds=pb+dull", "kinds: dull unknown; choose from pb, codec"),
        ("templates=/does/not/exist", "templates: no directory"),
    ],
)
def test_option_mistakes(parameter: str, message: str, tmp_path: Path) -> None:
    [error] = refused('syntax = "proto3"; message M {}', tmp_path, parameter)
    assert error.startswith("tokenwire: ")
    assert message in error
