"""The server's process: started, looked at, and stopped."""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import signal
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from benchmarks.errors import BenchError

from .engine import SECRET

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

__all__ = ["Sample", "ServerProcess", "accepts", "as_json", "until"]

_READY: Final = re.compile(r"ready http=\S+:(\d+) grpc=\S+:(\d+) ")
_BAD: Final = ("Task was destroyed", "never retrieved", "Exception ignored", "never awaited")
_ROOT: Final = Path(__file__).parents[2]
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Sample:
    """What the operating system says of the server at one moment."""

    second: float
    rss: int
    files: int
    cpu_s: float


@dataclass
class ServerProcess:
    """The server; a context manager that ends it.

    Attributes:
        http: Its HTTP port.
        grpc: Its gRPC port.
        started: When it was ready, by the monotonic clock.
    """

    flags: Sequence[str]
    log: Path
    http: int = 0
    grpc: int = 0
    started: float = 0.0
    samples: list[Sample] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        command = ["-m", "benchmarks.soak.server", "--engine", "null", "--port", "0", *self.flags]
        with self.log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=log, cwd=_ROOT
            )
        line = (await self._read()).decode()
        ready = _READY.match(line)
        if ready is None:
            raise BenchError(f"the server did not start: {self.log.read_text()[-500:]}")
        self.http, self.grpc = int(ready[1]), int(ready[2])
        self.started = time.monotonic()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    async def _read(self) -> bytes:
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            return await self._process.stdout.readline()

    def sample(self) -> Sample:
        """Look at it now, and keep that."""
        folder = Path("/proc", str(self.pid))
        times = (folder / "stat").read_text().rpartition(")")[2].split()
        found = Sample(
            round(time.monotonic() - self.started, 2),
            int((folder / "statm").read_text().split()[1]) * _PAGE,
            len(self.files()),
            (int(times[11]) + int(times[12])) / _TICKS,
        )
        self.samples.append(found)
        return found

    async def count(self) -> dict[str, int]:
        """What it has of tasks, requests, calls and connections, and of file descriptors."""
        self._process.send_signal(signal.SIGUSR1)
        counts: dict[str, int] = json.loads(await self._read())
        return {**counts, "files": self.sample().files}

    def files(self) -> list[int]:
        """Its file descriptors."""
        return [int(entry.name) for entry in Path("/proc", str(self.pid), "fd").iterdir()]

    @contextmanager
    def limited(self, which: int, soft: int) -> Iterator[None]:
        """Give it a lower limit (resource.RLIMIT_*) for the time of the block."""
        before = resource.prlimit(self.pid, which)
        resource.prlimit(self.pid, which, (soft, before[1]))
        try:
            yield
        finally:
            resource.prlimit(self.pid, which, before)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    async def wait(self) -> int:
        """Wait for its end; its exit status."""
        async with asyncio.timeout(60):
            return await self._process.wait()

    async def stop(self) -> int:
        """Have it drain; its exit status."""
        self.signal(signal.SIGTERM)
        return await self.wait()

    def log_text(self) -> str:
        """Its log so far."""
        return self.log.read_text(errors="replace")

    def log_problems(self) -> list[str]:
        """What stands in its log and should not: tracebacks that no fault of the engine's explains."""
        text = self.log_text()
        tracebacks, explained = text.count("Traceback (most recent"), text.count(f"RuntimeError: {SECRET}")
        found = []
        if tracebacks > explained:
            found.append(f"the server's log has {tracebacks - explained} tracebacks that no fault asked for")
        found += [f"the server's log says {word!r} {text.count(word)} times" for word in _BAD if word in text]
        return found


def as_json(samples: Sequence[Sample]) -> list[list[Any]]:
    """Samples as rows."""
    return [[item.second, item.rss, item.files, item.cpu_s] for item in samples]


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds."""
    while True:
        if await condition():
            return
        await asyncio.sleep(0.02)


async def accepts(port: int) -> bool:
    """Whether a new connection of HTTP is served."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        return await reader.read(12) == b"HTTP/1.1 200"
    except ConnectionError:
        return False
    finally:
        writer.close()
