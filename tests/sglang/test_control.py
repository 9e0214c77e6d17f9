"""The calls that steer: pause, cache, weights and profile."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb
from tokenwire_serve.engines import TINY_MODEL

from tests.serve.calls import drained

from .serving import events, until

if TYPE_CHECKING:
    from .serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("mode", ["in_place", "retract"])
async def test_requests_wait_while_it_is_paused(served: Served, mode: str) -> None:
    await served.grpc.pause_generation(pb.PauseGenerationRequest(mode=mode))
    snapshot = await anext(aiter(served.grpc.watch_engine_state(pb.WatchEngineStateRequest())))
    assert (snapshot.is_pause, snapshot.healthy) == (True, True)
    answer = asyncio.ensure_future(drained(served.chat(max_tokens=2, stream=True)))
    await asyncio.sleep(0.3)
    assert not answer.done()
    assert (await served.grpc.health_check(pb.HealthCheckRequest())).healthy
    await served.grpc.continue_generation(pb.ContinueGenerationRequest())
    chunks, error = await answer
    assert error is None
    assert events(chunks)[-1]["choices"][0]["finish_reason"] == "length"


async def test_a_pause_aborts_what_runs(served: Served) -> None:
    stream = served.chat(stream=True, max_tokens=1900, ignore_eos=True)
    await anext(stream)
    whole = served.complete(max_tokens=1900, ignore_eos=True)
    await until(lambda: served.running == 2)
    reply = await served.http.post("/pause_generation", json={"mode": "abort"})
    assert reply.status_code == 200
    for call in (stream, whole):
        chunks, error = await drained(call)
        assert error is not None
        assert error.code is Code.CANCELLED
        assert not chunks or events(chunks)[-1]["choices"][0]["finish_reason"] == "abort"
    await served.http.post("/continue_generation", json={})
    _, error = await drained(served.chat(max_tokens=1))
    assert error is None


async def test_flush(served: Served) -> None:
    reply = await served.grpc.flush_cache(pb.FlushCacheRequest())
    assert (reply.success, "cache" in reply.message.lower()) == (True, True)
    stream = served.chat(stream=True, max_tokens=1900, ignore_eos=True)
    await anext(stream)
    busy = await served.grpc.flush_cache(pb.FlushCacheRequest())
    assert not busy.success
    assert busy.message
    stream.cancel()


async def test_weights(served: Served) -> None:
    before = await drained(served.chat(max_tokens=8))
    bad = await served.grpc.update_weights_from_disk(pb.UpdateWeightsRequest(model_path="/no/such/model"))
    assert not bad.success
    assert bad.message
    empty = await served.http.post("/update_weights_from_disk", json={"model_path": "/no/such/model"})
    assert (empty.status_code, empty.json()["success"]) == (400, False)
    same = await served.grpc.update_weights_from_disk(pb.UpdateWeightsRequest(model_path=str(TINY_MODEL)))
    assert same.success, same.message
    after = await drained(served.chat(max_tokens=8))
    texts = [events(chunks)[0]["choices"][0]["message"]["content"] for chunks, _ in (before, after)]
    assert texts[0] == texts[1]
    assert (await served.grpc.list_models(pb.ListModelsRequest())).models[0].id == "tokenwire-tiny"


async def test_profile(served: Served) -> None:
    with pytest.raises(RpcError) as early:
        await served.grpc.stop_profile(pb.StopProfileRequest())
    assert early.value.code is Code.FAILED_PRECONDITION
    begun = await served.grpc.start_profile(pb.StartProfileRequest())
    with pytest.raises(RpcError) as twice:
        await served.grpc.start_profile(pb.StartProfileRequest())
    assert twice.value.code is Code.FAILED_PRECONDITION
    await drained(served.chat(max_tokens=3))
    ended = await served.grpc.stop_profile(pb.StopProfileRequest())
    files = files_below(Path(begun.message.split()[-1]))
    assert files
    assert all(str(path) in ended.message for path in files)


def files_below(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]
