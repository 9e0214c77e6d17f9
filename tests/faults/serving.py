"""Both servers over the faulty engine in the test's own event loop, and what may be left of a call."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tokenwire_serve.engines import EngineOptions
from tokenwire_serve.process.listeners import listen
from tokenwire_serve.process.servers import Servers
from tokenwire_serve.servicer.service import SglangServicer

from benchmarks.soak.engine import FaultyEngine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

GONE_S = 0.2
"""A request whose client has left is gone from the engine within this."""


@dataclass
class Served:
    """A running server."""

    engine: FaultyEngine
    servicer: SglangServicer
    servers: Servers
    http: int
    grpc: int

    @property
    def requests(self) -> int:
        """What the engine has, or the servicer where that is more: calls without a stream are there only."""
        return max(self.engine.requests, self.servicer.active_requests)


@asynccontextmanager
async def served() -> AsyncIterator[Served]:
    """Serve on free ports until the block ends."""
    engine = FaultyEngine(EngineOptions())
    servicer = SglangServicer(engine)
    http, grpc = listen("127.0.0.1", 0, "--port"), listen("127.0.0.1", 0, "--grpc-port")
    for sock in (http, grpc):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)  # soon full
    ports = http.getsockname()[1], grpc.getsockname()[1]
    servers = Servers(servicer, http, grpc)
    await engine.start()
    await servers.start()
    try:
        yield Served(engine, servicer, servers, *ports)
    finally:
        engine.broken.clear()
        await servers.close()
        await engine.close()


async def until(condition: Callable[[], object], seconds: float = 3.0) -> None:
    """Let the loop turn until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came about"
        await asyncio.sleep(0.001)


async def time_until(condition: Callable[[], object]) -> tuple[float, float]:
    """Seconds until something holds, and the longest that this loop was away meanwhile."""
    start = before = time.monotonic()
    away = 0.0
    while not condition():
        await asyncio.sleep(0.001)
        now = time.monotonic()
        away = max(away, now - before - 0.001)
        before = now
        assert now - start < 3, "it never came about"
    return time.monotonic() - start, away


class Residue:
    """Tasks and file descriptors that were there before, to be compared with those after."""

    def __init__(self) -> None:
        self.tasks = asyncio.all_tasks()
        self.files = open_files()

    async def none(self) -> None:
        """Wait until there is no more than there was."""
        here = {asyncio.current_task()}
        await until(lambda: not (asyncio.all_tasks() - self.tasks - here) and open_files() <= self.files)


def open_files() -> int:
    """How many file descriptors this process has."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
