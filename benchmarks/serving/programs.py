"""A server's process and all its children, from start to end."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from typing import IO, TYPE_CHECKING, Final, Self

from benchmarks.errors import BenchError

from .machine import process_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

__all__ = ["Program"]

_STOP_S: Final = 5.0


class Program:
    """A process in a session of its own; a context manager that ends it and all its children.

    Attributes:
        title: Its name for readers.
        started: When it was started, by the monotonic clock.
        process: The process.
    """

    def __init__(
        self,
        title: str,
        command: Sequence[str],
        *,
        folder: Path,
        env: Mapping[str, str],
        pipes: bool = False,
    ) -> None:
        """With `pipes`, standard input and output are ours to write and read; else output is kept."""
        self.title = title
        self._log: IO[str] = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115  # closed by stop
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
            stdout=subprocess.PIPE if pipes else self._log,
            stderr=self._log,
            start_new_session=True,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def check(self) -> None:
        """Raise BenchError if it has ended."""
        if self.process.poll() is not None:
            raise BenchError(f"{self.title} ended by itself: {self.last_words()}")

    def last_words(self) -> str:
        """The end of what it printed."""
        self._log.seek(0)
        lines = [line.strip() for line in self._log if line.strip()]
        return lines[-1][:300] if lines else f"status {self.process.returncode}, no output"

    def processes(self) -> list[int]:
        """Itself and all below it, at this moment."""
        return process_tree(self.process.pid)

    def end(self) -> None:
        """Ask it to end."""
        if self.process.poll() is None:
            self.process.terminate()

    def stop(self) -> None:
        """End it; by force if it does not go."""
        if self.process.poll() is None:
            pids = self.processes()
            self.process.terminate()
            try:
                self.process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            _kill(pids[1:])
        for pipe in (self.process.stdin, self.process.stdout, self._log):
            if pipe is not None:
                pipe.close()


def _kill(pids: Sequence[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
