"""WatchEngineState: a snapshot at once, one per change, none in between."""

from __future__ import annotations

import json
from typing import Any

from tokenwire_gen.sglang.runtime.v1.sglang_pb import ServerStatus as WireStatus
from tokenwire_gen.sglang.runtime.v1.sglang_pb import WatchEngineStateRequest
from tokenwire_serve.engine import ServerStatus
from tokenwire_serve.servicer.service import SglangServicer

from .calls import context, drained
from .scripted import MODEL, ScriptedEngine


def watch(servicer: SglangServicer) -> Any:
    return servicer.watch_engine_state(WatchEngineStateRequest(), context("WatchEngineState"))


def engine_reason(snapshot: Any) -> str:
    reason: str = json.loads(snapshot.server_info.json_info)["reason"]
    return reason


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


async def test_while_it_starts_each_reason_is_told() -> None:
    engine = ScriptedEngine(MODEL, ServerStatus.STARTING)
    stream = watch(SglangServicer(engine))
    snapshots = [await anext(stream)]
    for reason in ("loading weights", "loading weights", "capturing CUDA graphs"):
        engine.become(reason=reason)
        if reason != engine_reason(snapshots[-1]):
            snapshots.append(await anext(stream))
    assert [engine_reason(s) for s in snapshots] == ["no reason", "loading weights", "capturing CUDA graphs"]
    assert [s.revision for s in snapshots] == [1, 2, 3]
    assert len({s.instance_id for s in snapshots}) == 1
    engine.become(status=ServerStatus.UP, reason="")
    up = await anext(stream)
    assert (up.revision, up.instance_id) == (4, snapshots[0].instance_id)
    assert json.loads(up.server_info.json_info)["device"] == "cpu"


async def test_a_death_and_a_new_start_say_why(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    stream = watch(servicer)
    up = await anext(stream)
    engine.become(status=ServerStatus.STOPPED, reason="the scheduler was killed")
    dead = await anext(stream)
    assert json.loads(dead.server_info.json_info) == {
        "engine": "scripted",
        "status": "stopped",
        "reason": "the scheduler was killed",
    }
    assert (dead.healthy, dead.server_status) == (False, WireStatus.SERVER_STATUS_UNHEALTHY)
    assert dead.model_info == up.model_info
    engine.become(status=ServerStatus.STARTING, reason="loading weights")
    again = await anext(stream)
    assert json.loads(again.server_info.json_info)["status"] == "starting"
    assert (again.instance_id == dead.instance_id, again.revision) == (False, 1)
    engine.become(status=ServerStatus.UP, reason="")
    back = await anext(stream)
    assert (back.instance_id, back.server_info) == (again.instance_id, up.server_info)


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
