"""Text completions: prompts in every shape, echo, log-probabilities, streams."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1.sglang_pb import AbortRequest

from .calls import body_of, complete, context, drained, events, openai
from .scripted import LENGTH, ScriptedEngine, two_words

if TYPE_CHECKING:
    from tokenwire.streams import PushStream
    from tokenwire_serve.servicer.service import SglangServicer


def stream_complete(servicer: SglangServicer, **body: Any) -> PushStream[Any]:
    return servicer.complete(openai({"prompt": "Say", "stream": True, **body}), context("Complete"))


async def test_whole_answer(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    engine.script = two_words(engine)
    answer = await complete(servicer, model="default")
    assert answer.pop("id").startswith("cmpl-")
    del answer["created"]
    assert answer == {
        "object": "text_completion",
        "model": "served",
        "choices": [
            {
                "index": 0,
                "text": "Hi there",
                "logprobs": None,
                "finish_reason": "length",
                "matched_stop": None,
            }
        ],
        "usage": {
            "prompt_tokens": 5,
            "completion_tokens": 2,
            "total_tokens": 7,
            "prompt_tokens_details": {"cached_tokens": 1},
        },
    }
    assert (engine.started[0].sampling.max_new_tokens, engine.started[0].sampling.clip) == (16, True)


@pytest.mark.parametrize(
    ("prompt", "prompts"),
    [
        ("a", ["a"]),
        (["a", "b"], ["a", "b"]),
        ([1, 2], [[1, 2]]),
        ([[1, 2], [3]], [[1, 2], [3]]),
        ("", [""]),
    ],
)
async def test_prompts(
    engine: ScriptedEngine, servicer: SglangServicer, prompt: Any, prompts: list[Any]
) -> None:
    engine.script = two_words(engine)
    answer = await complete(servicer, prompt=prompt, n=2)
    assert [request.prompt for request in engine.started] == prompts
    assert [choice["index"] for choice in answer["choices"]] == list(range(2 * len(prompts)))
    assert answer["usage"]["prompt_tokens"] == 5 * len(prompts)
    assert answer["usage"]["completion_tokens"] == 4 * len(prompts)
    assert len({request.rid for request in engine.started}) == len(prompts)


async def test_stream(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    engine.script = two_words(engine)
    told = await events(stream_complete(servicer, prompt=["a", "b"]))
    assert {event["object"] for event in told} == {"text_completion"}
    assert [
        (e["choices"][0]["index"], e["choices"][0]["text"], e["choices"][0]["finish_reason"]) for e in told
    ] == [
        (0, "Hi there", None),
        (0, "", "length"),
        (1, "Hi there", None),
        (1, "", "length"),
    ]


class TestEcho:
    async def test_text(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        engine.script = two_words(engine)
        answer = await complete(servicer, prompt=["Say ", [5, 6]][0], echo=True)
        assert answer["choices"][0]["text"] == "Say Hi there"

    async def test_ids(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        engine.script = two_words(engine)
        told = await events(stream_complete(servicer, prompt=[[5, 6], [7]], echo=True))
        texts = [
            "".join(e["choices"][0]["text"] for e in told if e["choices"][0]["index"] == i) for i in (0, 1)
        ]
        assert texts == ["<5><6>Hi there", "<7>Hi there"]

    @pytest.mark.parametrize("stream", [True, False])
    async def test_logprobs_of_the_prompt(
        self, engine: ScriptedEngine, servicer: SglangServicer, stream: bool
    ) -> None:
        engine.script = two_words(engine)
        if stream:
            told = await events(stream_complete(servicer, echo=True, logprobs=1))
            rows = told[0]["choices"][0]["logprobs"]
        else:
            rows = (await complete(servicer, echo=True, logprobs=1))["choices"][0]["logprobs"]
        assert engine.started[0].logprob_start == 0
        assert rows == {
            "text_offset": [0, 2, 4, 7],
            "token_logprobs": [None, -0.5, -0.5, -0.5],
            "tokens": ["t7", "t8", "t10", "t11"],
            "top_logprobs": [None, {"t8": -0.5}, {"t10": -0.5}, {"t11": -0.5}],
        }


async def test_logprobs_without_alternatives(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    engine.script = two_words(engine)
    rows = (await complete(servicer, logprobs=0))["choices"][0]["logprobs"]
    assert rows["tokens"] == ["t10", "t11"]
    assert rows["top_logprobs"] is None


async def test_abort_ends_every_prompt(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    stream = stream_complete(servicer, prompt=["a", "b"], rid="mine")
    await asyncio.sleep(0)
    assert (await servicer.abort(AbortRequest(rid="mine"), context("Abort"))).success
    chunks, error = await drained(stream)
    assert [json.loads(c.json_chunk)["choices"][0]["finish_reason"] for c in chunks] == ["abort", "abort"]
    assert error is not None
    assert error.code is Code.CANCELLED


async def test_one_failure_ends_every_prompt(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    stream = servicer.complete(openai({"prompt": ["a", "b"], "rid": "mine"}), context("Complete"))
    await asyncio.sleep(0)
    engine.say("mine-0", "Hi", [1])
    engine.fail("mine-1", RpcError(Code.INVALID_ARGUMENT, "prompt 1 is too long"))
    chunks, error = await drained(stream)
    assert chunks == []
    assert error is not None
    assert error.message == "prompt 1 is too long"
    assert not engine.running
    assert servicer.active_requests == 0


async def test_refusal_of_the_first_starts_no_other(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    engine.refusal = RpcError(Code.RESOURCE_EXHAUSTED, "full")
    chunks, error = await drained(stream_complete(servicer, prompt=["a", "b"]))
    assert chunks == []
    assert error is not None
    assert error.code is Code.RESOURCE_EXHAUSTED
    assert servicer.active_requests == 0


async def test_slow_reader_with_logprobs(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    stream = stream_complete(servicer, logprobs=1)
    await asyncio.sleep(0)
    (rid,) = engine.running
    for token in range(3):
        engine.say(rid, str(token), [token])
    engine.say(rid, "!", [3], finish=LENGTH)
    joined, last = await events(stream)
    assert joined["choices"][0]["text"] == "012!"
    assert joined["choices"][0]["logprobs"]["text_offset"] == [0, 2, 4, 6]
    assert last["choices"][0]["finish_reason"] == "length"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"prompt": None}, "prompt"),
    ({"prompt": []}, "prompt"),
    ({"prompt": 5}, "prompt"),
    ({"prompt": ["a", 5]}, "prompt"),
    ({"prompt": ["a", [5]]}, "prompt"),
    ({"prompt": [[]]}, "prompt"),
    ({"prompt": [1000]}, "prompt[0]"),
    ({"prompt": ["a"] * 2049}, "prompt"),
    ({"prompt": ["a"] * 3, "n": 1000}, "n"),
    ({"suffix": "end"}, "suffix"),
    ({"best_of": 3}, "best_of"),
    ({"logprobs": 21}, "logprobs"),
    ({"logprobs": True}, "logprobs"),
    ({"echo": "yes"}, "echo"),
    ({"json_schema": "{"}, "json_schema"),
]


@pytest.mark.parametrize(("body", "param"), BAD)
async def test_bad_fields(servicer: SglangServicer, body: dict[str, Any], param: str) -> None:
    chunks, error = await drained(servicer.complete(openai({"prompt": "a", **body}), context("Complete")))
    assert chunks == []
    assert error is not None
    assert body_of(error)["param"] == param
