"""A server as its users start one: a process of its own, known by its ready line."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

READY = re.compile(r"ready http=(?P<http>\S+) grpc=(?P<grpc>\S+) engine=(?P<engine>\S+) model=(?P<model>\S+)")


@dataclass(frozen=True)
class RunningServer:
    """Where a server process listens and what it serves."""

    http: str
    grpc: str
    engine: str
    model: str
    process: subprocess.Popen[str]


@contextmanager
def running_server(*flags: str) -> Iterator[RunningServer]:
    """Serve on free ports with these flags until the block ends; it must then exit with 0."""
    command = [sys.executable, "-m", "tokenwire_gen.sglang.runtime.v1", "--port", "0", *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        ready = READY.match(line)
        assert ready is not None, f"no ready line but {line!r} (exit status {process.poll()})"
        yield RunningServer(process=process, **ready.groupdict())
        process.terminate()
        assert process.wait(40) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)
        process.stdout.close()
