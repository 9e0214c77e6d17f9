"""gRPC's interoperability tests (grpc/doc/interop-test-descriptions.md), our side against itself and grpcio.

Each case keeps its published name and sizes. Left out are those for credentials, load balancing and
HTTP caching: CacheableUnaryCall is called with POST, as a server may ask, for ours answers 405 to GET.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from asyncio.subprocess import PIPE
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from tokenwire.client import Client
from tokenwire.codes import Code

from tests.support.generate import generate

from .service import INITIAL, TRAILING, TestService, grpcio_server, our_server, watch_flags
from .stubs import GrpcioStub, OurStub, Stub, fails, watch_responses

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

TESTS = Path(__file__).parents[2]
PROTOS, NODE = TESTS / "protos/interop", TESTS / "clients/node"
LARGE_REQUEST, LARGE_RESPONSE = 271828, 314159
REQUESTS = (27182, 8, 1828, 45904)
RESPONSES = (31415, 9, 2653, 58979)


class Pair:
    """A client and the server it talks to.

    Attributes:
        stub: The client.
        service: What the server runs.
        connect: Makes another client of the same kind.
        tells_flags: The server knows which messages came compressed.
    """

    def __init__(
        self,
        stub: Stub,
        service: TestService,
        connect: Callable[[], contextlib.AbstractAsyncContextManager[Stub]],
        *,
        tells_flags: bool,
    ) -> None:
        self.stub, self.service, self.connect, self.tells_flags = stub, service, connect, tells_flags

    @property
    def m(self) -> Any:
        return self.stub.m


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """Our classes and google.protobuf's."""
    proto = PROTOS / "grpc/testing/test.proto"
    gen = generate([proto], tmp_path_factory.mktemp("interop"), includes=[PROTOS])
    names = gen.pool.FindFileByName("grpc/testing/test.proto").message_types_by_name
    return gen.module("grpc.testing"), SimpleNamespace(**{n: gen.oracle(f"grpc.testing.{n}") for n in names})


@pytest.fixture(params=["ours to ours", "ours to grpcio", "grpcio to ours"])
async def pair(
    request: pytest.FixtureRequest, messages: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pair]:
    client, _, server = request.param.split()
    ours, google = messages
    received, answered = watch_flags(monkeypatch), watch_responses(monkeypatch)
    serving = our_server(ours, received) if server == "ours" else grpcio_server(google)
    async with serving as (service, target):

        @contextlib.asynccontextmanager
        async def connect() -> AsyncIterator[Stub]:
            if client == "ours":
                async with Client(target) as made:
                    yield OurStub(ours, made, answered)
            else:
                async with grpc.aio.insecure_channel(target) as channel:
                    yield GrpcioStub(google, channel)

        async with connect() as stub:
            yield Pair(stub, service, connect, tells_flags=server == "ours")


def large(m: Any, **fields: Any) -> Any:
    payload = m.Payload(body=bytes(LARGE_REQUEST))
    return m.SimpleRequest(response_size=LARGE_RESPONSE, payload=payload, **fields)


def output(m: Any, *sizes: int, request: int | None = None, **fields: Any) -> Any:
    if request is not None:
        fields["payload"] = m.Payload(body=bytes(request))
    parameters = [m.ResponseParameters(size=size) for size in sizes]
    return m.StreamingOutputCallRequest(response_parameters=parameters, **fields)


async def several(*requests: Any) -> AsyncIterator[Any]:
    for request in requests:
        yield request


def sizes(responses: list[Any]) -> list[int]:
    assert not any(any(response.payload.body) for response in responses)
    return [len(response.payload.body) for response in responses]


async def test_empty_unary(pair: Pair) -> None:
    assert await pair.stub.one("EmptyCall", pair.m.Empty()) == pair.m.Empty()


@pytest.mark.parametrize("name", ["UnaryCall", "CacheableUnaryCall"])
async def test_large_unary(pair: Pair, name: str) -> None:
    assert sizes(await pair.stub.all(name, large(pair.m))) == [LARGE_RESPONSE]


