"""What a request may cost before anybody has looked at it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tokenwire.auth import Access, KeyRing
from tokenwire.budget import MemoryBudget
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.http.asgi import build_app
from tokenwire.http.values import HttpReply
from tokenwire.limits import MOST_PUBLIC
from tokenwire.method import AuthScope, Handler
from tokenwire_gen.sglang.runtime.v1.sglang_http import ROUTES
from tokenwire_serve.engines import EngineOptions, create
from tokenwire_serve.servicer.names import find_model
from tokenwire_serve.servicer.service import SglangServicer
from tokenwire_serve.shapes.handlers import http_handlers

from tests.grpc.raw_client import message, raw_client
from tests.grpc.wire_service import CLIENT, UNARY, Raw, WireServicer, running, until

if TYPE_CHECKING:
    from tokenwire.context import Context
    from tokenwire.http.values import HttpCall

KEYS = Access(KeyRing(user=["u"]))


class Public(WireServicer):
    """Its method needs no key."""

    def __handlers__(self) -> tuple[Handler, ...]:
        return (Handler(replace(UNARY, auth=AuthScope.PUBLIC), self.unary),)

    async def unary(self, request: Any, context: Context) -> Raw:
        return Raw(b"%d" % len(request.data))


async def send(client: Any, stream_id: int, data: bytes, *, end: bool = True) -> None:
    """Send data as the windows allow."""
    while data:
        await until(lambda: client.h2.local_flow_control_window(stream_id) > 0)
        size = min(client.h2.local_flow_control_window(stream_id), 16_384, len(data))
        client.h2.send_data(stream_id, data[:size], end_stream=end and size == len(data))
        client.flush()
        data = data[size:]


async def test_calls_without_a_key_may_not_send_much() -> None:
    async with running(Public(), access=KEYS) as (_, server, target), raw_client(target) as client:
        stream_id = client.open(None, end=False)
        await send(client, stream_id, message(b"x" * MOST_PUBLIC))
        assert (await client.finished(stream_id)).status == "0"
        stream_id = client.open(None, end=False)
        await send(client, stream_id, message(b"x" * (MOST_PUBLIC + 1))[:1000], end=False)
        answer = await client.finished(stream_id)
        assert answer.status == str(int(Code.RESOURCE_EXHAUSTED))
        assert "calls that need no key" in answer.headers["grpc-message"]
        assert server.stats.calls_refused == {"max_message_size": 1}
    async with running(Public()) as (_, _, target), raw_client(target) as client:  # All are open here.
        stream_id = client.open(None, end=False)
        await send(client, stream_id, message(b"x" * 100_000))
        assert (await client.finished(stream_id)).status == "0"


async def test_small_messages_that_nobody_reads_are_counted_as_what_they_take() -> None:
    class Lazy(WireServicer):
        async def client(self, requests: Any, context: Any) -> Raw:
            await asyncio.Event().wait()
            raise AssertionError

    budget = MemoryBudget(1 << 20)
    async with running(Lazy(), budget=budget) as (_, _, target), raw_client(target) as client:
        stream_id = client.open(None, end=False, **{":path": CLIENT.path})
        await send(client, stream_id, message(b"") * 2000, end=False)
        await until(lambda: budget.used >= 2000 * 64)
        await send(client, stream_id, message(b"") * 16_000, end=False)
        answer = await client.finished(stream_id)
        assert "--max-request-memory" in answer.headers["grpc-message"]
        await until(lambda: budget.used == 0)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_methods_without_a_body_may_not_send_much(method: str) -> None:
    async def page(call: HttpCall) -> HttpReply:
        return HttpReply()

    transport = httpx.ASGITransport(build_app(pages={"/page": page}))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for size, status in ((MOST_PUBLIC, 200), (MOST_PUBLIC + 1, 413)):
            answer = await client.request(method, "/page", content=b"x" * size)
            assert answer.status_code == status


@pytest.mark.parametrize("params", [{"n": 1024}, [{"n": 1024}, {"n": 1024}, {}]])
async def test_one_call_has_no_more_choices_than_it_may_have_prompts(params: Any) -> None:
    engine = create("null", EngineOptions())
    servicer = SglangServicer(engine)
    await engine.start()
    transport = httpx.ASGITransport(build_app(servicer, routes=ROUTES, handlers=http_handlers(servicer)))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        refused = await client.post("/generate", json={"text": ["a"] * 3, "sampling_params": params})
    await engine.close()
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "sampling_params")
    assert "2048" in refused.json()["error"]["message"]


@pytest.mark.parametrize("any_name", [False, True])
def test_answers_do_not_repeat_a_name_of_megabytes(any_name: bool) -> None:
    with pytest.raises(RpcError) as raised:
        find_model("m" * 1_000_000, ["tiny"], [], [], any_name=any_name)
    assert raised.value.code is Code.NOT_FOUND
    assert len(raised.value.message) < 500
