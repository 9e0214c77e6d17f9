"""sglang.proto says what the contract says: numbers, names, types, labels, RPCs and their rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from . import contract
from .buf import build
from .describe import fields_of

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import (
        DescriptorProto,
        FieldDescriptorProto,
        FileDescriptorProto,
        FileDescriptorSet,
        MethodDescriptorProto,
        ServiceDescriptorProto,
    )

FILE = "sglang/runtime/v1/sglang.proto"
UNARY_OPENAI = {"OpenAIEmbed", "OpenAIClassify", "Score", "Rerank"}
STREAMED_OPENAI = {"ChatComplete", "Complete"}


class Rules:
    """Reads the tokenwire options of a descriptor set."""

    def __init__(self, files: FileDescriptorSet) -> None:
        self._pool = DescriptorPool()
        for file in files.file:
            self._pool.Add(file)

    def of_method(self, method: MethodDescriptorProto) -> Any:
        return self._read("google.protobuf.MethodOptions", "tokenwire.options.v1.method", method)

    def of_field(self, field: FieldDescriptorProto) -> Any:
        return self._read("google.protobuf.FieldOptions", "tokenwire.options.v1.field", field)

    def _read(self, options: str, extension: str, declaration: Any) -> Any:
        parsed = GetMessageClass(self._pool.FindMessageTypeByName(options)).FromString(
            declaration.options.SerializeToString()
        )
        key: Any = self._pool.FindExtensionByName(extension)
        return parsed.Extensions[key]


@pytest.fixture(scope="module")
def files() -> FileDescriptorSet:
    return build("--path", f"proto/{FILE}")


@pytest.fixture(scope="module")
def rules(files: FileDescriptorSet) -> Rules:
    return Rules(files)


@pytest.fixture(scope="module")
def schema(files: FileDescriptorSet) -> FileDescriptorProto:
    return next(file for file in files.file if file.name == FILE)


@pytest.fixture(scope="module")
def messages(schema: FileDescriptorProto) -> dict[str, DescriptorProto]:
    return {message.name: message for message in schema.message_type}


@pytest.fixture(scope="module")
def service(schema: FileDescriptorProto) -> ServiceDescriptorProto:
    (service,) = schema.service
    return service


@pytest.fixture(scope="module")
def methods(service: ServiceDescriptorProto) -> dict[str, MethodDescriptorProto]:
    return {method.name: method for method in service.method}


def test_package_and_service(schema: FileDescriptorProto, service: ServiceDescriptorProto) -> None:
    assert schema.syntax == "proto3"
    assert schema.package == "sglang.runtime.v1"
    assert service.name == "SglangService"


def test_rpcs_in_order(service: ServiceDescriptorProto) -> None:
    prefix = ".sglang.runtime.v1."
    found = [(m.name, m.input_type, m.output_type, m.server_streaming) for m in service.method]
    assert found == [
        (rpc.name, prefix + rpc.request, prefix + rpc.response, rpc.streams) for rpc in contract.RPCS
    ]
    assert len(found) == 26
    assert not any(method.client_streaming for method in service.method)


def test_message_names(schema: FileDescriptorProto) -> None:
    assert {message.name for message in schema.message_type} == contract.MESSAGES.keys()
    assert {enum.name for enum in schema.enum_type} == contract.ENUMS.keys()


@pytest.mark.parametrize("name", contract.MESSAGES)
def test_fields(name: str, messages: dict[str, DescriptorProto]) -> None:
    message = messages[name]
    assert sorted(fields_of(message)) == sorted(contract.MESSAGES[name])
    assert all(nested.options.map_entry for nested in message.nested_type)
    assert not message.enum_type


def test_enum_values(schema: FileDescriptorProto) -> None:
    for enum in schema.enum_type:
        assert {value.name: value.number for value in enum.value} == contract.ENUMS[enum.name]


@pytest.mark.parametrize("name", contract.MESSAGES)
def test_reserved(name: str, messages: dict[str, DescriptorProto]) -> None:
    message = messages[name]
    numbers = {n for reserved in message.reserved_range for n in range(reserved.start, reserved.end)}
    assert numbers == contract.RESERVED_NUMBERS.get(name, set())
    assert set(message.reserved_name) == contract.RESERVED_NAMES.get(name, set())


def test_deprecated(messages: dict[str, DescriptorProto]) -> None:
    deprecated = {
        f"{message.name}.{field.name}"
        for message in messages.values()
        for field in message.field
        if field.options.deprecated
    }
    assert deprecated == contract.DEPRECATED


@pytest.mark.parametrize("rpc", contract.RPCS, ids=lambda rpc: rpc.name)
def test_routes(rpc: contract.Rpc, methods: dict[str, MethodDescriptorProto], rules: Rules) -> None:
    http = rules.of_method(methods[rpc.name]).http
    assert {f"{route.method} {path}" for route in http for path in route.paths} == set(rpc.routes)


@pytest.mark.parametrize("rpc", contract.RPCS, ids=lambda rpc: rpc.name)
def test_auth_scope(rpc: contract.Rpc, methods: dict[str, MethodDescriptorProto], rules: Rules) -> None:
    scope = rules.of_method(methods[rpc.name]).auth
    public, user, admin = 1, 2, 3
    assert scope == (public if rpc.name in contract.PUBLIC else admin if rpc.name in contract.ADMIN else user)


def test_shared_paths_name_one_handler(service: ServiceDescriptorProto, rules: Rules) -> None:
    handlers: dict[str, set[str]] = {}
    users: dict[str, int] = {}
    for method in service.method:
        for route in rules.of_method(method).http:
            for path in route.paths:
                handlers.setdefault(path, set()).add(route.handler)
                users[path] = users.get(path, 0) + 1
    shared = {path for path, count in users.items() if count > 1}
    assert {path: handlers[path] for path in shared} == {"/generate": {"generate"}, "/encode": {"encode"}}


def test_openai_pass_through_names_fields_that_exist(
    methods: dict[str, MethodDescriptorProto], rules: Rules
) -> None:
    passing = {name for name, method in methods.items() if rules.of_method(method).HasField("openai")}
    assert passing == UNARY_OPENAI | STREAMED_OPENAI
    for name in passing:
        openai = rules.of_method(methods[name]).openai
        streamed = name in STREAMED_OPENAI
        assert (openai.body_field, openai.headers_field) == ("json_body", "trace_headers")
        assert openai.json_field == ("json_chunk" if streamed else "json_body")
        assert openai.finished_field == ("finished" if streamed else "")
        assert openai.status_field == ("" if streamed else "status_code")


def test_generation_streams_tell_what_grows(
    messages: dict[str, DescriptorProto], methods: dict[str, MethodDescriptorProto], rules: Rules
) -> None:
    for rpc, response, grows in (
        ("TextGenerate", "TextGenerateResponse", "text"),
        ("Generate", "GenerateResponse", "output_ids"),
    ):
        assert rules.of_method(methods[rpc]).stream.sequence == "meta_info.index"
        by_name = {field.name: rules.of_field(field) for field in messages[response].field}
        assert {name for name, rule in by_name.items() if rule.delta} == {grows}
        keys = {name: list(rule.delta_keys) for name, rule in by_name.items() if rule.delta_keys}
        assert keys == {"meta_info": ["output_token_logprobs", "output_top_logprobs"]}
