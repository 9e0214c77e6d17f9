"""What every engine must do."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_serve.engine import EmbedRequest, GenerateRequest, Sampling, ScoreRequest, ServerStatus

from .installed import HERE, make
from .support import collect, generate, next_rid, settle, start, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tokenwire_serve.engine import Delta, Engine, EngineState, PauseMode

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def leaves_nothing(engine: Engine) -> AsyncIterator[None]:
    yield
    await engine.resume()
    await settle(engine)


async def test_deltas_add_up_to_the_unary_answer(engine: Engine) -> None:
    settings = {"temperature": 0.0, "max_new_tokens": 20, "ignore_eos": True}
    streamed = await generate(engine, **settings)
    whole = await generate(engine, stream=False, **settings)
    assert streamed.text == whole.text
    assert streamed.token_ids == whole.token_ids
    assert streamed.finish == whole.finish
    assert len(streamed.deltas) == 20
    assert len(whole.deltas) == 1


async def test_counters_are_cumulative_and_per_choice(engine: Engine) -> None:
    prompt = await engine.tokenize("Return the path")
    choices = await collect(start(engine, n=3, max_new_tokens=7, ignore_eos=True))
    assert len(choices) == 3
    for choice in choices:
        assert [delta.completion_tokens for delta in choice.deltas] == list(range(1, 8))
        assert {delta.prompt_tokens for delta in choice.deltas} == {len(prompt)}
        (cached,) = {delta.cached_tokens for delta in choice.deltas}
        assert 0 <= cached < len(prompt)


async def test_length_finish_says_how_many(engine: Engine) -> None:
    choice = await generate(engine, max_new_tokens=5, ignore_eos=True)
    assert choice.finish is not None
    assert (choice.finish.kind, choice.finish.length) == ("length", 5)


async def test_no_new_tokens_is_a_length_finish(engine: Engine) -> None:
    choice = await generate(engine, max_new_tokens=0)
    assert choice.finish is not None
    assert (choice.finish.kind, choice.token_ids) == ("length", [])


@pytest.mark.parametrize("stream", [True, False])
async def test_more_than_the_context_is_refused(engine: Engine, stream: bool) -> None:
    with pytest.raises(RpcError) as refused:
        await generate(engine, stream=stream, max_new_tokens=engine.model.max_model_len)
    assert refused.value.code is Code.INVALID_ARGUMENT
    assert f"{engine.model.max_model_len}" in refused.value.message


async def test_more_choices_than_rows(engine: Engine) -> None:
    choices = await collect(start(engine, n=20, max_new_tokens=3, ignore_eos=True))
    assert [choice.finish is not None for choice in choices] == [True] * 20


async def test_a_rid_is_active_once(engine: Engine) -> None:
    first = start(engine, rid="same", max_new_tokens=1000, ignore_eos=True)
    with pytest.raises(RpcError) as refused:
        await collect(start(engine, rid="same"))
    assert refused.value.code is Code.ALREADY_EXISTS
    assert "'same'" in refused.value.message
    assert engine.abort("same")
    await collect(first)
    assert (await generate(engine, rid="same", max_new_tokens=1, ignore_eos=True)).token_ids


async def test_abort_ends_each_choice_and_no_other_request(engine: Engine) -> None:
    other = asyncio.ensure_future(generate(engine, max_new_tokens=60, ignore_eos=True))
    stream = start(engine, rid="gone", n=2, max_new_tokens=1500, ignore_eos=True)
    await anext(stream)
    assert engine.abort("gone")
    choices = await collect(stream)
    assert [choice.finish and choice.finish.kind for choice in choices] == ["abort", "abort"]
    assert all(choice.finish and choice.finish.message for choice in choices)
    assert len((await other).token_ids) == 60


async def test_abort_before_the_first_token(engine: Engine) -> None:
    stream = start(engine, rid="early", max_new_tokens=50, ignore_eos=True)
    assert engine.abort("early")
    (choice,) = await collect(stream)
    assert choice.finish is not None
    assert choice.finish.kind == "abort"


async def test_abort_wants_the_exact_rid(engine: Engine) -> None:
    stream = start(engine, rid="abc-1", max_new_tokens=1000, ignore_eos=True)
    assert not engine.abort("abc")
    assert not engine.abort("")
    assert not engine.abort("abc-11")
    assert engine.abort("abc-1")
    await collect(stream)
    assert not engine.abort("abc-1")


async def test_a_consumer_that_leaves_frees_the_request(engine: Engine) -> None:
    stream = start(engine, rid="left", max_new_tokens=1500, ignore_eos=True)
    await anext(stream)
    stream.cancel()
    await settle(engine)
    assert not engine.abort("left")


async def test_pause_abort_ends_what_runs(engine: Engine) -> None:
    stream = start(engine, max_new_tokens=1500, ignore_eos=True)
    await anext(stream)
    await engine.pause("abort")
    assert engine.state.paused
    assert engine.state.healthy
    (choice,) = await collect(stream)
    assert choice.finish is not None
    assert choice.finish.kind == "abort"


@pytest.mark.parametrize("mode", ["in_place", "retract"])
async def test_pause_keeps_requests_and_new_ones_wait(engine: Engine, mode: PauseMode) -> None:
    plain = await generate(engine, temperature=0, max_new_tokens=40, ignore_eos=True)
    stream = start(engine, temperature=0, max_new_tokens=40, ignore_eos=True)
    first = await anext(stream)
    await engine.pause(mode)
    late = asyncio.ensure_future(generate(engine, max_new_tokens=2, ignore_eos=True))
    await asyncio.sleep(0.05)
    load = engine.loads()[0]
    running = 1 if mode == "in_place" else 0
    assert (load.num_running_reqs, load.num_waiting_reqs) == (running, 2 - running)
    assert not late.done()
    await engine.resume()
    assert not engine.state.paused
    (rest,) = await collect(stream)
    assert first.text + rest.text == plain.text if rest.deltas[0].completion_tokens == 2 else rest.text
    assert (await late).finish is not None


async def test_abort_while_paused(engine: Engine) -> None:
    await engine.pause("in_place")
    stream = start(engine, rid="asleep", max_new_tokens=5)
    await asyncio.sleep(0.01)
    assert engine.abort("asleep")
    (choice,) = await collect(stream)
    assert choice.finish is not None
    assert choice.finish.kind == "abort"


async def test_the_queue_is_bounded(engine: Engine) -> None:
    await engine.pause("in_place")
    streams = [start(engine, max_new_tokens=1, ignore_eos=True) for _ in range(40)]
    with pytest.raises(RpcError) as refused:
        await collect(start(engine, max_new_tokens=1))
    assert refused.value.code is Code.RESOURCE_EXHAUSTED
    assert refused.value.details
    await engine.resume()
    for stream in streams:
        await collect(stream)


async def test_no_more_run_than_may(engine: Engine) -> None:
    streams = [start(engine, n=3, max_new_tokens=1500, ignore_eos=True, rid=f"row-{i}") for i in range(5)]
    load = await until(engine, lambda load: load.num_running_reqs >= 6 and load.num_waiting_reqs >= 15 - 8)
    assert load.max_running_requests == 8
    assert load.num_running_reqs <= 8
    for i in range(4):
        engine.abort(f"row-{i}")
    load = await until(engine, lambda load: load.num_running_reqs == 3)
    assert load.num_waiting_reqs == 0
    engine.abort("row-4")
    for stream in streams:
        for choice in await collect(stream):
            assert choice.finish is not None and choice.finish.kind == "abort"


async def test_loads_are_true(engine: Engine) -> None:
    stream = start(engine, n=3, max_new_tokens=1500, ignore_eos=True, rid="load")
    load = await until(engine, lambda load: load.num_used_tokens > 3 * 3 and load.gen_throughput > 0)
    assert load.dp_rank == 0
    assert load.num_running_reqs == 3
    assert load.num_waiting_reqs == 0
    assert load.utilization > 0
    engine.abort("load")
    await collect(stream)
    await until(engine, lambda load: load.num_used_tokens == 0)


async def test_logprobs_come_when_asked(engine: Engine) -> None:
    silent = await generate(engine, max_new_tokens=3, ignore_eos=True)
    assert silent.output_logprobs == []
    assert silent.input_logprobs is None
    wanted = {"logprobs": True, "top_logprobs": 1, "logprob_start": 0, "text_in_logprobs": True}
    choice = await generate(engine, temperature=0, max_new_tokens=3, ignore_eos=True, request=wanted)
    assert [logprob.token_id for logprob in choice.output_logprobs] == choice.token_ids
    assert "".join(logprob.text or "" for logprob in choice.output_logprobs) == choice.text
    for logprob in choice.output_logprobs:
        assert logprob.logprob is not None
        assert logprob.logprob <= 0
        assert logprob.top[0][:2] == (logprob.logprob, logprob.token_id)
    assert choice.input_logprobs is not None
    prompt = await engine.tokenize("Return the path")
    assert [logprob.token_id for logprob in choice.input_logprobs] == prompt
    assert choice.input_logprobs[0].logprob is None
    assert all(logprob.logprob is not None for logprob in choice.input_logprobs[1:])


async def test_prompt_logprobs_from_a_position(engine: Engine) -> None:
    prompt = await engine.tokenize("Return the path of the file")
    whole = await generate(engine, prompt, max_new_tokens=1, request={"logprobs": True, "logprob_start": 0})
    part = await generate(engine, prompt, max_new_tokens=1, request={"logprobs": True, "logprob_start": 2})
    assert whole.input_logprobs is not None
    assert part.input_logprobs is not None
    assert [found.token_id for found in part.input_logprobs] == prompt[2:]
    for found, expected in zip(part.input_logprobs, whole.input_logprobs[2:], strict=True):
        assert found.logprob == pytest.approx(expected.logprob, abs=1e-4)


async def test_tokenize_and_detokenize_are_inverse(engine: Engine) -> None:
    for text in ("plain", "naïve café", "日本語 🙂 \N{FAMILY}", "x" * 9000, ""):
        ids = await engine.tokenize(text, add_special_tokens=False)
        assert await engine.detokenize(ids) == text


async def test_special_tokens_are_left_out_of_the_text_unless_wanted(engine: Engine) -> None:
    ids = await engine.render_chat([{"role": "user", "content": "abcd"}])
    whole = await engine.detokenize(ids, skip_special_tokens=False)
    assert await engine.tokenize(whole, add_special_tokens=False) == ids
    plain = await engine.detokenize(ids)
    assert "abcd" in plain
    assert (plain == whole) == (engine.name == "null")


async def test_embeddings_have_length_one(engine: Engine) -> None:
    if engine.name == "sglang":
        pytest.skip("SGLang embeds with a model that was started for it: tests/sglang/test_pooling.py")
    result = await engine.embed(EmbedRequest(next_rid(), "some text"))
    assert len(result.values) == engine.model.embedding_size
    assert math.isclose(math.hypot(*result.values), 1, rel_tol=1e-4)
    assert result.prompt_tokens == len(await engine.tokenize("some text"))
    short = await engine.embed(EmbedRequest(next_rid(), "some text", dimensions=16))
    assert len(short.values) == 16
    assert math.isclose(math.hypot(*short.values), 1, rel_tol=1e-4)
    with pytest.raises(RpcError, match="dimensions"):
        await engine.embed(EmbedRequest(next_rid(), "some text", dimensions=100_000))


async def test_scores_are_probabilities(engine: Engine) -> None:
    labels = [10, 11, 12]
    scores = await engine.score(ScoreRequest(next_rid(), ["one", [5, 6, 7]], labels, apply_softmax=True))
    assert [len(row) for row in scores.rows] == [3, 3]
    assert all(math.isclose(sum(row), 1, rel_tol=1e-5) for row in scores.rows)
    assert scores.prompt_tokens == len(await engine.tokenize("one")) + 3


async def test_chat_joins_text_parts(engine: Engine) -> None:
    parts = [{"type": "text", "text": "ab"}, {"type": "text", "text": "cd"}]
    joined = await engine.render_chat([{"role": "user", "content": parts}])
    assert joined == await engine.render_chat([{"role": "user", "content": "abcd"}])
    assert "abcd" in await engine.detokenize(joined)


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ([], "messages"),
        ([{"content": "x"}], "messages[0].role"),
        ([{"role": "user", "content": 3}], "messages[0].content"),
        ([{"role": "user", "content": [{"type": "image_url"}]}], "messages[0].content[0].type"),
        ([{"role": "user", "content": [{"type": "text"}]}], "messages[0].content[0].text"),
    ],
)
async def test_chat_refuses_by_field(engine: Engine, messages: list[dict[str, object]], field: str) -> None:
    with pytest.raises(RpcError) as refused:
        await engine.render_chat(messages)
    assert refused.value.code is Code.INVALID_ARGUMENT
    assert field in refused.value.message


async def test_watchers_see_changes_until_they_leave(engine: Engine) -> None:
    seen: list[EngineState] = []
    leave = engine.watch(seen.append)
    await engine.pause("in_place")
    await engine.resume()
    leave()
    await engine.pause("in_place")
    await engine.resume()
    assert [state.paused for state in seen] == [True, False]


async def test_probe_and_info(engine: Engine) -> None:
    await engine.probe()
    await engine.pause("in_place")
    await engine.probe()
    info = engine.server_info()
    assert info["engine"] == engine.name
    assert info["max_running_requests"] == 8
    done, sentence = await engine.flush_cache()
    assert done
    assert "cache" in sentence


@pytest.mark.parametrize("name", HERE)
async def test_close_ends_what_runs(name: str) -> None:
    engine = make(name, max_running_requests=4)
    assert engine.state.status is ServerStatus.STARTING
    early = start(engine)
    with pytest.raises(RpcError, match="not up"):
        await collect(early)
    await engine.start()
    seen: list[EngineState] = []
    engine.watch(seen.append)
    stream = start(engine, n=6, max_new_tokens=1500, ignore_eos=True)
    await anext(stream)
    await engine.close()
    with pytest.raises(RpcError) as ended:
        await collect(stream)
    assert ended.value.code is Code.UNAVAILABLE
    assert [state.status for state in seen] == [ServerStatus.STOPPED]
    with pytest.raises(RpcError) as late:
        await collect(start(engine))
    assert late.value.code is Code.UNAVAILABLE
    await engine.close()


class BrokenSink:
    """Raises at every call."""

    closed = 0

    def push(self, message: Delta, /) -> None:
        raise ValueError("broken sink")

    def close(self, error: BaseException | None = None, /) -> None:
        self.closed += 1
        raise ValueError("broken sink")


def broken_request(engine: Engine, rid: str) -> BrokenSink:
    sink = BrokenSink()
    engine.generate(GenerateRequest(rid, "Return", Sampling(max_new_tokens=500, ignore_eos=True)), sink)
    return sink


async def test_a_sink_that_raises_harms_nobody(engine: Engine) -> None:
    settings = {"max_new_tokens": 20, "ignore_eos": True}
    first = asyncio.ensure_future(generate(engine, **settings))
    broken = [broken_request(engine, next_rid()) for _ in range(2)]
    second = asyncio.ensure_future(generate(engine, **settings))
    assert len((await first).token_ids) == len((await second).token_ids) == 20
    await settle(engine)
    assert [sink.closed for sink in broken] == [1, 1]


async def test_a_sink_that_raises_does_not_stop_an_abort_or_a_pause(engine: Engine) -> None:
    await engine.pause("in_place")
    rid = next_rid()
    broken = [broken_request(engine, rid), broken_request(engine, next_rid())]
    assert engine.abort(rid)
    await engine.resume()
    await engine.pause("abort")
    await engine.resume()
    assert len((await generate(engine, max_new_tokens=20, ignore_eos=True)).token_ids) == 20
    await settle(engine)
    assert [sink.closed for sink in broken] == [1, 1]
