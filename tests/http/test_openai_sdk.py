"""The official SDK over HTTP and over gRPC, on httpx and on httpx2, async and blocking."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import ANY

import httpx
import httpx2
import openai
import pytest
from tokenwire.client import Client
from tokenwire.openai_transport import GrpcTransport

from .fakes import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .conftest import NullServer

ASK: dict[str, Any] = {"model": "null", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 4}
ENDLESS = ASK | {"max_tokens": 1_000_000, "stream": True}
TEXT = " token token token token"


@asynccontextmanager
async def connected(server: NullServer, way: str, **options: Any) -> AsyncIterator[openai.AsyncOpenAI]:
    """An async SDK client: over HTTP, or over gRPC on the library that `way` names."""
    libraries: dict[str, Any] = {"grpc-httpx": httpx, "grpc-httpx2": httpx2}
    common: dict[str, Any] = {"api_key": "-", "max_retries": 0, **options}
    if way == "http":
        client = openai.AsyncOpenAI(base_url=f"http://{server.http}/v1", **common)
    else:
        http_client = libraries[way].AsyncClient(transport=GrpcTransport(server.grpc))
        client = openai.AsyncOpenAI(base_url="http://tokenwire/v1", http_client=http_client, **common)
    async with client:
        yield client


@pytest.fixture(params=["http", "grpc-httpx", "grpc-httpx2"])
def way(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


async def test_chat_whole_and_streamed(server: NullServer, way: str) -> None:
    async with connected(server, way) as client:
        whole = await client.chat.completions.create(**ASK)
        assert whole.choices[0].message.content == TEXT
        assert whole.usage is not None
        assert whole.usage.completion_tokens == 4
        options = {"include_usage": True}
        stream = await client.chat.completions.create(**ASK, stream=True, stream_options=options)
        chunks = [chunk async for chunk in stream]
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == TEXT
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "length"
    assert chunks[-1].usage is not None
    assert not chunks[-1].choices


async def test_completions_embeddings_and_models(server: NullServer, way: str) -> None:
    async with connected(server, way) as client:
        whole = await client.completions.create(model="null", prompt="a", max_tokens=2)
        assert whole.choices[0].text == " token token"
        stream = await client.completions.create(model="null", prompt="a", max_tokens=2, stream=True)
        assert "".join([c.choices[0].text async for c in stream if c.choices]) == " token token"
        embedded = await client.embeddings.create(model="null", input=["a", "b"])
        assert [len(item.embedding) for item in embedded.data] == [4096, 4096]
        (listed,) = [model async for model in client.models.list()]
        assert listed.id == "null"
        assert (await client.models.retrieve("null")).to_dict() == listed.to_dict() | {"created": ANY}
        with pytest.raises(openai.NotFoundError, match="'org/nope' is not served here"):
            await client.models.retrieve("org/nope")


@pytest.mark.parametrize("stream", [False, True])
async def test_errors_have_their_own_classes(server: NullServer, way: str, stream: bool) -> None:
    async with connected(server, way) as client:
        with pytest.raises(openai.NotFoundError, match="nope"):
            await client.chat.completions.create(**ASK | {"model": "nope"}, stream=stream)
        with pytest.raises(openai.BadRequestError) as caught:
            await client.chat.completions.create(**ASK, temperature=-1, stream=stream)
    assert caught.value.param == "temperature"
    assert caught.value.type == "invalid_request_error"


async def test_an_unknown_path_is_not_found(server: NullServer, way: str) -> None:
    async with connected(server, way) as client:
        with pytest.raises(openai.NotFoundError, match="there is no route /v1/images/generations"):
            await client.images.generate(prompt="x")


async def test_closing_a_stream_early_aborts_the_request(server: NullServer, way: str) -> None:
    async with connected(server, way) as client:
        stream = await client.chat.completions.create(**ENDLESS)
        await anext(aiter(stream))
        assert server.servicer.active_requests == 1
        await stream.close()
        await idle(server)


async def test_cancelling_a_call_aborts_the_request(server: NullServer, way: str) -> None:
    async with connected(server, way) as client:
        call = asyncio.create_task(client.chat.completions.create(**ENDLESS | {"stream": False}))
        await until(lambda: server.servicer.active_requests == 1)
        call.cancel()
        await idle(server)


async def test_an_error_in_the_middle_of_a_stream_is_told_once(server: NullServer, way: str) -> None:
    async with connected(server, way) as client:
        stream = await client.chat.completions.create(**ENDLESS)
        chunks = aiter(stream)
        await anext(chunks)
        await server.servicer.engine.close()
        with pytest.raises(openai.APIError) as caught:
            async for _ in chunks:
                pass
        assert caught.value.type == "unavailable"


async def idle(server: NullServer) -> None:
    await until(lambda: server.servicer.active_requests == 0)


async def test_a_read_timeout_is_the_sdks(server: NullServer, way: str) -> None:
    await server.servicer.engine.pause("in_place")
    async with connected(server, way, timeout=0.2) as client:
        with pytest.raises(openai.APITimeoutError):
            await client.chat.completions.create(**ASK)
    await idle(server)


@pytest.mark.parametrize("library", [httpx, httpx2])
async def test_a_server_that_is_not_there_is_a_connection_error(library: Any) -> None:
    http_client = library.AsyncClient(transport=GrpcTransport("127.0.0.1:1"))
    async with openai.AsyncOpenAI(
        base_url="http://tokenwire/v1", api_key="-", max_retries=0, http_client=http_client
    ) as client:
        with pytest.raises(openai.APIConnectionError):
            await client.models.list()


@pytest.mark.parametrize("library", [httpx, httpx2])
async def test_blocking_client_over_grpc(server: NullServer, library: Any) -> None:
    def talk() -> tuple[str, str, list[str]]:
        http_client = library.Client(transport=GrpcTransport(server.grpc))
        with openai.OpenAI(base_url="http://tokenwire/v1", api_key="-", http_client=http_client) as client:
            whole = client.chat.completions.create(**ASK)
            stream = client.chat.completions.create(**ASK, stream=True)
            streamed = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
            endless = client.chat.completions.create(**ENDLESS)
            next(iter(endless))
            endless.close()
            with pytest.raises(openai.NotFoundError):
                client.chat.completions.create(**ASK | {"model": "nope"})
            return whole.choices[0].message.content or "", streamed, [m.id for m in client.models.list()]

    assert await asyncio.to_thread(talk) == (TEXT, TEXT, ["null"])
    await idle(server)


async def test_headers_travel_as_metadata(server: NullServer, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    unary = Client._unary

    async def spy(self: Any, method: Any, request: Any, timeout: Any = None, metadata: Any = None) -> Any:
        sent.append(metadata)
        return await unary(self, method, request, timeout, metadata)

    monkeypatch.setattr(Client, "_unary", spy)
    headers = {"x-team": "a", "x-raw-bin": "AA", "grpc-timeout": "1n"}
    async with connected(server, "grpc-httpx2", default_headers=headers) as client:
        await client.models.list()
    (metadata,) = sent
    assert metadata["authorization"] == "Bearer -"
    assert metadata["x-team"] == "a"
    assert not metadata.keys() & {"host", "content-type", "user-agent", "x-raw-bin", "grpc-timeout"}


def test_without_tables_it_says_what_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokenwire.openai_transport.entry_points", lambda group: [])
    with pytest.raises(LookupError, match="give adapters"):
        GrpcTransport("localhost:1")
