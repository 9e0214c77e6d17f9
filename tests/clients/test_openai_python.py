"""The official openai SDK, over HTTP and, with one line changed, over gRPC."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx2
import openai
import pytest
from tokenwire.openai_transport import GrpcTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.server import RunningServer

ASK = {
    "model": "default",
    "messages": [{"role": "user", "content": "What does os.path.join do?"}],
    "max_tokens": 16,
    "temperature": 0,
}


@pytest.fixture(params=["http", "grpc"])
async def client(request: pytest.FixtureRequest, server: RunningServer) -> AsyncIterator[openai.AsyncOpenAI]:
    if request.param == "http":
        sdk = openai.AsyncOpenAI(base_url=f"http://{server.http}/v1", api_key="none", max_retries=0)
    else:
        sdk = openai.AsyncOpenAI(
            base_url="http://tokenwire/v1",
            api_key="none",
            max_retries=0,
            http_client=httpx2.AsyncClient(transport=GrpcTransport(server.grpc)),
        )
    async with sdk:
        yield sdk


async def test_chat(client: openai.AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(**ASK)
    text = ""
    async for chunk in await client.chat.completions.create(**ASK, stream=True):
        text += chunk.choices[0].delta.content or ""
    assert text == whole.choices[0].message.content != ""
    assert whole.usage is not None and whole.usage.completion_tokens > 0


async def test_choices_and_logprobs(client: openai.AsyncOpenAI) -> None:
    reply = await client.chat.completions.create(
        **ASK | {"temperature": 1, "seed": 7}, n=2, logprobs=True, top_logprobs=3
    )
    assert [choice.index for choice in reply.choices] == [0, 1]
    logprobs = reply.choices[0].logprobs
    assert logprobs is not None and logprobs.content is not None
    assert all(len(token.top_logprobs) == 3 for token in logprobs.content)


async def test_json_schema(client: openai.AsyncOpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"ok": {"type": "boolean"}},
        "required": ["ok"],
        "additionalProperties": False,
    }
    reply = await client.chat.completions.create(
        **ASK | {"max_tokens": 64},
        response_format={"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}},
    )
    assert isinstance(json.loads(reply.choices[0].message.content or "")["ok"], bool)


async def test_embeddings(client: openai.AsyncOpenAI) -> None:
    reply = await client.embeddings.create(model="default", input=["a path", "a number"])
    assert [len(item.embedding) for item in reply.data] == [192, 192]


async def test_errors(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="no-such-model"):
        await client.chat.completions.create(**ASK | {"model": "no-such-model"})
    with pytest.raises(openai.BadRequestError, match="temperature"):
        await client.chat.completions.create(**ASK | {"temperature": -1})
    with pytest.raises(openai.BadRequestError, match="temperature"):
        async for _ in await client.chat.completions.create(**ASK | {"temperature": -1}, stream=True):
            pass
