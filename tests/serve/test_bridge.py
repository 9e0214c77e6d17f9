"""An engine on another thread's loop: everything crosses, nothing blocks."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    AbortRequest,
    GetLoadRequest,
    SamplingParams,
    TextEmbedRequest,
    TextGenerateRequest,
    WatchEngineStateRequest,
)
from tokenwire_serve.bridge import BridgedEngine, _Mail
from tokenwire_serve.engine import GenerateRequest, Sampling
from tokenwire_serve.engines import EngineOptions, create
from tokenwire_serve.servicer.service import SglangServicer, create_servicer

from .calls import USER, chat, context, drained, facts, until
from .scripted import ScriptedEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenwire_serve.engine import Delta, Engine


class Host:
    """A loop in its own thread with an engine on it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        asyncio.run_coroutine_threadsafe(engine.start(), self.loop).result(10)

    def stop(self) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join(10)
            self.loop.close()


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host(create("null", EngineOptions()))
    yield host
    host.stop()


@pytest.fixture
def bridged(host: Host) -> SglangServicer:
    return create_servicer(BridgedEngine(host.engine, host.loop))


def request(rid: str, tokens: int, *, stream: bool = True) -> TextGenerateRequest:
    return TextGenerateRequest(
        text="hi", rid=rid, stream=stream, sampling_params=SamplingParams(max_new_tokens=tokens)
    )


async def test_generate(bridged: SglangServicer) -> None:
    call = context("TextGenerate", x_tokenwire_stream="delta")
    messages, error = await drained(bridged.text_generate(request("r", 50), call))
    assert error is None
    assert "".join(message.text for message in messages) == " token" * 50
    assert bridged.active_requests == 0


async def test_many_at_once(bridged: SglangServicer) -> None:
    streams = [bridged.text_generate(request(f"r{i}", 20), context("TextGenerate")) for i in range(20)]
    ends = await asyncio.gather(*map(drained, streams))
    assert {messages[-1].text for messages, _ in ends} == {" token" * 20}


async def test_abort(bridged: SglangServicer) -> None:
    stream = bridged.text_generate(request("r", 10**6), context("TextGenerate"))
    await anext(stream)
    assert (await bridged.abort(AbortRequest(rid="r"), context("Abort"))).success
    messages, error = await drained(stream)
    assert facts(messages[-1])["finish_reason"]["type"] == "abort"
    assert error is not None
    assert error.code is Code.CANCELLED
    assert not (await bridged.abort(AbortRequest(rid="r"), context("Abort"))).success


async def test_hang_up(host: Host, bridged: SglangServicer) -> None:
    stream = bridged.text_generate(request("r", 10**6), context("TextGenerate"))
    await anext(stream)
    stream.cancel()
    await until(lambda: not bridged.active_requests)
    assert host.engine.loads()[0].num_running_reqs == 0


async def test_an_engine_that_never_stops_talking_leaves_the_loop_time() -> None:
    mail = _Mail(asyncio.get_running_loop())
    heard = 0

    def talk() -> None:
        nonlocal heard
        heard += 1
        if talking:
            mail.post(talk)
            mail.post(talk)

    talking = True
    mail.post(talk)
    await until(lambda: heard > 1000)
    talking = False
    said = heard
    await until(lambda: not mail._waiting)
    assert heard > said


async def test_other_calls(bridged: SglangServicer) -> None:
    answer = await bridged.text_embed(TextEmbedRequest(text="a"), context("TextEmbed"))
    assert len(answer.embedding) == 4096
    assert '"dp_rank":0' in (await bridged.get_load(GetLoadRequest(), context("GetLoad"))).json_info
    assert (await chat(bridged, messages=USER, max_tokens=2))["choices"][0]["message"][
        "content"
    ] == " token token"


async def test_engine_errors_cross(bridged: SglangServicer) -> None:
    engine = bridged.engine
    with pytest.raises(RpcError) as caught:
        await engine.update_weights("/w", None)
    assert caught.value.code is Code.UNIMPLEMENTED


