"""Greedy output of SGLang behind this server, held to transformers on the same weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import torch
from tokenwire_gen.sglang.runtime.v1.sglang_pb import GenerateRequest, SamplingParams, TextGenerateRequest
from tokenwire_serve.engines import TINY_MODEL
from transformers import AutoModelForCausalLM, AutoTokenizer

if TYPE_CHECKING:
    from .serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROMPTS = [
    "Return the path",
    "What does os.path.join do?",
    "x",
    "The following functions are useful for parsing and manipulating " * 8,
    "naïve café 日本語 🙂",
]
NEW = 40
TOLERANCE = 2e-4
_MODEL: list[Any] = []


@dataclass(frozen=True)
class Answer:
    """What transformers makes of a prompt."""

    prompt_ids: list[int]
    text: str
    ids: list[int]
    logprobs: list[float]
    """Of the output."""
    prompt_logprobs: list[float]
    """Of the prompt from its second token on."""


def reference(prompt: str) -> Answer:
    if not _MODEL:
        model = AutoModelForCausalLM.from_pretrained(TINY_MODEL, dtype=torch.float32).eval()
        _MODEL.extend([model, AutoTokenizer.from_pretrained(TINY_MODEL)])
    model, tokenizer = _MODEL
    prompt_ids = tokenizer.encode(prompt)
    with torch.inference_mode():
        made = model.generate(torch.tensor([prompt_ids]), do_sample=False, max_new_tokens=NEW)[0]
        table = model(made[None]).logits[0].log_softmax(-1)
    logprobs = [float(table[place, token]) for place, token in enumerate(made[1:].tolist())]
    new = made[len(prompt_ids) :].tolist()
    text = tokenizer.decode(new, skip_special_tokens=True)
    split = len(prompt_ids) - 1
    return Answer(prompt_ids, text, new, logprobs[split:], logprobs[:split])


@pytest.mark.parametrize("prompt", PROMPTS, ids=range(len(PROMPTS)))
async def test_greedy_text_and_ids(served: Served, prompt: str) -> None:
    expected = reference(prompt)
    params = SamplingParams(temperature=0, max_new_tokens=NEW)
    by_text = TextGenerateRequest(text=prompt, sampling_params=params)
    by_ids = GenerateRequest(input_ids=expected.prompt_ids, sampling_params=params, stream=True)
    (answer,) = [message async for message in served.grpc.text_generate(by_text)]
    assert answer.text == expected.text
    assert json.loads(answer.meta_info["prompt_tokens"]) == len(expected.prompt_ids)
    made: list[int] = []
    async for message in served.grpc.generate(by_ids, metadata={"x-tokenwire-stream": "delta"}):
        made += message.output_ids
    assert made == expected.ids
    body = {"text": prompt, "sampling_params": {"temperature": 0, "max_new_tokens": NEW}}
    over_http = (await served.http.post("/generate", json=body)).json()
    assert (over_http["text"], over_http["output_ids"]) == (expected.text, expected.ids)


async def test_logprobs(served: Served) -> None:
    expected = reference(PROMPTS[1])
    body = {
        "text": PROMPTS[1],
        "sampling_params": {"temperature": 0, "max_new_tokens": NEW},
        "return_logprob": True,
        "logprob_start_len": 0,
        "top_logprobs_num": 2,
    }
    told = (await served.http.post("/generate", json=body)).json()["meta_info"]
    output, prompt = told["output_token_logprobs"], told["input_token_logprobs"]
    assert [token for _, token, _ in output] == expected.ids
    assert [token for _, token, _ in prompt] == expected.prompt_ids
    assert prompt[0][0] is None
    assert [logprob for logprob, *_ in output] == pytest.approx(expected.logprobs, abs=TOLERANCE)
    assert [row[0] for row in prompt[1:]] == pytest.approx(expected.prompt_logprobs, abs=TOLERANCE)
    for (logprob, token, _), top in zip(output, told["output_top_logprobs"], strict=True):
        assert top[0][:2] == [logprob, token]
        assert top[0][0] >= top[1][0]
