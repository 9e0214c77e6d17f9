"""Weights and profiles of engine `transformers`."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_serve.engine import RequestOptions
from tokenwire_serve.engines import EngineOptions, create
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig

from .models import SIZES, save
from .support import collect, generate, start

if TYPE_CHECKING:
    from pathlib import Path

    from tokenwire_serve.engine import Engine

GREEDY = {"temperature": 0, "max_new_tokens": 12, "ignore_eos": True}


async def started(path: Path) -> Engine:
    engine = create("transformers", EngineOptions(model_path=path, max_running_requests=4))
    await engine.start()
    return engine


def traced(directory: Path) -> tuple[str, set[str]]:
    """The file of the only trace and the names of its events."""
    (file,) = directory.glob("*.json")
    return str(file), {event.get("name") for event in json.loads(file.read_text())["traceEvents"]}


async def test_weights_are_replaced_while_requests_run(tmp_path: Path) -> None:
    config = LlamaConfig(**SIZES)
    old = save(AutoModelForCausalLM, config, tmp_path / "old", seed=1)
    new = save(AutoModelForCausalLM, config, tmp_path / "new", seed=2)
    engine = await started(old)
    before = await generate(engine, **GREEDY)
    running = start(engine, temperature=0, max_new_tokens=200, ignore_eos=True)
    await anext(running)
    update = await engine.update_weights(str(new), None)
    assert update.success
    assert str(new) in update.message
    (choice,) = await collect(running)
    assert choice.finish is not None
    assert choice.finish.kind == "length"
    after = await generate(engine, **GREEDY)
    assert engine.model.model_path == str(new)
    await engine.close()
    fresh = await started(new)
    assert after.token_ids == (await generate(fresh, **GREEDY)).token_ids != before.token_ids
    await fresh.close()


async def test_weights_that_do_not_fit_change_nothing(tmp_path: Path) -> None:
    model = save(AutoModelForCausalLM, LlamaConfig(**SIZES), tmp_path / "model")
    wider = save(AutoModelForCausalLM, LlamaConfig(**{**SIZES, "intermediate_size": 32}), tmp_path / "wider")
    deeper = save(AutoModelForCausalLM, LlamaConfig(**{**SIZES, "num_hidden_layers": 3}), tmp_path / "deeper")
    other = save(AutoModelForCausalLM, MistralConfig(**SIZES), tmp_path / "other")
    engine = await started(model)
    before = await generate(engine, **GREEDY)
    for path, load_format, words in (
        (wider, None, "has shape"),
        (deeper, "auto", "layers.2"),
        (other, "safetensors", "MistralForCausalLM"),
        (tmp_path / "nowhere", None, "no such directory"),
        (tmp_path / ("n" * 300), None, "no such directory"),
        (model, "dummy", "load_format"),
    ):
        update = await engine.update_weights(str(path), load_format)
        assert not update.success
        assert words in update.message
        assert "--" not in update.message
    assert (await generate(engine, **GREEDY)).token_ids == before.token_ids
    assert engine.model.model_path == str(model)
    await engine.close()


async def test_a_profile_is_a_trace_of_the_model(tmp_path: Path) -> None:
    engine = await started(save(AutoModelForCausalLM, LlamaConfig(**SIZES), tmp_path / "model"))
    with pytest.raises(RpcError) as none:
        await engine.stop_profile()
    assert none.value.code is Code.FAILED_PRECONDITION
    sentence = await engine.start_profile(str(tmp_path))
    assert str(tmp_path) in sentence
    with pytest.raises(RpcError) as twice:
        await engine.start_profile(str(tmp_path))
    assert twice.value.code is Code.FAILED_PRECONDITION
    await generate(engine, **GREEDY)
    sentence = await engine.stop_profile()
    name, events = traced(tmp_path)
    assert name in sentence
    assert "aten::linear" in events
    await engine.close()


async def test_closing_writes_the_profile_that_runs(tmp_path: Path) -> None:
    engine = await started(save(AutoModelForCausalLM, LlamaConfig(**SIZES), tmp_path / "model"))
    await engine.start_profile(str(tmp_path))
    await generate(engine, **GREEDY)
    await engine.close()
    assert "aten::linear" in traced(tmp_path)[1]


async def test_a_profile_that_cannot_be_written_is_no_success(tmp_path: Path) -> None:
    engine = await started(save(AutoModelForCausalLM, LlamaConfig(**SIZES), tmp_path / "model"))
    await engine.start_profile(str(tmp_path / "gone"))
    with pytest.raises(RpcError, match="could not be written"):
        await engine.stop_profile()
    await engine.close()


async def test_pauses_in_quick_succession_and_callers_that_leave(tmp_path: Path) -> None:
    """What is shown is what is so, whatever the order and whoever waits for the answer."""
    engine = await started(save(AutoModelForCausalLM, LlamaConfig(**SIZES), tmp_path))
    await asyncio.gather(engine.pause("in_place"), engine.resume(), engine.pause("retract"), engine.resume())
    assert not engine.state.paused
    assert len((await generate(engine, **GREEDY)).token_ids) == 12
    leaving = asyncio.ensure_future(engine.pause("in_place"))
    await asyncio.sleep(0)
    leaving.cancel()
    await engine.probe()
    assert engine.state.paused
    waiting = asyncio.ensure_future(generate(engine, **GREEDY))
    await engine.probe()
    assert not waiting.done()
    await engine.resume()
    assert len((await waiting).token_ids) == 12
    await engine.close()


@pytest.mark.parametrize("call", ["start_profile", "stop_profile", "update_weights"])
async def test_null_says_who_can(call: str) -> None:
    engine = create("null")
    await engine.start()
    calls = {
        "start_profile": lambda: engine.start_profile("/tmp"),
        "stop_profile": engine.stop_profile,
        "update_weights": lambda: engine.update_weights("x", None),
    }
    with pytest.raises(RpcError) as refused:
        await calls[call]()
    assert refused.value.code is Code.UNIMPLEMENTED
    assert "engine null" in refused.value.message
    assert "transformers" in refused.value.message


async def test_null_is_as_documented() -> None:
    engine = create("null")
    await engine.start()
    options = RequestOptions(lora_path="x", bootstrap_room=1)
    choice = await generate(engine, "é", max_new_tokens=3, stop=("token",), request={"options": options})
    assert choice.text == " token token token"
    assert choice.token_ids == [42, 42, 42]
    assert choice.deltas[0].prompt_tokens == 2
    assert await engine.tokenize("é") == [0xC3, 0xA9]
    assert await engine.detokenize([0xC3, 300, 65]) == "\N{REPLACEMENT CHARACTER}" * 2 + "A"
    assert len((await generate(engine, max_new_tokens=None)).token_ids) == 128
    assert engine.model.max_model_len == 1 << 20
    assert engine.model.embedding_size == 4096
    await engine.close()


@pytest.mark.parametrize(("asked", "made"), [(None, 8), (8, 8), (9, 8), (7, 7), (0, 0)])
async def test_the_null_engine_clips_to_its_context(asked: int | None, made: int) -> None:
    engine = create("null", EngineOptions(max_model_len=10))
    await engine.start()
    choice = await generate(engine, "ab", max_new_tokens=asked, clip=True)
    assert len(choice.token_ids) == made
    with pytest.raises(RpcError, match="its 11 tokens and 1 new ones exceed the context of 10 tokens"):
        await generate(engine, "x" * 11, max_new_tokens=1, clip=True)
    await engine.close()
