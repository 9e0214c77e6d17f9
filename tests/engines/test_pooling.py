"""Embeddings, classes and scores of engine `transformers`, against the models themselves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
import torch
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_serve.engine import EmbedRequest, ScoreRequest
from tokenwire_serve.engines import TINY_MODEL, EngineOptions, create
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    BertConfig,
    LlamaConfig,
)

from .models import SIZES, save
from .support import collect, generate, next_rid, start

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tokenwire_serve.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")

BERT: dict[str, Any] = {key: value for key, value in SIZES.items() if key != "num_key_value_heads"}


async def serve(path: Any) -> AsyncIterator[Engine]:
    engine = create("transformers", EngineOptions(model_path=path, max_running_requests=4))
    await engine.start()
    yield engine
    await engine.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def classifier(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    config = LlamaConfig(**SIZES, num_labels=3, id2label={0: "bad", 1: "fair", 2: "good"})
    path = save(AutoModelForSequenceClassification, config, tmp_path_factory.mktemp("classifier"))
    async for engine in serve(path):
        yield engine


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    config = BertConfig(**BERT, num_labels=1)
    path = save(AutoModelForSequenceClassification, config, tmp_path_factory.mktemp("pairs"))
    async for engine in serve(path):
        yield engine


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def encoder(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    path = save(AutoModel, BertConfig(**BERT), tmp_path_factory.mktemp("encoder"))
    async for engine in serve(path):
        yield engine


def embedding(model: Any, ids: list[int], size: int) -> list[float]:
    with torch.inference_mode():
        hidden = model(torch.tensor([ids])).last_hidden_state[0]
    values: list[float] = torch.nn.functional.normalize(hidden.mean(0)[:size], dim=0).tolist()
    return values


async def test_embeddings_of_a_causal_model(tiny: Engine) -> None:
    model = AutoModel.from_pretrained(TINY_MODEL, dtype=torch.float32).eval()
    ids = await tiny.tokenize("Return the path of a file.")
    for size in (192, 32):
        got = await tiny.embed(EmbedRequest(next_rid(), ids, dimensions=size))
        assert got.values == pytest.approx(embedding(model, ids, size), abs=1e-4)
        assert got.prompt_tokens == len(ids)


async def test_embeddings_of_an_encoder(encoder: Engine) -> None:
    assert encoder.model.kind == "embed"
    assert encoder.model.embedding_size == 64
    model = AutoModel.from_pretrained(encoder.model.model_path).eval()
    ids = await encoder.tokenize("some words")
    got = await encoder.embed(EmbedRequest(next_rid(), "some words"))
    assert got.values == pytest.approx(embedding(model, ids, 64), abs=1e-4)
    await encoder.probe()


async def test_classes(classifier: Engine) -> None:
    assert classifier.model.kind == "classify"
    assert classifier.model.labels == ("bad", "fair", "good")
    model = AutoModelForSequenceClassification.from_pretrained(classifier.model.model_path).eval()
    ids = await classifier.tokenize("a fine day")
    with torch.inference_mode():
        logits = model(torch.tensor([ids])).logits[0].tolist()
    got = await classifier.classify(EmbedRequest(next_rid(), "a fine day"))
    assert got.values == pytest.approx(logits, abs=1e-4)
    assert got.prompt_tokens == len(ids)
    await classifier.probe()


async def test_pairs(cross_encoder: Engine) -> None:
    one = await cross_encoder.classify(EmbedRequest(next_rid(), "question", pair="an answer"))
    other = await cross_encoder.classify(EmbedRequest(next_rid(), "question", pair="something else"))
    assert len(one.values) == 1
    assert one.values != other.values
    both = len(await cross_encoder.tokenize("question")) + len(await cross_encoder.tokenize("an answer"))
    assert one.prompt_tokens == both
    with pytest.raises(RpcError, match="pair"):
        await cross_encoder.classify(EmbedRequest(next_rid(), [5, 6], pair="x"))


@pytest.mark.parametrize("softmax", [True, False])
async def test_scores(tiny: Engine, softmax: bool) -> None:
    model = AutoModelForCausalLM.from_pretrained(TINY_MODEL, dtype=torch.float32).eval()
    prompts = [await tiny.tokenize("Return the"), await tiny.tokenize("A list is")]
    labels = [300, 9, 4000]
    got = await tiny.score(ScoreRequest(next_rid(), prompts, labels, apply_softmax=softmax, temperature=2.0))
    for row, prompt in zip(got.rows, prompts, strict=True):
        with torch.inference_mode():
            logits = model(torch.tensor([prompt])).logits[0, -1] / 2.0
        expected = torch.softmax(logits[labels], -1) if softmax else torch.softmax(logits, -1)[labels]
        assert row == pytest.approx(expected.tolist(), rel=1e-3)


async def test_what_a_kind_cannot_do_is_unimplemented(
    tiny: Engine, classifier: Engine, encoder: Engine
) -> None:
    calls = [
        tiny.classify(EmbedRequest(next_rid(), "x")),
        tiny.embed(EmbedRequest(next_rid(), "x", pair="y")),
        classifier.embed(EmbedRequest(next_rid(), "x")),
        encoder.classify(EmbedRequest(next_rid(), "x")),
        encoder.score(ScoreRequest(next_rid(), ["x"], [1])),
        generate(encoder, "x"),
    ]
    for call in calls:
        with pytest.raises(RpcError) as refused:
            await call
        assert refused.value.code is Code.UNIMPLEMENTED
        assert "engine transformers" in refused.value.message


async def test_bad_inputs_name_the_field(tiny: Engine) -> None:
    for call, field in (
        (tiny.embed(EmbedRequest(next_rid(), [])), "prompt"),
        (tiny.embed(EmbedRequest(next_rid(), [9999])), "9999"),
        (tiny.embed(EmbedRequest(next_rid(), [5] * 2049)), "2048"),
        (tiny.embed(EmbedRequest(next_rid(), "x", dimensions=0)), "dimensions"),
        (tiny.score(ScoreRequest(next_rid(), ["x"], [])), "label_token_ids"),
        (tiny.score(ScoreRequest(next_rid(), ["x"], [4096])), "label_token_ids"),
        (tiny.detokenize([4096]), "tokens"),
    ):
        with pytest.raises(RpcError) as refused:
            await call
        assert refused.value.code is Code.INVALID_ARGUMENT
        assert field in refused.value.message


async def test_embeddings_wait_their_turn_and_can_be_aborted(tiny: Engine) -> None:
    await tiny.pause("in_place")
    aborted = asyncio.ensure_future(tiny.embed(EmbedRequest("aborted", "x")))
    cancelled = asyncio.ensure_future(tiny.embed(EmbedRequest("cancelled", "x")))
    kept = asyncio.ensure_future(tiny.embed(EmbedRequest("kept", "x")))
    await asyncio.sleep(0.02)
    with pytest.raises(RpcError) as refused:
        await tiny.embed(EmbedRequest("kept", "x"))
    assert refused.value.code is Code.ALREADY_EXISTS
    assert tiny.loads()[0].num_waiting_reqs == 3
    assert tiny.abort("aborted")
    cancelled.cancel()
    with pytest.raises(RpcError) as ended:
        await aborted
    assert ended.value.code is Code.CANCELLED
    await tiny.resume()
    assert len((await kept).values) == 192
    assert not tiny.abort("kept")
    assert not tiny.abort("cancelled")


async def test_text_and_embeddings_side_by_side(tiny: Engine) -> None:
    running = asyncio.ensure_future(generate(tiny, temperature=0, max_new_tokens=40, ignore_eos=True))
    embeddings = await asyncio.gather(
        *(tiny.embed(EmbedRequest(next_rid(), "word " * 50)) for _ in range(10))
    )
    text = await running
    alone = await collect(start(tiny, temperature=0, max_new_tokens=40, ignore_eos=True))
    assert text.token_ids == alone[0].token_ids
    assert len({tuple(e.values) for e in embeddings}) == 1