async def test_client_compressed_unary(pair: Pair) -> None:
    m = pair.m
    expected, unexpected = m.BoolValue(value=True), m.BoolValue(value=False)
    if pair.tells_flags:
        with fails(Code.INVALID_ARGUMENT):
            await pair.stub.one("UnaryCall", large(m, expect_compressed=expected))
    compressed = large(m, expect_compressed=expected)
    assert sizes(await pair.stub.all("UnaryCall", compressed, compress=True)) == [LARGE_RESPONSE]
    plain = large(m, expect_compressed=unexpected)
    assert sizes(await pair.stub.all("UnaryCall", plain)) == [LARGE_RESPONSE]


@pytest.mark.parametrize("wanted", [True, False])
async def test_server_compressed_unary(pair: Pair, wanted: bool) -> None:
    request = large(pair.m, response_compressed=pair.m.BoolValue(value=wanted))
    assert sizes(await pair.stub.all("UnaryCall", request)) == [LARGE_RESPONSE]
    assert pair.stub.flags in (None, [wanted])


async def test_client_streaming(pair: Pair) -> None:
    m = pair.m
    parts = [m.StreamingInputCallRequest(payload=m.Payload(body=bytes(size))) for size in REQUESTS]
    response = await pair.stub.one("StreamingInputCall", several(*parts))
    assert response.aggregated_payload_size == 74922


async def test_client_compressed_streaming(pair: Pair) -> None:
    """The second message is of noise, which none of the clients makes longer by compressing it."""
    m = pair.m
    first = m.StreamingInputCallRequest(
        payload=m.Payload(body=bytes(27182)), expect_compressed=m.BoolValue(value=True)
    )
    second = m.StreamingInputCallRequest(
        payload=m.Payload(body=os.urandom(45904)), expect_compressed=m.BoolValue(value=False)
    )
    if pair.tells_flags:
        with fails(Code.INVALID_ARGUMENT):
            await pair.stub.one("StreamingInputCall", several(first))
    response = await pair.stub.one("StreamingInputCall", several(first, second), compress=True)
    assert response.aggregated_payload_size == 73086


async def test_server_streaming(pair: Pair) -> None:
    assert sizes(await pair.stub.all("StreamingOutputCall", output(pair.m, *RESPONSES))) == list(RESPONSES)


async def test_server_compressed_streaming(pair: Pair) -> None:
    m = pair.m
    request = m.StreamingOutputCallRequest(
        response_parameters=[
            m.ResponseParameters(size=31415, compressed=m.BoolValue(value=True)),
            m.ResponseParameters(size=92653, compressed=m.BoolValue(value=False)),
        ]
    )
    assert sizes(await pair.stub.all("StreamingOutputCall", request)) == [31415, 92653]
    assert pair.stub.flags in (None, [True, False])


async def test_ping_pong(pair: Pair) -> None:
    pongs: asyncio.Queue[None] = asyncio.Queue()

    async def pings() -> AsyncIterator[Any]:
        for size, wanted in zip(REQUESTS, RESPONSES, strict=True):
            yield output(pair.m, wanted, request=size)
            await pongs.get()

    got = []
    async for response in pair.stub.call("FullDuplexCall", pings()):
        got.append(response)
        pongs.put_nowait(None)
    assert sizes(got) == list(RESPONSES)


async def test_empty_stream(pair: Pair) -> None:
    assert await pair.stub.all("FullDuplexCall", several()) == []


@pytest.mark.parametrize("name", ["UnaryCall", "FullDuplexCall"])
async def test_custom_metadata(pair: Pair, name: str) -> None:
    metadata: dict[str, str | bytes] = {
        INITIAL: "test_initial_metadata_value",
        TRAILING: b"\x0a\x0b\x0a\x0b\x0a\x0b",
    }
    request: Any = large(pair.m)
    if name == "FullDuplexCall":
        request = several(output(pair.m, LARGE_RESPONSE, request=LARGE_REQUEST))
    call = pair.stub.call(name, request, metadata=metadata)
    assert sizes([response async for response in call]) == [LARGE_RESPONSE]
    assert (await call.initial())[INITIAL] == metadata[INITIAL]
    assert (await call.trailing())[TRAILING] == metadata[TRAILING]


