"""Messages that are legal and dear to read: others are answered meanwhile, and their memory counts."""

from __future__ import annotations

import asyncio
import gzip
import sys
import threading
import weakref
from typing import Any

import pytest
from tokenwire import heavy
from tokenwire.budget import MemoryBudget, Share
from tokenwire.codes import Code
from tokenwire.errors import DecodeError, RpcError
from tokenwire.grpc.compression import Packed
from tokenwire.grpc.opening import open_message
from tokenwire.gunzip import NoMemoryError, expand
from tokenwire.heavy import LARGE, free_in_steps, in_thread, kept_size
from tokenwire_gen.sglang.runtime.v1 import GenerateRequest, SamplingParams, TextGenerateRequest

from .raw_client import RawClient, RawStream, message, raw_client
from .wire_service import Raw, WireServicer, running, until

MIB = 1 << 20
FRAME = 1 << 14
BIG = b"x" * (2 * LARGE)


class Gate:
    """Reads messages; large ones, in their threads, once it is opened."""

    def __init__(self) -> None:
        self.begun, self.opened = threading.Event(), threading.Event()
        self.threads: list[str] = []

    def parse(self, data: bytes) -> Raw:
        self.threads.append(threading.current_thread().name)
        if len(data) > LARGE:
            self.begun.set()
            assert self.opened.wait(20)
        if data[:1] == b"\xff":
            raise DecodeError("starts with ff")
        return Raw(data)

    async def reached(self) -> None:
        assert await asyncio.to_thread(self.begun.wait, 20)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    held = Gate()
    monkeypatch.setattr(Raw, "parse", held.parse)
    return held


def send(client: RawClient, data: bytes, *, method: str = "Unary", end: bool = True, **headers: Any) -> int:
    stream_id = client.open(None, end=False, **{":path": f"/test.Wire/{method}"}, **headers)
    for start in range(0, len(data), FRAME):
        last = start + FRAME >= len(data)
        client.h2.send_data(stream_id, data[start : start + FRAME], end_stream=end and last)
    client.flush()
    return stream_id


async def sent(client: RawClient, data: bytes, **headers: Any) -> RawStream:
    return await client.finished(send(client, data, **headers))


# What is large is read in a thread


async def test_others_are_answered_while_a_large_message_is_read(gate: Gate) -> None:
    async with running() as (_, _, target), raw_client(target) as client, raw_client(target) as other:
        large = send(client, message(b"size:1" + b" " * len(BIG)))
        await gate.reached()
        assert (await other.finished(other.open(b"a"))).data == message(b"a")
        assert (await client.finished(client.open(b"b"))).data == message(b"b")
        assert not client.streams[large].done
        gate.opened.set()
        assert (await client.finished(large)).data == message(b"x")
    assert [name.startswith("tokenwire-") for name in gate.threads] == [True, False, False]


async def test_many_large_messages_do_not_make_many_threads(gate: Gate) -> None:
    async with running() as (_, _, target), raw_client(target) as client:
        calls = [send(client, message(b"size:1" + b" " * len(BIG))) for _ in range(4)]
        await gate.reached()
        assert (await client.finished(client.open(b"others"))).status == "0"
        assert len(gate.threads) == 2
        gate.opened.set()
        assert [(await client.finished(call)).status for call in calls] == ["0"] * 4
    assert len({name for name in gate.threads if name.startswith("tokenwire-")}) == 1


@pytest.mark.parametrize("compressed", [False, True])
async def test_a_large_message_that_cannot_be_decoded_is_an_invalid_argument(compressed: bool) -> None:
    budget, body = MemoryBudget(MIB), b"\xff" * len(BIG)
    async with running(budget=budget) as (_, _, target), raw_client(target) as client:
        data = message(gzip.compress(body), 1) if compressed else message(body)
        stream = await sent(client, data, grpc_encoding="gzip")
        assert (stream.status, budget.used) == (str(int(Code.INVALID_ARGUMENT)), 0)


