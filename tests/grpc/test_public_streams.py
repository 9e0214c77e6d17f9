"""Streams that need no key: what those of strangers may take, and how long they may say nothing."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire._proto.google.rpc import RetryInfo
from tokenwire._proto.grpc.reflection.v1 import ServerReflectionRequest
from tokenwire.auth import Access, KeyRing
from tokenwire.budget import MemoryBudget
from tokenwire.codes import Code
from tokenwire.details import unpack_details
from tokenwire.grpc.call_memory import PUBLIC_PART, call_size
from tokenwire.grpc.headers import decode_binary
from tokenwire.grpc.server import Server
from tokenwire.health import HealthRegistry
from tokenwire.limits import Limits

from tests.grpc.raw_client import HEADERS, RawClient, message, raw_client
from tests.grpc.wire_service import PUSH, WireServicer, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEYS = Access(KeyRing(user=["u"]))
KEY = {"authorization": "Bearer u"}
WATCH = {":path": "/grpc.health.v1.Health/Watch"}
CHECK = {":path": "/grpc.health.v1.Health/Check"}
REFLECTION = {":path": "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"}
LIMIT = 1 << 20
ONE = call_size(list((HEADERS | WATCH).items()), {})


@contextlib.asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[tuple[Server, HealthRegistry, MemoryBudget, str]]:
    registry, budget = HealthRegistry(), MemoryBudget(LIMIT)
    registry.set_all(True)
    server = Server([WireServicer()], health=registry, access=KEYS, budget=budget, **options)
    await server.start("127.0.0.1", 0)
    try:
        yield server, registry, budget, f"127.0.0.1:{server.port}"
    finally:
        await server.close()


async def open_watches(client: RawClient, count: int, **headers: str) -> list[int]:
    """Open so many; returns those that were not refused."""
    ids = [client.open(b"", **WATCH, **headers) for _ in range(count)]
    await client.until(lambda: all(client.streams[i].data or client.streams[i].done for i in ids))
    return [i for i in ids if not client.streams[i].done]


async def test_strangers_have_a_small_part_and_each_connection_a_little_of_its_own() -> None:
    async with (
        serving() as (server, _, budget, target),
        raw_client(target) as greedy,
        raw_client(target) as honest,
    ):
        held = await open_watches(greedy, 50)
        assert 4 <= len(held) <= (LIMIT // PUBLIC_PART + (32 << 10)) // ONE
        assert budget.used <= LIMIT // PUBLIC_PART
        (refused, *_) = [stream for stream in greedy.streams.values() if stream.done]
        assert refused.status == str(int(Code.RESOURCE_EXHAUSTED))
        assert "--max-request-memory" in refused.headers["grpc-message"]
        assert "need no key" in refused.headers["grpc-message"]
        details = unpack_details(decode_binary("x", refused.headers["grpc-status-details-bin"]))
        assert any(isinstance(detail, RetryInfo) for detail in details)
        assert server.stats.calls_refused == {"max_request_memory": 50 - len(held)}
        assert len(await open_watches(honest, 1)) == 1
        assert (await honest.finished(honest.open(b"", **CHECK))).status == "0"
        pushes = [honest.open(b"", **{":path": PUSH.path}, **KEY) for _ in range(20)]
        await until(lambda: server.stats.calls >= len(held) + 2 + 20)
        assert not any(honest.streams[push].done for push in pushes)


async def test_who_shows_a_key_is_no_stranger_there_either() -> None:
    async with serving() as (_, _, _, target), raw_client(target) as greedy, raw_client(target) as honest:
        held = await open_watches(greedy, 50)
        assert len(held) < 50
        assert len(await open_watches(honest, 10, **KEY)) == 10


async def test_what_open_calls_take_is_given_back() -> None:
    async with serving() as (server, _, budget, target):
        async with raw_client(target) as client:
            for _ in range(50):
                client.open(b"", **{":path": PUSH.path}, **KEY)
            await until(lambda: server.stats.calls == 50)
            assert budget.used >= 50 * ONE - (32 << 10)
            await open_watches(client, 10)
            for stream_id, stream in client.streams.items():
                if not stream.done:
                    client.h2.reset_stream(stream_id)
            client.flush()
            await until(lambda: server.stats.streams_open == 0)
            assert budget.used == 0
            assert len(await open_watches(client, 4)) == 4
            await open_watches(client, 20)
            assert budget.used > 0
        await until(lambda: server.stats.connections_open == 0)
        assert budget.used == 0
        async with raw_client(target) as client:
            assert len(await open_watches(client, 4)) == 4


async def test_everybody_has_the_memory_of_all_and_not_more() -> None:
    async with serving() as (server, _, budget, target), raw_client(target) as client:
        opened = [client.open(b"", **{":path": PUSH.path}, **KEY) for _ in range(200)]
        await client.until(lambda: any(client.streams[i].done for i in opened))
        await until(lambda: server.stats.calls + server.stats.calls_refused.total() == 200)
        assert LIMIT - ONE * 2 < budget.used <= LIMIT
        refused = next(client.streams[i] for i in opened if client.streams[i].done)
        assert refused.status == str(int(Code.RESOURCE_EXHAUSTED))
        assert "in use by others" in refused.headers["grpc-message"]
        async with raw_client(target) as other:
            assert (await other.finished(other.open(b"x", **KEY))).status == "0"
            assert len(await open_watches(other, 1)) == 1


@pytest.mark.parametrize("headers", [{"x-a": "y" * 12_000}, {f"x-{n}": "" for n in range(40)}])
async def test_header_fields_count_by_what_they_take(headers: dict[str, str]) -> None:
    async with serving() as (_, _, _, target), raw_client(target) as client:
        few = await open_watches(client, 20, **headers)
    async with serving() as (_, _, _, target), raw_client(target) as client:
        assert len(few) <= len(await open_watches(client, 20)) / 2


def test_the_size_of_a_call() -> None:
    fields = [("x-a", "y" * 100), ("x-b-bin", "AAAA")]
    assert call_size(fields, {"x-a": "y" * 100, "x-b-bin": b"123"}) - call_size([], {}) == 714 + 3


async def test_a_stranger_that_is_refused_is_not_waited_for() -> None:
    async with serving() as (server, _, _, target), raw_client(target) as client:
        opened = [client.open(None, end=False, **REFLECTION) for _ in range(20)]
        await client.until(lambda: client.streams[opened[-1]].ended)
        last = client.streams[opened[-1]]
        assert (await client.finished(client.open(b"x", **KEY))).status == "0"  # The reset came before that.
        assert (last.status, last.reset) == (str(int(Code.RESOURCE_EXHAUSTED)), 0)
        assert server.stats.streams_open < 20


async def test_many_refused_streams_end_the_connection() -> None:
    async with serving() as (server, _, _, target), raw_client(target) as client:
        while not client.closed:
            with contextlib.suppress(Exception):
                client.open(None, end=False, **REFLECTION)
            await asyncio.sleep(0)
        assert server.stats.connections_ended == {"flood": 1}


async def test_a_stream_of_requests_without_any_is_ended_and_a_watch_is_not() -> None:
    async with (
        serving(limits=Limits(request_timeout=0.4)) as (server, registry, _, target),
        raw_client(target) as client,
    ):
        watch = client.open(b"", **WATCH)
        silent = client.open(None, end=False, **REFLECTION)
        asks = client.open(None, end=False, **REFLECTION)
        request = message(bytes(ServerReflectionRequest(list_services="")))
        for number in range(1, 12):
            client.h2.send_data(asks, request)
            client.flush()
            await client.until(lambda: len(client.streams[asks].frames) >= number)  # noqa: B023
            await asyncio.sleep(0.1)
        ended = await client.finished(silent)
        assert ended.status == str(int(Code.RESOURCE_EXHAUSTED))
        assert "--request-timeout" in ended.headers["grpc-message"] + ended.trailers.get("grpc-message", "")
        assert server.stats.calls_refused == {"request_timeout": 1}
        assert not client.streams[asks].done
        await client.finished(asks)
        registry.set_all(False)
        await client.until(lambda: len(client.streams[watch].frames) == 2)
        assert not client.streams[watch].done


class Heard:
    """What a watcher was told."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.ends = 0

    def push(self, message: Any, /) -> None:
        self.statuses.append(message.status)

    def close(self, error: BaseException | None = None, /) -> None:
        self.ends += 1


