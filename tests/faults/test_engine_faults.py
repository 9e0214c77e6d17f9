"""Engines that raise and engines that hang: what callers are told, and that nothing stays behind."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1 import sglang_grpc
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SglangServiceClient

from benchmarks.soak.engine import SECRET, FaultyEngine

from .serving import GONE_S, Residue, Served, served, time_until, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tokenwire_serve.engine import EngineState

METHODS = {method.name: method for method in sglang_grpc.SGLANG_SERVICE.methods}
LONG = pb.SamplingParams(max_new_tokens=100_000)
CHAT = {"messages": [{"role": "user", "content": "{}"}], "max_tokens": 100_000}


def chat(prompt: str, **fields: Any) -> pb.OpenAIRequest:
    body = {"messages": [{"role": "user", "content": prompt}], "max_tokens": 100_000, **fields}
    return pb.OpenAIRequest(json_body=json.dumps(body).encode())


def openai(**body: Any) -> pb.OpenAIRequest:
    return pb.OpenAIRequest(json_body=json.dumps(body).encode())


CALLS: dict[str, Callable[[str], tuple[str, Any]]] = {
    "text": lambda p: ("TextGenerate", pb.TextGenerateRequest(text=p, sampling_params=LONG, stream=True)),
    "text-whole": lambda p: ("TextGenerate", pb.TextGenerateRequest(text=p, sampling_params=LONG)),
    "ids": lambda p: (
        "Generate",
        pb.GenerateRequest(input_ids=list(p.encode()), sampling_params=LONG, stream=True),
    ),
    "chat": lambda p: ("ChatComplete", chat(p, stream=True)),
    "chat-whole": lambda p: ("ChatComplete", chat(p)),
    "complete": lambda p: ("Complete", openai(prompt=["x", p], max_tokens=100_000, stream=True)),
    "complete-whole": lambda p: ("Complete", openai(prompt=["x", p], max_tokens=100_000)),
    "embed": lambda p: ("TextEmbed", pb.TextEmbedRequest(text=p)),
    "classify": lambda p: ("Classify", pb.ClassifyRequest(text=p)),
    "tokenize": lambda p: ("Tokenize", pb.TokenizeRequest(text=p)),
    "detokenize": lambda p: ("Detokenize", pb.DetokenizeRequest(tokens=list(p.encode()))),
    "openai-embed": lambda p: ("OpenAIEmbed", openai(input=["x", p])),
    "score": lambda p: ("Score", openai(query=f"{p} ", items=["a"], label_token_ids=[1])),
}
STREAMS = ("text", "text-whole", "ids", "chat", "chat-whole", "complete", "complete-whole")
HTTP: dict[str, Callable[[str], tuple[str, Any]]] = {
    "generate": lambda p: ("/generate", {"text": p, "sampling_params": {"max_new_tokens": 100_000}}),
    "generate-list": lambda p: (
        "/generate",
        {"text": ["x", p], "sampling_params": {"max_new_tokens": 100_000}},
    ),
    "generate-stream": lambda p: (
        "/generate",
        {"text": p, "stream": True, "sampling_params": {"max_new_tokens": 100_000}},
    ),
    "generate-list-stream": lambda p: (
        "/generate",
        {"text": ["x", p], "stream": True, "sampling_params": {"max_new_tokens": 100_000}},
    ),
    "chat": lambda p: ("/v1/chat/completions", {**CHAT, "messages": [{"role": "user", "content": p}]}),
    "chat-stream": lambda p: (
        "/v1/chat/completions",
        {**CHAT, "messages": [{"role": "user", "content": p}], "stream": True},
    ),
    "complete": lambda p: ("/v1/completions", {"prompt": ["x", p], "max_tokens": 100_000}),
    "complete-stream": lambda p: (
        "/v1/completions",
        {"prompt": ["x", p], "max_tokens": 100_000, "stream": True},
    ),
    "embed": lambda p: ("/encode", {"text": p}),
    "tokenize": lambda p: ("/tokenize", {"prompt": p}),
    "openai-embed": lambda p: ("/v1/embeddings", {"input": ["x", p]}),
}


async def ends(client: SglangServiceClient, name: str, request: Any, **options: Any) -> RpcError:
    """The error that a call ends with."""
    method = METHODS[name]
    with pytest.raises(RpcError) as caught:
        if method.server_streaming:
            async for _ in client._stream(method, request, **options):
                pass
        else:
            await client._unary(method, request, **options)
    return caught.value


@pytest.fixture
async def server() -> AsyncIterator[Served]:
    """A server, from which nothing may be left over when the test is done."""
    async with served() as running:
        residue = Residue()
        yield running
        assert running.requests == 0
        await residue.none()


@pytest.fixture
async def client(server: Served) -> AsyncIterator[SglangServiceClient]:
    async with SglangServiceClient(f"127.0.0.1:{server.grpc}") as found:
        yield found


@pytest.fixture
async def web(server: Served) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.http}", timeout=10) as found:
        yield found


async def gone(server: Served) -> None:
    seconds, away = await time_until(lambda: server.requests == 0)
    assert seconds <= GONE_S + away


@pytest.mark.parametrize("call", CALLS)
async def test_an_engine_that_raises(server: Served, client: SglangServiceClient, call: str) -> None:
    error = await ends(client, *CALLS[call]("!raise"))
    assert error.code is Code.INTERNAL
    assert SECRET not in repr((error.message, error.details))
    await gone(server)


@pytest.mark.parametrize("fault", ["!break", "!end"])
@pytest.mark.parametrize("call", STREAMS)
async def test_an_engine_that_fails_on_a_request(
    server: Served, client: SglangServiceClient, call: str, fault: str
) -> None:
    error = await ends(client, *CALLS[call](fault))
    assert error.code is Code.INTERNAL
    assert SECRET not in repr((error.message, error.details))
    await gone(server)


@pytest.mark.parametrize("fault", ["!raise", "!break", "!end"])
@pytest.mark.parametrize("call", HTTP)
async def test_http_over_an_engine_that_fails(
    server: Served, web: httpx.AsyncClient, call: str, fault: str
) -> None:
    path, body = HTTP[call](fault)
    if fault != "!raise" and call in ("embed", "tokenize", "openai-embed"):
        fault = "none"
    reply = await web.post(path, json=body)
    assert SECRET.encode() not in reply.content
    if fault == "none":
        assert reply.status_code == 200
    elif reply.headers["content-type"].startswith("text/event-stream"):
        assert b'"error"' in reply.content
        assert reply.content.endswith(b"data: [DONE]\n\n")
    else:
        assert reply.status_code == 500
        assert reply.json()["error"]["type"] == "server_error"
    await gone(server)


@pytest.mark.parametrize(
    ("method", "rpc", "path"),
    [
        ("loads", "GetLoad", "/get_load"),
        ("server_info", "GetServerInfo", "/get_server_info"),
        ("flush_cache", "FlushCache", "/flush_cache"),
    ],
)
async def test_an_engine_whose_other_methods_raise(
    server: Served, client: SglangServiceClient, web: httpx.AsyncClient, method: str, rpc: str, path: str
) -> None:
    server.engine.broken = {method}
    error = await ends(client, rpc, METHODS[rpc].request())
    assert (error.code, SECRET in error.message) == (Code.INTERNAL, False)
    reply = await (web.post(path, json={}) if rpc == "FlushCache" else web.get(path))
    assert (reply.status_code, SECRET in reply.text) == (500, False)


async def test_an_engine_whose_state_raises(
    server: Served, client: SglangServiceClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def state(_: FaultyEngine) -> EngineState:
        raise RuntimeError(SECRET)

    with monkeypatch.context() as patched:
        patched.setattr(FaultyEngine, "state", property(state))
        for name in (
            "HealthCheck",
            "GetModelInfo",
            "WatchEngineState",
            "TextGenerate",
            "ChatComplete",
            "TextEmbed",
        ):
            error = await ends(client, name, METHODS[name].request())
            assert (name, error.code, SECRET in error.message) == (name, Code.INTERNAL, False)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.http}") as web:
            for path in ("/health", "/v1/models", "/get_load"):
                reply = await web.get(path)
                assert (path, reply.status_code, SECRET in reply.text) == (path, 500, False)


@pytest.mark.parametrize("call", [name for name in CALLS if name not in ("tokenize", "detokenize")])
async def test_a_deadline_ends_a_call_of_an_engine_that_hangs(
    server: Served, client: SglangServiceClient, call: str
) -> None:
    error = await ends(client, *CALLS[call]("!hang"), timeout=0.1)
    assert error.code is Code.DEADLINE_EXCEEDED
    await gone(server)


@pytest.mark.parametrize("rpc", ["FlushCache", "Tokenize", "Detokenize"])
async def test_a_deadline_ends_an_admin_call_of_an_engine_that_hangs(
    server: Served, client: SglangServiceClient, rpc: str
) -> None:
    server.engine.broken = {"!flush_cache", "!tokenize", "!detokenize"}
    error = await ends(client, rpc, METHODS[rpc].request(), timeout=0.1)
    assert error.code is Code.DEADLINE_EXCEEDED


@pytest.mark.parametrize("call", ["text", "ids", "embed"])
async def test_an_abort_ends_a_call_of_an_engine_that_hangs(
    server: Served, client: SglangServiceClient, call: str
) -> None:
    name, request = CALLS[call]("!hang")
    request.rid = "hanging"
    running = asyncio.create_task(ends(client, name, request))
    await until(lambda: server.requests)
    assert (await client.abort(pb.AbortRequest(rid="hanging"))).success
    assert (await running).code is Code.CANCELLED
    await gone(server)