async def test_status_code_and_message(pair: Pair) -> None:
    status = pair.m.EchoStatus(code=2, message="test status message")
    with fails(Code.UNKNOWN, "test status message"):
        await pair.stub.one("UnaryCall", pair.m.SimpleRequest(response_status=status))
    with fails(Code.UNKNOWN, "test status message"):
        await pair.stub.all("FullDuplexCall", several(output(pair.m, response_status=status)))


async def test_special_status_message(pair: Pair) -> None:
    text = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
    status = pair.m.EchoStatus(code=2, message=text)
    with fails(Code.UNKNOWN, text):
        await pair.stub.one("UnaryCall", pair.m.SimpleRequest(response_status=status))


async def test_unimplemented_method(pair: Pair) -> None:
    with fails(Code.UNIMPLEMENTED):
        await pair.stub.one("UnimplementedCall", pair.m.Empty())


async def test_unimplemented_service(pair: Pair) -> None:
    with fails(Code.UNIMPLEMENTED):
        await pair.stub.one("UnimplementedCall", pair.m.Empty(), service="grpc.testing.UnimplementedService")


async def test_cancel_after_begin(pair: Pair) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[Any]:
        yield pair.m.StreamingInputCallRequest()
        begun.set()
        await asyncio.Event().wait()

    call = pair.stub.call("StreamingInputCall", endless())
    await begun.wait()
    call.cancel()
    with fails(Code.CANCELLED):
        [response async for response in call]
    assert (await pair.stub.one("EmptyCall", pair.m.Empty())) == pair.m.Empty()


async def test_cancel_after_first_response(pair: Pair) -> None:
    async def endless() -> AsyncIterator[Any]:
        yield output(pair.m, 31415, request=27182)
        await asyncio.Event().wait()

    call = pair.stub.call("FullDuplexCall", endless())
    with fails(Code.CANCELLED):
        async for response in call:
            assert len(response.payload.body) == 31415
            call.cancel()
    async with asyncio.timeout(20):
        await pair.service.ended.wait()


async def test_timeout_on_sleeping_server(pair: Pair) -> None:
    async def endless() -> AsyncIterator[Any]:
        yield output(pair.m, request=27182)
        await asyncio.Event().wait()

    await pair.stub.one("EmptyCall", pair.m.Empty())
    with fails(Code.DEADLINE_EXCEEDED):
        await pair.stub.all("FullDuplexCall", endless(), timeout=0.1)
    async with asyncio.timeout(20):
        await pair.service.ended.wait()


async def test_concurrent_large_unary(pair: Pair) -> None:
    calls = [pair.stub.all("UnaryCall", large(pair.m)) for _ in range(20)]
    assert [sizes(responses) for responses in await asyncio.gather(*calls)] == [[LARGE_RESPONSE]] * 20


async def test_rpc_soak(pair: Pair) -> None:
    for _ in range(10):
        assert sizes(await pair.stub.all("UnaryCall", large(pair.m))) == [LARGE_RESPONSE]


async def test_channel_soak(pair: Pair) -> None:
    for _ in range(5):
        async with pair.connect() as stub:
            assert sizes(await stub.all("UnaryCall", large(pair.m))) == [LARGE_RESPONSE]


async def test_grpc_js(messages: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    async with our_server(messages[0], watch_flags(monkeypatch)) as (_, target):
        node = await asyncio.create_subprocess_exec(
            "node", NODE / "interop.mjs", target, PROTOS, stdout=PIPE, stderr=PIPE
        )
        async with asyncio.timeout(60):
            text, errors = await node.communicate()
    assert node.returncode == 0, errors.decode()
    out = json.loads(text)
    for case, size in (("empty", 0), ("large", LARGE_RESPONSE), ("compressed", LARGE_RESPONSE)):
        assert (out[case]["code"], out[case]["size"]) == ("OK", size), out[case]
    assert out["not_compressed"]["code"] == "INVALID_ARGUMENT"
    assert out["answer_compressed"]["size"] == LARGE_RESPONSE
    assert out["uploaded"] == {"aggregated_payload_size": 27182}
    assert out["streamed"] == [31415, 92653]
    assert (out["initial"], out["trailing"]) == ("test_initial_metadata_value", "0a0b0a0b0a0b")
    assert out["special"] is True
    assert out["unimplemented"] == out["unimplemented_service"] == "UNIMPLEMENTED"