async def test_watch(bridged: SglangServicer) -> None:
    stream = bridged.watch_engine_state(WatchEngineStateRequest(), context("WatchEngineState"))
    assert not (await anext(stream)).is_pause
    await bridged.engine.pause("in_place")
    assert (await anext(stream)).is_pause
    await bridged.drain()
    snapshots, error = await drained(stream)
    assert error is None
    assert not snapshots[-1].healthy


async def test_cancelling_a_call_cancels_it_there() -> None:
    engine = ScriptedEngine()
    host = Host(engine)
    entered, left = threading.Event(), threading.Event()

    async def embed(_: Any) -> Any:
        entered.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()

    engine.embed = embed  # type: ignore[method-assign]
    try:
        bridge = BridgedEngine(engine, host.loop)
        call = asyncio.ensure_future(bridge.embed(None))  # type: ignore[arg-type]
        assert await asyncio.to_thread(entered.wait, 10)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await asyncio.to_thread(left.wait, 10)
    finally:
        host.stop()


async def test_deltas_arrive_on_the_callers_loop(host: Host) -> None:
    threads: set[int] = set()
    ended = asyncio.Event()

    class Sink:
        def push(self, delta: Delta) -> None:
            threads.add(threading.get_ident())

        def close(self, error: BaseException | None = None) -> None:
            threads.add(threading.get_ident())
            ended.set()

    engine = ScriptedEngine()
    servicer = SglangServicer(engine)
    stream = servicer.text_generate(request("r", 3), context("TextGenerate"))
    BridgedEngine(host.engine, host.loop).generate(engine.started[0], Sink())
    await asyncio.wait_for(ended.wait(), 10)
    assert threads == {threading.get_ident()}
    stream.cancel()


async def test_host_that_is_gone(host: Host, bridged: SglangServicer) -> None:
    host.stop()
    _, error = await drained(bridged.text_generate(request("r", 3), context("TextGenerate")))
    assert error is not None
    assert error.code is Code.UNAVAILABLE
    for call in (
        bridged.text_embed(TextEmbedRequest(text="a"), context("TextEmbed")),
        bridged.get_load(GetLoadRequest(), context("GetLoad")),
    ):
        with pytest.raises(RpcError) as caught:
            await call
        assert caught.value.code is Code.UNAVAILABLE


async def test_a_call_that_fails_does_not_hold_up_those_behind_it(caplog: pytest.LogCaptureFixture) -> None:
    mail = _Mail(asyncio.get_running_loop())
    seen: list[int] = []

    def failing() -> None:
        raise ValueError("a broken sink")

    for call in (failing, lambda: seen.append(1)):
        mail.post(call)
    await asyncio.sleep(0)
    mail.post(lambda: seen.append(2))
    await until(lambda: seen == [1, 2])
    assert "a broken sink" in caplog.text


async def test_an_engine_that_raises_ends_the_call(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def generate(*_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(host.engine, "generate", generate)
    servicer = create_servicer(BridgedEngine(host.engine, host.loop))
    async with asyncio.timeout(10):
        with pytest.raises(RuntimeError, match="a bug"):
            await anext(servicer.text_generate(request("r", 50), context("TextGenerate")))
    assert servicer.active_requests == 0


async def test_a_sink_that_raises_ends_its_request(host: Host) -> None:
    class Sink:
        error: BaseException | None = None

        def push(self, delta: Delta) -> None:
            raise RuntimeError("a bug of the sink")

        def close(self, error: BaseException | None = None) -> None:
            self.error = self.error or error

    sink, engine = Sink(), BridgedEngine(host.engine, host.loop)
    engine.generate(GenerateRequest("r", "hi", Sampling(max_new_tokens=1_000_000)), sink)
    await until(lambda: sink.error is not None)
    assert str(sink.error) == "a bug of the sink"
    await until(lambda: host.engine.loads()[0].num_running_reqs == 0)
