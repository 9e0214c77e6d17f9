"""Clients that leave the embedded model: its engine, which runs in a thread, drops the request too."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SglangServiceClient

from benchmarks.soak.callers import SHAPES, Caller
from tests.support.server import running_server

from .serving import GONE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKENS = 1500
CASES = [
    (name, way)
    for name in ("grpc-text", "grpc-chat", "http-generate-whole", "http-chat")
    for way in ("fin", "rst", "half", *(["reset"] if SHAPES[name].grpc else []))
]


@dataclass
class Where:
    http: int
    grpc: int


@pytest.fixture(scope="module")
def model() -> Iterator[Where]:
    with running_server("--engine", "transformers", "--no-access-log") as running:
        yield Where(int(running.http.rpartition(":")[2]), int(running.grpc.rpartition(":")[2]))


async def running(client: SglangServiceClient) -> int:
    load = json.loads((await client.get_load(pb.GetLoadRequest())).json_info)[0]
    return int(load["num_running_reqs"] + load["num_waiting_reqs"])


@pytest.mark.parametrize(("name", "way"), CASES)
async def test_the_model_stops(model: Where, name: str, way: str) -> None:
    shape = SHAPES[name]
    async with SglangServiceClient(f"127.0.0.1:{model.grpc}") as client:
        caller = await Caller.connect(model, shape, "Once upon a time", TOKENS)
        caller.send()
        async with asyncio.timeout(20):
            if shape.streams:
                await caller.first()
            while not await running(client):
                pass
        slowest, start = 0.0, time.monotonic()
        await caller.leave(way)
        while True:
            asked = time.monotonic()
            left = await running(client)
            slowest = max(slowest, time.monotonic() - asked)
            if not left:
                break
            assert asked - start < 20
        seconds = time.monotonic() - start
        print(f"gone: model {name:20} {way:6} {seconds * 1000:6.1f} ms")
        assert seconds <= GONE_S + 2 * slowest
        await caller.close()
