"""Options of the plugin: templates that replace ours one by one, kinds, paths and the root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from tokenwire_codegen.options import KINDS, OptionsError, parse

from tests.support.generate import SchemaRejectedError, generate, generate_from

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = {
    "a/v1/a.proto": 'syntax = "proto3"; package a.v1; message A {} service S { rpc Do(A) returns (A); }',
    "b/v1/b.proto": 'syntax = "proto3"; package b.v1; import "a/v1/a.proto"; message B { a.v1.A a = 1; }',
}


def test_a_template_of_the_user_replaces_ours(tmp_path: Path) -> None:
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "http.py.j2").write_text("unused")
    (templates / "init.py.j2").write_text('{{ header }}\n"""Mine: {{ package.package }}."""\n')
    gen = generate(SOURCE, tmp_path, f"templates={templates}")
    assert gen.text("a/v1/__init__.py").endswith('"""Mine: a.v1."""\n')
    assert "class SBase" in gen.text("a/v1/a_grpc.py")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ header }\n", "template grpc.py.j2:1: "),
        ("{{ header }}\n{{ nothing }}\n", "template grpc.py.j2: 'nothing' is undefined"),
    ],
)
def test_a_broken_template_is_an_error_that_names_it(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "grpc.py.j2").write_text(text)
    with pytest.raises(SchemaRejectedError) as caught:
        generate(SOURCE, tmp_path, f"templates={tmp_path}")
    [error] = caught.value.errors
    assert message in error


def test_kinds(tmp_path: Path) -> None:
    gen = generate(SOURCE, tmp_path, "kinds=pb+init")
    assert {path.rpartition("/")[2] for path in gen.files} == {"__init__.py", "a_pb.py", "b_pb.py"}


def test_paths(tmp_path: Path) -> None:
    gen = generate(SOURCE, tmp_path, "paths=b/v1")
    assert {path.partition("/")[0] for path in gen.files} == {"b"}


def test_imports(tmp_path: Path) -> None:
    compiled = generate(SOURCE, tmp_path).descriptors
    alone = generate_from(compiled, ["b/v1/b.proto"], tmp_path)
    assert {path.partition("/")[0] for path in alone.files} == {"b"}
    whole = generate_from(compiled, ["b/v1/b.proto"], tmp_path, "imports")
    assert {path.partition("/")[0] for path in whole.files} == {"a", "b"}
    assert whole.module("b.v1").B().a is None


def test_root(tmp_path: Path) -> None:
    gen = generate(SOURCE, tmp_path, "root=x/y,kinds=init")
    assert sorted(gen.files) == [
        "x/y/a/__init__.py",
        "x/y/a/v1/__init__.py",
        "x/y/b/__init__.py",
        "x/y/b/v1/__init__.py",
    ]


def test_the_descriptor_set_holds_all_imports_and_the_comments_of_the_package(tmp_path: Path) -> None:
    comment = "// The license.\n\n// What b is.\nmessage B "
    texts = SOURCE | {"b/v1/b.proto": SOURCE["b/v1/b.proto"].replace("message B ", comment)}
    gen = generate(texts, tmp_path)
    files = FileDescriptorSet.FromString(gen.files["b/v1/descriptor.binpb"]).file
    assert [file.name for file in files] == ["a/v1/a.proto", "b/v1/b.proto"]
    assert not files[0].HasField("source_code_info")
    words = {tuple(place.path): place.leading_comments for place in files[1].source_code_info.location}
    assert words[4, 0] == "What b is."


def test_a_template_without_the_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "main.py.j2").write_text("print('mine')\n")
    source = 'syntax = "proto3"; message M {} service S { rpc A(M) returns (M); }'
    with pytest.raises(SchemaRejectedError, match=r"main.py.j2: its text must start with \{\{ header \}\}"):
        generate(source, tmp_path, f"templates={tmp_path}")


def test_the_runtime_names_its_own_modules(tmp_path: Path) -> None:
    gen = generate(SOURCE, tmp_path, "internal")
    assert "from tokenwire import" not in "".join(text.decode(errors="ignore") for text in gen.files.values())
    assert "from tokenwire.client import" in gen.text("a/v1/a_grpc.py")
    assert "__init__.py" in gen.files


def test_defaults() -> None:
    options = parse("")
    assert options.kinds == set(KINDS)
    assert options.wants("any/file.proto")


@pytest.mark.parametrize("parameter", ["kinds=", "internal=no", "x", "templates=/none"])
def test_malformed_options(parameter: str) -> None:
    with pytest.raises(OptionsError):
        parse(parameter)


def test_paths_match_whole_names() -> None:
    options = parse("paths=a/b+c,paths=d.proto")
    files = ("a/b/x.proto", "a/bc/x.proto", "c/x.proto", "d.proto", "e.proto")
    wanted = [file for file in files if options.wants(file)]
    assert wanted == ["a/b/x.proto", "c/x.proto", "d.proto"]
