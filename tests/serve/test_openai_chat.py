"""Chat completions: shapes, streams, fields."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1.sglang_pb import AbortRequest
from tokenwire_serve.engine import Constraint, Finish

from .calls import USER, body_of, chat, context, drained, events, openai, until
from .scripted import LENGTH, ScriptedEngine, two_words

if TYPE_CHECKING:
    from tokenwire.streams import PushStream
    from tokenwire_serve.servicer.service import SglangServicer


def stream_chat(servicer: SglangServicer, **body: Any) -> PushStream[Any]:
    return servicer.chat_complete(openai({"messages": USER, "stream": True, **body}), context("ChatComplete"))


async def started(engine: ScriptedEngine) -> str:
    """The rid of the request that is about to reach the engine."""
    await until(lambda: engine.running)
    return next(iter(engine.running))


async def test_whole_answer(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    engine.script = two_words(engine)
    answer = await chat(servicer, model="alias")
    assert answer["id"].startswith("chatcmpl-")
    assert answer["created"] > 1_600_000_000
    del answer["id"], answer["created"]
    assert answer == {
        "object": "chat.completion",
        "model": "alias",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hi there", "refusal": None},
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
    assert engine.started[0].prompt == [1, 2, 3]
    assert engine.started[0].sampling.max_new_tokens is None


async def test_stream(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    stream = stream_chat(servicer)
    seen: list[Any] = []
    stream.subscribe(Recorder(seen))
    rid = await started(engine)
    engine.say(rid, 'He said "hé"\n', [1])
    engine.say(rid, "", [2])
    engine.say(rid, " \U0001f600", [3], finish=Finish("stop", matched="END"))
    *chunks, last = seen
    assert (last.json_chunk, last.finished) == (b"", True)
    told = [json.loads(chunk.json_chunk) for chunk in chunks]
    assert {(e["id"], e["object"], e["model"], "usage" in e) for e in told} == {
        (rid, "chat.completion.chunk", "served", False)
    }
    assert len({event["created"] for event in told}) == 1
    choices = [event["choices"][0] for event in told]
    assert [choice["delta"] for choice in choices] == [
        {"role": "assistant", "content": ""},
        {"content": 'He said "hé"\n'},
        {"content": " \U0001f600"},
        {},
    ]
    assert [choice["finish_reason"] for choice in choices] == [None, None, None, "stop"]
    assert choices[-1]["matched_stop"] == "END"


async def test_usage_comes_last_and_only_when_asked_for(
    engine: ScriptedEngine, servicer: SglangServicer
) -> None:
    engine.script = two_words(engine)
    told = await events(stream_chat(servicer, n=2, stream_options={"include_usage": True}))
    assert [event["usage"] for event in told[:-1]] == [None] * (len(told) - 1)
    assert told[-1]["choices"] == []
    assert told[-1]["usage"] == {
        "prompt_tokens": 5,
        "completion_tokens": 4,
        "total_tokens": 9,
        "prompt_tokens_details": {"cached_tokens": 1},
    }
    told = await events(stream_chat(servicer, stream_options={"include_usage": False}))
    assert not any("usage" in event for event in told)


async def test_running_usage(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    stream = stream_chat(servicer, stream_options={"include_usage": True, "continuous_usage_stats": True})
    seen: list[Any] = []
    stream.subscribe(Recorder(seen))
    rid = await started(engine)
    engine.say(rid, "a", [1])
    engine.say(rid, "b", [2], finish=LENGTH)
    told = [json.loads(chunk.json_chunk) for chunk in seen[:-1]]
    counts = [e["usage"] and e["usage"]["completion_tokens"] for e in told if e["choices"][:1]]
    assert counts == [None, 1, 2, None]


async def test_choices_are_told_apart(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    engine.script = two_words(engine)
    told = await events(stream_chat(servicer, n=3))
    texts = {
        index: "".join(
            e["choices"][0]["delta"].get("content", "") for e in told if e["choices"][0]["index"] == index
        )
        for index in range(3)
    }
    assert texts == dict.fromkeys(range(3), "Hi there")
    assert [choice["index"] for choice in (await chat(servicer, n=3))["choices"]] == [0, 1, 2]


class TestLogprobs:
    async def test_whole(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        engine.script = two_words(engine)
        answer = await chat(servicer, logprobs=True, top_logprobs=1)
        first = answer["choices"][0]["logprobs"]["content"][0]
        assert first == {
            "token": "t10",
            "bytes": [116, 49, 48],
            "logprob": -0.5,
            "top_logprobs": [{"token": "t10", "bytes": [116, 49, 48], "logprob": -0.5}],
        }
        assert len(answer["choices"][0]["logprobs"]["content"]) == 2

    async def test_stream(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        stream = stream_chat(servicer, logprobs=True)
        seen: list[Any] = []
        stream.subscribe(Recorder(seen))
        rid = await started(engine)
        engine.say(rid, "a", [1])
        engine.say(rid, "", [2])
        engine.say(rid, "c", [3], finish=LENGTH)
        choices = [json.loads(chunk.json_chunk)["choices"][0] for chunk in seen[:-1]]
        tokens = [
            [t["token"] for t in (choice["logprobs"] or {"content": []})["content"]] for choice in choices
        ]
        assert tokens == [[], ["t1"], ["t2"], ["t3"], []]

    async def test_slow_reader(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        stream = stream_chat(servicer, logprobs=True, top_logprobs=2)
        rid = await started(engine)
        for token in range(5):
            engine.say(rid, str(token), [token])
        engine.say(rid, "!", [9], finish=LENGTH)
        told = await events(stream)
        assert [event["choices"][0]["delta"].get("content") for event in told] == ["", "01234!", None]
        assert [t["token"] for t in told[1]["choices"][0]["logprobs"]["content"]] == [
            "t0",
            "t1",
            "t2",
            "t3",
            "t4",
            "t9",
        ]


async def test_slow_reader(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    nasty = ['","logprobs":', '"},"logprobs":null', "\\", '"', ',"finish_reason":null}]', "é\U0001f600"]
    stream = stream_chat(servicer, n=2, stream_options={"include_usage": True})
    rid = await started(engine)
    for index in (0, 1):
        for text in nasty:
            engine.say(rid, text, [1], index=index)
    for index in (0, 1):
        engine.say(rid, "", [2], index=index, finish=LENGTH)
    told = await events(stream)
    content = [e["choices"][0]["delta"].get("content") for e in told if e["choices"]]
    assert content == ["", "".join(nasty), "", "".join(nasty), None, None]
    assert told[-1]["usage"]["completion_tokens"] == 14


class TestEnds:
    async def test_abort_by_the_id_that_the_answer_carries(
        self, engine: ScriptedEngine, servicer: SglangServicer
    ) -> None:
        stream = stream_chat(servicer)
        rid = await started(engine)
        engine.say(rid, "a", [1])
        await anext(stream)
        answer = json.loads((await anext(stream)).json_chunk)
        assert (await servicer.abort(AbortRequest(rid=answer["id"]), context("Abort"))).success
        chunks, error = await drained(stream)
        assert json.loads(chunks[-1].json_chunk)["choices"][0]["finish_reason"] == "abort"
        assert error is not None
        assert error.code is Code.CANCELLED

    async def test_abort_of_a_whole_answer(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        stream = servicer.chat_complete(openai({"messages": USER, "rid": "mine"}), context("ChatComplete"))
        await started(engine)
        assert (await servicer.abort(AbortRequest(rid="mine"), context("Abort"))).success
        (chunk,), error = await drained(stream)
        assert json.loads(chunk.json_chunk)["choices"][0]["finish_reason"] == "abort"
        assert error is not None
        assert error.code is Code.CANCELLED

    @pytest.mark.parametrize("stream", [True, False])
    async def test_hang_up(self, engine: ScriptedEngine, servicer: SglangServicer, stream: bool) -> None:
        call = stream_chat(servicer, stream=stream)
        rid = await started(engine)
        call.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert ("abort", rid) in engine.calls
        assert not engine.running
        assert servicer.active_requests == 0

    async def test_hang_up_before_anything_began(
        self, engine: ScriptedEngine, servicer: SglangServicer
    ) -> None:
        stream_chat(servicer).cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert engine.started == []

    async def test_failure_before_the_first_chunk(
        self, engine: ScriptedEngine, servicer: SglangServicer
    ) -> None:
        engine.script = lambda running: engine.fail(
            running.request.rid, RpcError(Code.RESOURCE_EXHAUSTED, "full")
        )
        chunks, error = await drained(stream_chat(servicer))
        assert chunks == []
        assert error is not None
        assert error.code is Code.RESOURCE_EXHAUSTED
        assert body_of(error) == {"message": "full", "type": "rate_limit_error", "param": None, "code": 429}

    async def test_failure_after_the_first_chunk(
        self, engine: ScriptedEngine, servicer: SglangServicer
    ) -> None:
        stream = stream_chat(servicer)
        rid = await started(engine)
        engine.say(rid, "a", [1])
        engine.fail(rid, RpcError(Code.UNAVAILABLE, "the engine is closing"))
        chunks, error = await drained(stream)
        assert json.loads(chunks[-1].json_chunk)["error"]["message"] == "the engine is closing"
        assert not chunks[-1].finished
        assert error is not None
        assert error.code is Code.UNAVAILABLE

    async def test_a_bug_stays_at_home(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        stream = stream_chat(servicer)
        rid = await started(engine)
        engine.say(rid, "a", [1])
        engine.fail(rid, KeyError("/secret/path"))
        chunks = []
        with pytest.raises(KeyError):
            async for chunk in stream:
                chunks.append(chunk.json_chunk)  # noqa: PERF401 - those before an error count
        assert json.loads(chunks[-1])["error"]["message"] == "internal error"
        assert not any(b"secret" in chunk for chunk in chunks)

    async def test_rid_in_use(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        first = stream_chat(servicer, rid="mine")
        await started(engine)
        chunks, error = await drained(stream_chat(servicer, rid="mine"))
        assert chunks == []
        assert error is not None
        assert error.code is Code.ALREADY_EXISTS
        first.cancel()


BAD: list[tuple[dict[str, Any], str]] = [
    ({"messages": None}, "messages"),
    ({"messages": []}, "messages"),
    ({"messages": "hi"}, "messages"),
    ({"messages": ["hi"]}, "messages[0]"),
    ({"messages": [{"role": "king", "content": "x"}]}, "messages[0].role"),
    ({"messages": [{"role": "user"}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": 1}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0]"),
    ({"messages": [{"role": "user", "content": ["x"]}]}, "messages[0].content[0]"),
    ({"temperature": "hot"}, "temperature"),
    ({"temperature": True}, "temperature"),
    ({"temperature": -1}, "temperature"),
    ({"temperature": 10**400}, "temperature"),
    ({"top_p": 0}, "top_p"),
    ({"top_k": 1.5}, "top_k"),
    ({"n": True}, "n"),
    ({"n": 0}, "n"),
    ({"max_tokens": "5"}, "max_tokens"),
    ({"max_tokens": -1}, "max_tokens"),
    ({"max_tokens": 10**30}, "max_tokens"),
    ({"max_completion_tokens": -1}, "max_completion_tokens"),
    ({"min_tokens": 3, "max_tokens": 2}, "min_tokens"),
    ({"seed": 2**63}, "seed"),
    ({"stop": 5}, "stop"),
    ({"stop": ["a", 5]}, "stop"),
    ({"stop": ""}, "stop"),
    ({"stop_token_ids": [1000]}, "stop_token_ids[0]"),
    ({"stop_token_ids": [True]}, "stop_token_ids"),
    ({"logit_bias": {"x": 1}}, "logit_bias"),
    ({"logit_bias": {"1": 101}}, "logit_bias"),
    ({"logit_bias": {"1000": 1}}, "logit_bias"),
    ({"logprobs": 1}, "logprobs"),
    ({"top_logprobs": 2}, "top_logprobs"),
    ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
    ({"stream": "yes"}, "stream"),
    ({"stream_options": {"include_usage": True}}, "stream_options"),
    ({"response_format": {"type": "xml"}}, "response_format.type"),
    ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    ({"regex": "a", "ebnf": "b"}, "ebnf"),
    ({"regex": ""}, "regex"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"tools": [{"type": "function"}]}, "tools[0]"),
    ({"functions": [{"name": "f"}]}, "functions"),
    ({"modalities": ["audio"]}, "modalities"),
    ({"stop_regex": "a"}, "stop_regex"),
    ({"skip_special_tokens": False}, "skip_special_tokens"),
    ({"continue_final_message": True}, "continue_final_message"),
    ({"chat_template_kwargs": []}, "chat_template_kwargs"),
    ({"rid": ""}, "rid"),
    ({"rid": 5}, "rid"),
    ({"model": 5}, "model"),
]


class TestFields:
    async def test_sampling(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        engine.script = two_words(engine)
        await chat(
            servicer,
            temperature=0,
            top_p=0.5,
            top_k=7,
            min_p=0.1,
            frequency_penalty=1,
            presence_penalty=-1,
            repetition_penalty=1.5,
            max_tokens=9,
            max_completion_tokens=8,
            min_tokens=2,
            stop="x",
            stop_token_ids=[5],
            ignore_eos=True,
            seed=42,
            logit_bias={"7": -100},
        )
        sampling = engine.started[0].sampling
        assert (sampling.temperature, sampling.top_p, sampling.top_k, sampling.min_p) == (0.0, 0.5, 7, 0.1)
        assert (sampling.frequency_penalty, sampling.presence_penalty, sampling.repetition_penalty) == (
            1,
            -1,
            1.5,
        )
        assert (sampling.max_new_tokens, sampling.clip, sampling.min_new_tokens) == (8, False, 2)
        assert (sampling.stop, sampling.stop_token_ids, sampling.ignore_eos) == (("x",), (5,), True)
        assert (sampling.seed, sampling.logit_bias) == (42, {7: -100.0})

    @pytest.mark.parametrize(
        ("body", "constraint"),
        [
            ({"response_format": {"type": "text"}}, None),
            ({"response_format": {"type": "json_object"}}, Constraint("json_object")),
            (
                {
                    "response_format": {
                        "type": "json_schema",
                        "json_schema": {"name": "n", "schema": {"type": "object"}},
                    }
                },
                Constraint("json_schema", '{"type":"object"}'),
            ),
            ({"regex": "a+"}, Constraint("regex", "a+")),
            ({"ebnf": "root ::= 'a'"}, Constraint("ebnf", "root ::= 'a'")),
        ],
    )
    async def test_constraints(
        self,
        engine: ScriptedEngine,
        servicer: SglangServicer,
        body: dict[str, Any],
        constraint: Constraint | None,
    ) -> None:
        engine.script = two_words(engine)
        await chat(servicer, **body)
        assert engine.started[0].sampling.constraint == constraint

    async def test_template_gets_messages_tools_and_options(
        self, engine: ScriptedEngine, servicer: SglangServicer
    ) -> None:
        engine.script = two_words(engine)
        tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
        calls = [{"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}]
        messages = [
            {
                "role": "user",
                "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}],
                "name": "n",
            },
            {"role": "assistant", "tool_calls": calls},
            {"role": "tool", "content": "3", "tool_call_id": "1"},
        ]
        await chat(
            servicer, messages=messages, tools=tools, chat_template_kwargs={"x": 1}, reasoning_effort="low"
        )
        _, rendered, given_tools, options = engine.calls[0]
        assert rendered[0] == {"role": "user", "content": "one two", "name": "n"}
        assert rendered[1]["tool_calls"][0]["function"]["arguments"] == {"a": 1}
        assert given_tools == tools
        assert options == {"reasoning_effort": "low", "x": 1}

    async def test_tools_that_shall_not_be_used(
        self, engine: ScriptedEngine, servicer: SglangServicer
    ) -> None:
        engine.script = two_words(engine)
        await chat(servicer, tools=[{"type": "function", "function": {"name": "f"}}], tool_choice="none")
        assert engine.calls[0][2] is None

    async def test_harmless_fields(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        engine.script = two_words(engine)
        answer = await chat(
            servicer,
            user="u",
            store=True,
            metadata={"a": "b"},
            service_tier="auto",
            parallel_tool_calls=True,
            separate_reasoning=True,
            modalities=["text"],
            functions=[],
            nobody_knows_this={"deep": [1]},
            temperature=None,
            stop=None,
        )
        assert answer["choices"][0]["message"]["content"] == "Hi there"

    @pytest.mark.parametrize(("body", "param"), BAD)
    async def test_bad_fields(self, servicer: SglangServicer, body: dict[str, Any], param: str) -> None:
        chunks, error = await drained(
            servicer.chat_complete(openai({"messages": USER, **body}), context("ChatComplete"))
        )
        assert chunks == []
        assert error is not None
        assert error.code is Code.INVALID_ARGUMENT
        told = body_of(error)
        assert (told["type"], told["code"], told["param"]) == ("invalid_request_error", 400, param)
        assert param in told["message"]

    async def test_a_number_beyond_floats(self, servicer: SglangServicer) -> None:
        body = b'{"messages": [{"role": "user", "content": "x"}], "presence_penalty": 1e999}'
        _, error = await drained(servicer.chat_complete(openai(body), context("ChatComplete")))
        assert error is not None
        assert body_of(error)["message"] == "presence_penalty: is too large for a number"

    async def test_several_problems_are_told_together(self, servicer: SglangServicer) -> None:
        _, error = await drained(stream_chat(servicer, temperature="hot", n=0))
        assert error is not None
        assert "temperature must be a number, not a string" in error.message.replace(": ", " ")
        assert "from 1 to" in error.message


class Recorder:
    """A reader that is never behind."""

    def __init__(self, seen: list[Any]) -> None:
        self.seen = seen

    def push(self, message: Any) -> None:
        self.seen.append(message)

    def close(self, error: BaseException | None = None) -> None:
        assert error is None


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"messages": USER * 4097}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": ""}] * 4097}]}, "messages"),
        ({"tools": [{}] * 4097}, "tools"),
        ({"logit_bias": {str(number): 1 for number in range(4097)}}, "logit_bias"),
        ({"stop": ["a"] * 1025}, "stop"),
        ({"rid": "r" * 1025}, "rid"),
    ],
)
async def test_lists_have_a_most(servicer: SglangServicer, body: dict[str, Any], name: str) -> None:
    _, error = await drained(stream_chat(servicer, **body))
    assert error is not None
    assert error.code is Code.INVALID_ARGUMENT
    assert "must have at most" in error.message
    assert name in error.message
