"""A server process with the faulty engine, under limits, and with its log where the test wants it."""

from __future__ import annotations

import json
import os
import re
import resource
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "benchmarks.soak.server", "--engine", "null", "--port"]
READY = re.compile(r"ready http=127\.0\.0\.1:(\d+) grpc=127\.0\.0\.1:(\d+) engine=faulty model=null\n")


@dataclass
class Process:
    """A server process and its ports."""

    popen: subprocess.Popen[str]
    http: int
    grpc: int

    def cpu(self) -> float:
        """Seconds of CPU that it took so far."""
        fields = Path(f"/proc/{self.popen.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> int:
        """Have it drain; its exit status."""
        self.popen.terminate()
        return self.popen.wait(30)


@contextmanager
def process(*flags: str, files: int = 0, port: int = 0, **pipes: Any) -> Iterator[Process]:
    """A server that is ready; `files` is its limit of open files, `pipes` are those of Popen."""

    def limit() -> None:
        if files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **pipes}
    command = [*COMMAND, str(port), *flags]
    with subprocess.Popen(command, preexec_fn=limit, cwd=ROOT, **pipes) as popen:
        try:
            assert popen.stdout is not None
            line = popen.stdout.readline()
            ready = READY.fullmatch(line)
            assert ready is not None, line
            yield Process(popen, int(ready[1]), int(ready[2]))
        finally:
            popen.kill()


def open_stream(port: int) -> socket.socket:
    """An endless stream of events over HTTP, which has begun."""
    text = {"text": "x", "stream": True, "sampling_params": {"max_new_tokens": 1_000_000}}
    body = json.dumps(text).encode()
    sock = socket.create_connection(("127.0.0.1", port), timeout=10)
    lines = (
        "POST /generate HTTP/1.1",
        "host: x",
        "content-type: application/json",
        "x-tokenwire-stream: delta",
        f"content-length: {len(body)}",
    )
    sock.sendall("\r\n".join([*lines, "", ""]).encode() + body)
    assert sock.recv(12) == b"HTTP/1.1 200"
    return sock


def goes_on(sock: socket.socket) -> bool:
    """Whether new events come on a stream."""
    sock.setblocking(False)
    try:
        while sock.recv(1 << 20):
            pass
    except BlockingIOError:
        pass
    sock.settimeout(10)
    return bool(sock.recv(1))


def eventually(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something holds; an OSError means not yet."""
    end = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.02)