async def test_many_watchers_are_told_a_few_per_turn_of_the_loop() -> None:
    registry = HealthRegistry()
    streams, heard = [registry.watch("") for _ in range(1000)], [Heard() for _ in range(1000)]
    for stream, sink in zip(streams, heard, strict=True):
        stream.subscribe(sink)
    registry.set("", True)
    streams.pop(0).cancel()
    heard.pop(0)
    told, turns = 0, 0
    while told < 999:
        before, told = told, sum(sink.statuses == [2, 1] for sink in heard)
        assert told - before < 100
        await asyncio.sleep(0)
        turns += 1
        assert turns < 1000
    assert turns >= 10


async def test_watchers_that_are_behind_hear_the_last_of_it_and_the_end() -> None:
    registry = HealthRegistry()
    heard = [Heard() for _ in range(300)]
    for sink in heard:
        registry.watch("").subscribe(sink)
    registry.set("", True)
    registry.set("", False)
    registry.close()
    assert 0 < sum(sink.ends for sink in heard) + sum(sink.statuses == [2, 1] for sink in heard) < 300
    for _ in range(20):
        await asyncio.sleep(0)
    assert {sink.ends for sink in heard} == {1}
    assert {tuple(sink.statuses) for sink in heard} <= {(2,), (2, 1, 2)}
    assert not registry._watchers
