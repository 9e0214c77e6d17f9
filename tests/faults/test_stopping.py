"""The end of a server: engines that do not end, and clients that keep calling."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SglangServiceClient
from tokenwire_serve.process import supervisor
from tokenwire_serve.process.settings import ServeSettings
from tokenwire_serve.process.supervisor import Supervisor

from benchmarks.soak.engine import FaultyEngine

from .serving import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tokenwire_serve.engines import EngineOptions

TIME_IS_OVER = "the server is stopping, and --drain-timeout is over; try again"
LONG = pb.SamplingParams(max_new_tokens=1_000_000)


@asynccontextmanager
async def supervised(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], **settings: Any
) -> AsyncIterator[tuple[FaultyEngine, int, int, asyncio.Task[int]]]:
    """The whole server in this loop: its engine, its ports, and the task that ends with its exit code."""
    engines: list[FaultyEngine] = []

    def create(_: str, options: EngineOptions) -> FaultyEngine:
        engines.append(FaultyEngine(options))
        return engines[0]

    monkeypatch.setattr(supervisor, "create", create)
    monkeypatch.setattr(supervisor, "_CLOSE", 0.2)
    monkeypatch.setattr(supervisor, "_FLUSH", 0.5)
    server = asyncio.create_task(Supervisor(ServeSettings(port=0, **settings).resolved()).run())
    ready: list[str] = []

    def is_ready() -> bool:
        ready.append(capsys.readouterr().out)
        return "ready" in "".join(ready)

    try:
        await until(is_ready)
        _, http, grpc, *_ = "".join(ready).split()
        yield engines[0], int(http.rpartition(":")[2]), int(grpc.rpartition(":")[2]), server
    finally:
        server.cancel()
        await asyncio.wait({server})


@pytest.mark.parametrize("close", ["closes", "!close", "close"])
async def test_what_hangs_when_the_drain_ends_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], close: str
) -> None:
    """Whether the engine ends its requests then, never returns, or fails."""
    async with supervised(monkeypatch, capsys, drain_timeout=0.2) as (engine, http, grpc, server):
        engine.broken = {close}
        async with (
            SglangServiceClient(f"127.0.0.1:{grpc}") as client,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}", timeout=20) as web,
        ):
            stream = client.text_generate(
                pb.TextGenerateRequest(text="!hang", sampling_params=LONG, stream=True)
            )
            calls = [
                asyncio.create_task(anext(stream)),
                asyncio.create_task(client.text_embed(pb.TextEmbedRequest(text="!hang"))),
            ]
            body = {"messages": [{"role": "user", "content": "!hang"}]}
            posts = [
                asyncio.create_task(web.post("/generate", json={"text": "!hang"})),
                asyncio.create_task(web.post("/v1/chat/completions", json=body)),
                asyncio.create_task(web.post("/v1/completions", json={"prompt": ["!hang"] * 2})),
                asyncio.create_task(web.post("/v1/embeddings", json={"input": "!hang"})),
            ]
            sse = web.build_request("POST", "/generate", json={"text": "x", "stream": True, **ENDLESS})
            running = await web.send(sse, stream=True)
            events = running.aiter_lines()
            assert (await anext(events)).startswith("data: {")
            await until(lambda: engine.requests >= 6)
            os.kill(os.getpid(), signal.SIGTERM)
            for error in await asyncio.gather(*calls, return_exceptions=True):
                assert isinstance(error, RpcError)
                assert (error.code, error.message) == (Code.UNAVAILABLE, TIME_IS_OVER)
            for reply in await asyncio.gather(*posts):
                assert (reply.request.url.path, reply.status_code) == (reply.request.url.path, 503)
                assert reply.json()["error"]["message"] == TIME_IS_OVER
            rest = [line async for line in events if line]
            assert '"unavailable"' in rest[-2] and TIME_IS_OVER in rest[-2]
            assert rest[-1] == "data: [DONE]"
            await running.aclose()
        async with asyncio.timeout(10):
            assert await server == 0


ENDLESS = {"sampling_params": {"max_new_tokens": 1_000_000}}
