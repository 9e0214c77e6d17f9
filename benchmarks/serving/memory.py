"""Memory per idle stream and per connection: streams that got one message and wait for the next."""

from __future__ import annotations

import statistics
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from benchmarks.errors import BenchError

from . import load, probe
from .cases import GRPC_SERVERS, Call
from .machine import connections
from .servers import SERVERS, Running

if TYPE_CHECKING:
    from pathlib import Path

    from .rounds import Plan

__all__ = ["SHAPES", "Shape", "measure", "split", "steps"]

_WATCH: Final = Call("WatchEngineState", {})
_HEALTH: Final = Call("HealthCheck", {})
_STEP_S: Final = 0.5
_LIMIT_S: Final = 20.0
_STEADY: Final = 64 * 1024
_MOST_ROUNDS: Final = 2


@dataclass(frozen=True)
class Shape:
    """So many connections with so many streams each."""

    connections: int
    streams: int


SHAPES: Final = (Shape(40, 100), Shape(500, 1))


def steps(rounds: int) -> int:
    """How often `measure` reports."""
    return len(GRPC_SERVERS) * len(SHAPES) * min(rounds, _MOST_ROUNDS)


def measure(plan: Plan) -> dict[str, Any]:
    """Bytes per stream and per connection, from what two shapes take on fresh servers."""
    watch, health = plan.folder / "watch.body", plan.folder / "health.body"
    for path, body in zip((watch, health), probe.encode([_WATCH, _HEALTH]), strict=True):
        path.write_bytes(body)
    found: dict[str, dict[Shape, list[int]]] = {key: {shape: [] for shape in SHAPES} for key in GRPC_SERVERS}
    for number in range(min(plan.rounds, _MOST_ROUNDS)):
        for shape in SHAPES:
            for key in GRPC_SERVERS:
                name = f"{shape.connections} connections"
                plan.report(f"memory, {SERVERS[key].title}, {name}, round {number + 1}")
                found[key][shape].append(_growth(key, shape, plan, watch, health))
    return {
        "title": "memory per idle stream",
        "servers": {key: _summary(shapes) for key, shapes in found.items()},
    }


def _summary(found: dict[Shape, list[int]]) -> dict[str, Any]:
    medians = [int(statistics.median(values)) for values in found.values()]
    stream, connection = split(*medians)
    shapes = [f"{shape.connections}x{shape.streams}" for shape in found]
    return {
        "stream_bytes": round(stream),
        "connection_bytes": round(connection),
        "grown_bytes": dict(zip(shapes, medians, strict=True)),
    }


def split(first: int, second: int) -> tuple[float, float]:
    """Bytes per stream and per connection, from what the two shapes take in all."""
    a, b = SHAPES
    streams, more_streams = a.connections * a.streams, b.connections * b.streams
    determinant = streams * b.connections - more_streams * a.connections
    stream = (first * b.connections - second * a.connections) / determinant
    connection = (second * streams - first * more_streams) / determinant
    return stream, connection


def _growth(key: str, shape: Shape, plan: Plan, watch: Path, health: Path) -> int:
    with Running(SERVERS[key], plan.cores, plan.loop) as server:
        server.wait_ready()
        url = f"http://{server.target()}{_HEALTH.path}"
        load.run(load.Load(url, health, 64, 1, 8, _HEALTH.headers), plan.cores.client)
        before = _steady(server)
        url = f"http://{server.target()}{_WATCH.path}"
        total = shape.connections * shape.streams
        held = load.Load(url, watch, total, shape.connections, shape.streams, _WATCH.headers)
        process = subprocess.Popen(
            load.command(held, plan.cores.client), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait_connected(server, shape.connections)
            after = _steady(server)
            if process.poll() is not None:
                raise BenchError(f"{server.server.title} does not hold {total} streams of WatchEngineState")
        finally:
            process.kill()
            process.wait()
    return after - before


def _wait_connected(server: Running, count: int) -> None:
    """Wait for all connections: with a short queue for new ones, some are only made at a second try."""
    until = time.monotonic() + _LIMIT_S
    while connections(server.ports.grpc) < count:
        if time.monotonic() > until:
            raise BenchError(f"{server.server.title} does not take {count} connections")
        time.sleep(_STEP_S / 5)


def _steady(server: Running) -> int:
    """The memory of a server, once it neither works nor grows."""
    until = time.monotonic() + _LIMIT_S
    cpu, memory = server.cpu(), server.memory()
    while time.monotonic() < until:
        time.sleep(_STEP_S)
        then = server.cpu(), server.memory()
        if then[0] - cpu < _STEP_S / 20 and abs(then[1] - memory) <= _STEADY:
            return then[1]
        cpu, memory = then
    raise BenchError(f"{server.server.title}: its memory does not come to rest")
