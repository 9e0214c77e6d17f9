"""SGLang's processes: told of their end, and of what they do while they start."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["PROGRESS", "ChildWatch", "ProgressReader", "end_processes", "report_progress"]

PROGRESS: Final = "TOKENWIRE_SGLANG_PROGRESS"
"""Environment variable: the socket that SGLang's processes report their progress to."""

_STAGES: Final = (
    (re.compile(r"^Init torch distributed begin|^Init parallel begin"), "setting up the devices"),
    (re.compile(r"^Load weight begin"), "loading weights"),
    (re.compile(r"^Load weight end"), "weights are loaded, reserving memory for the KV cache"),
    (re.compile(r"^Capture .*begin"), "capturing graphs"),
    (re.compile(r"^Capture .*end"), "graphs are captured"),
)


class _Reporter(logging.Handler):
    """Sends each new stage of a start to a datagram socket, and lets into the log what belongs there."""

    def __init__(self, path: str) -> None:
        super().__init__(logging.NOTSET)
        self._path: str | None = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.root.level:
            logging.root.callHandlers(record)
        if self._path is not None and record.levelno == logging.INFO:
            self._report(record.getMessage(), self._path)

    def _report(self, message: str, path: str) -> None:
        for pattern, stage in _STAGES:
            if pattern.match(message):
                try:
                    self._socket.sendto(stage.encode(), path)
                except OSError:  # nobody listens any more
                    self._path = None


def report_progress(log_level: str) -> None:
    """Report from now on what the log of this process says of its start; in SGLang's processes.

    Args:
        log_level: SGLang's `--log-level`. The stages are told at INFO, which it may leave out.
    """
    path = os.environ.get(PROGRESS)
    if path:
        logger = logging.getLogger("sglang")
        logger.addHandler(_Reporter(path))
        logger.propagate = False
        known = logging.getLevelNamesMapping().get(log_level.upper(), logging.INFO)
        logger.setLevel(min(known, logging.INFO))


class ProgressReader:
    """Hears what SGLang's processes report while they start.

    Args:
        tell: Called on the loop with each stage.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._directory = tempfile.TemporaryDirectory(prefix="tokenwire-")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        path = Path(self._directory.name, "progress")
        self._socket.bind(str(path))
        os.environ[PROGRESS] = str(path)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._read)

    def _read(self) -> None:
        try:
            stage = self._socket.recv(200).decode(errors="replace")
        except BlockingIOError:
            return
        self._tell(stage)

    def close(self) -> None:
        """Hear no more."""
        os.environ.pop(PROGRESS, None)
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._directory.cleanup()


class ChildWatch:
    """Tells at once when one of some processes ends.

    Args:
        pids: The processes.
        tell: Called on the loop with a sentence; once.
    """

    def __init__(self, pids: Iterable[int], tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._files: dict[int, int] = {}
        for pid in pids:
            try:
                self._files[pid] = os.pidfd_open(pid)
            except ProcessLookupError:
                self._loop.call_soon(self._ended, pid)
                continue
            self._loop.add_reader(self._files[pid], self._ended, pid)

    def _ended(self, pid: int) -> None:
        if self._files:
            self.close()
            self._tell(f"its process {pid} has ended; the log above may say why")

    def close(self) -> None:
        """Watch no more."""
        for file in self._files.values():
            self._loop.remove_reader(file)
            os.close(file)
        self._files = {}


def end_processes(pids: Iterable[int], patience: float) -> None:
    """Wait for processes to end by themselves; after `patience` seconds kill them and their children."""
    found: list[psutil.Process] = []
    for pid in pids:
        try:
            process = psutil.Process(pid)
            found += [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
    end = time.monotonic() + patience
    _, left = psutil.wait_procs(found, timeout=max(0.0, end - time.monotonic()))
    for process in left:
        try:
            process.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(left, timeout=5)
