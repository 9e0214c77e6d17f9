"""The whole of the servicer over a real model, the embedded one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from tokenwire.codes import Code
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    DetokenizeRequest,
    GenerateRequest,
    GuidedDecoding,
    SamplingParams,
    TextEmbedRequest,
    TextGenerateRequest,
    TokenizeRequest,
)
from tokenwire_serve.engines import EngineOptions, create
from tokenwire_serve.servicer.service import SglangServicer

from .calls import USER, body_of, chat, complete, context, drained, events, facts, openai, until, violations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

GREEDY = {"temperature": 0.0, "max_new_tokens": 12}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def real() -> AsyncIterator[SglangServicer]:
    engine = create("transformers", EngineOptions(device="cpu", max_running_requests=8))
    await engine.start()
    servicer = SglangServicer(engine)
    yield servicer
    await servicer.close()
    await engine.close()


def generate(real: SglangServicer, mode: str, **fields: Any) -> Any:
    given = {"text": "Return the", "sampling_params": SamplingParams(**GREEDY), "stream": True, **fields}
    return real.text_generate(TextGenerateRequest(**given), context("TextGenerate", x_tokenwire_stream=mode))


async def test_modes_agree(real: SglangServicer) -> None:
    deltas, _ = await drained(generate(real, "delta"))
    cumulative, _ = await drained(generate(real, "cumulative"))
    (whole,), _ = await drained(generate(real, "delta", stream=False))
    assert whole.text
    assert "".join(message.text for message in deltas) == cumulative[-1].text == whole.text
    assert facts(whole)["completion_tokens"] == facts(deltas[-1])["completion_tokens"]


async def test_text_and_ids_agree(real: SglangServicer) -> None:
    tokens = (await real.tokenize(TokenizeRequest(text="Return the"), context("Tokenize"))).tokens
    request = GenerateRequest(input_ids=tokens, sampling_params=SamplingParams(**GREEDY))
    (by_ids,), _ = await drained(real.generate(request, context("Generate")))
    (by_text,), _ = await drained(generate(real, "delta", stream=False))
    spelled = await real.detokenize(DetokenizeRequest(tokens=by_ids.output_ids), context("Detokenize"))
    assert spelled.text.startswith(by_text.text)


async def test_logprobs(real: SglangServicer) -> None:
    (message,), _ = await drained(
        generate(
            real,
            "delta",
            stream=False,
            return_logprob=True,
            logprob_start_len=0,
            top_logprobs_num=2,
            return_text_in_logprobs=True,
        )
    )
    told = facts(message)
    assert told["input_token_logprobs"][0][0] is None
    assert len(told["input_token_logprobs"]) == told["prompt_tokens"]
    assert len(told["output_token_logprobs"]) == len(told["output_top_logprobs"]) == told["completion_tokens"]
    assert all(row[0] <= 0 and isinstance(row[2], str) for row in told["output_token_logprobs"])


@pytest.mark.parametrize("stream", [True, False])
async def test_prompt_beyond_the_context(real: SglangServicer, stream: bool) -> None:
    limit = real.engine.model.max_model_len
    _, error = await drained(generate(real, "delta", text="word " * (limit + 1), stream=stream))
    assert error is not None
    assert error.code is Code.INVALID_ARGUMENT
    assert violations(error).keys() == {"text"}
    params = SamplingParams(max_new_tokens=limit)
    _, error = await drained(generate(real, "delta", sampling_params=params, stream=stream))
    assert error is not None
    assert error.code is Code.INVALID_ARGUMENT
    assert violations(error).keys() == {"sampling_params.max_new_tokens"}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"max_tokens": 10**6}, "max_tokens"),
        ({"max_completion_tokens": 10**6}, "max_completion_tokens"),
        ({"messages": [{"role": "user", "content": "word " * 3000}], "max_tokens": 10**6}, "messages"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "x"}}}},
            "response_format",
        ),
        ({"regex": "("}, "regex"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"chat_template_kwargs": {"messages": []}}, "chat_template_kwargs.messages"),
    ],
)
async def test_errors_of_the_engine_name_the_fields_of_the_body(
    real: SglangServicer, body: dict[str, Any], param: str
) -> None:
    _, error = await drained(real.chat_complete(openai({"messages": USER, **body}), context("ChatComplete")))
    assert error is not None
    assert (body_of(error)["param"], body_of(error)["code"]) == (param, 400)
    assert param in error.message


async def test_errors_of_the_engine_name_the_fields_of_the_message(real: SglangServicer) -> None:
    params = SamplingParams(guided_decoding=GuidedDecoding(regex="("))
    _, error = await drained(generate(real, "delta", sampling_params=params))
    assert error is not None
    assert violations(error).keys() == {"sampling_params.guided_decoding.regex"}


async def test_constraint(real: SglangServicer) -> None:
    params = SamplingParams(max_new_tokens=20, guided_decoding=GuidedDecoding(regex="[ab]{3}"))
    (message,), _ = await drained(generate(real, "delta", stream=False, sampling_params=params))
    assert len(message.text) == 3
    assert set(message.text) <= {"a", "b"}


async def test_chat(real: SglangServicer) -> None:
    answer = await chat(real, temperature=0, max_tokens=16)
    assert answer["choices"][0]["message"]["content"]
    assert answer["usage"]["completion_tokens"] <= 16
    request = openai({"messages": USER, "temperature": 0, "max_tokens": 16, "stream": True})
    told = await events(real.chat_complete(request, context("ChatComplete")))
    streamed = "".join(event["choices"][0]["delta"].get("content", "") for event in told)
    assert streamed == answer["choices"][0]["message"]["content"]


async def test_same_seed_same_text_over_both_interfaces(real: SglangServicer) -> None:
    params = SamplingParams(
        temperature=0.699999988079071, top_p=0.8999999761581421, seed=7, max_new_tokens=12
    )
    (typed,), _ = await drained(generate(real, "delta", stream=False, sampling_params=params))
    answer = await complete(real, prompt="Return the", temperature=0.7, top_p=0.9, seed=7, max_tokens=12)
    assert answer["choices"][0]["text"] == typed.text


async def test_embeddings_and_rerank(real: SglangServicer) -> None:
    answer = await real.text_embed(TextEmbedRequest(text="a file"), context("TextEmbed"))
    assert sum(value * value for value in answer.embedding) == pytest.approx(1.0, abs=1e-3)
    request = openai({"query": "open a file", "documents": ["the sine of x", "open a file"]})
    ranked = json.loads((await real.rerank(request, context("Rerank"))).json_body)
    assert ranked[0]["document"] == "open a file"


async def test_hang_up_frees_the_engine(real: SglangServicer) -> None:
    params = SamplingParams(max_new_tokens=100, ignore_eos=True)
    stream = generate(real, "delta", sampling_params=params)
    await anext(stream)
    stream.cancel()
    await until(lambda: not real.active_requests)
    assert real.engine.loads()[0].num_running_reqs == 0
