"""The calls without a stream: embeddings, tokenizer, control, information."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    AbortRequest,
    ClassifyRequest,
    ContinueGenerationRequest,
    DetokenizeRequest,
    EmbedRequest,
    FlushCacheRequest,
    GetLoadRequest,
    GetModelInfoRequest,
    GetServerInfoRequest,
    HealthCheckRequest,
    ListModelsRequest,
    PauseGenerationRequest,
    StartProfileRequest,
    StopProfileRequest,
    TextEmbedRequest,
    TokenizeRequest,
    UpdateWeightsRequest,
)
from tokenwire_serve.engine import ServerStatus, WeightsUpdate
from tokenwire_serve.servicer.control import PAUSED_REQUESTS
from tokenwire_serve.servicer.service import SglangServicer
from tokenwire_serve.servicer.settings import ServicerSettings

from .calls import context, facts, violations
from .scripted import MODEL, ScriptedEngine

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path


async def error_of(call: Coroutine[Any, Any, Any]) -> RpcError:
    with pytest.raises(RpcError) as caught:
        await call
    return caught.value


def listing(directory: Path) -> list[str]:
    return sorted(str(path) for path in directory.iterdir())


class TestEmbeddings:
    async def test_text(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        answer = await servicer.text_embed(TextEmbedRequest(text="a", rid="r"), context("TextEmbed"))
        assert answer.embedding == [0.6, 0.8]
        told = facts(answer)
        assert told.pop("e2e_latency") >= 0
        assert told == {"id": "r", "prompt_tokens": 2, "cached_tokens": 1, "weight_version": "v1"}
        assert engine.calls[0][1].prompt == "a"

    async def test_ids(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        answer = await servicer.embed(EmbedRequest(input_ids=[1, 2], routing_key="k"), context("Embed"))
        assert answer.embedding == [0.6, 0.8]
        assert (engine.calls[0][1].prompt, engine.calls[0][1].options.routing_key) == ([1, 2], "k")

    @pytest.mark.parametrize("fields", [{"text": "a"}, {"input_ids": [1]}])
    async def test_classify(self, servicer: SglangServicer, fields: dict[str, Any]) -> None:
        answer = await servicer.classify(ClassifyRequest(**fields), context("Classify"))
        assert answer.embedding == [0.0, 1.0]

    async def test_abort_ends_a_waiting_call(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        engine.hold = asyncio.Event()
        call = asyncio.ensure_future(
            servicer.text_embed(TextEmbedRequest(text="a", rid="r"), context("TextEmbed"))
        )
        await asyncio.sleep(0)
        assert (await servicer.abort(AbortRequest(rid="r"), context("Abort"))).success
        error = await error_of(call)  # type: ignore[arg-type]
        assert error.code is Code.CANCELLED
        assert servicer.active_requests == 0

    async def test_rid_is_unique_across_kinds(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        engine.hold = asyncio.Event()
        first = asyncio.ensure_future(
            servicer.text_embed(TextEmbedRequest(text="a", rid="r"), context("TextEmbed"))
        )
        await asyncio.sleep(0)
        error = await error_of(servicer.classify(ClassifyRequest(text="a", rid="r"), context("Classify")))
        assert error.code is Code.ALREADY_EXISTS
        engine.hold.set()
        assert (await first).embedding == [0.6, 0.8]

    async def test_hang_up_cancels_the_engine_call(
        self, engine: ScriptedEngine, servicer: SglangServicer
    ) -> None:
        engine.hold = asyncio.Event()
        call = asyncio.ensure_future(
            servicer.text_embed(TextEmbedRequest(text="a", rid="r"), context("TextEmbed"))
        )
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert servicer.active_requests == 0


class TestTokenizer:
    @pytest.mark.parametrize(("special", "tokens"), [(None, [1, 97]), (True, [1, 97]), (False, [97])])
    async def test_tokenize(self, servicer: SglangServicer, special: bool | None, tokens: list[int]) -> None:
        request = TokenizeRequest(text="a", add_special_tokens=special)
        answer = await servicer.tokenize(request, context("Tokenize"))
        assert answer.tokens == tokens
        assert (answer.count, answer.max_model_len, answer.input_text) == (len(tokens), 64, "a")

    async def test_detokenize(self, servicer: SglangServicer) -> None:
        answer = await servicer.detokenize(DetokenizeRequest(tokens=[1, 999]), context("Detokenize"))
        assert answer.text == "<999>"

    @pytest.mark.parametrize("token", [-1, 1000])
    async def test_detokenize_outside_the_vocabulary(self, servicer: SglangServicer, token: int) -> None:
        error = await error_of(
            servicer.detokenize(DetokenizeRequest(tokens=[1, token]), context("Detokenize"))
        )
        assert violations(error).keys() == {"tokens[1]"}


class TestControl:
    @pytest.mark.parametrize("rid", ["", "  "])
    async def test_abort_of_nothing(self, servicer: SglangServicer, rid: str) -> None:
        error = await error_of(servicer.abort(AbortRequest(rid=rid), context("Abort")))
        assert error.code is Code.INVALID_ARGUMENT
        assert violations(error).keys() == {"rid"}

    async def test_abort_of_an_unknown_rid(self, servicer: SglangServicer) -> None:
        assert not (await servicer.abort(AbortRequest(rid="x"), context("Abort"))).success

    async def test_abort_all(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        assert not (await servicer.abort(AbortRequest(abort_all=True), context("Abort"))).success
        engine.hold = asyncio.Event()
        calls = [
            asyncio.ensure_future(servicer.text_embed(TextEmbedRequest(text="a"), context("TextEmbed")))
            for _ in range(3)
        ]
        await asyncio.sleep(0)
        assert (await servicer.abort(AbortRequest(abort_all=True), context("Abort"))).success
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert {result.code for result in results if isinstance(result, RpcError)} == {Code.CANCELLED}
        assert len(results) == 3

    async def test_flush_says_why_not(self, servicer: SglangServicer) -> None:
        answer = await servicer.flush_cache(FlushCacheRequest(), context("FlushCache"))
        assert (answer.success, answer.message) == (False, "requests are running")

    @pytest.mark.parametrize(
        ("mode", "asked"),
        [("", "abort"), ("abort", "abort"), ("in_place", "in_place"), ("retract", "retract")],
    )
    async def test_pause(
        self, engine: ScriptedEngine, servicer: SglangServicer, mode: str, asked: str
    ) -> None:
        answer = await servicer.pause_generation(
            PauseGenerationRequest(mode=mode), context("PauseGeneration")
        )
        assert engine.calls == [("pause", asked)]
        assert "paused" in answer.message
        answer = await servicer.continue_generation(
            ContinueGenerationRequest(), context("ContinueGeneration")
        )
        assert engine.calls[1:] == [("resume",)]
        assert answer.message

    async def test_pause_in_an_unknown_mode(self, servicer: SglangServicer) -> None:
        error = await error_of(
            servicer.pause_generation(PauseGenerationRequest(mode="soon"), context("PauseGeneration"))
        )
        assert violations(error) == {"mode": "must be abort, in_place or retract, not 'soon'"}

    async def test_update_weights(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        call = context("UpdateWeightsFromDisk")
        request = UpdateWeightsRequest(model_path="/w", load_format="safetensors")
        answer = await servicer.update_weights_from_disk(request, call)
        assert (answer.success, answer.message) == (True, "loaded")
        assert engine.calls == [("update_weights", "/w", "safetensors")]
        assert call.trailing_metadata[PAUSED_REQUESTS] == "3"

    async def test_failed_update_is_a_reply(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        engine.update = WeightsUpdate(False, "no such directory")
        request = UpdateWeightsRequest(model_path="/w")
        answer = await servicer.update_weights_from_disk(request, context("UpdateWeightsFromDisk"))
        assert (answer.success, answer.message) == (False, "no such directory")

    async def test_update_wants_a_path(self, servicer: SglangServicer) -> None:
        error = await error_of(
            servicer.update_weights_from_disk(UpdateWeightsRequest(), context("UpdateWeightsFromDisk"))
        )
        assert violations(error).keys() == {"model_path"}


class TestProfile:
    def servicer(self, engine: ScriptedEngine, root: Path | None) -> SglangServicer:
        return SglangServicer(engine, ServicerSettings(profile_dir=root))

    async def test_below_the_profile_directory(self, engine: ScriptedEngine, tmp_path: Path) -> None:
        servicer = self.servicer(engine, tmp_path / "profiles")
        answer = await servicer.start_profile(StartProfileRequest(output_dir="a/b"), context("StartProfile"))
        directory = tmp_path / "profiles" / "a" / "b"
        assert directory.is_dir()
        assert engine.calls == [("start_profile", str(directory))]
        assert str(directory) in answer.message
        stopped = await servicer.stop_profile(StopProfileRequest(), context("StopProfile"))
        assert stopped.message == "wrote trace.json"

    async def test_default_is_a_fresh_directory(
        self, engine: ScriptedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        servicer = self.servicer(engine, None)
        answers = [
            await servicer.start_profile(StartProfileRequest(), context("StartProfile")) for _ in range(2)
        ]
        made = listing(tmp_path)
        assert len(made) == 2
        assert all(any(path in answer.message for path in made) for answer in answers)

    @pytest.mark.parametrize("output_dir", ["..", "a/../..", "/etc", "link/x", "\0", "loop"])
    async def test_leaving_it_is_refused(
        self, engine: ScriptedEngine, tmp_path: Path, output_dir: str
    ) -> None:
        root = tmp_path / "profiles"
        root.mkdir()
        (root / "link").symlink_to(tmp_path)
        (root / "loop").symlink_to("loop")
        servicer = self.servicer(engine, root)
        error = await error_of(
            servicer.start_profile(StartProfileRequest(output_dir=output_dir), context("StartProfile"))
        )
        assert error.code is Code.INVALID_ARGUMENT
        assert violations(error).keys() == {"output_dir"}
        assert engine.calls == []

    @pytest.mark.parametrize("output_dir", ["file/x", "x" * 300])
    async def test_directory_that_cannot_be_made(
        self, engine: ScriptedEngine, tmp_path: Path, output_dir: str
    ) -> None:
        (tmp_path / "file").touch()
        servicer = self.servicer(engine, tmp_path)
        error = await error_of(
            servicer.start_profile(StartProfileRequest(output_dir=output_dir), context("StartProfile"))
        )
        assert error.code is Code.FAILED_PRECONDITION

    async def test_refusal_leaves_nothing_behind(
        self, engine: ScriptedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        engine.refusal = RpcError(Code.UNIMPLEMENTED, "cannot")
        request = StartProfileRequest(output_dir="a")
        error = await error_of(self.servicer(engine, None).start_profile(request, context("StartProfile")))
        assert error.code is Code.UNIMPLEMENTED
        assert listing(tmp_path) == []


class TestInformation:
    async def test_health(self, engine: ScriptedEngine, servicer: SglangServicer) -> None:
        async def healthy() -> bool:
            return (await servicer.health_check(HealthCheckRequest(), context("HealthCheck"))).healthy

        assert await healthy()
        engine.become(paused=True)
        assert await healthy()
        engine.become(status=ServerStatus.UNHEALTHY)
        assert not await healthy()
        engine.become(status=ServerStatus.UP)
        await servicer.drain()
        assert not await healthy()

    async def test_model_info(self, servicer: SglangServicer) -> None:
        answer = await servicer.get_model_info(GetModelInfoRequest(), context("GetModelInfo"))
        assert answer.model_path == "/models/scripted"
        assert json.loads(answer.json_info) == {
            "model_path": "/models/scripted",
            "served_model_name": "served",
            "tokenizer_path": "/models/scripted",
            "is_generation": True,
            "weight_version": "v1",
            "load_format": "safetensors",
            "model_type": "llama",
            "architectures": ["LlamaForCausalLM"],
            "max_model_len": 64,
        }

    async def test_server_info(self, engine: ScriptedEngine) -> None:
        settings = ServicerSettings(version="1.2", show={"port": 30000})
        servicer = SglangServicer(engine, settings)
        answer = await servicer.get_server_info(GetServerInfoRequest(), context("GetServerInfo"))
        assert json.loads(answer.json_info) == {
            "version": "1.2",
            "engine": "scripted",
            "served_model_names": ["scripted"],
            "device": "cpu",
            "port": 30000,
        }

    async def test_models(self, servicer: SglangServicer) -> None:
        answer = await servicer.list_models(ListModelsRequest(), context("ListModels"))
        assert [(m.id, m.root, m.parent, m.max_model_len) for m in answer.models] == [
            ("served", "served", None, 64),
            ("alias", "served", None, 64),
        ]

    @pytest.mark.parametrize(("rank", "ranks"), [(None, [0, 1]), (1, [1]), (0, [0]), (2, []), (-1, [])])
    async def test_load(self, servicer: SglangServicer, rank: int | None, ranks: list[int]) -> None:
        answer = await servicer.get_load(GetLoadRequest(dp_rank=rank), context("GetLoad"))
        loads = json.loads(answer.json_info)
        assert [load["dp_rank"] for load in loads] == ranks
        for load in loads:
            assert load.keys() == {
                "timestamp",
                "dp_rank",
                "num_running_reqs",
                "num_waiting_reqs",
                "num_used_tokens",
                "num_total_tokens",
                "max_total_num_tokens",
                "max_running_requests",
                "token_usage",
                "gen_throughput",
                "cache_hit_rate",
                "utilization",
            }

    async def test_nothing_to_tell_before_the_engine_is_up(self) -> None:
        servicer = SglangServicer(ScriptedEngine(MODEL, ServerStatus.STARTING))
        for call in (
            servicer.get_model_info(GetModelInfoRequest(), context("GetModelInfo")),
            servicer.list_models(ListModelsRequest(), context("ListModels")),
            servicer.tokenize(TokenizeRequest(text="a"), context("Tokenize")),
            servicer.get_load(GetLoadRequest(), context("GetLoad")),
        ):
            assert (await error_of(call)).code is Code.UNAVAILABLE
