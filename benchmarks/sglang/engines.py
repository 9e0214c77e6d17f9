"""The processes: SGLang's own server, ours, and an engine without a front end, with the same flags."""

from __future__ import annotations

import http.client
import json
import os
import select
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.errors import BenchError
from benchmarks.serving.machine import cpu_seconds
from benchmarks.serving.programs import Program
from benchmarks.serving.servers import accepts, environment, free_ports

if TYPE_CHECKING:
    from benchmarks.serving.machine import Cores

__all__ = ["PYTHON", "TITLES", "Engine", "roles"]

_ROOT: Final = Path(__file__).parents[2]
_BIN: Final = _ROOT / ".venvs" / "sglang" / "bin"
PYTHON: Final = str(_BIN / "python")
_MODEL: Final = str(_ROOT / "runtime" / "tokenwire_serve" / "models" / "tiny")
_CPU: Final = ("--device", "cpu", "--attention-backend", "torch_native", "--sampling-backend", "pytorch")
# An idle scheduler would take a whole core from those that are measured.
_IDLE: Final = "--sleep-on-idle"
_FLAGS: Final = (
    *_CPU,
    "--disable-cuda-graph",
    "--dtype",
    "float32",
    "--max-total-tokens",
    "65536",
    "--max-running-requests",
    "32",
    _IDLE,
)
# One thread: more of them wait for each other, and every front end would have another engine behind it.
_ENVIRONMENT: Final = {"SGLANG_USE_CPU_ENGINE": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_DELTAS: Final = "--incremental-streaming-output"
_CHILDREN: Final = ("sglang::scheduler", "sglang::detokenizer")
_START_S: Final = 240.0
_TURN_S: Final = 120.0
_SETTLE_S: Final = 1.0
TITLES: Final = {
    "sglang": "SGLang's server",
    "sglang-delta": "SGLang's server with deltas",
    "tokenwire": "tokenwire",
    "floor": "the engine alone",
}


def _sglang(*flags: str) -> list[str]:
    command = [PYTHON, "-m", "sglang.launch_server", "--model-path", _MODEL, *_FLAGS, *flags]
    return [*command, "--log-level", "error", "--host", "127.0.0.1"]


def _command(key: str, http: int, grpc: int) -> list[str]:
    ports = ["--port", str(http), "--grpc-port", str(grpc)]
    if key == "floor":
        script = str(Path(__file__).with_name("floor.py"))
        return [PYTHON, script, "--model-path", _MODEL, *_FLAGS, _DELTAS, "--log-level", "error"]
    if key == "tokenwire":
        serve = [str(_BIN / "tokenwire"), "serve", "--engine", "sglang", "--model-path", _MODEL]
        return [*serve, "--log-level", "error", *ports, "--", *_FLAGS]
    return [*_sglang(*([_DELTAS] if key == "sglang-delta" else [])), *ports]


class Engine(Program):
    """One of the processes, with scheduler and detokenizer below it.

    Attributes:
        key: Its name.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self._http, self._grpc = free_ports(2)
        super().__init__(
            TITLES[key],
            _command(key, self._http, self._grpc),
            folder=_ROOT,
            env={**environment(), **_ENVIRONMENT},
            pipes=key == "floor",
        )
        self._pids: list[int] = []
        self._front: list[int] = []

    def wait_ready(self, cores: Cores) -> None:
        """Wait until it answers; then its scheduler gets one core, and all else of it the other.

        Raises:
            BenchError: It ended, or took too long.
        """
        if self.key == "floor":
            self._read_line(_START_S)
        else:
            while not self._answers():
                self.check()
                if time.monotonic() - self.started > _START_S:
                    raise BenchError(f"{self.title} is not ready after {_START_S:.0f} s: {self.last_words()}")
                time.sleep(0.1)
        time.sleep(_SETTLE_S)
        self._pids = self.processes()
        names = {pid: _name(pid) for pid in self._pids}
        self._front, engine = roles(names)
        if len(engine) != len(_CHILDREN):
            raise BenchError(f"{self.title} should have {' and '.join(_CHILDREN)} below it; it has {names}")
        for pid in self._pids:
            _pin(pid, cores.server if names[pid].startswith(_CHILDREN[0]) else cores.client)

    def target(self, *, http: bool) -> str:
        """Host and port that take the calls of that kind."""
        return f"127.0.0.1:{self._http if http else self._grpc}"

    def cpu(self) -> float:
        """CPU seconds of all but scheduler and detokenizer.

        Raises:
            BenchError: It ended, or its processes are not those that it started with.
        """
        self.check()
        if self.processes() != self._pids:
            raise BenchError(f"{self.title} started or lost a process while it was measured")
        return cpu_seconds(self._front)

    def ask(self, job: dict[str, Any]) -> dict[str, Any]:
        """Have the engine alone do a job, and wait for its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self._read_line(_TURN_S))
        return found

    def _read_line(self, limit: float) -> str:
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], limit)
        line = self.process.stdout.readline() if readable else ""
        if not line:
            self.check()
            raise BenchError(f"{self.title} says nothing for {limit:.0f} s")
        return line

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(self.target(http=True), timeout=2.0)
        try:
            connection.request("GET", "/health")
            healthy = connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return healthy and accepts(self._grpc)


def roles(names: dict[int, str]) -> tuple[list[int], list[int]]:
    """Process ids of the front end, and those of scheduler and detokenizer."""
    engine = [pid for pid, name in names.items() if name.startswith(_CHILDREN)]
    return [pid for pid in names if pid not in engine], engine


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()


def _pin(pid: int, core: int) -> None:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})
