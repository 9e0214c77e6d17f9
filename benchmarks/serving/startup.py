"""How long a client takes to import, and a server to answer its first call."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from benchmarks.errors import BenchError

from . import load, probe
from .cases import GRPC_SERVERS, Call
from .servers import PEERS_PYTHON, SERVERS, STUBS, Running, environment

if TYPE_CHECKING:
    from pathlib import Path

    from .rounds import Plan

__all__ = ["UNWANTED", "measure", "steps"]

_CLIENT: Final = "from tokenwire_gen.sglang.runtime.v1 import SglangServiceClient"
_IMPORTS: Final = {
    "tokenwire": (sys.executable, _CLIENT),
    "betterproto2 + grpclib.client": (sys.executable, "import betterproto2, grpclib.client"),
    "grpc.aio + google.protobuf stubs": (PEERS_PYTHON, "from sglang.runtime.v1 import sglang_pb2_grpc"),
    "Python alone": (sys.executable, "pass"),
}
UNWANTED: Final = ("google.protobuf", "numpy", "starlette")
_HEALTH: Final = Call("HealthCheck", {})
_LEAST_IMPORTS: Final = 9
_MOST_STARTS: Final = 5
_LIMIT_S: Final = 60.0


def _counts(rounds: int) -> tuple[int, int]:
    """How many imports and starts in so many rounds; a single round is a smoke test."""
    return (1, 1) if rounds == 1 else (max(rounds, _LEAST_IMPORTS), min(rounds, _MOST_STARTS))


def steps(rounds: int) -> int:
    """How often `measure` reports."""
    imports, starts = _counts(rounds)
    return imports * len(_IMPORTS) + starts * len(GRPC_SERVERS)


def measure(plan: Plan) -> dict[str, Any]:
    """Medians in seconds, of CPU and of the clock on the wall."""
    imports, starts = _counts(plan.rounds)
    return {
        "imports": _measure_imports(plan, imports),
        "unwanted_modules": _unwanted(),
        "ready": _measure_starts(plan, starts),
    }


def _measure_imports(plan: Plan, rounds: int) -> dict[str, Any]:
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in _IMPORTS}
    for python, code in _IMPORTS.values():
        _run(python, code, plan.cores.server)
    for number in range(rounds):
        for name, (python, code) in _IMPORTS.items():
            plan.report(f"start, import of {name}, round {number + 1}")
            found[name].append(_run(python, code, plan.cores.server))
    return {name: _medians(times) for name, times in found.items()}


def _medians(times: list[tuple[float, float]]) -> dict[str, Any]:
    cpu, wall = zip(*times, strict=True)
    return {
        "cpu_s": round(statistics.median(cpu), 4),
        "wall_s": round(statistics.median(wall), 4),
        "rounds": len(times),
    }


def _run(python: str, code: str, core: int) -> tuple[float, float]:
    """CPU and wall seconds of a fresh Python that runs this."""
    paths = [STUBS / "google_stubs"] if python == PEERS_PYTHON else []
    begin = time.perf_counter()
    process = subprocess.Popen(["taskset", "-c", str(core), python, "-c", code], env=environment(*paths))
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchError(f"`{code}` failed in {python}")
    return usage.ru_utime + usage.ru_stime, wall


def _unwanted() -> list[str]:
    """Modules that a client should do without but loads."""
    code = f"{_CLIENT}; import sys; print(*[m for m in {UNWANTED!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def _measure_starts(plan: Plan, rounds: int) -> dict[str, Any]:
    body = plan.folder / "start.body"
    body.write_bytes(probe.encode([_HEALTH])[0])
    found: dict[str, list[tuple[float, float]]] = {key: [] for key in GRPC_SERVERS}
    for number in range(rounds):
        for key in GRPC_SERVERS:
            plan.report(f"start, {SERVERS[key].title}, round {number + 1}")
            with Running(SERVERS[key], plan.cores, plan.loop) as server:
                found[key].append(_first_answer(server, plan, body))
    return {key: _medians(times) for key, times in found.items()}


def _first_answer(server: Running, plan: Plan, body: Path) -> tuple[float, float]:
    """CPU and wall seconds from the start of a server to its first answer."""
    server.wait_ready(settle=False)
    call = load.Load(f"http://{server.target()}{_HEALTH.path}", body, 1, headers=_HEALTH.headers)
    while not _answers(call, plan):
        server.check()
        if time.monotonic() - server.started > _LIMIT_S:
            raise BenchError(f"{server.server.title} does not answer HealthCheck")
    wall = time.monotonic() - server.started
    cpu = server.cpu_now()
    time.sleep(max(0.0, 1.0 - wall))  # see _SETTLE_S of servers.py
    return cpu, wall


def _answers(call: load.Load, plan: Plan) -> bool:
    try:
        return load.run(call, plan.cores.client).data_bytes > 0
    except BenchError:
        return False
