"""protoc-gen-tokenwire as protoc and buf start it: a request on stdin, a response on stdout."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from tokenwire_codegen.plugin import encode_response

from tests.support.generate import compile_protos

if TYPE_CHECKING:
    from pathlib import Path


def request(text: str, folder: Path) -> CodeGeneratorRequest:
    (folder / "a.proto").write_text(text)
    files = compile_protos(folder, ["a.proto"]).file
    return CodeGeneratorRequest(file_to_generate=["a.proto"], proto_file=files, parameter="kinds=pb+init")


def start(request: CodeGeneratorRequest) -> CodeGeneratorResponse:
    command = [sys.executable, "-m", "tokenwire_codegen.plugin"]
    done = subprocess.run(command, input=request.SerializeToString(), capture_output=True, check=True)
    assert done.stderr == b""
    return CodeGeneratorResponse.FromString(done.stdout)


def test_files(tmp_path: Path) -> None:
    response = start(request('syntax = "proto3"; package a; message A {}', tmp_path))
    assert [file.name for file in response.file] == ["a/__init__.py", "a/a_pb.py"]
    assert "class A(Message" in response.file[1].content
    assert not response.HasField("error")
    assert response.supported_features & CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL


def test_mistakes(tmp_path: Path) -> None:
    response = start(request('syntax = "proto2"; message A { required int32 a = 1; }', tmp_path))
    assert response.error.splitlines() == [
        'a.proto:1:1: proto2 is not supported: write syntax = "proto3"',
        "a.proto:1:32: field a: required fields are not supported: drop the label",
    ]
    assert not response.file


def test_content_may_be_any_bytes() -> None:
    content = b"\xff\xfe" * 200
    assert content in encode_response({"x.binpb": content}, [])
