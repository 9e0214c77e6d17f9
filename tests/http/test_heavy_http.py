"""Large bodies over HTTP count against the memory of requests until they are answered."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import threading
from typing import Any

import httpx
import pytest
from tokenwire import gunzip
from tokenwire.budget import MemoryBudget
from tokenwire.heavy import LARGE
from tokenwire.http.asgi import build_endpoint

from .fakes import ADAPTERS, FakeServicer, Request, Response, until
from .raw_http import connected, post, read_answer, serving

JSON = {"content-type": "application/json"}


class Waiting(FakeServicer):
    """Answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()

    async def unary(self, request: Request, context: Any) -> Response:
        self.requests.append(request)
        await self.go_on.wait()
        return Response(b"{}")


def pieces(body: bytes) -> Any:
    """A body that comes in two pieces."""

    async def made() -> Any:
        yield body[:1000]
        yield body[1000:]

    return made()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("size", [LARGE, LARGE + 1, 1 << 20])
async def test_large_bodies_count_until_they_are_answered(size: int, packed: bool) -> None:
    servicer, budget = Waiting(), MemoryBudget(3 << 19)
    app: Any = build_endpoint(servicer, adapters=ADAPTERS, budget=budget)
    body = b'"' + b"x" * (size - 2) + b'"'
    headers = JSON | ({"content-encoding": "gzip"} if packed else {})
    sent = gzip.compress(body) if packed else body

    async def call() -> httpx.Response:
        return await client.post("/v1/unary", content=pieces(sent), headers=headers)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        first = asyncio.create_task(call())
        await until(lambda: servicer.requests)
        assert budget.used == (size if size > LARGE else 0)
        if size == 1 << 20:
            refused = await call()
            assert refused.status_code == 429
            assert "--max-request-memory" in refused.text
            assert budget.used == size
        servicer.go_on.set()
        assert (await first).status_code == 200
        await until(lambda: budget.used == 0)
        assert (await call()).status_code == 200


async def test_they_are_given_back_when_the_call_is_cancelled() -> None:
    servicer, budget = Waiting(), MemoryBudget(1 << 20)
    app: Any = build_endpoint(servicer, adapters=ADAPTERS, budget=budget)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        content = pieces(b" " * (2 * LARGE))
        call = asyncio.create_task(client.post("/v1/unary", content=content, headers=JSON))
        await until(lambda: servicer.requests)
        assert budget.used == 2 * LARGE
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        assert budget.used == 0


async def test_gzip_of_a_client_that_left_is_not_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, expanded = threading.Event(), 0

    def slow(*arguments: Any) -> bytes:
        nonlocal expanded
        expanded += 1
        go_on.wait(20)
        return b"{}"

    monkeypatch.setattr(gunzip, "expand", slow)
    noise = gzip.compress(os.urandom(2 * LARGE))
    async with serving() as served, contextlib.AsyncExitStack() as stack:
        reader, writer = await stack.enter_async_context(connected(served.port))
        writer.write(post(noise, "content-encoding: gzip"))
        await until(lambda: expanded == 1)
        async with connected(served.port) as (_, other):
            other.write(post(noise, "content-encoding: gzip"))
            await until(lambda: served.web.stats.bytes_in > 2 * len(noise))
            await asyncio.sleep(0.05)
        await until(lambda: len(served.web._listener._tasks) == 1)  # type: ignore[union-attr]
        go_on.set()
        assert (await read_answer(reader)).status == 200
        assert expanded == 1
