"""The servers that are compared, and how each is started, as its own users would."""

from __future__ import annotations

import os
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.errors import BenchError

from . import sink
from .machine import Cores, cpu_seconds, memory_bytes
from .programs import Program

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "KEY",
    "OFF",
    "ON",
    "OURS",
    "OUR_VARIANTS",
    "PEERS_PYTHON",
    "SERVERS",
    "TRACED",
    "Ports",
    "Running",
    "Server",
    "accepts",
    "environment",
    "free_ports",
]

ROOT: Final = Path(__file__).parents[2]
PEERS: Final = ROOT / "benchmarks" / "peers"
VENV: Final = ROOT / ".venvs" / "peers"
PEERS_PYTHON: Final = str(VENV / "bin" / "python")
STUBS: Final = VENV / "stubs"
OURS: Final = "tokenwire"
OFF: Final = "tokenwire-off"
ON: Final = "tokenwire-on"
TRACED: Final = "tokenwire-traced"
OUR_VARIANTS: Final = (OFF, ON, TRACED)
"""Our server with what operators may turn off, for what that costs."""
KEY: Final = "0123456789abcdef-benchmark"
"""The key that calls show where keys are asked for."""
_START_S: Final = 60.0
# SGLang's server hangs when it is told to stop right after its start.
_SETTLE_S: Final = 1.0


@dataclass(frozen=True)
class Ports:
    """Where a server listens."""

    grpc: int
    http: int


@dataclass(frozen=True)
class Server:
    """A server.

    Attributes:
        key: Its name in results and on the command line.
        title: Its name for readers.
        packages: Distributions whose versions are reported.
        command: The command for these ports and this event loop.
        http: Whether it is asked over HTTP/1.1 instead of gRPC.
    """

    key: str
    title: str
    packages: tuple[str, ...]
    command: Callable[[Ports, str], list[str]]
    http: bool = False


def environment(*paths: Path) -> dict[str, str]:
    """The environment, with compiled modules kept as for a user; these paths, if any, are PYTHONPATH."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": os.pathsep.join(map(str, paths))} if paths else kept


def _ours(ports: Ports, loop: str, *more: str) -> list[str]:
    listen = ["--port", str(ports.http), "--grpc-port", str(ports.grpc)]
    limits = ["--max-running-requests", "4096", "--max-waiting-requests", "4096"]
    module = ["-m", "tokenwire_gen.sglang.runtime.v1", "--engine", "null"]
    more = more or ("--log-level", "error")
    return [sys.executable, *module, *listen, *limits, "--loop", loop, *more]


def _off(ports: Ports, loop: str) -> list[str]:
    return _ours(ports, loop, "--no-access-log", "--no-enable-metrics", "--no-server-timing")


def _on(ports: Ports, loop: str, *more: str) -> list[str]:
    keys = ["--api-key", KEY, "--admin-api-key", f"admin-{KEY}"]
    return _ours(ports, loop, *keys, "--log-format", "json", *more)


def _traced(ports: Ports, loop: str) -> list[str]:
    return _on(ports, loop, "--otlp-traces-endpoint", sink.endpoint())


def _script(name: str) -> Callable[[Ports, str], list[str]]:
    return lambda ports, loop: [PEERS_PYTHON, str(PEERS / name), "--port", str(ports.grpc), "--loop", loop]


def _pyvoy(ports: Ports, loop: str) -> list[str]:
    command = [PEERS_PYTHON, str(VENV / "bin" / "pyvoy"), "connect_python:app"]
    return [*command, "--port", str(ports.grpc), "--loop", loop]


def _uvicorn(ports: Ports, loop: str) -> list[str]:
    command = [PEERS_PYTHON, "-m", "uvicorn", "fastapi_sse:app", "--port", str(ports.http)]
    return [*command, "--loop", loop, "--http", "httptools", "--log-level", "error", "--no-access-log"]


SERVERS: Final = {
    server.key: server
    for server in (
        Server(OURS, "tokenwire", (), _ours),
        Server("native", "SGLang native (Rust)", ("sglang",), _script("sglang_native.py")),
        Server("grpc-aio", "grpc.aio", ("grpcio", "protobuf"), _script("grpc_aio.py")),
        Server("connect", "connect-python", ("connectrpc", "pyvoy", "protobuf-py"), _pyvoy),
        Server(
            "grpclib",
            "grpclib + betterproto2",
            ("grpclib", "betterproto2"),
            _script("grpclib_betterproto2.py"),
        ),
        Server(OFF, "all off", (), _off),
        Server(ON, "keys, metrics, access log, Server-Timing", (), _on),
        Server(TRACED, "and traces (at most 5 per second of its own)", (), _traced),
        Server("fastapi", "FastAPI + uvicorn", ("fastapi", "uvicorn", "httptools"), _uvicorn, http=True),
    )
}


class Running(Program):
    """A server process on its core; a context manager that ends it and all its children."""

    def __init__(self, server: Server, cores: Cores, loop: str, mode: str = "delta") -> None:
        self.server = server
        self.ports = Ports(*free_ports(2))
        own = server.key.startswith(OURS)
        paths = [] if own else [STUBS, STUBS / "google_stubs"]
        super().__init__(
            server.title,
            ["taskset", "-c", str(cores.server), *server.command(self.ports, loop)],
            folder=ROOT if own else PEERS,
            env={**environment(*paths), "STREAM_MODE": mode},
        )
        self._pids: list[int] = []

    def wait_ready(self, *, settle: bool = True) -> float:
        """Wait until it takes connections; returns the seconds since its start.

        Raises:
            BenchError: It ended, or took too long.
        """
        ports = [self.ports.http] if self.server.http else [self.ports.grpc]
        ports += [self.ports.http] if self.server.key.startswith(OURS) else []
        for port in ports:
            while not accepts(port):
                self.check()
                if time.monotonic() - self.started > _START_S:
                    raise BenchError(f"{self.server.title} does not listen after {_START_S:.0f} s")
                time.sleep(0.01)
        seconds = time.monotonic() - self.started
        if settle:
            time.sleep(max(0.0, _SETTLE_S - seconds))
            self._pids = self.processes()
        return seconds

    def target(self, *, http: bool = False) -> str:
        """Host and port that take the calls of that kind."""
        return f"127.0.0.1:{self.ports.http if http else self.ports.grpc}"

    def cpu(self) -> float:
        """CPU seconds of the process and its children.

        Raises:
            BenchError: It ended, or its processes are not those that it started with.
        """
        self.check()
        if self.processes() != self._pids:
            raise BenchError(f"{self.server.title} started or lost a process while it was measured")
        return cpu_seconds(self._pids)

    def cpu_now(self) -> float:
        """CPU seconds of the process and the children that it has at this moment."""
        return cpu_seconds(self.processes())

    def memory(self) -> int:
        """Bytes of the process and its children."""
        self.check()
        return memory_bytes(self.processes())


def accepts(port: int) -> bool:
    """Whether a server listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [found.getsockname()[1] for found in sockets]
    for found in sockets:
        found.close()
    return ports
