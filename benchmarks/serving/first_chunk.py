"""Time from a request to its first chunk, on an idle server and beside streams that run."""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks.errors import BenchError

from . import load, probe
from .cases import GRPC_SERVERS, Call
from .rounds import start_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .rounds import Plan
    from .servers import Running

__all__ = ["measure", "percentile", "steps"]

BUSY_STREAMS: Final = 256
_CONNECTIONS: Final = 8
_MOST_ROUNDS: Final = 3
_BUSY_S: Final = 1.0
_QUIET_S: Final = 0.2
_QUIET_LIMIT_S: Final = 30.0


def _call(tokens: int) -> Call:
    params = {"maxNewTokens": tokens, "ignoreEos": True}
    return Call("TextGenerate", {"text": "Hello", "samplingParams": params, "stream": True})


_ONE: Final = _call(1)
_MANY: Final = _call(1_000_000)


def steps(rounds: int) -> int:
    """How often `measure` reports."""
    return len(GRPC_SERVERS) * 2 * min(rounds, _MOST_ROUNDS)


def measure(plan: Plan, requests: int) -> dict[str, Any]:
    """Median and p99 in milliseconds per server, of `requests` requests in each round.

    A stream of one token is one message, so its response time is the time to the first chunk.
    """
    one, many = plan.folder / "one.body", plan.folder / "many.body"
    for path, body in zip((one, many), probe.encode([_ONE, _MANY]), strict=True):
        path.write_bytes(body)
    times: dict[str, dict[str, list[float]]] = {key: {"idle": [], "busy": []} for key in GRPC_SERVERS}
    with start_all(GRPC_SERVERS, plan) as servers:
        for number in range(min(plan.rounds, _MOST_ROUNDS)):
            for server in servers:
                found = times[server.server.key]
                plan.report(f"first-chunk, {server.server.title}, idle, round {number + 1}")
                found["idle"] += _time_requests(server, one, plan, requests)
                plan.report(f"first-chunk, {server.server.title}, busy, round {number + 1}")
                with _busy(server, many, plan):
                    found["busy"] += _time_requests(server, one, plan, requests)
    return {
        "title": "time to the first chunk",
        "servers": {key: _summary(found) for key, found in times.items()},
    }


def _summary(times: dict[str, list[float]]) -> dict[str, Any]:
    summary: dict[str, Any] = {"requests": len(times["idle"])}
    for state, seconds in times.items():
        summary[f"{state}_median_ms"] = round(statistics.median(seconds) * 1e3, 3)
        summary[f"{state}_p99_ms"] = round(percentile(seconds, 0.99) * 1e3, 3)
    return summary


def percentile(values: list[float], part: float) -> float:
    """The value that this part of all stays at or below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def _load(server: Running, body: Path, calls: int, connections: int) -> load.Load:
    url = f"http://{server.target()}{_ONE.path}"
    return load.Load(url, body, calls, connections, max(1, calls // connections), _ONE.headers)


def _time_requests(server: Running, body: Path, plan: Plan, requests: int) -> list[float]:
    """Seconds of each of so many requests, one after the other."""
    log = plan.folder / "first-chunk.log"
    log.unlink(missing_ok=True)
    base = _load(server, body, 1, 1)
    one_by_one = load.Load(base.url, body, requests, headers=base.headers)
    load.run(one_by_one, plan.cores.client, f"--log-file={log}")
    rows = [line.split("\t") for line in log.read_text().splitlines()]
    if len(rows) != requests:
        raise BenchError(f"h2load logged {len(rows)} of {requests} requests")
    return [int(row[2]) * 1e-6 for row in rows]


@contextlib.contextmanager
def _busy(server: Running, body: Path, plan: Plan) -> Iterator[None]:
    """Keep streams running on a server; afterwards wait until it is quiet again."""
    bulk = _load(server, body, BUSY_STREAMS, _CONNECTIONS)
    process = subprocess.Popen(
        load.command(bulk, plan.cores.client), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        before = server.cpu()
        time.sleep(_BUSY_S)
        if server.cpu() - before < _BUSY_S / 10 or process.poll() is not None:
            raise BenchError(f"{server.server.title} does not keep {BUSY_STREAMS} streams running")
        yield
    finally:
        process.kill()
        process.wait()
    _wait_quiet(server)


def _wait_quiet(server: Running) -> None:
    until = time.monotonic() + _QUIET_LIMIT_S
    while True:
        before = server.cpu()
        time.sleep(_QUIET_S)
        if server.cpu() - before < _QUIET_S / 10:
            return
        if time.monotonic() > until:
            raise BenchError(f"{server.server.title} still works on streams whose client has left")
