"""The server as its own process, with all that it says kept in files."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.server import READY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

COMMAND = (sys.executable, "-m", "tokenwire_gen.sglang.runtime.v1", "--engine", "null", "--port", "0")


@dataclass(frozen=True)
class Serving:
    """Where it listens, and the file with its stderr."""

    http: str
    grpc: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def http_port(self) -> int:
        return int(self.http.rpartition(":")[2])

    @property
    def grpc_port(self) -> int:
        return int(self.grpc.rpartition(":")[2])

    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, text: str) -> None:
        """Wait until its log has a text."""
        eventually(lambda: text in self.said(), f"{text!r} in the log")


@contextmanager
def serving(
    directory: Path, *flags: str | Path, environment: Mapping[str, str] | None = None
) -> Iterator[Serving]:
    """Serve until the block ends; it must then exit with 0."""
    log = directory / "stderr"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            (*COMMAND, *flags),
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**os.environ, **(environment or {})},
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline().decode()
        ready = READY.match(line)
        assert ready is not None, f"{line!r}: {log.read_text()}"
        yield Serving(ready["http"], ready["grpc"], process, log)
        process.terminate()
        assert process.wait(30) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)
        process.stdout.close()


def fails(*flags: str | Path, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """The exit code and the stderr of a server that does not start."""
    done = subprocess.run(
        (*COMMAND, *flags),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until something holds, for 30 seconds at most."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.05)
