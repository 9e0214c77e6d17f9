"""SIGTERM and kill -9 under load, as clients of four libraries see them."""

from __future__ import annotations

import asyncio
import json
import signal
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import openai
import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SglangServiceClient

from benchmarks.soak.world import World

from .processes import process
from .serving import until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

TOKENS = 20
TEXT = " token" * TOKENS
REQUEST = pb.TextGenerateRequest(
    text="x", sampling_params=pb.SamplingParams(max_new_tokens=TOKENS), stream=True
)
BODY = {"text": "x", "sampling_params": {"max_new_tokens": TOKENS}}
CALLERS = 10


class Seen(Counter[str]):
    """How calls ended: "answered" in full, "refused" in so many words, and whatever else there was."""

    @property
    def cut(self) -> dict[str, int]:
        """Ends that are neither."""
        return {end: count for end, count in self.items() if end not in ("answered", "refused")}


async def ours(client: SglangServiceClient) -> str:
    text = ""
    try:
        async for message in client.text_generate(REQUEST):
            text += message.text
    except RpcError as error:
        return "refused" if error.code is Code.UNAVAILABLE and not text else f"{error} after {text!r}"
    return "answered" if text == TEXT else f"ended after {text!r}"


async def stock(call: Any) -> str:
    text = ""
    try:
        async for message in call(REQUEST):
            text = message.text
    except grpc.aio.AioRpcError as error:
        refused = error.code() is grpc.StatusCode.UNAVAILABLE and not text
        return "refused" if refused else f"{error.code()} {error.details()} after {text!r}"
    return "answered" if text == TEXT else f"ended after {text!r}"


async def whole(web: httpx.AsyncClient) -> str:
    try:
        reply = await web.post("/generate", json=BODY)
    except httpx.ConnectError:
        return "refused"
    except httpx.HTTPError as error:
        return f"whole: {error!r}"
    if reply.status_code == 503:
        return "refused"
    return "answered" if reply.json()["text"] == TEXT else reply.text


async def events(web: httpx.AsyncClient) -> str:
    lines: list[str] = []
    try:
        async with web.stream("POST", "/generate", json={**BODY, "stream": True}) as reply:
            if reply.status_code == 503:
                return "refused"
            lines += [line async for line in reply.aiter_lines() if line]
    except httpx.ConnectError:
        return "refused"
    except httpx.HTTPError as error:
        return f"events: {error!r} after {lines}"
    answered = lines[-1:] == ["data: [DONE]"] and json.loads(lines[-2][6:])["text"] == TEXT
    return "answered" if answered else f"ended with {lines[-2:]}"


async def repeat(call: Callable[[], Awaitable[str]], seen: Seen, term: asyncio.Event) -> None:
    """Call until the server was told to stop and has refused a few."""
    refusals = 0
    while refusals < 5:
        end = await call()
        seen[end] += 1
        refusals += end == "refused" and term.is_set()
        if end not in ("answered", "refused") and term.is_set():
            refusals += 1
        await asyncio.sleep(0.002 if end == "answered" else 0.02)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_sigterm_under_load_loses_nothing(loop: str) -> None:
    with process("--loop", loop, "--drain-timeout", "20") as server:
        seen, term = {name: Seen() for name in ("ours", "stock", "whole", "events")}, asyncio.Event()
        async with World(server.http, server.grpc, 2) as world:
            clients, webs = world._ours, world._webs
            call = world._channels[0].unary_stream(
                "/sglang.runtime.v1.SglangService/TextGenerate",
                request_serializer=bytes,
                response_deserializer=pb.TextGenerateResponse.parse,
            )
            kinds: dict[str, Callable[[], Awaitable[str]]] = {
                "ours": lambda: ours(clients[0]),
                "stock": lambda: stock(call),
                "whole": lambda: whole(webs[0]),
                "events": lambda: events(webs[1]),
            }
            calls = [repeat(kinds[name], seen[name], term) for name in kinds for _ in range(CALLERS)]
            running = [asyncio.create_task(call) for call in calls]
            await until(lambda: min(found["answered"] for found in seen.values()) >= 2 * CALLERS, 30)
            term.set()
            server.popen.send_signal(signal.SIGTERM)
            async with asyncio.timeout(30):
                await asyncio.gather(*running)
        assert {name: found.cut for name, found in seen.items()} == {name: {} for name in kinds}
        assert all(found["refused"] for found in seen.values())
        assert server.popen.wait(30) == 0


RETRY = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.5s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}
OPTIONS = [
    ("grpc.service_config", json.dumps(RETRY)),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.use_local_subchannel_pool", 1),
]


async def test_kill_and_a_restart_on_the_same_ports() -> None:
    """What runs ends with UNAVAILABLE at once; who retries or waits is served by the next process."""
    health, load = (f"/sglang.runtime.v1.SglangService/{name}" for name in ("HealthCheck", "GetLoad"))
    with process() as server:
        http, port = server.http, server.grpc
        async with (
            SglangServiceClient(f"127.0.0.1:{port}") as client,
            grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}", timeout=30) as web,
            openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{http}/v1", api_key="x", max_retries=6) as sdk,
        ):
            long = pb.SamplingParams(max_new_tokens=1_000_000)
            endless = pb.TextGenerateRequest(text="x", sampling_params=long, stream=True)
            stream, other = client.text_generate(endless), client.text_generate(endless)
            await anext(stream)
            waiting = asyncio.create_task(_last(other))
            posted = asyncio.create_task(web.post("/generate", json={"text": "!hang"}))
            check = channel.unary_unary(health, bytes, pb.HealthCheckResponse.parse)
            assert (await check(pb.HealthCheckRequest())).healthy
            await asyncio.sleep(0.05)
            server.popen.kill()
            async with asyncio.timeout(5):
                for call in (_last(stream), waiting, _last(client.text_generate(endless))):
                    with pytest.raises(RpcError) as caught:
                        await call
                    assert caught.value.code is Code.UNAVAILABLE
                with pytest.raises(httpx.TransportError):
                    await posted
            server.popen.wait(10)
            waits = check(pb.HealthCheckRequest(), wait_for_ready=True, timeout=30)
            retries = channel.unary_unary(load, bytes, pb.GetLoadResponse.parse)(
                pb.GetLoadRequest(), timeout=30
            )
            chat = asyncio.create_task(sdk.completions.create(model="null", prompt="x", max_tokens=TOKENS))
            late = [asyncio.ensure_future(call) for call in (waits, retries)]
            await asyncio.sleep(0.2)
            with ExitStack() as stack:
                start = process("--grpc-port", str(port), port=http)
                again = await asyncio.to_thread(stack.enter_context, start)
                assert (again.http, again.grpc) == (http, port)
                assert (await late[0]).healthy
                assert (await late[1]).json_info
                assert (await chat).choices[0].text == TEXT
                assert await ours(client) == "answered"
                assert await whole(web) == "answered"
                assert await asyncio.to_thread(again.stop) == 0


async def _last(stream: Any) -> None:
    async for _ in stream:
        pass