@pytest.mark.parametrize("end", ["deadline", "reset", "hang up"])
async def test_what_was_read_for_a_call_that_has_ended_is_dropped(gate: Gate, end: str) -> None:
    budget = MemoryBudget(MIB)
    async with running(budget=budget) as (servicer, _, target), raw_client(target) as other:
        async with raw_client(target) as client:
            timeout = {"grpc_timeout": "300m"} if end == "deadline" else {}
            stream_id = send(client, message(BIG), **timeout)
            await gate.reached()
            if end == "deadline":
                assert (await client.finished(stream_id)).status == str(int(Code.DEADLINE_EXCEEDED))
            elif end == "reset":
                client.h2.reset_stream(stream_id)
                client.flush()
        await until(lambda: budget.used == 0)
        gate.opened.set()
        assert (await sent(other, message(b"size:1" + b" " * len(BIG)))).status == "0"
        assert len(servicer.contexts) == 1
    assert budget.used == 0


@pytest.mark.parametrize("encoding", [{}, {"grpc_encoding": "gzip"}])
async def test_messages_of_a_stream_keep_their_order(gate: Gate, encoding: dict[str, str]) -> None:
    gate.opened.set()
    bodies = [b"1", b"2" * len(BIG), b"3", b"4" * (LARGE + 1), b"5"]
    got: list[bytes] = []

    class Noting(WireServicer):
        async def client(self, requests: Any, context: Any) -> Raw:
            got.extend([request.data async for request in requests])
            return Raw(b"done")

    budget = MemoryBudget(MIB)
    async with running(Noting(), budget=budget) as (_, _, target), raw_client(target) as client:
        stream = await sent(client, b"".join(map(message, bodies)), method="Client", **encoding)
        assert stream.data == message(b"done")
    assert got == bodies
    assert budget.used == 0


# Its memory counts


async def test_a_large_request_counts_until_its_call_ends() -> None:
    budget = MemoryBudget(5 * LARGE)
    async with running(budget=budget) as (servicer, server, target), raw_client(target) as client:
        calls = [send(client, message(b"sleep:" + BIG)) for _ in range(2)]
        await until(lambda: len(servicer.contexts) == 2)
        assert 4 * LARGE <= budget.used <= 5 * LARGE
        assert (await client.finished(client.open(b"small"))).status == "0"
        refused = await sent(client, message(BIG))
        assert refused.status == str(int(Code.RESOURCE_EXHAUSTED))
        assert "--max-request-memory" in refused.headers["grpc-message"]
        assert "grpc-status-details-bin" in refused.headers
        assert server.stats.calls_refused == {"max_request_memory": 1}
        client.h2.reset_stream(calls.pop())
        client.flush()
        await until(lambda: budget.used <= 3 * LARGE)
        assert (await sent(client, message(b"size:1" + b" " * len(BIG)))).status == "0"
    assert budget.used == 0


async def test_what_a_compressed_request_expands_to_counts_until_its_call_ends() -> None:
    budget, packed = MemoryBudget(3 * MIB), message(gzip.compress(b"sleep:" + bytes(MIB)), 1)
    async with running(budget=budget) as (servicer, server, target), raw_client(target) as client:
        calls = [send(client, packed, grpc_encoding="gzip") for _ in range(6)]
        await until(lambda: sum(client.streams[call].done for call in calls) >= 4)
        assert len(servicer.contexts) <= 2
        assert budget.used <= budget.limit
        for call in calls:
            stream = client.streams[call]
            if stream.done:
                assert stream.status == str(int(Code.RESOURCE_EXHAUSTED))
                assert "--max-request-memory" in stream.headers["grpc-message"]
        assert server.stats.calls_refused["max_request_memory"] >= 4
    await until(lambda: budget.used == 0)


def test_a_message_that_finds_no_memory_is_not_expanded_further() -> None:
    budget = MemoryBudget(3 * MIB)
    share = Share(budget)
    with pytest.raises(NoMemoryError):
        expand(gzip.compress(bytes(64 * MIB)), 64 * MIB, share=share)
    assert budget.used <= 3 * MIB
    share.close()
    assert budget.used == 0
    assert not share.grow(1)


