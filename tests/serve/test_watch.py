"""WatchEngineState: a snapshot at once, one per change, none in between."""

from __future__ import annotations

from typing import Any

from tokenwire_gen.sglang.runtime.v1.sglang_pb import ServerStatus as WireStatus
from tokenwire_gen.sglang.runtime.v1.sglang_pb import WatchEngineStateRequest
from tokenwire_serve.engine import ServerStatus
from tokenwire_serve.servicer.service import SglangServicer

from .calls import context, drained
from .scripted import MODEL, ScriptedEngine


def watch(servicer: SglangServicer) -> Any:
    return servicer.watch_engine_state(WatchEngineStateRequest(), context("WatchEngineState"))


async def test_a_full_snapshot_at_once(servicer: SglangServicer) -> None:
    snapshot = await anext(watch(servicer))
    assert snapshot.instance_id > 0
    assert snapshot.revision == 1
    assert snapshot.healthy
    assert snapshot.server_status == WireStatus.SERVER_STATUS_UP
    assert not snapshot.is_pause
    assert snapshot.model_info.model_path == "/models/scripted"
    assert '"engine":"scripted"' in snapshot.server_info.json_info
    assert snapshot.models is None


async def test_each_change_reaches_every_watcher(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    first, second = watch(servicer), watch(servicer)
    start = [await anext(first), await anext(second)]
    engine.become(paused=True)
    paused = [await anext(first), await anext(second)]
    engine.become(status=ServerStatus.UNHEALTHY, reason="lost")
    lost = [await anext(first), await anext(second)]
    assert all(s.is_pause and s.healthy and s.server_status == WireStatus.SERVER_STATUS_UP for s in paused)
    assert all(not s.healthy and s.server_status == WireStatus.SERVER_STATUS_UNHEALTHY for s in lost)
    assert [s.revision for s in (start[0], paused[0], lost[0])] == [1, 2, 3]
    assert len({s.instance_id for s in start + paused + lost}) == 1


async def test_a_change_of_the_reason_alone_is_none(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    stream = watch(servicer)
    await anext(stream)
    engine.become(reason="something else")
    await servicer.drain()
    snapshots, _ = await drained(stream)
    assert len(snapshots) == 1


async def test_a_slow_watcher_gets_the_newest(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    stream = watch(servicer)
    for paused in (True, False, True):
        engine.become(paused=paused)
    snapshot = await anext(stream)
    assert (snapshot.is_pause, snapshot.revision) == (True, 4)


async def test_drain_tells_and_ends(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    stream = watch(servicer)
    await anext(stream)
    await servicer.drain()
    snapshots, error = await drained(stream)
    assert error is None
    assert [(s.healthy, s.server_status) for s in snapshots] == [(False, WireStatus.SERVER_STATUS_UNHEALTHY)]
    assert engine.watchers == []
    late, error = await drained(watch(servicer))
    assert error is None
    assert [s.healthy for s in late] == [False]


async def test_a_watcher_that_leaves_is_forgotten(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    stream = watch(servicer)
    stream.cancel()
    engine.become(paused=True)
    assert (await anext(watch(servicer))).revision == 2


async def test_starting_has_no_model_yet_and_a_restart_is_a_new_instance() -> None:
    engine = ScriptedEngine(MODEL, ServerStatus.STARTING)
    stream = watch(SglangServicer(engine))
    starting = await anext(stream)
    assert not starting.healthy
    assert starting.server_status == WireStatus.SERVER_STATUS_STARTING
    assert starting.model_info is None
    engine.become(status=ServerStatus.UP)
    up = await anext(stream)
    assert up.model_info is not None
    assert up.instance_id == starting.instance_id
    engine.become(status=ServerStatus.STARTING)
    assert (await anext(stream)).instance_id != up.instance_id
