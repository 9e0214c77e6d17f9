"""grpc.health.v1 and grpc.reflection as grpcio's own libraries and buf see them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc.aio
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from tokenwire._proto.grpc.health.v1 import HealthCheckRequest, HealthClient
from tokenwire._proto.grpc.reflection.v1 import ServerReflectionClient, ServerReflectionRequest
from tokenwire._proto.grpc.reflection.v1.reflection_pb import ExtensionRequest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.grpc.server import Server
from tokenwire.health import HealthRegistry
from tokenwire.testing import connected

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HEALTH = "grpc.health.v1.Health"
SERVING, NOT_SERVING, SERVICE_UNKNOWN = 1, 2, 3


@contextlib.asynccontextmanager
async def serving(registry: HealthRegistry) -> AsyncIterator[tuple[str, grpc.aio.Channel]]:
    server = Server([], health=registry)
    await server.start("127.0.0.1", 0)
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            yield f"127.0.0.1:{server.port}", channel
    finally:
        await server.close()


async def test_health_check_and_list() -> None:
    registry = HealthRegistry(["a.B"])
    async with serving(registry) as (_, channel):
        stub = health_pb2_grpc.HealthStub(channel)
        assert (await stub.Check(health_pb2.HealthCheckRequest())).status == NOT_SERVING
        registry.set_all(True)
        for service in ("", "a.B"):
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
            assert answer.status == SERVING
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Check(health_pb2.HealthCheckRequest(service="c.D"))
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND
        listed = await stub.List(health_pb2.HealthListRequest())
        assert {name: answer.status for name, answer in listed.statuses.items()} == {
            "": SERVING,
            "a.B": SERVING,
        }


async def test_health_watch() -> None:
    registry = HealthRegistry(["a.B"])
    async with serving(registry) as (_, channel):
        stub = health_pb2_grpc.HealthStub(channel)
        known = stub.Watch(health_pb2.HealthCheckRequest(service="a.B"))
        unknown = stub.Watch(health_pb2.HealthCheckRequest(service="new"))
        assert (await known.read()).status == NOT_SERVING
        assert (await unknown.read()).status == SERVICE_UNKNOWN
        registry.set("a.B", True)
        registry.set("a.B", True)
        registry.set("new", True)
        assert (await known.read()).status == SERVING
        assert (await unknown.read()).status == SERVING
        registry.close()
        assert (await known.read()).status == NOT_SERVING
        assert await known.read() is grpc.aio.EOF


async def test_a_watcher_that_leaves_is_forgotten() -> None:
    registry = HealthRegistry()
    async with connected(HealthClient, health=registry) as client:
        async for _ in client.watch(HealthCheckRequest()):
            assert len(registry._watchers) == 1
            break
        await asyncio.sleep(0.01)
        assert not registry._watchers


async def ask(client: ServerReflectionClient, *requests: ServerReflectionRequest) -> list[Any]:
    return [answer async for answer in client.server_reflection_info(requests)]


def names(answer: Any) -> list[str]:
    files = answer.file_descriptor_response.file_descriptor_proto
    return [FileDescriptorProto.FromString(data).name for data in files]


async def test_reflection_finds_files() -> None:
    async with connected(ServerReflectionClient, health=HealthRegistry()) as client:
        request = ServerReflectionRequest
        listed, by_name, *by_symbol = await ask(
            client,
            request(host="h", list_services="*"),
            request(file_by_filename="grpc/health/v1/health.proto"),
            request(file_containing_symbol=HEALTH),
            request(file_containing_symbol=f"{HEALTH}.Watch"),
            request(file_containing_symbol="grpc.health.v1.HealthCheckResponse.ServingStatus"),
            request(file_containing_symbol="grpc.health.v1.HealthCheckResponse.SERVING"),
            request(file_containing_symbol="grpc.health.v1.HealthCheckRequest.service"),
        )
        assert listed.valid_host == "h"
        assert listed.original_request.list_services == "*"
        services = [service.name for service in listed.list_services_response.service]
        assert services == [
            HEALTH,
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection",
        ]
        for answer in (by_name, *by_symbol):
            assert names(answer)[0] == "grpc/health/v1/health.proto"


async def test_reflection_says_what_is_not_there() -> None:
    async with connected(ServerReflectionClient) as client:
        answers = await ask(
            client,
            ServerReflectionRequest(file_by_filename="no.proto"),
            ServerReflectionRequest(file_containing_symbol="no.Thing"),
            ServerReflectionRequest(
                file_containing_extension=ExtensionRequest(containing_type="a.B", extension_number=5)
            ),
            ServerReflectionRequest(all_extension_numbers_of_type="a.B"),
            ServerReflectionRequest(),
        )
        assert [answer.error_response.error_code for answer in answers] == [Code.NOT_FOUND] * 5


async def test_reflection_of_the_generated_service() -> None:
    from tokenwire_gen.sglang.runtime.v1 import SglangServiceBase

    class Servicer(SglangServiceBase):
        pass

    Servicer.__abstractmethods__ = frozenset()
    async with connected(ServerReflectionClient, Servicer()) as client:  # type: ignore[abstract]
        extension = ExtensionRequest(containing_type="google.protobuf.MethodOptions", extension_number=50711)
        answers = await ask(
            client,
            ServerReflectionRequest(file_containing_symbol="sglang.runtime.v1.SglangService"),
            ServerReflectionRequest(file_containing_extension=extension),
            ServerReflectionRequest(all_extension_numbers_of_type="google.protobuf.MethodOptions"),
        )
        sent = names(answers[0])
        assert sent[0] == "sglang/runtime/v1/sglang.proto"
        assert "google/protobuf/descriptor.proto" in sent
        assert len(sent) == len(set(sent))
        assert names(answers[1])[0] == "tokenwire/options/v1/options.proto"
        assert 50711 in answers[2].all_extension_numbers_response.extension_number


async def test_v1alpha_for_older_clients() -> None:
    async with serving(HealthRegistry()) as (_, channel):
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        call = stub.ServerReflectionInfo(
            iter([reflection_pb2.ServerReflectionRequest(file_containing_symbol=HEALTH)])
        )
        (answer,) = [answer async for answer in call]
        assert names(answer) == ["grpc/health/v1/health.proto"]


@pytest.mark.parametrize("reflect", ["grpc-v1", "grpc-v1alpha"])
async def test_buf_curl_needs_no_schema(reflect: str) -> None:
    registry = HealthRegistry()
    registry.set_all(True)
    async with serving(registry) as (target, _):
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).parent / "buf"),
            "curl",
            "--protocol",
            "grpc",
            "--http2-prior-knowledge",
            "--reflect-protocol",
            reflect,
            "-d",
            "{}",
            f"http://{target}/{HEALTH}/Check",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, error = await process.communicate()
        assert process.returncode == 0, error.decode()
        assert json.loads(out) == {"status": "SERVING"}


def test_two_servicers_of_one_method_are_refused() -> None:
    from tokenwire.health import HealthServicer

    with pytest.raises(ValueError, match="two servicers"):
        Server([HealthServicer(HealthRegistry())], health=HealthRegistry())


async def test_a_server_without_reflection() -> None:
    async with connected(ServerReflectionClient, reflection=False) as client:
        with pytest.raises(RpcError) as caught:
            await ask(client, ServerReflectionRequest(list_services=""))
        assert caught.value.code is Code.UNIMPLEMENTED


async def test_nothing_is_ready_after_the_end_and_unknown_names_are_not_kept() -> None:
    registry = HealthRegistry(["a.B"])
    for number in range(3):
        registry.watch(f"unknown.{number}").cancel()
    assert not registry._watchers
    registry.close()
    registry.set_all(True)
    registry.set("new", True)
    assert registry.services == {"": False, "a.B": False}
