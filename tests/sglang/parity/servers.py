"""SGLang's own server and ours: the same model, the same seed, the same flags."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
import tokenwire_serve

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL: Final = Path(tokenwire_serve.__file__).parent / "models/tiny"
NAME: Final = "tiny"
START_S: Final = 150
STOP_S: Final = 20

SERVED: Final = ("--model-path", str(MODEL), "--served-model-name", NAME, "--host", "127.0.0.1")
ENGINE: Final = (
    *("--device", "cpu", "--dtype", "float32", "--random-seed", "1"),
    *("--attention-backend", "torch_native", "--sampling-backend", "pytorch"),
    *("--grammar-backend", "xgrammar", "--disable-cuda-graph"),
    *("--max-total-tokens", "16384", "--max-running-requests", "8", "--sleep-on-idle"),
)

SGLANG: Final = (sys.executable, "-m", "sglang.launch_server", *SERVED, *ENGINE)
OURS: Final = (str(Path(sys.executable).parent / "tokenwire"), "serve", "--engine", "sglang", *SERVED)


ENVIRONMENT: Final = {
    "HF_HUB_OFFLINE": "1",
    # Two servers share the cores: threads that spin for each other cost more than they bring.
    "OMP_NUM_THREADS": "1",
    # Without Triton torch.compile fails, and with it the scheduler, at the first repetition penalty.
    "TORCH_COMPILE_DISABLE": "1",
}


@dataclass(frozen=True)
class Address:
    """Where a server listens."""

    http: str
    grpc: str


@contextmanager
def sglang_server(log: Path) -> Iterator[Address]:
    """`python -m sglang.launch_server`, with its native gRPC server."""
    with _started("SGLANG", (*SGLANG, *_ports()), log) as address:
        yield address


@contextmanager
def our_server(log: Path) -> Iterator[Address]:
    """`tokenwire serve --engine sglang`."""
    traces = ("--profile-dir", str(log.parent))
    with _started("OURS", (*OURS, *traces, *_ports(), "--", *ENGINE), log) as address:
        yield address


@contextmanager
def _started(name: str, command: tuple[str, ...], log: Path) -> Iterator[Address]:
    """Start a server and wait until it is healthy.

    For development PARITY_SGLANG and PARITY_OURS, each `HOST:PORT,HOST:PORT` (HTTP, gRPC), name servers
    that run already.
    """
    if running := os.environ.get(f"PARITY_{name}"):
        yield Address(*running.split(","))
        return
    port, grpc_port = command[command.index("--port") + 1], command[command.index("--grpc-port") + 1]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **ENVIRONMENT, "SGLANG_TORCH_PROFILER_DIR": str(log.parent)},
            start_new_session=True,
        )
    try:
        address = Address(f"127.0.0.1:{port}", f"127.0.0.1:{grpc_port}")
        _wait(address, process, log)
        yield address
    finally:
        _stop(process)


def _ports() -> tuple[str, ...]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return "--port", str(one.getsockname()[1]), "--grpc-port", str(other.getsockname()[1])


def _wait(address: Address, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended with {process.returncode}:\n{_tail(log)}"
        try:
            if httpx.get(f"http://{address.http}/health", timeout=30).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise AssertionError(f"the server was not ready within {START_S} s:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a server and the processes that it started."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(STOP_S)
