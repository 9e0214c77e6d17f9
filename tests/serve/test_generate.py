"""TextGenerate and Generate: modes, messages, meta_info, choices, aborts and hang-ups."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    AbortRequest,
    GenerateRequest,
    SamplingParams,
    TextGenerateRequest,
)
from tokenwire_serve.engine import Finish, ServerStatus
from tokenwire_serve.servicer.service import SglangServicer
from tokenwire_serve.servicer.settings import ServicerSettings

from .calls import context, drained, facts, violations
from .scripted import LENGTH, ScriptedEngine, two_words

if TYPE_CHECKING:
    from tokenwire.streams import PushStream

ALWAYS = {
    "id",
    "index",
    "finish_reason",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "weight_version",
}


def start(servicer: SglangServicer, mode: str = "", **fields: Any) -> PushStream[Any]:
    given = {"text": "Say", "rid": "r", "stream": True, **fields}
    metadata = {"x_tokenwire_stream": mode} if mode else {}
    return servicer.text_generate(TextGenerateRequest(**given), context("TextGenerate", **metadata))


def start_ids(servicer: SglangServicer, mode: str, **fields: Any) -> PushStream[Any]:
    given = {"input_ids": [1, 2], "rid": "r", "stream": True, **fields}
    return servicer.generate(GenerateRequest(**given), context("Generate", x_tokenwire_stream=mode))


def say_three(engine: ScriptedEngine) -> None:
    engine.say("r", "a", [10])
    engine.say("r", "b", [11])
    engine.say("r", "c", [12], finish=Finish("stop", matched="\n"))


async def test_engine_that_raises_leaves_no_request_behind(
    engine: ScriptedEngine, servicer: SglangServicer
) -> None:
    def fail(running: object) -> None:
        raise RuntimeError("a bug")

    engine.script = fail
    with pytest.raises(RuntimeError):
        start(servicer)
    assert servicer.active_requests == 0


async def test_whole_answer_is_one_message(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    stream = start(servicer, stream=None)
    say_three(engine)
    (message,), error = await drained(stream)
    assert error is None
    assert (message.text, message.finished) == ("abc", True)
    told = facts(message)
    assert told.pop("e2e_latency") >= 0
    assert told == {
        "id": "r",
        "index": 0,
        "finish_reason": {"type": "stop", "matched": "\n"},
        "prompt_tokens": 5,
        "completion_tokens": 3,
        "cached_tokens": 1,
        "weight_version": "v1",
    }


async def test_cumulative_messages_carry_everything(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    seen: list[Any] = []
    stream = start(servicer)
    stream.subscribe(Recorder(seen))
    say_three(engine)
    assert [message.text for message in seen] == ["a", "ab", "abc"]
    assert [message.finished for message in seen] == [False, False, True]
    assert [facts(message)["completion_tokens"] for message in seen] == [1, 2, 3]
    assert all(message.meta_info.keys() >= ALWAYS for message in seen)
    assert facts(seen[1])["finish_reason"] is None
    assert ["e2e_latency" in message.meta_info for message in seen] == [False, False, True]


async def test_delta_messages_carry_what_they_need(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    seen: list[Any] = []
    stream = start(servicer, "delta")
    stream.subscribe(Recorder(seen))
    say_three(engine)
    assert [message.text for message in seen] == ["a", "b", "c"]
    assert [message.finished for message in seen] == [False, False, True]
    assert seen[0].meta_info.keys() == ALWAYS
    assert seen[1].meta_info == {}
    assert seen[2].meta_info.keys() == ALWAYS | {"e2e_latency"}
    assert facts(seen[2])["completion_tokens"] == 3


async def test_a_delta_without_text_sends_nothing(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    seen: list[Any] = []
    start(servicer, "delta").subscribe(Recorder(seen))
    engine.say("r", "", [10])
    engine.say("r", "", [11])
    engine.say("r", "xy", [12], finish=LENGTH)
    assert [message.text for message in seen] == ["", "xy"]
    assert facts(seen[1])["completion_tokens"] == 3


@pytest.mark.parametrize(
    ("mode", "outputs"), [("delta", [[10], [11], [12]]), ("cumulative", [[10], [10, 11], [10, 11, 12]])]
)
async def test_generate_answers_ids(
    engine: ScriptedEngine, servicer: SglangServicer, mode: str, outputs: list[list[int]]
) -> None:
    seen: list[Any] = []
    start_ids(servicer, mode).subscribe(Recorder(seen))
    say_three(engine)
    assert [message.output_ids for message in seen] == outputs
    assert engine.started[0].prompt == [1, 2]


@pytest.mark.parametrize(
    ("server", "asked", "taken"),
    [
        (False, "", "cumulative"),
        (True, "", "delta"),
        (True, "cumulative", "cumulative"),
        (False, "delta", "delta"),
        (False, "DELTA", "delta"),
    ],
)
async def test_mode_is_announced(engine: ScriptedEngine, server: bool, asked: str, taken: str) -> None:
    servicer = SglangServicer(engine, ServicerSettings(incremental_streaming_output=server))
    call = context("TextGenerate", **({"x_tokenwire_stream": asked} if asked else {}))
    stream = servicer.text_generate(TextGenerateRequest(text="Say", rid="r", stream=True), call)
    assert call.initial_metadata["x-tokenwire-stream"] == taken
    say_three(engine)
    messages, _ = await drained(stream)
    assert messages[-1].text == "abc"


async def test_unknown_mode_is_refused(servicer: SglangServicer) -> None:
    _, error = await drained(start(servicer, "sideways"))
    assert error is not None
    assert error.code is Code.INVALID_ARGUMENT
    assert violations(error) == {"x-tokenwire-stream": "must be delta or cumulative, not 'sideways'"}


async def test_fresh_ids_are_uuid4(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    engine.script = two_words(engine)
    (message,), _ = await drained(start(servicer, rid=None, stream=False))
    assert uuid.UUID(facts(message)["id"]).version == 4


class TestChoices:
    async def test_interleave_and_finish_once(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        seen: list[Any] = []
        start(servicer, "delta", sampling_params=SamplingParams(n=2)).subscribe(Recorder(seen))
        engine.say("r", "a", [1], index=0)
        engine.say("r", "x", [2], index=1)
        engine.say("r", "b", [3], index=0)
        engine.say("r", "y", [4], index=1, finish=LENGTH)
        engine.say("r", "c", [5], index=0, finish=LENGTH)
        assert [(facts(m)["id"], facts(m)["index"], m.text) for m in seen] == [
            ("r_0", 0, "a"),
            ("r_1", 1, "x"),
            ("r_0", 0, "b"),
            ("r_1", 1, "y"),
            ("r_0", 0, "c"),
        ]
        assert [message.finished for message in seen] == [False, False, False, False, True]
        assert seen[2].meta_info.keys() == {"id", "index"}

    async def test_whole_is_one_message_each(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        engine.script = two_words(engine)
        messages, _ = await drained(start(servicer, stream=False, sampling_params=SamplingParams(n=3)))
        assert [(facts(m)["id"], m.text, m.finished) for m in messages] == [
            ("r_0", "Hi there", False),
            ("r_1", "Hi there", False),
            ("r_2", "Hi there", True),
        ]

    @pytest.mark.parametrize("name", ["r", "r_1"])
    async def test_abort_ends_all(self, engine: ScriptedEngine, servicer: SglangServicer, name: str) -> None:
        stream = start(servicer, sampling_params=SamplingParams(n=2))
        answer = await servicer.abort(AbortRequest(rid=name), context("Abort"))
        messages, error = await drained(stream)
        assert answer.success
        assert {facts(m)["finish_reason"]["type"] for m in messages} == {"abort"}
        assert error is not None
        assert error.code is Code.CANCELLED

    @pytest.mark.parametrize("name", ["r_2", "r_01", "r_", "r_x", "r_99999999999999", "_0", "R"])
    async def test_other_names_abort_nothing(self, servicer: SglangServicer, name: str) -> None:
        stream = start(servicer, sampling_params=SamplingParams(n=2))
        answer = await servicer.abort(AbortRequest(rid=name), context("Abort"))
        assert not answer.success
        stream.cancel()


class TestLogprobs:
    async def test_cumulative(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        seen: list[Any] = []
        start(
            servicer,
            return_logprob=True,
            top_logprobs_num=2,
            logprob_start_len=0,
            return_text_in_logprobs=True,
        ).subscribe(Recorder(seen))
        say_three(engine)
        told = facts(seen[1])
        assert told["input_token_logprobs"] == [[None, 7, "t7"], [-0.5, 8, "t8"]]
        assert told["input_top_logprobs"] == [None, [[-0.5, 8, "t8"], [-1.5, 9, "t8"]]]
        assert told["output_token_logprobs"] == [[-0.5, 10, "t10"], [-0.5, 11, "t11"]]
        assert [len(top) for top in told["output_top_logprobs"]] == [2, 2]
        assert len(facts(seen[2])["output_token_logprobs"]) == 3
        assert facts(seen[2])["input_token_logprobs"] == told["input_token_logprobs"]

    async def test_delta(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        seen: list[Any] = []
        start(servicer, "delta", return_logprob=True).subscribe(Recorder(seen))
        say_three(engine)
        assert [facts(message)["output_token_logprobs"] for message in seen] == [
            [[-0.5, 10, None]],
            [[-0.5, 11, None]],
            [[-0.5, 12, None]],
        ]
        assert seen[1].meta_info.keys() == {"output_token_logprobs"}
        assert facts(seen[0])["input_token_logprobs"] == []

    async def test_absent_unless_asked_for(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        stream = start(servicer, top_logprobs_num=2, stream=False)
        say_three(engine)
        (message,), _ = await drained(stream)
        assert not any("logprobs" in key for key in message.meta_info)
        assert (engine.started[0].top_logprobs, engine.started[0].logprob_start) == (0, -1)


class TestSlowReader:
    async def test_deltas_join(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        stream = start(servicer, "delta", return_logprob=True, top_logprobs_num=1)
        say_three(engine)
        (message,), error = await drained(stream)
        assert error is None
        assert (message.text, message.finished) == ("abc", True)
        told = facts(message)
        assert [entry[1] for entry in told["output_token_logprobs"]] == [10, 11, 12]
        assert len(told["output_top_logprobs"]) == 3
        assert told["finish_reason"] == {"type": "stop", "matched": "\n"}

    async def test_counters_stay_true_while_joined(
        self, engine: ScriptedEngine, servicer: SglangServicer
    ) -> None:
        stream = start(servicer, "delta")
        engine.say("r", "a", [10])
        engine.say("r", "b", [11, 12])
        message = await anext(stream)
        assert (message.text, facts(message)["completion_tokens"]) == ("ab", 3)
        assert facts(message)["finish_reason"] is None
        stream.cancel()

    async def test_ids_join(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        stream = start_ids(servicer, "delta")
        say_three(engine)
        (message,), _ = await drained(stream)
        assert message.output_ids == [10, 11, 12]

    async def test_cumulative_keeps_the_newest(
        self, engine: ScriptedEngine, servicer: SglangServicer
    ) -> None:
        stream = start(servicer)
        engine.say("r", "a", [10])
        engine.say("r", "b", [11])
        assert (await anext(stream)).text == "ab"
        engine.say("r", "c", [12], finish=LENGTH)
        (message,), _ = await drained(stream)
        assert message.text == "abc"

    @pytest.mark.parametrize("mode", ["delta", "cumulative"])
    async def test_choices_stay_apart(
        self, engine: ScriptedEngine, servicer: SglangServicer, mode: str
    ) -> None:
        stream = start(servicer, mode, sampling_params=SamplingParams(n=2))
        for text in "ab":
            engine.say("r", text, [1], index=0)
            engine.say("r", text.upper(), [1], index=1)
        engine.say("r", "c", [1], index=0, finish=LENGTH)
        engine.say("r", "C", [1], index=1, finish=LENGTH)
        messages, _ = await drained(stream)
        assert [(m.text, facts(m)["index"], m.finished) for m in messages] == [
            ("abc", 0, False),
            ("ABC", 1, True),
        ]


class TestEnds:
    async def test_rid_is_unique_while_active(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        first = start(servicer)
        _, error = await drained(start(servicer))
        assert error is not None
        assert error.code is Code.ALREADY_EXISTS
        assert "'r'" in error.message
        say_three(engine)
        assert (await drained(first))[1] is None
        again = start(servicer)
        say_three(engine)
        assert (await drained(again))[1] is None

    async def test_rid_is_unique_across_kinds(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        stream = start(servicer)
        _, error = await drained(start_ids(servicer, "delta"))
        assert error is not None
        assert error.code is Code.ALREADY_EXISTS
        stream.cancel()

    async def test_abort_says_so_and_cancels(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        stream = start(servicer)
        engine.say("r", "a", [10])
        answer = await servicer.abort(AbortRequest(rid="r"), context("Abort"))
        messages, error = await drained(stream)
        assert answer.success
        assert messages[-1].text == "a"
        assert messages[-1].finished
        assert facts(messages[-1])["finish_reason"] == {"type": "abort", "message": "told to"}
        assert error is not None
        assert error.code is Code.CANCELLED
        again = await servicer.abort(AbortRequest(rid="r"), context("Abort"))
        assert not again.success

    async def test_hang_up_aborts(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        stream = start(servicer)
        engine.say("r", "a", [10])
        await anext(stream)
        stream.cancel()
        assert engine.calls == [("abort", "r")]
        assert not engine.running
        assert servicer.active_requests == 0

    async def test_failure_keeps_what_came_before(
        self, engine: ScriptedEngine, servicer: SglangServicer
    ) -> None:
        stream = start(servicer)
        engine.say("r", "a", [10])
        engine.fail("r", RpcError(Code.RESOURCE_EXHAUSTED, "no memory"))
        messages, error = await drained(stream)
        assert [message.text for message in messages] == ["a"]
        assert error is not None
        assert error.code is Code.RESOURCE_EXHAUSTED
        assert servicer.active_requests == 0

    async def test_refusal_frees_the_rid(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        engine.refusal = RpcError(Code.RESOURCE_EXHAUSTED, "the queue is full")
        messages, error = await drained(start(servicer))
        assert messages == []
        assert error is not None
        assert error.message == "the queue is full"
        assert servicer.active_requests == 0

    @pytest.mark.parametrize(
        ("status", "word"),
        [
            (ServerStatus.STARTING, "starting"),
            (ServerStatus.UNHEALTHY, "unhealthy"),
            (ServerStatus.STOPPED, "stopped"),
        ],
    )
    async def test_engine_that_is_not_up(self, status: ServerStatus, word: str) -> None:
        servicer = SglangServicer(ScriptedEngine(status=status))
        _, error = await drained(start(servicer))
        assert error is not None
        assert error.code is Code.UNAVAILABLE
        assert error.message == f"engine scripted is {word}: no reason"

    async def test_draining(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        running = start(servicer)
        await servicer.drain()
        _, error = await drained(start(servicer, rid="late"))
        assert error is not None
        assert error.code is Code.UNAVAILABLE
        assert "draining" in error.message
        say_three(engine)
        assert (await drained(running))[0][-1].text == "abc"

    async def test_close_aborts_the_rest(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        running = start(servicer)
        await servicer.close()
        _, error = await drained(running)
        assert error is not None
        assert error.code is Code.CANCELLED


class Recorder:
    """A reader that is never behind."""

    def __init__(self, seen: list[Any]) -> None:
        self.seen = seen

    def push(self, message: Any) -> None:
        self.seen.append(message)

    def close(self, error: BaseException | None = None) -> None:
        assert error is None
