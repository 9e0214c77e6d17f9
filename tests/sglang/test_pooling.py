"""Models that embed or classify, started with `--is-embedding`."""

from __future__ import annotations

import asyncio
import base64
import math
import struct
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SglangServiceClient

from tests.engines.models import SIZES

from .process import Process, serving
from .weights import LABELS, classifier, embedder

if TYPE_CHECKING:
    from collections.abc import Iterator

IDS = [17, 300, 5]
FLAGS = ("--is-embedding", "--disable-radix-cache")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, Process]]:
    """One of each, started side by side."""
    directory = tmp_path_factory.mktemp("pooling")
    models = (embedder(directory / "embedder"), classifier(directory / "classifier"))
    with ThreadPoolExecutor(2) as pool, ExitStack() as stack:
        starts = [serving("--model-path", str(model), engine_args=FLAGS) for model in models]
        embeds, classifies = pool.map(stack.enter_context, starts)
        yield embeds, classifies


@pytest.fixture(scope="module")
def embeds(servers: tuple[Process, Process]) -> Process:
    return servers[0]


@pytest.fixture(scope="module")
def classifies(servers: tuple[Process, Process]) -> Process:
    return servers[1]


def post(server: Process, route: str, **body: Any) -> tuple[int, Any]:
    with server.client() as client:
        reply = client.post(route, json=body)
        return reply.status_code, reply.json()


def call(server: Process, name: str, request: Any) -> Any:
    """The answer of a unary call over gRPC."""

    async def run() -> Any:
        async with SglangServiceClient(server.grpc) as client:
            return await getattr(client, name)(request)

    return asyncio.run(run())


def refused(server: Process, name: str, request: Any) -> RpcError:
    """What a stream of no messages ends with."""

    async def run() -> None:
        async with SglangServiceClient(server.grpc) as client:
            async for _ in getattr(client, name)(request):
                pass

    with pytest.raises(RpcError) as caught:
        asyncio.run(run())
    return caught.value


def test_embeddings(embeds: Process) -> None:
    text = call(embeds, "text_embed", pb.TextEmbedRequest(text="some text", rid="mine"))
    assert len(text.embedding) == SIZES["hidden_size"]
    assert math.hypot(*text.embedding) == pytest.approx(1, abs=1e-4)
    assert text.meta_info["id"] == '"mine"'
    tokens = call(embeds, "tokenize", pb.TokenizeRequest(text="some text")).tokens
    assert int(text.meta_info["prompt_tokens"]) == len(tokens)
    ids = call(embeds, "embed", pb.EmbedRequest(input_ids=tokens))
    assert list(ids.embedding) == pytest.approx(list(text.embedding), abs=1e-4)
    _, over_http = post(embeds, "/encode", text="some text")
    assert over_http["embedding"] == pytest.approx(list(text.embedding), abs=1e-4)


def test_openai_embeddings(embeds: Process) -> None:
    status, told = post(embeds, "/v1/embeddings", input=["some text", "other"], model="embedder")
    assert (status, [row["index"] for row in told["data"]]) == (200, [0, 1])
    _, packed = post(embeds, "/v1/embeddings", input=["some text", "other"], encoding_format="base64")
    for row, coded in zip(told["data"], packed["data"], strict=True):
        raw = base64.b64decode(coded["embedding"])
        assert list(struct.unpack(f"<{len(raw) // 4}f", raw)) == pytest.approx(row["embedding"], abs=1e-4)
    status, told = post(embeds, "/v1/embeddings", input="x", dimensions=16)
    assert status == 400
    assert "dimensions" in told["error"]["message"] or "matryoshka" in told["error"]["message"].lower()


def test_classes(classifies: Process) -> None:
    text = call(classifies, "classify", pb.ClassifyRequest(text="some text"))
    assert len(text.embedding) == len(LABELS)
    tokens = call(classifies, "tokenize", pb.TokenizeRequest(text="some text")).tokens
    ids = call(classifies, "classify", pb.ClassifyRequest(input_ids=tokens))
    assert list(ids.embedding) == pytest.approx(list(text.embedding), abs=1e-3)
    status, told = post(classifies, "/v1/classify", input=["some text"], model="classifier")
    assert status == 200
    (row,) = told["data"]
    assert row["label"] in LABELS
    assert sum(row["probs"]) == pytest.approx(1, abs=1e-4)
    best = max(range(len(LABELS)), key=lambda index: text.embedding[index])
    assert row["label"] == LABELS[best]


def test_rerank_answers_with_a_list(classifies: Process) -> None:
    documents = ["the path", "a list of words", "x"]
    status, told = post(classifies, "/v1/rerank", query="path", documents=documents)
    assert status == 200, told
    assert isinstance(told, list)
    assert sorted(row["index"] for row in told) == [0, 1, 2]
    scores = [row["score"] for row in told]
    assert scores == sorted(scores, reverse=True)


def test_score(classifies: Process) -> None:
    status, told = post(classifies, "/v1/score", query="path", items=["the path", "x"])
    assert status == 200, told
    assert len(told["scores"]) == 2


@pytest.mark.parametrize("kind", ["embeds", "classifies"])
def test_generation_is_refused(request: pytest.FixtureRequest, kind: str) -> None:
    server: Process = request.getfixturevalue(kind)
    for name, ask in (
        ("text_generate", pb.TextGenerateRequest(text="x")),
        ("generate", pb.GenerateRequest(input_ids=IDS)),
        ("chat_complete", pb.OpenAIRequest(json_body=b'{"messages": [{"role": "user", "content": "x"}]}')),
        ("complete", pb.OpenAIRequest(json_body=b'{"prompt": "x", "stream": true}')),
    ):
        error = refused(server, name, ask)
        assert error.code is Code.INVALID_ARGUMENT, (name, error)
        assert "--is-embedding" in error.message, (name, error)


@pytest.mark.parametrize("kind", ["embeds", "classifies"])
@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("/v1/score", {"query": "a", "items": ["b"]}),
        ("/v1/score", {"query": "a", "items": ["b"], "label_token_ids": [1, 2]}),
        ("/v1/rerank", {"query": "a", "documents": ["b"]}),
        ("/v1/embeddings", {"input": "x"}),
        ("/v1/embeddings", {"input": [5, 6]}),
        ("/v1/embeddings", {"input": ["x", ""]}),
        ("/v1/embeddings", {"input": [10**6]}),
        ("/v1/embeddings", {"input": "word " * 1000}),
        ("/v1/classify", {"input": "x"}),
        ("/encode", {"input_ids": [5] * 1000}),
    ],
)
def test_nothing_harms_the_server(request: pytest.FixtureRequest, kind: str, route: str, body: Any) -> None:
    server: Process = request.getfixturevalue(kind)
    status, told = post(server, route, **body)
    assert status in {200, 400, 501}, told
    with server.client() as client:
        assert client.get("/health_generate").status_code == 200


def test_the_other_kind_is_refused(embeds: Process, classifies: Process) -> None:
    status, told = post(classifies, "/encode", text="x")
    assert (status, told["error"]["type"]) == (501, "unsupported")
    status, told = post(embeds, "/classify", text="x")
    assert (status, told["error"]["type"]) == (501, "unsupported")


def test_what_they_say_of_themselves(embeds: Process, classifies: Process) -> None:
    for server in (embeds, classifies):
        with server.client() as client:
            assert client.get("/health").status_code == 200
            assert client.get("/health_generate").status_code == 200
            info = client.get("/get_model_info").json()
        assert info["is_generation"] is False
        assert server.model == info["served_model_name"]
