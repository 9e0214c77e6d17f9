"""Protos that are not ours: googleapis, OpenTelemetry, gRPC's health and reflection."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import google.api
import google.logging
import google.longrunning
import google.rpc
import google.type
import opentelemetry.proto
import pytest
import tokenwire.message
from google.protobuf import message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from tests.support.fill import fill, messages
from tests.support.generate import ROOT, Generated, generate_from

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from google.protobuf.descriptor import FileDescriptor

SETS: dict[str, list[ModuleType]] = {
    "googleapis": [google.rpc, google.api, google.type, google.logging, google.longrunning],
    "opentelemetry": [opentelemetry.proto],
    "grpc": [importlib.import_module(f"grpc_{name}") for name in ("health", "reflection")],
}


def files(package: ModuleType) -> Iterator[FileDescriptor]:
    """The files of a package's `_pb2` modules."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if module.name.endswith("_pb2"):
            yield importlib.import_module(module.name).DESCRIPTOR


def collect(wanted: list[FileDescriptor]) -> FileDescriptorSet:
    """A descriptor set of the files and their imports, imports first."""
    found: dict[str, FileDescriptorProto] = {}

    def add(file: FileDescriptor) -> None:
        if file.name not in found:
            for dependency in file.dependencies:
                add(dependency)
            found[file.name] = FileDescriptorProto.FromString(file.serialized_pb)

    for file in wanted:
        add(file)
    for proto in found.values():
        _name_json(proto)
    return FileDescriptorSet(file=found.values())


def _name_json(proto: FileDescriptorProto) -> None:
    """Fill in the JSON names that protoc leaves out of generated modules but sends to plugins."""
    queue = list(proto.message_type)
    while queue:
        message = queue.pop()
        queue += message.nested_type
        for field in message.field:
            if not field.json_name:
                head, *words = field.name.split("_")
                field.json_name = head + "".join(word[:1].upper() + word[1:] for word in words)


def proto3(file: FileDescriptor) -> bool:
    return FileDescriptorProto.FromString(file.serialized_pb).syntax == "proto3"


def classes(gen: Generated) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in gen.files:
        if path.endswith("/__init__.py"):
            module = gen.module(path.removesuffix("/__init__.py").replace("/", "."))
            for value in vars(module).values():
                if isinstance(value, type) and issubclass(value, tokenwire.message.Message):
                    found[value._tw_name] = value
    return found


@pytest.fixture(scope="module", params=SETS)
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    wanted = [file for package in SETS[request.param] for file in files(package) if proto3(file)]
    descriptors = collect(wanted)
    # Whatever these refer to is generated too, as buf's include_imports does.
    names = [file.name for file in descriptors.file if file.syntax == "proto3"]
    return generate_from(descriptors, names, tmp_path_factory.mktemp(request.param)), wanted


def test_everything_compiles_and_imports(real: Any) -> None:
    gen, _ = real
    for path, content in gen.files.items():
        if path.endswith(".py"):
            compile(content, path, "exec")
            if not path.endswith("__main__.py"):
                gen.module(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))


def test_round_trip(real: Any) -> None:
    gen, wanted = real
    ours = classes(gen)
    count = 0
    for file in wanted:
        for descriptor in messages(file):
            oracle = message_factory.GetMessageClass(descriptor)
            message = fill(oracle(), depth=2)
            read = ours[descriptor.full_name].parse(message.SerializeToString())
            assert oracle.FromString(bytes(read)) == message, descriptor.full_name
            count += 1
    assert count >= {"grpc": 10, "opentelemetry": 30, "googleapis": 100}[_name(gen)]


def test_ruff_leaves_the_format_alone(real: Any) -> None:
    gen, _ = real
    config = ROOT / "pyproject.toml"
    command = (Path(sys.executable).parent / "ruff", "format", "--config", config, "--no-cache", "--diff")
    done = subprocess.run([*command, gen.directory], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _name(gen: Generated) -> str:
    return gen.directory.parent.name.rstrip("0123456789")


def test_routes_of_googleapis(tmp_path: Path) -> None:
    descriptors = collect(list(files(google.longrunning)))
    names = [file.name for file in descriptors.file if file.name.startswith("google/longrunning/")]
    gen = generate_from(descriptors, [*names, "google/rpc/status.proto"], tmp_path)
    routes = [(r.method, r.path) for r in gen.module("google.longrunning.operations_http").ROUTES]
    assert ("GET", "/v1/{name=operations/**}") in routes
