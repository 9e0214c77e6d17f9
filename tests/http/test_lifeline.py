"""What the supervisor makes of an engine's states: what it shows of a start, and how often it tries again."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import TYPE_CHECKING

import pytest
from tokenwire.errors import RpcError
from tokenwire_serve.engine import ServerStatus
from tokenwire_serve.process import lifeline
from tokenwire_serve.process.lifeline import keep_up
from tokenwire_serve.process.progress import progress

from tests.serve.scripted import MODEL, ScriptedEngine

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def restarting(engine: ScriptedEngine, starts: list[int], last: int) -> Callable[[], Awaitable[None]]:
    """Starts that each end in a death, but for the last, which fails."""

    async def restart() -> None:
        starts.append(len(starts))
        if len(starts) == last:
            raise RuntimeError("enough")
        engine.become(status=ServerStatus.UP)
        asyncio.get_running_loop().call_soon(lambda: engine.become(status=ServerStatus.STOPPED))

    return restart


async def test_an_engine_that_is_dead_already_is_noticed() -> None:
    engine = ScriptedEngine(MODEL, ServerStatus.STOPPED)
    with pytest.raises(RpcError, match="engine scripted died: no reason"):
        await keep_up(engine, None)
    engine.become(reason="")
    with pytest.raises(RpcError, match="engine scripted died: it gave no reason"):
        await keep_up(engine, None)
    assert engine.watchers == []


async def test_short_lives_in_a_row_are_few() -> None:
    engine, starts = ScriptedEngine(MODEL, ServerStatus.STOPPED), list[int]()
    with pytest.raises(RpcError, match="3 times in a row it died within 60 s, so it is not started again"):
        await keep_up(engine, restarting(engine, starts, last=10))
    assert len(starts) == 2


async def test_lives_that_were_long_enough_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifeline, "_SHORT", 0.0)
    engine, starts = ScriptedEngine(MODEL, ServerStatus.STOPPED), list[int]()
    with pytest.raises(RuntimeError, match="enough"):
        await keep_up(engine, restarting(engine, starts, last=10))
    assert len(starts) == 10


async def test_an_unhealthy_engine_is_left_to_recover() -> None:
    engine = ScriptedEngine()
    keeper = asyncio.create_task(keep_up(engine, None))
    await asyncio.sleep(0)
    engine.become(status=ServerStatus.UNHEALTHY, reason="slow")
    await asyncio.sleep(0)
    assert not keeper.done()
    keeper.cancel()
    await asyncio.wait({keeper})
    assert engine.watchers == []


async def test_progress_writes_a_line_per_reason(capsys: pytest.CaptureFixture[str]) -> None:
    engine = ScriptedEngine(MODEL, ServerStatus.STARTING)
    async with progress("loading", engine):
        for reason in ("weights", "weights", "CUDA\ngraphs"):
            engine.become(reason=reason)
        engine.become(paused=True)
        engine.become(status=ServerStatus.UP, reason="")
    engine.become(status=ServerStatus.STARTING, reason="unseen")
    text = re.sub(r"\d+\.\d s", "N s", capsys.readouterr().err)
    assert text == "loading ...\nloading: weights (N s)\nloading: CUDA graphs (N s)\nloading: done in N s\n"


async def test_progress_moves_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    engine = ScriptedEngine(MODEL, ServerStatus.STARTING)
    with pytest.raises(ValueError):
        async with progress("loading", engine):
            await asyncio.sleep(0.01)
            engine.become(reason="weights that have a long name")
            await asyncio.sleep(0.25)
            raise ValueError
    await asyncio.sleep(0)
    before, first, *frames, after = capsys.readouterr().err.split("\r\x1b[K")
    assert (before, first, after) == ("", "| loading (0 s)", "")
    assert {frame[1:] for frame in frames} == {" loading: weights that have "}
    assert engine.watchers == []
