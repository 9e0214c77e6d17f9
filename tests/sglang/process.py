"""`tokenwire serve --engine sglang` as its users start it: a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psutil

from tests.engines.installed import SGLANG_ARGS, SGLANG_ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
TOKENWIRE = (str(Path(sys.executable).with_name("tokenwire")),)
UNPINNED = (sys.executable, "-m", "tests.sglang.unpinned")
READY = re.compile(r"ready http=(?P<http>\S+) grpc=(?P<grpc>\S+) engine=sglang model=(?P<model>\S+)\n")
ENDLESS = {"text": "x", "stream": True, "sampling_params": {"max_new_tokens": 1900, "ignore_eos": True}}
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Process:
    """A server that is ready."""

    process: subprocess.Popen[str]
    log: Path
    http: str
    grpc: str
    model: str

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=f"http://{self.http}", timeout=60)

    def children(self) -> dict[str, psutil.Process]:
        """SGLang's processes, by their titles."""
        found = psutil.Process(self.process.pid).children(recursive=True)
        titles = {" ".join(child.cmdline()).split()[0]: child for child in found if child.cmdline()}
        return {title: child for title, child in titles.items() if title.startswith("sglang::")}

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def errors(self) -> list[str]:
        return [line for line in self.said().splitlines() if line.lower().startswith("error:")]

    def end(self, timeout: float = 60) -> int:
        """The exit code, once it has ended."""
        return self.process.wait(timeout)


def begin(
    *flags: str, log: Path, engine_args: tuple[str, ...] = (), program: tuple[str, ...] = TOKENWIRE
) -> subprocess.Popen[str]:
    """Start a server in a process group of its own."""
    command = [
        *program,
        "serve",
        "--engine",
        "sglang",
        "--port",
        "0",
        *flags,
        "--",
        *SGLANG_ARGS,
        *engine_args,
    ]
    with log.open("w") as file:
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            cwd=ROOT,
            env={**os.environ, **SGLANG_ENVIRONMENT},
            start_new_session=True,
        )


@contextmanager
def serving(
    *flags: str, engine_args: tuple[str, ...] = (), program: tuple[str, ...] = TOKENWIRE
) -> Iterator[Process]:
    """A server until the block ends, however that is."""
    with tempfile.TemporaryDirectory(prefix="tokenwire-test-") as directory:
        log = Path(directory, "stderr")
        process = begin(*flags, log=log, engine_args=engine_args, program=program)
        assert process.stdout is not None
        try:
            ready = READY.fullmatch(process.stdout.readline())
            assert ready is not None, log.read_text()[-2000:]
            yield Process(process, log, **ready.groupdict())
        finally:
            left = [] if process.poll() is not None else psutil.Process(process.pid).children(recursive=True)
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(20)
            for child in left:
                if child.is_running():
                    child.kill()
            process.stdout.close()


def health(client: httpx.Client) -> tuple[int, str]:
    reply = client.get("/health")
    return reply.status_code, reply.text


def until(holds: Callable[[], Any], patience: float = PATIENCE_S) -> float:
    """Wait until something holds; how long that took."""
    start = time.monotonic()
    while not holds():
        assert time.monotonic() < start + patience, "it never came about"
        time.sleep(0.02)
    return time.monotonic() - start
