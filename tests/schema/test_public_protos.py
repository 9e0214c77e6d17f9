"""The protos of gRPC and Google that the runtime speaks are wire for wire the published ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.api import annotations_pb2, http_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from .buf import build

if TYPE_CHECKING:
    from google.protobuf.descriptor import FileDescriptor
    from google.protobuf.descriptor_pb2 import DescriptorProto

PUBLISHED = {
    "google/api/annotations.proto": annotations_pb2.DESCRIPTOR,
    "google/api/http.proto": http_pb2.DESCRIPTOR,
    "google/rpc/code.proto": code_pb2.DESCRIPTOR,
    "google/rpc/error_details.proto": error_details_pb2.DESCRIPTOR,
    "google/rpc/status.proto": status_pb2.DESCRIPTOR,
    "grpc/health/v1/health.proto": health_pb2.DESCRIPTOR,
    "grpc/reflection/v1alpha/reflection.proto": reflection_pb2.DESCRIPTOR,
}


@pytest.fixture(scope="module")
def ours() -> dict[str, FileDescriptorProto]:
    built = build("--path", "proto/google", "--path", "proto/grpc", "--exclude-source-info")
    return {file.name: file for file in built.file}


def declarations(file: FileDescriptorProto) -> FileDescriptorProto:
    """What a file declares, in a form that only the declarations' meaning changes.

    Its own path, imports and language options are left out; declarations are sorted by name, fields
    and enum values by number. JSON names are left out too: protoc does not keep those of the default
    form.
    """
    result = FileDescriptorProto(package=file.package, syntax=file.syntax)
    result.message_type.extend(sorted(file.message_type, key=lambda message: message.name))
    result.enum_type.extend(sorted(file.enum_type, key=lambda enum: enum.name))
    result.service.extend(sorted(file.service, key=lambda service: service.name))
    result.extension.extend(file.extension)
    for message in result.message_type:
        _normalise(message)
    for enum in result.enum_type:
        enum.value.sort(key=lambda value: value.number)
    for extension in result.extension:
        extension.ClearField("json_name")
    for service in result.service:
        service.method.sort(key=lambda method: method.name)
        for method in service.method:
            method.ClearField("options")
    return result


def _normalise(message: DescriptorProto) -> None:
    message.field.sort(key=lambda field: field.number)
    message.nested_type.sort(key=lambda nested: nested.name)
    for field in message.field:
        field.ClearField("json_name")
    for nested in message.nested_type:
        _normalise(nested)


@pytest.mark.parametrize("path", PUBLISHED)
def test_same_as_published(path: str, ours: dict[str, FileDescriptorProto]) -> None:
    assert declarations(ours[path]) == declarations(_proto(PUBLISHED[path]))


def test_reflection_v1_is_v1alpha_under_another_name(ours: dict[str, FileDescriptorProto]) -> None:
    v1 = declarations(ours["grpc/reflection/v1/reflection.proto"])
    renamed = _proto(PUBLISHED["grpc/reflection/v1alpha/reflection.proto"]).SerializeToString()
    v1alpha = FileDescriptorProto.FromString(renamed)
    assert v1.package == "grpc.reflection.v1"
    text = str(declarations(v1alpha)).replace("grpc.reflection.v1alpha", "grpc.reflection.v1")
    assert str(v1) == text


def _proto(file: FileDescriptor) -> FileDescriptorProto:
    result = FileDescriptorProto()
    file.CopyToProto(result)
    return result