async def test_numbers_count_as_what_they_take() -> None:
    """A token id of two bytes takes some forty."""
    body = bytes(GenerateRequest(input_ids=[300] * LARGE))
    budget = MemoryBudget(20 * len(body))
    share = Share(budget)
    request = await open_message(body, GenerateRequest, MIB, share)
    assert budget.used == kept_size(request) == 40 * LARGE
    share.close()
    small = MemoryBudget(2 * len(body))
    with pytest.raises(RpcError, match="--max-request-memory"):
        await open_message(Packed(gzip.compress(body)), GenerateRequest, MIB, Share(small))


def test_sizes_of_what_messages_hold() -> None:
    params = SamplingParams(stop=["a"] * 10, stop_token_ids=[1] * 10)
    request = TextGenerateRequest(text="\N{GRINNING FACE}" * 1000, sampling_params=params)
    request.trace_headers = {"a": "b"}
    assert kept_size(request) >= sys.getsizeof(request.text) + 10 * (40 + 64) + 400
    assert kept_size(Raw(b"x" * 1000)) >= 1000


# Work in threads


async def test_work_that_has_not_begun_is_not_done_for_who_has_gone() -> None:
    go_on, done = threading.Event(), []
    first = asyncio.create_task(in_thread(LARGE, go_on.wait, 20))
    second = asyncio.create_task(in_thread(LARGE, done.append, 2))
    third = asyncio.create_task(in_thread(LARGE, done.append, 3))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(first, third)
    assert second.cancelled()
    assert done == [3]


async def test_very_large_work_holds_up_no_other() -> None:
    go_on = threading.Event()
    slow = asyncio.create_task(in_thread(64 * MIB, go_on.wait, 20))
    await asyncio.sleep(0)
    assert await in_thread(LARGE, int, "7") == 7
    assert not slow.done()
    go_on.set()
    assert await slow


async def test_the_switch_interval_is_short_during_work_only() -> None:
    await until(lambda: sys.getswitchinterval() > 2 * heavy._SWITCH_SECONDS)  # Work of other tests is done.
    usual = sys.getswitchinterval()
    assert await in_thread(LARGE, sys.getswitchinterval) < usual / 4
    await until(lambda: sys.getswitchinterval() == usual)


async def test_an_error_comes_to_who_asked_and_leaves_nothing() -> None:
    class Held:
        pass

    def fail(held: Held) -> None:
        raise ValueError("no")

    held = Held()
    gone = weakref.ref(held)
    with pytest.raises(ValueError, match="no"):
        await in_thread(LARGE, fail, held)
    del held
    await until(lambda: gone() is None)


async def test_long_lists_are_freed_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []

    class Noting(list[int]):
        def __delitem__(self, where: Any) -> None:
            super().__delitem__(where)
            steps.append(len(self))

    monkeypatch.setattr(heavy, "_STEP", 100)
    mine, shared = Noting(range(1000)), Noting(range(1000))
    free_in_steps(GenerateRequest(input_ids=shared))
    free_in_steps(GenerateRequest(sampling_params=SamplingParams(stop_token_ids=mine)))
    del mine
    await in_thread(64 * MIB, lambda: None)
    assert steps == list(range(900, -1, -100))
    assert len(shared) == 1000


# Whose turn it is


async def order_of(clock: list[float], *pieces: tuple[float, int]) -> list[int]:
    """In which order pieces are done that come at some time and are so large, once the thread is free."""
    begun, opened = threading.Event(), threading.Event()

    def occupy() -> None:
        begun.set()
        assert opened.wait(20)

    done: list[int] = []
    tasks = [asyncio.create_task(in_thread(2 * MIB, occupy))]
    assert await asyncio.to_thread(begun.wait, 20)
    for at, size in pieces:
        clock[0] = at
        tasks.append(asyncio.create_task(in_thread(size * MIB, done.append, size)))
        await asyncio.sleep(0)
    opened.set()
    await asyncio.gather(*tasks)
    return done


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(heavy, "monotonic", lambda: now[0])
    return now


async def test_what_is_small_passes_what_is_huge(clock: list[float]) -> None:
    assert await order_of(clock, (0.0, 60), (0.1, 4), (0.2, 2), (0.3, 30)) == [2, 4, 30, 60]


async def test_what_is_huge_does_not_wait_for_ever(clock: list[float]) -> None:
    assert await order_of(clock, (0.0, 60), (7.0, 2), (8.0, 3)) == [2, 60, 3]
